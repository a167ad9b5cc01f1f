"use strict";
window.review ??= {};

// Knows how to say what was measured in a clip's pixels; a time in it leads to that moment of the clip.
(() => {
  const review = window.review;
  const { h } = review;
  const SAID = {
    static: "static", pan_left: "pans left", pan_right: "pans right", tilt_up: "tilts up", tilt_down: "tilts down",
    zoom_in: "zooms in", zoom_out: "zooms out", roll_cw: "rolls clockwise", roll_ccw: "rolls counterclockwise", shake: "shakes",
  };
  const SIDES = { left: "left", right: "right", top: "top", bottom: "bottom" };

  const percent = (share) => `${Math.round(100 * share)} %`;
  const rounded = (number) => String(Number(number.toPrecision(2)));
  const all = (list) => {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError("no list");
    return list ?? [];
  };
  const joined = (parts, by = ", ") => parts.map((part, at) => [at > 0 && by, part]);

  const measured = (row, play) => {
    let count = 0;
    const at = (seconds, text = review.time(seconds, 1)) =>
      h("button", { class: "link", "data-focus": `measured ${(count += 1)}`, "aria-label": `Play the clip from ${review.time(seconds, 1)}`, onclick: () => play(seconds) }, text);
    const span = ([start, end]) => at(start, `${review.time(start, 1)}–${review.time(end, 1)}`);
    const spans = (list) => joined(all(list).map(span));

    const move = ({ label, spans: when }, sure) => [
      !sure && "perhaps ", SAID[label] ?? label, all(when).length > 0 && label !== "static" && [" (", spans(when), ")"],
    ];
    const shot = (one) => {
      const moves = [...all(one.moves).map((each) => move(each, true)), ...all(one.maybe).map((each) => move(each, false))];
      return moves.length > 0 ? joined(moves) : "cannot tell";
    };

    const WORDS = {
      camera: ({ shots }) => all(shots).length === 1 ? shot(shots[0]) : h("ol", { class: "plain" }, all(shots).map((one) => h("li", null, span([one.start, one.end]), ": ", shot(one)))),
      motion: ({ objects, speed, amount }) => `amount ${rounded(amount)}; ${percent(objects)} of the picture moves on its own${objects > 0 && speed > 0 ? `, at ${rounded(speed)} widths a second` : ""}`,
      cuts: ({ cuts, fades }) => [
        cuts.length > 0 ? [review.plural(cuts.length, "cut"), ": ", joined(cuts.map((time) => at(time)))] : "none",
        all(fades).map(({ start, end, kind }) => ["; ", kind.replaceAll("_", " "), " ", span([start, end])]),
      ],
      still: ({ frozen, repeated, share }) => [
        share > 0 ? `nothing changes for ${percent(share)} of the time` : "always something changes",
        all(frozen).length > 0 && ["; frozen ", spans(frozen)], all(repeated).length > 0 && ["; repeats itself ", spans(repeated)],
      ],
      borders: (sides) => Object.keys(SIDES).filter((side) => sides[side] > 0).map((side) => `${side} ${percent(sides[side])}`).join(", ") || "none",
      light: ({ brightness, contrast, dark, bright, cast, flashes }) => [
        `brightness ${percent(brightness)}, contrast ${percent(contrast)}`, dark > 0 && `; ${percent(dark)} of the frames near black`, bright > 0 && `; ${percent(bright)} near white`,
        cast && `; ${cast.colour} cast`, all(flashes).length > 0 && ["; flashes at ", joined(flashes.map((time) => at(time)))],
      ],
      sharpness: ({ blur, noise }) => `blur ${percent(blur)}, noise ${rounded(noise)} levels`,
      overlay: ({ static: still }) => all(still).length > 0 ? joined(still.map(({ kind, share, box }) => `${kind} ${place(box)}, ${percent(share)} of the time`), "; ") : "none",
      text: ({ lines, area }) => all(lines).length > 0 ? [`${percent(area)} of the picture: `, joined(lines.map(({ text, start }) => [h("q", { dir: "auto" }, text), " at ", at(start)]))] : "none",
    };
    const TITLES = { camera: "Camera", motion: "Motion", cuts: "Cuts", still: "Standing still", borders: "Bars", light: "Light", sharpness: "Sharpness", overlay: "Overlays", text: "Text" };

    const said = (name, fact) => {
      if (fact.cannot_tell) return h("span", { class: "quiet" }, "cannot tell");
      try {
        return WORDS[name](fact);
      } catch { // in the shape of another version
        return h("pre", { dir: "auto" }, JSON.stringify(fact, null, 1));
      }
    };
    return h("dl", { class: "facts-list" }, Object.keys(WORDS).filter((name) => row.facts[name]).map((name) => [h("dt", null, TITLES[name]), h("dd", null, said(name, row.facts[name]))]));
  };

  /** Where a box ([x0, y0, x1, y1], shares of the picture) lies: "at the top left". */
  const place = ([x0, y0, x1, y1]) => {
    const third = (middle, names) => names[Math.min(2, Math.floor(3 * middle))];
    const where = [third((y0 + y1) / 2, ["top", "", "bottom"]), third((x0 + x1) / 2, ["left", "", "right"])].filter(Boolean).join(" ");
    return where ? `at the ${where}` : "in the middle";
  };

  /** What was measured in a clip; null if nothing was. `play(seconds)` plays from there. */
  review.measured = (row, play) => (Object.keys(row.facts ?? {}).length > 0 ? measured(row, play) : null);
})();
