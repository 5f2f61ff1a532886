// Counts ballots while they are entered. Without it nothing is missing but this: the server counts what is sent.

const form = document.querySelector("form[data-draft]");
const box = document.getElementById("zaehlung");

/** A share as a whole number of hundred-thousandths of a percent: sums stay exact. */
function units(share) {
  const [whole, rest = ""] = share.split(".");
  return Number(whole) * 100000 + Number(rest.padEnd(5, "0").slice(0, 5));
}

function percent(sum) {
  return `${Math.floor(sum / 100000)},${String(sum % 100000).padStart(5, "0")}`;
}

function count() {
  const others = form.elements.others.value;
  const isCirculation = form.elements.is_circulation.checked;
  const counts = { yes: 0, no: 0, abstain: 0, absent: 0 };
  let open = 0;
  let laender = 0;
  let shares = 0;
  let federal = null;
  for (const row of form.querySelectorAll("tr[data-member]")) {
    const picked = row.querySelector("input:checked");
    let choice = picked ? picked.value : others;
    if (isCirculation && (!choice || choice === "absent")) choice = "abstain";
    // Of whom nothing is chosen nothing is assumed, and nothing counted but that.
    if (choice) counts[choice] += 1;
    else open += 1;
    if ("federal" in row.dataset) federal = choice;
    else if (choice === "yes") {
      laender += 1;
      shares += units(row.dataset.share);
    }
  }
  const parts = [`${counts.yes} Ja`, `${counts.no} Nein`, `${counts.abstain} ${counts.abstain === 1 ? "Enthaltung" : "Enthaltungen"}`, `${counts.absent} nicht anwesend`];
  const consenting = shares ? `Zustimmende Länder: ${laender} mit ${percent(shares)} Prozent der Anteile.` : `Zustimmende Länder: ${laender}.`;
  const bund = federal !== null ? ` Bund: ${{ yes: "Ja", no: "Nein", abstain: "Enthaltung", absent: "nicht anwesend", "": "ohne Angabe" }[federal]}.` : "";
  box.querySelector("[data-tally]").textContent = `${parts.join(", ")}. ${consenting}${bund}${open ? ` Noch ohne Angabe: ${open}.` : ""}`;
  box.hidden = false;
}

if (form && box) {
  form.addEventListener("input", count);
  document.addEventListener("aufgehoben", (event) => { box.querySelector("[data-result]").textContent = event.detail.result || ""; });
  count();
}
