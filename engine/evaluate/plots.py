"""What do the results look like?"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluate.experiment import Outcome, Results

SINGLE, FUSED, INK, FAINT = "#8a94a6", "#d9480f", "#1f2937", "#d5dae3"


def bars(results: Results) -> str:
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
    axes.set_yticks(range(len(shown)), [o.name for o in shown])
    axes.set_xlim(0, max(o.intervals[results.primary][1] for o in shown) * 1.14 or 1)
    axes.set_xlabel(f"{results.primary} (line: 95 % interval)")
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    return _svg(figure)


def tradeoff(results: Results, across: str) -> str:
    """SVG: accuracy against a figure of the catalogue (coverage): up and to the right is better."""
    figure, axes = _figure(7.2, 4.2)
    points = [(o, o.catalogue[across], o.means[results.primary]) for o in results.outcomes]
    for outcome, x, y in points:
        axes.scatter(x, y, s=46, color=FUSED if outcome.fused else SINGLE, zorder=3)
    top = max(y for _, _, y in points) or 1.0
    taken: list[tuple[float, float]] = []
    widest = max(x for _, x, _ in points) or 1.0
    for outcome, x, y in points:
        # A label steps aside, up or down, for those already written near it; a line leads back to its point.
        steps = (s * sign for s in range(2 * len(points)) for sign in (1, -1))
        near = [v for u, v in taken if abs(x - u) < 0.25 * widest]
        height = next(
            y / top + s * 0.05 for s in steps if all(abs(y / top + s * 0.05 - v) >= 0.05 for v in near)
        )
        taken.append((x, height))
        axes.annotate(
            outcome.name,
            (x, y),
            (x + 0.025 * widest, height * top),
            va="center",
            size=9,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": FAINT, "shrinkA": 0, "shrinkB": 3},
        )
    axes.set_xlim(0, widest * 1.22)
    axes.set_ylim(
        min(0, 1.05 * top * min(v for _, v in taken)), top * max(1.08, 0.05 + max(v for _, v in taken))
    )
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
