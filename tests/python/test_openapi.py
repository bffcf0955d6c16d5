"""Hostile requests made from the server's own OpenAPI document, against the real server: nothing that anyone sends is a
fault of the server's, and every answer has a status, a content type, headers and a form that the document names.

`TABARA_EXAMPLES` says how many requests are tried for each operation and mode."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import checks, GenerationMode

from test_protocol import QUESTIONNAIRE, Phone, sha256, world  # noqa: F401 (a fixture)

EXAMPLES = int(os.environ.get("TABARA_EXAMPLES", "25"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def test_the_document_names_every_path_and_each_needs_a_token_but_three(world):
    document = world.http.get("/openapi.json").json()
    operations = {path: how for path, methods in document["paths"].items() for how in methods.values()}
    without = {path for path, how in operations.items() if "security" not in how}
    assert without == {"/devices", "/health", "/time"}
    for path, how in operations.items():
        assert {"400", "401", "403", "404", "405", "408", "413", "429", "503"} < set(how["responses"])
        answer = world.http.request("GET" if "requestBody" not in how else "POST", path)
        assert answer.status_code == (200 if path == "/health" else 401 if path not in without else 400), path


@pytest.mark.parametrize(
    "path, how, status",
    [
        ("/time", {"query": {"nonce": "n" * 64}}, 200),
        ("/time", {"query": {"nonce": "n" * 65}}, 400),
        ("/catalog", {}, 200),
        ("/parts/{sha256}", {"path_parameters": {"sha256": sha256(QUESTIONNAIRE)}}, 200),
        ("/updates", {"query": {"after": 2**64 - 1}}, 200),
        ("/updates", {"query": {"after": 2**64}}, 400),
    ],
)
def test_what_chance_rarely_finds_is_as_the_document_says_too(world, path, how, status):
    phone = Phone(world.authority)
    world.http.post("/devices", json=phone.chain)
    api = schemathesis.openapi.from_url(str(world.http.base_url.join("openapi.json")))
    case = api[path]["GET"].Case(**how)
    assert case.call_and_validate(headers=phone.token(world.now()), checks=CHECKS).status_code == status


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_is_a_fault_of_the_server_and_answers_are_what_the_document_says(world, mode):
    phone = Phone(world.authority)
    assert world.http.post("/devices", json=phone.chain).json() == {"outcome": "accepted"}
    api = schemathesis.openapi.from_url(str(world.http.base_url.join("openapi.json")))
    names = []
    for found in api.get_all_operations():
        operation = found.ok()
        names.append(operation.label)
        token = phone.token(world.now())

        @seed(20261122)
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(mode))
        def attack(case):
            case.call_and_validate(headers=token, checks=CHECKS)

        try:
            attack()
        except Exception as e:  # nothing in it can be sent in this mode
            if "Unsatisfiable" not in type(e).__name__:
                raise
    assert len(names) >= 10
    assert world.http.get("/health").text == "ok"
    log = (world.folder / "server.log").read_text()
    assert "panicked" not in log and "ERROR" not in log
