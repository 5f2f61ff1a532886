// Links in a desk form: what is chosen from the suggestions is written into the field. Without this,
// the button beside the search does it. The suggestions themselves come from portal.js.
const status = document.getElementById("meldung");

document.addEventListener("take", (event) => {
  const field = document.getElementById(event.target.dataset.into);
  if (!field) return;
  event.preventDefault();
  event.target.value = "";
  const { textContent: words, dataset: { value } } = event.detail;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  status.textContent = `Eingetragen: ${words}`;
});

// Enter in a search must not save the form: it searches, as the button does.
document.addEventListener("keydown", (event) => {
  const search = event.target.closest?.("[data-into]");
  if (search && event.key === "Enter" && !event.defaultPrevented) {
    event.preventDefault();
    search.parentElement.querySelector("button").click();
  }
});
