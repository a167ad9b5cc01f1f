"use strict";
window.review ??= {};

// Knows how the segments of a clip are shown: a bar below the player, and a list from which each is played.
(() => {
  const review = window.review;
  const { h } = review;

  const ends = ({ start, end }, digits) => `${review.time(start, digits)}–${review.time(end, digits)}`;

  /** Where a time lies in the clip, as CSS says it. */
  const share = (time, whole) => `${Math.max(0, Math.min(100, (100 * time) / whole))}%`;

  /** The segments of a row: {bar, list, onscreen(seconds)}; null if it has none. `play(seconds)` plays from there. */
  review.segments = (row, play) => {
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
      const fields = one.fields && review.fields(row, one.fields, `fields ${at}`);
      return h("li", null,
        h("button", { class: "quiet", "data-focus": `segment ${at}`, "aria-label": `Play segment ${at + 1}, from ${review.time(one.start, digits)} to ${review.time(one.end, digits)}`, onclick: () => play(one.start) }, review.icon("play"), ends(one, digits)),
        h("div", null,
          h("p", { class: ["text", "checked", !one.caption && "none"], dir: "auto" }, one.caption ? review.checks.text(one.caption, told) : "No caption."),
          review.checks.notes(row, told),
          fields && h("details", null, h("summary", { "data-focus": `fields ${at}` }, "Fields"), fields)));
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

  const faulty = (row, at) => review.checks.of(row, `segment ${at}`).some((one) => one.found?.length > 0);
})();
