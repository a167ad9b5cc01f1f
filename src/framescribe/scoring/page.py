"""Knows how a score or a comparison becomes one HTML page that needs nothing else and asks nobody; scores nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from framescribe.names import shown
from framescribe.scoring.base import Chart
from framescribe.scoring.pairs import TIE, Comparison
from framescribe.scoring.scores import Figure, Score
from framescribe.storage.whole_file import whole_file

WORST = 20  # clips that are shown
STYLE = """
:root { color-scheme: light dark; --ink: #222; --soft: #6b6b6b; --line: #ddd; --bar: #5b7fa6; --page: #fcfcfb }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --soft: #999; --line: #3a3a3a; --bar: #7f9fc4; --page: #1b1b1b }
}
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--page);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
p, td.soft, .soft { color: var(--soft) }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { display: block; width: 100%; max-width: 16rem }
svg .axis { stroke: var(--line); stroke-width: 1 } svg .spread { stroke: var(--bar); stroke-width: 2 }
svg .at { fill: var(--bar) } svg .bar { fill: var(--bar) }
""".strip()


def write_score(score: Score, source: str, path: str) -> None:
    """Write the page of a score. UserError if it cannot be written."""
    parts = [f"<h1>{_text(source)}</h1>", f"<p>{_text(said_of(score))}</p>"]
    for metric in dict.fromkeys(one.metric for one in score.figures):
        parts += [f"<h2>{_text(metric)}</h2>", _figures([one for one in score.figures if one.metric == metric])]
    parts += [_chart(chart) for chart in score.charts]
    parts += _worst(score)
    _write(path, f"Score of {source}", parts)


def said_of(score: Score) -> str:
    """What was scored, in a line."""
    captions = f"{score.clips:,} clips, {score.captioned:,} with a caption"
    if score.judge is None:
        return f"{captions}; no model was asked"
    return f"{captions}; {score.references:,} with a reference, {score.judged:,} judged by {score.judge}"


def write_comparison(made: Comparison, names: tuple[str, str], path: str) -> None:
    """Write the page of a comparison. UserError if it cannot be written."""
    a, b = names
    counts = ((f"A, {a}, is better", made.wins_a), (f"B, {b}, is better", made.wins_b), ("neither", made.ties))
    found = made.found
    share = [] if made.share_b is None else [_figure("B's share", made.share_b, *made.share_bounds, made.ties)]
    parts = [
        f"<h1>{_text(a)} and {_text(b)}</h1>",
        f"<p>{_text(f'judged by {made.judge}, blindly, each pair in both orders')}</p>",
        _chart(Chart(title="Clips", bars=tuple((name, float(count)) for name, count in counts))),
        *(_figures(share)),
        "<h2>Pairs</h2>",
        "<table><tr><th>clip</th><th>better</th><th>why</th><th>A</th><th>B</th></tr>",
    ]
    captions = {pair.id: pair for pair in found.pairs}
    order = sorted(made.verdicts.items(), key=lambda one: (one[1]["better"] == TIE, one[1]["better"], one[0]))
    for name, verdict in order:
        pair, cells = captions[name], [name, verdict["better"], verdict["reasons"][0]]
        parts.append(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in (*cells, pair.a, pair.b))}</tr>")
    parts.append("</table>")
    _write(path, f"{a} and {b}", parts)


def _figure(name: str, value: float, low: float | None, high: float | None, of: int) -> Figure:
    return Figure(metric="", name=name, value=value, low=low, high=high, of=of, help="wins, and half of the ties")


def _figures(figures: Sequence[Figure]) -> str:
    rows = (
        f"<tr><td>{_text(one.name)}</td><td class=number>{number(one)}</td><td>{_plot(one)}</td>"
        f"<td class=soft>{_text(interval(one))}</td>"
        f"<td class=soft>{_text(one.help)}{_text(counted(one))}</td></tr>"
        for one in figures
    )
    return f"<table>{''.join(rows)}</table>"


def number(one: Figure) -> str:
    """The value as a person reads it."""
    return f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.1f}" if one.value > 1 else f"{one.value:.3f}"


def interval(one: Figure) -> str:
    """Its interval, as a person reads it; "" if there is none."""
    if one.low is None or one.high is None:
        return ""
    form = ".1f" if one.value > 1 else ".3f"
    return f"{one.low:{form}} to {one.high:{form}}"


def counted(one: Figure) -> str:
    """Of how many, with a space before it."""
    return "" if one.of is None or not one.unit else f" ({one.of:,} {one.unit})"


def _plot(one: Figure) -> str:
    """The value and its interval on a line from 0 to 1; nothing for other numbers."""
    if one.value > 1 or one.low is None or one.high is None:
        return ""
    low, high, at = (round(10 + 180 * value, 1) for value in (one.low, one.high, one.value))
    return (
        '<svg viewBox="0 0 200 16"><line class=axis x1=10 y1=8 x2=190 y2=8 />'
        f"<line class=spread x1={low} y1=8 x2={high} y2=8 /><circle class=at cx={at} cy=8 r=4 /></svg>"
    )


def _chart(chart: Chart) -> str:
    most = max((value for _, value in chart.bars), default=0) or 1
    rows = (
        f"<tr><td>{_text(label)}</td><td class=number>{value:,.0f}</td><td>"
        f'<svg viewBox="0 0 200 12"><rect class=bar x=0 y=2 width={round(200 * value / most, 1)} height=8 /></svg>'
        "</td></tr>"
        for label, value in chart.bars
    )
    return f"<h2>{_text(chart.title)}</h2><table>{''.join(rows)}</table>"


def _worst(score: Score) -> list[str]:
    """The clips that a judge found worst, with the evidence."""
    graded = sorted(
        (min(_numbers(of), default=1.0), name, of) for name, of in score.clip_figures.items() if _numbers(of)
    )
    if not graded:
        return []
    parts = [f"<h2>The {min(WORST, len(graded))} lowest</h2>", "<table><tr><th>clip</th><th>figures</th></tr>"]
    for _, name, of in graded[:WORST]:
        lines = (
            f"{metric} {figure}: {value:.2f}"
            for metric, figures in of.items()
            for figure, value in figures.items()
            if figure != "told"
        )
        parts.append(f"<tr><td>{_text(name)}</td><td>{'<br>'.join(map(_text, lines))}</td></tr>")
    return [*parts, "</table>"]


def _numbers(of: dict[str, dict[str, float]]) -> list[float]:
    """The figure of each metric by which clips are put in order: F1, or what comes first."""
    return [figures.get("F1", figures.get("accuracy", 1.0)) for figures in of.values()]


def _write(path: str, title: str, parts: Iterable[str]) -> None:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8", errors="replace") as file:
        file.write(page)


def _text(words: str) -> str:
    return escape(shown(words))
