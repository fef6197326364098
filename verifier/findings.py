"""The checks of one verification as they are found, and the worst verdict among them."""

from __future__ import annotations

from datetime import datetime

from verifier.report import CODES, Check, Outcome, Verdict


class Findings:
    """Grows while a verification runs; nothing that was found is taken back."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.verdict = Verdict.VALID

    def passed(self, code: str, case: str = "pass", **values: str | int | datetime) -> None:
        self._checks[code] = Check(code, Outcome.PASS, case, values=tuple(values.items()))

    def failed(
        self, code: str, verdict: Verdict, case: str = "fail", *, detail: str = "", **values: str | int | datetime
    ) -> None:
        self._checks[code] = Check(code, Outcome.FAIL, case, detail, tuple(values.items()))
        self.verdict = max(self.verdict, verdict)

    def unknown(self, code: str, case: str = "unknown", *, detail: str = "", **values: str | int | datetime) -> None:
        self._checks[code] = Check(code, Outcome.UNKNOWN, case, detail, tuple(values.items()))
        self.verdict = max(self.verdict, Verdict.UNKNOWN)

    def take(self, check: Check) -> None:
        """A check made elsewhere; a failure or an unknown of it makes the verdict `unknown`."""
        self._checks[check.code] = check
        if check.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
            self.verdict = max(self.verdict, Verdict.UNKNOWN)

    def complete(self) -> tuple[Check, ...]:
        """One check for each code, in order; what did not run says so."""
        return tuple(self._checks.get(code) or Check(code, Outcome.NOT_RUN, "not-run") for code in CODES)
