"""The tools of people who work with the data: cases that are proven, releases that are signed, forms."""

import asyncio
import base64
import hashlib
import json

import pytest
import tabara
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from test_journey import ANSWERS, enrolled, interviewed

FORM = b"""
| survey |
| | type | name | label |
| | integer | age | How old? |
| | select_one_from_file places.csv | place | Where? |
"""


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_case_opens_with_the_case_workers_key_and_only_down_from_the_authority(phone, deployment):
    finished = interviewed(enrolled(phone, deployment), ANSWERS).finish(None)
    asyncio.run(phone.sync(None))
    held = deployment.say(f"held {finished.code}")
    export = json.dumps(held["export"]).encode()

    [case] = tabara.open_cases(export, held["identity"], held["authority"])

    assert (case.record, case.code, case.questionnaire) == (finished.record, finished.code, "returnee_screening")
    assert (case.answers["c_name"], case.quarantined, case.revoked) == ("Espérance", None, False)
    stranger = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    with pytest.raises(tabara.DataError.Key) as refused:
        tabara.open_cases(export, stranger, held["authority"])
    assert refused.value.record == finished.record
    with pytest.raises(tabara.DataError.Unproven):
        tabara.open_cases(export, held["identity"], b64(bytes(32)))
    with pytest.raises(tabara.DataError.PublicKey):
        tabara.open_cases(export, held["identity"], "no key")
    with pytest.raises(tabara.DataError.NotAnExport):
        tabara.open_cases(b"[]", held["identity"], held["authority"])


def test_a_release_is_read_if_the_key_signed_it(deployment):
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    # longer than anything a phone may send
    rows = [{"table": "people-by-sex", "place": "BI", "period": str(n), "code": "f", "value": 120} for n in range(20_000)]
    release = {"number": 1, "through": "2023-06", "base": 10, "before": None, "rows": rows}

    def signed(typ):
        thumbprint = f'{{"crv":"Ed25519","kty":"OKP","x":"{b64(public)}"}}'.encode()  # RFC 7638
        head = b64(json.dumps({"alg": "Ed25519", "kid": b64(hashlib.sha256(thumbprint).digest()), "typ": typ}).encode())
        text = f"{head}.{b64(json.dumps(release).encode())}"
        return f"{text}.{b64(key.sign(text.encode()))}"

    assert json.loads(tabara.read_release(signed("tabara-release"), b64(public)))["rows"] == rows
    with pytest.raises(tabara.DataError.Release):
        tabara.read_release(signed("tabara-release").replace(".", ".A", 1), b64(public))
    with pytest.raises(tabara.DataError.Release):
        tabara.read_release(signed("tabara-record"), b64(public))


def test_a_form_is_compiled_or_every_fault_is_told_by_its_cell():
    places = b"name,label\nBI-CO-04-02,Kayanza\n"
    compiled = tabara.compile_form(FORM, {"places.csv": places})
    assert [fault.code for fault in compiled.faults if fault.severity == tabara.Severity.ERROR] == []
    assert "How old?" in compiled.questionnaire.decode()
    faulty = tabara.compile_form(FORM.replace(b"integer", b"intger"), {})
    assert faulty.questionnaire is None
    told = {(fault.sheet, fault.row, fault.cell): fault.message + fault.hint for fault in faulty.faults}
    assert "intger" in told["survey", 2, "A2"] and "integer" in told["survey", 2, "A2"]
    assert any("places.csv" in text for text in told.values())
