"""What do the words of a text mean, each by itself?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from engine.encode.wording import clean, says_something, unit
from engine.errors import EngineError
from engine.types import Vectors

MODEL = "l2_supercat_256"
BATCH = 256
_MEANINGLESS = re.compile(r"^(<0x[0-9A-F]{2}>|▁+|<unk>|<s>|</s>)$")


class Static:
    """The mean of static word-piece vectors (WordLlama, from Llama 2's embeddings); no network at all.

    English, and the commoner Chinese characters. Only the package's two files are read: importing it would
    set up logging and pull in an HTTP client. A text of nothing but unknown signs is a row of zeros.
    """

    dim = 256
    name = f"static-wordllama-{MODEL}"
    cheap = True  # encoding is faster than looking a vector up

    def __init__(self) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        folder = _package()
        self._tokenizer = Tokenizer.from_file(
            str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
        )
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        opener: Any = safe_open
        with opener(str(folder / "weights" / f"{MODEL}.safetensors"), "np") as file:
            self._table: Vectors = file.get_tensor("embedding.weight").astype(np.float32)
        pieces = self._tokenizer.get_vocab()
        self._says = np.ones(len(self._table), bool)
        self._says[
            [i for piece, i in pieces.items() if i < len(self._table) and _MEANINGLESS.match(piece)]
        ] = False

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, 256], unit length."""
        means = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), BATCH):
            cleaned = [clean(text) for text in texts[start : start + BATCH]]
            for row, encoding in enumerate(
                self._tokenizer.encode_batch_fast(cleaned, add_special_tokens=False)
            ):
                pieces = np.asarray(encoding.ids, np.int64)
                pieces = pieces[pieces < len(self._table)]
                if says_something(cleaned[row]) and self._says[pieces].any():
                    means[start + row] = self._table[pieces].mean(axis=0)
        return unit(means)


def _package() -> Path:
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise EngineError("The static encoder needs the package wordllama: pip install wordllama.")
    return Path(spec.origin).parent
