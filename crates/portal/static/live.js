// The dashboard follows what happens without a reload: it is told when something changed, and fetches itself anew.
(() => {
  const live = document.querySelector("[data-live]");
  if (!live || !window.EventSource) return;
  const events = new EventSource(live.dataset.live + location.search);
  let busy = false;
  events.addEventListener("changed", async () => {
    // Nothing is replaced under somebody's hands or eyes.
    if (busy || document.hidden || live.contains(document.activeElement)) return;
    busy = true;
    try {
      const answer = await fetch(location.href);
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (!fresh) return;
      const open = [...live.querySelectorAll("details")].map((details) => details.open);
      live.replaceChildren(...fresh.childNodes);
      [...live.querySelectorAll("details")].forEach((details, n) => { details.open = open[n] ?? false; });
    } catch { /* The next event tries again. */ } finally {
      busy = false;
    }
  });
  addEventListener("pagehide", () => events.close());
})();
