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
