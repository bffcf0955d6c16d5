"""The examples of bindings/README.md are files that are run: here, and by the tests of the Kotlin package."""

import asyncio
import pathlib
import re

import example
import pytest

BINDINGS = pathlib.Path(__file__).resolve().parents[2]
README = (BINDINGS / "README.md").read_text()


@pytest.mark.parametrize(
    "language, file", [("python", "python/example.py"), ("kotlin", "kotlin/example/Example.kt"), ("xml", "kotlin/example/pom.xml")]
)
def test_what_the_readme_shows_stands_in_a_file_that_is_run(language, file):
    [shown] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert shown.strip() in (BINDINGS / file).read_text()


def test_the_example_brings_a_record_to_the_server_and_goes_on_with_the_same_phone(tmp_path, deployment):
    secret = example.DeskSecret(tmp_path / "secret.json")
    first, report = asyncio.run(example.screening(str(tmp_path / "phone"), secret, deployment.card(), "271828"))
    assert (report.accepted, first.result.outcome.code) == (1, "inconclusive")
    again = example.DeskSecret(tmp_path / "secret.json")
    second, report = asyncio.run(example.screening(str(tmp_path / "phone"), again, "no card is needed", "271828"))
    assert report.accepted == 1
    codes = [record["record"]["code"] for record in deployment.records()]
    assert first.code in codes and second.code in codes
