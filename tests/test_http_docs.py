"""Do the curl examples of docs/http.md run, and is every route among them?"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from served import served

from engine import Engine
from server import create_app
from web.options import WebOptions
from web.route import Route
from web.table import ROUTES

PAGE = Path(__file__).parents[1] / "docs" / "http.md"
COMMANDS = re.findall(r"^curl .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_example_of_the_page_runs(own_shop: Engine) -> None:
    with served(create_app(own_shop, WebOptions(home=own_shop.home))) as address:
        for command in COMMANDS:
            if " -F image=" in command:
                continue  # its shop has no pictures; test_pictures.py runs it in one that has
            asked = f"{command} -m 60 -o - -w '\\n%{{http_code}}'"
            done = subprocess.run(
                ["/bin/sh", "-c", asked], env={**os.environ, "SHOP": address}, capture_output=True, text=True
            )
            body, _, status = done.stdout.rpartition("\n")
            assert status.startswith("2"), (command, body)
            if body and "metrics" not in command:
                json.loads(body)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.tag != "studio"], ids=lambda route: route.name
)
def test_every_route_has_an_example(route: Route) -> None:
    pattern = re.sub(r"{\w+}", r"[^/?\"]+", route.path) + r'["? ]'
    verb = route.method
    found = [command for command in COMMANDS if re.search(pattern, command)]
    if verb in ("PUT", "DELETE"):
        found = [command for command in found if f"-X {verb} " in command]
    if verb == "POST":
        found = [command for command in found if " -d " in command or " -F " in command]
    assert found, (verb, pattern)


def test_the_python_example_runs(own_shop: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    with served(create_app(own_shop)) as address:
        space: dict[str, Any] = {}
        exec(code.group(1).replace("http://127.0.0.1:8000", address), space)
        space["shop"].close()
    assert len(capsys.readouterr().out.splitlines()) == 3
