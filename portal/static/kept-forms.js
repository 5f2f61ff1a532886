// Keeps what is typed into the smaller forms of the desk in this tab, until a page says that the server took it (portal/web/done.py):
// loaded anew, left and opened again, or come back to, the form has it still. Longer forms have drafts on the server
// (desk-form.js). Without a script nothing is missing but this.

const COPY = "kopie";
const OF_THE_PAGE = new Set(["formular", "rev", "nr", "stand", "entwurf", "aufgehoben", COPY]);
const TYPED = "textarea, select, input:not([type]), input[type=text], input[type=email], input[type=url], input[type=tel], input[type=number], input[type=date], input[type=datetime-local], input[type=checkbox], input[type=radio]";
const WORDS = "textarea, input:not([type]), input[type=text]";
const person = document.querySelector("[data-desk-person]")?.dataset.deskPerson;
const start = `getippt:${person}:`;

/** What somebody typed or chose: [name, value] of each field, in the order of the page. */
const read = (form) => [...form.querySelectorAll(TYPED)].map((field) => [field.name, /checkbox|radio/.test(field.type) ? field.checked : field.value]);

function fill(form, rows) {
  [...form.querySelectorAll(TYPED)].forEach((field, place) => {
    const [name, value] = rows[place] ?? [];
    if (name !== field.name) return;
    if (/checkbox|radio/.test(field.type)) field.checked = value;
    else field.value = value;
  });
}

function load(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function store(key, entry) {
  try {
    if (entry) sessionStorage.setItem(key, JSON.stringify(entry));
    else sessionStorage.removeItem(key);
  } catch {
    // Full or forbidden: then only the page has it.
  }
}

function fresh() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Person, address, and what the form is of by its hidden inputs and buttons: the same form on a page loaded anew. */
function nameOf(form) {
  const path = new URL(form.getAttribute("action") || location.href, location.href).pathname;
  const fixed = [...form.querySelectorAll("input[type=hidden]")].filter(({ name }) => !OF_THE_PAGE.has(name)).map(({ name, value }) => [name, value]);
  const acts = [...form.querySelectorAll("button[name]")].map(({ name, value }) => [name, value]);
  return `${start}${path}:${JSON.stringify([fixed, acts])}`;
}

function tell(form, words, buttons) {
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.setAttribute("role", "status");
  const text = document.createElement("p");
  text.textContent = words;
  notice.append(text);
  for (const [label, act] of buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "kern-btn kern-btn--secondary";
    button.innerHTML = '<span class="kern-label"></span>';
    button.firstChild.textContent = label;
    button.addEventListener("click", () => { notice.remove(); act(); });
    notice.append(button, " ");
  }
  form.prepend(notice);
  for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
}

const AGAIN = "Was Sie zuletzt eingegeben hatten, steht wieder im Formular; gespeichert ist es noch nicht.";
const SENT = "Was Sie hier zuletzt abgesendet hatten, liegt noch in diesem Fenster; ob es ankam, war nicht zu erfahren.";

function keep(form, key) {
  const shown = read(form);
  const before = load(key);
  const uid = form.elements[COPY]?.value ?? before?.uid ?? fresh();
  const take = () => { fill(form, before.rows); store(key, { uid, rows: before.rows }); };
  const drop = () => { fill(form, shown); store(key, null); };
  if (before && JSON.stringify(before.rows) === JSON.stringify(shown)) {
    store(key, { uid, rows: shown }); // it came back with what the page has to say
  } else if (before && !before.isSent) {
    take();
    tell(form, AGAIN, [["Verwerfen", drop]]);
  } else if (before) {
    tell(form, SENT, [["Wieder einsetzen", take], ["Verwerfen", drop]]);
  }
  const changed = () => {
    const rows = read(form);
    store(key, JSON.stringify(rows) === JSON.stringify(shown) ? null : { uid, rows });
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    const entry = load(key);
    if (!entry || event.submitter?.formTarget === "_blank") return;
    store(key, { ...entry, uid, isSent: true });
    if (form.elements[COPY]) return;
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: COPY, value: uid });
    form.append(input);
  });
}

if (person) {
  const taken = document.querySelector("[data-taken]")?.dataset.taken.split(" ") ?? [];
  for (const key of taken.length ? Object.keys(sessionStorage) : []) {
    // The copies of desk-form.js bear their name in the key, ours in what they hold.
    const name = key.startsWith("formular:") ? key.split(":").at(-1) : key.startsWith(start) ? load(key)?.uid : null;
    if (taken.includes(name)) store(key, null);
  }
  const names = new Set();
  for (const form of document.querySelectorAll('form[method="post"]')) {
    if (form.matches("[data-draft], [data-section]") || !form.querySelector(WORDS) || form.querySelector("input[type=password], [autocomplete=one-time-code]")) continue;
    const name = nameOf(form);
    if (!names.has(name)) keep(form, name);
    names.add(name);
  }
}
