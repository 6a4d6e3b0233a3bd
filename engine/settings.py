"""What can be set, and what is it set to?

One file, ronghe.toml in the shop's home; RONGHE_<SECTION>_<KEY> overrides it. Settings hold values, never
class names: the wiring is code (routes.py).
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import BadSettings

FILE = "ronghe.toml"
PREFIX = "RONGHE_"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Encoding(Section):
    model: str = Field(
        "auto", description="auto (by language), minilm, multilingual, static, none, or st:<model>"
    )
    threads: int = Field(2, ge=1, le=64, description="threads of the encoder during a rebuild")
    pictures: bool = Field(True, description="encode the items' pictures, for search by picture")


class Keyword(Section):
    engine: Literal["fast", "plain"] = Field("fast", description="plain is rank-bm25: slow, for comparison")


class Vector(Section):
    factory: str = Field("auto", description="a faiss factory string; auto chooses by size")
    memory_mb: int = Field(
        0, ge=0, description="bound on the vectors' memory (product quantization); 0 = none"
    )


class Search(Section):
    pool: int = Field(200, ge=10, le=5000, description="candidates asked of each retriever")
    fusion: str = Field(
        "auto", description="auto (hybrid, or the leg that the log finds better), hybrid, or a fusion's name"
    )
    synonyms: str = Field(
        "synonyms.txt",
        description="a file in the home: `tv, television` both ways, `ipod => mp3 player` one way",
    )
    least_users: int = Field(
        3,
        ge=1,
        description="a search that fewer people made is neither suggested nor trending: it could point at one",
    )
    personalization: float = Field(
        0.15, ge=0, le=10, description="weight of the user's taste; 0 switches it off"
    )
    trend: float = Field(0.03, ge=0, le=10, description="weight of the market's trend; 0 switches it off")


class Recommend(Section):
    pool: int = Field(300, ge=10, le=5000, description="candidates asked of each retriever")
    fusion: str = Field("auto", description="auto (learned where there is evidence), or a fusion's name")
    repeat: bool = Field(False, description="let items that the user already bought back in")
    diversify: Literal["mmr", "dpp", "calibrated"] = Field(
        "mmr", description="how lists are made various: by likeness (mmr, dpp) or the user's own mix"
    )
    diversity: float = Field(0.0, ge=0, le=1, description="how strongly; a request's weight stands for it")


class Learn(Section):
    skip: tuple[str, ...] = Field((), description="learners to leave out of a rebuild")
    stack: bool = Field(True, description="learn the fusion of recommendations from the log")
    origins: int = Field(2, ge=1, le=12, description="past moments at which the fusion is trained")
    stack_evidence: int = Field(
        400, ge=1, description="wanted items among the candidates; below, fixed weights"
    )
    stack_users: int = Field(600, ge=50, description="users drawn at each of these moments")
    exclude_bots: bool = Field(True, description="keep users found to be bots out of learning and trends")
    tuned: dict[str, dict[str, int | float | str]] = Field(
        {}, description="settings of single learners, [learn.tuned.als] and so on: ronghe evaluate --tune"
    )


class Weights(Section):
    view: float = Field(0.2, ge=0, le=10, description="what one event says for an item, by its type")
    click: float = Field(0.2, ge=0, le=10)
    cart: float = Field(0.6, ge=0, le=10)
    purchase: float = Field(1.0, gt=0, le=10)
    rating: float = Field(
        1.0, ge=0, le=10, description="the best rating; one below the middle counts against"
    )
    returned: float = Field(-0.8, ge=-10, le=0, description="a return and a dismissal count against")
    dismiss: float = Field(-1.0, ge=-10, le=0)
    dwell_half_s: float = Field(
        30.0, gt=0, description="a view this long counts as it is; a glance half, a long read up to 1.5"
    )
    middle_rating: float = Field(2.5, description="a rating that speaks neither for nor against")
    best_rating: float = Field(5.0, description="the best of the scale")
    quantity_power: float = Field(0.0, ge=0, le=1, description="n units of one purchase count n^power")


class Trend(Section):
    horizon_days: int = Field(28, ge=1, le=365, description="how far ahead the lift looks")
    category_fits: int = Field(16, ge=0, description="the most categories forecast by ARIMA in a rebuild")
    item_fits: int = Field(24, ge=0, description="the most best-sellers forecast by ARIMA in a rebuild")


class Rebuild(Section):
    keep: int = Field(3, ge=1, le=100, description="generations kept for a rollback")
    drop: float = Field(
        0.05, ge=0, le=1, description="share of NDCG@10 a rebuild may lose before it is refused; 1 = any"
    )


class Serve(Section):
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    threads: int = Field(4, ge=1, le=64)
    keys: Literal["auto", "always", "never"] = Field(
        "auto", description="auto: required unless bound to loopback"
    )
    cors: tuple[str, ...] = Field((), description="origins whose pages may call this server")
    max_k: int = Field(1000, ge=1, le=10_000)
    max_body_mb: float = Field(8, gt=0, le=1024)
    search_rate: str = Field("600 per minute", description="requests an address may make with a search key")


class Settings(BaseModel):
    """Every setting, frozen; one section a part of the house."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: Encoding = Encoding()
    keyword: Keyword = Keyword()
    vector: Vector = Vector()
    search: Search = Search()
    recommend: Recommend = Recommend()
    learn: Learn = Learn()
    weights: Weights = Weights()
    trend: Trend = Trend()
    rebuild: Rebuild = Rebuild()
    serve: Serve = Serve()

    @classmethod
    def load(cls, home: Path, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of a home: defaults, then ronghe.toml, then the environment. Raises BadSettings."""
        values: dict[str, Any] = {}
        path = home / FILE
        if path.is_file():
            try:
                values = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise BadSettings(
                    f"{path} is not valid TOML: {error}. Mend it, or write it anew with `ronghe init`."
                ) from error
        for name, text in (os.environ if environment is None else environment).items():
            _override(values, name, text)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise BadSettings(_sentence(error, path)) from error


def _override(values: dict[str, Any], name: str, text: str) -> None:
    section, _, key = name.removeprefix(PREFIX).lower().partition("_")
    model = Settings.model_fields.get(section)
    if not name.startswith(PREFIX) or model is None or not key:
        return
    field = type(model.default).model_fields.get(key)
    many = field is not None and str(field.annotation).startswith("tuple")
    values.setdefault(section, {})[key] = [part for part in text.split(",") if part] if many else text


def _sentence(error: ValidationError, path: Path) -> str:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        section = Settings.model_fields.get(where[0]) if len(where) > 1 else None
        known = list(type(section.default).model_fields if section else Settings.model_fields)
        near = difflib.get_close_matches(where[-1], known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}."
        return f"{path}: there is no setting {'.'.join(where)!r}; {hint}"
    return f"{path}: {'.'.join(where)} cannot be {first['input']!r}: {first['msg'].lower()}."


def template() -> str:
    """A commented ronghe.toml that holds every default."""
    lines = ["# Every setting of this shop. A line that is commented out holds the default."]
    for section, field in Settings.model_fields.items():
        lines += ["", f"[{section}]"]
        for key, inner in type(field.default).model_fields.items():
            if inner.description:
                lines.append(f"# {inner.description}")
            lines.append(f"# {key} = {_toml(inner.default)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
