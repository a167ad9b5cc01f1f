"use strict";
window.review ??= {};

// Knows how two captions of one clip are judged blindly; before a judgement it neither holds nor asks whose they are.
(() => {
  const review = window.review;
  const { h, plural, number } = review;
  const CHOICES = [["left", "1", "Caption 1"], ["right", "2", "Caption 2"], ["tie", "3", "Equally good"], ["neither", "4", "Neither is good"]];
  let parts = null; // the elements of the view
  let pair = null; // what is being judged
  let past = []; // pairs judged since the view was opened, the latest last
  let marked = false; // whether differences are marked: stays from pair to pair
  let working = false;

  /** The clip; what the browser cannot play as its preview, or else as one picture. */
  const clip = (key) => {
    const others = [review.source.preview_of(key)];
    const video = h("video", {
      controls: true, loop: true, playsinline: true, muted: true, autoplay: !matchMedia("(prefers-reduced-motion: reduce)").matches, "aria-label": "The clip",
      onerror: () => {
        if (others.length) video.src = others.pop();
        else video.replaceWith(h("img", { src: review.source.thumb(key), alt: "A frame of the clip, which this browser cannot play" }));
      },
    });
    video.src = review.source.video(key);
    return video;
  };

  /** A caption, with what the other one does not say marked if that is wanted. */
  const text = (mine, other) => {
    if (!marked) return mine;
    const difference = review.words.diff(mine, other);
    for (const ins of difference.querySelectorAll("ins")) ins.remove();
    for (const del of difference.querySelectorAll("del")) del.replaceWith(h("mark", null, ...del.childNodes));
    return difference;
  };

  const write = () => {
    parts.marks.checked = marked;
    if (!pair) return;
    review.fill(parts.left, text(pair.left, pair.right));
    review.fill(parts.right, text(pair.right, pair.left));
  };

  const put = (next) => {
    pair = next.done ? null : next;
    parts.desk.hidden = !pair;
    parts.back.disabled = !past.length;
    parts.title.textContent = pair ? "Which caption describes the clip better?" : next.total ? "Every pair is judged" : "There is nothing to compare here";
    parts.rest.textContent = pair ? "" : `The same caption in both: ${plural(next.equal, "clip")}. Without one in either: ${plural(next.missing, "clip")}.`;
    parts.film.replaceChildren(...(pair ? [clip(pair.key)] : []));
    write();
    if (!pair || !parts.desk.contains(document.activeElement)) parts.title.focus({ preventScroll: true });
  };

  const count = (judged, total) => {
    [parts.bar.max, parts.bar.value] = [total || 1, judged];
    parts.count.textContent = `${number(judged)} of ${number(total)} judged`;
  };

  const forward = async () => {
    const next = await review.source.next_pair(review.state.query);
    count(next.judged, next.total);
    put(next);
  };

  /** One step at a time: what is pressed while the server is asked is dropped. */
  const step = (work) => async () => {
    if (working) return;
    working = true;
    parts.wrong.textContent = "";
    try {
      await work();
    } catch (error) {
      parts.wrong.textContent = error.message;
    } finally {
      working = false;
    }
  };

  const judge = (choice) => step(async () => {
    if (!pair) return;
    await review.source.judge(pair.pair, choice);
    past.push(pair);
    parts.result.replaceChildren(); // what it said is no longer so
    await forward();
  });

  const back = step(async () => {
    const last = past.at(-1);
    if (!last) return;
    const { judged } = await review.source.judge(last.pair, null);
    past.pop();
    parts.result.replaceChildren();
    count(judged, parts.bar.max);
    put(last);
  });

  const mark = () => {
    marked = !marked;
    write();
  };

  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  const reveal = step(async () => {
    const now = await review.source.comparison();
    const decided = now.this + now.other;
    const counts = [[now.names.this, now.this], [now.names.other, now.other], ["Equally good", now.tie], ["Neither is good", now.neither]];
    review.fill(parts.result,
      h("table", null, h("caption", null, `After ${plural(now.judged, "judgement")}`), h("tbody", null,
        counts.map(([name, wins]) => h("tr", null, h("th", { scope: "row", dir: "auto" }, name), h("td", null, number(wins)))))),
      h("p", null, decided ? [h("b", null, now.names.this), ` is better in ${percent(now.share)} of ${plural(decided, "decided pair")} ` +
        `(95% interval: ${percent(now.low)} to ${percent(now.high)}).`] : "No pair has been decided yet."),
      decided > 0 && now.low <= 0.5 && now.high >= 0.5 && h("p", { class: "quiet" }, "The interval includes 50%: neither is shown to be better yet."));
  });

  /** The whole view, in place of what the element held. */
  const show = (element) => {
    const keyed = (name, attributes, label) => h("button", { ...attributes, "aria-keyshortcuts": name }, h("kbd", null, name), ` ${label}`);
    const caption = (title, body) => h("section", { "aria-label": title }, h("h3", null, title), body);
    const body = () => h("p", { class: "text", dir: "auto" });
    parts = {
      title: h("h2", { tabindex: "-1" }), left: body(), right: body(), film: h("div", { class: "film" }), desk: h("div", { hidden: true }),
      rest: h("p", { class: "quiet" }),
      bar: h("progress", { "aria-label": "Pairs judged" }), count: h("span", { role: "status" }), wrong: h("p", { class: "wrong", role: "alert" }),
      back: keyed("z", { class: "quiet", onclick: back, disabled: true }, "Take back the last"),
      marks: h("input", { type: "checkbox", onchange: mark }), result: h("div", { role: "status" }),
    };
    past = [];
    review.fill(parts.desk, parts.film, h("div", { class: "sides" }, caption("Caption 1", parts.left), caption("Caption 2", parts.right)),
      h("div", { class: "choices", role: "group", "aria-label": "Your judgement" }, CHOICES.map(([choice, name, label]) => keyed(name, { onclick: judge(choice) }, label))),
      h("label", { class: "check" }, parts.marks, "Mark the differences ", h("kbd", null, "d")));
    review.fill(element,
      h("div", { class: "card versus" }, parts.title, h("p", { class: "progress" }, parts.bar, parts.count, parts.back), parts.wrong, parts.rest, parts.desk),
      h("section", { class: "card versus", "aria-label": "Result" }, h("div", { class: "foot" },
        h("span", { class: "quiet" }, "Looking at the result before the end may sway the judgements to come."), h("button", { onclick: reveal }, "Show the result so far")),
      parts.result));
    return step(forward)();
  };

  for (const [choice, key, label] of CHOICES) review.keys.add("compare", key, label, judge(choice));
  review.keys.add("compare", "z", "Take back the last judgement", back);
  review.keys.add("compare", "d", "Mark the differences", mark);

  review.compare = { show };
})();
