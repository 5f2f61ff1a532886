// Passkeys: asks the portal for a question, the browser for an answer, and sends the answer with the form.
// Without script, or where the browser has no passkeys, the forms stay hidden and every other way in remains.

const WORDS = {
  wrong: "Das Kennwort stimmt nicht. Bitte noch einmal eingeben.",
  gone: "Die Frage konnte nicht geholt werden. Bitte die Seite neu laden.",
  many: "Zu viele Versuche oder zu viele Passkeys. Bitte später noch einmal.",
  stopped: "Es wurde kein Passkey benutzt. Sie können es noch einmal versuchen.",
  known: "Dieses Gerät hat schon einen Passkey für dieses Konto.",
};

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function question(options) {
  const asked = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) asked.user = { ...options.user, id: toBytes(options.user.id) };
  for (const name of ["excludeCredentials", "allowCredentials"]) {
    if (options[name]) asked[name] = options[name].map((entry) => ({ ...entry, id: toBytes(entry.id) }));
  }
  return asked;
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

async function ask(form, address) {
  const body = new URLSearchParams();
  for (const name of ["formular", "old"]) {
    if (form.elements[name]) body.set(name, form.elements[name].value);
  }
  const reply = await fetch(address, { method: "POST", body, credentials: "same-origin" });
  if (reply.status === 403) throw new Error("wrong");
  if (reply.status === 429 || reply.status === 409) throw new Error("many");
  if (!reply.ok || !(reply.headers.get("Content-Type") ?? "").startsWith("application/json")) throw new Error("gone");
  return question(await reply.json());
}

/** `place` (a form that makes a passkey, or a button that uses one) says where the question is and where the answer goes. */
async function use(place, form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const publicKey = await ask(form, place.dataset.frage);
    const made = place.dataset.passkey === "neu" ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey });
    form.elements.credential.value = JSON.stringify(answer(await made));
    if (place.dataset.ziel) form.action = place.dataset.ziel;
    form.submit();
  } catch (error) {
    const code = error.name === "InvalidStateError" ? "known" : WORDS[error.message] ? error.message : "stopped";
    problem.hidden = false;
    problem.textContent = WORDS[code];
  }
}

if (window.PublicKeyCredential) {
  for (const place of document.querySelectorAll("[data-passkey]")) {
    place.hidden = false;
    const form = place.closest("form");
    place.addEventListener(place === form ? "submit" : "click", (event) => {
      event.preventDefault();
      use(place, form);
    });
  }
  for (const place of document.querySelectorAll("[data-passkey-ohne]")) place.hidden = true;
}
