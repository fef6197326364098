// What the scripts do on a page: check a file on this device, check the server's answer too, and keep what that needs.
//
// Without them every page works as it is. They find their way by what the page says of itself:
//   <script data-root data-verifier data-words data-worker>
//                                               or, in an export, two data files that are loaded before:
//   Handseal.carried = { root, files }          files is a map from paths below the site to base64
//   Handseal.words                              what is said, by key
//   #too[data-address][data-verdict]            on a certificate's page: a line about this browser's own answer; without
//                                               an address the page holds the token in its field `text`
//   #here                                       a card to check a file on this device, with #here-file, #here-text,
//                                               #here-answer (and the line #here-offline) in it
"use strict";

globalThis.Handseal ??= {};
{
  const H = globalThis.Handseal;
  const { carried } = H;
  const script = document.currentScript.dataset;
  const root = carried?.root ?? script.root;
  const language = document.documentElement.lang;
  const MAX_FILE_BYTES = 50_000_000;
  const SOON = 1500; // milliseconds until a torn reading is read again

  const once = (target, name) => new Promise((done) => target.addEventListener(name, done, { once: true }));

  let read; // of the site's files

  /** The verifier itself comes after everything that a reader waits for. */
  async function loadVerifier() {
    if (!H.answer) {
      if (document.readyState !== "complete") await once(globalThis, "load");
      const element = document.createElement("script");
      element.src = script.verifier;
      const loaded = once(element, "load");
      document.head.append(element);
      await loaded;
    }
    read = carried ? H.filesCarried(carried.files) : H.filesOverHttp("/");
  }

  const byId = (id) => document.getElementById(id);

  /** localStorage, or null where this browser lends none. */
  function store() {
    try {
      return globalThis.localStorage ?? null;
    } catch {
      return null;
    }
  }

  async function speaker() {
    return H.speaker(H.words ?? (await (await fetch(script.words)).json()), language);
  }

  /** The report, read again once where it is undecided: a site may be published anew just now. */
  async function ask(bytes) {
    const now = Date.now() / 1000;
    const report = await H.answer(bytes, { read, root, store: store(), at: now, now });
    if (report.verdict !== "unknown" || report.incapable || carried) return report;
    await new Promise((done) => setTimeout(done, SOON));
    return H.answer(bytes, { read, root, store: store(), at: now, now });
  }

  async function tokenOf({ dataset: { address } }) {
    if (!address) return H.bytesOf(document.querySelector("input[name=text]").value);
    return new Uint8Array(await (await fetch(address, { cache: "no-store" })).arrayBuffer());
  }

  /** A line below the server's answer: whether this browser comes to the same. */
  async function checkToo(line) {
    const { say } = await speaker();
    const tell = (text) => {
      line.textContent = text;
      line.hidden = false;
    };
    const report = await ask(await tokenOf(line));
    if (report.incapable) tell(say("browser.unable"));
    else if (report.verdict === line.dataset.verdict) tell(say("browser.same"));
    else {
      line.className = "do";
      tell(say("browser.other", { title: say(`verdict.${report.verdict}.title`) }));
    }
    line.dataset.own = report.verdict;
  }

  /** A file's bytes; of one that is too large as many of no meaning. */
  const bytesIn = async (file) => new Uint8Array(file.size > MAX_FILE_BYTES ? MAX_FILE_BYTES + 1 : await file.arrayBuffer());

  /** The card to check a file without sending it. */
  async function openCard(card) {
    const speak = await speaker();
    const answer = byId("here-answer");
    let asked = 0; // how often: only the last question is answered, and no answer stands beside another question
    const clear = () => {
      asked += 1;
      answer.replaceChildren();
      answer.ariaBusy = "false";
      delete answer.dataset.verdict;
    };
    const show = async (reporting) => {
      clear();
      const mine = asked;
      answer.ariaBusy = "true";
      const report = await reporting.catch((fault) => {
        H.lastFault = fault; // for whoever looks into why this browser failed; nobody is told
        return { ...H.undecided("unknown"), incapable: true };
      });
      if (mine !== asked) return;
      answer.replaceChildren(...H.shown(report, speak));
      answer.ariaBusy = "false";
      answer.dataset.verdict = report.verdict;
      answer.focus();
    };
    const showFile = (file) => file && show(bytesIn(file).then(ask, () => H.undecided("unreadable")));
    const text = byId("here-text");
    byId("here-file").addEventListener("change", (event) => showFile(event.target.files[0]));
    text.addEventListener("input", () => (text.value.trim().length > 60 ? show(ask(H.bytesOf(text.value.trim()))) : clear()));
    takeDrops(card, showFile);
    card.hidden = false;
    if (new URLSearchParams(location.search).has("offline")) {
      byId("here-offline").hidden = false;
      document.documentElement.dataset.alone = "yes"; // what needs the site is not offered
    }
  }

  /** A file may be dropped anywhere on the page; it would replace the page else. */
  function takeDrops(card, showFile) {
    const accept = (event) => {
      event.preventDefault();
      card.classList.toggle("over", event.type === "dragover");
    };
    for (const name of ["dragover", "dragleave"]) document.addEventListener(name, accept);
    document.addEventListener("drop", (event) => {
      accept(event);
      showFile(event.dataTransfer.files[0]);
    });
  }

  /** Lets the page work without a network from now on, and brings what it keeps up to date. */
  async function keepForLater() {
    if (carried || !navigator.serviceWorker) return; // from a folder everything is here already
    await navigator.serviceWorker.register(script.worker, { scope: "/" });
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await once(navigator.serviceWorker, "controllerchange");
    }
    if (byId("here") && !navigator.connection?.saveData) await H.takeAlong(read, root);
    document.documentElement.dataset.kept = "yes";
  }

  async function start() {
    const [line, card] = [byId("too"), byId("here")];
    if (!line && !card) return;
    await loadVerifier();
    if (line) await checkToo(line);
    if (card) await openCard(card);
    await keepForLater();
  }

  start().catch(() => null); // the page says no less than it did without this
}
