// Sends the files of the form #bulk one by one and fills the table as answers come; an archive goes by the form itself.
//
// Without this script the form does the same in one request, of limited size.
"use strict";
{
  const MAX_TRIES = 5;
  // The check that leads to a verdict, where the first one that failed may be another.
  const DECISIVE = {
    expired: "time.valid",
    incomplete: "cosignature.quorum",
    revoked: "status.revocation",
    superseded: "status.superseded",
    suspended: "status.suspension",
    withdrawn: "cosignature.quorum",
  };
  const form = document.getElementById("bulk");
  const body = document.getElementById("bulk-rows");
  const titles = JSON.parse(form.dataset.titles);
  const tones = JSON.parse(form.dataset.tones);
  let answered = false; // whether the table is of the files that are chosen now
  let run = 0; // of checks: one that is not the last fills no table

  const isArchive = async (file) => {
    const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    return start[0] === 0x50 && start[1] === 0x4b;
  };

  /** The report on one file; waits where the server says that this is too much at once. */
  async function ask(file) {
    const data = new FormData();
    data.append("file", file);
    for (let tries = 1; ; tries += 1) {
      const response = await fetch(`/api/verify${location.search}`, { method: "POST", body: data });
      if (response.status === 429 && tries < MAX_TRIES) {
        const seconds = Number(response.headers.get("Retry-After")) || 2 ** tries;
        await new Promise((done) => setTimeout(done, 1000 * seconds));
      } else {
        const answer = await response.json();
        return response.ok ? answer : { verdict: "unknown", checks: [], credential: null, fault: answer.detail };
      }
    }
  }

  /** What the server's own table shows: the check that decided, or nothing where all is well. */
  function found(report) {
    const failed = (outcome) => report.checks.find((check) => check.outcome === outcome);
    const decisive = report.checks.find((check) => check.code === DECISIVE[report.verdict]);
    return report.fault ?? (decisive ?? failed("fail") ?? failed("unknown"))?.text ?? "";
  }

  /** The row in which the same certificate stood before, as words; empty where there is none. */
  function same(credential, number, seen) {
    if (!credential) return "";
    if (!seen.has(credential.id)) seen.set(credential.id, number);
    const first = seen.get(credential.id);
    return first === number ? "" : form.dataset.same.replace("{number}", first);
  }

  function show(number, file, report, seen) {
    const credential = report.credential;
    const name = credential?.credentialSubject.identifier.find((one) => one.identityType === "name");
    const texts = [
      String(number),
      file.name,
      titles[report.verdict],
      name?.identityHash ?? "",
      credential?.name ?? "",
      credential?.validUntil?.slice(0, 10) ?? "",
      found(report),
      same(credential, number, seen),
    ];
    const row = body.insertRow();
    texts.forEach((text, place) => {
      const inner = document.createElement(place === 2 ? "b" : "bdi");
      if (place === 2) inner.className = `result ${tones[report.verdict]}`;
      inner.textContent = text;
      row.insertCell().append(inner);
    });
  }

  function progress(done, total) {
    const bar = document.getElementById("bulk-bar");
    bar.max = total;
    bar.value = done;
    const text = form.dataset.progress.replace("{done}", done).replace("{total}", total);
    document.getElementById("bulk-done").textContent = text;
    document.getElementById("bulk-progress").hidden = false;
  }

  /** Checks these files and no others; whether nobody began anew meanwhile. */
  async function checkAll(files) {
    forget();
    const [mine, seen] = [run, new Map()];
    document.getElementById("bulk-answers").hidden = false;
    progress(0, files.length);
    for (const [place, file] of files.entries()) {
      const lost = (fault) => ({ verdict: "unknown", checks: [], credential: null, fault: fault.message });
      const report = await ask(file).catch(lost);
      if (mine !== run) return false;
      show(place + 1, file, report, seen);
      progress(place + 1, files.length);
    }
    answered = true;
    return true;
  }

  /** Takes away what was found about other files, or some time ago. */
  function forget() {
    run += 1;
    answered = false;
    body.replaceChildren();
    document.getElementById("bulk-answers").hidden = document.getElementById("bulk-progress").hidden = true;
  }

  /** The table as CSV, of which no cell is run by a spreadsheet, not even by one that parts cells by semicolons. */
  function save() {
    const disarmed = (text) => text.replace(/(^|[;\t\r\n]"*)(?=[=+\-@\t\r])/g, "$1'");
    const cell = (text) => `"${disarmed(text).replaceAll('"', '""')}"`;
    const rows = [...document.querySelectorAll("#bulk-answers tr")];
    const lines = rows.map((row) => [...row.cells].map((one) => cell(one.textContent)).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv" }));
    link.download = "certificates.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  document.getElementById("files").addEventListener("change", forget);

  form.addEventListener("submit", async (event) => {
    if (form.dataset.plain) return;
    event.preventDefault();
    const { submitter } = event;
    const files = [...document.getElementById("files").files];
    const archives = await Promise.all(files.map((file) => isArchive(file).catch(() => false))); // one that is gone gets its row
    if (archives.includes(true)) {
      form.dataset.plain = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.plain;
      return;
    }
    const saves = submitter?.value === "csv";
    const whole = (saves && answered) || (await checkAll(files));
    if (saves && whole) save();
  });
}
