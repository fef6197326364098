// Numbered steps from bytes to a report; the numbers are those of formats.md section 10 (verifier/verify.py).
//
// Values in, a report out. `materials` is what sources.js makes of a published site:
//   trust        a Trust, or null; then trustFault says why there is none
//   lists        from id to an accepted status list, or to the reason why it is not usable
//   syllabuses   from id to the exact bytes on the site
//   rollback     the check state.rollback
"use strict";

{
  const H = globalThis.Handseal;
  const { Findings, Stopped, steps } = H;

  /** The report on `token`, the bytes of a compact JWS, in the form of formats.md 12; never throws for a bad one.
   *
   * `at` is the moment that is asked about and moves step 10 only; `now` is the real clock, for freshness; both are
   * seconds since 1970. */
  async function verify(token, materials, { at, now }) {
    const findings = new Findings();
    const { trust, lists } = materials;
    let opened;
    try {
      opened = await H.openCertificate(token, materials, findings); // 1 to 8
    } catch (error) {
      if (error instanceof Stopped) return H.withoutCertificate(findings);
      throw error;
    }
    const { certificate } = opened;
    const quorum = H.countQuorum(opened, materials, at);
    steps.checkKey(opened, quorum, at, findings); // 9
    steps.checkQuorum(opened, quorum, findings);
    steps.checkTime(certificate, at, findings); // 10
    const issuerLists = steps.checkStatus(certificate, lists, findings); // 11
    steps.checkPartnerStatus(quorum, findings);
    const syllabus = await steps.checkSyllabus(certificate, materials.syllabuses, findings); // 12
    steps.checkTrust(trust, issuerLists, now, findings); // 13
    findings.take(materials.rollback);
    if (findings.verdict === "invalid") return H.withoutCertificate(findings);
    const used = datesOf([...issuerLists, ...partnerLists(quorum, lists)], trust);
    return {
      verdict: findings.verdict, asOf: used[0]?.dated ?? null, checks: findings.complete(), partners: quorum.partners,
      lists: used, credential: certificate, syllabus, issuer: partyOf(opened), digest: opened.digest,
      incapable: findings.incapable,
    };
  }

  /** The clinic, as the trust list knows it. */
  function partyOf({ known: { organisation }, certificate }) {
    const { id, website, contact } = organisation;
    return { id, name: certificate.issuer.name, website: website ?? null, contact: contact ?? null };
  }

  const partnerLists = ({ candidates }, lists) =>
    candidates
      .map(({ endorsement }) => lists.get(endorsement.credentialStatus.statusListCredential))
      .filter((list) => list && typeof list !== "string");

  /** Owner, purpose and date of each list that was used, the oldest first. */
  function datesOf(lists, trust) {
    const named = lists.map((list) => {
      const { purpose } = H.parseList(list.id, "status list");
      return { name: trust.name(list.issuer, list.validFrom), purpose, dated: list.validFrom };
    });
    return named.sort((one, other) => (one.dated < other.dated ? -1 : one.dated > other.dated ? 1 : 0));
  }

  Object.assign(H, { verify });
}
