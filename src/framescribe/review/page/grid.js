"use strict";
window.review ??= {};

// Knows the grid: only the cards on screen exist, whatever the length of the list; and which of them are selected.
(() => {
  const review = window.review;
  const { h } = review;
  const section = document.getElementById("grid");
  const cards = document.getElementById("cards");
  const bar = document.getElementById("selection");
  const compact = matchMedia("(max-width: 560px)");
  const TALLEST = 15_000_000; // px: browsers cap the height of an element not far above
  const BEYOND = 2; // rows of cards kept above and below what is on screen

  const nodes = new Map(); // index → {li, key, text, box, words}
  const chosen = new Set(); // keys
  let all = false, anchor = null, current = 0;
  let columns = 1, width = 0, height = 0, gap = 12, stretch = 1;
  let timer = null, frame = null, scrolled = 0, asked = null;

  /** The marks of a row; in the grid only those that fit. */
  review.marks = (row, whole = false) => h("div", { class: "marks" },
    row.status === "failed" && h("span", { class: "mark failed" }, "failed"),
    row.verdict && h("span", { class: ["mark", row.verdict] }, row.verdict),
    row.candidates > 0 && h("span", { class: "mark person" }, row.candidates === 1 ? "new caption" : `${row.candidates} new captions`),
    row.flags.map((flag) => h("span", { class: "mark flagged" }, flag)),
    row.locked && h("span", { class: "mark person" }, "locked"), row.edited && h("span", { class: "mark person" }, "edited"),
    row.note && !whole && h("span", { class: "mark" }, "note"), row.seen && h("span", { class: "mark" }, "seen"),
    row.tags.map((tag) => h("span", { class: "mark", dir: "auto" }, `#${tag}`)), review.saved?.mark?.(row));

  // ---------------------------------------------------------------- where the cards are

  const measure = () => {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = cards.clientWidth;
    gap = compact.matches ? 8 : 14;
    columns = compact.matches ? 1 : Math.max(1, Math.floor((room + gap) / (15.5 * rem + gap)));
    width = (room - gap * (columns - 1)) / columns;
    height = compact.matches ? 9.5 * rem : Math.round(width * 9 / 16 + 9 * rem);
    const tall = Math.ceil(review.list.total / columns) * (height + gap);
    const shown = Math.min(tall, TALLEST);
    stretch = tall > shown ? (tall - innerHeight) / (shown - innerHeight) : 1;
    cards.style.height = `${shown}px`;
    cards.style.setProperty("--w", `${width}px`);
    cards.style.setProperty("--h", `${height}px`);
  };

  const top = () => Math.max(0, -cards.getBoundingClientRect().top);

  const layout = () => {
    frame = null;
    if (section.hidden) return;
    const pitch = height + gap, above = top();
    const first = Math.max(0, Math.floor(above * stretch / pitch) - BEYOND) * columns;
    const last = Math.min(review.list.total, (Math.ceil((above * stretch + innerHeight) / pitch) + BEYOND) * columns) - 1;
    let kept = null; // out of sight, but it has the focus
    for (const [index, node] of nodes) {
      if (index >= first && index <= last) continue;
      if (index >= review.list.total || !node.li.contains(document.activeElement)) drop(index, node);
      else draw(kept = index, node);
    }
    let after = null;
    for (let index = first; index <= last; index += 1) {
      const node = nodes.get(index) ?? made(index);
      const y = above + (Math.floor(index / columns) * pitch - above * stretch);
      node.li.style.transform = `translate(${(index % columns) * (width + gap)}px, ${stretch === 1 ? Math.floor(index / columns) * pitch : y}px)`;
      if (node.li.parentNode !== cards) after ? after.after(node.li) : cards.prepend(node.li); // in the order of the list
      after = node.li;
      draw(index, node);
    }
    asked = [first, last];
    clearTimeout(timer);
    timer = setTimeout(() => {
      review.list.want(first, last);
      if (kept !== null) review.list.want(kept, kept);
    }, Math.abs(above - scrolled) > innerHeight ? 80 : 0); // not for what flies by
    scrolled = above;
  };

  const soon = () => { frame ??= requestAnimationFrame(layout); };

  const drop = (index, node) => {
    node.li.querySelector("img")?.removeAttribute("src"); // nobody waits for this picture any more
    node.li.remove();
    nodes.delete(index);
  };

  // ---------------------------------------------------------------- a card

  const made = (index) => {
    const node = { li: h("li", { class: "clip-card empty-card" }, link(index, null)), key: null, text: null };
    nodes.set(index, node);
    return node;
  };

  const link = (index, row) => h("a", {
    class: "open", "data-focus": `card ${index}`, href: row && review.state.address({ clip: row.key }), tabindex: index === current ? 0 : -1, dir: "auto",
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(index);
    },
    onfocus: () => { if (current !== index) turn(index); },
  }, row ? row.id : "…");

  const draw = (index, node) => {
    node.li.setAttribute("aria-setsize", review.list.total);
    node.li.setAttribute("aria-posinset", index + 1);
    const row = review.list.at(index);
    node.li.classList.toggle("stale", !row && node.key !== null);
    if (!row) return;
    const on = all || chosen.has(row.key);
    const text = JSON.stringify([row, on, all, index, review.state.query]);
    if (node.text === text) return;
    const words = row.error && !row.caption ? h("p", { class: "caption wrong-text", dir: "auto" }, row.error) : h("p", { class: ["caption", !row.caption && "none"], dir: "auto" }, row.caption || "No caption.");
    review.keeping_focus(() => {
      if (node.key !== row.key) {
        // Of one clip, box and picture stay the same elements: a click under which they were replaced would be lost.
        node.box = h("input", { type: "checkbox", "aria-label": `Select ${row.id}`, tabindex: index === current ? 0 : -1, "data-focus": `box ${index}`, onclick: (event) => choose(index, node.box.checked, event.shiftKey) });
        node.words = h("div", { class: "card-words" });
        review.fill(node.li, thumb(row), h("label", { class: "box" }, node.box), node.words);
      }
      Object.assign(node.box, { checked: on, disabled: all });
      review.fill(node.words, link(index, row), words, review.marks(row),
        h("p", { class: "why", title: row.why.join("\n") }, row.why.length ? row.why.join(" · ") : row.words > 0 && review.plural(row.words, "word")));
    });
    node.li.className = ["clip-card", row.verdict, on && "chosen"].filter(Boolean).join(" ");
    Object.assign(node, { key: row.key, text });
  };

  const thumb = (row) => {
    const url = review.source.thumb(row.key);
    const none = () => h("span", { class: "none" }, "no picture");
    const image = url && h("img", { src: url, alt: "", decoding: "async", onerror: () => image.isConnected && image.hasAttribute("src") && image.replaceWith(none()) });
    return h("div", { class: "picture" }, image ?? none(), row.duration !== null && row.duration !== undefined && h("span", { class: "stamp" }, review.time(row.duration)));
  };

  // ---------------------------------------------------------------- moving, opening

  /** Make a card the one that Tab comes to. */
  const turn = (index) => {
    for (const [one, tab] of [[current, -1], [index, 0]]) {
      for (const control of nodes.get(one)?.li.querySelectorAll("a, input") ?? []) control.tabIndex = tab;
    }
    current = index;
  };

  const reveal = (index) => {
    const from = cards.getBoundingClientRect().top + scrollY;
    const y = Math.floor(index / columns) * (height + gap);
    const head = document.getElementById("bar").offsetHeight + gap, foot = bar.hidden ? gap : bar.offsetHeight + gap;
    const now = (scrollY - from) * (scrollY > from ? stretch : 1); // as far as one would have scrolled unstretched
    const least = y + height + foot - innerHeight, most = y - head;
    const to = now > most ? most : Math.max(now, least);
    if (to !== now) scrollTo(0, from + (to > 0 ? to / stretch : to));
    layout();
  };

  const focus = (index = current) => {
    if (!review.list.total) return;
    const to = Math.max(0, Math.min(review.list.total - 1, index));
    reveal(to);
    turn(to);
    nodes.get(to)?.li.querySelector("a.open").focus({ preventScroll: true });
  };

  const open = async (index) => {
    const row = await review.list.load(index);
    if (row) review.clip.open(row.key, index);
  };

  // ---------------------------------------------------------------- selecting

  const choose = async (index, on, range = false) => {
    const [from, to] = range && anchor !== null ? [Math.min(anchor, index), Math.max(anchor, index)] : [index, index];
    anchor = index;
    const id = review.list.id;
    for (let one = from; one <= to; one += 1) {
      const row = await review.list.load(one);
      if (id !== review.list.id) return;
      if (row) chosen[on ? "add" : "delete"](row.key);
    }
    selected();
  };

  const choose_all = (on) => {
    all = on;
    chosen.clear();
    selected();
  };

  const size = () => (all ? review.list.total : chosen.size);
  const selection = () => (chosen.size && !all ? { keys: [...chosen], total: chosen.size } : { list: review.list.id, total: review.list.total });

  const tag = () => {
    const name = h("input", { autofocus: true, autocomplete: "off", dir: "auto", list: "known-tags", "aria-label": "Tag" });
    const dialog = review.dialog(`Tag ${review.plural(size(), "clip")}`, h("form", { onsubmit: (event) => {
      event.preventDefault();
      if (!name.value.trim()) return;
      review.bulk.set(selection(), `tags[${name.value.trim()}]`, "yes");
      dialog.close();
    } }, h("div", { class: "field" }, name), h("datalist", { id: "known-tags" }, (review.result?.tags ?? []).map((one) => h("option", { value: one.name }))),
    h("div", { class: "buttons end" }, h("button", { type: "submit", class: "primary" }, "Tag"))));
  };

  const selected = () => {
    const count = size();
    bar.hidden = count === 0 || section.hidden || !review.source.live;
    if (!bar.hidden) {
      const act = (label, run, key) => h("button", { onclick: run, "data-focus": `many ${label}` }, label, key && h("kbd", { "aria-hidden": "true" }, key));
      review.keeping_focus(() => review.fill(bar, h("b", { role: "status" }, `${review.number(count)} selected`),
        !all && count < review.list.total && h("button", { class: "link", "data-focus": "many all", onclick: () => choose_all(true) }, `Select all ${review.number(review.list.total)}`),
        h("div", { class: "buttons" },
          review.bulk?.set && [act("Accept", () => review.bulk.set(selection(), "verdict", "accepted")), act("Reject", () => review.bulk.set(selection(), "verdict", "rejected")),
            act("Lock", () => review.bulk.set(selection(), "lock", "yes")), act("Unlock", () => review.bulk.set(selection(), "lock", null)), act("Tag", tag, "t")],
          review.bulk?.open && act("Replace", () => review.bulk.open(selection()), "b"),
          review.ask?.open && review.result?.asks?.available && act("Ask again", () => review.ask.open(selection()), "c"),
          h("button", { class: "quiet", onclick: () => { choose_all(false); focus(); } }, "Clear"))));
    }
    document.body.classList.toggle("selecting", !bar.hidden);
    soon();
  };

  // ---------------------------------------------------------------- the line above, and the whole

  const clearing = () => h("button", { onclick: () => review.filters.clear() }, "Clear the filters");

  const line = () => {
    const total = review.list.total;
    const narrowed = review.filters.active().length > 0;
    review.fill(document.getElementById("count"), `${review.plural(total, "clip")}${narrowed && review.result ? ` of ${review.number(review.result.total)}` : ""}`);
    document.getElementById("choose-all").hidden = total === 0 || !review.source.live;
    const empty = document.getElementById("empty");
    empty.hidden = total > 0;
    review.fill(empty, narrowed ? [h("p", null, "No clip is like this."), clearing()] : h("p", null, review.result?.indexing || review.result?.running ? "No clip yet: they appear here as they come." : "This result holds no clip."));
  };

  let query = null;
  review.list.on((what) => {
    if (what === "list") {
      const now = review.state.params(review.list.query, { page: false });
      if (query !== null && query !== now) { // another list: what was selected in the old one is out of sight
        chosen.clear();
        all = false;
        current = 0;
        if (!section.hidden) scrollTo(0, 0);
      }
      query = now;
      anchor = null;
      current = Math.min(current, Math.max(0, review.list.total - 1));
      for (const [index, node] of nodes) if (index >= review.list.total) drop(index, node);
      line();
      measure();
      selected();
    }
    soon();
    if (what === "rows" && asked) review.list.want(...asked); // what has become stale
  });

  addEventListener("scroll", soon, { passive: true });
  new ResizeObserver(() => {
    if (section.hidden || !cards.clientWidth) return;
    const keep = top() > 0 ? Math.floor(top() * stretch / (height + gap)) * columns : null;
    measure();
    if (keep !== null && Math.abs(width - lastwidth) > 1) scrollTo(0, cards.getBoundingClientRect().top + scrollY + Math.floor(keep / columns) * (height + gap) / stretch);
    lastwidth = width;
    soon();
  }).observe(cards);
  let lastwidth = 0;

  const { add } = review.keys;
  const often = { repeat: true };
  const edits = { edits: true };
  const row_now = () => review.list.at(current);
  const judge = (verdict) => {
    const row = row_now();
    if (!row) return;
    if (row.verdict !== verdict) review.told(review.changes.make(row.key, "verdict", verdict).then(({ undo }) => review.say(`${verdict === "accepted" ? "Accepted" : "Rejected"}: ${row.id}`, { undo: undo && (() => review.told(undo())) })));
    focus(current + 1);
  };
  const lock = async () => {
    const row = row_now();
    if (!row) return;
    const { caption } = await review.list.whole(row.key);
    await review.changes.make(row.key, "lock", row.locked ? null : caption ?? "");
    review.say(`${row.locked ? "Unlocked" : "Locked"}: ${row.id}`);
  };
  add("grid", ["j", "ArrowRight"], "Next card", () => focus(current + 1), often);
  add("grid", ["k", "ArrowLeft"], "Previous card", () => focus(current - 1), often);
  add("grid", "ArrowDown", "A row down", () => focus(Math.min(current + columns, review.list.total - 1)), often);
  add("grid", "ArrowUp", "A row up", () => focus(current < columns ? current : current - columns), often);
  add("grid", ["o", "Enter"], "Open the card", () => open(current));
  add("grid", "s", "Select it; Shift + s: all from the last one to here", (event) => { const row = row_now(); if (row && !all) choose(current, event.shiftKey || !chosen.has(row.key), event.shiftKey); }, edits);
  add("grid", "Ctrl+a", "Select all of the list", () => choose_all(true), edits);
  add("grid", "Escape", "Select nothing", () => choose_all(false), edits);
  add("grid", "a", "Accept the card, and go on", () => judge("accepted"), edits);
  add("grid", "r", "Reject the card, and go on", () => judge("rejected"), edits);
  add("grid", "x", "Lock or unlock the card", () => review.told(lock()), edits);
  add("grid", "t", "Tag what is selected", () => size() && tag(), { edits: true, when: () => Boolean(review.bulk?.set) });
  add("grid", "b", "Find and replace in what is selected, or in the whole list", () => review.bulk.open(selection()), { edits: true, when: () => Boolean(review.bulk?.open) });
  add("grid", "c", "Ask a model again about what is selected", () => size() && review.ask.open(selection()), { edits: true, when: () => Boolean(review.ask?.open && review.result?.asks?.available) });
  document.getElementById("choose-all").addEventListener("click", () => choose_all(true));

  /** What is selected, or else the whole list: {keys, total} or {list, total}. */
  review.selection = selection;

  let left = 0;
  review.grid = {
    focus,
    line,
    /** Nothing is selected and the list stands at its beginning: it may be replaced by a newer one unasked. */
    get idle() { return size() === 0 && scrollY < 100 && !cards.contains(document.activeElement); },
    /** From the view of one clip: its card is then on screen and has the focus. */
    back(key, index) {
      if (index !== null) current = index;
      review.state.set({ clip: null });
    },
    show() {
      const head = document.getElementById("head");
      if (!head.hasChildNodes()) review.fill(head, review.saved?.head?.());
      measure();
      scrollTo(0, left);
      layout();
      selected();
    },
    hide() {
      left = scrollY;
      bar.hidden = true;
    },
    /** The clip that was open stands here. */
    at(index) {
      if (index !== null) focus(index);
    },
    /** There is no list, and why; `filter`: what is asked for makes no sense. The clips of the list before stay. */
    problem(text, filter) {
      review.fill(document.getElementById("count"), filter ? "This filter cannot be used" : "The clips cannot be listed");
      const empty = document.getElementById("empty");
      empty.hidden = false;
      review.fill(empty, h("p", { role: "alert" }, text), filter && review.filters.active().length > 0 && clearing());
    },
  };
})();
