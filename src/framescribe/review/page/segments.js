"use strict";
window.review ??= {};

// Knows how the segments of a clip are shown: a bar below the player, and a list from which each is played.
(() => {
  const review = window.review;
  const { h } = review;

  const ends = ({ start, end }, digits) => `${review.time(start, digits)}–${review.time(end, digits)}`;

  /** Where a time lies in the clip, as CSS says it. */
  const share = (time, whole) => `${Math.max(0, Math.min(100, (100 * time) / whole))}%`;

  const unfolded = new Set(); // the fields of which segments are, so that they stay so when the list is drawn anew

  const fields_of = (row, one, at, editor) => {
    const name = `${row.key} ${at}`;
    const details = h("details", { open: unfolded.has(name) }, h("summary", { "data-focus": `fields ${at}` }, "Fields"), review.fields(row, one.fields, at, editor));
    details.addEventListener("toggle", () => unfolded[details.open ? "add" : "delete"](name));
    return details;
  };

  /** The caption of a segment, which a person may change; a single segment's is the clip's own. */
  const caption = (row, one, at, several, told, editor) => {
    const field = `segments[${at}]`;
    const edited = field in (row.model_texts ?? {});
    const words = (text) => review.checks.text(text, edited ? [] : told);
    if (!several || one.caption === null) return h("p", { class: ["text", "checked", !one.caption && "none"], dir: "auto" }, one.caption ? words(one.caption) : "No caption.");
    return [
      edited && h("span", { class: "mark person" }, "edited"),
      editor(field, one.caption, { label: `Caption of segment ${at + 1}`, none: "No caption.", locked: row.locked, display: words }).element,
    ];
  };

  /** The segments of a row: {bar, list, onscreen(seconds)}; null if it has none. `play(seconds)` plays from there,
   *  `editor` makes what changes a text. */
  review.segments = (row, play, editor) => {
    const all = row.segments ?? [];
    if (all.length === 0) return null;
    const whole = Math.max(row.duration ?? 0, ...all.map(({ end }) => end)) || 1;
    const digits = all.every(({ start, end }) => Number.isInteger(start) && Number.isInteger(end)) ? 0 : 1;

    // For the eye and the mouse: the list says the same to everybody.
    const bar = h("div", { class: "segment-bar", "aria-hidden": "true" }, all.map((one, at) => {
      const piece = h("button", { tabindex: "-1", title: `${ends(one, digits)}${one.caption ? `: ${one.caption}` : ""}`, class: faulty(row, at) && "faulty", onclick: () => play(one.start) });
      piece.style.left = share(one.start, whole);
      piece.style.width = share(one.end - one.start, whole);
      return piece;
    }));

    const list = h("ol", { class: "segments", role: "list", "aria-label": "Segments" }, all.map((one, at) => {
      const told = review.checks.of(row, `segment ${at}`);
      return h("li", null,
        h("button", { class: "quiet", "data-focus": `segment ${at}`, "aria-label": `Play segment ${at + 1}, from ${review.time(one.start, digits)} to ${review.time(one.end, digits)}`, onclick: () => play(one.start) }, review.icon("play"), ends(one, digits)),
        h("div", null,
          caption(row, one, at, all.length > 1, told, editor),
          review.checks.below(row, `segments[${at}]`, told),
          one.fields && fields_of(row, one, at, editor)));
    }));

    return {
      bar,
      list,
      onscreen(time) {
        const current = all.findLastIndex(({ start }) => start <= time + 1e-3);
        for (const place of [bar, list]) [...place.children].forEach((one, at) => one.classList.toggle("current", at === current));
      },
    };
  };

  const faulty = (row, at) => !(`segments[${at}]` in (row.model_texts ?? {})) && review.checks.of(row, `segment ${at}`).some((one) => one.found?.length > 0);
})();
