"""What does a picture look like, as a vector, without torch in the process?"""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from engine.encode import lite0
from engine.encode.served import digest
from engine.encode.wording import unit
from engine.errors import BadPicture, EngineError, LargePicture, UnknownPicture
from engine.types import Vectors

PIXELS = 40_000_000  # of the largest picture that is opened: a telephone's, and no bomb
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
DRAWN = re.compile(rb"^\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE)
REACHING = re.compile(r"[<:](image|feImage)\b|<!ENTITY", re.IGNORECASE)
# What Pillow's readers raise over broken bytes, each its own.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, struct.error, zlib.error)


class Looks:
    """EfficientNet-Lite0 (Tan & Le, ICML 2019; ImageNet) up to its pooled features, run by onnxruntime.

    The roots of the features at unit length, so that the inner product is the Bhattacharyya coefficient:
    pictures of a kind lie nearer to each other than with the features as they are.
    """

    def __init__(self, folder: Path):
        import onnxruntime

        facts = _checked(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.dim = int(facts["dim"])
        self.side = int(facts["side"])
        self.name = f"{facts['name']}-{facts['recipe']}-{facts['model'][:12]}-root"

    def __call__(self, picture: Image.Image) -> Vectors:
        """[dim], unit length, of an RGB picture of any size: it is squeezed into the network's square."""
        square = picture.resize((self.side, self.side), Image.Resampling.BICUBIC)
        pixels = (np.asarray(square, np.float32) - 127) / 128
        features = self._session.run(["features"], {"picture": pixels.transpose(2, 0, 1)[None]})[0]
        vector: Vectors = unit(np.sqrt(np.maximum(features, 0)))[0]
        return vector


class Shown:
    """Pictures of a catalogue as an `Encoder` of texts: each text is the digest of a file or its data.

    A picture that cannot be read is a row of zeros: one bad file spoils no rebuild.
    """

    def __init__(self, looks: Looks, sources: Mapping[str, Callable[[], bytes]], threads: int):
        self.name, self.dim = looks.name, looks.dim
        self._looks = looks
        self._sources = sources  # digest -> what reads its bytes
        self._threads = threads

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, dim], unit length; zeros for "" and for what is no picture."""
        vectors = np.zeros((len(texts), self.dim), np.float32)

        def one(row: int) -> None:
            if not texts[row]:
                return
            try:
                vectors[row] = self._looks(rasterized(self._sources[texts[row]]()))
            except EngineError:
                return

        with ThreadPoolExecutor(max(self._threads, 1)) as pool:
            list(pool.map(one, range(len(texts))))
        return vectors


def opened(data: bytes) -> Image.Image:
    """A stranger's picture as RGB, upright, what is transparent made white.

    Raises BadPicture for what is none, LargePicture for too many pixels, UnknownPicture for a drawing (SVG).
    """
    if not data:
        raise BadPicture("The picture is empty. Send a JPEG, PNG, WebP, GIF or BMP file.")
    if DRAWN.match(data[:512]):
        raise UnknownPicture("An SVG is not taken as a question. Send a JPEG, PNG, WebP, GIF or BMP file.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS:
                raise LargePicture(
                    f"The picture has {picture.width} x {picture.height} pixels; "
                    f"at most {PIXELS // 1_000_000} million are taken. Send a smaller one."
                )
            picture.draft("RGB", (448, 448))  # a large JPEG is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise LargePicture(f"At most {PIXELS // 1_000_000} million pixels are taken. Send less.") from bomb
    except BROKEN as fault:
        raise BadPicture(
            "The picture cannot be read. Send a whole JPEG, PNG, WebP, GIF or BMP file."
        ) from fault
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")


def rasterized(data: bytes) -> Image.Image:
    """A picture of the catalogue, which may be an SVG too: drawn without fonts, and reading no other file."""
    if not DRAWN.match(data[:512]):
        return opened(data)
    import resvg_py

    try:
        text = data.decode("utf-8")
        if REACHING.search(text):
            raise BadPicture("The drawing asks for other files.")
        png = resvg_py.svg_to_bytes(
            svg_string=text, width=lite0.SIDE, height=lite0.SIDE, skip_system_fonts=True
        )
    except ValueError as fault:
        raise BadPicture("The drawing cannot be read.") from fault
    return opened(bytes(png))


def looks_folder(home: Path) -> Path:
    """Where the exported network lives."""
    return home / "models" / f"lite0-{lite0.SHA256[:8]}"


def ensure_looks(home: Path) -> None:
    """Export the network unless it is there: torch is loaded once a home. Raises EngineError."""
    manifest = looks_folder(home) / "manifest.json"
    if manifest.is_file() and json.loads(manifest.read_text("utf-8")).get("recipe") == lite0.RECIPE:
        return
    lite0.export(looks_folder(home))


def _checked(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        whole = digest(folder / "model.onnx") == facts["model"]
    except (OSError, ValueError, KeyError) as fault:
        raise EngineError(f"{folder} holds no whole model; delete it and run `ronghe rebuild`.") from fault
    if not whole:
        raise EngineError(f"The model in {folder} was changed; delete it and run `ronghe rebuild`.")
    return facts
