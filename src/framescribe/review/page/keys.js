"use strict";
window.review ??= {};

// Knows which key does what in which view, and when a key belongs to the field one is typing in.
(() => {
  const review = window.review;
  const { h } = review;
  const bound = [];
  let held = null; // letters that wait for a box to open
  const SHOWN = { " ": "Space", ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  const TITLES = { all: "Everywhere", grid: "In the grid", clip: "One by one", compare: "Comparing" };
  const TYPED = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit])";

  /** "j", "Y", " ", "ArrowLeft", "Ctrl+z"; on a keyboard that writes another alphabet a letter goes by its place. */
  const spelled = (event) => {
    let key = event.key;
    if (key.length === 1 && key > "~") key = event.code.replace(/^Key/, "").toLowerCase();
    return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + key;
  };

  const taken = (target, key) => {
    if (!(target instanceof Element) || target.closest("dialog:not([open])")) return false; // a closed box may keep the focus for a moment
    if (target.closest(TYPED)) return true;
    if (target.matches("input[type=range], input[type=radio]") && /^(Arrow|Home|End|Page)/.test(key)) return true;
    return (key === " " && target.closest("button, summary, input")) || (key === "Enter" && target.closest("button, summary, a, input"));
  };

  const usable = (entry) => (entry.view === "all" || entry.view === review.keys.view) && (!entry.edits || review.source.live) && entry.when();

  /** A view's own key comes before one for all. */
  const bound_to = (key) => {
    const found = bound.filter((entry) => entry.keys.includes(key) && usable(entry));
    return found.find((entry) => entry.view !== "all") ?? found[0];
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog:modal")) return;
    const key = spelled(event);
    if (taken(event.target, key)) return;
    if (held !== null) {
      if (key === "Escape") review.clip.forget();
      else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) held += event.key;
      return event.preventDefault();
    }
    if (key.length === 1 && key !== "?" && review.habit("keys") === false) return;
    const entry = bound_to(key) ?? bound_to(key.toLowerCase()); // with Caps Lock on, too
    if (!entry) return;
    event.preventDefault();
    if (!event.repeat || entry.repeat) entry.run(event);
  });

  const shown = (key) => key.split(/(?<=.)\+/).map((part, index) => [index ? " + " : null, h("kbd", null, SHOWN[part] ?? part)]);

  const map = () => {
    const single = h("input", { type: "checkbox", checked: review.habit("keys") !== false, onchange: () => review.habit("keys", single.checked) });
    const groups = Object.entries(TITLES).map(([view, title]) => {
      const entries = bound.filter((entry) => entry.view === view && entry.label && (!entry.edits || review.source.live) && entry.when());
      return entries.length > 0 && h("section", null, h("h3", null, title), h("dl", { class: "keys" }, entries.map((entry) => [
        h("dt", null, entry.keys.map((key, index) => [index ? " or " : null, shown(key)])), h("dd", null, entry.label),
      ])));
    });
    review.dialog("Keyboard", h("div", null, h("label", { class: "check" }, single, "Use keys that are a single letter"), h("div", { class: "keymap" }, groups)), { wide: true });
  };

  review.keys = {
    /** The view that is open: "grid", "clip", "charts" or "compare". */
    view: "grid",
    /** view: one of those or "all"; keys: one or a list; label: for the map (null hides it there); `edits`: not on a
     *  saved page; `repeat`: also while it is held down; `when`: only while this is true. */
    add(view, keys, label, run, { edits = false, repeat = false, when = () => true } = {}) {
      bound.push({ view, keys: [keys].flat(), label, run, edits, repeat, when });
    },
    map,
    /** A box is about to open: what is typed until `release` belongs into it, and is no command. */
    hold() { held ??= ""; },
    /** Put what was held into the field that has the focus now. */
    release() {
      const field = document.activeElement;
      if (held && field?.matches("textarea, input")) {
        field.setRangeText(held, field.selectionStart, field.selectionEnd, "end");
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      held = null;
    },
  };
  review.keys.add("all", "?", "Show this map", map);
})();
