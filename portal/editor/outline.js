// Moving sections by dragging and with Alt and the arrow keys; both do what the buttons do.
const KEYS = { ArrowUp: "hoch", ArrowDown: "runter", ArrowRight: "einruecken", ArrowLeft: "ausruecken" };

function drop(form, row, uid, event) {
  const box = row.getBoundingClientRect();
  const isAbove = event.clientY < box.top + box.height / 2;
  const before = isAbove ? row.previousElementSibling : row;
  const isDeeper = !isAbove && event.clientX > box.left + box.width / 2;
  form.elements.hinter.value = before ? before.dataset.uid : "";
  form.elements.ebene.value = String(Number(row.dataset.level) + (isDeeper ? 1 : 0));
  const act = document.createElement("button");
  act.name = "tun";
  act.value = `ziehen:${uid}`;
  act.hidden = true;
  form.append(act);
  form.requestSubmit(act);
}

/** Make the outline of `form` movable. */
export function start(form) {
  let moving = "";
  for (const row of form.querySelectorAll("[data-uid]")) {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => { moving = row.dataset.uid; event.dataTransfer.setData("text/plain", moving); });
    row.addEventListener("dragover", (event) => { if (moving) { event.preventDefault(); row.classList.add("outline-target"); } });
    row.addEventListener("dragleave", () => row.classList.remove("outline-target"));
    row.addEventListener("drop", (event) => { event.preventDefault(); if (moving && moving !== row.dataset.uid) drop(form, row, moving, event); });
    row.addEventListener("keydown", (event) => {
      const act = event.altKey && KEYS[event.key];
      if (!act) return;
      event.preventDefault();
      row.querySelector(`button[value^="${act}:"]`).click();
    });
  }
  const moved = location.hash.startsWith("#s-") && document.getElementById(location.hash.slice(1));
  // The browser goes to the fragment after loading and would take the focus away again.
  if (moved) window.addEventListener("load", () => setTimeout(() => moved.querySelector("a").focus(), 0));
}
