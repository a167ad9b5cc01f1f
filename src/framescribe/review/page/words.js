"use strict";
window.review ??= {};

// Knows how two texts differ, word by word; knows nothing of where they come from.
(() => {
  const review = window.review;
  const { h } = review;
  const MOST = 4_000_000; // cells of the table: two texts of 1,000 words and the spaces between them

  /** [[same | del | ins, text], …]: what to leave, take out and put in to make the new text of the old one. */
  const steps = (before, after) => {
    const old = before.match(/\s+|[\p{L}\p{M}\p{N}_'’-]+|./gsu) ?? [];
    const now = after.match(/\s+|[\p{L}\p{M}\p{N}_'’-]+|./gsu) ?? [];
    let head = 0;
    while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
    let tail = 0;
    while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
    const a = old.slice(head, old.length - tail), b = now.slice(head, now.length - tail);
    const told = [];
    const add = (kind, word) => {
      if (told.at(-1)?.[0] === kind) told.at(-1)[1] += word;
      else told.push([kind, word]);
    };
    for (const word of old.slice(0, head)) add("same", word);
    if (a.length * b.length > MOST) {
      for (const word of a) add("del", word);
      for (const word of b) add("ins", word);
    } else {
      const wide = b.length + 1;
      const long = new Uint16Array((a.length + 1) * wide); // the longest common run of words from here on
      for (let i = a.length - 1; i >= 0; i -= 1) {
        for (let j = b.length - 1; j >= 0; j -= 1) {
          long[i * wide + j] = a[i] === b[j] ? long[(i + 1) * wide + j + 1] + 1 : Math.max(long[(i + 1) * wide + j], long[i * wide + j + 1]);
        }
      }
      let i = 0, j = 0;
      while (i < a.length || j < b.length) {
        if (i < a.length && j < b.length && a[i] === b[j]) { add("same", a[i]); i += 1; j += 1; }
        else if (i < a.length && (j === b.length || long[(i + 1) * wide + j] >= long[i * wide + j + 1])) { add("del", a[i]); i += 1; }
        else { add("ins", b[j]); j += 1; }
      }
    }
    for (const word of old.slice(old.length - tail)) add("same", word);
    return told;
  };

  review.words = {
    count: (text) => text.match(/\S+/gu)?.length ?? 0,
    /** The new text, with what was taken out as <del> and what was put in as <ins>; without the ones it is the new
     *  text exactly, without the others the old one. */
    diff(before, after) {
      const told = document.createDocumentFragment();
      told.append(...steps(before ?? "", after ?? "").map(([kind, text]) => (kind === "same" ? text : h(kind, null, text))));
      return told;
    },
  };
})();
