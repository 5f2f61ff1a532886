// Keeps what is being typed into a form of the desk: some seconds after the last change, and when the page is left.
// Without it nothing is missing but this: what was typed is then kept whenever the form is sent.

const PAUSE_MS = 3000;
const form = document.querySelector("form[data-draft]");
const told = document.getElementById("aufgehoben");

let isChanged = false;
let isLeaving = false;
let timer = 0;
let chosen = new Set();
let running = null;

function tell(words, isTrouble = false) {
  told.hidden = false;
  told.textContent = words;
  if (isTrouble) told.setAttribute("role", "alert");
  else told.removeAttribute("role");
}

/** What to send; a file goes once, afterwards its name stands where the form names files. */
function content(withFiles) {
  const data = new FormData(form);
  const sent = [];
  for (const input of form.querySelectorAll('input[type="file"]')) {
    if (!withFiles || !chosen.has(input)) data.delete(input.name);
    else sent.push(input);
  }
  return { data, sent };
}

/** Letters in the form. */
function length() {
  let sum = 0;
  for (const [, value] of new FormData(form)) if (typeof value === "string") sum += value.length;
  return sum;
}

async function keep(isLast = false) {
  clearTimeout(timer);
  if (!isChanged || isLeaving || running) return;
  isChanged = false;
  const { data, sent } = content(!isLast);
  running = new AbortController();
  try {
    const reply = await fetch(form.dataset.draft, { method: "POST", body: data, credentials: "same-origin", keepalive: isLast, signal: running.signal });
    if (reply.status === 401 || reply.status === 409) {
      tell("Ihre Sitzung ist zu Ende. Beim Speichern können Sie sich wieder anmelden; Ihre Eingaben bleiben.", true);
      return;
    }
    if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
    const answer = await reply.json();
    const { at, rev, files } = answer;
    for (const input of sent) {
      chosen.delete(input);
      const path = input.name.slice(0, input.name.lastIndexOf("."));
      if (files[path]) form.elements[`${path}.file`].value = files[path];
    }
    const isStale = rev > Number(form.elements.rev.value);
    tell(isStale ? "Inzwischen hat jemand anderes gespeichert. Ihre Eingaben sind aufgehoben; beim Speichern sehen Sie beide Fassungen." : `Aufgehoben ${at}, noch nicht gespeichert.`, isStale);
    document.dispatchEvent(new CustomEvent("aufgehoben", { detail: answer }));
  } catch (error) {
    if (error.name === "AbortError") return;
    isChanged = true;
    tell("Ihre Eingaben konnten gerade nicht aufgehoben werden. Bitte bald speichern.", true);
  } finally {
    running = null;
    if (isChanged && !isLeaving) timer = setTimeout(keep, PAUSE_MS);
  }
}

if (form && told) {
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") chosen.add(event.target);
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget === "_blank") return;
    isLeaving = true;
    running?.abort();
    clearTimeout(timer);
  });
  addEventListener("pageshow", () => { isLeaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(true); });
  // What is sent while a page closes may be 64 KB at most: with more the browser asks before it closes.
  addEventListener("beforeunload", (event) => { if (isChanged && !isLeaving && length() > 40000) event.preventDefault(); });
  addEventListener("pagehide", () => keep(true));
}
