// Root and targets: closed shapes first, then signatures and thresholds (keys/trust_metadata.py; formats.md section 5).
//
// Of what these shapes let through, TUF's canonical form and JCS are the same bytes.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, bytesOf, canonical, fail, fromHex, parse, seconds, sha256, toHex, unique } = H;
  const { boolean, exactly, integer, like, list, map, one, record, string, time } = H.shapes;

  const MAX_HOLDERS = 16;
  const MAX_LIFE = 400 * 86400;
  const [FIRST_YEAR, LAST_YEAR] = ["2000", "2199"]; // outside is a slip: 2569 is 2026 in the Buddhist calendar (R16)

  const hex32 = like(/^[0-9a-f]{64}$/);
  const version = integer(1, 999999999);
  const specVersion = like(/^1\.0\.[0-9]{1,3}$/);
  const role = record({ keyids: list(hex32, 1, MAX_HOLDERS), threshold: integer(1, MAX_HOLDERS) });
  const unusedRole = record({ keyids: exactly(), threshold: one(1) });
  const holderKey = record({
    keytype: one("ed25519"), scheme: one("ed25519"), keyval: record({ public: hex32 }), "x-handseal-holder?": string,
  });
  const signatures = list(record({ keyid: hex32, sig: like(/^[0-9a-f]{128}$/) }), 0, 4 * MAX_HOLDERS);
  const rootShape = record({
    signatures,
    signed: record({
      _type: one("root"), consistent_snapshot: boolean, expires: time, keys: map(holderKey, 0, 2 * MAX_HOLDERS),
      roles: record({ root: role, targets: role, snapshot: unusedRole, timestamp: unusedRole }),
      spec_version: specVersion, version, "x-handseal-issued?": time,
    }),
  });
  const targetsShape = record({
    signatures,
    signed: record({
      _type: one("targets"), expires: time, spec_version: specVersion, version,
      targets: map(record({ hashes: record({ sha256: hex32 }), length: integer(1, Number.MAX_SAFE_INTEGER) }), 1, 1),
    }),
  });

  /** Shape and rules of one root; whether its signatures suffice is `requireSigned`'s to say. */
  async function parseRoot(bytes, place) {
    const file = parse(bytes, rootShape, place);
    const root = file.signed;
    requireYear(root.expires, `${place}: expires`);
    for (const [keyid, key] of Object.entries(root.keys)) {
      const { "x-handseal-holder": holder, ...plain } = key;
      if (toHex(await sha256(bytesOf(canonical(plain)))) !== keyid) fail(place, "a key's id is not the hash of the key");
      if (holder !== undefined) H.parseOrganisation(holder, `${place}: holder`);
    }
    const made = root["x-handseal-issued"];
    if (made !== undefined) {
      requireYear(made, `${place}: issued`);
      requireLife(root.expires, made, place);
    }
    for (const name of ["root", "targets"]) requireRole(root.roles[name], root, `${place}: ${name}`);
    requireOnce(file, place);
    return file;
  }

  function parseTargets(bytes, place) {
    const file = parse(bytes, targetsShape, place);
    requireOnce(file, place);
    return file;
  }

  function requireOnce(file, place) {
    if (!unique(file.signatures.map((signature) => signature.keyid))) fail(place, "one key signed twice");
  }

  function requireRole({ keyids, threshold }, root, place) {
    if (!unique(keyids)) fail(place, "names a key twice");
    if (!keyids.every((keyid) => Object.hasOwn(root.keys, keyid))) fail(place, "names a key that is not there");
    if (threshold > keyids.length) fail(place, `threshold ${threshold} with ${keyids.length} keys`);
    const holders = keyids.map((keyid) => root.keys[keyid]["x-handseal-holder"]).filter((holder) => holder !== undefined);
    for (const holder of new Set(holders)) {
      if (holders.filter((other) => other === holder).length >= threshold) fail(place, `${holder} alone reaches the threshold`);
    }
  }

  function requireYear(moment, place) {
    const year = moment.slice(0, 4);
    if (year < FIRST_YEAR || year > LAST_YEAR) fail(place, `the year ${year} cannot be meant`);
  }

  /** A Fault unless it expires after it was made, by at most 400 days. */
  function requireLife(expires, made, place) {
    const life = seconds(expires) - seconds(made);
    if (life <= 0 || life > MAX_LIFE) fail(place, "expires: must be at most 400 days after it was made, and after that");
  }

  /** A Fault unless the threshold that `root` sets for `name` is reached; each key counts once.
   *
   * One signature of these keys that does not hold refuses the file: it was tampered with. */
  async function requireSigned(file, name, root, place) {
    const { keyids, threshold } = root.signed.roles[name];
    const message = bytesOf(canonical(file.signed));
    let count = 0;
    for (const { keyid, sig } of file.signatures) {
      if (!keyids.includes(keyid)) continue;
      const key = await H.openHolderKey(fromHex(root.signed.keys[keyid].keyval.public), place);
      if (!(await H.isSigned(key, message, fromHex(sig)))) fail(place, "a signature does not belong to these bytes");
      count += 1;
    }
    if (count < threshold) throw new Fault(`${place}: ${count} of ${threshold} required signatures by the ${name} keys`);
  }

  Object.assign(H, { parseRoot, parseTargets, requireLife, requireSigned, requireYear });
}
