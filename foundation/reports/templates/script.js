"use strict";
// The page is complete without this: it adds the filter, and opens what a link leads to.
(() => {
  const form = document.getElementById("filter");
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
      node.hidden = false;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  if (!form) return;
  const matrix = document.getElementById("matrix");
  const rows = [...matrix.querySelectorAll("tbody tr")];
  const details = [...document.querySelectorAll(".host")];
  const columns = [...matrix.querySelectorAll("thead tr:last-child th")];
  const groups = [...matrix.querySelectorAll("thead th[scope=colgroup]")];
  const names = rows.map((row) => row.querySelector("th").textContent.toLowerCase());
  // A cell with a link has a reason of its own; the others of a host that did not answer have not.
  const own = rows.map((row) => [...row.cells].slice(1).map((cell) => cell.firstElementChild !== null));
  const states = rows.map((row) => [...row.cells].slice(1).map((cell) => cell.className));
  const blocking = form.dataset.blocking.split(" ");
  const quiet = ["pass", "skipped", "none"];
  const said = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const sheet = document.styleSheets[0];
  const rules = sheet.cssRules.length;

  const apply = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const outcome = form.elements.outcome.value;
    const workstream = form.elements.workstream.value;
    const wanted = (name) =>
      outcome === "all" || (outcome === "blocking" ? blocking.includes(name) : name === outcome);
    const inside = columns.map((th) => !workstream || th.dataset.workstream === workstream);
    const shown = rows.map((row, r) =>
      names[r].includes(text) && states[r].some((name, c) => inside[c] && wanted(name)));
    const worth = (name) => (outcome === "all" ? !quiet.includes(name) : wanted(name));
    const trouble = columns.map((th, c) => states.some((row, r) => shown[r] && own[r][c] && worth(row[c])));
    const narrow = form.elements.narrow.checked && trouble.some((yes, c) => yes && inside[c]);
    const visible = columns.map((th, c) => inside[c] && (!narrow || trouble[c]));
    rows.forEach((row, r) => { row.hidden = !shown[r]; details[r].hidden = !shown[r]; });
    while (sheet.cssRules.length > rules) sheet.deleteRule(rules);
    const hide = [];
    visible.forEach((yes, c) => {
      if (!yes) hide.push(`#matrix tbody td:nth-child(${c + 2})`, `#matrix thead tr:last-child th:nth-child(${c + 1})`);
    });
    if (hide.length) sheet.insertRule(`${hide.join()}{display:none}`, rules);
    groups.forEach((th) => {
      const span = columns.filter((one, c) => visible[c] && one.dataset.workstream === th.dataset.workstream).length;
      th.hidden = span === 0;
      th.colSpan = Math.max(span, 1);
    });
    const hosts = shown.filter(Boolean).length;
    const criteria = visible.filter(Boolean).length;
    matrix.classList.toggle("roomy", criteria <= 15);
    said.textContent = `Shows ${hosts} of ${rows.length} hosts and ${criteria} of ${columns.length} criteria.`;
    nothing.hidden = hosts > 0 && criteria > 0;
  };

  form.hidden = false;
  form.elements.outcome.value = form.dataset.start;
  form.elements.narrow.checked = form.dataset.narrow === "yes";
  form.addEventListener("input", apply);
  form.addEventListener("change", apply); // not every browser says input of a choice
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  for (const button of document.querySelectorAll("button[data-unfold]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      for (const one of details) if (!one.hidden) one.firstElementChild.open = button.dataset.unfold === "yes";
    });
  }
  // A cell without a link of its own leads to its host.
  matrix.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell && !event.target.closest("a")) cell.parentElement.querySelector("th a").click();
  });
  apply();
  if (location.hash) open();
})();
