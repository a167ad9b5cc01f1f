"use strict";
window.review ??= {};

// Knows the list of clips that is open: a page of it at a time, a few pages at once, and the whole rows opened last.
(() => {
  const review = window.review;
  const PAGE = 200, PAGES = 16, WHOLE = 24;
  const listeners = [];
  const pages = new Map(); // number → {rows, stale, coming}, the one used last at the end
  const whole = new Map(); // key → promise of the whole row
  let opening = null;

  const tell = (what) => {
    for (const f of listeners) f(what);
  };

  const held = (number) => {
    const page = pages.get(number);
    if (page) {
      pages.delete(number);
      pages.set(number, page);
    }
    return page;
  };

  const fetched = (number) => {
    const page = held(number) ?? { rows: null, stale: true, coming: null };
    pages.set(number, page);
    if (page.coming || !page.stale) return page.coming;
    const id = list.id;
    page.coming = review.source.rows(id, number * PAGE, PAGE).then((rows) => {
      Object.assign(page, { rows, stale: false, coming: null });
      for (const old of [...pages.keys()].slice(0, -PAGES)) pages.delete(old);
      if (id === list.id) tell("rows");
    }, async (error) => {
      page.coming = null;
      if (id !== list.id) return; // nobody waits for it any more
      if (error.status === 410) await list.open(list.query);
      else throw error;
    });
    return page.coming;
  };

  const list = review.list = {
    id: null,
    query: {},
    total: 0,
    /** f("list") when another list is open, f("rows") when rows of it have come or have changed. */
    on: (f) => listeners.push(f),
    /** Ask for the list of a query; the one that was asked for last counts. */
    async open(query) {
      opening?.abort();
      const mine = opening = new AbortController();
      const told = await review.source.list(query, mine.signal);
      if (mine.signal.aborted) return;
      pages.clear();
      Object.assign(list, { id: told.list, query, total: told.total, revision: told.revision });
      tell("list");
    },
    /** The row at a place, if it is here. */
    at: (index) => held(Math.floor(index / PAGE))?.rows?.[index % PAGE],
    /** See to it that these places come; what is stale comes again. */
    want(first, last) {
      for (let number = Math.floor(Math.max(0, first) / PAGE); number * PAGE <= Math.min(last, list.total - 1); number += 1) {
        const coming = fetched(number);
        if (coming) review.told(coming.catch((error) => { if (error.status !== 0) throw error; })); // that, the banner says
      }
    },
    /** The row at a place, once it is here; undefined beyond the ends. */
    async load(index) {
      if (index < 0 || index >= list.total) return undefined;
      if (!list.at(index)) await fetched(Math.floor(index / PAGE));
      return list.at(index);
    },
    /** Where in the list a clip stands, or null. */
    async place(key) {
      for (const [number, page] of pages) {
        const index = page.rows?.findIndex((row) => row.key === key) ?? -1;
        if (index >= 0) return number * PAGE + index;
      }
      return list.id === null ? null : review.source.place(list.id, key);
    },
    /** The whole row of a clip; `fresh` asks the server again. */
    whole(key, fresh = false) {
      if (fresh || !whole.has(key)) {
        const coming = review.source.row(key);
        coming.catch(() => whole.get(key) === coming && whole.delete(key));
        whole.delete(key);
        whole.set(key, coming);
        for (const old of [...whole.keys()].slice(0, -WHOLE)) whole.delete(old);
      }
      return whole.get(key);
    },
    /** These whole rows are as they stand now. */
    put(rows) {
      for (const row of rows) {
        whole.delete(row.key);
        whole.set(row.key, Promise.resolve(row));
        for (const page of pages.values()) {
          const index = page.rows?.findIndex((old) => old.key === row.key) ?? -1;
          if (index >= 0) page.rows[index] = { ...page.rows[index], ...row, caption: row.caption?.slice(0, 500), cut: (row.caption?.length ?? 0) > 500 };
        }
      }
      if (rows.length) tell("rows");
    },
    /** Something has changed on the server: what is shown comes again, in its old places. */
    stale() {
      whole.clear();
      for (const page of pages.values()) page.stale = true;
      tell("rows");
    },
  };
})();
