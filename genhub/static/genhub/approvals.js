// The desk of approval by keyboard: J and K go from picture to picture, X chooses, A approves, R rejects.
(() => {
  "use strict";

  const boxes = () => [...document.querySelectorAll("#result_list input.action-select")];
  const isTyping = ({ target }) =>
    target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

  const go = (by) => {
    const all = boxes();
    const here = all.indexOf(document.activeElement);
    const next = all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)];
    next?.focus();
    next?.closest("tr")?.scrollIntoView({ block: "nearest" });
  };

  // What has the focus is meant where nothing is chosen.
  const choose = () => {
    if (boxes().some((box) => box.checked)) return true;
    const box = document.activeElement;
    if (!boxes().includes(box)) return false;
    box.click();
    return true;
  };

  const send = (action) => {
    const form = document.getElementById("changelist-form");
    const select = form.querySelector("select[name=action]");
    select.value = action;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    form.requestSubmit(form.querySelector("#changelist-actions button[type=submit]"));
  };

  const reason = () => document.querySelector("#changelist-form input[name=reason]");
  const reject = () => {
    const field = reason();
    const isShort = field.value.trim().length < Number(field.dataset.shortest);
    field.setCustomValidity(isShort ? field.placeholder : "");
    if (field.reportValidity()) send("reject_chosen");
  };

  document.addEventListener("keydown", (event) => {
    // In large, keys go from picture to picture: none decides behind what is seen.
    if (event.ctrlKey || event.altKey || event.metaKey || !reason() || document.querySelector("dialog[open]")) return;
    if (event.target === reason() && event.key === "Enter") {
      event.preventDefault();
      reject();
      return;
    }
    if (isTyping(event)) return;
    const acts = {
      j: () => go(1),
      k: () => go(-1),
      x: () => boxes().includes(document.activeElement) && document.activeElement.click(),
      a: () => choose() && send("approve_chosen"),
      r: () => choose() && requestAnimationFrame(() => reason().focus()),
    };
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("input", ({ target }) => {
    if (target === reason()) target.setCustomValidity("");
  });
})();
