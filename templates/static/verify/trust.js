// A trust list is believed only at the end of an unbroken chain of signatures from the root that one was told
// (keys/trust_chain.py, keys/trust.py; formats.md section 5).
"use strict";

{
  const H = globalThis.Handseal;
  const { Fault, fail, sha256, sriOf, toHex } = H;

  const MAX_ROOTS = 256;

  /** A trust list whose chain was verified: the only source of names, keys and policies. */
  class Trust {
    constructor(list, { digest, rootVersion, expires }) {
      Object.assign(this, { list, digest, rootVersion, expires });
      this.organisations = new Map(list.organisations.map((organisation) => [organisation.id, organisation]));
      this.keys = new Map(
        list.organisations.flatMap((organisation) => organisation.keys.map((key) => [key.kid, { organisation, key }])),
      );
    }

    /** Organisation and key of a kid, by exact string; its public half is opened by `H.openKey`. */
    key(kid) {
      return this.keys.get(kid);
    }

    /** The newest policy of a programme whose `from` is not after `moment`. */
    policy(programme, moment) {
      const known = this.list.programmes.find((entry) => entry.id === programme);
      return known?.policies.findLast((policy) => policy.from <= moment);
    }

    /** The names of an organisation in force at `moment`, by language; the first ones ever for a moment before them. */
    namesAt(organisation, moment) {
      return (organisation.names.findLast((entry) => entry.from <= moment) ?? organisation.names[0]).name;
    }

    /** An organisation's name, or its id where it is not in the list. */
    name(id, moment, language = "en") {
      const organisation = this.organisations.get(id);
      if (!organisation) return id;
      const names = this.namesAt(organisation, moment);
      return names[language] ?? names.en ?? Object.values(names)[0];
    }

    frozenDigest(listId) {
      return this.list.frozenStatus.find((frozen) => frozen.id === listId)?.digestSRI;
    }

    /** Whether this organisation closed: only its frozen lists are accepted. */
    hasFrozen(organisation) {
      const prefix = `${organisation.replace("/orgs/", "/status/")}/`;
      return this.list.frozenStatus.some((frozen) => frozen.id.startsWith(prefix));
    }
  }

  /** The newest trust list, verified from the root with this SHA-256 (64 hex digits) on.
   *
   * `read` gives the bytes of a name inside `trust/`, or null where there is none. */
  async function loadTrust(read, rootDigest) {
    const root = (await loadRoots(read, rootDigest)).at(-1);
    const targets = H.parseTargets(await required(read, "targets.json"), "trust/targets.json");
    await H.requireSigned(targets, "targets", root, "trust/targets.json");
    const { list, digest } = await readLists(read, targets.signed);
    H.requireLife(targets.signed.expires, list.issued, "trust/targets.json");
    if (root.signed["x-handseal-issued"] === undefined) H.requireLife(root.signed.expires, list.issued, "trust: root");
    const expires = [root.signed.expires, targets.signed.expires].sort()[0];
    return new Trust(list, { digest, rootVersion: root.signed.version, expires });
  }

  /** The root chain from 1, each signed by the thresholds of itself and of the one before (R01, R17). */
  async function loadRoots(read, rootDigest) {
    const roots = [];
    for (let version = 1; version <= MAX_ROOTS; version += 1) {
      const place = `trust/${version}.root.json`;
      const bytes = version === 1 ? await required(read, "1.root.json") : await read(`${version}.root.json`);
      if (!bytes) break;
      if (version === 1 && toHex(await sha256(bytes)) !== rootDigest) fail(place, "is not the root that was told");
      const root = await H.parseRoot(bytes, place);
      if (root.signed.version !== version) fail(place, `says it is version ${root.signed.version}`);
      for (const signers of [roots.at(-1), root]) if (signers) await H.requireSigned(root, "root", signers, place);
      roots.push(root);
    }
    return roots;
  }

  /** The list that the targets name, held by length and hash; each older one is held by `previous` of the next. */
  async function readLists(read, { version, targets }) {
    const target = targets[`trust/${version}.list.json`] ?? fail("trust/targets.json", "its one target is not its list");
    const bytes = await required(read, `${version}.list.json`);
    if (bytes.length !== target.length || toHex(await sha256(bytes)) !== target.hashes.sha256) {
      fail(`trust/${version}.list.json`, "is not the list that targets.json names");
    }
    const newest = await H.openList(bytes, version);
    let newer = newest;
    while (newer.version > 1) {
      const older = await H.openList(await required(read, `${newer.version - 1}.list.json`), newer.version - 1);
      await H.requireSuccessor(older, newer);
      newer = older;
    }
    return { list: newest, digest: await sriOf(bytes) };
  }

  async function required(read, name) {
    const bytes = await read(name);
    if (!bytes) throw new Fault(`trust/${name}: is missing`);
    return bytes;
  }

  Object.assign(H, { Trust, loadTrust });
}
