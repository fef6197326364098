// A report becomes elements of a page: texts alone, never markup, in the words of the reader's language.
"use strict";

{
  const H = globalThis.Handseal;

  // Colour and sign repeat the words; neither says anything alone (W15).
  const TONES = {
    valid: ["good", "✓"], unknown: ["open", "?"], incomplete: ["wait", "!"], expired: ["wait", "!"], suspended: ["wait", "!"],
    withdrawn: ["wait", "!"], superseded: ["wait", "→"], revoked: ["bad", "✗"], invalid: ["bad", "✗"],
  };
  const PARTNER_TONES = {
    signed: ["good", "✓"], withdrawn: ["wait", "!"], "not-signed": ["open", "–"], "not-counted": ["wait", "!"], unknown: ["open", "?"],
  };
  const CHECK_TONES = { pass: "good", fail: "bad", unknown: "open", "not-run": "open" };
  // Where the verdict says more than "a check failed": the checks that lead to it.
  const DECISIVE = {
    incomplete: "cosignature.quorum", expired: "time.valid", suspended: "status.suspension", withdrawn: "cosignature.quorum",
    superseded: "status.superseded", revoked: "status.revocation",
  };

  /** An element with a class, and texts or elements in it. */
  function make(tag, name, ...content) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...content);
    return element;
  }

  /** A text of the certificate or the trust list, in a direction of its own. */
  function told(tag, name, text) {
    const element = make(tag, name, text);
    element.dir = "auto";
    return element;
  }

  const sign = (mark) => {
    const element = make("span", "", mark);
    element.ariaHidden = "true";
    return element;
  };

  /** What is said in one language: `say(key, {place: value})`; a key that has no words is undefined.
   *
   * `words` are the texts by key; dates are as written in the certificate, never moved to another zone or calendar. */
  function speaker(words, language) {
    const locale = `${language === "en" ? "en-GB" : language}-u-ca-gregory`; // the day before the month, as on the paper
    const days = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
    const numbers = new Intl.NumberFormat(locale);
    const isRightToLeft = document.documentElement.dir === "rtl";
    const placed = (value) => {
      const text = typeof value === "number" ? numbers.format(value) : String(value ?? "");
      return isRightToLeft ? `\u2068${text}\u2069` : text;
    };
    const say = (key, places = {}) => words[key]?.replace(/\{([a-z_]+)\}/g, (_, name) => placed(places[name]));
    const day = (time) => days.format(new Date(time));
    const minute = (time) => say("sentence.minute", { day: day(time), time: time.slice(11, 16) });
    return { say, day, minute };
  }

  /** The check that led to the verdict, else the first that failed, else the first that could not be made. */
  function worstOf({ checks, verdict }) {
    const faults = checks.filter(({ outcome }) => outcome === "fail" || outcome === "unknown");
    return (
      faults.find(({ code }) => code === DECISIVE[verdict]) ?? faults.find(({ outcome }) => outcome === "fail") ?? faults[0]
    );
  }

  /** What a check found, in the reader's words, and the technical detail behind it. */
  function sentence({ code, case: named, detail, values }, { say, day }) {
    const places = { ...values, ...(values.date && { date: day(values.date) }) };
    const text = say(`check.${code}.${named}`, places) ?? say("check.any.not-run");
    return [text, ...(detail ? [" ", detailed(detail)] : [])];
  }

  function detailed(text) {
    const element = make("span", "detail", text);
    element.lang = "en";
    element.dir = "ltr";
    return element;
  }

  function verdictSection(report, speak) {
    const { say } = speak;
    const [tone, mark] = TONES[report.verdict];
    const isLost = report.checks.some(({ code, outcome }) => code === "key.known" && outcome === "unknown");
    const about = isLost && !report.incapable ? "no-trust-list" : `verdict.${report.verdict}`;
    const circle = sign(mark);
    circle.className = "mark";
    const worst = worstOf(report);
    const lines = report.incapable
      ? [make("p", "do", say("browser.cannot"))]
      : [make("p", "do", say(`${about}.action`)), make("p", "", say(`${about}.meaning`))];
    if (worst) lines.push(make("p", "small", ...sentence(worst, speak)));
    if (report.asOf) lines.push(make("p", "small", say("certificate.checked", { when: speak.minute(report.asOf) })));
    return make("section", `verdict ${tone}`, make("h2", "", circle, ` ${say(`${about}.title`)}`), ...lines);
  }

  function personCard({ credential, verdict }, { say, day }) {
    const [name, latin] = credential.credentialSubject.identifier.map((identity) => identity.identityHash);
    const { awardedDate, validUntil } = credential;
    const isValid = verdict === "valid";
    const until = `certificate.${isValid ? "" : "said-"}${validUntil ? "until" : "unlimited"}`;
    return make(
      "section", "card",
      make("h3", "label", say(isValid ? "certificate.belongs" : "certificate.names")),
      told("p", "name", name), ...(latin ? [told("p", "latin", latin)] : []),
      told("p", "title", credential.name),
      make(
        "p", "facts",
        make("span", "", say("certificate.awarded", { date: day(awardedDate) })), " · ",
        make(isValid ? "b" : "span", "", say(until, { date: validUntil && day(validUntil) })),
      ),
    );
  }

  function line(tone, mark, outcome, ...text) {
    const result = make("span", `result ${tone}`, ...(mark ? [sign(mark), " "] : []), outcome);
    return make("li", "", make("div", "row", make("span", "", ...text), result));
  }

  function signersCard({ issuer, partners }, { say }) {
    const lines = partners.map(({ name, outcome, reason, detail }) => {
      const [tone, mark] = PARTNER_TONES[outcome];
      const row = line(tone, mark, say(`partner.${outcome}`), told("b", "", name));
      if (reason) row.append(make("p", "small", say(`partner-note.${reason}`), ...(detail ? [" ", detailed(detail)] : [])));
      return row;
    });
    const clinic = line("good", "✓", say("certificate.signed"), told("b", "", issuer.name));
    return make("section", "card", make("h3", "label", say("certificate.behind")), make("ul", "lines", clinic, ...lines));
  }

  function checksCard({ checks }, speak) {
    const lines = checks.map((check) =>
      line(CHECK_TONES[check.outcome], "", speak.say(`outcome.${check.outcome}`), ...sentence(check, speak)),
    );
    return make("details", "card checks", make("summary", "", speak.say("browser.checks")), make("ul", "lines", ...lines));
  }

  /** Everything about one report, to be put into a page. */
  function shown(report, speak) {
    const parts = [verdictSection(report, speak)];
    if (report.credential) {
      const grid = report.verdict === "valid" ? "grid" : "grid subordinate";
      parts.push(make("div", grid, personCard(report, speak), signersCard(report, speak)));
    }
    return [...parts, checksCard(report, speak)];
  }

  Object.assign(H, { shown, speaker });
}
