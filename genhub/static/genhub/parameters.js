// The page of a draft: parameters are added, taken away and moved, and what an order would say is shown while it is typed.
//
// The server alone knows what a row means and how a prompt is made: it is asked, once typing pauses.
(() => {
  "use strict";

  const table = document.getElementById("parameter-rows");
  if (!table) return;
  const form = table.closest("form");
  const list = table.querySelector("[data-part=rows]");
  const field = (name) => form.querySelector(`[name=${name}]`);
  const rows = () => [...list.querySelectorAll("[data-row]")];
  const PAUSE_MS = 350;

  const numberOf = (row) => row.querySelector("[name$=-name]").name.match(/^row(\d+)-/)[1];
  const fit = (row) => {
    const kind = row.querySelector("[name$=-kind]").value;
    for (const part of row.querySelectorAll("[data-of]")) part.hidden = !part.dataset.of.split(" ").includes(kind);
  };
  const count = () => {
    field("rows").value = rows().map(numberOf).join(",");
    table.querySelector("[data-act=add]").disabled = rows().length >= Number(table.dataset.most);
  };
  const changed = () => {
    field("typed").value = "rows";
    count();
    later();
  };

  const add = () => {
    const next = Math.max(-1, ...rows().map((row) => Number(numberOf(row)))) + 1;
    const blank = table.querySelector("template").innerHTML.replaceAll("__n__", next);
    list.insertAdjacentHTML("beforeend", blank);
    const row = list.lastElementChild;
    fit(row);
    row.querySelector("[name$=-name]").focus();
    changed();
  };
  const move = (row, by) => {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    if (by < 0) other.before(row);
    else other.after(row);
    focused.focus();
    row.scrollIntoView({ block: "nearest" });
    changed();
  };
  const remove = (row) => {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (near?.querySelector("[name$=-name]") ?? table.querySelector("[data-act=add]")).focus();
    changed();
  };

  table.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    const row = button?.closest("[data-row]");
    const acts = { add, up: () => move(row, -1), down: () => move(row, 1), remove: () => remove(row) };
    if (button) acts[button.dataset.act]();
  });
  table.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest("[data-row]");
    if (!by || !row || !event.altKey || event.target.matches("select")) return;
    event.preventDefault();
    move(row, by);
  });

  // What stands beside the form: the prompt as it would be made, and the form that apps' users see.
  const panel = document.getElementById("preview");
  const part = (name) => panel.querySelector(`[data-part=${name}]`);
  let timer = 0;
  let under;

  const put = (name, html) => {
    if (part(name).innerHTML !== html && !part(name).contains(document.activeElement)) part(name).innerHTML = html;
  };
  const look = async () => {
    under?.abort();
    under = new AbortController();
    const body = new FormData(form);
    for (const [name, value] of new FormData(document.getElementById("sample"))) body.append(name, value);
    try {
      const answer = await fetch(panel.dataset.preview, { method: "POST", body, signal: under.signal, redirect: "error" });
      if (!answer.ok) return;
      const told = await answer.json();
      put("words", told.words);
      put("asked", told.asked);
      // Of the two ways to say the parameters, the other one follows.
      if (told.rows !== undefined) {
        list.innerHTML = told.rows;
        rows().forEach(fit);
        count();
      }
      for (const name of ["parameters", "required"]) if (told[name] !== undefined) field(name).value = told[name];
    } catch {
      // Typed on, or the network is gone: what stands there stays until the next look.
    }
  };
  const later = () => {
    if (!panel) return;
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  };

  form.addEventListener("input", ({ target }) => {
    if (target.closest("[data-row]")) {
      fit(target.closest("[data-row]"));
      changed();
    } else if (["parameters", "required"].includes(target.name)) {
      field("typed").value = "json";
    }
    later();
  });
  panel?.addEventListener("input", later);
  // What is saved, and maybe published, is no draft to be looked at any more.
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    under?.abort();
  });
  rows().forEach(fit);
  count();
  if (panel) look();
})();
