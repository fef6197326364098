// Bytes, digests and times have one spelling each; foreign JSON is read only through here (keys/encoding.py).
//
// All files of this folder are classic scripts that share one object, so that they also run from file://.
// Strict mode throughout; nothing here touches the page, the network or the clock.
"use strict";

globalThis.Handseal ??= {};
{
  const H = globalThis.Handseal;

  /** What is wrong with bytes from outside: `place: fault`. */
  class Fault extends Error {}

  /** What this browser cannot do. It decides nothing: neither for a certificate nor against it. */
  class Incapable extends Fault {}

  const MAX_BYTES = 64 * 1024;
  const MAX_DEPTH = 16;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  const bytesOf = (text) => encoder.encode(text);

  function fail(place, text) {
    throw new Fault(`${place}: ${text}`);
  }

  function textOf(bytes, place) {
    try {
      return decoder.decode(bytes);
    } catch {
      return fail(place, "is not UTF-8");
    }
  }

  /** The bytes of the one canonical spelling; padding, other alphabets and stray bits are refused (J13). */
  function fromBase64url(text, place = "base64url") {
    if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) fail(place, "is not base64url");
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
    const last = Math.floor(bytes.length / 3) * 3;
    if (toBase64url(bytes.subarray(last)) !== text.slice((last / 3) * 4)) fail(place, "is not canonical base64url");
    return bytes;
  }

  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const toBase64url = (bytes) =>
    toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

  async function sha256(bytes) {
    if (!globalThis.crypto?.subtle) throw new Incapable("this browser lends its cryptography to secure pages only");
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  }

  /** `digestSRI` of bytes: `sha256-` and padded standard base64. */
  const sriText = (digest) => `sha256-${toBase64(digest)}`;
  const sriOf = async (bytes) => sriText(await sha256(bytes));

  /** A digest as `sriOf` writes it: the last sign of 32 bytes has four values only. */
  function requireSri(text, place) {
    if (!/^sha256-[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text)) fail(place, "digestSRI: is not a SHA-256 digest");
  }

  /** JCS (RFC 8785) of plain JSON values as text; of what this profile has: no floats, integers below 2^53. */
  function canonical(value, depth = 0) {
    if (depth > MAX_DEPTH) throw new Fault("is nested too deeply");
    if (typeof value === "string" || typeof value === "boolean" || value === null) return JSON.stringify(value);
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new Fault("holds a number that is not an integer below 2^53");
      return String(value);
    }
    if (Array.isArray(value)) return `[${value.map((member) => canonical(member, depth + 1)).join(",")}]`;
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name], depth + 1)}`).join(",")}}`;
  }

  /** Foreign bytes as plain JSON of a closed shape: size, canonical bytes, shape, then readable text.
   *
   * Equality with the canonical form refuses repeated members, floats, NaN, BOM, UTF-16 and spaces at once. */
  function parse(bytes, shape, place, limit = MAX_BYTES) {
    if (bytes.length > limit) fail(place, `is larger than ${limit} bytes`);
    const text = textOf(bytes, place);
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      fail(place, "is not JSON");
    }
    if (canonical(value) !== text) fail(place, "is not in canonical form (JCS)");
    shape(value, place);
    requireTexts(value, place, "");
    return value;
  }

  /** Every string is readable text, and newlines stand in narratives only. */
  function requireTexts(value, place, name) {
    if (typeof value === "string") H.requireText(value, place, name === "narrative");
    else if (value !== null && typeof value === "object") {
      for (const [key, member] of Object.entries(value)) requireTexts(member, place, key);
    }
  }

  /** Seconds since 1970 of a time as written: UTC, whole seconds, Z. Times of this form also compare as texts. */
  const seconds = (time) => Date.parse(time) / 1000;

  const isTime = (text) =>
    /^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(text).toISOString() === text.replace("Z", ".000Z");

  const unique = (values) => new Set(values).size === values.length;

  /** Whether texts ascend strictly, so that none stands twice. */
  const ascending = (texts) => texts.every((text, n) => n === 0 || texts[n - 1] < text);

  Object.assign(H, {
    Fault, Incapable, MAX_BYTES, ascending, bytesOf, canonical, fail, fromBase64url, fromHex, isTime, parse, requireSri, seconds,
    sha256, sriOf, sriText, textOf, toBase64url, toHex, unique,
  });
}
