"""The OpenAPI description against the server itself: schemathesis tries what it says and what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from api_world import Site, begin, site, wait_for
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

CHECKS: list[Any] = [not_a_server_error, response_schema_conformance, status_code_conformance]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("contract")
    with site(folder, requests_per_minute=1_000_000, runs_per_hour=1_000_000) as running:
        yield running


@pytest.fixture(scope="module")
def a_run(here: Site) -> str:
    with here.program() as client:
        run_id = begin(client, "count")
        wait_for(client, run_id, "completed")
    return run_id


# schemathesis's own strategies use `random`
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_no_request_that_can_be_described_breaks_the_server(here: Site, a_run: str) -> None:
    schema: Any = schemathesis.openapi.from_url(f"{here.url}/api/openapi.json")
    tried: dict[str, int] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("/events") or operation.path.startswith("/agui"):
            continue  # endless; tests/web/test_api.py and test_agui_client.py read them

        @settings(
            max_examples=12, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        def one(case: Any) -> None:
            if "run_id" in case.path_parameters:
                case.path_parameters["run_id"] = a_run
            response = case.call(timeout=10)
            tried[case.operation.label] = tried.get(case.operation.label, 0) + 1
            case.validate_response(response, checks=CHECKS)

        given(case=operation.as_strategy())(one)()
    assert len(tried) > 20
