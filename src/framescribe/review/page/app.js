"use strict";
window.review ??= {};

// Knows which view the address asks for, and keeps the page up to date with the result; knows no view from inside.
(() => {
  const review = window.review;
  const { h } = review;
  const EVERY = 2000, HIDDEN = 20_000; // ms between two looks at the result
  const sections = Object.fromEntries(["grid", "clip", "charts", "compare"].map((name) => [name, document.getElementById(name)]));
  const fresh = document.getElementById("new");
  const banner = document.getElementById("banner");
  let opened = null; // the query of the list that is open
  let known = 0; // how many clips the result held then
  let view = null, timer = null, unlisted = false;

  review.result = null;

  const wanted = (query) => (query.clip !== undefined ? "clip" : sections[query.view] ? query.view : "grid");

  const title = (text) => {
    document.title = [text, review.result?.name, "framescribe review"].filter(Boolean).join(" · ");
  };
  review.title = title;

  const list = (query, again = false) => {
    const text = review.state.params(query, { page: false });
    if (text === opened && !again) return;
    opened = text;
    known = review.result?.total ?? 0;
    fresh.hidden = true;
    review.list.open(query).then(() => review.filters.wrong(null), (error) => {
      if (error.name === "AbortError") return;
      opened = null;
      unlisted = error.status === 0;
      if (error.status === 400) review.filters.wrong(error.message);
      if (!unlisted) review.grid.problem(error.message, error.status === 400);
    });
  };

  const nav = () => {
    const places = [["grid", "Clips"], review.charts?.show && ["charts", "Charts"], review.compare?.show && review.result?.against && ["compare", "Compare"]].filter(Boolean);
    const items = places.map(([name, label]) => {
      const to = { view: name === "grid" ? null : name, clip: null };
      return h("a", {
        href: review.state.address(to), "data-focus": `view ${name}`, "aria-current": name === view || (name === "grid" && view === "clip") ? "page" : null,
        onclick: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          review.state.set(to);
        },
      }, label);
    });
    review.keeping_focus(() => review.fill(document.getElementById("views"), items.length > 1 && items));
  };

  const apply = (query) => {
    const next = wanted(query);
    const turned = next !== view;
    const index = view === "clip" ? review.clip.index : null;
    if (turned) {
      if (view === "grid") review.grid.hide();
      if (view === "clip") review.clip.hide();
      for (const [name, section] of Object.entries(sections)) section.hidden = name !== next;
      document.body.dataset.view = next;
    }
    const first = view === null;
    view = review.keys.view = next;
    nav();
    if (next !== "compare") list(query); // there, no list and no row may say which caption is which
    if (next === "clip") review.clip.show(query.clip);
    if (next === "grid" && turned) {
      review.grid.show();
      review.grid.at(index);
      title();
    }
    if (next === "charts") {
      review.charts.show(sections.charts, query);
      title("Charts");
    }
    if (next === "compare" && turned) {
      review.compare.show(sections.compare);
      title("Compare");
    }
    if (turned && !first && next !== "grid") document.getElementById("main").focus({ preventScroll: true });
  };

  // ---------------------------------------------------------------- the result goes on

  const progress = ({ indexing, indexed, total, running, unreadable }) => {
    const text = indexing ? `Reading ${review.number(indexed)} of ${review.number(total)} …` : running ? "A run is writing." : unreadable ? `${review.plural(unreadable, "line")} could not be read.` : "";
    const place = document.getElementById("progress");
    place.hidden = !text;
    if (place.textContent !== text) place.textContent = text;
  };

  const taken = (result) => {
    const before = review.result;
    review.result = result;
    document.getElementById("name").textContent = result.name;
    document.getElementById("name").title = result.output ?? "";
    progress(result);
    if (!before) {
      known ||= result.total;
      title(review.clip.row?.id);
      nav();
    }
    if (view === "compare") return;
    const changed = !before || before.revision !== result.revision || before.indexing !== result.indexing;
    if (!changed) return;
    review.filters.draw();
    const more = result.total - known;
    if (before && (more > 0 || before.indexing) && result.indexed > 0 && view === "grid" && review.grid.idle && (result.indexing || before.indexing)) list(review.state.query, true);
    else {
      fresh.hidden = more <= 0;
      fresh.textContent = `${review.number(more)} new`;
      if (before) review.list.stale();
    }
    if (opened !== null) review.grid.line();
    if (view === "charts" && before) review.charts.show(sections.charts, review.state.query);
  };

  const poll = async () => {
    clearTimeout(timer);
    try {
      taken(await review.source.result());
      tell(null);
      if (unlisted) {
        unlisted = false;
        list(review.state.query);
      }
    } catch (error) {
      tell(error.status === 403 || error.status === 401 ? "You are not signed in any more. Open the address again that framescribe review printed." : error.status ? error.message : "The server does not answer. What you type stays in its box, and this page goes on when the server is back.");
    }
    if (review.source.live) timer = setTimeout(poll, document.hidden ? HIDDEN : EVERY);
  };

  const tell = (text) => {
    if (banner.dataset.text === (text ?? "")) return;
    banner.dataset.text = text ?? "";
    banner.hidden = text === null;
    review.fill(banner, text !== null && [h("span", null, text), h("button", { onclick: poll }, "Try now")]);
  };

  fresh.addEventListener("click", () => {
    list(review.state.query, true);
    document.getElementById("count").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && review.source.live) poll(); });
  document.getElementById("open-keys").addEventListener("click", () => review.keys.map());
  review.source.on?.((reachable) => (reachable ? review.list.stale() : poll()));
  for (const name of ["charts", "compare"]) review.keys.add(name, "g", "Back to the grid", () => review.state.set({ view: null, clip: null }));
  review.changes.on(() => { if (view === "charts") review.charts.show(sections.charts, review.state.query); });
  review.state.on(apply);

  review.filters.begin();
  apply(review.state.query);
  poll();
  review.ask?.follow?.();
})();
