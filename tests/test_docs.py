"""The docs say what is there: every link leads somewhere, every command and route is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_every_command_the_docs_type_is_a_command():
    import typer.main

    import cli

    group = typer.main.get_command(cli.app)
    known = set(group.commands)  # type: ignore[attr-defined]
    typed = {
        verb
        for page in PAGES
        for verb in re.findall(r"(?m)^\s{4,}(?:\$ )?ronghe ([a-z]+)", page.read_text(encoding="utf-8"))
    }
    assert typed and typed <= known


def test_every_route_is_documented():
    from web.table import ROUTES

    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    words = {
        part
        for route in ROUTES
        if route.path.startswith("/v1/") and not route.path.startswith("/v1/studio")
        for part in route.path.split("/")
        if part and part[0] not in "<{"
    }
    assert words and not {word for word in words if word not in text}
