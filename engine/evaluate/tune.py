"""Which settings of each learner would have done best on the last windows that may be looked at?

By optuna (Akiba et al. 2019), on validation only: windows that end where the test begins. What is found is kept only
where it beats the default by more than one standard error on the same requests.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.errors import BadQuery, BadSettings
from engine.evaluate.metrics import Judged, measure
from engine.learn.roster import SPACES, OneOf, Span, Tuned, Value, learner_of
from engine.learn.visits import DAY
from engine.rank.stacking import Stacking, by_user, requests, without
from engine.retrieve import RETRIEVERS, make_retrievers
from engine.types import Floats, Interactions, Learner, Query

Progress = Callable[[str], None]
LEAST = 20  # requests; with fewer nothing is tuned
METRIC = "ndcg@10"


@dataclass(frozen=True)
class Trial:
    """What was found for one learner: NDCG@10 of it as it was and of the best settings, on the same requests."""

    learner: str
    values: Mapping[str, Value]
    default: float
    tuned: float
    error: float  # one standard error of the paired difference
    trials: int
    seconds: float

    @property
    def kept(self) -> bool:
        return self.tuned - self.default > self.error


@dataclass(frozen=True, eq=False)
class Tuning:
    """The trials of every learner, and over how many `requests` in windows that end at `until` (Unix seconds)."""

    found: tuple[Trial, ...]
    requests: int
    until: float

    @property
    def values(self) -> dict[str, dict[str, Value]]:
        """Only what is worth keeping."""
        return {trial.learner: dict(trial.values) for trial in self.found if trial.kept}

    def to_dict(self) -> dict[str, Any]:
        rows = [{**vars(trial), "values": dict(trial.values), "kept": trial.kept} for trial in self.found]
        return {"requests": self.requests, "until": self.until, "learners": rows}


@dataclass(frozen=True, eq=False)
class Window:
    """One validation window: the log before it, and the requests that what came in it judges."""

    past: Interactions
    moment: float
    queries: tuple[Query, ...]
    wanted: tuple[dict[int, float], ...]


def seconds_of(text: str) -> float:
    """ "90s", "20m" or "1h" in seconds; raises BadQuery."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", text.strip().lower())
    if not found or float(found[1]) <= 0:
        raise BadQuery(f"A budget is written like 90s, 20m or 1h, not {text!r}.")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def tune(
    x: Interactions,
    budget_s: float,
    *,
    days: float = 28.0,
    windows: int = 2,
    users: int = 300,
    seed: int = 7,
    current: Tuned = MappingProxyType({}),
    skip: tuple[str, ...] = (),
    progress: Progress = lambda line: None,
) -> Tuning:
    """Tune every learner of SPACES on the last `windows` windows of `days` in `x`, in `budget_s` seconds.

    What it is compared with are the `current` settings. The budget is shared: each learner may use its part
    of what is left; a trial that has begun ends.
    """
    until = float(x.times[-1]) if len(x) else 0.0
    judged = [
        w
        for w in (window_at(x, until - (at + 1) * days * DAY, days, users, seed) for at in range(windows))
        if w
    ]
    asked = sum(len(window.queries) for window in judged)
    if asked < LEAST:
        return Tuning((), asked, until)
    end = time.perf_counter() + budget_s
    names = [name for name in SPACES if name not in skip]
    found = []
    for at, name in enumerate(names):
        share = (end - time.perf_counter()) / (len(names) - at)
        if share <= 0:
            break
        found.append(_search(name, current.get(name, {}), judged, share, seed, progress))
    return Tuning(tuple(found), asked, until)


def _search(
    name: str,
    current: Mapping[str, Value],
    windows: list[Window],
    budget_s: float,
    seed: int,
    progress: Progress,
) -> Trial:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    started = time.perf_counter()
    default = _scores(name, learner_of(name, current), windows)
    best = dict(current)
    scores = default
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    trials = 0
    while time.perf_counter() - started < budget_s:
        trial = study.ask()
        values = {key: _suggest(trial, key, space) for key, space in SPACES[name].items()}
        tried = _scores(name, learner_of(name, values), windows)
        study.tell(trial, float(tried.mean()))
        trials += 1
        if tried.mean() > scores.mean():
            best, scores = values, tried
        progress(f"tune {name}: {trials} trials, {scores.mean():.4f} against {default.mean():.4f}")
    gain = scores - default
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    took = time.perf_counter() - started
    return Trial(name, best, float(default.mean()), float(scores.mean()), error, trials, took)


def _suggest(trial: Any, key: str, space: Span | OneOf) -> Value:
    if isinstance(space, OneOf):
        value: Value = trial.suggest_categorical(key, space.values)
    elif space.whole:
        value = trial.suggest_int(key, int(space.low), int(space.high), log=space.log)
    else:
        value = float(f"{trial.suggest_float(key, space.low, space.high, log=space.log):.4g}")
    return value


def _scores(name: str, learner: Learner, windows: list[Window]) -> Floats:
    """NDCG@10 of each request of all windows by the leg that asks this learner alone."""
    leg = next(leg for leg, wiring in RETRIEVERS.items() if wiring.needs == (name,))
    found = []
    for window in windows:
        retriever = make_retrievers({name: learner.fit(window.past)}, {name: learner})[leg]
        run = {at: retriever(query, 10).rows.tolist() for at, query in enumerate(window.queries)}
        found.append(measure(Judged.of(run, dict(enumerate(window.wanted))), METRIC))
    return np.concatenate(found)


def window_at(x: Interactions, moment: float, days: float, users: int, seed: int) -> Window | None:
    """The requests that what was bought in the `days` after `moment` judges; None where there are none."""
    past = x.where(x.times < moment)
    after = x.where((x.times >= moment) & (x.times < moment + days * DAY))
    if not len(past) or not len(after):
        return None
    people, wanted = requests(past, after, Stacking(users=users, least=1, seed=seed))
    histories = by_user(past, people)
    queries = tuple(
        Query(history=histories[user], user_row=user, now=moment, allowed=without(histories[user], x.n_items))
        for user in people.tolist()
    )
    return Window(
        past, moment, queries, tuple(dict.fromkeys(wanted[u].tolist(), 1.0) for u in people.tolist())
    )


def write_tuned(path: Path, tuned: Tuned) -> None:
    """Replace the [learn.tuned.*] tables of ronghe.toml by `tuned`, all else as it stands; raises BadSettings."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    kept, ours = [], False
    for line in lines:
        if line.lstrip().startswith("["):
            ours = line.strip().replace(" ", "").startswith("[learn.tuned")
        if not ours:
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    for name, values in tuned.items():
        kept += ["", f"[learn.tuned.{name}]"]
        kept += [f"{key} = {_toml(value)}" for key, value in values.items()]
    text = "\n".join(kept) + "\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(
            f"{path} cannot take the tuned values ({error}): take its own `tuned` line out first."
        ) from error
    draft = path.with_suffix(".toml.new")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _toml(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
