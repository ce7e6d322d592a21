// The theme's buttons that are no buttons: those who use no mouse reach them by Tab, and press them by Enter or Space.
// And the field that a page is for is ready to be typed into.
(() => {
  "use strict";

  const ACTS = ":is(a:not([href]), span, div)[x-on\\:click]";
  // What is empty closes what is open when somebody presses beside it: keys have Escape for that.
  const isBackdrop = (node) => !node.textContent.trim();

  // The theme's icons are words in a font; one that stands alone is read out as such.
  const nameIcon = (node, names) => {
    const name = { dock_to_right: names.menu, more_horiz: names.actions, add: names.add }[node.textContent.trim()];
    if (name && !node.hasAttribute("aria-label")) node.setAttribute("aria-label", name);
  };

  const mend = (node) => {
    // A link without an address says 0 of itself, and is reached by no key all the same.
    if (node.hasAttribute("tabindex") || isBackdrop(node)) return;
    node.tabIndex = 0;
    node.setAttribute("role", "button");
  };

  const columnOf = (cell) => {
    const head = cell.closest("table").querySelector("thead tr");
    return head?.cells[[...cell.parentElement.children].indexOf(cell)]?.textContent.trim();
  };

  const nameField = (field) => {
    if (field.labels?.length || field.ariaLabel) return;
    // In a table the column's name stands above, for eyes alone.
    const name = field.closest("[data-label]")?.dataset.label ?? columnOf(field.closest("td"));
    if (name) field.ariaLabel = name;
  };

  // Parts that Django's and the theme's own scripts make: their names are read out where they belong.
  const nameMade = (names) => {
    document.querySelectorAll(".help-tooltip[aria-label]").forEach((node) => node.setAttribute("role", "img"));
    document.querySelectorAll("select.select2-hidden-accessible").forEach((select) => {
      const shown = document.getElementById(`select2-${select.id}-container`);
      shown?.setAttribute("aria-label", select.labels[0]?.textContent.trim() ?? select.name);
    });
    document.querySelectorAll("td :is(input:not([type=hidden]), select, textarea)").forEach(nameField);
    document.querySelectorAll(".simplebar-content-wrapper").forEach((node) => {
      node.setAttribute("aria-label", node.closest("#nav-sidebar") ? names.menu : document.title.split("|")[0].trim());
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const names = document.querySelector(".hub-skip")?.dataset;
    if (!names) return;
    document.getElementById("main")?.setAttribute("role", "main");
    const mendAll = () => {
      document.querySelectorAll(ACTS).forEach(mend);
      document.querySelectorAll(`a, button, ${ACTS}`).forEach((node) => nameIcon(node, names));
      nameMade(names);
    };
    mendAll();
    // What a script makes may come at any time: after the page's load, and when somebody adds a row.
    new MutationObserver(mendAll).observe(document.body, { childList: true, subtree: true });
  });
  // The theme hides the whole page until Alpine runs. A browser that paints once before forgets whom it was to focus.
  const focusFirst = () => {
    if (document.activeElement === document.body) document.querySelector("[autofocus]:not(dialog *)")?.focus();
  };
  // Alpine has asked for a microtask that shows the page: this one comes after it.
  document.addEventListener("alpine:initialized", () => queueMicrotask(focusFirst));
  document.addEventListener("keydown", (event) => {
    const node = event.target;
    if (!(node instanceof HTMLElement) || !node.matches(ACTS) || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    node.click();
  });
})();
