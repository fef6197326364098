// A trust list, sound by itself: organisations, keys and policies (keys/trust.py, keys/trust_rules.py; formats.md 5).
"use strict";

{
  const H = globalThis.Handseal;
  const { ascending, bytesOf, canonical, fail, parse, sha256, toBase64url, unique } = H;
  const { integer, list, map, name, one, record, sri, string, time } = H.shapes;

  const MAX_LIST_BYTES = 1024 * 1024;
  const WEBSITE = /^https:\/\/[a-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?(\/[!-~]{0,200})?$/;
  const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

  const keyShape = record({
    kid: string, jwk: H.jwkShape, alg: string, use: one("issue", "status", "cosign"), validFrom: time,
    "validUntil?": time, "compromisedSince?": time,
  });
  const organisationShape = record({
    id: string, names: list(record({ from: time, name: map(name, 1) }), 1), keys: list(keyShape), "website?": string,
    "contact?": name,
  });
  const policyShape = record({
    from: time, issuers: list(string, 1), threshold: integer(1, H.MAX_ENDORSEMENTS),
    cosigners: list(string, 1, H.MAX_ENDORSEMENTS), "until?": time,
  });
  const listShape = record({
    version: integer(1, 999999999), issued: time, organisations: list(organisationShape),
    programmes: list(record({ id: string, policies: list(policyShape, 1) })),
    frozenStatus: list(record({ id: string, digestSRI: sri })), "previous?": sri,
  });

  /** One list by itself: its form, rules and version, not its signatures. */
  async function openList(bytes, version) {
    const place = `trust/${version}.list.json`;
    const trustList = parse(bytes, listShape, place, MAX_LIST_BYTES);
    if (trustList.version !== version) fail(place, `says it is version ${trustList.version}`);
    H.requireYear(trustList.issued, `${place}: issued`);
    if ((version === 1) !== (trustList.previous === undefined)) fail(place, "previous: the first list alone has none");
    await requireOrganisations(trustList, place);
    requireProgrammes(trustList, place);
    requireFrozen(trustList, place);
    return trustList;
  }

  async function requireOrganisations({ organisations, issued }, place) {
    const owners = organisations.map(({ id }) => H.parseOrganisation(id, `${place}: organisation`));
    if (!unique(owners.map((owner) => owner.slug))) fail(place, "an organisation's slug stands there twice");
    const thumbprints = new Set();
    for (const [number, organisation] of organisations.entries()) {
      const here = `${place}: organisation ${owners[number].slug}`;
      requireNames(organisation.names, here);
      if (organisation.website !== undefined && !WEBSITE.test(organisation.website)) fail(here, "website: is no https address");
      if (!inOrder(organisation.keys.map((key) => key.validFrom))) fail(here, "keys: are not in order of their start");
      for (const key of organisation.keys) {
        const thumbprint = await requireKey(key, owners[number].base, issued, `${here}: key`);
        if (thumbprints.has(thumbprint)) fail(here, "a key stands there twice");
        thumbprints.add(thumbprint);
      }
    }
  }

  const inOrder = (moments) => moments.every((moment, n) => n === 0 || moments[n - 1] <= moment);

  function requireNames(names, place) {
    if (!ascending(names.map((entry) => entry.from))) fail(place, "names: are not in order of their start");
    for (const entry of names) {
      H.requireYear(entry.from, `${place}: name: from`);
      for (const [language, told] of Object.entries(entry.name)) requireName(told, language, place);
    }
  }

  function requireName(told, language, place) {
    if (!LANGUAGE.test(language)) fail(place, "a name's language is none");
    if (/^\s|\s$/u.test(told)) fail(place, "a name starts or ends with a space");
    if (H.mixedWord(told) !== undefined) fail(place, "a name mixes scripts in one word");
    if (language.split("-")[0] === "en" && H.looksLatin(told)) fail(place, "a letter only looks like a Latin one");
  }

  async function requireKey(key, base, issued, place) {
    const thumbprint = toBase64url(await sha256(bytesOf(canonical(key.jwk)))); // RFC 7638
    if (key.kid !== `${base}/keys/${thumbprint}`) fail(place, "kid: is not the base and the thumbprint of the key");
    if ((await H.openKey(key.jwk, place)).alg !== key.alg) fail(place, "alg: does not fit the key");
    const { validFrom: from, validUntil: until, compromisedSince: since } = key;
    for (const moment of [from, until, since]) if (moment !== undefined) H.requireYear(moment, place);
    if (until !== undefined && from >= until) fail(place, "validUntil: is not after validFrom");
    if (since !== undefined && (since < from || since > (issued > from ? issued : from))) {
      fail(place, "compromisedSince: is before the key was valid, or after the list was issued");
    }
    return thumbprint;
  }

  function requireProgrammes({ programmes, organisations }, place) {
    const slugs = programmes.map(({ id }) => H.parseProgramme(id, `${place}: programme`).slug);
    if (!unique(slugs)) fail(place, "a programme's slug stands there twice");
    const known = new Set(organisations.map((organisation) => organisation.id));
    for (const { id, policies } of programmes) {
      if (!ascending(policies.map((policy) => policy.from))) fail(place, `${id}: policies are not in order of their start`);
      for (const policy of policies) requirePolicy(policy, known, `${place}: ${id}`);
    }
  }

  function requirePolicy({ from, until, threshold, issuers, cosigners }, known, place) {
    H.requireYear(from, `${place}: from`);
    if (until !== undefined) {
      H.requireYear(until, `${place}: until`);
      if (from >= until) fail(place, "until: is not after from");
    }
    if (threshold > cosigners.length) fail(place, `threshold ${threshold} of ${cosigners.length} co-signers`);
    if (!ascending(cosigners)) fail(place, "cosigners: are not sorted, or one stands twice");
    if (!unique(issuers)) fail(place, "an issuer stands there twice");
    if (![...issuers, ...cosigners].every((party) => known.has(party))) fail(place, "a party is no organisation of the list");
    if (issuers.some((issuer) => cosigners.includes(issuer))) fail(place, "an issuer is among its own co-signers");
  }

  function requireFrozen({ frozenStatus, organisations }, place) {
    if (!unique(frozenStatus.map((frozen) => frozen.id))) fail(place, "a frozen status list stands there twice");
    for (const { id } of frozenStatus) {
      const { base, slug } = H.parseList(id, `${place}: frozenStatus`);
      if (!organisations.some((organisation) => organisation.id === `${base}/orgs/${slug}`)) {
        fail(place, "frozenStatus: belongs to no organisation of the list");
      }
    }
  }

  Object.assign(H, { openList });
}
