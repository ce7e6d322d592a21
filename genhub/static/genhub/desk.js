// Desks by keyboard: J and K go from row to row, Enter opens one; on its page A and R ask the question, U leads back.
(() => {
  "use strict";

  const isTyping = ({ target }) =>
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
  const YES = ["approve", "release"];
  const NO = ["reject", "withhold"];

  // The first link of each row leads to its page.
  const rows = () => [...document.querySelectorAll("#result_list tr.data-row")].map((row) => row.querySelector("a[href]"));

  const go = (by) => {
    const all = rows().filter(Boolean);
    const here = all.indexOf(document.activeElement);
    const next = all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)];
    next?.focus();
    next?.closest("tr").scrollIntoView({ block: "nearest" });
  };

  // Only where this page offers the deed itself: a link of its own row, and never one that decides without a question.
  const deed = (names) => {
    const own = location.pathname.replace(/change\/$/, "");
    if (own === location.pathname) return null;
    const isDeed = (link) => names.some((name) => link.pathname.replace(/\/$/, "") === `${own}${name}`);
    return [...document.querySelectorAll("a[href]")].find(isDeed);
  };

  const back = () => location.pathname.endsWith("/change/") && new URL("../../", location.href).href;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const isDesk = document.querySelector("[data-desk]");
    const decides = deed([...YES, ...NO]);
    if (isDesk && (key === "j" || key === "k")) go(key === "j" ? 1 : -1);
    else if (decides && key === "a") deed(YES)?.click();
    else if (decides && key === "r") deed(NO)?.click();
    else if (decides && key === "u") location.assign(back());
    else return;
    event.preventDefault();
  });
})();
