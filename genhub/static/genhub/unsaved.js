// Asks before a page with unsaved text is left, whichever way: a link, a button of the header, another language, the tab.
(() => {
  "use strict";

  // What people type into; filters and searches are GET, and signing in or out loses nothing.
  const isWatched = (form) =>
    form.method === "post" && !["login-form", "logout-form"].includes(form.id) && !form.closest("nav");
  // Choosing rows of a list changes none of them.
  const isSaved = (name) => !["csrfmiddlewaretoken", "action", "_selected_action", "select_across"].includes(name);

  const before = new WeakMap();
  const leaving = new WeakSet();

  const read = (form) =>
    JSON.stringify(
      [...new FormData(form)]
        .filter(([name]) => isSaved(name))
        .map(([name, value]) => [name, value instanceof File ? value.name + value.size : value]),
    );
  const forms = () => [...document.forms].filter(isWatched);
  const isRefused = (form) => [...form.elements].some((element) => element.hasAttribute("data-unsaved"));
  const isDirty = (form) =>
    !leaving.has(form) && (isRefused(form) || (before.has(form) && before.get(form) !== read(form)));

  // Widgets fill in their own fields after the page has loaded: what counts is how it stands when a person begins.
  const remember = (event) => {
    if (!event.isTrusted) return;
    for (const form of forms()) if (!before.has(form)) before.set(form, read(form));
  };
  for (const kind of ["pointerdown", "keydown", "beforeinput", "paste", "drop", "focusin"])
    document.addEventListener(kind, remember, true);

  // Last of all, so that a submit which another script has stopped is none.
  window.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) leaving.add(event.target);
  });
  // Typing on, or coming back, means that it was not left after all.
  document.addEventListener("input", (event) => event.target.form && leaving.delete(event.target.form), true);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of forms()) leaving.delete(form);
  });

  window.addEventListener("beforeunload", (event) => {
    if (forms().some(isDirty)) {
      event.preventDefault();
      event.returnValue = true;
    }
  });
})();
