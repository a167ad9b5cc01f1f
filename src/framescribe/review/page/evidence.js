"use strict";
window.review ??= {};

// Knows how to lay out where a caption comes from: its stages, what a person changed, facts, metadata and history.
(() => {
  const review = window.review;
  const { h } = review;
  const open = new Set(["Claims", "Fields", "Measured", "Checks", "What a person changed", "Stages", "History"]); // which parts stay open from one clip to the next

  const part = (title, ...children) => {
    const details = h("details", { class: "part", open: open.has(title) }, h("summary", { "data-focus": `part ${title}` }, title), children);
    details.addEventListener("toggle", () => open[details.open ? "add" : "delete"](title));
    return details;
  };

  /** JSON as a text, or as a block if it is long. */
  const shown = (value) => {
    if (Array.isArray(value) && value.every((one) => typeof one !== "object" && String(one).length < 40)) return value.join(", ");
    if (typeof value !== "object") return String(value);
    const line = Object.entries(value).map(([name, one]) => `${name} ${typeof one === "object" ? JSON.stringify(one) : one}`).join(", ");
    return line.length <= 80 && !Array.isArray(value) ? line : h("pre", { dir: "auto" }, JSON.stringify(value, null, 1));
  };

  const facts = (entries) => {
    const kept = entries.filter(([, value]) => value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0));
    return kept.length > 0 && h("dl", { class: "facts-list" }, kept.map(([name, value]) => [
      h("dt", null, name), h("dd", { dir: "auto" }, shown(value)),
    ]));
  };

  const stage = (one) => h("section", { class: "stage-text" },
    h("h3", null, one.name, " ", h("span", { class: "quiet" }, [one.engine, one.model].filter(Boolean).join(" · "))),
    one.text !== null && one.text !== undefined && h("p", { class: "text well", dir: "auto" }, one.text || "(nothing)"),
    one.flags?.length > 0 && h("p", { class: "marks" }, one.flags.map((flag) => h("span", { class: "mark flagged" }, flag))),
    one.output !== null && one.output !== undefined && h("div", { class: "well", dir: "auto" }, shown(one.output)),
    h("p", { class: "facts", dir: "auto" }, [
      one.attempts > 1 && review.plural(one.attempts, "attempt"),
      (one.prompt_tokens || one.completion_tokens) && `${review.number(one.prompt_tokens ?? 0)} tokens in, ${review.number(one.completion_tokens ?? 0)} out`,
      one.cost && `cost ${one.cost}`, one.prompt_sha256 && `prompt ${one.prompt_sha256.slice(0, 12)}`,
      ...Object.entries(one.other ?? {}).filter(([, value]) => value !== null).map(([name, value]) => [name, " ", shown(value)]),
    ].filter(Boolean).map((fact, at) => [at > 0 && " · ", fact])));

  const FIELDS = { caption: "Caption", lock: "Lock", note: "Note", verdict: "Verdict" };

  const WORDS = {
    frames: (at) => `Caption of frame ${Number(at) + 1}`,
    captions: (name) => `Length ${name}`,
    segments: (at) => `Caption of segment ${Number(at) + 1}`,
  };

  /** What the text of a field is called; nothing if it holds none. */
  const titled = (field, named) => {
    const [, segment, at] = field.match(/^(?:segments\[(\d+)\]\.)?fields\.(.+)$/s) ?? [];
    if (at) return `Field ${review.checks.spelled(at)}${segment === undefined ? "" : ` of segment ${Number(segment) + 1}`}`;
    return field === "caption" || field === "note" ? FIELDS[field] : WORDS[named?.[1]]?.(named[2]);
  };

  const what = ({ field, old, new: now, made_by: by }) => {
    const named = field.match(/^(\w+)\[(.*)\]$/s);
    const words = titled(field, named);
    if (words) {
      const title = field === "caption" && by ? `Caption taken from ${by.model ?? "a model"}` : words;
      return [h("b", null, title), now === null && field !== "note" ? " put back" : null, h("p", { class: "diff", dir: "auto" }, review.words.diff(old ?? "", now ?? ""))];
    }
    if (named?.[1] === "tags") return h("b", null, now === null ? `Tag “${named[2]}” taken off` : `Tagged “${named[2]}”`);
    if (named?.[1] === "versus") return h("b", null, now === null ? `Judgement against ${named[2]} taken back` : `Judged against ${named[2]}`);
    if (field === "lock") return h("b", null, now === null ? "Unlocked" : "Locked");
    if (field === "verdict") return h("b", null, now === null ? "Verdict taken back" : now === "accepted" ? "Accepted" : "Rejected");
    return h("b", null, `${FIELDS[field] ?? field}${now === null ? " taken back" : ""}`);
  };

  const history = (entries) => h("ol", { class: "history" }, entries.map((entry) => h("li", { class: entry.undone && "undone" },
    h("div", { class: "who" }, h("span", null, entry.who ?? "somebody"), " ", h("time", { datetime: entry.when }, review.date(entry.when)),
      entry.batch && h("span", { class: "mark" }, "with others"), entry.undoes && h("span", { class: "mark" }, "undo"), entry.undone && h("span", { class: "mark" }, "undone")),
    h("div", null, what(entry)),
    review.source.live && !entry.undone && !entry.undoes && h("button", {
      class: "link", "data-focus": `undo ${entry.edit}`, onclick: () => review.told(review.changes.undo({ edit: entry.edit })),
    }, "Undo"))));

  /** Everything about a whole row but its caption, folded into parts. `play(seconds)` plays from there,
   *  `show_frame(number)` shows a sampled frame, `editor` makes what changes a text. */
  review.evidence = (row, play, show_frame, editor) => {
    const changed = row.model_caption !== null && row.model_caption !== undefined && row.model_caption !== row.caption;
    const entries = (row.history ?? []).filter((entry) => entry.field !== "seen"); // written by going on, of no interest here
    const size = row.size ? `${review.number(Math.round(row.size / 1024))} KiB` : null;
    const checked = review.checks.rest(row);
    const measured = review.measured(row, play), claims = review.claims(row, show_frame);
    return [
      claims && part("Claims", claims),
      row.fields && part("Fields", review.fields(row, row.fields, null, editor)),
      measured && part("Measured", measured),
      checked.length > 0 && part("Checks", checked),
      changed && part("What a person changed", h("p", { class: "diff well", dir: "auto" }, review.words.diff(row.model_caption, row.caption ?? ""))),
      row.stages?.length > 0 && part("Stages", row.stages.map(stage)),
      entries.length > 0 && part("History", history(entries)),
      part("File", facts([
        ["path", row.video_path], ["duration", row.duration && review.time(row.duration, 2)], ["frames", row.count_of_frames],
        ["frames per second", row.fps && Number(row.fps.toFixed(3))], ["picture", row.width && `${row.width} × ${row.height}`], ["codec", row.codec], ["size", size],
      ])),
      Object.keys(row.metadata ?? {}).length > 0 && part("Metadata", facts(Object.entries(row.metadata))),
      Object.keys(row.provenance ?? {}).length > 0 && part("Provenance", h("pre", { dir: "auto" }, JSON.stringify(row.provenance, null, 1))),
    ];
  };
})();
