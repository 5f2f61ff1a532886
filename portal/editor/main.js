// The report editor: what makes writing more convenient. Every page works without it.
import { start as startKeeping } from "./autosave.js";
import { start as startOutline } from "./outline.js";
import { showFilesFrom } from "./markdown.js";
import { attach } from "./visual.js";

const outline = document.querySelector("[data-outline]");
if (outline) startOutline(outline);

const form = document.querySelector("[data-section]");
if (form) {
  const area = form.elements.text;
  showFilesFrom(form.dataset.files);
  const remarks = [...document.querySelectorAll("[data-words]")].map(
    ({ dataset, firstElementChild }) => ({ words: dataset.words, near: +dataset.near, label: firstElementChild.textContent }),
  );
  let editor = null;
  let changed = () => {};
  const button = document.createElement("button");
  button.type = "button";
  button.className = "kern-btn kern-btn--tertiary";
  const label = document.createElement("span");
  label.className = "kern-label";
  button.append(label);
  const words = document.createElement("p");
  words.className = "quiet";

  function show(isVisual) {
    editor?.destroy();
    editor = isVisual ? attach(area, () => changed(), remarks) : null;
    label.textContent = editor ? "Als Markdown bearbeiten" : "Gestaltet bearbeiten";
    words.textContent = isVisual && !editor ? "Dieser Text lässt sich nur als Markdown bearbeiten; gestaltet ginge etwas verloren." : "";
  }

  changed = startKeeping(form, (text) => { area.value = text; show(Boolean(editor)); changed(); });
  area.after(words);
  area.before(button);
  button.addEventListener("click", () => show(!editor));
  form.addEventListener("submit", () => {
    form.elements.stelle.value = editor ? editor.place() : [...area.value.slice(0, area.selectionEnd)].length;
  });
  show(true);
}
