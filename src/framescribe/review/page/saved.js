"use strict";
window.review ??= {};

// Knows how a saved page answers what a server would, from the rows that it holds; changes nothing. Silent elsewhere.
(() => {
  const review = window.review;
  const { h } = review;
  const element = document.getElementById("saved-data");
  if (element === null) return;
  const data = JSON.parse(element.textContent);
  element.remove(); // its text would be kept twice
  document.documentElement.classList.add("saved");
  const rows = new Map(data.rows.map((row) => [row.key, row]));
  const clips = data.extras?.clips ?? {};
  const common = new Set(data.common);
  const LONGEST = 500; // characters of a caption in a list

  // ---------------------------------------------------------------- which rows a query means

  const WORD = /[\p{L}\p{N}\p{Co}]+/gu;

  /** The words of a text as the search knows them: without capital letters and accents. */
  const words_in = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().match(WORD) ?? [];

  const holds = (words, wanted) => {
    for (let at = 0; at + wanted.length <= words.length; at += 1) {
      if (wanted.every((word, next) => words[at + next] === word)) return true;
    }
    return false;
  };

  // Scripts that put no blanks between words are searched letter by letter, and so are signs.
  const AS_IT_IS = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]|^[^\p{L}\p{N}]+$/u;

  const by_words = (text) => {
    const terms = [...text.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/gu)]
      .map(([, minus, phrase, word]) => ({ not: minus !== "", said: phrase || word || "" }))
      .filter((term) => term.said.trim())
      .map((term) => ({ ...term, words: AS_IT_IS.test(term.said) ? null : words_in(term.said) }));
    const has = (row, term) => row.search.some(({ text, words }) => (term.words === null ? text.includes(term.said) : holds(words, term.words)));
    return (row) => terms.every((term) => has(row, term) !== term.not);
  };

  const NOTHING = new Set(["", "not sure", "none"]);
  const strings = (value) => {
    if (typeof value === "string") return NOTHING.has(value) ? [] : [value];
    return value !== null && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
  };

  /** The texts of a row that words are searched in: its caption, and what else was written of the clip. */
  const searched = ({ caption, captions = [], segments = [], steps = [], fields = null }) => [
    caption ?? "", ...captions.map(({ text }) => text), ...segments.map((one) => strings([one.caption, one.fields])),
    ...steps.map(({ changed, camera, present }) => strings([changed, camera, present])), ...strings(fields),
  ].flat().map((text) => ({ text, words: words_in(text) }));

  const by_expression = (text) => {
    const capital = /\p{Lu}/u.test(text.replace(/\\.|\(\?P[<=>]/gsu, ""));
    const said = text.replaceAll("(?P<", "(?<").replace(/\(\?P=(\w+)\)/gu, "\\k<$1>"); // Python's names of groups
    let expression;
    try {
      expression = new RegExp(said, capital ? "u" : "iu");
    } catch {
      try {
        expression = new RegExp(said, capital ? "" : "i"); // takes more: \- and the like
      } catch {
        throw new review.source.Failure(`"${text}" is not a regular expression.`, 400);
      }
    }
    return (row) => row.caption !== null && expression.test(row.caption);
  };

  const small = (text) => text.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
  const yes_or_no = (value, of) => (row) => Boolean(of(row)) === (value === "1");
  const at_least = (value, of) => (row) => of(row) !== null && of(row) >= Number(value);
  const at_most = (value, of) => (row) => of(row) !== null && of(row) <= Number(value);
  const DAY = /^\d{4}-\d\d-\d\d$/u;
  /** Milliseconds since 1970; a moment without a zone is in UTC, as a day is. */
  const moment = (text) => Date.parse(DAY.test(text) || /[zZ]$|[+-]\d\d:?\d\d$/u.test(text) ? text : `${text}Z`);
  const date = (text) => {
    if (Number.isNaN(moment(text))) throw new review.source.Failure(`${text} is not a date; write it as 2026-11-29.`, 400);
    return moment(text);
  };
  const last_edit = (row) => row.edited_at;

  const TESTS = {
    q: by_words,
    re: by_expression,
    facts: (text) => {
      const holds = review.saved_facts(text, data.conditions);
      return (row) => holds(row.values ?? {});
    },
    id: (text) => (row) => small(row.id).includes(small(text)),
    status: (wanted) => (row) => wanted.includes(row.status),
    flag: (wanted) => (row) => row.flags.some((flag) => wanted.includes(flag)),
    verdict: (wanted) => (row) => (row.verdict ?? "none") === wanted,
    locked: (value) => yes_or_no(value, (row) => row.locked),
    edited: (value) => yes_or_no(value, (row) => row.edited),
    seen: (value) => yes_or_no(value, (row) => row.seen),
    tag: (wanted) => (row) => wanted.every((tag) => row.tags.includes(tag)),
    note: (value) => yes_or_no(value, (row) => row.note),
    min_words: (value) => at_least(value, (row) => row.words),
    max_words: (value) => at_most(value, (row) => row.words),
    min_duration: (value) => at_least(value, (row) => row.duration),
    max_duration: (value) => at_most(value, (row) => row.duration),
    model: (wanted) => (row) => row.model === wanted,
    candidates: (value) => () => value === "0",
    since: (value) => (row) => last_edit(row) !== null && last_edit(row) >= date(value),
    until: (value) => (row) => last_edit(row) !== null && last_edit(row) < date(value) + (DAY.test(value) ? 86_400_000 : 0),
    right: (value) => (row) => clips[row.key] !== undefined && clips[row.key].right === (value === "1"),
  };

  const text_order = (a, b) => (a < b ? -1 : Number(a > b));
  const known_first = (of, sign) => (a, b) => {
    if (of(a) === null || of(b) === null) return Number(of(a) === null) - Number(of(b) === null);
    return sign * (of(a) - of(b));
  };
  const ORDERS = {
    worst: (a, b) => a.worst - b.worst,
    order: () => 0,
    id: (a, b) => text_order(a.id, b.id),
    words: known_first((row) => row.words, 1),
    "-words": known_first((row) => row.words, -1),
    duration: known_first((row) => row.duration, 1),
    "-duration": known_first((row) => row.duration, -1),
    edited: known_first(last_edit, -1),
    support: known_first((row) => row.support, 1),
  };

  for (const name of data.conditions?.sorts ?? []) {
    for (const [sign, sort] of [[1, name], [-1, `-${name}`]]) ORDERS[sort] = known_first((row) => row.values[name], sign);
  }

  const matching = (query) => {
    const tests = Object.entries(query).filter(([name]) => name in TESTS)
      .map(([name, value]) => TESTS[name](review.state.MANY.has(name) ? [value].flat() : value));
    return data.rows.filter((row) => tests.every((test) => test(row)));
  };

  const sorted = (query) => matching(query).sort((a, b) => (ORDERS[query.sort] ?? ORDERS.worst)(a, b) || a.order - b.order);

  // --------------------------------------------------------------------- what a server would say

  for (const row of data.rows) {
    const { edits = [], review: marks = {} } = row.provenance;
    const moments = [...edits, marks].map((said) => moment(said.when ?? "")).filter((at) => !Number.isNaN(at));
    row.search = searched(row);
    row.duration = row.duration === null ? null : Number(row.duration.toFixed(3)); // as it is filtered by
    row.edited_at = moments.length ? Math.max(...moments) : null;
  }
  const lists = [];
  const brief = (row) => ({ ...row, caption: row.caption?.slice(0, LONGEST) ?? null, cut: (row.caption?.length ?? 0) > LONGEST });
  const picture = (base64) => (base64 === undefined ? null : `data:image/jpeg;base64,${base64}`);
  const found = (key) => {
    if (!rows.has(key)) throw new review.source.Failure("This clip is not in this page.", 404);
    return rows.get(key);
  };

  Object.assign(review.source, {
    live: false,
    result: async () => data.result,
    list: async (query) => {
      const list = String(lists.push(sorted(query)) - 1);
      return { list, total: lists[list].length, revision: 0 };
    },
    rows: async (list, offset, limit) => lists[list].slice(offset, offset + limit).map(brief),
    place: async (list, key) => {
      const at = lists[list].findIndex((row) => row.key === key);
      return at < 0 ? null : at;
    },
    row: async (key) => found(key),
    charts: async (query) => review.saved_charts(matching(query), common, query.facts ?? "", data.conditions),
    asks: async () => ({ jobs: [] }),
    thumb: (key) => {
      const pictures = Object.values(rows.get(key)?.pictures ?? {});
      return picture(pictures[Math.floor(pictures.length / 2)]);
    },
    frame: (key, index) => picture(rows.get(key)?.pictures[index]),
    video: (key) => rows.get(key)?.video_path ?? null,
    preview_of: () => null,
  });

  // ------------------------------------------------------ what came with the rows, and of the page itself

  /** The words of one side of a comparison, those that the other lacks marked. */
  const marked = (said, truth, side) => [...review.words.diff(said, truth).childNodes].flatMap((part) => {
    const tag = part.nodeName.toLowerCase();
    if (tag === (side === "said" ? "ins" : "del")) return [];
    return [/^(ins|del)$/u.test(tag) && part.textContent.trim() ? h("mark", null, part.textContent) : part.textContent];
  });

  const judged = (told) => (told?.right === undefined ? null
    : h("span", { class: ["mark", told.right ? "right" : "wrong"] }, told.right ? "✓ right" : "✗ wrong"));

  /** "Truth" and what it is, beside what was said; both texts in full where they differ. */
  const compared = (told, said) => {
    if (told?.truth === undefined) return null;
    if (told.right || said === null) return h("p", { class: "facts" }, h("b", null, "Truth "), told.truth);
    return h("dl", { class: "facts-list truth" },
      h("dt", null, "Said"), h("dd", null, marked(said, told.truth, "said")),
      h("dt", null, "Truth"), h("dd", null, marked(said, told.truth, "truth")));
  };

  const wrong = () => {
    const count = Object.values(clips).filter((told) => told.right === false).length;
    if (!count) return null;
    const pressed = () => review.state.query.right === "0";
    const button = h("button", {
      "aria-pressed": pressed(), onclick: () => review.state.set({ right: pressed() ? null : "0" }),
    }, `Not right: ${review.number(count)}`);
    review.state.on(() => button.setAttribute("aria-pressed", String(pressed())));
    return h("p", null, button);
  };

  const note = (lines) => h("div", { class: "note" }, lines.map((line) => (line.command ? h("pre", null, line.command) : h("p", null, line.text))));

  review.saved = {
    /** The test that words to search for stand for. */
    finding: by_words,
    /** What stands above the clips: the tiles and notes of whoever made the page, and what it is. */
    head: () => {
      const { title, tiles = [], facts = [], notes = [] } = data.extras ?? {};
      return h("section", { class: "saved-head", "aria-label": "About this page" },
        title && h("h2", null, title),
        tiles.length ? h("div", { class: "tiles" }, tiles.map((tile) => h("div", { class: "tile" }, h("b", null, tile.number), tile.words))) : null,
        facts.length ? h("p", { class: "facts" }, facts.map((fact, at) => [at ? " · " : "", `${fact.name} `, h("b", null, fact.value)])) : null,
        wrong(),
        notes.length ? note(notes) : null,
        h("p", { class: "quiet" }, data.about.join(" ")));
    },
    /** Whether the clip's caption is right, where that is known. */
    mark: (row) => judged(clips[row.key]),
    beside: (row) => compared(clips[row.key], row.caption),
    beside_frame: (row, position) => {
      const told = clips[row.key]?.frames?.[position];
      return told === undefined ? null : h("div", null, judged(told), told.right ? null : compared(told, row.frame_captions[position].caption));
    },
  };
})();
