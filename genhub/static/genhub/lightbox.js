// Pictures in large: whatever carries data-picture opens in the page's dialog, one after the other by keyboard.
//
// Links to files live for minutes only. One that fails is read anew from the page it came from, once for each look.
(() => {
  "use strict";

  const dialog = document.getElementById("lightbox");
  if (!dialog) return;
  const part = (name) => dialog.querySelector(`[data-part=${name}]`);
  const [stage, count, prompt, download, page] = ["stage", "count", "prompt", "download", "page"].map(part);
  const ZOOM = "is-zoomed";
  let shown = "";
  let renewed = false;

  const all = () => [...document.querySelectorAll("a[data-picture]")];
  const current = () => all().findIndex((link) => link.dataset.picture === shown);

  const draw = (link) => {
    const { large, kind, poster = "", picture } = link.dataset;
    const view = document.createElement(kind === "clip" ? "video" : "img");
    if (kind === "clip") Object.assign(view, { controls: true, poster, preload: "metadata" });
    else view.alt = link.querySelector("img")?.alt ?? "";
    view.addEventListener("error", () => picture === shown && renew());
    view.src = large;
    stage.replaceChildren(view);
  };

  const show = (index) => {
    const links = all();
    const link = links[(index + links.length) % links.length];
    if (!link) return dialog.close();
    renewed = renewed && shown === link.dataset.picture;
    shown = link.dataset.picture;
    stage.classList.remove(ZOOM);
    part("zoom").setAttribute("aria-pressed", "false");
    part("zoom").hidden = link.dataset.kind === "clip";
    for (const name of ["previous", "next"]) part(name).hidden = links.length < 2;
    count.textContent = `${links.indexOf(link) + 1} / ${links.length}`;
    prompt.textContent = link.dataset.prompt ?? "";
    download.href = link.dataset.download || link.dataset.large;
    page.hidden = !link.dataset.page;
    page.href = link.dataset.page ?? "";
    draw(link);
  };

  // The page itself knows fresh links: the same pictures stand there again.
  const renew = async () => {
    if (renewed) return;
    renewed = true;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const link of all()) {
      const again = [...fresh.querySelectorAll("a[data-picture]")].find((one) => one.dataset.picture === link.dataset.picture);
      if (!again) continue;
      Object.assign(link.dataset, again.dataset);
      const [small, next] = [link, again].map((one) => one.querySelector("img"));
      if (small && next && !small.naturalWidth) small.src = next.getAttribute("src");
    }
    if (dialog.open) show(current());
  };

  const zoom = () => {
    if (part("zoom").hidden) return;
    part("zoom").setAttribute("aria-pressed", String(stage.classList.toggle(ZOOM)));
  };

  const acts = { previous: () => show(current() - 1), next: () => show(current() + 1), zoom, close: () => dialog.close() };
  const keys = { ArrowLeft: "previous", ArrowRight: "next", z: "zoom", "+": "zoom", "-": "zoom" };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-picture]");
    // Whoever wants a new tab gets one.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    renewed = false;
    show(all().indexOf(link));
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const name = event.target.closest("button")?.dataset.part;
    if (acts[name]) acts[name]();
    else if (event.target.matches("img")) zoom();
    else if (event.target === dialog || event.target === stage) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    const name = keys[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("video")) return;
    event.preventDefault();
    acts[name]();
  });
  // A clip stops with its dialog.
  dialog.addEventListener("close", () => stage.replaceChildren());
})();
