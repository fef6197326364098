// The first page's own view of the camera: a code with a link of this verifier opens its certificate, no other link is
// followed. Without a camera or anything that reads codes, the page offers a photograph as it does without scripts.
//
//   <section id="camera" data-addresses="https://host ..." data-opens="/c/{id}" [data-scanner data-wasm]>
//     [data-for=photo] [data-for=live] #camera-start #camera-stop #camera-view [data-said=...] b[data-host]
"use strict";

{
  const section = document.getElementById("camera");
  const { addresses, opens, scanner, wasm } = section?.dataset ?? {};
  const PAUSE = 150; // milliseconds between two looks
  const WIDTH = 1024; // of a picture that is looked at: enough for a code that fills a third of it
  const LONGEST = 300; // characters of a link
  const NUMBER = /^\/c\/([0-9a-z-]{26,40})$/i;

  let stream = null;

  const say = (what, host = "") => {
    for (const line of section.querySelectorAll("[data-said]")) {
      line.hidden = line.dataset.said !== what;
      for (const name of line.querySelectorAll("[data-host]")) name.textContent = host;
    }
  };

  const show = (mode) => {
    for (const part of section.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== mode;
  };

  /** What a code leads to: a certificate here, another host, or nothing that is known. */
  function read(text) {
    let link;
    try {
      link = new URL(text.slice(0, LONGEST + 1));
    } catch {
      return {};
    }
    const ours = addresses.split(" ").map((address) => new URL(address).origin);
    const plain = text.length <= LONGEST && !link.username && !link.password && !link.search && !link.hash;
    const number = NUMBER.exec(link.pathname)?.[1];
    if (plain && number && ours.includes(link.origin)) return { number };
    return ours.includes(link.origin) ? {} : { host: link.host || link.protocol };
  }

  /** A function from the picture to the texts of its codes: the browser's own, else the one that comes with the page. */
  async function reader() {
    const own = globalThis.BarcodeDetector;
    if ((await own?.getSupportedFormats())?.includes("qr_code")) {
      const detector = new own({ formats: ["qr_code"] });
      return async (view) => (await detector.detect(view)).map((code) => code.rawValue);
    }
    if (!globalThis.ZXingWASM) {
      const element = document.createElement("script");
      element.src = scanner;
      const loaded = new Promise((done, failed) => Object.assign(element, { onload: done, onerror: failed }));
      document.head.append(element);
      await loaded;
      globalThis.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm } });
    }
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return async (view) => {
      canvas.width = Math.min(WIDTH, view.videoWidth);
      canvas.height = Math.round((canvas.width * view.videoHeight) / view.videoWidth);
      context.drawImage(view, 0, 0, canvas.width, canvas.height);
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      const found = await globalThis.ZXingWASM.readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 4 });
      return found.map((code) => code.text);
    };
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    show("ready");
  }

  async function look(view) {
    const codes = await reader();
    while (stream) {
      const found = view.videoWidth ? (await codes(view)).map(read) : [];
      const ours = found.find((code) => code.number);
      if (ours && stream) {
        stop();
        location.assign(opens.replace("{id}", ours.number.toUpperCase()));
        return;
      }
      if (found.length) say(found[0].host ? "elsewhere" : "unknown", found[0].host);
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }

  async function begin() {
    const view = document.getElementById("camera-view");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment" } });
      view.srcObject = stream;
      show("live");
      say("looking");
      await view.play();
      await look(view);
    } catch {
      stop();
      show("photo");
      say("failed");
    }
  }

  async function start() {
    if (!section || !navigator.mediaDevices || !(globalThis.BarcodeDetector || scanner)) return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!devices.some((device) => device.kind === "videoinput")) return;
    document.getElementById("camera-start").addEventListener("click", begin);
    document.getElementById("camera-stop").addEventListener("click", () => {
      stop();
      say("");
    });
    globalThis.addEventListener("pagehide", stop);
    show("ready");
  }

  start().catch(() => null); // the photograph is still offered
}
