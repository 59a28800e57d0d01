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

  // Single keys, never while somebody types; a cookie switches them off.
  const places = {
    o: "",
    r: "/requests",
    u: "/usage",
    p: "/performance",
    a: "/aliases",
    k: "/keys",
    c: "/cooldowns",
    s: "/settings",
  };
  // In lists the row's own link has the focus, and Enter opens it; on the page of one request they lead to those beside it.
  const step = (by) => {
    const beside = document.querySelector("a[rel=next], a[rel=prev]");
    if (beside) return document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
    const lines = [...document.querySelectorAll("main tbody tr")].filter((row) =>
      row.querySelector("a[href]")?.checkVisibility(),
    );
    const at = lines.findIndex((row) => row.contains(document.activeElement));
    lines[at + by]?.querySelector("a[href]").focus();
  };
  const reach = (field) => {
    field?.closest("details")?.setAttribute("open", "");
    field?.focus();
  };
  const first = (form) =>
    document.querySelector(`${form} :is(input, select, textarea):enabled:not([type=hidden], [readonly])`);
  const deeds = {
    j: () => step(1),
    k: () => step(-1),
    f: () => reach(first("main form[method=get]")),
    t: () => reach(document.querySelector("main .ranges [aria-current], main [name=range]")),
    c: () => document.querySelector("main [data-copy=id]")?.click(),
    e() {
      const page = document.querySelector('main .tabs a[href$="/settings"]:not([aria-current])');
      if (page) page.click();
      else reach(first("main form.edit"));
    },
  };
  let wentAt = Number.NEGATIVE_INFINITY;
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const isTyping = target.closest("input, textarea, select, [contenteditable]") !== null;
    if (key === "Enter" && event.ctrlKey) target.closest("form")?.requestSubmit();
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !document.documentElement.dataset.keys) return;
    if (key === "/") {
      event.preventDefault();
      document.getElementById("find")?.focus();
    } else if (key === "?") location.href = "/console/settings/appearance#shortcuts";
    else if (key === "g") wentAt = event.timeStamp;
    else if (event.timeStamp - wentAt < 1500 && Object.hasOwn(places, key)) location.href = `/console${places[key]}`;
    else if (Object.hasOwn(deeds, key)) {
      // The letter is not typed into what it leads to.
      event.preventDefault();
      deeds[key]();
    }
  });

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
    if ("pause" in button.dataset) setPaused(!isPaused);
    if ("news" in button.dataset) show();
  });

  // The page's one stream: how many requests have closed, and how many of them the live list would show. What shows them is
  // fetched after that.
  const rows = document.querySelector("[data-live]");
  const newsButton = document.querySelector("[data-news]");
  // A request that runs: what is shown of it grows.
  const watched = document.querySelector("[data-watch]");
  const feed = watched?.dataset.watch ?? rows?.dataset.live ?? document.querySelector("[data-feed]")?.dataset.feed;
  let source;
  let waiting = 0;
  let again;
  let refreshing;
  let refreshedAt = Number.NEGATIVE_INFINITY;

  const isBusy = () =>
    isPaused || document.hidden || isReading(rows) || rows.contains(document.activeElement) || window.scrollY > 200;

  const setPaused = (paused) => {
    isPaused = paused;
    document.querySelector("[data-pause]").setAttribute("aria-pressed", String(paused));
    say(paused ? "paused" : "live");
    if (!paused) show();
  };

  const fetchRows = () => rows?.dispatchEvent(new CustomEvent("news"));

  const show = () => {
    waiting = 0;
    if (newsButton) newsButton.hidden = true;
    fetchRows();
    // The database may have been behind.
    clearTimeout(again);
    again = setTimeout(() => isBusy() || fetchRows(), 1500);
  };

  const hear = (count) => {
    waiting += count;
    if (!isBusy()) show();
    else if (newsButton) {
      newsButton.textContent = `${waiting} new, press . to show`;
      newsButton.hidden = false;
    }
  };

  // Figures and badges: at once, and then for a while not again.
  const refresh = () => {
    if (refreshing) return;
    const pause = Math.max(0, refreshedAt + (watched ? 500 : 3200) - performance.now());
    refreshing = setTimeout(() => {
      refreshing = undefined;
      refreshedAt = performance.now();
      for (const part of document.querySelectorAll("[data-refresh]")) part.dispatchEvent(new CustomEvent("news"));
    }, pause);
  };

  const listen = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(feed);
    // What came between the page and the stream, or while it was away.
    source.addEventListener("open", () => {
      say(isPaused ? "paused" : "live");
      if (rows && !isBusy()) fetchRows();
    });
    source.addEventListener("news", (event) => {
      const { closed } = JSON.parse(event.data);
      if (rows && closed > 0) hear(closed);
      refresh();
    });
    source.addEventListener("error", () => {
      say("reconnecting");
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused: the answer to what is fetched says why, and leads to the sign-in where that is it.
      fetchRows();
      refresh();
      setTimeout(listen, 3000);
    });
  };

  if (feed) {
    listen();
    document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : listen()));
  }
  if (rows) {
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea, button, summary") || event.ctrlKey || event.metaKey) return;
      if (event.key === ".") show();
      else if (event.key === " " && !event.target.closest("a")) setPaused(!isPaused);
      else return;
      event.preventDefault();
    });
  }

  // What is fetched in turns waits while nobody sees it, or somebody copies from it.
  document.addEventListener("htmx:before:request", (event) => {
    const part = event.target;
    if (!(part instanceof Element) || !("refresh" in part.dataset)) return;
    if (document.hidden || isReading(part)) event.preventDefault();
  });
  // An error's page is not rows: the ones that are there stay, and the next turn tries again.
  document.addEventListener("htmx:before:response", (event) => {
    const { status, headers } = event.detail.ctx.response;
    if (status < 400 || headers.get("hx-redirect")) return;
    event.preventDefault();
    say(`Plexus answered ${status}, trying again`);
    setTimeout(fetchRows, 3000);
  });
  document.addEventListener("htmx:after:swap", () => {
    if (rows && !isPaused && source?.readyState === EventSource.OPEN) say("live");
  });
  document.addEventListener("htmx:error", () => say("cannot reach Plexus, retrying"));

  // The playground: the words of the answer as they come, then what became of the request. Whatever is refused is shown by
  // the page that the form leads to without a script.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-stream]");
    if (!form || event.submitter?.value !== "send") return;
    event.preventDefault();
    const button = event.submitter;
    // Not form.action, which is the buttons of that name.
    const answer = document.getElementById(form.dataset.stream);
    const body = new URLSearchParams(new FormData(form, button));
    button.disabled = true;
    answer.textContent = "";
    answer.scrollIntoView({ block: "nearest" });
    // Of the request before.
    document.getElementById("curl")?.closest("section").remove();
    document.getElementById("estimate")?.remove();
    try {
      const response = await fetch(form.getAttribute("action"), {
        method: "POST",
        body,
        headers: { accept: "text/plain" },
      });
      const id = response.headers.get("x-played");
      if (id === null) return form.submit();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) answer.append(part.value);
      await window.htmx.ajax("GET", `${form.getAttribute("action")}/${id}`, { target: "#played", swap: "innerHTML" });
    } catch {
      answer.append("\n(The connection to Plexus was lost.)");
    } finally {
      button.disabled = false;
    }
  });

  // A page that comes back from the browser's memory may be of a session that is over.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
