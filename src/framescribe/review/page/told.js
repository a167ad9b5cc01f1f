"use strict";
window.review ??= {};

// Knows how to show what was written of a clip besides its caption: captions of other lengths, fields, and what changed
// from frame to frame.
(() => {
  const review = window.review;
  const { h } = review;
  const NOTHING = new Set(["", "not sure", "none"]);

  // ------------------------------------------------------------------------------------------------- lengths

  const length = (row, { name, text, is_caption: is }, editor) => {
    const told = review.checks.of(row, `length ${name}`);
    const field = `captions[${name}]`;
    const edited = field in (row.model_texts ?? {});
    const words = (said) => review.checks.text(said, edited ? [] : told);
    return h("li", null,
      h("h3", null, name, " ", h("span", { class: "quiet" }, review.plural(review.words.count(is ? row.caption ?? "" : text), "word")),
        is && [" ", h("span", { class: "mark" }, "the caption")], edited && [" ", h("span", { class: "mark person" }, "edited")]),
      is ? told.some((one) => one.found?.length > 0) && h("p", { class: "text checked", dir: "auto" }, words(text))
        : editor(field, text, { label: `Length ${name}`, locked: row.locked, display: words }).element,
      review.checks.below(row, field, told));
  };

  // -------------------------------------------------------------------------------------------------- fields

  const says_nothing = (value) => value === null || value === undefined || (typeof value === "string" && NOTHING.has(value))
    || (typeof value === "object" && Object.values(value).every(says_nothing));

  const words_of = (name) => name.replaceAll("_", " ");
  const titled = (name) => words_of(name).replace(/^./u, (letter) => letter.toUpperCase());

  const camera = ({ movement, direction, speed, ...rest }) =>
    [[movement, direction].filter((one) => !says_nothing(one)).join(" "), speed, ...Object.values(rest)].filter((one) => !says_nothing(one)).join(", ");

  /** A value of any shape, `path` being where it is. `as`: {text(text, path), how a text is shown; all, whether also those
   *  that say nothing; edited(name), whether a person changed a field}. */
  const shown = (value, path, as) => {
    const hidden = (one) => !as.all && says_nothing(one);
    if (Array.isArray(value)) {
      return h("ul", { class: "plain" }, value.map((one, at) => !hidden(one) && h("li", null, shown(one, `${path}[${at}]`, as))));
    }
    if (value !== null && typeof value === "object") {
      return h("dl", { class: "facts-list" }, Object.entries(value).map(([name, one]) => !hidden(one) && [h("dt", null, words_of(name)), h("dd", null, shown(one, `${path}.${name}`, as))]));
    }
    return as.text(String(value ?? ""), path);
  };

  const subject = (one, at, as) => {
    const { what, ...rest } = one;
    return h("li", null, !says_nothing(what) && h("b", null, shown(what, `subjects[${at}].what`, as)), shown(rest, `subjects[${at}]`, as));
  };

  const SPECIAL = {
    subjects: (value, as) => Array.isArray(value) && value.every((one) => one && typeof one === "object") && h("ul", { class: "subjects" }, value.map((one, at) => as.all ? h("li", null, shown(one, `subjects[${at}]`, as)) : subject(one, at, as))),
    actions: (value, as) => Array.isArray(value) && h("ol", null, value.map((one, at) => h("li", null, shown(one, `actions[${at}]`, as)))),
    camera: (value, as) => !as.all && value && typeof value === "object" && Object.values(value).every((one) => typeof one === "string") && camera(value),
    text: (value, as) => !as.all && Array.isArray(value) && value.every((one) => typeof one === "string") && h("ul", { class: "plain" }, value.map((one, at) => h("li", null, h("q", null, shown(one, `text[${at}]`, as))))),
  };

  const TITLES = { text: "Text in the picture" };
  let changing = false; // whether fields are shown as what changes them, from one clip to the next

  const fields = (value, as) => {
    const known = Object.entries(value);
    const missing = as.all ? [] : known.filter(([, one]) => says_nothing(one)).map(([name]) => words_of(name));
    return [
      h("dl", { class: ["fields", "checked", as.all && "changing"], dir: "auto" }, known.filter(([, one]) => as.all || !says_nothing(one)).map(([name, one]) => [
        h("dt", null, TITLES[name] ?? titled(name), as.edited(name) && [" ", h("span", { class: "mark person" }, "edited")]), h("dd", null, SPECIAL[name]?.(one, as) || shown(one, name, as)),
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

  review.lengths = (row, editor) => row.captions?.length > 0 && h("section", { "aria-label": "Lengths" },
    row.captions_outdated && h("p", { class: "quiet" }, "These were made before the caption was corrected. No export takes them, but for those that a person edited; the next framescribe caption makes the others anew."),
    h("ul", { class: "lengths", role: "list" }, row.captions.map((one) => length(row, one, editor))));

  /** The fields of the clip, or of its segment of this number; `editor` makes what changes a text. */
  review.fields = (row, value, segment, editor) => {
    const told = review.checks.of(row, segment === null ? "fields" : `fields ${segment}`);
    const inside = segment === null ? "fields" : `segments[${segment}].fields`;
    const changed = Object.keys(row.model_texts ?? {}).filter((field) => field.startsWith(`${inside}.`)).map((field) => field.slice(inside.length + 1));
    const edited = (name) => changed.some((path) => path.split(/[.[]/)[0] === name);
    const words = (text, path) => review.checks.text(text, changed.includes(path) ? [] : told, path);
    const box = (text, path) => editor(`${inside}.${path}`, text, {
      label: `${titled(review.checks.spelled(path))}${segment === null ? "" : ` of segment ${segment + 1}`}`, none: "Nothing.", locked: row.locked,
      choices: review.result?.choices?.[path.replace(/\[\d+\]/g, "[]")], display: (now) => words(now, path),
    }).element;
    const left = told.map((one) => ({ ...one, found: one.found?.filter(({ field }) => !changed.includes(field)) }));
    const place = h("div");
    const draw = () => {
      const on = changing && review.source.live && !row.locked;
      review.keeping_focus(() => review.fill(place,
        fields(value, { edited, text: on ? box : words, all: on }), review.checks.notes(row, left),
        review.source.live && h("button", { "aria-pressed": on, disabled: row.locked, "data-focus": `change ${inside}`, onclick: () => { changing = !changing; draw(); } }, "Edit the fields")));
    };
    draw();
    return place;
  };

  /** What changed from the frame before to this one; nothing if that was not asked. */
  review.step = (row, index) => {
    const one = row.steps?.find((each) => each.index === index);
    return one ? step(row, one) : null;
  };
})();
