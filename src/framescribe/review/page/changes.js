"use strict";
window.review ??= {};

// Knows how a person's changes reach the server, one after another, and how the last of them is taken back.
(() => {
  const review = window.review;
  const done = []; // {edit} or {batch}, the last one at the end
  const listeners = [], resting = [];
  let last = Promise.resolve();

  let waiting = 0; // changes that the server has not answered yet
  const queued = (f) => {
    const mine = last.then(f);
    waiting += 1;
    last = mine.catch(() => {}).finally(() => {
      waiting -= 1;
      if (waiting === 0) setTimeout(() => resting.forEach((f) => f()));
    });
    return mine;
  };
  addEventListener("beforeunload", (event) => { if (waiting > 0) event.preventDefault(); }); // the browser asks first

  const tell = (rows) => {
    review.list.put(rows);
    for (const f of listeners) f(rows);
  };

  /** Something was changed on the server by other means: these whole rows are as they stand now; without them, or with
   *  a result that changed at large, everything comes again. */
  review.changed = (rows) => {
    if (rows?.length) tell(rows);
    else {
      review.list.stale();
      for (const f of listeners) f(null);
    }
  };

  review.changes = {
    /** f(rows) with the whole rows that a change, or taking one back, has left behind; f(null) if much has changed. */
    on: (f) => listeners.push(f),
    /** Whether the server has still to answer; f() once it has answered all. */
    get busy() { return waiting > 0; },
    rest: (f) => resting.push(f),
    /** Once all that has been changed so far is kept, or has failed. */
    settled: () => last,
    /** Change a field of a clip; `base`: what it said when one began (a Failure with status 409 if it says something
     *  else now). Returns a promise of {row, undo}: `undo` takes this very change back. */
    make: (key, field, value, base) => queued(async () => {
      const row = await review.source.edit({ key, field, new: value, ...(base !== undefined && { base }) });
      tell([row]);
      const edit = row.history?.find((entry) => entry.field === field && !entry.undone);
      const undo = edit?.new === value && field !== "seen" ? review.changes.did({ edit: edit.edit }) : null;
      return { row, undo };
    }),
    /** The person went on from a clip that was open. */
    seen(row) {
      if (review.source.live && row && !row.seen) review.changes.make(row.key, "seen", "yes").catch(() => {}); // it will be seen again
    },
    /** A change made elsewhere, as {edit} or {batch}, that `z` takes back in its turn; returns what takes it back now. */
    did(what) {
      done.push(what);
      return () => review.changes.undo(what);
    },
    /** Take back a change, or the last one made here; a promise of the rows concerned. */
    undo: (given) => queued(async () => {
      const what = given ?? done.at(-1) ?? {}; // when its turn comes: z, z takes back two changes
      const told = await review.source.undo(what);
      const at = done.indexOf(what);
      if (at >= 0) done.splice(at, 1);
      tell(told.rows);
      if (told.rows.length > 1 || told.batch) review.list.stale();
      review.say(told.skipped ? `${told.what} ${review.plural(told.skipped, "clip")} had changed again since and stay as they are.` : told.what);
      return told.rows;
    }),
  };
})();
