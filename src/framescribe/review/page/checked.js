"use strict";
window.review ??= {};

// Knows how to show what the checks found in a row's texts, where, and what was done about it; and which of a row's
// texts a record is about.
(() => {
  const review = window.review;
  const { h } = review;

  const BY = { stripped: "stripped", asked: "written anew", second_model: "written by the second model" };
  const CHANGED = { fewer_frames: "fewer frames", compressed: "shortened from its text alone" };

  /** The text with the places marked. Places are counted in characters, which JavaScript's own indices are not. */
  const marked = (text, found) => {
    const letters = Array.from(text);
    const told = [];
    let at = 0;
    for (const { check, start, end, what } of [...found].sort((one, other) => one.start - other.start)) {
      if (start < at || end <= start || end > letters.length) continue; // within another, or about the whole text
      told.push(letters.slice(at, start).join(""), h("mark", { title: `${check}: ${what}` }, letters.slice(start, end).join("")));
      at = end;
    }
    return [...told, letters.slice(at).join("")];
  };

  // ------------------------------------------------------------------------------ which text a record is about

  const step_of = (row, { frame, segment }) => row.steps?.find((step) => step.index === frame && (segment === undefined || step.segment === segment));

  /** A value as a model is to write it. */
  const written = (value) => {
    if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${written(one)}`).join(", ")}}`;
  };

  /** Where a record is shown: the name of a step, of the fields, a length or a segment; null: among the checks. */
  const home = (row, one) => {
    if (one.text === "step" && step_of(row, one)) return `step ${one.frame}`;
    const segment = row.segments?.[one.segment];
    if (one.text === "structure" && (segment ?? row).fields) return segment ? `fields ${one.segment}` : "fields";
    if (one.text === "caption" && segment) return `segment ${one.segment}`;
    if (row.captions?.some(({ name }) => name === one.text)) return `length ${one.text}`;
    return null;
  };

  /** A value of the row, with the model's own texts in those fields that a person changed. */
  const models = (row, value, field) => {
    if (Array.isArray(value)) return value.map((one, at) => models(row, one, `${field}[${at}]`));
    if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, models(row, one, `${field}.${name}`)]));
    return row.model_texts?.[field] ?? value;
  };

  /** The text that stands, as the model left it. */
  const standing = (row, stage, one) => {
    const segment = row.segments?.[one.segment];
    const step = one.text === "step" && step_of(row, one);
    const { index, time, segment: part, ...value } = step || {};
    let text = null;
    if (step) text = written(value);
    else if (one.text === "structure" && (segment ?? row).fields) text = written(models(row, (segment ?? row).fields, segment ? `segments[${one.segment}].fields` : "fields"));
    else if (one.text === "frame_caption") text = row.frame_captions?.find((frame) => frame.index === one.frame)?.model_caption;
    else if (one.text === "caption") text = segment ? models(row, segment.caption, `segments[${one.segment}]`) : stage.text;
    else text = models(row, row.captions?.find(({ name }) => name === one.text)?.text, `captions[${one.text}]`);
    return text ?? null;
  };

  const known = new WeakMap(); // row → its records

  const records = (row) => {
    if (!known.has(row)) known.set(row, (row.stages ?? []).flatMap((stage) => (stage.checked ?? []).map((one) => ({ ...one, stage, home: home(row, one) }))));
    return known.get(row);
  };

  // ------------------------------------------------------------------------------------------ what was found

  const named = (flags) => flags.map((flag) => [" ", h("span", { class: "mark flagged" }, flag)]);

  const change = ([name, value]) => {
    if (name === "max_tokens") return `at most ${review.plural(value, "token")}`;
    return value === true ? CHANGED[name] ?? name : `${name} ${value}`;
  };

  const changes = (changed) => Object.entries(changed).map(change);

  const tokens = (tries) => tries.reduce((sum, one) => sum + (one.prompt_tokens ?? 0) + (one.completion_tokens ?? 0), 0);

  const tried = (one, place, stands) => h("li", { class: stands && "stands" },
    h("p", { class: "facts", dir: "auto" }, [
      place === 0 ? "first answer" : null, ...changes(one.changed ?? {}), one.finish_reason && `ended by ${one.finish_reason}`,
      tokens([one]) > 0 && review.plural(tokens([one]), "token"), one.cost && `cost ${one.cost}`, one.error,
    ].filter(Boolean).join(" · "), named(one.found ?? []), stands && [" ", h("span", { class: "mark right" }, "stands")]),
    one.text && h("p", { class: "text well", dir: "auto" }, one.text));

  const answers = (one, text) => {
    if (!one.tries?.length) return null;
    const stands = one.by === "stripped" || !one.by ? 0 : one.tries.findLastIndex((each) => each.text === (one.raw ?? text));
    const spent = tokens(one.tries.slice(1)); // the first one would have been asked for anyway
    return h("details", null, h("summary", { "data-focus": `tries ${one.stage.name} ${one.text} ${one.segment ?? ""} ${one.frame ?? ""}` },
      review.plural(one.tries.length, "answer"), spent > 0 && h("span", { class: "quiet" }, ` · ${review.plural(spent, "more token")}`)),
      h("ol", { class: "tries" }, one.tries.map((each, place) => tried(each, place, place === stands))));
  };

  /** What was wrong at first, and how the text that stands came; of one that stands as it came, `found` tells all. */
  const became = ({ before = [], by, tries = [] }) => (by ? `at first: ${before.join(", ")} · ${BY[by] ?? by}` : tries.length > 1 ? "asked again in vain" : "");

  const spelled = (field) => field.replace(/\[(\d+)\]/g, (_, at) => ` ${Number(at) + 1}`).replaceAll(".", " ").replaceAll("_", " ");

  const notes = (row, one) => {
    const text = standing(row, one.stage, one);
    const found = one.found ?? [];
    return [
      found.length > 0 && h("ul", { class: "found" }, found.map(({ check, what, field }) => h("li", null, h("span", { class: "mark flagged" }, check), " ", field && `${spelled(field)}: `, what))),
      one.raw && text !== null && h("p", { class: "diff well", dir: "auto" }, review.words.diff(one.raw, text)),
      answers(one, text),
    ];
  };

  const TITLES = { caption: "Caption", part_caption: "Segments put together from frame", frame_caption: "Caption of frame", step: "Step at frame", structure: "Fields" };

  const title = (one) => [
    TITLES[one.text] ?? one.text, one.frame !== undefined && ` ${one.frame}`, one.segment !== undefined && `, segment ${one.segment + 1}`,
  ];

  const among_checks = (row, one) => {
    const text = standing(row, one.stage, one);
    return h("section", { class: "stage-text" },
      h("h3", null, title(one), " ", h("span", { class: "quiet" }, became(one))),
      text !== null && one.found?.length > 0 && h("p", { class: "text well checked", dir: "auto" }, marked(text, one.found)),
      notes(row, one));
  };

  review.checks = {
    /** What was found in each text that is not shown in a place of its own; nothing if none had anything. */
    rest: (row) => records(row).filter((one) => one.home === null).map((one) => among_checks(row, one)),
    /** The records about what is shown at this place: "step 12", "fields", "length short", "segment 0". */
    of: (row, place) => records(row).filter((one) => one.home === place),
    /** The field of a value as people count: "subjects 2 action". */
    spelled,
    /** What a model had written, and what was found in that, below the text of a field that a person changed; else what
     *  there is to say of the records of the text. */
    below(row, field, told) {
      const before = row.model_texts?.[field];
      if (before === undefined) return review.checks.notes(row, told);
      return h("div", { class: "checked-notes" }, h("details", null, h("summary", { "data-focus": `before ${field}` }, "Before it was edited"),
        h("p", { class: "text well checked", dir: "auto" }, review.checks.text(before ?? "", told)), review.checks.notes(row, told)));
    },
    /** A text at such a place, with what was found in it marked; `field`: the part of a value that it is. */
    text: (text, told, field) => marked(text, told.flatMap((one) => one.found ?? []).filter((one) => one.field === field)),
    /** What else there is to say of such records, below their text. */
    notes: (row, told) => told.length > 0 && h("div", { class: "checked-notes" }, told.map((one) => h("div", null,
      became(one) && h("p", { class: "facts" }, became(one)), notes(row, one)))),
  };
})();
