"""The checks of one verification as they are found, and the worst verdict among them."""

from __future__ import annotations

from verifier.report import CODES, Check, Outcome, Verdict


class Findings:
    """Grows while a verification runs; nothing that was found is taken back."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.verdict = Verdict.VALID

    def passed(self, code: str, text: str) -> None:
        self._checks[code] = Check(code, Outcome.PASS, text)

    def failed(self, code: str, text: str, verdict: Verdict) -> None:
        self._checks[code] = Check(code, Outcome.FAIL, text)
        self.verdict = max(self.verdict, verdict)

    def unknown(self, code: str, text: str) -> None:
        self._checks[code] = Check(code, Outcome.UNKNOWN, text)
        self.verdict = max(self.verdict, Verdict.UNKNOWN)

    def take(self, check: Check) -> None:
        """A check made elsewhere; a failure or an unknown of it makes the verdict `unknown`."""
        self._checks[check.code] = check
        if check.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
            self.verdict = max(self.verdict, Verdict.UNKNOWN)

    def complete(self) -> tuple[Check, ...]:
        """One check for each code, in order; what did not run says so."""
        return tuple(self._checks.get(code) or Check(code, Outcome.NOT_RUN, "Not checked.") for code in CODES)
