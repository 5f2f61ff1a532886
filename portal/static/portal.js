// What makes reading more convenient; every page works without it.
const status = document.getElementById("meldung");

/** Copy `text` and say so politely; where the clipboard is refused, the browser's own way (link, selection) remains. */
async function copy(text, message) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return;
  }
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = message; });
  status.classList.add("shown");
  clearTimeout(copy.timer);
  copy.timer = setTimeout(() => { status.classList.remove("shown"); status.textContent = ""; }, 4000);
}

// Headings of sections get the same kind of link that clauses have.
for (const heading of document.querySelectorAll(".prose section[id] > h2:first-child")) {
  const link = document.createElement("a");
  link.className = "anchor";
  link.href = `#${heading.parentElement.id}`;
  link.textContent = "#";
  link.setAttribute("aria-label", `Link zu ${heading.textContent}`);
  heading.append(" ", link);
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a.anchor");
  if (anchor && !event.ctrlKey && !event.metaKey && !event.shiftKey) copy(anchor.href, "Der Link zu dieser Stelle ist kopiert.");
});

for (const source of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Kopieren";
  button.addEventListener("click", () => copy(source.textContent.trim(), "In die Zwischenablage kopiert."));
  source.after(button);
}

for (const place of document.querySelectorAll("[data-print]")) {
  place.hidden = false;
  place.querySelector("button").addEventListener("click", () => window.print());
}

// Suggestions while a search is typed: a combobox with a list below it, by the pattern of the ARIA Authoring Practices.
for (const input of document.querySelectorAll("input[data-suggest]")) suggest(input);

function suggest(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-vorschlaege`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Vorschläge");
  input.closest(".find-row, .find, .link-search-row").append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
  let asked = "", timer, chosen = -1;

  function show(words) {
    chosen = -1;
    list.replaceChildren(...words.map(({ text, value }, number) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = text;
      option.dataset.value = value ?? text;
      return option;
    }));
    list.hidden = !words.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  function mark(number) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = number;
    const option = list.children[chosen];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function take(option) {
    input.value = option.textContent;
    show([]);
    if (input.dispatchEvent(new CustomEvent("take", { bubbles: true, cancelable: true, detail: option }))) input.form.requestSubmit();
  }

  async function ask() {
    const typed = asked = input.value.trim();
    if (typed.length < 2) return show([]);
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(typed)}`);
      const { suggestions } = await answer.json();
      if (typed === asked && document.activeElement === input) show(suggestions);
    } catch {
      show([]);
    }
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  input.addEventListener("blur", () => { clearTimeout(timer); asked = ""; show([]); });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "Escape" && count) { event.preventDefault(); show([]); }
    if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); take(list.children[chosen]); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (count) mark(event.key === "ArrowDown" ? (chosen + 1) % count : (chosen + count - (chosen < 0 ? 0 : 1)) % count);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const option = event.target.closest("li"); if (option) take(option); });
}
