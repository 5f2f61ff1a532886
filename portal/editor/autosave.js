// Keeps what is typed: at the server a moment after typing, and in this browser as long as the server has not taken it.
// All that is sent is numbered, as in desk-form.js: the server knows what came late, and its pages say what it took last.
const AFTER_MS = 1200;
const BEAT_MS = 20000;

function paragraphs(text) {
  return text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
}

function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function offer(form, found, area, heading, take, forget) {
  const notice = element("div", "", "notice notice-warning");
  notice.id = "entwurf-browser";
  notice.append(element("h2", "In diesem Browser liegt ein nicht gesicherter Text"), element("p", `Getippt ${new Date(found.at).toLocaleString("de-DE")}. Das ist darin anders:`));
  const list = element("ul", "", "plain");
  const mine = paragraphs(found.text);
  const theirs = paragraphs(area.value);
  for (const part of theirs) if (!mine.includes(part)) { const row = element("li", "entfällt: "); row.append(element("del", part)); list.append(row); }
  for (const part of mine) if (!theirs.includes(part)) { const row = element("li", "neu: "); row.append(element("ins", part)); list.append(row); }
  if (found.heading !== heading.value) list.append(element("li", `Überschrift: ${found.heading}`));
  notice.append(list);
  for (const [label, act] of [["Übernehmen", take], ["Verwerfen", forget]]) {
    const button = element("button", "", "kern-btn kern-btn--secondary");
    button.append(element("span", label, "kern-label"));
    button.type = "button";
    button.addEventListener("click", () => { act(); notice.remove(); });
    notice.append(button, " ");
  }
  form.before(notice);
}

/** Start keeping; answers the function to call on every change. `restore` is called with a text that is taken over. */
export function start(form, restore) {
  const area = form.elements.text;
  const heading = form.elements.ueberschrift;
  const status = document.getElementById("autosave");
  const here = document.getElementById("anwesend");
  // By person: on a shared machine nobody is offered what somebody else typed. Signing out clears all of it (Clear-Site-Data).
  const key = `bericht-abschnitt:${form.dataset.person}:${form.dataset.section}`;
  let timer = 0;
  let sent = `${heading.value}\n${area.value}`;
  let told = "";
  let isLeaving = false;

  function say(words) {
    if (status.textContent !== words) status.textContent = words;
  }

  /** Number what is sent next: higher than all before it, also of a page that was loaded anew. */
  function count() {
    const field = form.elements.nr;
    field.value = Math.max(Date.now(), Number(field.value) + 1);
    return field.value;
  }

  function forget() {
    localStorage.removeItem(key);
  }

  function shown(answer) {
    const words = answer.here.length ? `Auch hier: ${answer.here.join(", ")}` : "";
    if (here.textContent !== words) here.textContent = words;
    if (answer.rev > Number(form.elements.rev.value) && told !== String(answer.rev)) {
      told = String(answer.rev);
      say(`${answer.by || "Jemand"} hat inzwischen gespeichert. Beim Speichern wird zusammengeführt.`);
    }
  }

  /** Whether the server took it. */
  async function post(withText) {
    const body = new URLSearchParams({ formular: form.elements.formular.value });
    const number = withText ? count() : "";
    if (withText) {
      body.set("nr", number);
      body.set("rev", form.elements.rev.value);
      body.set("ueberschrift", heading.value);
      body.set("text", area.value);
    }
    const answer = await fetch(form.dataset.draft, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 410) {
      // Later words are kept already. Where nothing was sent since, the clock went back: what stands here is the newest.
      const { number: last } = await answer.json();
      if (form.elements.nr.value !== number) return false;
      form.elements.nr.value = Math.max(Number(number), last);
      return post(true);
    }
    if (!answer.ok || !answer.headers.get("Content-Type").startsWith("application/json")) throw new Error(String(answer.status));
    shown(await answer.json());
    return true;
  }

  function remember(isSent) {
    const number = form.elements.nr.value;
    try {
      localStorage.setItem(key, JSON.stringify({ heading: heading.value, text: area.value, rev: form.elements.rev.value, at: Date.now(), isSent, number }));
    } catch {
      // Full or forbidden: then the server alone keeps it.
    }
  }

  async function keep() {
    const now = `${heading.value}\n${area.value}`;
    if (now === sent || isLeaving) return;
    remember(false);
    try {
      if (!await post(true)) return;
      sent = now;
      if (now === `${heading.value}\n${area.value}`) forget();
      say(`Entwurf gesichert um ${new Date().toLocaleTimeString("de-DE", { hour: "2-digit", minute: "2-digit" })}.`);
    } catch {
      say("Der Server ist nicht erreichbar. Ihr Text ist in diesem Browser gesichert.");
    }
  }

  const found = kept(key);
  // What was sent is safe once the server says that it took just that; if it never arrived, it is still here.
  if (found?.isSent && found.number === form.elements.nr.value) forget();
  else if (found && `${found.heading}\n${found.text}` !== sent) {
    offer(form, found, area, heading, () => { heading.value = found.heading; form.elements.rev.value = found.rev; restore(found.text); }, forget);
  } else if (found) forget();
  const changed = () => { isLeaving = false; clearTimeout(timer); timer = setTimeout(keep, AFTER_MS); };
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => { if (!event.submitter?.formAction.endsWith("/vorschau")) { clearTimeout(timer); isLeaving = true; count(); remember(true); } });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.addEventListener("online", keep);
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
  // Opening the page tells nobody: a page that is only read writes nothing. This does, at once and then again and again.
  const beat = () => { post(false).catch(() => {}); };
  beat();
  setInterval(beat, BEAT_MS);
  return changed;
}
