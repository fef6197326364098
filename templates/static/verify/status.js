// Status lists: who is revoked, suspended or replaced, signed and dated (keys/status.py; formats.md section 6).
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, fail, fromBase64url, parse, seconds, sriOf } = H;
  const { exactly, like, one, record, sri, string, time } = H.shapes;

  const MIN_BITS = 2 ** 17;
  const MAX_BITS = 2 ** 20;
  const MAX_LIST_BYTES = 512 * 1024;
  const DAYS = { status: 35, cosign: 400 }; // a list of such a key may be valid for so long

  const listShape = record({
    "@context": exactly(one(H.VC)), id: string,
    type: exactly(one("VerifiableCredential"), one("BitstringStatusListCredential")), issuer: string,
    validFrom: time, validUntil: time,
    credentialSubject: record({
      id: string, type: one("BitstringStatusList"), statusPurpose: one(...H.PURPOSES), encodedList: like(/^u[A-Za-z0-9_-]+$/),
    }),
    relatedResource: exactly(record({ id: string, digestSRI: sri, mediaType: one("application/json") })),
    iss: string, sub: string, jti: string, nbf: H.unixTime, exp: H.unixTime,
  });

  /** Bit `index` of a list, the most significant bit of the first byte being 0. */
  const isSet = (list, index) => Boolean((list.bits[index >> 3] >> (7 - (index & 7))) & 1);

  const lengthOf = (list) => list.bits.length * 8;

  /** Bounded inflate, one gzip member, 2^17 to 2^20 bits. */
  function decodeBits(encoded, place) {
    const data = fromBase64url(encoded.slice(1), place);
    let found;
    try {
      found = H.inflate(data, "gzip", MAX_BITS / 8 + 1);
    } catch (error) {
      if (error instanceof Fault) fail(place, "encodedList: is not gzip");
      throw error;
    }
    if (found.bytes.length > MAX_BITS / 8) fail(place, `encodedList: is longer than ${MAX_BITS} bits`);
    if (!found.whole || found.left) fail(place, "encodedList: is not one whole gzip member");
    if (found.bytes.length < MIN_BITS / 8) fail(place, `encodedList: is shorter than ${MIN_BITS} bits`);
    return found.bytes;
  }

  /** The list that was asked for as `listId`, if the bytes `token` are it and are to be believed at `now` (seconds). */
  async function openStatusList(token, listId, trust, now) {
    const place = `status list ${listId}`;
    const parts = H.splitToken(token, place, MAX_LIST_BYTES);
    const header = H.parseHeader(parts, place);
    const known = trust.key(header.kid);
    if (!known || header.alg !== known.key.alg) fail(place, "its key is not in the trust list");
    await H.requireSignature(await H.openKey(known.key.jwk, place), parts, place);
    const credential = parse(parts.payload, listShape, place, MAX_LIST_BYTES);
    requireClaims(credential, listId, place);
    if (credential.issuer !== known.organisation.id) fail(place, "is signed by a key of another organisation");
    const { issuer, validFrom, validUntil } = credential;
    const bits = decodeBits(credential.credentialSubject.encodedList, place);
    const list = {
      id: listId, issuer, kid: header.kid, use: known.key.use, validFrom, validUntil, bits,
      trustList: credential.relatedResource[0], frozen: trust.frozenDigest(listId) !== undefined,
    };
    await requireAcceptable(list, token, known.key, trust, now, place);
    return list;
  }

  function requireClaims(credential, listId, place) {
    const named = H.parseList(listId, place);
    const { credentialSubject: subject, issuer } = credential;
    if (credential.id !== listId || subject.statusPurpose !== named.purpose) fail(place, "is another list than the one asked for");
    if (issuer !== `${named.base}/orgs/${named.slug}`) fail(place, "issuer: is not the organisation it is named after");
    const part = `${listId}#list`;
    const isTwin =
      credential.iss === issuer && credential.sub === part && credential.jti === listId && subject.id === part &&
      credential.nbf === seconds(credential.validFrom) && credential.exp === seconds(credential.validUntil);
    if (!isTwin) fail(place, "a claim differs from its twin in the credential");
  }

  async function requireAcceptable(list, token, key, trust, now, place) {
    const { use, validFrom: from, validUntil: until } = key;
    if (use === "issue") fail(place, "is signed by a key for certificates");
    if (use === "cosign" && H.parseList(list.id, place).purpose !== "revocation") fail(place, "a co-signer keeps no such list");
    if (trust.hasFrozen(list.issuer)) {
      if (trust.frozenDigest(list.id) !== (await sriOf(token))) fail(place, "the organisation closed with another list");
      return;
    }
    if (key.compromisedSince !== undefined) fail(place, "is signed by a key that was declared compromised");
    if (list.validFrom < from || (until !== undefined && list.validFrom > until)) fail(place, "is dated outside its key's validity");
    const life = seconds(list.validUntil) - seconds(list.validFrom);
    if (life <= 0 || life > DAYS[use] * 86400) fail(place, `may be valid for ${DAYS[use]} days at most`);
    if (seconds(list.validFrom) > now) fail(place, "is dated in the future");
    if (seconds(list.validUntil) < now) fail(place, `is out of date, last known as of ${list.validFrom.slice(0, 10)}`);
  }

  Object.assign(H, { isSet, lengthOf, openStatusList });
}
