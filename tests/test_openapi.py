"""Does every route behave as /openapi.json says, whatever is thrown at it?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig

from engine import Engine
from server import create_app
from web.openapi import describe
from web.options import WebOptions
from web.route import Route
from web.table import ROUTES

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
EXAMPLES = 4  # of each route; more by hand: this is what a test run can afford


@pytest.fixture(scope="module")
def schema(shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> schemathesis.BaseSchema:
    """The shop's own document, over a copy of the hand-made shop that may be changed."""
    home = tmp_path_factory.mktemp("open") / "home"
    shutil.copytree(shop_home, home)
    app = create_app(Engine.open(home), WebOptions(home=home))
    return schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig())


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_route_fails_or_answers_what_it_does_not_document(
    schema: schemathesis.BaseSchema, route: Route, mode: GenerationMode
) -> None:
    cases = schema[route.path][route.method].as_strategy(generation_mode=mode)

    @given(cases)
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(case: schemathesis.Case) -> None:
        answer = case.call(headers={"Accept-Encoding": "identity"})  # its test client does not unpack
        case.validate_response(answer, checks=CHECKS)

    try:
        holds()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE
        assert not route.ask.model_fields  # a route that takes nothing cannot be asked wrongly


def test_the_document_names_every_route_and_every_answer_of_it() -> None:
    document = describe(ROUTES, WebOptions())
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["summary"] == route.summary
        assert str(route.status) in operation["responses"]
        assert "400" in operation["responses"]
        assert operation["security"] == [{"key": [route.scope]}, {}]
        names = {each["name"] for each in operation.get("parameters", ())}
        assert names == (set() if route.has_body else set(route.ask.model_fields))
