// Tokens in three parts, keys as closed JWKs, and nothing chosen by what is being verified (keys/jws.py, algorithms.py).
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, Incapable, MAX_BYTES, fail, fromBase64url, parse } = H;
  const { record, string, tagged, one } = H.shapes;

  const ES256 = { key: { name: "ECDSA", namedCurve: "P-256" }, check: { name: "ECDSA", hash: "SHA-256" } };
  const RS256 = { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, check: { name: "RSASSA-PKCS1-v1_5" } };
  const ED25519 = { key: { name: "Ed25519" }, check: { name: "Ed25519" } };
  const RSA_BYTES = [384, 512]; // 3072 to 4096 bits: the trust list takes no shorter key

  const headerShape = record({ alg: string, kid: string });
  const jwkShape = tagged("kty", {
    EC: record({ kty: one("EC"), crv: string, x: string, y: string }),
    RSA: record({ kty: one("RSA"), e: string, n: string }),
  });

  /** Step 1: size, then three canonical base64url parts of the bytes of a token. */
  function splitToken(token, place = "token", limit = MAX_BYTES) {
    if (token.length > limit) fail(place, `is larger than ${limit} bytes`);
    if (token.some((byte) => byte > 127)) fail(place, "is not a compact JWS");
    const parts = H.textOf(token, place).split(".");
    if (parts.length !== 3) fail(place, `a compact JWS has three parts, this has ${parts.length}`);
    const [header, payload, signature] = parts.map((part) => fromBase64url(part, place));
    return { header, payload, signature, signed: token.subarray(0, token.lastIndexOf(46)) };
  }

  /** Step 2: a header of exactly `alg` and `kid`; `typ`, `jwk`, `crit` and all others are refused (J26). */
  const parseHeader = (token, place = "token header") => parse(token.header, headerShape, place, 1024);

  const opened = new WeakMap(); // a key is opened once, and then kept with the trust list that it is of

  /** A JWK as the key and the one algorithm it verifies. */
  async function openKey(jwk, place) {
    if (!opened.has(jwk)) opened.set(jwk, await openNew(jwk, place));
    return opened.get(jwk);
  }

  async function openNew(jwk, place) {
    if (jwk.kty === "EC") {
      if (jwk.crv !== "P-256") fail(place, "jwk: the curve is not P-256");
      for (const part of [jwk.x, jwk.y]) if (fromBase64url(part, place).length !== 32) fail(place, "jwk: is too short");
      return { alg: "ES256", kind: ES256, key: await imported("jwk", jwk, ES256, `${place}: jwk: is no point of P-256`) };
    }
    const modulus = fromBase64url(jwk.n, place);
    const [least, most] = RSA_BYTES;
    if (jwk.e !== "AQAB" || modulus.length < least || modulus.length > most || modulus[0] === 0) {
      fail(place, "jwk: an RSA key has 3072 to 4096 bits and exponent 65537");
    }
    if (modulus.length === least && modulus[0] < 128) fail(place, "jwk: an RSA key has at least 3072 bits");
    return { alg: "RS256", kind: RS256, key: await imported("jwk", jwk, RS256, `${place}: jwk: is not an RSA key`) };
  }

  /** A trust-list holder's Ed25519 key of 32 bytes. */
  const openHolderKey = async (bytes, place) =>
    ({ kind: ED25519, key: await imported("raw", bytes, ED25519, `${place}: is no Ed25519 key`) });

  async function imported(form, material, kind, fault) {
    try {
      return await crypto.subtle.importKey(form, material, kind.key, false, ["verify"]);
    } catch (error) {
      // DataError is about the key; anything else is about a browser without the algorithm.
      if (error.name === "DataError") throw new Fault(fault);
      throw new Incapable(`this browser cannot check ${kind.key.name} signatures`);
    }
  }

  /** Whether `signature` (r and s raw for ECDSA) is that of `message` under an opened key. */
  async function isSigned({ kind, key }, message, signature) {
    if (kind === ES256 && signature.length !== 64) return false;
    return crypto.subtle.verify(kind.check, key, signature, message);
  }

  async function requireSignature(opened, token, place = "") {
    if (await isSigned(opened, token.signed, token.signature)) return;
    throw new Fault(`${place && `${place}: `}the signature does not belong to these bytes and this key`);
  }

  Object.assign(H, { isSigned, jwkShape, openHolderKey, openKey, parseHeader, requireSignature, splitToken });
}
