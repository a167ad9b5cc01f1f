"use strict";
window.review ??= {};

// Knows how to show what a caption claims, and what the frames say of it: where each claim stands, and which frames
// decided it.
(() => {
  const review = window.review;
  const { h } = review;
  const SIGNS = { supported: "✓", contradicted: "✗", undecided: "?" };
  const WORST = ["contradicted", "undecided", "supported"];

  const mended = { cut: "cut out", rewritten: "written anew" };

  const claim = (row, one, show, at) => {
    const frames = (one.frames ?? []).map((index) => ({ index, place: (row.frame_captions ?? []).findIndex((frame) => frame.index === index) }));
    return h("li", { class: one.verdict },
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[one.verdict] ?? "?"),
      h("div", null,
        h("span", { dir: "auto" }, one.statement), " ",
        h("span", { class: "quiet small" }, [one.verdict, one.by === "measured" && "measured", one.mended && mended[one.mended]].filter(Boolean).join(", ")),
        frames.filter(({ place }) => place >= 0).map(({ index, place }) => {
          const { time } = row.frame_captions[place];
          const text = typeof time === "number" ? review.time(time, 2) : `frame ${index}`;
          return [" ", h("button", { class: "link small", "data-focus": `claim ${at} ${index}`, "aria-label": `Show the frame at ${text}`, onclick: () => show(place) }, text)];
        })));
  };

  /** The claims of a caption, the worst first; null if it was not verified. `show(number)` shows a sampled frame. */
  review.claims = (row, show) => {
    const { claims = [], support = null, wrong = [] } = row.verified ?? {};
    if (claims.length === 0 && wrong.length === 0) return null;
    const list = (title, all) => all.length > 0 && h("ul", { class: "claims", role: "list", "aria-label": title }, all.map((one, at) => claim(row, one, show, `${title} ${at}`)));
    const sorted = claims.toSorted((one, other) => WORST.indexOf(one.verdict) - WORST.indexOf(other.verdict));
    return [
      support !== null && h("p", { class: "facts" }, `The frames support ${Math.round(100 * support)} % of what it claims.`),
      list("Claims", sorted),
      wrong.length > 0 && h("p", { class: "facts" }, "What they contradicted in the caption before:"),
      list("Contradicted before", wrong),
    ];
  };
})();
