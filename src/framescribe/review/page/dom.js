"use strict";
window.review ??= {};

// Knows how values become elements and legible texts; knows nothing of clips. Text is only ever put in as text.
(() => {
  const review = window.review;
  const PROPERTIES = new Set(["value", "checked", "indeterminate", "disabled", "muted", "readOnly", "hidden"]);

  /** An element: names that begin with "on" are listeners, `class` may be a list, children may be nested lists;
   *  null, undefined and false leave an attribute or a child out (but aria-…: false says "false"). */
  review.h = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (PROPERTIES.has(name)) element[name] = value;
      else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
      else if (name === "class") element.className = [value].flat().filter(Boolean).join(" ");
      else if (value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    if (tag === "button" && !element.hasAttribute("type")) element.type = "button";
    element.append(...kept(children));
    return element;
  };

  const kept = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

  /** Put these children in place of what the element holds. */
  review.fill = (element, ...children) => {
    element.replaceChildren(...kept(children));
    return element;
  };

  const PATHS = {
    play: "M6 4l11 6.5L6 17z",
    pause: "M5 4h4v13H5zM12 4h4v13h-4z",
    back: "M15 4L7 10.5 15 17zM4 4h2v13H4z",
    forth: "M6 4l8 6.5L6 17zM15 4h2v13h-2z",
    loop: "M4 9a6 6 0 0 1 10.2-3.6L16 7V3l2 0v7h-7V8h3.2l-1.3-1.3A4 4 0 0 0 6 9zM17 12a6 6 0 0 1-10.2 3.6L5 14v4H3v-7h7v2H6.800l1.300 1.300A4 4 0 0 0 15 12z",
    left: "M13 3.500l1.500 1.500-5.500 5.500 5.500 5.500L13 17.500l-7-7z",
    right: "M8 3.500L6.500 5l5.500 5.500L6.500 16 8 17.500l7-7z",
    sound: "M3 8h3l4-4v13l-4-4H3zM12.500 6.500a5 5 0 0 1 0 8v-2a3 3 0 0 0 0-4zM14 3.500a8 8 0 0 1 0 14v-2.200a6 6 0 0 0 0-9.600z",
    silent: "M3 8h3l4-4v13l-4-4H3zM12.500 8l1.300-1.300 1.700 1.700 1.700-1.700L18.500 8l-1.700 1.700 1.700 1.700-1.300 1.300-1.700-1.700-1.700 1.700-1.300-1.300 1.700-1.700z",
    full: "M3 3h6v2H5v4H3zM12 3h6v6h-2V5h-4zM3 12h2v4h4v2H3zM16 12h2v6h-6v-2h4z",
    close: "M5.400 4L10.500 9.100 15.600 4 17 5.400 11.900 10.500 17 15.600 15.600 17 10.500 11.900 5.400 17 4 15.600 9.100 10.500 4 5.400z",
  };

  /** A small drawing, silent for a screen reader: the button around it carries the name. */
  review.icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 21 21");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
  };

  const number = new Intl.NumberFormat("en");
  review.number = (value) => number.format(value);
  review.plural = (count, one, many = `${one}s`) => `${number.format(count)} ${count === 1 ? one : many}`;

  /** Seconds as 0:03, or as 0:03.25 with `digits` = 2. */
  review.time = (seconds, digits = 0) => {
    const whole = Math.max(0, Number(seconds.toFixed(digits)));
    const minutes = Math.floor(whole / 60);
    const rest = (whole - minutes * 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
    return `${minutes}:${rest}`;
  };

  /** An ISO date as the reader's clock shows it. */
  review.date = (iso) => {
    const date = new Date(iso);
    return Number.isNaN(date.getTime()) ? String(iso) : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  };

  /** Render again without taking the focus away: what had it is found again by its `data-focus`. */
  review.keeping_focus = (render) => {
    const name = document.activeElement?.dataset?.focus;
    render();
    if (name && document.activeElement === document.body) document.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  };

  /** What this browser remembers of a person's habits; nothing where storage is not allowed. */
  review.habit = (name, value) => {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(`framescribe.${name}`));
      localStorage.setItem(`framescribe.${name}`, JSON.stringify(value));
    } catch { /* then it is not remembered */ }
    return value ?? null;
  };
})();
