// Keeps what is being typed into a form of the desk: some seconds after the last letter, at once what is chosen, and when the
// page is left. Without it nothing is missing but this: what was typed is then kept whenever the form is sent.
// What the server has not taken when the page goes, and what is sent, lies in this tab until a page says that it was taken
// (portal.js); the form that comes next hands in what still lies there and shows it. All that is sent is numbered, so that
// the server knows what came late.

const PAUSE_MS = 3000;
const NAMES = ["entwurf", "aufgehoben"];
const form = document.querySelector("form[data-draft]");
const told = document.getElementById("aufgehoben");

let isChanged = false;
let isUrgent = false;
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

/** Number what is sent next: higher than all before it, also of a page that was loaded anew. */
function count() {
  const field = form.elements.nr;
  field.value = Math.max(Date.now(), Number(field.value) + 1);
}

/** What to send; a file goes once, afterwards its name stands where the form names files. */
function content(withFiles) {
  count();
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

/** Where this tab keeps what the server has not taken: by person and draft. */
function place(uid, what = "formular") {
  return `${what}:${form.dataset.person}:${form.dataset.draft}:${uid}`;
}

function texts() {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "formular");
}

function remember() {
  try {
    sessionStorage.setItem(place(form.elements.entwurf.value), JSON.stringify(texts()));
  } catch {
    // Full or forbidden: then the server alone keeps it.
  }
}

function forget() {
  try {
    sessionStorage.removeItem(place(form.elements.entwurf.value));
  } catch {
    // Nothing is there.
  }
}

/** From now on the address names the draft: loaded anew the page shows it, and a form that was sent is not sent again. */
function nameDraft() {
  const here = new URL(location.href);
  const address = new URL(form.getAttribute("action") || here.href, here);
  if (address.pathname === here.pathname) address.search = here.search;
  for (const name of NAMES) if (form.elements[name]) address.searchParams.set(name, form.elements[name].value);
  if (address.href !== here.href || !isNamed) history.replaceState(history.state, "", address);
  isNamed = true;
}
let isNamed = false;

async function keep(isLast = false) {
  clearTimeout(timer);
  if (isLeaving || (isLast ? !isChanged && !running : !isChanged || running)) return;
  if (isLast) running?.abort();
  isChanged = isUrgent = false;
  const { data, sent } = content(!isLast);
  const mine = new AbortController();
  running = mine;
  try {
    const reply = await fetch(form.dataset.draft, { method: "POST", body: data, credentials: "same-origin", keepalive: isLast, signal: mine.signal });
    if (reply.status === 401 || reply.status === 409) {
      remember();
      tell("Ihre Sitzung ist zu Ende. Beim Speichern können Sie sich wieder anmelden; Ihre Eingaben bleiben.", true);
      return;
    }
    if (reply.status === 410) {
      // Later words of this form are kept already, or the clock went back: what stands here is the newest.
      form.elements.nr.value = Math.max(Number(form.elements.nr.value), (await reply.json()).number);
      isChanged = isUrgent = true;
      return;
    }
    if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
    const answer = await reply.json();
    const { at, rev, files } = answer;
    if (!isChanged) forget();
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
    remember();
    tell("Ihre Eingaben konnten gerade nicht aufgehoben werden. Bitte bald speichern.", true);
  } finally {
    if (running === mine) {
      running = null;
      if (isChanged && !isLeaving) timer = setTimeout(keep, isUrgent ? 0 : PAUSE_MS);
    }
  }
}

/** Leaving: what is not kept yet goes off, and lies in this tab should the next page be faster. */
function leave() {
  if (isLeaving || !(isChanged || running)) return;
  keep(true);
  remember(); // with the number under which it goes off
}

/** What lies in this tab of this form; of the draft `uid`, or of all of them. */
function leftBehind(uid) {
  const found = [];
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (!key.startsWith(place(uid || ""))) continue;
      const rows = JSON.parse(sessionStorage.getItem(key));
      if (Array.isArray(rows) && (new Map(rows).get("id") ?? "") === (form.elements.id?.value ?? "")) found.push([key, rows]);
    }
  } catch {
    // Nothing can be read.
  }
  return found;
}

/** Hand in what lies there; whether the server has a draft of it now, this or a later one. What was saved need not lie here. */
async function handIn(key, rows) {
  const data = new FormData();
  data.set("formular", form.elements.formular.value);
  for (const [name, value] of rows) data.append(name, value);
  const reply = await fetch(form.dataset.draft, { method: "POST", body: data, credentials: "same-origin" });
  if (reply.status !== 410 && (!reply.ok || reply.redirected)) throw new Error(String(reply.status));
  sessionStorage.removeItem(key);
  return reply.status !== 410 || !(await reply.json()).finished;
}

const AGAIN = "Was Sie zuletzt eingegeben hatten, steht wieder im Formular; gespeichert ist es noch nicht.";

/** What the page before left in this tab is handed in, and the form opened with it; without a draft in the address it is offered. */
async function takeUp() {
  const uid = new URLSearchParams(location.search).get("entwurf");
  try {
    if (uid && sessionStorage.getItem(place(uid, "wieder"))) {
      sessionStorage.removeItem(place(uid, "wieder"));
      tell(AGAIN);
    }
  } catch {
    return;
  }
  const own = [form.elements.entwurf.value, form.elements.aufgehoben?.value];
  const left = leftBehind(uid).filter(([key, rows]) => {
    const isOwn = own.includes(key.split(":").at(-1));
    if (!isOwn || !(Number(new Map(rows).get("nr")) <= Number(form.elements.nr.value))) return true;
    // The page says by its number that it was made of this, or of later words.
    sessionStorage.removeItem(key);
    if (uid) tell(AGAIN);
    return false;
  });
  // A form that was sent and comes back stays as it is, with what it has to say; what else lies here waits.
  if (!left.length || (!uid && form.elements.nr.value !== "0")) return;
  form.inert = true;
  let isKept = false;
  try {
    for (const [key, rows] of left) isKept = await handIn(key, rows) || isKept;
  } catch {
    form.inert = false;
    tell("Was Sie zuletzt eingegeben hatten, liegt noch in diesem Fenster, kam aber nicht an. Bitte laden Sie die Seite neu.", true);
    return;
  }
  form.inert = false;
  if (!isKept) return;
  if (uid) sessionStorage.setItem(place(uid, "wieder"), "1");
  location.replace(location.href);
}

if (form && told) {
  takeUp();
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") chosen.add(event.target);
    isChanged = true;
    isLeaving = false; // whoever types after sending was not taken away
    nameDraft();
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  });
  // A choice is made with one click, and a field is done with when it is left: neither waits.
  form.addEventListener("change", () => {
    if (!isChanged) return;
    isUrgent = true;
    clearTimeout(timer);
    timer = setTimeout(keep, 0);
  });
  form.addEventListener("submit", (event) => {
    count();
    if (event.submitter?.formTarget === "_blank") return;
    isLeaving = true;
    running?.abort();
    clearTimeout(timer);
    remember();
  });
  addEventListener("pageshow", () => { isLeaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && !running) leave(); });
  // What is sent while a page closes may be 64 KB at most: with more the browser asks before it closes.
  addEventListener("beforeunload", (event) => { if (isChanged && !isLeaving && length() > 40000) event.preventDefault(); });
  addEventListener("pagehide", leave);
}
