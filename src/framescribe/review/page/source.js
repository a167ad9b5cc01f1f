"use strict";
window.review ??= {};

// Knows how the server is asked, and whether it answers; keeps nothing and shows nothing.
(() => {
  const review = window.review;
  const listeners = [];
  let reachable = true;

  /** What went wrong, in one line: `status` is the HTTP one, or 0 if nobody answered; `body` is what came with it. */
  class Failure extends Error {
    constructor(message, status, body = null) {
      super(message);
      this.status = status;
      this.body = body;
    }
  }

  const turn = (now) => {
    if (now === reachable) return;
    reachable = now;
    for (const f of listeners) f(now);
  };

  const call = async (path, { body, signal } = {}) => {
    const post = body !== undefined && {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Framescribe": "review" },
      body: JSON.stringify(body),
    };
    let answer, told;
    try {
      answer = await fetch(path, { signal, cache: "no-store", ...post });
      told = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      turn(false);
      throw new Failure("The server does not answer.", 0);
    }
    turn(true);
    try {
      told = JSON.parse(told);
    } catch {
      told = null;
    }
    if (!answer.ok) throw new Failure(told?.error ?? `The server answered ${answer.status}.`, answer.status, told);
    return told;
  };

  const part = encodeURIComponent;
  const asked = (path, query) => `${path}?${review.state.params(query, { page: false })}`;

  /** All of it but `live`, `video` and the like returns a promise, and raises a Failure. */
  review.source = {
    live: true,
    Failure,
    on: (f) => listeners.push(f),
    get reachable() { return reachable; },
    result: () => call("api/result"),
    list: (query, signal) => call(asked("api/list", query), { signal }),
    rows: async (list, offset, limit) => (await call(`api/list/${part(list)}?offset=${offset}&limit=${limit}`)).rows,
    place: async (list, key) => (await call(`api/list/${part(list)}/place?key=${part(key)}`)).offset,
    row: (key) => call(`api/rows/${part(key)}`),
    edit: (change) => call("api/edit", { body: change }),
    undo: (what) => call("api/undo", { body: what }),
    preview: (selection, change, offset = 0, limit = 50) => call("api/bulk/preview", { body: { selection, change, offset, limit } }),
    apply: (selection, change, fingerprint) => call("api/bulk/apply", { body: { selection, change, fingerprint } }),
    ask: (wanted) => call("api/ask", { body: wanted }),
    asks: () => call("api/asks"),
    stop: (job) => call(`api/asks/${part(job)}/stop`, { body: {} }),
    decide: (candidate, decision) => call(`api/candidates/${part(candidate)}`, { body: decision }),
    charts: (query) => call(asked("api/charts", query)),
    next_pair: (query) => call(asked("api/compare/next", query)),
    judge: (pair, choice) => call(`api/compare/${part(pair)}`, { body: { choice } }),
    comparison: () => call("api/compare"),
    thumb: (key) => `media/${part(key)}/thumb.jpg`,
    frame: (key, index) => `media/${part(key)}/frame/${index}.jpg`,
    video: (key) => `media/${part(key)}/video`,
    preview_of: (key) => `media/${part(key)}/preview.mp4`,
  };
})();
