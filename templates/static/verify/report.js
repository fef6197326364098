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
  /** Grows while a verification runs; nothing that was found is taken back.
   *
   * `case` names the sentence among those of its code (`check` in the messages), `values` fill its places, and the
   * detail is technical and English, for whoever looks into a fault. */
  class Findings {
    constructor() {
      this.found = new Map();
      this.verdict = "valid";
      this.incapable = false; // whether this browser could not check something by itself
    }

    passed(code, named = "pass", values = {}) {
      this.found.set(code, { code, outcome: "pass", case: named, detail: "", values });
    }

    failed(code, verdict, named = "fail", values = {}, detail = "") {
      this.found.set(code, { code, outcome: "fail", case: named, detail, values });
      this.worsen(verdict);
    }

    unknown(code, named = "unknown", values = {}, detail = "") {
      this.found.set(code, { code, outcome: "unknown", case: named, detail, values });
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
      return CODES.map((code) => this.found.get(code) ?? { code, outcome: "not-run", case: "not-run", detail: "", values: {} });
    }
  }

  /** A report in which nothing of a credential is shown: there was none, it is invalid, or nothing could open it. */
  const withoutCertificate = (findings) => ({
    verdict: findings.verdict, asOf: null, checks: findings.complete(), partners: [], lists: [], credential: null,
    syllabus: null, issuer: null, incapable: findings.incapable,
  });

  /** A report without a certificate: `token.form` says by `named` why nothing was verified. */
  function undecided(named, verdict = "unknown", values = {}) {
    const findings = new Findings();
    if (verdict === "unknown") findings.unknown("token.form", named, values);
    else findings.failed("token.form", verdict, named, values);
    return withoutCertificate(findings);
  }

  Object.assign(H, { CODES, Findings, undecided, withoutCertificate });
}
