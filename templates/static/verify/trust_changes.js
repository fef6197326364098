// What a newer trust list may change of an older one (require_successor of keys/trust_rules.py; formats.md section 5).
"use strict";

{
  const H = globalThis.Handseal;
  const { canonical, bytesOf, fail, sriOf } = H;

  const byId = (entries) => new Map(entries.map((entry) => [entry.id, entry]));
  const byKid = (organisation) => new Map((organisation?.keys ?? []).map((key) => [key.kid, key]));
  const same = (one, other) => canonical(one) === canonical(other);

  /** A Fault unless `newer` follows `older` and changes only what it may (R19). */
  async function requireSuccessor(older, newer) {
    const place = `trust/${newer.version}.list.json`;
    const digest = await sriOf(bytesOf(canonical(older)));
    if (newer.version !== older.version + 1 || newer.previous !== digest) fail(place, `does not follow list ${older.version}`);
    if (newer.issued < older.issued) fail(place, `issued: is before list ${older.version} was`);
    requireOrganisationsKept(older, newer, place);
    requireProgrammesKept(older, newer, place);
    for (const [frozen, now] of kept(byId(older.frozenStatus), byId(newer.frozenStatus), `${place}: frozenStatus`)) {
      if (!same(frozen, now)) fail(place, "frozenStatus: was changed");
    }
  }

  /** Old and new form of every entry there was; a Fault for one that was dropped. */
  function kept(was, now, place) {
    return [...was].map(([id, entry]) => [entry, now.get(id) ?? fail(place, `${id} was dropped`)]);
  }

  function requireOrganisationsKept(older, newer, place) {
    const was = byId(older.organisations);
    const now = byId(newer.organisations);
    for (const [before, after] of kept(was, now, `${place}: organisation`)) {
      if (!same(after.names.slice(0, before.names.length), before.names)) fail(place, `${before.id}: a name was changed`);
      for (const [key, keyNow] of kept(byKid(before), byKid(after), `${place}: ${before.id}: key`)) {
        requireKeyKept(key, keyNow, newer.issued, `${place}: ${before.id}: key`);
      }
    }
    for (const [id, after] of now) {
      const before = was.get(id);
      const names = after.names.slice(before?.names.length ?? 0).map((entry) => entry.from);
      const keys = after.keys.filter((key) => !byKid(before).has(key.kid)).map((key) => key.validFrom);
      requireStarts([...names, ...keys], newer.issued, `${place}: ${id}: name or key`);
    }
  }

  function requireKeyKept(was, now, issued, place) {
    const { validUntil: end, compromisedSince: since, ...plain } = was;
    const { validUntil: endNow, compromisedSince: sinceNow, ...plainNow } = now;
    requireEnd(end, endNow, issued, `${place}: validUntil`);
    if (since !== undefined && (sinceNow === undefined || sinceNow > since)) {
      fail(place, "compromisedSince: was taken away or moved later");
    }
    if (!same(plain, plainNow)) fail(place, "was changed");
  }

  function requireProgrammesKept(older, newer, place) {
    const was = byId(older.programmes);
    const now = byId(newer.programmes);
    for (const [before, after] of kept(was, now, `${place}: programme`)) {
      if (after.policies.length < before.policies.length) fail(place, `${before.id}: a policy was dropped`);
      before.policies.forEach(({ until, ...plain }, number) => {
        const { until: untilNow, ...plainNow } = after.policies[number];
        if (!same(plain, plainNow)) fail(place, `${before.id}: a policy was changed`);
        requireEnd(until, untilNow, newer.issued, `${place}: ${before.id}: until`);
      });
    }
    for (const [id, after] of now) {
      const added = after.policies.slice(was.get(id)?.policies.length ?? 0);
      requireStarts(added.map((policy) => policy.from), newer.issued, `${place}: ${id}: policy`);
    }
  }

  /** An end may be set where there was none, and not in the past of the list that sets it. */
  function requireEnd(was, now, issued, place) {
    if (was === now) return;
    if (was !== undefined || now === undefined || now < issued) fail(place, "was changed, or set to before the list");
  }

  function requireStarts(moments, issued, place) {
    if (moments.some((moment) => moment < issued)) fail(place, "starts before the list that adds it was issued");
  }

  Object.assign(H, { requireSuccessor });
}
