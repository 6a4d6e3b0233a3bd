"""How does a sentence-transformers model become a file that serves without torch?"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.encode.sentences import load_model
from engine.encode.served import Served, digest
from engine.types import Vectors

RECIPE = 1  # raise it when what export writes changes
MAX_TOKENS = 256
FAITHFUL = 0.98  # mean cosine with torch below which 8 bits are given up for 32
SAMPLES = (
    "waterproof hiking boots",
    "Kingston 16GB DDR4-3200 SO-DIMM",
    "A light tent for two people that packs into a small bag, with aluminium poles and a footprint.",
    "red wool scarf",
    "toner cartridge black 006R90321 for CopyCentre C65",
    "stainless steel kettle 1.7 l",
    "children's picture book about the sea",
    "usb-c cable 2 m",
)


def export(source: str, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write model.onnx, tokenizer.json and manifest.json of the model at `source` into a new `folder`.

    Weights are 8-bit (dynamic, per channel, range reduced for CPUs without VNNI) where the vectors stay
    FAITHFUL to torch's, else 32-bit. The folder appears whole or not at all; one that is there is replaced.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write(source, draft, facts)
        shutil.rmtree(folder, ignore_errors=True)
        draft.chmod(0o755)  # a temporary folder is its maker's alone; servers may run as another user
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(source: str, draft: Path, facts: Mapping[str, Any]) -> None:
    model = load_model(source)
    truth = np.asarray(model.encode(list(SAMPLES), show_progress_bar=False, normalize_embeddings=True))
    model.tokenizer.backend_tokenizer.save(str(draft / "tokenizer.json"))
    whole, small = draft / "whole.onnx", draft / "model.onnx"
    inputs = _trace(model, whole)
    manifest = {
        **facts,
        "recipe": RECIPE,
        "dim": int(truth.shape[1]),
        "max_tokens": min(MAX_TOKENS, int(model.max_seq_length or MAX_TOKENS)),
        "inputs": inputs,
        "unknown": model.tokenizer.unk_token_id,
        "tokenizer": digest(draft / "tokenizer.json"),
    }
    _quantize(whole, small)
    for bits in (8, 32):
        if bits == 32:
            whole.replace(small)
        manifest |= {"bits": bits, "model": digest(small)}
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        manifest["cosine"] = round(_agreement(Served(draft)(SAMPLES), truth), 5)
        if manifest["cosine"] >= FAITHFUL:
            break
    (draft / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    whole.unlink(missing_ok=True)


def _agreement(vectors: Vectors, truth: Vectors) -> float:
    return float(np.mean(np.sum(vectors * truth, axis=1)))


def _trace(model: Any, path: Path) -> list[str]:
    """Trace the model, pooling and all, to ONNX; returns the names of its inputs."""
    import torch

    example = model.preprocess(list(SAMPLES[:2]))
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in example]

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Any) -> Any:
            return self.model(dict(zip(names, tensors, strict=True)))["sentence_embedding"]

    axes = {name: {0: "text", 1: "token"} for name in names}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer warns of every shape that it reads
        torch.onnx.export(
            Whole().eval(),
            tuple(example[name] for name in names),
            str(path),
            input_names=names,
            output_names=["vector"],
            dynamic_axes={**axes, "vector": {0: "text"}},
            opset_version=17,
            dynamo=False,
        )
    return names


def _quantize(whole: Path, small: Path) -> None:
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().disabled = True  # it advises, on the root logger, a step that changes nothing here
    try:
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    finally:
        logging.getLogger().disabled = False
