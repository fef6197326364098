// A published syllabus: exactly what a certificate was earned against, by digest (keys/syllabus.py; formats.md 3).
"use strict";

{
  const H = globalThis.Handseal;
  const { ascending, fail, parse, unique } = H;
  const { boolean, day, integer, like, list, map, one, paragraph, record, sri, string, tagged, text } = H.shapes;

  const MAX_SYLLABUS_BYTES = 256 * 1024;
  const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
  const texts = map(paragraph);
  const slug = text(40, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  const link = text(500, /^https:\/\/[!-~]+$/);
  const minutes = integer(0, 100000);
  const cosigners = list(string, 1, H.MAX_ENDORSEMENTS);

  const scale = tagged("type", {
    Percent: record({ type: one("Percent"), pass: integer(0, 100) }),
    Rubric: record({ type: one("Rubric"), levels: list(record({ id: slug, name: texts }), 1, 12), pass: slug }),
  });
  const criterion = record({
    id: slug, pillar: one("theory", "demonstration", "practice"), kind: one("quiz", "video", "live"), name: texts,
    outcomes: list(slug, 1, 32), minutes, scale, "evidence?": boolean, "remote?": boolean,
  });
  const action = record({ text: texts, url: link });
  const captions = record({ language: string, url: link, digestSRI: sri, "region?": like(/^[A-Z]{2}$/) });
  const documentary = record({ url: link, digestSRI: sri, seconds: integer(1, 7200), captions: list(captions, 0, 64) });
  const syllabusShape = record({
    id: string, programme: string, version: integer(1, 999999999), issuer: string, published: day, language: string,
    title: texts, summary: texts, weeks: integer(1, 520),
    minutes: record({ theory: minutes, demonstration: minutes, practice: minutes }),
    outcomes: list(record({ id: slug, text: texts, atWork: texts, withinDays: integer(1, 366), touch: boolean }), 1, 32),
    criteria: list(criterion, 1, 32),
    assessor: record({ qualification: texts, "shown?": one("name", "qualification") }),
    recognition: record({ threshold: integer(1, H.MAX_ENDORSEMENTS), cosigners }),
    "previous?": sri, "validityMonths?": integer(1, 1200), "mode?": one("cohort", "rolling"),
    "taughtIn?": list(string, 1, 16),
    "attempts?": record({ counts: one("best", "last"), "most?": integer(1, 99) }),
    "renewal?": record({ criteria: list(slug, 1, 32), withinMonths: integer(1, 120) }),
    "price?": record({ amount: like(/^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$/), currency: like(/^[A-Z]{3}$/) }),
    "callToAction?": action,
    "story?": record({ situation: texts, outcome: texts, "callToAction?": action, "documentary?": documentary }),
  });

  /** The exact published bytes as a syllabus; a Fault names what does not fit. */
  function parseSyllabus(bytes, place = "syllabus") {
    const syllabus = parse(bytes, syllabusShape, place, MAX_SYLLABUS_BYTES);
    const named = H.parseVersion(syllabus.id, `${place}: id`);
    if (named.programme !== syllabus.programme || named.version !== syllabus.version) fail(place, "id: differs");
    if (named.base !== H.parseOrganisation(syllabus.issuer, `${place}: issuer`).base) fail(place, "programme: is not the issuer's");
    if ((syllabus.version === 1) !== (syllabus.previous === undefined)) fail(place, "previous: version 1 alone has none");
    requireLanguages(syllabus, place);
    requireReferences(syllabus, place);
    return syllabus;
  }

  function* textsOf(syllabus) {
    yield* [syllabus.title, syllabus.summary, syllabus.assessor.qualification];
    for (const told of [syllabus.callToAction, syllabus.story?.callToAction]) if (told) yield told.text;
    if (syllabus.story) yield* [syllabus.story.situation, syllabus.story.outcome];
    for (const outcome of syllabus.outcomes) yield* [outcome.text, outcome.atWork];
    for (const entry of syllabus.criteria) {
      yield entry.name;
      for (const level of entry.scale.levels ?? []) yield level.name;
    }
  }

  function requireLanguages(syllabus, place) {
    for (const told of textsOf(syllabus)) {
      if (!Object.hasOwn(told, syllabus.language)) fail(place, "a text is missing in the main language");
      if (!Object.keys(told).every((language) => LANGUAGE.test(language))) fail(place, "a text's language is none");
    }
    const spoken = (syllabus.story?.documentary?.captions ?? []).map((entry) => entry.language);
    for (const language of [...(syllabus.taughtIn ?? []), ...spoken]) {
      if (!LANGUAGE.test(language)) fail(place, "a language is none");
    }
  }

  function requireReferences(syllabus, place) {
    const outcomes = syllabus.outcomes.map((outcome) => outcome.id);
    const criteria = syllabus.criteria.map((entry) => entry.id);
    if (!unique(outcomes) || !unique(criteria)) fail(place, "ids of outcomes and criteria are not unique");
    for (const entry of syllabus.criteria) {
      if (!entry.outcomes.every((id) => outcomes.includes(id))) fail(place, "a criterion covers no outcome of the syllabus");
      if (entry.scale.levels && !entry.scale.levels.some((level) => level.id === entry.scale.pass)) {
        fail(place, "a criterion's passing level does not exist");
      }
    }
    if (!(syllabus.renewal?.criteria ?? []).every((id) => criteria.includes(id))) fail(place, "renewal: a criterion does not exist");
    if (!unique(syllabus.criteria.map((entry) => entry.name[syllabus.language]))) fail(place, "names of criteria are not unique");
    const { threshold, cosigners: bodies } = syllabus.recognition;
    if (!ascending(bodies) || threshold > bodies.length) fail(place, "recognition: co-signers are not sorted or too few");
  }

  Object.assign(H, { parseSyllabus });
}
