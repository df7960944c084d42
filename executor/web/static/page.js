// What pages do with script. Without it every page works by links, forms and looking again.
"use strict";
(() => {
  const SAID_MS = 2500;
  const live = () => document.querySelector("[data-live]");
  const isLive = (element) => element.hasAttribute("data-live");

  // -- looking again: asks only for what changed, not behind the reader's back

  const tags = new WeakMap();

  const isReading = (element) => {
    const marked = getSelection();
    const marking = !marked.isCollapsed && element.contains(marked.anchorNode);
    return marking || element.contains(document.activeElement?.closest("select, dialog"));
  };

  document.addEventListener("htmx:config:request", (event) => {
    const element = event.target;
    if (!isLive(element)) return;
    if (document.hidden || isReading(element)) return event.preventDefault();
    const tag = tags.get(element);
    if (tag) event.detail.ctx.request.headers["If-None-Match"] = tag;
  });

  // A page of another kind (login, an error) never takes the place of what stands here.
  document.addEventListener("htmx:before:response", (event) => {
    const answer = event.detail.ctx.response.raw;
    if (answer.redirected) location.reload();
    if (isLive(event.target)) unanswered(!answer.ok && answer.status !== 304);
    if (answer.redirected || answer.status !== 200) return event.preventDefault();
    tags.set(event.target, answer.headers.get("ETag"));
  });

  document.addEventListener("htmx:error", (event) => {
    if (isLive(event.target)) unanswered(true);
  });

  const unanswered = (is) => {
    document.getElementById("unanswered").hidden = !is;
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && live()) htmx.trigger(live(), "look");
  });

  // -- what changes above the reader does not move what is read

  let held = null;

  const isInSight = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > document.querySelector("header").getBoundingClientRect().bottom && top < innerHeight;
  };

  const whatIsRead = () => {
    const touched = document.activeElement?.closest("#main [id]");
    if (touched && isInSight(touched)) return touched;
    const innermost = [...document.querySelectorAll("#main [id]")].filter((one) => !one.querySelector("[id]"));
    return scrollY > 0 && innermost.find(isInSight);
  };

  document.addEventListener("htmx:before:swap", (event) => {
    if (!isLive(event.target)) return;
    const element = whatIsRead();
    held = element ? { element, top: element.getBoundingClientRect().top } : null;
  });

  document.addEventListener("htmx:after:swap", () => {
    if (held?.element.isConnected) scrollBy(0, held.element.getBoundingClientRect().top - held.top);
    held = null;
  });

  // -- copy

  const copied = async (source) => {
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text); // only on https and on this machine
    } catch {
      getSelection().selectAllChildren(source);
      source.select?.();
      return document.execCommand("copy");
    }
    return true;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.ariaLive) return;
    const words = button.textContent;
    button.ariaLive = "polite";
    button.textContent = (await copied(document.querySelector(button.dataset.copy))) ? "Copied" : "Select it and copy";
    setTimeout(() => {
      button.textContent = words;
      button.ariaLive = null;
    }, SAID_MS);
  });

  // -- keys: / to the search, Escape closes what was opened in the head

  const isTyping = () => document.activeElement?.matches("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector("main input[type=search]");
    if (event.key === "/" && search && !isTyping()) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    const open = document.querySelector("header details[open]");
    if (event.key === "Escape" && open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", (event) => {
    const open = document.querySelector("header details[open]");
    if (open && !open.contains(event.target)) open.open = false;
  });

  document.documentElement.classList.add("js");
})();
