"""What of a text does an encoder read?"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import Vectors

LONGEST = 4096  # characters; 256 word pieces are seldom more than 1,500
_FOREIGN = re.compile(r"[^\W\d_\u0000-\u024F]")  # letters of any script but Latin
_LATIN = re.compile(r"[^\W\d_\u0250-\U0010FFFF]")


def clean(text: str) -> str:
    """One line, composed (NFKC), no control characters, no half of a surrogate pair, at most LONGEST."""
    text = text[:LONGEST].encode("utf-8", "ignore").decode("utf-8")
    text = unicodedata.normalize("NFKC", text)
    printable = "".join(
        c if c.isprintable() or not unicodedata.category(c).startswith("C") else " " for c in text
    )
    return " ".join(printable.split())[:LONGEST]


def says_something(text: str) -> bool:
    """Whether there is a letter or a digit in it: what an encoder makes of anything else is chance."""
    return any(character.isalnum() for character in text)


def mostly_latin(text: str) -> bool:
    """Whether no more letters are of other scripts than are Latin; a text without letters is."""
    foreign = len(_FOREIGN.findall(text))
    return not foreign or foreign <= len(_LATIN.findall(text))


def unit(vectors: NDArray[Any]) -> Vectors:
    """Rows [n, d] at length 1; a row that is zero, or not finite, is zero."""
    rows = np.nan_to_num(np.asarray(vectors, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-12)
    return scaled
