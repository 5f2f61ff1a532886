// Lists of the desk: choose every row of the page at once, and say how many are chosen. Without it, rows are chosen one by one.
const form = document.querySelector("[data-pick]");
const boxes = [...form.querySelectorAll("input[name=eintrag]")];
const line = form.querySelector("[data-pick-all]");
const all = line.querySelector("input");
const count = line.querySelector("[data-pick-count]");

function show() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  count.textContent = chosen ? `${chosen} ausgewählt` : "";
}

all.addEventListener("change", () => {
  for (const box of boxes) box.checked = all.checked;
  show();
});
form.addEventListener("change", show);
line.hidden = false;
show();
