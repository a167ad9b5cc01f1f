"use strict";
window.review ??= {};

// Knows the view of one clip: it plays, its words are read, changed and judged, and one goes on to the next.
(() => {
  const review = window.review;
  const { h } = review;
  const section = document.getElementById("clip");
  let player = null, key = null, row = null, index = null, step = 1, segments = null;
  let editors = new Map(); // field → editor, of the clip that is open
  let moving = false, pending = null;

  const part = (name) => section.querySelector(`[data-part="${name}"]`);

  const button = (label, letter, run, { name = label, ...more } = {}) =>
    h("button", { "data-focus": `do ${name}`, onclick: run, ...more }, label, letter && h("kbd", { "aria-hidden": "true" }, letter));

  const build = () => {
    player = review.player(onscreen);
    review.fill(section,
      h("div", { class: "line steps" },
        h("a", { class: "back", href: "?", "data-part": "back", onclick: (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); leave(); } } }, review.icon("left"), "All clips"),
        h("span", { class: "position quiet", role: "status", "data-part": "position" }),
        h("div", { class: "buttons" },
          button([review.icon("left"), "Previous"], "k", () => go(-1), { name: "previous" }),
          button(["Next", review.icon("right")], "j", () => go(1), { name: "next" }))),
      h("div", { class: "one" },
        h("div", { class: "pictures" }, player.element, h("div", { "data-part": "bar" }), h("div", { class: "divided", "data-part": "segments" }), h("ol", { class: "frames", role: "list", "aria-label": "Sampled frames", "data-part": "frames" })),
        h("div", { class: "words" },
          h("div", { class: "actions edits", role: "toolbar", "aria-label": "This clip", "data-part": "actions" }),
          h("div", { class: "title", "data-part": "title" }),
          h("div", { "data-part": "why" }), h("div", { "data-part": "caption" }), h("div", { "data-part": "captions" }), h("div", { "data-part": "more" }),
          h("div", { class: "evidence", "data-part": "evidence" }))));
  };

  const onscreen = (time) => {
    const items = [...part("frames")?.children ?? []];
    const current = items.findLastIndex((item) => Number(item.dataset.time) <= time + 1e-3);
    items.forEach((item, position) => item.classList.toggle("current", position === current));
    segments?.onscreen(time);
  };

  const editor = (field, text, options) => {
    const known = editors.get(field);
    if (known) {
      known.update({ text, locked: false, ...options });
      return known;
    }
    const made = (options.choices ? review.choice : review.editor)(key, { field, text, ...options });
    editors.set(field, made);
    return made;
  };

  const whole = () => row !== null && row.history !== undefined;

  /** Do this to the clip that is open, or that is just coming, as soon as it is here in full. */
  const here = (f, opens_box = true) => () => {
    pending = f;
    if (opens_box) review.keys.hold();
    settle();
  };

  const settle = () => {
    if (moving || pending === null || !whole() || review.changes.busy) return; // x, e: unlocked first, then edited
    const f = pending;
    pending = null;
    f();
    review.keys.release();
  };

  const forget = () => {
    pending = null;
    review.keys.release();
  };

  const set = (field, value, base) => review.changes.make(row.key, field, value, base);

  /** Judge the clip and go on at once: if it could not be kept, that is said, with the way back. */
  const judge = (verdict, back = false) => {
    if (!row || moving) return;
    const judged = row;
    const value = back && judged.verdict === verdict ? null : verdict;
    if (value !== null) review.changes.seen(judged);
    const said = { accepted: "Accepted", rejected: "Rejected" }[value] ?? "Taken back";
    if (judged.verdict !== value) {
      review.changes.make(judged.key, "verdict", value).then(
        ({ undo }) => review.say(`${said}: ${judged.id}`, { undo: undo && (() => review.told(undo())) }),
        (error) => review.say(`${said} was not kept for ${judged.id}: ${error.message}`, { problem: true, action: { label: "Go there", run: () => open(judged.key) } }));
    }
    if (value !== null) go(1);
  };

  const lock = here(() => review.told(set("lock", row.locked ? null : row.caption ?? "").then(({ row: now, undo }) => review.say(now.locked ? "Locked: no run and no bulk edit changes this caption." : "Unlocked.", { undo: undo && (() => review.told(undo())) }))), false);

  const edit = here(() => editors.get("caption").edit());

  const note = here(() => {
    const box = editor("note", row.note_text ?? "", NOTE);
    part("more").querySelector("[data-note]").hidden = false;
    box.edit();
  });
  const NOTE = { label: "Note", none: "No note." };

  const tags = here(() => {
    const mine = row.key;
    const known = [...new Set([...(review.result?.tags ?? []).map((tag) => tag.name), ...row.tags])].sort();
    const toggle = (name, one) => review.told(review.changes.make(mine, `tags[${name}]`, one.ariaPressed === "true" ? null : "yes").then(() => { one.ariaPressed = String(one.ariaPressed !== "true"); }));
    const chip = (name, on) => {
      const one = h("button", { class: "chip", "aria-pressed": on, onclick: () => toggle(name, one) }, name);
      return one;
    };
    const chips = h("div", { class: "buttons" }, known.map((name) => chip(name, row.tags.includes(name))));
    const box = h("input", { autofocus: true, autocomplete: "off", dir: "auto", "aria-label": "New tag", placeholder: "New tag, then Enter" });
    const add = (event) => {
      event.preventDefault();
      const name = box.value.trim();
      if (!name) return dialog.close();
      const there = [...chips.children].find((one) => one.textContent === name);
      const one = there ?? chip(name, false);
      if (!there) chips.append(one);
      if (one.ariaPressed !== "true") toggle(name, one);
      box.value = "";
    };
    const dialog = review.dialog("Tags", h("form", { onsubmit: add }, h("div", { class: "field" }, box), chips));
  });

  const frames = (timeline) => (row.frame_captions ?? []).map((frame, at) => {
    const timed = frame.time !== null && frame.time !== undefined; // some files give their frames no times
    const time = timed ? review.time(frame.time, 2) : review.number(frame.index);
    const url = review.source.frame(row.key, frame.index);
    const image = url && h("img", { src: url, alt: "", loading: "lazy", decoding: "async", onerror: () => image.replaceWith(h("span", { class: "none" }, "no picture")) });
    return h("li", { "data-time": frame.time },
      h("button", { class: "picture", "aria-label": timed ? `Show the frame at ${time}` : `Show frame ${time}`, "data-focus": `frame ${frame.index}`, onclick: () => player.show_frame(at) }, image, !timeline && h("span", { class: "stamp" }, time)),
      timeline && h("span", { class: "time small" }, time),
      frame.edited && h("span", { class: "mark person" }, "edited"),
      (frame.caption !== null && frame.caption !== undefined) && editor(`frames[${at}]`, frame.caption, { label: timed ? `Caption of the frame at ${time}` : `Caption of frame ${time}`, none: "No caption.", locked: row.locked }).element,
      review.step(row, frame.index),
      review.saved?.beside_frame?.(row, at));
  });

  const render = () => review.keeping_focus(() => {
    const live = review.source.live;
    review.fill(part("actions"),
      h("div", { class: "decide" },
        button(review.icon("left"), null, () => go(-1), { name: "previous below", class: "phone square", "aria-label": "Previous clip" }),
        button("Accept", "a", () => judge("accepted", true), { name: "accept", class: "good", "aria-pressed": row.verdict === "accepted" }),
        button("Reject", "r", () => judge("rejected", true), { name: "reject", class: "bad", "aria-pressed": row.verdict === "rejected" }),
        button(review.icon("right"), null, () => go(1), { name: "next below", class: "phone square", "aria-label": "Next clip" })),
      h("div", { class: "buttons" },
        button("Edit", "e", edit, { disabled: !whole() || row.locked }),
        button(row.locked ? "Unlock" : "Lock", "x", lock, { name: "lock", disabled: !whole(), "aria-pressed": row.locked }),
        button("Note", "n", note, { disabled: !whole() }), button("Tag", "t", tags, { disabled: !whole() }),
        review.ask?.open && review.result?.asks?.available && button("Ask again", "c", ask, { disabled: !whole() })));
    review.fill(part("title"), h("h1", { dir: "auto" }, row.id), review.marks(row, true));
    const failure = row.failure;
    review.fill(part("why"),
      (failure || row.error) && h("p", { class: "note problem", dir: "auto" }, failure ? `${failure.stage}, ${failure.kind}: ${failure.message}` : row.error),
      row.why?.length > 0 && h("p", { class: "facts" }, row.why.join(" · ")));
    if (whole()) review.fill(part("caption"), editor("caption", row.caption, { label: "Caption", none: "No caption.", big: true, locked: row.locked, ongo: () => go(1) }).element);
    else review.fill(part("caption"), h("div", { class: "editor big" }, h("p", { class: ["text", !row.caption && "none"], dir: "auto" }, row.caption ?? "No caption.", row.cut && " …")));
    if (!whole()) return;
    const note_editor = live || row.note_text ? editor("note", row.note_text ?? "", NOTE) : null;
    review.fill(part("more"),
      review.saved?.beside?.(row),
      note_editor && h("section", { class: "note", "data-note": true, hidden: !row.note_text && !note_editor.editing && !note_editor.draft }, h("h3", null, "Note"), note_editor.element),
      row.new_captions?.length > 0 && review.candidates?.(row));
    const scrolled = segments?.list.scrollTop ?? 0;
    segments = review.segments(row, (time) => player.play(time), editor);
    review.fill(part("bar"), segments?.bar);
    review.fill(part("segments"), segments?.list);
    if (segments) segments.list.scrollTop = scrolled;
    review.fill(part("captions"), review.lengths(row, editor));
    const timeline = row.steps?.length > 0;
    part("frames").classList.toggle("timeline", timeline);
    review.fill(part("frames"), frames(timeline));
    review.fill(part("evidence"), review.evidence(row, (time) => player.play(time), (at) => player.show_frame(at), editor));
  });

  const place = () => {
    const total = review.list.total;
    review.fill(part("position"), index === null ? (total ? `Not in this list of ${review.plural(total, "clip")}` : "") : [`${review.number(index + 1)} of ${review.number(total)}`, row && h("span", { class: "unseen" }, `: ${row.id}`)]);
    part("back").href = review.state.address({ clip: null });
    for (const [names, off] of [[["previous", "previous below"], index === null ? false : index <= 0], [["next", "next below"], index !== null && index >= total - 1]]) {
      for (const name of names) for (const one of section.querySelectorAll(`[data-focus="do ${name}"]`)) one.disabled = off;
    }
  };

  /** The clip of the address, in brief at once if the list has it, and whole as soon as it has come. */
  const show = async (next) => {
    if (!player) build();
    const other = next !== key;
    key = next;
    if (other) {
      editors = new Map();
      row = segments = null;
      window.scrollTo(0, 0);
    }
    if (index === null || review.list.at(index)?.key !== key) index = await review.list.place(key).catch(() => null);
    if (key !== next) return;
    const brief = index === null ? null : review.list.at(index);
    if (other && brief) taken(brief);
    try {
      const told = await review.list.whole(key);
      if (key === next) taken(told);
    } catch (error) {
      if (key !== next) return;
      forget();
      if (!row) missing(error);
      else if (error.status !== 0) review.say(error.message, { problem: true }); // that, the banner says
    }
    if (key === next) prefetch();
  };

  const missing = (error) => {
    player.stop();
    segments = null;
    for (const name of ["actions", "bar", "segments", "frames", "why", "captions", "more", "evidence", "title"]) review.fill(part(name));
    review.fill(part("caption"), h("p", { class: "empty" }, error.status === 404 ? "This clip is not in the result (any more)." : error.message));
    place();
  };

  const same = (one, other) => JSON.stringify({ ...one, revision: 0 }) === JSON.stringify({ ...other, revision: 0 });

  const taken = (told) => {
    if (row && same(row, told)) return place();
    row = told;
    player.show(row);
    render();
    place();
    review.title?.(row.id);
    settle();
  };

  const prefetch = async () => {
    if (index === null) return;
    const next = await review.list.load(index + step).catch(() => undefined);
    if (!next) return;
    review.list.whole(next.key).catch(() => {});
    player.prepare(next);
    const url = review.source.thumb(next.key);
    if (url) new Image().src = url;
  };

  /** On to the next or the previous clip of the list; this one has then been seen. */
  const go = async (by) => {
    if (moving || key === null) return;
    moving = true;
    try {
      // A clip that has left the list: its place is where the next one stands now.
      const to = index === null ? (review.state.at ?? 0) + (by > 0 ? 0 : -1) : index + by;
      const next = await review.list.load(to);
      review.changes.seen(row);
      if (!next) await review.changes.settled(); // or its word would hide this one
      if (key === null) return; // the view was left meanwhile
      if (!next) return review.say(by > 0 ? "This was the last clip of the list." : "This is the first clip of the list.");
      step = by;
      index = to;
      review.state.set({ clip: next.key }, { replace: true, at: to });
    } catch (error) {
      review.say(error.message, { problem: true });
    } finally {
      moving = false;
      settle();
    }
  };

  const open = (which, at = null) => {
    index = at;
    review.state.set({ clip: which }, { at, replace: review.state.query.clip !== undefined });
  };

  const leave = () => {
    review.grid.back(key, index);
  };

  const ask = here(() => review.ask.open({ keys: [row.key], total: 1 }));

  /** Take the last change back, and go to the clip it was made to. */
  const undo = async () => {
    const rows = await review.changes.undo();
    if (review.keys.view === "clip" && rows.length === 1 && rows[0].key !== key) open(rows[0].key);
  };

  review.list.on((what) => {
    if (key === null) return;
    if (what === "list") index = null;
    review.told(show(key));
  });

  review.changes.rest(settle);

  const { add } = review.keys;
  const edits = { edits: true };
  const often = { repeat: true };
  add("clip", ["j", "ArrowRight"], "Next clip", () => go(1), often);
  add("clip", ["k", "ArrowLeft"], "Previous clip", () => go(-1), often);
  add("clip", " ", "Play or pause", () => player.toggle());
  add("clip", ",", "Back one frame", () => player.step(-1), often);
  add("clip", ".", "Forward one frame", () => player.step(1), often);
  add("clip", "Home", "To the first frame", () => player.first());
  add("clip", "l", "Loop or not", () => player.loop());
  add("clip", "a", "Accept, and go on", () => judge("accepted"), edits);
  add("clip", "r", "Reject, and go on", () => judge("rejected"), edits);
  add("clip", "e", "Edit the caption (Ctrl + Enter saves and goes on, Esc leaves and keeps a draft)", edit, edits);
  add("clip", "x", "Lock or unlock", lock, edits);
  add("clip", "n", "Write a note", note, edits);
  add("clip", "t", "Tag", tags, edits);
  add("clip", "c", "Ask a model again", ask, { edits: true, when: () => Boolean(review.ask?.open && review.result?.asks?.available) });
  add("clip", ["g", "Escape"], "Back to the grid", leave);
  add("all", ["z", "Ctrl+z"], "Undo the last change", () => review.told(undo()), edits);

  review.clip = {
    show,
    open,
    /** The view is left for another: nothing plays on. */
    hide() {
      review.changes.seen(row);
      player?.stop();
      key = row = index = null;
      forget();
    },
    /** What waits for the clip to come in full is not wanted any more. */
    forget,
    get row() { return row; },
    get index() { return index; },
  };
})();
