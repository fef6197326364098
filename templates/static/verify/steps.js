// Steps 9 to 13: all of them run, and the worst verdict wins (verifier/steps.py; formats.md section 10).
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, seconds, sriOf } = H;

  /** Step 9: the clinic's key in its time, or witnessed before it was compromised. */
  function checkKey({ known: { key } }, quorum, at, findings) {
    const until = key.validUntil;
    const isLate = (candidates) => until !== undefined && candidates.some(({ signed }) => signed > until);
    if (seconds(key.validFrom) > at) findings.failed("key.validity", "invalid", "early");
    else if (isLate(quorum.confirmed)) findings.failed("key.validity", "invalid", "retired");
    else if (isLate(quorum.possible)) findings.unknown("key.validity", "retired-unconfirmed");
    else if (key.compromisedSince !== undefined) checkCompromised(key.compromisedSince, quorum, findings);
    else findings.passed("key.validity");
  }

  function checkCompromised(since, quorum, findings) {
    const isBefore = (moment) => moment !== undefined && moment < since;
    if (isBefore(H.witness(quorum.confirmed))) findings.passed("key.validity", "witnessed", { date: since });
    else if (isBefore(H.witness(quorum.possible))) findings.unknown("key.validity", "witness-unconfirmed", { date: since });
    else findings.failed("key.validity", "invalid", "fail", { date: since });
  }

  /** Step 9: k distinct organisations. */
  function checkQuorum({ strangers }, { threshold, confirmed, possible, beforeWithdrawal }, findings) {
    const code = "cosignature.quorum";
    const values = { count: confirmed.length, threshold };
    const stranger = strangers ? "-stranger" : "";
    if (confirmed.length >= threshold) findings.passed(code, `pass${stranger}`, values);
    else if (possible.length >= threshold) findings.unknown(code, "unknown", values);
    else if (beforeWithdrawal.length >= threshold) findings.failed(code, "withdrawn", "withdrawn", values);
    else findings.failed(code, "incomplete", `fail${stranger}`, values);
  }

  /** Step 9's other half: what the partners' own lists say, and whether it matters. */
  function checkPartnerStatus({ threshold, candidates, confirmed, possible, beforeWithdrawal }, findings) {
    const code = "status.partners";
    const has = (standing) => candidates.some((candidate) => candidate.standing === standing);
    const isEnough = confirmed.length >= threshold;
    const isDecisive = possible.length < threshold && threshold <= beforeWithdrawal.length;
    if (has("withdrawn") && isDecisive) findings.failed(code, "withdrawn");
    else if (has("unconfirmed") && !isEnough) findings.unknown(code);
    else if (has("withdrawn")) findings.passed(code, isEnough ? "withdrawn-spare" : "withdrawn");
    else if (has("unconfirmed")) findings.passed(code, "unusable-spare");
    else findings.passed(code);
  }

  /** Step 10, the only one that `at` moves. */
  function checkTime({ validFrom, validUntil: date }, at, findings) {
    if (seconds(validFrom) - at > H.CLOCK_GRACE) findings.failed("time.valid", "expired", "early", { date: validFrom });
    else if (date === undefined) findings.passed("time.valid", "unlimited");
    else if (seconds(date) < at) findings.failed("time.valid", "expired", "fail", { date });
    else findings.passed("time.valid", "pass", { date });
  }

  /** Step 11: the issuer's three lists; returns those that were used. */
  function checkStatus({ credentialStatus: entry }, lists, findings) {
    const index = Number(entry.statusListIndex);
    const found = {};
    const named = H.parseList(entry.statusListCredential, "status list");
    for (const purpose of H.PURPOSES) found[purpose] = issuerList(lists.get(H.listId({ ...named, purpose })));
    const used = Object.values(found).filter((list) => typeof list !== "string");
    if (used.some((list) => index >= H.lengthOf(list))) {
      findings.failed("status.revocation", "invalid", "no-place");
      return used;
    }
    // Lists of different lengths are not one set: a bit that is set still counts, one that is not proves nothing.
    const isOneSet = new Set(used.map(H.lengthOf)).size <= 1;
    const bits = {};
    for (const [purpose, list] of Object.entries(found)) {
      if (typeof list === "string") continue;
      bits[purpose] = H.isSet(list, index) || (isOneSet ? false : undefined);
      if (!isOneSet) found[purpose] = "the clinic's lists differ in length";
    }
    const gone = bits.refresh ? "superseded" : "revoked";
    for (const [code, purpose, verdict] of [
      ["status.revocation", "revocation", gone],
      ["status.suspension", "suspension", "suspended"],
      ["status.superseded", "refresh", "superseded"],
    ]) {
      if (bits[purpose]) findings.failed(code, verdict);
      else if (bits[purpose] === false) findings.passed(code);
      else findings.unknown(code, "unknown", {}, found[purpose]);
    }
    return used;
  }

  /** A clinic that is also a partner body elsewhere has a `cosign` key too: not for these lists (formats.md 6). */
  function issuerList(list = "the list is missing") {
    return list.use && list.use !== "status" ? "it is not signed by a key for the clinic's lists" : list;
  }

  /** Step 12: the published bytes are those the certificate was earned against; else they are not shown. */
  async function checkSyllabus(certificate, syllabuses, findings) {
    const { id } = certificate.credentialSubject.achievement;
    const bytes = syllabuses.get(id);
    if (!bytes) {
      findings.unknown("syllabus.match", "missing");
      return null;
    }
    // Read only after its digest holds; then it must still be of this course and this clinic.
    const isOurs = (await sriOf(bytes)) === certificate.relatedResource[0].digestSRI;
    const syllabus = isOurs ? openSyllabus(bytes) : null;
    if (!syllabus || syllabus.id !== id || syllabus.issuer !== certificate.issuer.id) {
      findings.unknown("syllabus.match");
      return null;
    }
    findings.passed("syllabus.match");
    return syllabus;
  }

  function openSyllabus(bytes) {
    try {
      return H.parseSyllabus(bytes);
    } catch (error) {
      if (error instanceof Fault) return null;
      throw error;
    }
  }

  /** Step 13: neither expired nor older than the one the clinic's own lists name. */
  function checkTrust(trust, issuerLists, now, findings) {
    const date = trust.expires;
    const fault = issuerLists.map((list) => belowFloor(trust, list)).find(Boolean);
    if (seconds(date) < now) findings.unknown("trust.fresh", "expired", { date });
    else if (fault) findings.unknown("trust.fresh", fault);
    else findings.passed("trust.fresh", "pass", { date });
  }

  function belowFloor({ list, digest }, { trustList }) {
    const version = Number(/^.+\/trust\/([1-9][0-9]{0,8})\.list\.json$/.exec(trustList.id)?.[1]);
    if (!version) return "unknown"; // it does not say which trust list it knew
    if (version > list.version) return "older";
    return version < list.version || trustList.digestSRI === digest ? "" : "two";
  }

  H.steps = { checkKey, checkPartnerStatus, checkQuorum, checkStatus, checkSyllabus, checkTime, checkTrust };
}
