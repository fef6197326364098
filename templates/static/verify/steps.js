// Steps 9 to 13: all of them run, and the worst verdict wins (verifier/steps.py; formats.md section 10).
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, day, seconds, sriOf } = H;

  const LIST_NAMES = { revocation: "revocation list", suspension: "suspension list", refresh: "replacement list" };

  /** Step 9: the clinic's key in its time, or witnessed before it was compromised. */
  function checkKey({ known: { key } }, quorum, at, findings) {
    const until = key.validUntil;
    const isLate = (candidates) => until !== undefined && candidates.some(({ signed }) => signed > until);
    if (seconds(key.validFrom) > at) findings.failed("key.validity", "The clinic's key was not in use yet.");
    else if (isLate(quorum.confirmed)) {
      findings.failed("key.validity", "The clinic's key was retired before the last co-signature was made.");
    } else if (isLate(quorum.possible)) {
      findings.unknown("key.validity", "The clinic's key was retired before a co-signature that could not be confirmed.");
    } else if (key.compromisedSince !== undefined) checkCompromised(key.compromisedSince, quorum, findings);
    else findings.passed("key.validity", "The clinic's key was in use.");
  }

  function checkCompromised(since, quorum, findings) {
    const isBefore = (moment) => moment !== undefined && moment < since;
    const start = `The clinic's key was compromised on ${day(since)}`;
    if (isBefore(H.witness(quorum.confirmed))) {
      findings.passed("key.validity", `${start}; a partner body's co-signature proves an earlier date.`);
    } else if (isBefore(H.witness(quorum.possible))) {
      findings.unknown("key.validity", `${start}, and the proof of an earlier date could not be confirmed.`);
    } else findings.failed("key.validity", `${start}, and nothing proves that this was made before.`);
  }

  /** Step 9: k distinct organisations. */
  function checkQuorum({ strangers }, quorum, findings) {
    const { threshold: needed, confirmed, possible, beforeWithdrawal } = quorum;
    const count = confirmed.length;
    let text = `${count} of ${needed} required partner bodies co-signed.`;
    if (strangers) text += " A further co-signature is by a key that is not in the trust list and does not count.";
    if (count >= needed) findings.passed("cosignature.quorum", text);
    else if (possible.length >= needed) {
      findings.unknown("cosignature.quorum", `Only ${count} of ${needed} required co-signatures could be confirmed.`);
    } else if (beforeWithdrawal.length >= needed) {
      text = `Partner bodies withdrew: ${count} of ${needed} required co-signatures remain.`;
      findings.failed("cosignature.quorum", text, "withdrawn");
    } else findings.failed("cosignature.quorum", text, "incomplete");
  }

  /** Step 9's other half: what the partners' own lists say, and whether it matters. */
  function checkPartnerStatus({ threshold, candidates, confirmed, possible, beforeWithdrawal }, findings) {
    const has = (standing) => candidates.some((candidate) => candidate.standing === standing);
    const isEnough = confirmed.length >= threshold;
    const isDecisive = possible.length < threshold && threshold <= beforeWithdrawal.length;
    const note = isEnough ? " The certificate does not depend on it." : "";
    const [withdrew, unusable] = ["A partner body withdrew its co-signature.", "A partner body's status list could not be used."];
    if (has("withdrawn") && isDecisive) findings.failed("status.partners", withdrew, "withdrawn");
    else if (has("unconfirmed") && !isEnough) findings.unknown("status.partners", unusable);
    else if (has("withdrawn")) findings.passed("status.partners", withdrew + note);
    else if (has("unconfirmed")) findings.passed("status.partners", unusable + note);
    else findings.passed("status.partners", "No partner body withdrew its co-signature.");
  }

  /** Step 10, the only one that `at` moves. */
  function checkTime({ validFrom, validUntil: until }, at, findings) {
    if (seconds(validFrom) - at > H.CLOCK_GRACE) {
      findings.failed("time.valid", `It is valid from ${day(validFrom)} only.`, "expired");
    } else if (until === undefined) findings.passed("time.valid", "It does not expire.");
    else if (seconds(until) < at) findings.failed("time.valid", `It was valid until ${day(until)}.`, "expired");
    else findings.passed("time.valid", `It is valid until ${day(until)}.`);
  }

  /** Step 11: the issuer's three lists; returns those that were used. */
  function checkStatus({ credentialStatus: entry }, lists, findings) {
    const index = Number(entry.statusListIndex);
    const found = {};
    const named = H.parseList(entry.statusListCredential, "status list");
    for (const purpose of H.PURPOSES) found[purpose] = issuerList(lists.get(H.listId({ ...named, purpose })));
    const used = Object.values(found).filter((list) => typeof list !== "string");
    if (used.some((list) => index >= H.lengthOf(list))) {
      findings.failed("status.revocation", "Its place in the status list does not exist.");
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
    for (const [code, purpose, good, bad, verdict] of [
      ["status.revocation", "revocation", "The clinic has not revoked it.", "The clinic has revoked it.", gone],
      ["status.suspension", "suspension", "It is not suspended.", "The clinic has suspended it.", "suspended"],
      ["status.superseded", "refresh", "It has not been replaced.", "It has been replaced.", "superseded"],
    ]) {
      if (bits[purpose]) findings.failed(code, bad, verdict);
      else if (bits[purpose] === false) findings.passed(code, good);
      else findings.unknown(code, `The clinic's ${LIST_NAMES[purpose]} could not be used: ${found[purpose]}.`);
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
      findings.unknown("syllabus.match", "The published syllabus is missing.");
      return null;
    }
    // Read only after its digest holds; then it must still be of this course and this clinic.
    const isOurs = (await sriOf(bytes)) === certificate.relatedResource[0].digestSRI;
    const syllabus = isOurs ? openSyllabus(bytes) : null;
    if (!syllabus || syllabus.id !== id || syllabus.issuer !== certificate.issuer.id) {
      findings.unknown("syllabus.match", "The published syllabus is not the one it was earned against.");
      return null;
    }
    findings.passed("syllabus.match", "The published syllabus is the one it was earned against.");
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
    if (seconds(trust.expires) < now) {
      findings.unknown("trust.fresh", `The trust list expired on ${day(trust.expires)}.`);
      return;
    }
    const fault = issuerLists.map((list) => belowFloor(trust, list)).find(Boolean);
    if (fault) findings.unknown("trust.fresh", fault);
    else findings.passed("trust.fresh", `The trust list is in force until ${day(trust.expires)}.`);
  }

  function belowFloor({ list, digest }, { trustList }) {
    const version = Number(/^.+\/trust\/([1-9][0-9]{0,8})\.list\.json$/.exec(trustList.id)?.[1]);
    if (!version) return "The clinic's status list does not say which trust list it knew.";
    if (version > list.version) return "Alarm: this trust list is older than the one that the clinic's own lists name.";
    if (version < list.version || trustList.digestSRI === digest) return "";
    return "Alarm: there are two different trust lists with the same number.";
  }

  H.steps = { LIST_NAMES, checkKey, checkPartnerStatus, checkQuorum, checkStatus, checkSyllabus, checkTime, checkTrust };
}
