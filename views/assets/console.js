// What pages need beyond htmx: copying, pausing the live list, saying whether it is up to date. Loaded before htmx.
(() => {
  // htmx makes elements from our own server's HTML, which is escaped there. Scripts and script addresses stay refused.
  if (window.trustedTypes) window.trustedTypes.createPolicy("default", { createHTML: (html) => html });

  let isPaused = false;

  const say = (text) => {
    const place = document.getElementById("live");
    if (place && place.textContent !== text) place.textContent = text;
  };

  const isReading = (rows) => {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && rows.contains(selection.anchorNode);
  };

  const copy = async (source) => {
    const text = source.textContent.trim();
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
    // Plain HTTP: the selection stays, so that the person can copy it by hand where this fails.
    document.getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  };

  // A form with changes is not left by mistake.
  let isDirty = document.querySelector('form[data-guard="dirty"]') !== null;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-guard]")) isDirty = true;
  });
  document.addEventListener("submit", () => {
    isDirty = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty) event.preventDefault();
  });
  document.getElementById("problems")?.focus();

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) {
      const isCopied = await copy(document.getElementById(button.dataset.copy)).catch(() => false);
      button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 3000);
    }
    if ("pause" in button.dataset) {
      isPaused = !isPaused;
      button.setAttribute("aria-pressed", String(isPaused));
      say(isPaused ? "paused" : "updates every 2 s");
    }
  });

  document.addEventListener("htmx:before:request", (event) => {
    const rows = event.target;
    if (!(rows instanceof Element) || !("live" in rows.dataset)) return;
    if (isPaused || document.hidden || isReading(rows)) event.preventDefault();
  });
  // An error's page is not rows: the ones that are there stay, and the next turn tries again.
  document.addEventListener("htmx:before:response", (event) => {
    const { status, headers } = event.detail.ctx.response;
    if (status < 400 || headers.get("hx-redirect")) return;
    event.preventDefault();
    say(`Plexus answered ${status}, trying again`);
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!isPaused) say("updates every 2 s");
  });
  document.addEventListener("htmx:error", () => say("cannot reach Plexus, retrying"));

  // A page that comes back from the browser's memory may be of a session that is over.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
