// A page that shows what is still under way reads itself anew until that has ended; nothing else on it moves.
(() => {
  "use strict";

  const follow = () => {
    const part = document.getElementById("followed");
    const seconds = Number(part?.dataset.followSeconds);
    if (seconds) setTimeout(renew, seconds * 1000);
  };

  const renew = async () => {
    const part = document.getElementById("followed");
    // What somebody is choosing from stays as it is.
    if (part?.querySelector("input:checked")) return follow();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.ok && !document.hidden) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("followed");
        // What stands beside it changes with the end alone.
        if (next && !next.dataset.followSeconds && part.dataset.reloadAtEnd) location.reload();
        else if (next) {
          part.replaceWith(document.importNode(next, true));
          // The admin theme draws its charts once, when the page comes.
          if (typeof renderCharts === "function") renderCharts();
        }
      }
    } catch {
      // The network is gone for a while: what stands there stays, and the next look may reach the hub.
    }
    follow();
  };

  follow();
})();
