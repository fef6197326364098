// Every identifier has one spelling, and says which organisation it belongs to (keys/names.py, formats.md section 1).
"use strict";

{
  const H = globalThis.Handseal;
  const { fail } = H;

  const PURPOSES = ["revocation", "suspension", "refresh"];
  const MAX_HOST = 30;
  const MAX_SLUG = 40;
  const SLUG = "[a-z0-9]+(?:-[a-z0-9]+)*";
  const BASE = "https?://[^/?#@\\s]+";
  const NUMBER = "[1-9][0-9]{0,8}";
  const whole = (pattern) => new RegExp(`^${pattern}$`);
  const slugForm = whole(SLUG);
  const baseForm = whole("(https?)://([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?");
  const organisationForm = whole(`(${BASE})/orgs/(${SLUG})`);
  const keyForm = whole(`(${BASE})/keys/([A-Za-z0-9_-]{43})`);
  const programmeForm = whole(`(${BASE})/programmes/(${SLUG})`);
  const versionForm = whole(`(${BASE}/programmes/${SLUG})/(${NUMBER})`);
  const listForm = whole(`(${BASE})/status/(${SLUG})/(${PURPOSES.join("|")})/(${NUMBER})`);
  const uuidForm = whole("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const didForm = whole("did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,1000}");
  const privateHost = whole(
    "localhost|(?:10|127)(?:\\.[0-9]{1,3}){3}|(?:192\\.168|169\\.254|172\\.(?:1[6-9]|2[0-9]|3[01]))(?:\\.[0-9]{1,3}){2}",
  );

  function requireSlug(text, place) {
    if (text.length > MAX_SLUG || !slugForm.test(text)) fail(place, "is not a slug");
  }

  /** `https://host`, the host short; `http://` for loopback and private addresses alone. */
  function requireBase(url, place) {
    const [, scheme, host, port] = baseForm.exec(url) ?? fail(place, "is not a base URL");
    if (host.length + (port ? port.length + 1 : 0) > MAX_HOST) fail(place, `the host is longer than ${MAX_HOST}`);
    if (port && Number(port) > 65535) fail(place, "has no such port");
    if (scheme === "http" && !privateHost.test(host)) fail(place, "http:// is for private addresses only");
    return url;
  }

  function parseOrganisation(text, place) {
    const match = organisationForm.exec(text);
    if (!match || match[2].length > MAX_SLUG) fail(place, "is not the id of an organisation");
    return { base: requireBase(match[1], place), slug: match[2] };
  }

  function parseKeyId(text, place) {
    const match = keyForm.exec(text) ?? fail(place, "is not a key id");
    return { base: requireBase(match[1], place), thumbprint: match[2] };
  }

  function parseProgramme(text, place) {
    const match = programmeForm.exec(text);
    if (!match || match[2].length > MAX_SLUG) fail(place, "is not the id of a programme");
    return { base: requireBase(match[1], place), slug: match[2] };
  }

  function parseVersion(text, place) {
    const match = versionForm.exec(text) ?? fail(place, "is not a version of a programme");
    const { base, slug } = parseProgramme(match[1], place);
    return { base, slug, programme: match[1], version: Number(match[2]) };
  }

  function parseList(text, place) {
    const match = listForm.exec(text);
    if (!match || match[2].length > MAX_SLUG) fail(place, "is not the id of a status list");
    return { base: requireBase(match[1], place), slug: match[2], purpose: match[3], number: Number(match[4]) };
  }

  function requireUuid(text, place) {
    if (!uuidForm.test(text)) fail(place, "is not a urn:uuid of version 4");
  }

  /** A fresh urn:uuid or the DID of the learner's wallet. */
  function requireSubject(text, place) {
    if (!didForm.test(text)) requireUuid(text, place);
  }

  const listId = ({ base, slug, purpose, number }) => `${base}/status/${slug}/${purpose}/${number}`;
  const listPath = ({ slug, purpose, number }) => `status/${slug}/${purpose}/${number}.jwt`;
  const syllabusPath = ({ slug, version }) => `programmes/${slug}/${version}.json`;

  Object.assign(H, {
    PURPOSES, listId, listPath, parseKeyId, parseList, parseOrganisation, parseProgramme, parseVersion, requireSlug,
    requireSubject, requireUuid, syllabusPath,
  });
}
