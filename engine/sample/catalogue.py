"""What does the sample shop sell?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.sample.kinds import Form, Kind, Shelf, Value, Words
from engine.sample.shelves import KINDS, SHELVES
from engine.sample.words import (
    CARE,
    COLOURS,
    FRESH,
    MATERIALS,
    MODELS,
    PALETTES,
    SELLERS,
    VALUES,
    colour_words,
)

Record = dict[str, object]
Codes = NDArray[np.int64]
Reals = NDArray[np.float64]

BRANDS: tuple[tuple[int, Words], ...] = tuple(
    (number, brand) for number, shelf in enumerate(SHELVES) for brand in shelf.brands
)
STYLES = 4  # latent directions of taste: plain, rugged, playful, refined
SMALL_WORDS = frozenset(("and", "de", "for", "in", "of", "with"))


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The items and what the simulation knows about each; every array is [n] and records[i] is item i.

    `brand` numbers BRANDS, `kind` numbers KINDS, `form` and `measure` number the kind's own, `colour` numbers
    COLOURS (-1 = none). `dear` is the standardized logarithm of the price within the kind; `quality` is what
    ratings hover around; `launch` is the day of the log an item came on sale (negative = before the log);
    `style` [n, STYLES] is what latent tastes respond to.
    """

    records: tuple[Record, ...]
    kind: Codes
    brand: Codes
    form: Codes
    measure: Codes
    colour: Codes
    price: Reals
    dear: Reals
    quality: Reals
    launch: Codes
    style: Reals

    def __len__(self) -> int:
        return len(self.records)

    @property
    def ids(self) -> list[str]:
        return [str(record["item_id"]) for record in self.records]


def stock_catalogue(n_items: int, days: int, end: date, rng: np.random.Generator) -> Catalogue:
    """Draw `n_items` items for a log of `days` days that ends before `end`."""
    kind = _shares(n_items, rng)
    launch = _launches(n_items, days, rng)
    brand_dear = rng.normal(0, 0.55, len(BRANDS))
    brand_style = rng.normal(0, 1, (len(BRANDS), STYLES))
    quality = rng.normal(0, 0.6, n_items)
    columns = {name: np.full(n_items, -1, np.int64) for name in ("brand", "form", "measure", "colour")}
    price, dear = np.zeros(n_items), np.zeros(n_items)
    records: list[Record] = []
    taken: set[str] = set()
    for row in range(n_items):
        shelf, made = KINDS[kind[row]]
        brand = _brand(shelf, made, rng)
        form_code = int(rng.integers(len(made.forms)))
        measure_code = int(rng.integers(len(made.measures))) if made.measures else -1
        colour_name = str(rng.choice(PALETTES[made.palette])) if made.coloured else ""
        dear[row] = brand_dear[brand] * 0.8 + rng.normal(0, 0.75)
        price[row] = _price(made, form_code, measure_code, float(dear[row]))
        title, title_zh, model = _title(made, brand, form_code, measure_code, colour_name, taken, rng)
        columns["brand"][row], columns["form"][row], columns["measure"][row] = brand, form_code, measure_code
        if colour_name:
            columns["colour"][row] = list(COLOURS).index(colour_name)
        description, description_zh = _description(made, brand, model, form_code, colour_name, rng)
        stock = 0 if rng.random() < 0.03 else int(rng.negative_binomial(2, 2 / (2 + 60 * made.share)) + 1)
        item_id = f"p{row + 1:04d}"
        records.append(
            {
                "item_id": item_id,
                "title": title,
                "title_zh": title_zh,
                "description": description,
                "description_zh": description_zh,
                "category": f"{shelf.name.en} > {made.labels.en}",
                "category_zh": f"{shelf.name.zh} > {made.labels.zh}",
                "brand": BRANDS[brand][1].en,
                "brand_zh": BRANDS[brand][1].zh,
                "seller": SELLERS[(brand * 5 + int(rng.random() < 0.25)) % len(SELLERS)],
                "price": float(price[row]),
                "currency": "USD",
                "stock": stock,
                "image": f"{item_id}.svg",
                "available_from": (end - timedelta(days=int(days - launch[row]))).isoformat(),
                **_attributes(shelf, made, made.forms[form_code], measure_code, colour_name, rng),
                "generated": True,
            }
        )
    style = brand_style[columns["brand"]] + rng.normal(0, 0.6, (n_items, STYLES))
    return Catalogue(
        tuple(records),
        kind,
        columns["brand"],
        columns["form"],
        columns["measure"],
        columns["colour"],
        price,
        dear,
        quality,
        launch,
        style,
    )


def _shares(n_items: int, rng: np.random.Generator) -> Codes:
    """The kind of each item: kinds in demand have more items, and the order is shuffled."""
    weight = np.sqrt([made.share for _, made in KINDS])
    exact = n_items * weight / weight.sum()
    count = np.floor(exact).astype(np.int64)
    count[np.argsort(count - exact, kind="stable")[: n_items - count.sum()]] += 1
    kind: Codes = np.repeat(np.arange(len(KINDS)), count)
    rng.shuffle(kind)
    return kind


def _launches(n_items: int, days: int, rng: np.random.Generator) -> Codes:
    """Two thirds were there before the log; the rest came during it, one in twenty in its last weeks."""
    launch = -rng.integers(1, 700, n_items)
    draw = rng.random(n_items)
    during = draw < 0.33
    launch[during] = rng.integers(0, max(1, days - 21), during.sum())
    new = draw < 0.05
    launch[new] = rng.integers(max(0, days - 21), days, new.sum())
    return launch


def _brand(shelf: Shelf, made: Kind, rng: np.random.Generator) -> int:
    """Every brand has a kind it is known for, and makes two or three others."""
    brands = [code for code, (number, _) in enumerate(BRANDS) if SHELVES[number] is shelf]
    place = shelf.kinds.index(made)
    return int(brands[(place + int(rng.choice((0, 1, 2, 4), p=(0.45, 0.25, 0.15, 0.15)))) % len(brands)])


def _price(made: Kind, form_code: int, measure_code: int, dear: float) -> float:
    """Log-normal within the kind, larger measures dearer, ended as shops end prices."""
    price = made.price * made.forms[form_code].factor * float(np.exp(made.spread * 0.6 * dear))
    if measure_code >= 0:
        middle = _number(made.measures[len(made.measures) // 2].en)
        own = _number(made.measures[measure_code].en)
        if made.growth and own > 0 and middle > 0:
            price *= (own / middle) ** made.growth
    if price < 20:
        return max(0.99, round(price * 2) / 2 - 0.01)
    return max(1.0, round(price)) - (0.1 if price < 100 else 0.0)


def _number(label: str) -> float:
    """The first number in a label: "45 L" is 45, "SPF 50+" is 50, "-7 °C" is -7."""
    found = re.search(r"-?\d+(\.\d+)?", label)
    return float(found.group()) if found else 0.0


def _measured(label: Words) -> Value:
    """A number where the label names one; a range such as "2-4 players" stays text."""
    if re.search(r"\d-\d", label.en):
        return label.en
    number = _number(label.en)
    return int(number) if number.is_integer() else number


def capitals(text: str) -> str:
    """Title case that leaves digits, units and words with capitals of their own alone."""
    shown = []
    for place, word in enumerate(text.split(" ")):
        plain = word.islower() and not (place and word in SMALL_WORDS)
        shown.append("-".join(part[:1].upper() + part[1:] for part in word.split("-")) if plain else word)
    return " ".join(shown)


def _title(
    made: Kind,
    brand: int,
    form_code: int,
    measure_code: int,
    colour_name: str,
    taken: set[str],
    rng: np.random.Generator,
) -> tuple[str, str, Words]:
    """A title that no other item has, in both languages, and the model line it names."""
    shape, who = made.forms[form_code].words, BRANDS[brand][1]
    size = made.measures[measure_code] if measure_code >= 0 else Words("", "")
    colour = colour_words(colour_name) if colour_name else Words("", "")
    start = int(rng.integers(len(MODELS)))
    for attempt in range(len(MODELS) * 8):
        model = MODELS[(start + attempt) % len(MODELS)]
        mark = "" if attempt < len(MODELS) else str(1 + attempt // len(MODELS))
        head = " ".join(
            part for part in (who.en, model.en, mark, capitals(f"{shape.en} {made.names.en}")) if part
        )
        tail = f", {capitals(colour.en)}" if colour.en else ""
        title = f"{head}{' ' + size.en if size.en else ''}{tail}"
        if title not in taken:
            break
    taken.add(title)
    chinese = (who.zh, f"{model.zh}{mark}", f"{shape.zh}{made.names.zh}", size.zh, colour.zh)
    return title, " ".join(part for part in chinese if part), model


def _description(
    made: Kind, brand: int, model: Words, form_code: int, colour_name: str, rng: np.random.Generator
) -> tuple[str, str]:
    """Four or five sentences, the same ones in both languages."""
    shape, who = made.forms[form_code].words, BRANDS[brand][1]
    facts = [made.facts[i] for i in rng.permutation(len(made.facts))[: int(rng.integers(2, 4))]]
    use = made.uses[int(rng.integers(len(made.uses)))]
    notes = FRESH if made.again else CARE
    care = notes[int(rng.integers(len(notes)))]
    in_colour = f", in {colour_name}" if colour_name else ""
    colour_zh = f"，{COLOURS[colour_name][0]}" if colour_name else ""
    first = f"{shape.en} {made.names.en if any(map(str.isdigit, made.names.en)) else made.names.en.lower()}"
    first = first[:1].upper() + first[1:]
    first = first.replace("usb-c", "USB-C").replace("t-shirt", "T-shirt")
    english = [f"{first} from the {model.en} line by {who.en}{in_colour}"]
    english += [fact.en for fact in facts]
    english += [f"Good for {use.en}", care.en]
    chinese = [f"{who.zh}{model.zh}系列{shape.zh}{made.names.zh}{colour_zh}"]
    chinese += [fact.zh for fact in facts]
    chinese += [f"适合：{use.zh}", care.zh]
    return ". ".join(english) + ".", "。".join(chinese) + "。"


def _attributes(
    shelf: Shelf, made: Kind, shape: Form, measure_code: int, colour_name: str, rng: np.random.Generator
) -> Record:
    """What a shopper filters by; text values have their Chinese beside them in `<name>_zh`."""
    found: Record = {"type": shape.words.en, "type_zh": shape.words.zh}
    if colour_name:
        found["colour"], found["colour_zh"] = colour_name, COLOURS[colour_name][0]
    for name, value in shape.attributes.items():
        found[name] = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(value, str):
            found[f"{name}_zh"] = _translated(name, value)
    if measure_code >= 0:
        label = made.measures[measure_code]
        found[made.measure] = _measured(label)
        if isinstance(found[made.measure], str):
            found[f"{made.measure}_zh"] = label.zh
    if made.sizes:
        found["size"] = _run(made.sizes, rng)
    return found


def _translated(name: str, value: str) -> str:
    table: Mapping[str, str] = MATERIALS if name == "material" else VALUES
    if name == "fuel" or value not in table:
        table = VALUES
    return table[value]


def _run(sizes: Sequence[str], rng: np.random.Generator) -> list[str]:
    """The sizes in stock: neighbours, most of the range."""
    low = int(rng.integers(0, max(1, len(sizes) // 3)))
    high = len(sizes) - int(rng.integers(0, max(1, len(sizes) // 3)))
    return list(sizes[low:high])
