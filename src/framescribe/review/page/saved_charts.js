"use strict";
window.review ??= {};

// Knows how rows are distributed, in bars that each say what to filter by, as charts.py does where there is a server.
(() => {
  const review = window.review;
  const BARS = 20; // at most
  const ENDS = /^[.,;:!?"'()[\]“”‘’…]+|[.,;:!?"'()[\]“”‘’…]+$/gu;

  const bar = (label, count, query) => ({ label, count, query });

  /** A number without more digits than it needs. */
  const said = (number, digits = 3) => String(Number(number.toFixed(digits)));

  /** The next width that people count in: 1, 2 or 5 times a power of ten; never below the `least`. */
  const round = (width, whole, least = 0.01) => {
    if (width <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(width));
    const next = [1, 2, 5, 10].map((step) => power * step).find((step) => step >= width * (1 - 1e-9));
    return whole ? Math.max(1, Math.round(next)) : Math.max(least, next);
  };

  /** Bars of equal width; what lies far out is in the last one. */
  const numbers = (values, column, whole) => {
    const found = values.filter((value) => value !== null).sort((a, b) => a - b);
    if (!found.length) return [];
    const low = found[0], high = found[Math.min(found.length - 1, Math.ceil(0.99 * found.length))];
    const width = round((high - low) / BARS, whole);
    const first = Math.floor(low / width), last = Math.max(first, Math.floor(high / width));
    const count = new Map();
    for (const value of found) {
      const at = Math.min(last, Math.floor(value / width + 1e-9));
      count.set(at, (count.get(at) ?? 0) + 1);
    }
    return Array.from({ length: last - first + 1 }, (_, step) => {
      const at = first + step;
      const least = at * width, most = (at + 1) * width, end = most - (whole ? 1 : 0.001);
      const query = { [`min_${column}`]: said(least) };
      if (at === last && found.at(-1) > end) return bar(`${said(least)} or more`, count.get(at) ?? 0, query);
      const label = whole && width === 1 ? said(least) : `${said(least)}–${said(whole ? end : most)}`;
      return bar(label, count.get(at) ?? 0, { ...query, [`max_${column}`]: said(end) });
    });
  };

  /** A condition for those rows for which both hold. */
  const both = (one, other) => (one === "" ? other : /\bor\b/u.test(one) ? `(${one}) and ${other}` : `${one} and ${other}`);

  /** Bars of equal width over a fact, of which each says its condition; none if all rows have the same. */
  const measured = (values, name, whole, facts) => {
    const found = values.filter((value) => value !== null).map(Number).sort((a, b) => a - b);
    if (!found.length || found[0] === found.at(-1)) return [];
    const low = found[0], high = found[Math.min(found.length - 1, Math.ceil(0.99 * found.length))];
    const width = round((high - low) / BARS, whole, 1e-4);
    const first = Math.floor(low / width + 1e-9), last = Math.max(first, Math.floor(high / width + 1e-9));
    const ends = Array.from({ length: last - first + 1 }, (_, step) => said((first + step) * width, 4));
    return ends.map((least, at) => {
      const most = ends[at + 1];
      const count = found.filter((value) => value >= Number(least) && !(value >= Number(most))).length;
      if (most === undefined) return bar(`${least} or more`, count, { facts: both(facts, `${name} >= ${least}`) });
      if (whole && width === 1) return bar(least, count, { facts: both(facts, `${name} = ${least}`) });
      return bar(`${least}–${most}`, count, { facts: both(facts, `${least} <= ${name} < ${most}`) });
    });
  };

  /** How many rows have each of the camera's moves, the most frequent first; at last those of which none is sure. */
  const camera = (rows, labels, facts) => {
    const moves = rows.map((row) => row.values?.camera ?? null).filter((all) => all !== null);
    const count = counted(moves.flat());
    const none = moves.filter((all) => all.length === 0).length;
    return [
      ...labels.filter((label) => count.has(label)).sort((a, b) => count.get(b) - count.get(a))
        .map((label) => bar(label.replace("_", " "), count.get(label), { facts: both(facts, `camera = ${label}`) })),
      ...(none > 0 ? [bar("not sure", none, { facts: both(facts, "not camera") })] : []),
    ];
  };

  const counted = (values) => {
    const count = new Map();
    for (const value of values) count.set(value, (count.get(value) ?? 0) + 1);
    return count;
  };

  const by_count = (count) => [...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

  const labels = (rows, of, name) => by_count(counted(rows.flatMap(of))).slice(0, BARS).map(([label, count]) => bar(label, count, { [name]: label }));

  const values = (rows, name, order) => {
    const count = counted(rows.map((row) => row[name] ?? "none"));
    return order.filter((value) => count.has(value)).map((value) => bar(value, count.get(value), { [name]: value }));
  };

  /** Words that many captions have, but for those that any English one has. */
  const frequent = (rows, common) => {
    const words = rows.flatMap((row) => [...new Set((row.caption ?? "").toLowerCase().split(/\s+/u).map((word) => word.replace(ENDS, "")))]);
    return by_count(counted(words.filter((word) => /^\p{L}+$/u.test(word) && !common.has(word))))
      .slice(0, BARS).map(([word]) => bar(word, rows.filter(review.saved.finding(word)).length, { q: word }))
      .sort((a, b) => b.count - a.count);
  };

  const days = (rows) => {
    const edited = rows.filter((row) => row.edited_at !== null).map((row) => new Date(row.edited_at).toISOString().slice(0, 10));
    return [...counted(edited)].sort((a, b) => (a[0] < b[0] ? -1 : 1)).slice(-60).map(([day, count]) => bar(day, count, { since: day, until: day }));
  };

  /** What `/api/charts` answers, for these rows; `common`: words that are no news; `facts`: the condition on facts that
   *  these rows meet. */
  review.saved_charts = (rows, common, facts, { lists = {}, drawn = {}, whole = [] } = {}) => ({
    charts: [
      { name: "words", title: "Words per caption", bars: numbers(rows.map((row) => row.words), "words", true) },
      { name: "seconds", title: "Seconds per clip", bars: numbers(rows.map((row) => row.duration), "duration", false) },
      { name: "camera", title: "Camera", bars: camera(rows, lists.camera ?? [], facts) },
      ...Object.entries(drawn).map(([name, title]) => ({ name, title, bars: measured(rows.map((row) => row.values[name]), name, whole.includes(name), facts) })),
      { name: "flags", title: "Flags", bars: labels(rows, (row) => row.flags, "flag") },
      { name: "statuses", title: "Statuses", bars: values(rows, "status", ["ok", "flagged", "failed"]) },
      { name: "frequent", title: "Frequent words", bars: frequent(rows, common) },
      { name: "verdicts", title: "Verdicts", bars: values(rows, "verdict", ["accepted", "rejected", "none"]) },
      { name: "tags", title: "Tags", bars: labels(rows, (row) => row.tags, "tag") },
      { name: "days", title: "Last edited", bars: days(rows) },
    ].filter((chart) => chart.bars.length),
  });
})();
