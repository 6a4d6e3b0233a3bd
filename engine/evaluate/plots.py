"""What do the results look like?"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluate.experiment import Outcome, Results

SINGLE, FUSED, INK, FAINT = "#8a94a6", "#d9480f", "#1f2937", "#d5dae3"


def bars(results: Results, served: str = "") -> str:
    """SVG: every system's primary metric with its 95 % interval; fusions in colour."""
    shown = results.outcomes[::-1]
    figure, axes = _figure(7.2, 0.7 + 0.34 * len(shown))
    for place, outcome in enumerate(shown):
        low, high = outcome.intervals[results.primary]
        mean = outcome.means[results.primary]
        colour = FUSED if outcome.fused else SINGLE
        axes.barh(place, mean, color=colour, height=0.62)
        axes.plot([low, high], [place, place], color=INK, linewidth=1.4, solid_capstyle="butt")
        axes.annotate(f"{mean:.3f}", (high, place), (5, 0), textcoords="offset points", va="center", size=9)
    names = [f"{o.name} (served)" if o.name == served else o.name for o in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlim(0, max(o.intervals[results.primary][1] for o in shown) * 1.14 or 1)
    axes.set_xlabel(f"{results.primary} (line: 95 % interval)")
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    return _svg(figure)


def tradeoff(results: Results, across: str, served: str = "") -> str:
    """SVG: accuracy against a figure of the catalogue (coverage): up and to the right is better.

    Named are what is served, the best fusion and the six best single models: more names would not be read.
    """
    figure, axes = _figure(7.2, 4.2)
    x = [o.catalogue[across] for o in results.outcomes]
    y = [o.means[results.primary] for o in results.outcomes]
    for outcome, across_at, up_at in zip(results.outcomes, x, y, strict=True):
        axes.scatter(across_at, up_at, s=46, color=FUSED if outcome.fused else SINGLE, zorder=3)
    wide, tall = max(max(x) - min(x), 0.02), max(max(y) - min(y), 0.02)
    best = results.best_fused
    singles = [o.name for o in results.outcomes if not o.fused][:6]
    named = {served, best.name if best else "", *singles}
    taken: list[tuple[float, float]] = []
    for outcome, across_at, up_at in zip(results.outcomes, x, y, strict=True):
        if outcome.name not in named:
            continue
        # A label steps aside, up or down, for those already written near it; a line leads back to its point.
        steps = (s * sign * 0.06 for s in range(2 * len(named)) for sign in (1, -1))
        near = [v for u, v in taken if abs(across_at - u) < 0.3 * wide]
        height = next(
            up_at + s * tall for s in steps if all(abs(up_at + s * tall - v) >= 0.06 * tall for v in near)
        )
        taken.append((across_at, height))
        axes.annotate(
            f"{outcome.name} (served)" if outcome.name == served else outcome.name,
            (across_at, up_at),
            (across_at + 0.03 * wide, height),
            va="center",
            size=9,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": FAINT, "shrinkA": 0, "shrinkB": 3},
        )
    axes.set_xlim(min(x) - 0.08 * wide, max(x) + 0.3 * wide)
    heights = [*y, *(v for _, v in taken)]
    axes.set_ylim(min(heights) - 0.08 * tall, max(heights) + 0.08 * tall)
    axes.set_xlabel(across)
    axes.set_ylabel(results.primary)
    axes.grid(color=FAINT, linewidth=0.8)
    return _svg(figure)


def bands(
    outcomes: Sequence[Outcome], values: Sequence[Mapping[str, float]], sizes: Mapping[str, int]
) -> str:
    """SVG: grouped bars, one group a band, one bar a system; `values` [systems]: band -> value."""
    names = list(sizes)
    figure, axes = _figure(7.2, 3.4)
    width = 0.82 / max(len(outcomes), 1)
    shades = _shades(outcomes)
    for at, (outcome, value) in enumerate(zip(outcomes, values, strict=True)):
        places = [n + (at - (len(outcomes) - 1) / 2) * width for n in range(len(names))]
        axes.bar(
            places, [value.get(b, 0.0) for b in names], width * 0.92, color=shades[at], label=outcome.name
        )
    axes.set_xticks(range(len(names)), [f"{band}\n(n = {sizes[band]:,})" for band in names])
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.legend(
        frameon=False, ncols=min(4, len(outcomes)), loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=9
    )
    return _svg(figure)


def _shades(outcomes: Sequence[Outcome]) -> list[str]:
    fused = iter(("#d9480f", "#f08c4a", "#f7b787"))
    single = iter(("#4c5567", "#8a94a6", "#b9c0cc", "#d5dae3"))
    return [next(fused if o.fused else single, FAINT) for o in outcomes]


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, colors=INK, labelsize=9)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """The figure as an <svg> element; the same figure gives the same bytes: reports can be compared."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "ronghe", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r' width="[^"]*pt" height="[^"]*pt"|height="[^"]*pt" ', "", text, count=1)
