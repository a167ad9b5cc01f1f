"use strict";
window.review ??= {};

// Knows what a model is asked again, how far it is, and how its answers stand beside the captions; knows no engine.
(() => {
  const review = window.review;
  const { h, plural, number } = review;
  const MANY = 20; // from so many clips on, asking has to be confirmed
  const EVERY = 1000; // ms between two looks at the jobs

  // ---- the question

  /** Ask about all that is selected; `criticism` is filled in if it was already given for another clip. */
  const open = (selection, { criticism = "" } = {}) => {
    const asks = review.result?.asks;
    if (!asks?.available) return review.dialog("Ask again", h("p", null, asks?.why ?? "No model can be asked here."));
    const count = selection.keys?.length ?? selection.total;
    const words = { type: "text", autocomplete: "off", spellcheck: "false" };
    const said = h("textarea", { rows: "2", dir: "auto", placeholder: "It is a horse, and it walks to the left.", value: criticism, "aria-describedby": "ask-about" });
    const prompt = h("textarea", { rows: "4", dir: "auto", placeholder: asks.prompt });
    const model = h("input", { ...words, placeholder: asks.model });
    const frames = h("input", { type: "number", min: "1", max: "1024", placeholder: asks.frames });
    const who = h("p", { role: "status" });
    const wrong = h("p", { class: "wrong", role: "alert" });
    const go = h("button", { type: "submit", class: "primary" }, "Ask");
    const tell = () => {
      const times = count === 1 ? "for this clip" : count ? `once for each of ${number(count)} clips` : "once for each clip";
      review.fill(who, h("b", null, model.value.trim() || asks.model), ` answers ${times}.`);
    };
    const submit = async (event) => {
      event.preventDefault();
      const how = { criticism: said.value.trim(), prompt: prompt.value.trim(), model: model.value.trim(), frames: Number(frames.value) };
      go.disabled = true;
      try {
        await review.source.ask({ selection: review.bulk.sent(selection), ...Object.fromEntries(Object.entries(how).filter(([, value]) => value)) });
        dialog.close();
        follow();
      } catch (error) {
        wrong.textContent = error.message;
        go.disabled = false;
      }
    };
    tell();
    const dialog = review.dialog("Ask again", h("form", { class: "panel", onsubmit: submit, oninput: tell },
      h("label", null, "What is wrong, in one sentence", said),
      h("p", { class: "quiet", id: "ask-about" }, "The model reads it together with the frames and the present caption."),
      h("details", null, h("summary", null, "Prompt, model and frames"),
        h("label", null, "Prompt", prompt),
        h("div", { class: "pair" }, h("label", null, "Model", model), h("label", null, "Number of frames", frames)),
        h("p", { class: "quiet" }, "What is left empty stays as it is for this result.")),
      who,
      !(count < MANY) && h("label", { class: "check" }, h("input", { type: "checkbox", required: true }),
        `Yes, ask ${count ? `${number(count)} times` : "about all of them"}: the time and any cost are mine`),
      wrong,
      h("div", { class: "foot" }, h("span", { class: "quiet" }, "Captions change only when you take a new one."), go)), { sheet: true });
    return dialog;
  };

  // ---- how far it is

  const lines = new Map(); // job → its line, or null once it was closed
  let waiting = null;
  let begun = false; // jobs that were over before this page was opened get no line
  const busy = (job) => job.state === "opening" || job.state === "asking";

  const progress = (job) => {
    const failed = (job.failed ? `, ${number(job.failed)} failed` : "") + (job.skipped ? `, ${number(job.skipped)} locked and not asked` : "");
    if (job.state === "opening") return "getting the model ready …";
    if (job.state === "asking") return `${number(job.done)} of ${number(job.total)} answered${failed}`;
    if (job.state === "failed") return job.error;
    return `${job.state === "stopped" ? "stopped; " : ""}${plural(job.done, "new caption")}${failed}`;
  };

  const line = (first) => {
    const filter = { candidates: "1", clip: null, view: null };
    const text = h("span", null);
    const bar = h("progress", { "aria-label": first.what });
    const see = h("a", { href: review.state.address(filter), onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      review.state.set(filter);
    } }, "See them");
    let faults = [];
    const why = h("button", { class: "quiet", onclick: () => review.dialog("Not answered", h("ul", null,
      faults.map((one) => h("li", { dir: "auto" }, h("b", null, one.id), `: ${one.error}`)))) }, "Why?");
    const stop = h("button", { class: "quiet", onclick: () => review.told(review.source.stop(first.job).then(follow)) }, "Stop");
    const close = h("button", { class: "square quiet", "aria-label": "Close", onclick: () => {
      lines.get(first.job).element.remove();
      lines.set(first.job, null);
    } }, review.icon("close"));
    const element = h("div", { class: "job", role: "group", "aria-label": first.what }, h("b", null, first.what), bar, text, why, see, stop, close);
    const show = (job) => {
      text.textContent = progress(job);
      text.className = job.state === "failed" ? "wrong" : "";
      if (job.state === "opening") bar.removeAttribute("value");
      else [bar.max, bar.value] = [job.total || 1, job.done + job.failed];
      faults = job.faults ?? [];
      why.hidden = !faults.length;
      bar.hidden = stop.hidden = !busy(job);
      close.hidden = busy(job);
      see.hidden = busy(job) || !job.done;
    };
    document.getElementById("jobs").append(element);
    return { element, show, last: first };
  };

  /** Looks at the jobs until none is busy. */
  const follow = async () => {
    clearTimeout(waiting);
    let jobs;
    try {
      ({ jobs } = await review.source.asks());
    } catch {
      waiting = setTimeout(follow, 5 * EVERY);
      return;
    }
    for (const job of jobs) {
      if (!lines.has(job.job)) lines.set(job.job, begun || busy(job) ? line(job) : null);
      const mine = lines.get(job.job);
      if (!mine) continue;
      mine.show(job);
      const over = busy(mine.last) && !busy(job);
      if (over || job.done !== mine.last.done) review.changed();
      if (over) review.say(`Asked again: ${progress(job)}.`, { problem: job.state === "failed" });
      mine.last = job;
    }
    begun = true;
    clearTimeout(waiting);
    if (jobs.some(busy)) waiting = setTimeout(follow, EVERY);
  };

  // ---- the answers

  /** One of two texts, with what only it says marked: with "del" the old one, with "ins" the new one. */
  const side = (before, after, mark) => {
    const difference = review.words.diff(before, after);
    for (const other of difference.querySelectorAll(mark === "del" ? "ins" : "del")) other.remove();
    return h("p", { class: "diff", dir: "auto" }, difference);
  };

  const decide = async (row, candidate, decision) => {
    try {
      const now = await review.source.decide(candidate.candidate, { decision, base: row.caption });
      const edit = decision === "taken" && now.history.find((one) => one.field === "caption" && !one.undone && !one.undoes)?.edit;
      review.changed([now]);
      review.say(decision === "taken" ? "The new caption is taken." : "The caption is left as it is.", { undo: edit && review.changes.did({ edit }) });
    } catch (error) {
      if (error.told?.row) review.changed([error.told.row]);
      review.say(error.status === 409 ? "The caption has changed in the meantime. Nothing was done: please look again." : error.message, { problem: true });
    }
  };

  const asked = (one) => h("details", null, h("summary", null, "What was asked"), h("dl", { class: "facts-list" },
    Object.entries({ Criticism: one.criticism, Prompt: one.prompt, Model: one.model, Frames: one.frames, When: one.when && review.date(one.when) })
      .filter(([, value]) => value).map(([name, value]) => [h("dt", null, name), h("dd", { dir: "auto" }, String(value))])));

  let current = null; // what the keys are about: { row, candidate, element }

  const answer = (row, one, at) => {
    const old = row.caption ?? "";
    const key = (name) => at === 0 && h("kbd", null, name);
    const text = (title, mark) => h("div", null, h("h4", null, title), side(old, one.caption, mark));
    const element = h("section", { class: "candidate", "aria-label": `New caption by ${one.model}` },
      h("p", { class: "quiet" }, h("b", null, one.model), one.criticism ? [", told: ", h("q", null, one.criticism)] : ", asked again", " ",
        (one.flags ?? []).map((flag) => h("span", { class: "mark wrong" }, flag))),
      h("div", { class: "sides" }, text("Now", "del"), text("New", "ins")),
      row.locked && h("p", { class: "quiet" }, "The caption is locked. Unlock it to take a new one."),
      h("div", { class: "choices" },
        h("button", { class: "primary", disabled: Boolean(row.locked), onclick: () => decide(row, one, "taken") }, "Take ", key("y")),
        h("button", { onclick: () => decide(row, one, "left") }, "Leave ", key("u")),
        one.criticism && h("button", { class: "quiet", onclick: () => open(review.selection(), one) }, "Ask the same about others …")),
      asked(one));
    if (at === 0) current = { row, candidate: one, element };
    return element;
  };

  const others = (row, ones) => ones.length > 0 && h("details", { class: "earlier" },
    h("summary", null, `${plural(ones.length, "answer")} with nothing to decide`),
    ones.map((one) => h("div", null,
      h("p", { dir: "auto" }, h("span", { class: ["mark", one.decided === "taken" && "right"] }, one.decided ?? "the same words"), " ", one.caption), asked(one),
      one.caption !== row.caption && !row.locked && h("button", { class: "quiet", onclick: () => decide(row, one, "taken") }, "Take it after all"))));

  /** The answers for a row, as an element for the view of one clip; hidden if there are none. */
  const candidates = (row) => {
    const all = row.new_captions ?? [];
    const fresh = all.filter((one) => !one.decided && one.caption !== row.caption);
    current = null;
    return h("div", { class: "candidates", hidden: all.length === 0 },
      fresh.length > 0 && h("h3", null, `${plural(fresh.length, "new caption")} to decide on`), fresh.map((one, at) => answer(row, one, at)),
      others(row, all.filter((one) => !fresh.includes(one))));
  };

  for (const [key, decision, label] of [["y", "taken", "Take the new caption"], ["u", "left", "Leave the caption as it is"]]) {
    review.keys.add("clip", key, label, () => decide(current.row, current.candidate, decision),
      { edits: true, when: () => current?.element.isConnected && (decision === "left" || !current.row.locked) });
  }

  review.ask = { open, follow };
  review.candidates = candidates;
})();
