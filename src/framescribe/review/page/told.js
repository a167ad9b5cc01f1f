"use strict";
window.review ??= {};

// Knows how to show what was written of a clip besides its caption: captions of other lengths, fields, and what changed
// from frame to frame.
(() => {
  const review = window.review;
  const { h } = review;
  const NOTHING = new Set(["", "not sure", "none"]);

  // ------------------------------------------------------------------------------------------------- lengths

  const length = (row, { name, text, is_caption: is }) => {
    const told = review.checks.of(row, `length ${name}`);
    return h("li", null,
      h("h3", null, name, " ", h("span", { class: "quiet" }, review.plural(review.words.count(text), "word")),
        is && [" ", h("span", { class: "mark" }, "the caption")]),
      (text !== row.caption || told.some((one) => one.found?.length > 0)) && h("p", { class: "text checked", dir: "auto" }, review.checks.text(text, told)),
      review.checks.notes(row, told));
  };

  // -------------------------------------------------------------------------------------------------- fields

  const says_nothing = (value) => value === null || value === undefined || (typeof value === "string" && NOTHING.has(value))
    || (typeof value === "object" && Object.values(value).every(says_nothing));

  const words_of = (name) => name.replaceAll("_", " ");
  const titled = (name) => words_of(name).replace(/^./u, (letter) => letter.toUpperCase());

  const camera = ({ movement, direction, speed, ...rest }) =>
    [[movement, direction].filter((one) => !says_nothing(one)).join(" "), speed, ...Object.values(rest)].filter((one) => !says_nothing(one)).join(", ");

  /** A value of any shape, `path` being where it is; texts with their faults. */
  const shown = (value, path, told) => {
    if (Array.isArray(value)) {
      return h("ul", { class: "plain" }, value.map((one, at) => !says_nothing(one) && h("li", null, shown(one, `${path}[${at}]`, told))));
    }
    if (typeof value === "object") {
      return h("dl", { class: "facts-list" }, Object.entries(value).map(([name, one]) => !says_nothing(one) && [h("dt", null, words_of(name)), h("dd", null, shown(one, `${path}.${name}`, told))]));
    }
    return review.checks.text(String(value), told, path);
  };

  const subject = (one, at, told) => {
    const { what, ...rest } = one;
    return h("li", null, !says_nothing(what) && h("b", null, shown(what, `subjects[${at}].what`, told)), shown(rest, `subjects[${at}]`, told));
  };

  const SPECIAL = {
    subjects: (value, told) => Array.isArray(value) && value.every((one) => one && typeof one === "object") && h("ul", { class: "subjects" }, value.map((one, at) => subject(one, at, told))),
    actions: (value, told) => Array.isArray(value) && h("ol", null, value.map((one, at) => h("li", null, shown(one, `actions[${at}]`, told)))),
    camera: (value) => value && typeof value === "object" && Object.values(value).every((one) => typeof one === "string") && camera(value),
    text: (value, told) => Array.isArray(value) && value.every((one) => typeof one === "string") && h("ul", { class: "plain" }, value.map((one, at) => h("li", null, h("q", null, shown(one, `text[${at}]`, told))))),
  };

  const TITLES = { text: "Text in the picture" };

  const fields = (value, told) => {
    const known = Object.entries(value);
    const missing = known.filter(([, one]) => says_nothing(one)).map(([name]) => words_of(name));
    return [
      h("dl", { class: "fields checked", dir: "auto" }, known.filter(([, one]) => !says_nothing(one)).map(([name, one]) => [
        h("dt", null, TITLES[name] ?? titled(name)), h("dd", null, SPECIAL[name]?.(one, told) || shown(one, name, told)),
      ])),
      missing.length > 0 && h("p", { class: "facts" }, `Empty or not sure: ${missing.join(", ")}`),
    ];
  };

  // --------------------------------------------------------------------------------------------------- steps

  const time_of = (row, index) => {
    const time = row.frame_captions?.find((frame) => frame.index === index)?.time;
    return typeof time === "number" ? review.time(time, 2) : `frame ${index}`;
  };

  const step = (row, one) => {
    const told = review.checks.of(row, `step ${one.index}`);
    const list = (name) => (Array.isArray(one[name]) ? one[name] : []).filter((text) => typeof text === "string");
    const changed = list("changed"), present = list("present");
    if (one.same_as !== undefined) return h("p", { class: "quiet" }, `Not asked: nearly the same picture as at ${time_of(row, one.same_as)}`);
    return h("div", { class: "step" },
      changed.length > 0 ? changed.map((text, at) => h("p", { class: "text checked", dir: "auto" }, review.checks.text(text, told, `changed[${at}]`))) : h("p", { class: "quiet" }, "Nothing changed"),
      typeof one.camera === "string" && !NOTHING.has(one.camera) && h("p", { class: "checked", dir: "auto" }, h("span", { class: "quiet" }, "Camera: "), review.checks.text(one.camera, told, "camera")),
      present.length > 0 && h("p", { class: "quiet small checked", dir: "auto" }, "There: ", present.map((text, at) => [at > 0 && "; ", review.checks.text(text, told, `present[${at}]`)])),
      review.checks.notes(row, told));
  };

  review.lengths = (row) => row.captions?.length > 0 && h("section", { "aria-label": "Lengths" },
    row.captions_outdated && h("p", { class: "quiet" }, "These were made before the caption was corrected. No export takes them; the next framescribe caption makes them anew."),
    h("ul", { class: "lengths", role: "list" }, row.captions.map((one) => length(row, one))));

  /** The fields of the clip, or of one of its segments (`place`: "fields 2"). */
  review.fields = (row, value = row.fields, place = "fields") => {
    if (!value) return null;
    const told = review.checks.of(row, place);
    return [fields(value, told), review.checks.notes(row, told)];
  };

  /** What changed from the frame before to this one; nothing if that was not asked. */
  review.step = (row, index) => {
    const one = row.steps?.find((each) => each.index === index);
    return one ? step(row, one) : null;
  };
})();
