// Puts recorded questions to the browser's verifier and gives back its answers in the form of tests/browser/recording.py.
"use strict";

{
  const H = globalThis.Handseal;
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));

  /** What many questions share is made once. */
  const made = new Map();
  function once(identity, parts, make) {
    if (!made.has(identity)) made.set(identity, make(parts[identity]));
    return made.get(identity);
  }

  const trustOf = (identity, parts) => once(identity, parts, ({ list, ...rest }) => new H.Trust(JSON.parse(list), rest));

  function listOf(told) {
    if (typeof told === "string") return told;
    return { ...told, bits: H.inflate(H.fromBase64url(told.bits.slice(1)), "gzip", 2 ** 20).bytes };
  }

  function materialsOf({ trust, trustFault, lists, syllabuses, rollback }, parts) {
    const entries = (told, make) => new Map(Object.entries(told).map(([id, part]) => [id, once(part, parts, make)]));
    return {
      trust: trust && trustOf(trust, parts), trustFault, lists: entries(lists, listOf), syllabuses: entries(syllabuses, bytesOf),
      rollback,
    };
  }

  /** A refusal is null; anything else that is thrown is the verifier's own fault and fails the test. */
  async function orNull(act) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof H.Fault && !(error instanceof H.Incapable)) return null;
      throw error;
    }
  }

  const accepts = (parse) => async ({ data }) => (await orNull(() => parse(bytesOf(data)))) !== null;

  const asked = {
    certificate: accepts(H.parseCertificate),
    syllabus: accepts(H.parseSyllabus),

    async verify(question, parts) {
      const report = await H.verify(bytesOf(question.token), materialsOf(question.materials, parts), question);
      return {
        verdict: report.verdict, asOf: report.asOf, credential: report.credential?.id ?? null, syllabus: Boolean(report.syllabus),
        checks: report.checks.map(({ code, outcome, case: named, values }) => ({ code, outcome, case: named, values })),
        partners: report.partners.map(({ detail, ...line }) => ({ signed: null, ...line })),
        lists: report.lists.map(({ name, purpose, dated }) => [name, purpose, dated]),
      };
    },

    list: ({ token, id, trust, now }, parts) =>
      orNull(async () => {
        const list = await H.openStatusList(bytesOf(token), id, trustOf(trust, parts), now);
        return H.toHex(await H.sha256(list.bits));
      }),

    trust: ({ files, root }, parts) =>
      orNull(async () => {
        const read = async (name) => (Object.hasOwn(files, name) ? bytesOf(parts[files[name]]) : null);
        const trust = await H.loadTrust(read, root);
        return [trust.list.version, trust.rootVersion, trust.expires, trust.digest];
      }),

    carrier: async ({ data, alone }) => {
      const { tokens, hint } = await H.credentialsIn(bytesOf(data));
      return [tokens.map(H.toBase64url), alone ? null : hint];
    },
  };

  globalThis.replay = async (questions, parts) => {
    const answers = [];
    for (const question of questions) answers.push(await asked[question.kind](question, parts));
    return answers;
  };
}
