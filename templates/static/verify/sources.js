// A published site, read file by file, becomes what a verification looks at (verifier/snapshot.py; formats.md 8).
//
// This is the way in for pages. They give a `read` from a path below the site to its bytes (null where there is none):
//   filesOverHttp(base)   the site's own routes, through the service worker where there is one
//   filesCarried(files)   a map from paths to base64, as a static export carries it in its data file
// and ask:  await Handseal.answer(bytes, { read, root, store, at, now })
//   bytes  a token, or a file that carries one      root  SHA-256 of 1.root.json in hex, told by whoever made the page
//   store  localStorage or null                     at, now  seconds since 1970
// The answer is the report of formats.md section 12, with `incapable` where this browser could not check something by itself.
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, Incapable } = H;

  const MAX_FILE_BYTES = 1024 * 1024;
  const MAX_INDEX_BYTES = 8 * 1024 * 1024;

  /** The report on what `bytes` carry. Only what a signature vouches for decides which lists are read. */
  async function answer(bytes, { read, root, store = null, at, now }) {
    const memory = new H.Memory(store, root);
    const trusted = await readTrust(read, root, memory);
    const { tokens, hint } = await H.credentialsIn(bytes);
    if (tokens.length !== 1) return H.noCertificate(tokens, hint);
    const wanted = await wantedBy(tokens[0], trusted);
    const lists = new Map();
    for (const id of wanted.lists) lists.set(id, await readList(read, id, trusted.trust, memory, now));
    const syllabuses = new Map();
    for (const id of wanted.syllabuses) syllabuses.set(id, await readSyllabus(read, id));
    const materials = { ...trusted, lists, syllabuses, rollback: memory.close(now) };
    return H.verify(tokens[0], materials, { at, now });
  }

  async function readTrust(read, root, memory) {
    try {
      const trust = await H.loadTrust((name) => read(`trust/${name}`), root);
      memory.sawTrust(trust);
      return { trust, trustFault: "" };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { trust: null, trustFault: error.message, incapable: error instanceof Incapable };
    }
  }

  /** The lists and the syllabus that a certificate names, once steps 1 to 8 hold; none where they do not. */
  async function wantedBy(token, trusted) {
    try {
      const { certificate, cosignatures } = await H.openCertificate(token, trusted, new H.Findings());
      const entry = certificate.credentialStatus.statusListCredential;
      const named = H.parseList(entry, "status list");
      const mine = H.PURPOSES.map((purpose) => H.listId({ ...named, purpose }));
      const others = cosignatures.map(({ endorsement }) => endorsement.credentialStatus.statusListCredential);
      return { lists: new Set([...mine, ...others]), syllabuses: [certificate.credentialSubject.achievement.id] };
    } catch (error) {
      if (error instanceof H.Stopped) return { lists: [], syllabuses: [] };
      throw error;
    }
  }

  /** An accepted list, or the reason why it is not usable. */
  async function readList(read, id, trust, memory, now) {
    const named = H.parseList(id, "status list");
    const bytes = await read(H.listPath(named));
    if (!bytes) return "the list is missing";
    try {
      return memory.sawList(await H.openStatusList(bytes, id, trust, now), trust);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const reason = error.message.replace(`status list ${id}: `, "");
      return /^(is|may) /.test(reason) ? `it ${reason}` : reason;
    }
  }

  const readSyllabus = (read, id) => read(H.syllabusPath(H.parseVersion(id, "syllabus")));

  /** Reads a site over HTTP. Its `index.json` says what there is, so that nothing is asked for that is missing. */
  function filesOverHttp(base, fetch = globalThis.fetch.bind(globalThis)) {
    let listed;
    const names = async () => {
      const bytes = await fetched(fetch, `${base}index.json`, MAX_INDEX_BYTES);
      try {
        return bytes && new Set(Object.keys(JSON.parse(H.textOf(bytes, "index.json")).files));
      } catch {
        return null; // without an index each file is asked for
      }
    };
    return async (path) => {
      listed ??= names();
      const known = await listed;
      return known && !known.has(path) ? null : fetched(fetch, base + path, MAX_FILE_BYTES);
    };
  }

  async function fetched(fetch, address, limit) {
    const response = await fetch(address, { credentials: "omit", redirect: "error", cache: "no-cache" }).catch(() => null);
    if (!response?.ok) return null;
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.length > limit ? null : bytes;
  }

  /** Reads files that came with the page: a map from paths to base64. */
  const filesCarried = (files) => async (path) =>
    Object.hasOwn(files, path) ? Uint8Array.from(atob(files[path]), (sign) => sign.charCodeAt(0)) : null;

  /** Reads all that answers without a network need, so that it is kept; every file of the site but certificates and pictures. */
  async function takeAlong(read, root) {
    const { trust } = await readTrust(read, root, new H.Memory(null, root));
    if (!trust) return;
    for (const { id, keys } of trust.list.organisations) {
      const { base, slug } = H.parseOrganisation(id, "organisation");
      const purposes = keys.some((key) => key.use === "status") ? H.PURPOSES : ["revocation"];
      for (const purpose of purposes) await readAll((number) => read(H.listPath({ base, slug, purpose, number })));
    }
    for (const { id } of trust.list.programmes) {
      const { slug } = H.parseProgramme(id, "programme");
      await readAll((version) => read(H.syllabusPath({ slug, version })));
    }
  }

  async function readAll(readNumber) {
    for (let number = 1; await readNumber(number); number += 1);
  }

  Object.assign(H, { answer, filesCarried, filesOverHttp, takeAlong });
}
