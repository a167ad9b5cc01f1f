"use strict";
window.review ??= {};

// Knows by what the list is narrowed and ordered, as controls and as chips; what is asked for is the address's.
(() => {
  const review = window.review;
  const { h } = review;
  const aside = document.getElementById("filters");
  const opener = document.getElementById("open-filters");
  const wide = matchMedia("(min-width: 1000px)");
  const SORTS = { "": "Worst first", order: "In the result's order", id: "By name", words: "Shortest first", "-words": "Longest first", duration: "Shortest clip first", "-duration": "Longest clip first", edited: "Last edited first", support: "Least supported first" };
  const BY_FACTS = { motion: ["Least motion first", "Most motion first"], cuts: ["Fewest cuts first", "Most cuts first"], brightness: ["Darkest first", "Brightest first"], blur: ["Sharpest first", "Most blurred first"] };
  const YES = { locked: ["Locked", "Not locked"], edited: ["Edited", "Not edited"], seen: ["Seen", "Not seen yet"], note: ["With a note", "Without a note"] };
  const VERDICTS = { accepted: "Accepted", rejected: "Rejected", none: "No verdict yet" };
  let wrong_facts = false;
  let sheet = null; // the panel as a dialog, on narrow screens

  const set = (changes) => review.state.set({ ...changes, clip: null, view: review.state.query.view === "charts" ? "charts" : null });
  const has = (name, value) => [review.state.query[name] ?? []].flat().includes(value);
  const count = (number) => number !== undefined && h("span", { class: "count quiet" }, review.number(number));

  const ticks = (name, title, entries) => entries.length > 0 && h("fieldset", null, h("legend", null, title), entries.map(({ value, label = value, number }) =>
    h("label", { class: "check" }, h("input", {
      type: "checkbox", checked: has(name, value), "data-focus": `filter ${name} ${value}`,
      onchange: (event) => set({ [name]: event.target.checked ? [...review.state.query[name] ?? [], value] : review.state.query[name].filter((one) => one !== value) }),
    }), h("span", { class: "label", dir: "auto" }, label), count(number))));

  const choice = (name, title, entries) => h("label", { class: "field" }, h("span", null, title),
    h("select", { "data-focus": `filter ${name}`, onchange: (event) => set({ [name]: event.target.value }) },
      h("option", { value: "" }, "Any"),
      entries.map(([value, label]) => h("option", { value, selected: has(name, value) }, label))));

  const input = (name, label, more) => h("input", {
    value: review.state.query[name] ?? "", "aria-label": label, "data-focus": `filter ${name}`, autocomplete: "off",
    onchange: (event) => set({ [name]: event.target.value.trim() }), ...more,
  });

  const range = (title, name, unit) => h("fieldset", { class: "range" }, h("legend", null, title), h("div", null,
    input(`min_${name}`, `${title}, at least`, { type: "number", min: 0, step: "any", placeholder: "from" }), h("span", { class: "quiet" }, "–"),
    input(`max_${name}`, `${title}, at most`, { type: "number", min: 0, step: "any", placeholder: "to" }), h("span", { class: "quiet" }, unit)));

  const panel = () => {
    const { counts = {}, flags = [], tags = [], models = [] } = review.result ?? {};
    const named = (all) => all.map(({ name, count: number }) => ({ value: name, number }));
    return [
      ticks("status", "Status", [["ok", "OK"], ["flagged", "Flagged"], ["failed", "Failed"]].map(([value, label]) => ({ value, label, number: counts[value] }))),
      ticks("flag", "Flags", named(flags)),
      h("fieldset", { class: "choices-of" }, h("legend", null, "A person's word"),
        choice("verdict", "Verdict", Object.entries(VERDICTS).map(([value, label]) => [value, counts[value] === undefined ? label : `${label} (${review.number(counts[value])})`])),
        Object.entries(YES).map(([name, [yes, no]]) => choice(name, { locked: "Lock", edited: "Edited", seen: "Seen", note: "Note" }[name],
          [["1", counts[name] === undefined ? yes : `${yes} (${review.number(counts[name])})`], ["0", no]]))),
      ticks("tag", "Tags", named(tags)),
      review.source.live && ticks("candidates", "Models' proposals", [{ value: "1", label: "New captions to decide on" }]),
      range("Words", "words", "words"),
      range("Duration", "duration", "s"),
      h("label", { class: "field" }, h("span", null, "Facts"),
        input("facts", "Facts", { placeholder: "motion > 0.02 and cuts = 0", spellcheck: "false", autocapitalize: "none", "aria-describedby": "about-facts", "aria-invalid": wrong_facts || null }),
        h("span", { class: "quiet small", id: "about-facts" }, "motion, objects, cuts, camera = pan_left, brightness, blur, bars, support …, joined by and, or, not")),
      models.length > 1 && choice("model", "Model", models.map((model) => [model, model])),
      h("label", { class: "field" }, h("span", null, "Name contains"), input("id", "Name contains", { dir: "auto", spellcheck: "false" })),
      h("fieldset", { class: "range" }, h("legend", null, "Edited"), h("div", null,
        input("since", "Edited since", { type: "date" }), h("span", { class: "quiet" }, "–"), input("until", "Edited until", { type: "date" }))),
      h("div", { class: "buttons" }, h("button", { "data-focus": "clear", disabled: active().length === 0, onclick: clear }, "Clear all"),
        sheet && h("button", { class: "primary", onclick: () => sheet.close() }, `Show ${review.plural(review.list.total, "clip")}`)),
    ];
  };

  const TEXTS = { q: "Search", re: "Expression", facts: "Facts", id: "Name", model: "Model", since: "Edited since", until: "Edited until",
    min_words: "Words from", max_words: "Words to", min_duration: "Seconds from", max_duration: "Seconds to" };
  const label = (name, value) => {
    if (name === "status") return { ok: "OK", flagged: "Flagged", failed: "Failed" }[value] ?? value;
    if (name === "verdict") return VERDICTS[value] ?? value;
    if (YES[name]) return YES[name][value === "1" ? 0 : 1];
    if (name === "right") return value === "1" ? "Right" : "Not right";
    if (name === "candidates") return value === "1" ? "New captions" : "No new captions";
    return `${TEXTS[name] ?? { flag: "Flag", tag: "Tag" }[name] ?? name}: ${value}`;
  };

  /** What the list is narrowed by: [[name, value], …]. */
  const active = () => Object.entries(review.state.query).filter(([name]) => !["clip", "view", "sort"].includes(name))
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  const clear = () => set(Object.fromEntries(active().map(([name]) => [name, null])));

  const chips = () => {
    const now = active();
    review.fill(document.getElementById("chips"), now.map(([name, value]) => h("button", {
      class: "chip", "aria-label": `Remove the filter ${label(name, value)}`, "data-focus": `chip ${name} ${value}`,
      onclick: () => set({ [name]: review.state.MANY.has(name) ? review.state.query[name].filter((one) => one !== value) : null }),
    }, h("span", { dir: "auto" }, label(name, value)), review.icon("close"))),
    now.length > 1 && h("button", { class: "quiet", "data-focus": "chip clear", onclick: clear }, "Clear all"));
    const others = now.filter(([name]) => name !== "q" && name !== "re").length;
    opener.textContent = others ? `Filters (${others})` : "Filters";
  };

  const shown = () => (sheet ? sheet.querySelector(".filters") : aside.hidden ? null : aside);

  /** Draw the controls again, unless someone is typing in one of them. */
  const draw = () => {
    chips();
    sorts();
    const place = shown();
    if (!place || (place.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), select"))) return;
    review.keeping_focus(() => review.fill(place, panel()));
  };

  const toggle = (on = !shown()) => {
    if (wide.matches) {
      aside.hidden = !on;
      review.habit("filters", on);
      draw();
      if (on) aside.querySelector("input, select")?.focus();
    } else if (on) {
      const place = h("div", { class: "filters" });
      sheet = review.dialog("Filters", place, { sheet: true, onclose: () => { sheet = null; opener.ariaExpanded = "false"; } });
      draw();
      place.querySelector("input")?.focus();
    } else sheet?.close();
    opener.ariaExpanded = String(Boolean(shown()));
  };

  const sort = document.getElementById("sort");
  /** The orders there are: by facts only where some were measured. */
  const sorts = () => {
    const { sort: now = "" } = review.state.query;
    const facts = Object.keys(BY_FACTS).filter((name) => review.result?.sorts?.includes(name) || now === name || now === `-${name}`);
    const entries = [...Object.entries(SORTS), ...facts.flatMap((name) => [[name, BY_FACTS[name][0]], [`-${name}`, BY_FACTS[name][1]]])];
    if (sort.options.length !== entries.length) review.fill(sort, entries.map(([value, text]) => h("option", { value }, text)));
    sort.value = now === "worst" ? "" : now;
  };
  sort.addEventListener("change", () => set({ sort: sort.value }));

  // The search box: what is typed is looked for as one types; a step back in the browser undoes all of it at once.
  const box = document.getElementById("q");
  const regex = document.getElementById("regex");
  let timer = null, typing = false;
  const search = () => {
    clearTimeout(timer);
    const before = review.state.query.clip;
    review.state.set({ q: regex.checked ? null : box.value.trim(), re: regex.checked ? box.value.trim() : null, clip: null }, { replace: typing && !before });
    typing = true;
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  });
  box.addEventListener("blur", () => { typing = false; });
  regex.addEventListener("change", search);
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
    typing = false;
    review.grid.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !box.value) review.grid.focus();
  });

  const follow = (query) => {
    if (document.activeElement !== box || box.value.trim() === "") {
      box.value = query.q ?? query.re ?? "";
      regex.checked = query.re !== undefined;
    }
    draw();
  };

  opener.addEventListener("click", () => toggle());
  wide.addEventListener("change", () => {
    sheet?.close();
    if (!wide.matches) aside.hidden = true;
    opener.ariaExpanded = String(Boolean(shown()));
  });
  review.state.on(follow);
  review.list.on((what) => what === "list" && draw());
  review.keys.add("all", "f", "Filters", () => toggle());
  review.keys.add("all", "/", "Search", () => { box.focus(); box.select(); });

  review.filters = {
    /** Once, before the first list: open again if it was left open, on a wide screen. */
    begin() {
      if (wide.matches && review.habit("filters")) {
        aside.hidden = false;
        opener.ariaExpanded = "true";
      }
      follow(review.state.query);
    },
    /** The counts have changed. */
    draw,
    clear,
    active,
    /** What makes no sense, in the server's words, which begin with its name; null if all does. */
    wrong(said) {
      wrong_facts = said?.startsWith("facts ") ?? false;
      box.setAttribute("aria-invalid", String(said !== null && !wrong_facts));
      document.querySelector('[data-focus="filter facts"]')?.setAttribute("aria-invalid", String(wrong_facts));
    },
  };
})();
