"use strict";
window.review ??= {};

// Knows the address: which clips are asked for, and what is open; everything that a link should restore is here.
(() => {
  const review = window.review;
  const MANY = new Set(["status", "flag", "tag"]);
  const FILTERS = [
    "q", "re", "facts", "id", "status", "flag", "verdict", "locked", "edited", "seen", "tag", "note", "min_words", "max_words",
    "min_duration", "max_duration", "model", "candidates", "since", "until",
  ];
  const PAGE = ["clip", "view"];
  const NAMES = [...FILTERS, "sort", ...PAGE];
  // A saved page is opened from a folder, where browsers refuse a new query but not a new fragment.
  const mark = location.protocol === "file:" ? "#" : "?";
  const listeners = [];

  const ordered = (names) => [...NAMES, ...names].filter((name, index, all) => all.indexOf(name) === index);

  const read = () => {
    const given = new URLSearchParams((mark === "#" ? location.hash : location.search).slice(1));
    const query = {};
    for (const name of ordered(given.keys())) { // a name from elsewhere is kept: a saved page has some of its own
      const values = given.getAll(name).filter((value) => value !== "");
      if (values.length) query[name] = MANY.has(name) ? [...new Set(values)] : values.at(-1);
    }
    return query;
  };

  /** The query as the text of an address, without its mark; `page: false` leaves out what only the page knows. */
  const params = (query, { page = true } = {}) => {
    const text = new URLSearchParams();
    for (const name of ordered(Object.keys(query))) {
      if (!page && PAGE.includes(name)) continue;
      for (const value of [query[name] ?? []].flat()) text.append(name, value);
    }
    return text.toString();
  };

  const address = (query) => (params(query) || mark === "#" ? mark + params(query) : location.pathname);

  const changed = (query, changes) => {
    const next = { ...query, ...changes };
    for (const name of Object.keys(next)) {
      if (next[name] === null || next[name] === undefined || next[name] === "" || next[name].length === 0) delete next[name];
    }
    return next;
  };

  const tell = (before) => {
    for (const f of listeners) f(review.state.query, before);
  };

  review.state = {
    FILTERS,
    MANY,
    query: read(),
    params,
    /** The address with these changes, for a link. */
    address: (changes = {}) => address(changed(review.state.query, changes)),
    /** Where in the list the open clip stood, for the day on which it is no longer in it. */
    get at() { return history.state?.at ?? null; },
    /** Change the query: null, "" and [] take a name out. */
    set(changes, { replace = false, at = null } = {}) {
      const before = review.state.query;
      const next = changed(before, changes);
      if (params(next) === params(before)) return;
      review.state.query = next;
      try {
        history[replace ? "replaceState" : "pushState"]({ at }, "", address(next));
      } catch { /* some browsers refuse this for a page opened from a folder */ }
      tell(before);
    },
    /** f(query, the query before) after each change, also by the browser's back and forward. */
    on: (f) => listeners.push(f),
  };

  window.addEventListener("popstate", () => {
    const before = review.state.query;
    review.state.query = read();
    if (params(review.state.query) !== params(before)) tell(before);
  });
})();
