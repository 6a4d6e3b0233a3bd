"""What does a text mean, without torch in the process?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from engine.encode.wording import clean, mostly_latin, says_something, unit
from engine.errors import EngineError
from engine.types import Vectors

FILES = {"model.onnx": "model", "tokenizer.json": "tokenizer"}  # and where the manifest has their digests
EACH = 32  # texts a worker takes at a time


class Served:
    """A model that `export` left in a folder, run by onnxruntime one text at a time.

    One at a time, because 8-bit activations are scaled by the largest of their batch: alone, a text has
    the same vector whatever else is encoded, and no padding is computed. `threads` texts run at once.
    """

    def __init__(self, folder: Path, threads: int = 1):
        import onnxruntime
        from tokenizers import Tokenizer

        facts = _checked(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(facts["max_tokens"])
        self._inputs: list[str] = facts["inputs"]
        self._unknown = facts.get("unknown")
        self._latin_only = bool(facts.get("latin_only"))
        self._threads = threads
        self.dim = int(facts["dim"])
        self.name = f"{facts.get('name', folder.name)}-{facts['bits']}bit-{facts['model'][:12]}"

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, dim], unit length."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        cleaned = [clean(text) for text in texts]
        rows = [row for row, text in enumerate(cleaned) if self._reads(text)]
        parts = [rows[start : start + EACH] for start in range(0, len(rows), EACH)]

        def run(part: Sequence[int]) -> None:
            encodings = self._tokenizer.encode_batch_fast([cleaned[row] for row in part])
            for row, encoding in zip(part, encodings, strict=True):
                vectors[row] = self._vector(encoding)

        if self._threads > 1 and len(parts) > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, parts))
        else:
            for part in parts:
                run(part)
        return unit(vectors)

    def _reads(self, text: str) -> bool:
        return says_something(text) and (not self._latin_only or mostly_latin(text))

    def _vector(self, encoding: Any) -> Vectors:
        ids = np.asarray([encoding.ids], np.int64)
        special = np.asarray(encoding.special_tokens_mask, bool)
        says = ~special if self._unknown is None else ~special & (ids[0] != self._unknown)
        if not says.any():
            return np.zeros(self.dim, np.float32)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vector: Vectors = self._session.run(["vector"], {name: given[name] for name in self._inputs})[0][0]
        return vector


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose files are those that were written; raises EngineError otherwise."""
    try:
        facts: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        whole = all(digest(folder / name) == facts[key] for name, key in FILES.items())
    except (OSError, ValueError, KeyError) as fault:
        raise EngineError(
            f"{folder} holds no whole model ({fault}); delete it and run `ronghe rebuild`."
        ) from fault
    if not whole:
        raise EngineError(f"A file of the model in {folder} was changed; delete it and run `ronghe rebuild`.")
    return facts
