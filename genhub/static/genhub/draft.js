// The page of a draft, or of a style: rows are added, taken away and moved; they and the JSON that they stand for follow
// each other; and what an order would say is shown while it is typed.
//
// The server alone knows what a row means and how a prompt is made: it is asked, once typing pauses.
(() => {
  "use strict";

  const tables = [...document.querySelectorAll("[data-table]")];
  if (!tables.length) return;
  const form = tables[0].closest("form");
  const field = (name) => form.querySelector(`[name=${name}]`);
  const list = (table) => table.querySelector("[data-part=rows]");
  const rows = (table) => [...list(table).querySelectorAll("[data-row]")];
  const first = (row) => row.querySelector("input:not([type=hidden]), select, textarea");
  const PAUSE_MS = 350;

  // What only a clip has is in nobody's way on a picture's page, unless it was said all the same.
  const fitClip = (row) => {
    const media = (row.querySelector("[name$=-media_type]") ?? field("media_type"))?.value;
    for (const part of row.querySelectorAll("[data-clip]")) {
      const said = part.querySelector("input, select");
      part.hidden = media === "image" && !said.value && !part.querySelector(".errors");
    }
  };
  const fit = (row) => {
    fitClip(row);
    const kind = row.querySelector("[name$=-kind]")?.value;
    for (const part of row.querySelectorAll("[data-of]")) part.hidden = !part.dataset.of.split(" ").includes(kind);
  };
  const count = (table) => {
    field(table.dataset.order).value = rows(table).map((row) => row.dataset.row).join(",");
    const button = table.querySelector("[data-act=add]");
    if (button) button.disabled = rows(table).length >= Number(table.dataset.most);
  };
  const changed = (table) => {
    field(table.dataset.typed).value = "rows";
    count(table);
    later();
  };

  const add = (table) => {
    const next = Math.max(-1, ...rows(table).map((row) => Number(row.dataset.row))) + 1;
    const kind = table.querySelector("[data-part=kind]")?.value ?? "";
    const blank = [...table.querySelectorAll("template")].find((one) => one.dataset.kind === kind);
    list(table).insertAdjacentHTML("beforeend", blank.innerHTML.replaceAll("__n__", next));
    const row = list(table).lastElementChild;
    fit(row);
    first(row).focus();
    changed(table);
  };
  const move = (table, row, by) => {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    if (by < 0) other.before(row);
    else other.after(row);
    focused.focus();
    row.scrollIntoView({ block: "nearest" });
    changed(table);
  };
  const remove = (table, row) => {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (near ? first(near) : table.querySelector("[data-act=add]")).focus();
    changed(table);
  };

  for (const table of tables) {
    table.hidden = false;
    table.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-act]");
      const row = button?.closest("[data-row]");
      const acts = {
        add: () => add(table),
        up: () => move(table, row, -1),
        down: () => move(table, row, 1),
        remove: () => remove(table, row),
      };
      if (button) acts[button.dataset.act]();
    });
    table.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const row = event.target.closest("[data-row]");
      if (!by || !row || !event.altKey || event.target.matches("select")) return;
      event.preventDefault();
      move(table, row, by);
    });
  }

  // What stands beside the form: the prompt as it would be made, and the form that apps' users see.
  const panel = document.querySelector("[data-preview]");
  const part = (name) => panel.querySelector(`[data-part=${name}]`);
  const sample = document.getElementById("sample");
  let timer = 0;
  let under;

  const put = (name, html) => {
    const place = part(name);
    if (place && place.innerHTML !== html && !place.contains(document.activeElement)) place.innerHTML = html;
  };
  const look = async () => {
    under?.abort();
    under = new AbortController();
    const { signal } = under;
    const body = new FormData(form);
    for (const [name, value] of sample ? new FormData(sample) : []) body.append(name, value);
    try {
      const answer = await fetch(panel.dataset.preview, { method: "POST", body, signal, redirect: "error" });
      if (!answer.ok) return;
      const told = await answer.json();
      if (signal.aborted) return;
      put("words", told.words);
      put("asked", told.asked);
      // Of the two ways to say the same, the other one follows.
      for (const table of tables) {
        if (told[table.dataset.table] !== undefined) {
          list(table).innerHTML = told[table.dataset.table];
          rows(table).forEach(fit);
          count(table);
        }
        for (const name of table.dataset.json.split(" ")) if (told[name] !== undefined) field(name).value = told[name];
      }
    } catch {
      // Typed on, or the network is gone: what stands there stays until the next look.
    }
  };
  const later = () => {
    if (!panel) return;
    // What is typed now is not to be written over by an answer to what was typed before.
    under?.abort();
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  };

  field("media_type")?.addEventListener("change", () => tables.flatMap(rows).forEach(fitClip));
  form.addEventListener("input", ({ target }) => {
    const table = target.closest("[data-table]");
    if (table) {
      const row = target.closest("[data-row]");
      if (!row) return;
      fit(row);
      changed(table);
    } else {
      const twin = tables.find((one) => one.dataset.json.split(" ").includes(target.name));
      if (twin) field(twin.dataset.typed).value = "json";
    }
    later();
  });
  panel?.addEventListener("input", later);
  // What is saved, and maybe published, is no draft to be looked at any more.
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    under?.abort();
  });
  for (const table of tables) {
    rows(table).forEach(fit);
    count(table);
  }
  if (panel) look();
})();
