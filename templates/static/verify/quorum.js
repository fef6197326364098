// Which co-signatures count: organisations, not signatures, with withdrawals and compromised keys taken out.
//
// keys/cosignature.py and the quorum's module; formats.md 4 (fits), 5 (compromise, in two passes) and 10 (steps 8, 9).
"use strict";

{
  const H = globalThis.Handseal;
  const { bytesOf, fail, seconds } = H;

  const MAX_EARLY = 24 * 3600; // a co-signature may be dated so much before the proposal
  const MAX_LATE = 180 * 86400; // and so much after it
  const CLOCK_GRACE = 600; // two honest clocks may differ by so much

  /** Step 8: the co-signature in a token, null for a key that the trust list does not know.
   *
   * A Fault for anything bad under a known key: then the certificate is invalid, not one fewer. */
  async function openCosignature(token, certificate, digestSri, trust, place) {
    const parts = H.splitToken(bytesOf(token), place);
    const header = H.parseHeader(parts, place);
    const known = trust.key(header.kid);
    if (!known) return null;
    if (header.alg !== known.key.alg) fail(place, "its algorithm is not the trust list's");
    await H.requireSignature(await H.openKey(known.key.jwk, place), parts, place);
    const endorsement = H.parseEndorsement(parts.payload, place);
    if (endorsement.issuer.id !== known.organisation.id) fail(place, "issuer: does not own the key");
    requireForm(endorsement, place);
    const [resource] = endorsement.relatedResource;
    if (endorsement.credentialSubject.id !== certificate.id || resource.id !== `${certificate.id}#core`) {
      fail(place, "belongs to another certificate");
    }
    if (resource.digestSRI !== digestSri || resource.mediaType !== "application/json") fail(place, "was made for other content");
    return { endorsement, key: known.key, organisation: endorsement.issuer.id, signed: endorsement.validFrom };
  }

  function requireForm(endorsement, place) {
    H.requireUuid(endorsement.id, `${place}: id`);
    const owner = H.parseOrganisation(endorsement.issuer.id, `${place}: issuer`);
    H.requireStatusEntry(endorsement.credentialStatus, owner, place);
    const { iss, sub, jti, nbf, issuer, id, credentialSubject, validFrom } = endorsement;
    if (iss !== issuer.id || sub !== credentialSubject.id || jti !== id || nbf !== seconds(validFrom)) {
      fail(place, "a claim differs from its twin in the credential");
    }
  }

  /** Whether it was made by a `cosign` key, and its date fits the certificate, `at` and that key's validity. */
  function fits({ key, signed }, certificate, at) {
    const after = seconds(signed) - seconds(certificate.validFrom);
    if (key.use !== "cosign" || after < -MAX_EARLY || after > MAX_LATE || seconds(signed) - at > CLOCK_GRACE) return false;
    return signed >= key.validFrom && (key.validUntil === undefined || signed <= key.validUntil);
  }

  /** Step 9 for the co-signatures whose form, signature and digest hold: three counts, and a line per partner body. */
  function countQuorum({ cosignatures, certificate, policy }, { trust, lists }, at) {
    const candidates = [];
    const refused = new Map();
    for (const cosignature of cosignatures) {
      const reason = whyNot(cosignature, certificate, policy, at);
      if (reason) refused.set(cosignature.organisation, { ...cosignature, reason });
      else candidates.push({ ...cosignature, ...standingOf(cosignature, lists) });
    }
    const confirmed = counted(candidates, (candidate) => candidate.standing === "confirmed");
    return {
      threshold: policy.threshold,
      candidates,
      confirmed,
      possible: counted(candidates, (candidate) => candidate.standing !== "withdrawn"),
      beforeWithdrawal: counted(candidates, () => true),
      partners: partnersOf(candidates, refused, confirmed, certificate, policy, trust),
    };
  }

  function whyNot(cosignature, certificate, policy, at) {
    if (cosignature.organisation === certificate.issuer.id) return "own-certificate";
    if (!policy.cosigners.includes(cosignature.organisation)) return "not-asked";
    if (!fits(cosignature, certificate, at)) return "outside-its-time";
    if (policy.until !== undefined && cosignature.signed > policy.until) return "after-the-end";
    return "";
  }

  /** What the partner's own status list says of a co-signature. */
  function standingOf({ endorsement }, lists) {
    const entry = endorsement.credentialStatus;
    const index = Number(entry.statusListIndex);
    let list = lists.get(entry.statusListCredential) ?? "its status list is missing";
    if (list.use && list.use !== "cosign") list = "its status list is not signed by a key for co-signing";
    const unconfirmed = (detail) => ({ standing: "unconfirmed", detail });
    if (typeof list === "string") return unconfirmed(list);
    if (index >= H.lengthOf(list)) return unconfirmed("its status list is too short");
    return H.isSet(list, index) ? { standing: "withdrawn", detail: "" } : { standing: "confirmed", detail: "" };
  }

  /** W: the earliest date among co-signatures by keys that were never declared compromised. */
  const witness = (candidates) =>
    candidates.filter(({ key }) => key.compromisedSince === undefined).map(({ signed }) => signed).sort()[0];

  /** The second pass: a key compromised since T counts only before T, and only beside a clean witness before T. */
  function counted(candidates, isIncluded) {
    const chosen = candidates.filter(isIncluded);
    const seen = witness(chosen);
    return chosen.filter(({ key, signed }) => {
      const since = key.compromisedSince;
      return since === undefined || (signed < since && seen !== undefined && seen < since);
    });
  }

  function partnersOf(candidates, refused, confirmed, certificate, policy, trust) {
    const others = [...refused.keys()].filter((id) => !policy.cosigners.includes(id)).sort();
    return [...policy.cosigners, ...others].map((id) => {
      const candidate = candidates.find(({ organisation }) => organisation === id);
      const found = candidate ?? refused.get(id);
      const name = trust.name(id, found?.signed ?? certificate.validFrom);
      if (!found) return { id, name, outcome: "not-signed", reason: "", detail: "" };
      const line = candidate ? lineOf(candidate, confirmed.includes(candidate)) : ["not-counted", found.reason];
      return { id, name, outcome: line[0], signed: found.signed, reason: line[1], detail: found.detail ?? "" };
    });
  }

  /** What became of it, and why it does not count, counts all the same, or is not confirmed. */
  function lineOf({ standing, key }, counts) {
    if (standing === "withdrawn") return ["withdrawn", ""];
    if (standing === "unconfirmed") return ["unknown", "unconfirmed"];
    if (!counts) return ["not-counted", "compromised"];
    if (key.compromisedSince === undefined) return ["signed", ""];
    return ["signed", "witnessed"];
  }

  Object.assign(H, { CLOCK_GRACE, countQuorum, openCosignature, witness });
}
