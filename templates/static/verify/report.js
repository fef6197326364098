// What verification found, check by check; the worst verdict wins (verifier/report.py, verifier/findings.py).
"use strict";

{
  const H = globalThis.Handseal;

  const CODES = [
    "token.form", "token.header", "key.known", "signature.issuer", "payload.form", "payload.claims", "issuer.authorised",
    "policy.match", "cosignature.form", "key.validity", "cosignature.quorum", "time.valid", "status.revocation",
    "status.suspension", "status.superseded", "status.partners", "syllabus.match", "trust.fresh", "state.rollback",
  ];
  // From best to worst.
  const VERDICTS = [
    "valid", "unknown", "incomplete", "expired", "suspended", "withdrawn", "superseded", "revoked", "invalid",
  ];
  const MONTHS = "January February March April May June July August September October November December".split(" ");

  /** `20 November 2026`: the calendar date as written, never moved to another zone. */
  const day = (time) => `${Number(time.slice(8, 10))} ${MONTHS[Number(time.slice(5, 7)) - 1]} ${time.slice(0, 4)}`;

  /** Grows while a verification runs; nothing that was found is taken back. */
  class Findings {
    constructor() {
      this.found = new Map();
      this.verdict = "valid";
    }

    passed(code, text) {
      this.found.set(code, { code, outcome: "pass", text });
    }

    failed(code, text, verdict = "invalid") {
      this.found.set(code, { code, outcome: "fail", text });
      this.worsen(verdict);
    }

    unknown(code, text) {
      this.found.set(code, { code, outcome: "unknown", text });
      this.worsen("unknown");
    }

    /** A check made elsewhere; a failure or an unknown of it makes the verdict `unknown`. */
    take(check) {
      this.found.set(check.code, check);
      if (check.outcome === "fail" || check.outcome === "unknown") this.worsen("unknown");
    }

    worsen(verdict) {
      if (VERDICTS.indexOf(verdict) > VERDICTS.indexOf(this.verdict)) this.verdict = verdict;
    }

    /** One check for each code, in order; what did not run says so. */
    complete() {
      return CODES.map((code) => this.found.get(code) ?? { code, outcome: "not-run", text: "Not checked." });
    }
  }

  /** A report in which nothing of a credential is shown: there was none, it is invalid, or nothing could open it. */
  const withoutCertificate = (findings) => ({
    verdict: findings.verdict, asOf: null, checks: findings.complete(), partners: [], lists: [], credential: null,
    syllabus: null, issuer: null,
  });

  /** A report without a certificate: `token.form` says in `text` why nothing was verified. */
  function undecided(text, verdict = "unknown") {
    const findings = new Findings();
    if (verdict === "unknown") findings.unknown("token.form", text);
    else findings.failed("token.form", text, verdict);
    return withoutCertificate(findings);
  }

  Object.assign(H, { CODES, Findings, day, undecided, withoutCertificate });
}
