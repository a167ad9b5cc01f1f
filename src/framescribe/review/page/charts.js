"use strict";
window.review ??= {};

// Knows how counts become bars, each of which leads to its clips; knows no chart by name.
(() => {
  const review = window.review;
  const { h } = review;
  const SHOWN = 24; // bars of a chart before the rest is folded
  let latest = 0;

  const bar = (one, most) => {
    const length = h("span", null);
    length.style.width = `${(100 * one.count) / most}%`; // set by script: the page's policy bars style attributes, not this
    const parts = [h("span", { class: "label", dir: "auto" }, one.label), h("span", { class: "track", "aria-hidden": "true" }, length),
      h("span", { class: "count" }, review.number(one.count))];
    if (!one.query || !one.count) return h("li", null, h("span", { class: "bar-line" }, parts));
    const filter = { ...one.query, clip: null, view: null };
    return h("li", null, h("a", {
      class: "bar-line", title: one.label, href: review.state.address(filter),
      "aria-label": `${one.label}: ${review.plural(one.count, "clip")}`,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        review.state.set(filter);
      },
    }, parts));
  };

  const chart = ({ name, title, bars }) => {
    const most = Math.max(...bars.map((one) => one.count));
    const list = (ones) => h("ul", { class: "bars", role: "list" }, ones.map((one) => bar(one, most)));
    return h("section", { class: "card chart", "aria-labelledby": `chart-${name}` }, h("h2", { id: `chart-${name}` }, title), list(bars.slice(0, SHOWN)),
      bars.length > SHOWN && h("details", null, h("summary", null, `${review.number(bars.length - SHOWN)} more`), list(bars.slice(SHOWN))));
  };

  /** Charts of the clips that `query` finds, in place of what the element held. */
  const show = async (element, query) => {
    const mine = (latest += 1);
    element.setAttribute("aria-busy", "true");
    try {
      const charts = (await review.source.charts(query)).charts.filter((one) => one.bars.length);
      if (mine !== latest) return;
      review.fill(element, charts.length ? h("div", { class: "all-charts" }, charts.map(chart)) : h("p", { class: "empty" }, "There is no clip here to count."));
    } catch (error) {
      if (mine === latest) review.fill(element, h("p", { class: "wrong", role: "alert" }, error.message));
    } finally {
      if (mine === latest) element.removeAttribute("aria-busy");
    }
  };

  review.charts = { show };
})();
