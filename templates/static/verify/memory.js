// What a browser remembers of a site only grows: versions, dates of lists, revocations, the clock (verifier/seen.py).
//
// It lies in localStorage, if the browser lends one; it can be cleared, and then nothing is known of before.
"use strict";

{
  const H = globalThis.Handseal;
  const { CLOCK_GRACE, seconds } = H;

  const VERSION = 1;
  const NOTHING = { version: VERSION, clock: 0, rootVersion: 0, listVersion: 0, listDigest: "", lists: {} };
  const MAX_INDICES = 50_000; // of one list, so that the browser's few megabytes suffice

  const check = (outcome, detail = "") => ({ code: "state.rollback", outcome, case: outcome, detail, values: {} });

  /** Whether a list of this key and date is still evidence: not once its key is declared compromised since then. */
  function counts(trust, kid, dated) {
    const since = trust.key(kid)?.key.compromisedSince;
    return since === undefined || dated < since;
  }

  class Memory {
    /** `store` is localStorage or the like, or null; each root has a memory of its own. */
    constructor(store, root) {
      Object.assign(this, { store, name: `handseal:${root}`, seen: structuredClone(NOTHING), lasting: false, alarms: [] });
      try {
        const kept = JSON.parse(store?.getItem(this.name) ?? "null");
        if (kept?.version === VERSION) this.seen = { ...this.seen, ...kept };
        this.lasting = Boolean(store);
      } catch {
        // No store, or one that holds something else: as if nothing had been seen.
      }
    }

    /** Notes a trust list; an older one than was seen, or another of the same number, is an alarm. */
    sawTrust(trust) {
      const { seen } = this;
      const { version } = trust.list;
      if (version < seen.listVersion || trust.rootVersion < seen.rootVersion) {
        this.alarms.push(`the site shows trust list ${version}, and list ${seen.listVersion} was seen before`);
      } else if (version === seen.listVersion && trust.digest !== seen.listDigest) {
        this.alarms.push(`the site shows another trust list ${version} than was seen before`);
      } else Object.assign(seen, { listVersion: version, listDigest: trust.digest, rootVersion: trust.rootVersion });
    }

    /** Notes an accepted list and gives it back with every revocation that was ever seen; the reason for an older one. */
    sawList(list, trust) {
      const before = this.seen.lists[list.id] ?? { newest: {}, revoked: {} };
      const dates = Object.entries(before.newest).filter(([kid, dated]) => counts(trust, kid, dated)).map(([, dated]) => dated);
      const newest = dates.sort().at(-1);
      if (!list.frozen && newest > list.validFrom) return `it is older than one that was seen before, of ${newest.slice(0, 10)}`;
      before.newest[list.kid] = [before.newest[list.kid] ?? "", list.validFrom].sort()[1];
      this.seen.lists[list.id] = before;
      return list.id.includes("/revocation/") ? this.withRevocations(list, before.revoked, trust) : list;
    }

    withRevocations(list, revoked, trust) {
      const bits = list.bits.slice();
      for (const [kid, { dated, indices }] of Object.entries(revoked)) {
        if (counts(trust, kid, dated)) for (const index of indices) bits[index >> 3] |= 0x80 >> (index & 7);
      }
      const mine = (revoked[list.kid] ??= { dated: list.validFrom, indices: [] });
      const known = new Set(mine.indices);
      list.bits.forEach((byte, place) => {
        for (let bit = 0; byte && bit < 8; bit += 1) if (byte & (0x80 >> bit)) known.add(place * 8 + bit);
      });
      // Together under the earlier date: nothing is forgotten that should stay.
      if (known.size <= MAX_INDICES) mine.indices = [...known];
      return { ...list, bits };
    }

    /** The check state.rollback at `now`, and everything kept for the next time. */
    close(now) {
      if (this.seen.clock - now > CLOCK_GRACE) this.alarms.push("the clock of this device went back");
      this.seen.clock = Math.max(this.seen.clock, Math.floor(now));
      try {
        this.store?.setItem(this.name, JSON.stringify(this.seen));
      } catch {
        this.lasting = false; // full, or forbidden
      }
      if (this.alarms.length) return check("unknown", this.alarms.join("; "));
      return check(this.lasting ? "pass" : "not-run");
    }
  }

  Object.assign(H, { Memory });
}
