"use strict";
window.review ??= {};

// Knows how many captions are changed at once, each change shown before it is made; not how clips are selected.
(() => {
  const review = window.review;
  const { h, plural } = review;
  const PAGE = 20; // changes of a preview that are shown at a time
  const WAIT = 200; // ms without a keystroke before a preview is made
  const KEPT = 50; // characters of unchanged text left on each side of a change
  const STALE = "Captions have changed in the meantime";

  /** A selection as the server takes it; `total` is for the page's own words. */
  const sent = ({ list, keys }) => (keys ? { keys } : { list });

  /** A difference with long unchanged stretches cut out, whole words only. */
  const shortened = (difference) => {
    for (const part of [...difference.childNodes]) {
      if (part.nodeType !== Node.TEXT_NODE || part.data.length <= 2 * KEPT + 20) continue;
      const head = part.previousSibling ? part.data.slice(0, KEPT).replace(/\S*$/, "") : "";
      part.data = `${head}…${part.nextSibling ? part.data.slice(-KEPT).replace(/^\S*/, "") : ""}`;
    }
    return h("p", { class: "diff", dir: "auto" }, difference);
  };

  const open = (selection) => {
    const words = { type: "text", autocomplete: "off", spellcheck: "false", dir: "auto" };
    const find = h("input", { ...words, "aria-describedby": "bulk-wrong" });
    const put = h("input", words);
    const ticks = Object.entries({
      case: "Match case", words: "Whole words", regex: "Regular expression", edited: "Also captions that a person edited",
    }).map(([name, label]) => [name, h("input", { type: "checkbox" }), label]);
    const sum = h("p", { class: "sum", role: "status" });
    const wrong = h("p", { class: "wrong", id: "bulk-wrong", role: "alert" });
    const list = h("ol", { class: "changes", tabindex: "0", "aria-label": "Preview" });
    const previous = h("button", { class: "quiet", onclick: () => look(offset - PAGE) }, "Previous");
    const next = h("button", { class: "quiet", onclick: () => look(offset + PAGE) }, "Next");
    const where = h("span", { class: "quiet" });
    const pages = h("nav", { class: "pages", "aria-label": "Pages of the preview" }, previous, where, next);
    const go = h("button", { type: "submit", class: "primary" });

    let ready = null; // the preview that the button applies; null while the fields say something else
    let offset = 0;
    let turn = 0; // an answer to any but the latest question is dropped
    let timer;

    const change = () => ({
      kind: "replace", find: find.value, with: put.value, ...Object.fromEntries(ticks.map(([name, box]) => [name, box.checked])),
    });

    const forget = (sentence) => {
      ready = null;
      go.disabled = true;
      go.textContent = "Change";
      pages.hidden = true;
      sum.textContent = sentence;
    };

    const failed = (error) => {
      forget("");
      list.replaceChildren();
      wrong.textContent = error.message;
      find.setAttribute("aria-invalid", "true");
    };

    const show = (answer, asked, before) => {
      const { total, protected: kept, locked, changes, fingerprint } = answer;
      ready = { change: asked, fingerprint };
      list.start = offset + 1;
      review.fill(list, changes.map((one) => h("li", null, h("span", { class: "quiet" }, one.id),
        shortened(review.words.diff(one.old, one.new)))));
      list.scrollTop = 0;
      const stay = [kept && `${plural(kept, "caption")} that a person edited or accepted`, locked && `${plural(locked, "locked caption")}`]
        .filter(Boolean).join(" and ");
      review.fill(sum, before && `${before} `, h("b", null, total ? `${plural(total, "caption")} would change.` : "No caption would change."), stay && ` Left alone: ${stay}.`);
      go.textContent = total ? `Change ${plural(total, "caption")}` : "Change";
      go.disabled = !total;
      pages.hidden = total <= PAGE;
      where.textContent = `${offset + 1}–${Math.min(offset + PAGE, total)} of ${review.number(total)}`;
      previous.disabled = offset === 0;
      next.disabled = offset + PAGE >= total;
    };

    const look = async (from = 0, before = "") => {
      const mine = (turn += 1);
      const asked = change();
      wrong.textContent = "";
      find.removeAttribute("aria-invalid");
      if (!asked.find) {
        list.replaceChildren();
        return forget("Every change is shown here before it is made.");
      }
      list.setAttribute("aria-busy", "true");
      try {
        const answer = await review.source.preview(sent(selection), asked, from, PAGE);
        if (mine !== turn) return;
        if (from > 0 && answer.fingerprint !== ready?.fingerprint) return look(0, `${STALE}: this is a new preview.`);
        offset = from;
        show(answer, asked, before);
      } catch (error) {
        if (mine === turn) failed(error);
      } finally {
        if (mine === turn) list.removeAttribute("aria-busy");
      }
    };

    const soon = () => {
      put.placeholder = change().regex ? "\\1 stands for the first group" : "";
      turn += 1;
      forget("…");
      clearTimeout(timer);
      timer = setTimeout(look, WAIT);
    };

    const apply = async (event) => {
      event.preventDefault();
      if (!ready || go.disabled) return;
      go.disabled = true;
      try {
        const { batch, changed, skipped } = await review.source.apply(sent(selection), ready.change, ready.fingerprint);
        dialog.close();
        review.changed();
        review.say(`${plural(changed, "caption")} changed${skipped ? `, ${review.number(skipped)} left alone` : ""}.`, { undo: review.changes.did({ batch }) });
      } catch (error) {
        if (error.status === 409) look(0, `${STALE}, so nothing was changed. This is the new preview.`);
        else failed(error);
      }
    };

    const total = selection.total ?? selection.keys?.length;
    const dialog = review.dialog("Find and replace", h("form", { class: "panel", onsubmit: apply, oninput: soon },
      total !== undefined && h("p", { class: "quiet" }, `In the captions of ${plural(total, "clip")}.`),
      h("div", { class: "pair" }, h("label", null, "Find", find), h("label", null, "Replace with", put)),
      h("div", { class: "ticks" }, ticks.map(([, box, label]) => h("label", { class: "check" }, box, label))),
      wrong, sum, list, h("div", { class: "foot" }, pages, go)), { wide: true, sheet: true });
    look();
    return dialog;
  };

  const said = (field, value) => {
    const tag = /^tags\[(.*)\]$/s.exec(field)?.[1];
    if (tag !== undefined) return value === null ? `without the tag “${tag}”` : `tagged “${tag}”`;
    if (field === "verdict") return value ?? "without a verdict";
    if (field === "lock") return value === null ? "unlocked" : "locked";
    if (field === "seen") return value === null ? "marked as not seen" : "marked as seen";
    return value === null ? "without a note" : "with a new note";
  };

  /** Set one field of all that is selected: "verdict", "lock", "seen", "note" or "tags[NAME]"; null takes it back. */
  const set = (selection, field, value) => {
    const change = { kind: "set", field, new: value };
    const once = async () => {
      const { fingerprint } = await review.source.preview(sent(selection), change, 0, 1);
      return review.source.apply(sent(selection), change, fingerprint);
    };
    // Nobody has read a preview here that a row written in between could make out of date: simply once more.
    const done = once().catch((error) => (error.status === 409 ? once() : Promise.reject(error)));
    return review.told(done.then(({ batch, changed, skipped }) => {
      review.changed();
      if (!changed) return review.say("There was nothing to change.");
      const left = skipped ? ` ${plural(skipped, "clip")} left alone.` : "";
      return review.say(`${plural(changed, "clip")} ${said(field, value)}.${left}`, { undo: review.changes.did({ batch }) });
    }));
  };

  review.bulk = { open, set, sent };
})();
