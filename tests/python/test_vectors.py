"""Known answers, computed again with libraries of other people."""

import base64
import hashlib
import hmac
import json
import pathlib
import uuid
import zlib

import httpx
import pyrage
import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey
from joserfc.jws import deserialize_compact

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def unsealed(sealed, identity):
    """What is in a sealed file: a DEFLATE stream, filled up with zeros to one of few lengths."""
    assert len(sealed) in (2048, 4096, 8192, 16384), len(sealed)
    deflate = zlib.decompressobj(wbits=-15)
    plain = deflate.decompress(pyrage.decrypt(sealed, [identity]))
    assert deflate.eof and not any(deflate.unused_data)
    return plain


def open_keys(file, pin, key_store):
    """The vault's key, from the text of a key file; `key_store` answers what this phone's would."""
    outer = json.loads(file)
    digest = hashlib.sha256(outer["body"].encode()).digest()
    assert digest == unb64(outer["sha256"])
    assert key_store(b"tag:" + digest) == unb64(outer["tag"])
    body = json.loads(outer["body"])
    terms = body["terms"]
    cost = terms["kdf"]
    stretched = hash_secret_raw(
        pin.encode(), unb64(terms["salt"]), cost["rounds"], cost["memory_kib"], 1, 32, Type.ID
    )
    wrapping = HKDF(hashes.SHA256(), 32, uuid.UUID(terms["vault"]).bytes, b"tabara vault wrap 1")
    key = wrapping.derive(key_store(b"pin:" + stretched))
    wrap = unb64(body["wrap"])
    return AESGCM(key).decrypt(wrap[:12], wrap[12:], compact(terms))


def test_a_pin_and_a_key_store_give_the_vaults_key():
    known = json.loads((VECTORS / "keys.json").read_text())

    def key_store(question):
        return hmac.digest(unb64(known["key_store"]), question, "sha256")

    assert open_keys(known["file"], known["pin"], key_store) == unb64(known["key"])
    with pytest.raises(InvalidTag):
        open_keys(known["file"], "another pin", key_store)


def thumbprint(public):
    """RFC 7638, of an Ed25519 key as RFC 8037 writes it."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(public)}
    return b64(hashlib.sha256(compact(jwk)).digest())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(typ, public, token):
    """The payload of one of our envelopes, by a JOSE library."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64(public)})
    jws = deserialize_compact(token, key, algorithms=["Ed25519"])
    assert jws.protected == {"alg": "Ed25519", "typ": typ, "kid": thumbprint(public)}
    return json.loads(jws.payload)


def test_authority_card_phone_record_and_sealed_case_hang_together():
    known = json.loads((VECTORS / "record.json").read_text())
    authority = Ed25519PrivateKey.from_private_bytes(unb64(known["authority_seed"])).public_key().public_bytes_raw()
    card = json.loads(unb64(known["card"].removeprefix("TABARA1.")))
    assert unb64(card["authority"]) == authority
    grant = opened("tabara-grant", authority, known["chain"]["grant"])
    assert grant == opened("tabara-grant", authority, card["grant"])
    seed = Ed25519PrivateKey.from_private_bytes(unb64(card["seed"]))
    assert seed.public_key().public_bytes_raw() == unb64(grant["card"])
    binding = opened("tabara-device", unb64(grant["card"]), known["chain"]["binding"])
    assert binding["device"] == grant["device"]
    record = opened("tabara-record", unb64(binding["record_key"]), known["jws"])
    assert record == known["record"]
    assert unb64(record["undo"]) == hashlib.sha256(known["undo"].encode()).digest()
    sealed = unb64(known["sealed"])
    assert record["sealed"] == {"sha256": b64(hashlib.sha256(sealed).digest()), "len": len(sealed)}
    case = json.loads(unsealed(sealed, pyrage.x25519.Identity.from_str(known["case_worker"])))
    assert case == known["case"]
    assert (case["record"], case["case"]) == (record["record"], record["case"])


def digest(data):
    return b64(hashlib.sha256(data).digest())


def test_a_recorded_visit_of_a_phone_is_read_by_another_client():
    known = json.loads((VECTORS / "http.json").read_text())
    keys = {
        name: Ed25519PrivateKey.from_private_bytes(unb64(seed)).public_key().public_bytes_raw()
        for name, seed in known["seeds"].items()
    }
    visit = {e["name"]: e for e in known["exchanges"]}

    def recorded(request):
        asked = (request.method, request.url.raw_path.decode(), request.content.decode())
        # the last of those that ask alike: the catalog was asked for before the phone was known, too
        e = [e for e in known["exchanges"] if (e["method"], e["path"], e.get("body", "")) == asked][-1]
        return httpx.Response(e["status"], headers={"content-type": e["kind"], "tabara-head": e["head"]}, text=e["answer"])

    http = httpx.Client(base_url="http://recorded", transport=httpx.MockTransport(recorded))
    ask = lambda name: http.request(visit[name]["method"], visit[name]["path"], content=visit[name].get("body"))
    body = lambda name: json.loads(visit[name]["body"])

    time = opened("tabara-time", keys["operations"], ask("time").text)
    assert time["nonce"] == "known"
    grant = opened("tabara-grant", keys["authority"], body("chain")["grant"])
    binding = opened("tabara-device", keys["card"], body("chain")["binding"])
    assert unb64(grant["card"]) == keys["card"] and binding["device"] == grant["device"]
    assert [unb64(binding[k]) for k in ("record_key", "transport_key")] == [keys["record_key"], keys["transport_key"]]
    for e in known["exchanges"]:
        head = opened("tabara-head", keys["operations"], e["head"])
        assert head["time"] == time["time"]
        if "token" in e:
            token = opened("tabara-token", keys["transport_key"], e["token"])
            assert token == {"device": grant["device"], "issued": time["time"]}
    assert json.loads(visit["unknown"]["answer"])["type"] == "urn:tabara:unknown-device"
    assert (visit["malformed"]["status"], visit["malformed"]["kind"]) == (400, "application/problem+json")

    catalog = opened("tabara-catalog", keys["authority"], ask("catalog").text)
    assert unb64(catalog["operations"]) == keys["operations"]
    ages = {r["role"]: r["age"] for r in catalog["recipients"]}
    assert ages["intake"] == str(pyrage.x25519.Identity.from_str(known["intake"]).to_public())
    case_worker = pyrage.x25519.Identity.from_str(known["case_worker"])
    assert ages["case_worker"] == str(case_worker.to_public())
    [part] = catalog["parts"]
    assert visit["part"]["path"] == f"/v1/parts/{part['sha256']}" and digest(ask("part").content) == part["sha256"]

    sent, results = body("records")["records"], ask("records").json()["results"]
    assert [(v["outcome"], v.get("reason")) for v in results] == [
        ("quarantined", "unknown_questionnaire"),
        ("accepted", None),
        ("accepted", None),
        ("accepted", None),
        ("accepted", None),
        ("refused", "bad_signature"),
    ]
    head = opened("tabara-head", keys["operations"], visit["records"]["head"])
    for item, verdict in zip(sent[:5], results):
        record = opened("tabara-record", keys["record_key"], item["jws"])
        receipt = opened("tabara-receipt", keys["operations"], verdict["receipt"])
        assert (receipt["record"], receipt["jws"]) == (record["record"], digest(item["jws"].encode()))
        assert receipt["epoch"] == head["epoch"] and receipt["position"] <= head["position"]
        assert receipt.get("sealed") == record.get("sealed", {}).get("sha256")
    with pytest.raises(BadSignatureError):
        opened("tabara-record", keys["record_key"], sent[5]["jws"])
    referral = opened("tabara-record", keys["record_key"], sent[4]["jws"])
    assert referral["route"]["service"] == "sv_medical" and "facts" not in referral
    sealed = unb64(sent[0]["sealed"])
    case = json.loads(unsealed(sealed, case_worker))
    assert case["record"] == opened("tabara-record", keys["record_key"], sent[0]["jws"])["record"]
    assert ask("again").json()["results"][0] == {**results[1], "outcome": "already_had"}
    offered = body("offers")["offers"]
    assert ask("offers").json() == {"wanted": [offered[1]["record"]], "kept": ask("again").json()["results"]}

    review = body("review")["records"][0]["jws"]
    reviewed = opened("tabara-review", keys["reviewer"], review)
    assert ask("review").json()["results"][0]["outcome"] == "accepted"
    updates = ask("updates").json()
    news = {u["news"]: u for u in updates["updates"]}
    assert (news["review"]["record"], news["review"]["jws"]) == (reviewed["revises"], review)
    assert news["decision"]["record"] == case["record"] and news["decision"]["accept"] is True
    order = opened("tabara-order", keys["operations"], news["order"]["jws"])
    assert (order["device"], order["order"]) == (grant["device"], body("obeyed")["order"])
    assert visit["obeyed"]["status"] == 204 and order["wipe_by"] > time["time"]
    assert updates["cursor"] == opened("tabara-head", keys["operations"], visit["updates"]["head"])["position"]
