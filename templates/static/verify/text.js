// Text that is signed or shown can be read by a person in one way only (keys/text.py; formats.md, Strings).
//
// The tables of characters.js are Handseal's own and end with Unicode 14: an answer must not depend on the browser's age.
"use strict";

{
  const H = globalThis.Handseal;
  const { fail } = H;
  const tables = H.characters;

  const JOINERS = [0x200c, 0x200d];
  const REACH = 32; // so far a joiner looks for its neighbours
  // Scripts that are written together in one word (UTS 39, highly restrictive).
  const TOGETHER = [["CJK", "HIRAGANA", "KATAKANA"], ["CJK", "BOPOMOFO"], ["CJK", "HANGUL"]].map((names) => new Set(names));

  /** Ranges as written: lengths of the gaps and of the runs in turn, in base 36. */
  function unpacked(text) {
    const bounds = [];
    let point = 0;
    for (const step of text.split(" ")) bounds.push((point += parseInt(step, 36)));
    return bounds;
  }

  /** Number of the run that a code point is in; -1 between runs. */
  function runOf(bounds, point) {
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bounds[middle] <= point) low = middle + 1;
      else high = middle;
    }
    return low % 2 ? (low - 1) / 2 : -1;
  }

  const ranges = (text) => {
    const bounds = unpacked(text);
    return (point) => runOf(bounds, point) >= 0;
  };

  const isPlain = ranges(tables.plain);
  const isSelector = ranges(tables.selectors);
  const isVirama = ranges(tables.virama);
  const isMark = ranges(tables.marks);
  const isLookAlike = ranges(tables.looksLatin);
  const isCommonLetter = ranges(tables.commonLetters);
  const joins = { T: ranges(tables.joiningT), D: ranges(tables.joiningD), L: ranges(tables.joiningL), R: ranges(tables.joiningR) };
  const letterBounds = unpacked(tables.letters);
  const scriptNames = tables.scripts.split(" ");
  const letterScripts = tables.letterScripts.split(" ").map((number) => scriptNames[parseInt(number, 36)] ?? number);

  /** The script of a letter, by name or number; empty for what all scripts share. */
  const scriptOf = (point) => letterScripts[runOf(letterBounds, point)] ?? "";

  /** A Fault naming the first character that is not allowed, or a text that is not in normal form NFC. */
  function requireText(text, place, narrative) {
    if (/^[ -~]*$/.test(text)) return;
    const points = Array.from(text, (character) => character.codePointAt(0));
    points.forEach((point, index) => {
      const fits =
        (point === 10 && narrative) ||
        (JOINERS.includes(point) && joinerFits(points, index)) ||
        (isSelector(point) ? index > 0 && scriptOf(points[index - 1]) === "CJK" : isPlain(point));
      if (!fits) fail(place, `holds the character U+${point.toString(16).toUpperCase().padStart(4, "0")}`);
    });
    if (text.normalize("NFC") !== text) fail(place, "is not in Unicode normal form NFC");
  }

  /** RFC 5892 A.1 and A.2, on the neighbours only. */
  function joinerFits(points, index) {
    if (index > 0 && isVirama(points[index - 1])) return true;
    if (points[index] === JOINERS[1]) return false;
    const near = points.slice(Math.max(0, index - REACH), index + REACH);
    const here = Math.min(index, REACH);
    const before = near.slice(0, here).findLast((point) => !joins.T(point));
    const after = near.slice(here + 1).find((point) => !joins.T(point));
    if (before === undefined || after === undefined) return false;
    return (joins.L(before) || joins.D(before)) && (joins.R(after) || joins.D(after));
  }

  /** The first word whose letters come from scripts that nobody writes in one word; undefined where there is none. */
  function mixedWord(text) {
    const isBetween = (point) => isMark(point) || isSelector(point) || JOINERS.includes(point);
    const isInWord = (point) => scriptOf(point) || isCommonLetter(point) || isBetween(point);
    let word = "";
    for (const character of `${text} `) {
      if (isInWord(character.codePointAt(0))) word += character;
      else if (word && !isOneScript(word)) return word;
      else word = "";
    }
    return undefined;
  }

  function isOneScript(word) {
    const scripts = new Set(Array.from(word, (character) => scriptOf(character.codePointAt(0))).filter(Boolean));
    return scripts.size <= 1 || TOGETHER.some((set) => [...scripts].every((script) => set.has(script)));
  }

  /** Whether a name holds characters that only look like Latin letters. */
  const looksLatin = (text) => Array.from(text).some((character) => isLookAlike(character.codePointAt(0)));

  Object.assign(H, { looksLatin, mixedWord, requireText });
}
