"""The house rules. Read this before adding an import or a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY = {
    "indexes": {"indexes"},
    "engine": {"engine", "indexes"},
    "web": {"web", "engine"},
    "terminal": {"terminal", "engine"},
    "server": {"server", "web", "engine"},
    "cli": {"cli", "terminal", "server", "engine"},
}
# A heavy or optional library is wrapped by one place; `None` = imported only inside a function there.
WRAPPED = {
    "faiss": ("indexes/",),
    "numba": ("indexes/",),
    "flask": ("server.py", "web/"),
    "gunicorn": ("server.py", "web/"),
    "typer": ("cli.py", "terminal/"),
    "rich": ("cli.py", "terminal/"),
    "torch": ("engine/encode/", "engine/learn/"),
    "sentence_transformers": ("engine/encode/",),
    "onnxruntime": ("engine/encode/",),
    "PIL": ("engine/encode/",),
    "resvg_py": ("engine/encode/",),
    "implicit": ("engine/learn/",),
    "statsmodels": ("engine/forecast/",),
    "statsforecast": ("engine/forecast/",),
    "lightgbm": ("engine/rank/", "engine/forecast/", "engine/learn/"),
    "rjieba": ("engine/text/",),
    "Stemmer": ("engine/text/",),
    "sqlite3": ("engine/store/", "engine/encode/", "engine/doctor.py"),
}
LATE = {
    "torch",
    "sentence_transformers",
    "implicit",
    "statsmodels",
    "statsforecast",
    "lightgbm",
    "sklearn",
    "matplotlib",
}
ON_DEMAND = {
    "engine/learn/networks.py": "engine.learn.networks"
}  # loads torch; itself imported only inside a fit
NAMELESS = {"utils", "util", "helpers", "helper", "base", "core", "common", "manager", "misc"}
SOURCES = [
    path
    for folder in ("indexes", "engine", "web", "terminal")
    for path in sorted((ROOT / folder).rglob("*.py"))
] + [ROOT / "cli.py", ROOT / "server.py"]


def imports(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def early(tree: ast.Module):
    """Imports that run when the module is imported."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(ast.Module([node], []))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_down(path):
    home = path.relative_to(ROOT).parts[0].removesuffix(".py")
    ours = {module.split(".")[0] for module in imports(ast.parse(path.read_text()))} & (
        MAY.keys() | {"tests"}
    )
    assert ours <= MAY[home]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_heavy_libraries_stay_where_they_are_wrapped(path):
    tree = ast.parse(path.read_text())
    for module in imports(tree):
        places = WRAPPED.get(module.split(".")[0])
        assert places is None or name_of(path).startswith(places), f"{module} is wrapped in {places}"
    at_once = set(early(tree))
    assert not at_once & set(ON_DEMAND.values())
    late = {module.split(".")[0] for module in at_once} & LATE if name_of(path) not in ON_DEMAND else set()
    assert not late, f"import {late} inside the function that needs it: serving must not pay for it"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_is_short_and_has_a_name_and_a_question(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert path.stem not in NAMELESS
    assert (ast.get_docstring(ast.parse(text)) or "").strip(), (
        "say in one line which question the file answers"
    )
