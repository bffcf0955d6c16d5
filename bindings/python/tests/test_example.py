"""The example of bindings/README.md brings a record to the server."""

import asyncio

import example


def test_the_example_brings_a_record_to_the_server_and_goes_on_with_the_same_phone(tmp_path, deployment):
    secret = example.DeskSecret(tmp_path / "secret.json")
    first, report = asyncio.run(example.screening(str(tmp_path / "phone"), secret, deployment.card(), "271828"))
    assert (report.accepted, first.result.outcome.code) == (1, "inconclusive")
    again = example.DeskSecret(tmp_path / "secret.json")
    second, report = asyncio.run(example.screening(str(tmp_path / "phone"), again, "no card is needed", "271828"))
    assert report.accepted == 1
    codes = [record["record"]["code"] for record in deployment.records()]
    assert first.code in codes and second.code in codes
