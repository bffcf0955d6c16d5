"""Hostile requests made from the server's own OpenAPI document, against the real server: nothing that anyone sends is a
fault of the server's, and every answer has a status, a content type, headers and a form that the document names.

`TABARA_EXAMPLES` says how many requests are tried for each operation and mode."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import checks, GenerationMode

from client import QUESTIONNAIRE
from formats import sha256

# bundles: bytes
schemathesis.serializer.alias("application/vnd.tabara", "application/octet-stream")

EXAMPLES = int(os.environ.get("TABARA_EXAMPLES", "25"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


ROUTES = {"/bundles": "post", "/bundles/{sha256}": "get", "/devices": "post", "/health": "get", "/parts/{sha256}": "get", "/releases/latest": "get"}


def test_the_document_names_every_path_and_none_needs_a_token(world):
    document = world.http.get("/openapi.json").json()
    found = {path: method for path, methods in document["paths"].items() for method in methods}
    assert found == ROUTES
    for path, method in ROUTES.items():
        how = document["paths"][path][method]
        assert "security" not in how
        assert {"400", "401", "403", "404", "405", "408", "413", "429", "503"} < set(how["responses"])
        answer = world.http.request(method.upper(), path)
        assert answer.status_code == (200 if path == "/health" else 400 if method == "post" else 404), path


@pytest.mark.parametrize(
    "path, sha, status",
    [
        ("/parts/{sha256}", sha256(QUESTIONNAIRE), 200),
        ("/parts/{sha256}", sha256(b"another"), 404),
        ("/bundles/{sha256}", sha256(b"never sent"), 404),
    ],
)
def test_what_chance_rarely_finds_is_as_the_document_says_too(world, path, sha, status):
    api = schemathesis.openapi.from_url(str(world.http.base_url.join("openapi.json")))
    case = api[path]["GET"].Case(path_parameters={"sha256": sha})
    assert case.call_and_validate(checks=CHECKS).status_code == status


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_is_a_fault_of_the_server_and_answers_are_what_the_document_says(world, mode):
    api = schemathesis.openapi.from_url(str(world.http.base_url.join("openapi.json")))
    names = []
    for found in api.get_all_operations():
        operation = found.ok()
        names.append(operation.label)

        @seed(20261122)
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(mode))
        def attack(case):
            case.call_and_validate(checks=CHECKS)

        try:
            attack()
        except Exception as e:  # nothing in it can be sent in this mode
            if "Unsatisfiable" not in type(e).__name__:
                raise
    assert len(names) == len(ROUTES)
    assert world.http.get("/health").text == "ok"
    log = (world.folder / "server.log").read_text()
    assert "panicked" not in log and "ERROR" not in log
