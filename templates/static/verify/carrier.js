// A credential is taken out of what carries it by looking for whole tokens, never by believing the carrier
// (verifier/carrier.py; formats.md section 9). A PDF is not parsed; what it shows is not looked at.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, MAX_BYTES, bytesOf, sha256, toHex } = H;

  const MAX_CARRIER_BYTES = 50_000_000;
  const MAX_STREAMS = 10_000;
  const MAX_TOKEN_STREAMS = 256; // compressed streams that begin like a token
  const MAX_TOKENS = 16; // different ones in one file, which are all taken apart
  const PEEK_BYTES = 1024; // of a compressed stream, enough to see whether a token begins
  const TOKEN_START = "eyJ"; // base64url of `{"`
  const TOKEN = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
  const LEAST_TOKEN_BYTES = 60;
  const PNG = "\x89PNG\r\n\x1a\n";
  const PICTURES = [PNG, "\xff\xd8\xff", "GIF8", "RIFF", "II*\x00", "MM\x00*", "BM"];
  const MAX_CHUNKS = 50_000; // of a PNG
  const MAX_BAKED = 16; // credentials in a picture that are looked at
  const MAX_SVG_BYTES = 4 * 1024 * 1024;
  const BADGES = "https://purl.imsglobal.org/ob/v3p0";
  const BADGE_KEYWORD = "openbadgecredential\x00";

  /** More in a file than is looked at. */
  class Unreadable extends Error {}

  /** Bytes as a text of one character each: what is looked for in it is ASCII. */
  function latin(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return text;
  }

  /** Without the white space around it; an expression would try each space in the middle as the first of the last ones. */
  function strip(text) {
    const isWhite = (at) => " \t\r\n\v\f".includes(text[at]);
    let [start, end] = [0, text.length];
    while (start < end && isWhite(start)) start += 1;
    while (end > start && isWhite(end - 1)) end -= 1;
    return text.slice(start, end);
  }

  /** The report where a file carries no certificate, or more than one: nobody can say which one it is meant to show. */
  function noCertificate(tokens, hint) {
    const limit = MAX_CARRIER_BYTES / 1_000_000;
    return tokens.length ? H.undecided("several", "invalid") : H.undecided(hint, "unknown", { limit });
  }

  /** The tokens in a file or a pasted text, none of them believed yet; where there is none, a case that says why. */
  async function credentialsIn(bytes) {
    if (bytes.length > MAX_CARRIER_BYTES) return { tokens: [], hint: "too-large" };
    const text = latin(bytes);
    if (text.slice(0, 1024).includes("%PDF-")) return readPdf(bytes, text);
    // No code is looked for here, so another photograph would help as little: the file is what does.
    if (text.slice(0, 4096).includes("<svg")) return readTokens(bakedIn(tokensInSvg(bytes)), "nothing");
    if (text.startsWith(PNG)) return readTokens(bakedIn(tokensInPng(bytes, text)), "nothing");
    if (PICTURES.some((start) => text.startsWith(start))) return { tokens: [], hint: "nothing" };
    return isToken(text) ? { tokens: [bytesIn(strip(text))], hint: "" } : { tokens: [], hint: "nothing" };
  }

  const bytesIn = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

  /** Whether this is meant as a token, also as a broken or foreign one: that is for verification to say. */
  function isToken(all) {
    const text = strip(all);
    if (text.startsWith("{")) return text.includes('"signature'); // the JSON serialisations
    const solid = text.replace(/[ \t\r\n]+/g, "");
    const spaces = text.length - solid.length;
    // A sentence has a space in every six characters; a token that was wrapped has few.
    if (solid.length < LEAST_TOKEN_BYTES || spaces > Math.floor(text.length / 20)) return false;
    return /^[A-Za-z0-9_+/=.-]*$/.test(solid) && solid.includes(".");
  }

  async function readPdf(bytes, text) {
    const found = await readTokens(tokensInStreams(bytes, text), "");
    if (found.tokens.length) return found;
    if (found.hint) return { tokens: [], hint: "damaged" };
    if (text.includes("/Encrypt")) return { tokens: [], hint: "encrypted" };
    return { tokens: [], hint: text.slice(-4096).includes("%%EOF") ? "empty-pdf" : "damaged" };
  }

  /** Tokens of distinct content; two different ones decide, so no more are looked for. */
  async function readTokens(tokens, hint) {
    const distinct = new Map();
    const seen = new Set();
    try {
      for (const token of tokens) {
        if (seen.has(token) || distinct.size >= 2) continue;
        if (seen.size === MAX_TOKENS) throw new Unreadable();
        seen.add(token);
        const content = await contentOf(bytesIn(token));
        if (!distinct.has(content)) distinct.set(content, bytesIn(token));
      }
    } catch (error) {
      if (error instanceof Unreadable) return { tokens: [], hint: "damaged" };
      throw error;
    }
    return { tokens: [...distinct.values()], hint: distinct.size ? "" : hint };
  }

  /** What makes two candidates the same: the content they state, or their bytes where they state none. */
  async function contentOf(token) {
    try {
      return toHex(await H.contentDigest(H.parseContent(H.splitToken(token).payload)));
    } catch (error) {
      if (error instanceof Fault) return toHex(await sha256(token));
      throw error;
    }
  }

  /** Each stream that is wholly one compact JWS, as it stands or deflated. */
  function* tokensInStreams(bytes, text) {
    let begun = 0;
    for (const [start, end] of streamsIn(text)) {
      let found = { text: text.slice(start, Math.min(end, start + MAX_BYTES + 3)), whole: true };
      if (!strip(text.slice(start, start + 64)).startsWith(TOKEN_START)) {
        found = inflated(bytes, start, end);
        if (found.text.startsWith(TOKEN_START)) begun += 1;
        if (begun > MAX_TOKEN_STREAMS) throw new Unreadable();
      }
      const token = strip(found.text);
      if (found.whole && token.length <= MAX_BYTES && TOKEN.test(token)) yield token;
    }
  }

  /** Start and end of what lies between `stream` and `endstream`; keywords inside another stream do not count. */
  function* streamsIn(text) {
    let position = 0;
    for (let count = 0; count < MAX_STREAMS; count += 1) {
      const found = text.indexOf("stream", position);
      if (found < 0) return;
      position = found + 6;
      if (!beginsStream(text, found)) continue;
      const start = position + (text.startsWith("\r\n", position) ? 2 : 1);
      const end = text.indexOf("endstream", start);
      if (end < 0) return;
      yield [start, end];
      position = end + 9;
    }
    throw new Unreadable();
  }

  /** The keyword stands behind a dictionary and ends its line; else it is a word in a text. */
  function beginsStream(text, found) {
    const behind = strip(`.${text.slice(Math.max(0, found - 16), found)}`);
    return behind.endsWith(">>") && "\r\n".includes(text[found + 6] ?? " ");
  }

  /** What a deflated stream that begins like a token holds, no further than a token may reach; whether that is all. */
  function inflated(bytes, start, end) {
    try {
      const peek = H.inflate(bytes.subarray(start, Math.min(end, start + PEEK_BYTES)), "zlib", TOKEN_START.length);
      if (latin(peek.bytes) !== TOKEN_START) return { text: latin(peek.bytes), whole: false };
      const all = H.inflate(bytes.subarray(start, Math.min(end, start + 2 * MAX_BYTES)), "zlib", MAX_BYTES + 3);
      return { text: latin(all.bytes), whole: all.whole };
    } catch (error) {
      if (error instanceof Fault) return { text: "", whole: false };
      throw error;
    }
  }

  /** The first credentials baked into a picture, whatever they are: one that is none counts as another one. */
  function* bakedIn(tokens) {
    let left = MAX_BAKED;
    for (const token of tokens) {
      yield token;
      if (--left === 0) return;
    }
  }

  /** The text of each iTXt chunk `openbadgecredential`, plain or compressed (PNG 11.3.3.4). */
  function* tokensInPng(bytes, text) {
    for (let at = 8, count = 0; at + 12 <= bytes.length && count < MAX_CHUNKS; count += 1) {
      const length = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      const start = at + 8;
      const end = Math.min(start + length, bytes.length);
      if (text.startsWith("iTXt", at + 4) && text.slice(start, end).startsWith(BADGE_KEYWORD)) {
        yield* internationalText(bytes, text, start + BADGE_KEYWORD.length, end);
      }
      at = start + length + 4;
    }
  }

  /** Flag, method, language, translated keyword, text. */
  function* internationalText(bytes, text, start, end) {
    const language = text.indexOf("\x00", start + 2);
    const translated = text.indexOf("\x00", language + 1);
    if (language < 0 || translated < 0 || translated >= end) return;
    if (bytes[start] !== 1) yield strip(text.slice(translated + 1, Math.min(end, translated + MAX_BYTES + 2)));
    else {
      try {
        yield strip(latin(H.inflate(bytes.subarray(translated + 1, end), "zlib", MAX_BYTES + 1).bytes));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
  }

  /** `verify` of each `credential` element of the Open Badges namespace; one with entities or attributes of its own is not read. */
  function* tokensInSvg(bytes) {
    const found = parsedSvg(bytes.subarray(0, MAX_SVG_BYTES));
    for (const element of found?.getElementsByTagNameNS(BADGES, "credential") ?? []) {
      yield latin(bytesOf(strip(element.getAttribute("verify") ?? "")));
    }
  }

  /** The drawing as inert elements; null where it is none. */
  function parsedSvg(bytes) {
    try {
      const text = H.textOf(bytes, "drawing");
      if (/<!(?:ENTITY|ATTLIST)/.test(text)) return null;
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      return parsed.getElementsByTagName("parsererror").length ? null : parsed;
    } catch (error) {
      if (error instanceof Fault) return null;
      throw error;
    }
  }

  Object.assign(H, { credentialsIn, noCertificate });
}
