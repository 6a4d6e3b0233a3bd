"""What does a forecast look like?"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from engine.forecast.result import ForecastResult

SHOWN = 4  # horizons of history beside the forecast
PAST, AHEAD, ODD = "#44546a", "#0b6e4f", "#c1121f"


def plot_forecast(result: ForecastResult, path: str | Path) -> None:
    """Draw the recent past, the forecast with its bands and the anomalies into a PNG at `path`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    shown = min(len(result.history), max(SHOWN * result.horizon, 60))
    begin = len(result.history) - shown
    dates, past = result.history_dates[begin:], result.history[begin:]
    fonts = ["DejaVu Sans", *_chinese_fonts()]
    figure = Figure(figsize=(11, 4.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(dates, past, color=PAST, linewidth=1.3, label="sold")
    for level in sorted(result.lower, reverse=True):
        axes.fill_between(
            result.dates,
            result.lower[level],
            result.upper[level],
            color=AHEAD,
            alpha=0.14 if level == max(result.lower) else 0.24,
            linewidth=0,
            label=f"{level} of 100 fall in here",
        )
    axes.plot(result.dates, result.mean, color=AHEAD, linewidth=2.0, label="expected")
    if shown:
        axes.axvline(float(_number(dates[-1])), color="#999999", linewidth=0.8, linestyle=":")
    _mark_anomalies(axes, result, begin)
    axes.set_title(_title(result), loc="left", fontsize=12, fontweight="bold")
    axes.set_ylabel(f"units a {result.frequency}")
    axes.set_ylim(*_limits(result, past))
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="upper left", frameon=False, fontsize=9, ncols=5)
    axes.margins(x=0.01)
    figure.supxlabel(_caption(result), fontsize=9, color="#555555", x=0.01, ha="left")
    with warnings.catch_warnings():
        # Without a Chinese font a name in Chinese is drawn as boxes, which is better than no plot.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        for text in figure.findobj(Text):
            text.set_fontfamily(fonts)
        figure.savefig(path)


def _mark_anomalies(axes: Any, result: ForecastResult, begin: int) -> None:
    inside = [each for each in result.anomalies if each.at >= begin]
    points = [each for each in inside if each.kind in ("spike", "drop")]
    if points:
        axes.scatter(
            result.history_dates[[each.at for each in points]],
            [each.value for each in points],
            s=42,
            facecolors="none",
            edgecolors=ODD,
            linewidths=1.4,
            label="unusual day" if result.frequency == "day" else f"unusual {result.frequency}",
            zorder=3,
        )
    for each in inside:
        if each.kind not in ("spike", "drop"):
            axes.axvline(
                float(_number(result.history_dates[each.at])), color=ODD, linewidth=1.0, linestyle="--"
            )
            axes.annotate(
                each.kind,
                (_number(result.history_dates[each.at]), 0.86),
                xycoords=("data", "axes fraction"),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=8,
                color=ODD,
            )


def _title(result: ForecastResult) -> str:
    total = float(result.mean.sum())
    said = f"{total:,.0f}" if total >= 10 else f"{total:.1f}"
    unit = result.frequency if result.horizon == 1 else f"{result.frequency}s"
    return f"{result.name or 'demand'}: {said} units expected in {result.horizon} {unit}"


def _caption(result: ForecastResult) -> str:
    parts = [f"by {result.method}"]
    if "seasonal naive" in result.errors and len(result.errors) > 1:
        chosen = result.errors.get("combination" if "combination of" in result.method else result.method)
        if chosen is not None:
            parts.append(
                f"back-test error {chosen:.2f}, seasonal naive {result.errors['seasonal naive']:.2f}"
            )
    if result.cover is not None:
        days = "beyond a year" if result.cover.days > 365 else f"{result.cover.days:.0f} days"
        parts.append(f"stock of {result.cover.stock:,.0f} lasts {days}, {result.cover.chance:.0%} to run out")
    return " · ".join(parts)


def _limits(result: ForecastResult, past: Any) -> tuple[float, float]:
    bounds = [past, result.mean, *result.upper.values(), *result.lower.values()]
    seen = np.concatenate([np.asarray(each)[np.isfinite(each)] for each in bounds])
    top = float(seen.max(initial=1.0))
    bottom = min(0.0, float(seen.min(initial=0.0)))
    return bottom, top + 0.16 * (top - bottom)


def _chinese_fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    known = {each.name for each in fontManager.ttflist}
    wanted = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei")
    return [
        name for name in (*wanted, "PingFang SC", "Microsoft YaHei", "Droid Sans Fallback") if name in known
    ]


def _number(date: Any) -> float:
    from matplotlib.dates import date2num

    return float(np.asarray(date2num(date)))
