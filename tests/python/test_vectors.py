"""Known answers, computed again with libraries of other people."""

import hashlib
import hmac
import json
import pathlib
import uuid

import pyrage
import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OKPKey
from joserfc.jws import deserialize_compact

import formats
import rfc9162
from client import Phone
from formats import (
    Key, Weather, b64, compact, few_lengths, follows, may_change, sha256, slip_key, stands, unb64, unseal,
)

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


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


def jose(typ, x, envelope):
    """The payload of one of our envelopes, by a JOSE library; the client reads it alike."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    jws = deserialize_compact(envelope, key, algorithms=["Ed25519"])
    assert jws.protected == {"alg": "Ed25519", "typ": f"tabara-{typ}", "kid": key.thumbprint()}
    assert formats.opened(typ, x, envelope) == json.loads(jws.payload)
    return json.loads(jws.payload)


def known(name):
    answers = json.loads((VECTORS / name).read_text())
    return answers, {name: Key(unb64(seed)) for name, seed in answers["seeds"].items()}


def test_authority_card_phone_record_and_sealed_case_hang_together():
    record, keys = known("record.json")
    card = formats.card(record["card"])
    assert card["authority"] == keys["authority"].public and unb64(card["seed"]) == keys["card"].seed
    grant = jose("grant", card["authority"], card["grant"])
    assert (grant["role"], grant["area"]) == ("focal_point", "commune") and grant["servers"][0]["url"].startswith("https://")
    chain = record["chain"]
    assert chain["grant"] == card["grant"] and grant["card"] == keys["card"].public
    binding = jose("device", grant["card"], chain["binding"])
    assert binding["device"] == grant["device"]
    for name, proof in zip(["record_key", "transport_key"], chain["possession"], strict=True):
        assert binding[name] == keys[name].public
        assert jose("device", binding[name], proof) == {"binding": sha256(chain["binding"].encode())}
    assert jose("record", binding["record_key"], record["jws"]) == record["record"]
    sealed = unb64(record["sealed"])
    assert record["record"]["sealed"] == {"sha256": sha256(sealed), "len": len(sealed)}
    assert few_lengths(len(sealed)) == len(sealed)
    for name in ["case_worker", "recovery"]:
        case = json.loads(unseal(sealed, pyrage.x25519.Identity.from_str(record[name])))
        assert case == record["case"]
    assert {name: case[name] for name in ("record", "case", "questionnaire")}.items() <= record["record"].items()


def test_code_and_secret_give_the_key_of_the_slip_and_its_proof_serves_one_withdrawal():
    record, keys = known("record.json")
    slip, signer = record["slip"], keys["another_phone"]
    assert slip_key(record["code"], record["secret"]).public == slip == record["record"]["slip"]
    withdrawal = jose("record", signer.public, record["withdrawal"])
    assert withdrawal["revises"] == record["record"]["record"] and withdrawal["kind"] == "withdrawal"
    assert may_change(withdrawal, signer.kid, slip)
    assert not may_change(withdrawal, keys["record_key"].kid, slip), "copied to another phone"
    assert not may_change(withdrawal, signer.kid, slip_key(record["code"], "9" * 10).public)
    for change in [{"record": withdrawal["case"]}, {"revises": withdrawal["case"]}, {"kind": "screening"}, {"code": "9" * 10}]:
        assert not may_change(withdrawal | change, signer.kid, slip), change


def test_leaves_roots_and_proofs():
    tree = json.loads((VECTORS / "tree.json").read_text())
    texts = [leaf["text"] for leaf in tree["leaves"]]
    hashes = [rfc9162.leaf_hash(text.encode()) for text in texts]
    assert [b64(h) for h in hashes] == [leaf["hash"] for leaf in tree["leaves"]]
    size = len(hashes)
    assert tree["roots"] == [b64(rfc9162.root(hashes[:n])) for n in range(size + 1)]
    assert tree["inclusion"] == [[b64(h) for h in rfc9162.inclusion(at, hashes)] for at in range(size)]
    assert tree["consistency"] == [[b64(h) for h in rfc9162.consistency(old, hashes)] for old in range(size + 1)]
    assert {text.split()[2] for text in texts} == {"act", "bundle", "restore"}
    for text in texts:
        match text.split():
            case [_, _, "act", day, kind, body]:
                assert text == f"tabara-leaf 2 act {day} {kind} {body}\n"
            case [_, _, "restore", day, _, kept, _, known_size]:
                assert text == formats.restore_leaf(day, int(kept), int(known_size))
            case _:
                assert formats.entries_of(text)


def test_a_bundle_and_its_parcel_are_read():
    exchange, keys = known("exchange.json")
    bundle = unb64(exchange["bundle"]["file"])
    envelope, beside = formats.open_with(bundle, pyrage.x25519.Identity.from_str(exchange["intake"]))
    asked = jose("bundle", keys["transport_key"].public, envelope)
    assert asked == exchange["bundle"]["payload"] and asked["records"] == sha256(beside)
    records = json.loads(beside)
    assert records == exchange["bundle"]["records"] and len(bundle) % 1024 == 0

    phone = Phone(keys["authority"])
    phone.mailbox = pyrage.x25519.Identity.from_str(exchange["mailbox"])
    phone.mine = asked["head"]
    file = unb64(exchange["parcel"]["file"])
    how, parcel = phone.take(file, {"answers": sha256(bundle), **asked})
    assert parcel == exchange["parcel"]["payload"] and how == "grown" and len(file) % 512 == 0
    assert phone.verdicts(parcel, records) == ["accepted", "refused bad_signature", "later"]
    assert all(stands(leaf, parcel["head"]) for leaf in parcel["leaves"])
    assert follows(asked["head"], parcel["head"], parcel["grown"])
    assert phone.catalog_jws == exchange["parcel"]["enclosed"]["catalog"]
    assert jose("catalog", keys["authority"].public, phone.catalog_jws)["operations"] == keys["operations"].public
    # the chain that the bundle introduced is the act of the leaf that was asked for
    [introduced] = asked["introductions"]
    assert parcel["leaves"][0]["text"].split()[-2:] == ["chain", sha256(compact(introduced["chain"]))]
    with pytest.raises(Weather):
        phone.take(file, {"answers": sha256(file), **asked})


def test_a_recorded_visit_of_a_phone_is_read_by_another_client():
    visit, keys = known("http.json")
    identities = {name: pyrage.x25519.Identity.from_str(text) for name, text in visit["identities"].items()}
    exchanges = {e["name"]: e for e in visit["exchanges"]}

    def content(side):
        [(form, text)] = side.items()
        return unb64(text) if form == "file" else text.encode()

    def asked(name):
        """What was sent, and what must be remembered of it."""
        file = content(exchanges[name]["body"])
        signer = {"withdrawal": "another_transport", "review": "reviewer"}.get(name, "transport_key")
        envelope, beside = formats.open_with(file, identities["intake"])
        payload = jose("bundle", keys[signer].public, envelope)
        assert payload["records"] == sha256(beside) and exchanges[name]["path"] == "/v2/bundles"
        return json.loads(beside), {"answers": sha256(file), **payload}

    def sender(identity):
        phone = Phone(keys["authority"])
        phone.mailbox = identities[identity]
        return phone

    phone, other, reviewer = sender("mailbox"), sender("mailbox"), sender("desk")
    assert json.loads(content(exchanges["unknown"]["answer"]))["type"] == "urn:tabara:unknown-device"
    registration = content(exchanges["chain"]["body"])
    chain = json.loads(registration)["chain"]
    grant = jose("grant", keys["authority"].public, chain["grant"])
    binding = jose("device", keys["card"].public, chain["binding"])
    assert grant["card"] == keys["card"].public and binding["device"] == grant["device"]
    how, parcel = phone.take(content(exchanges["chain"]["answer"]), {"answers": sha256(registration)})
    assert how == "first" and parcel["leaves"][0]["text"].endswith(f" chain {sha256(compact(chain))}\n")
    [part] = phone.catalog["parts"]
    file = content(exchanges["part"]["answer"])
    assert exchanges["part"]["path"] == f"/v2/parts/{part['sha256']}" and sha256(file) == part["sha256"]
    assert (exchanges["rest of the part"]["status"], content(exchanges["rest of the part"]["answer"])) == (206, file[11:])

    records, asks = asked("records")
    phone.waiting = {sha256(sent["jws"].encode()): sent for sent in records}
    how, parcel = phone.take(content(exchanges["records"]["answer"]), asks)
    assert how == "grown" and phone.verdicts(parcel, records) == [
        "accepted",
        "accepted",
        "quarantined unknown_questionnaire",
        "accepted",
        "accepted",
        "accepted",
        "refused bad_signature",
    ]
    said = [jose("record", keys["record_key"].public, sent["jws"]) for sent in records[:6]]
    assert [record["seq"] for record in said] == [1, 2, 3, 4, 5, 6] and parcel["seq"] == 6
    assert sha256(unb64(records[0]["sealed"])) == said[0]["sealed"]["sha256"]
    assert said[5]["route"]["service"] == "sv_medical" and "facts" not in said[5]
    assert exchanges["answer again"]["path"] == f"/v2/bundles/{asks['answers']}"
    assert content(exchanges["answer again"]["answer"]) == content(exchanges["records"]["answer"])

    [sent], asks = asked("withdrawal")
    withdrawal = jose("record", keys["another_phone"].public, sent["jws"])
    assert may_change(withdrawal, keys["another_phone"].kid, said[0]["slip"])
    _, parcel = other.take(content(exchanges["withdrawal"]["answer"]), asks)
    assert other.verdicts(parcel, [sent]) == ["accepted"]
    [sent], asks = asked("review")
    review = jose("review", keys["reviewer"].public, sent["jws"])
    _, parcel = reviewer.take(content(exchanges["review"]["answer"]), asks)
    assert reviewer.verdicts(parcel, [sent]) == ["accepted"]

    how, parcel = phone.take(content(exchanges["news"]["answer"]), asked("news")[1])
    news = {update["news"]: update for update in parcel["updates"]}
    assert how == "grown" and len(news) == 4
    assert (news["withdrawn"]["record"], news["withdrawn"]["jws"]) == (said[0]["record"], asked("withdrawal")[0][0]["jws"])
    assert (news["review"]["record"], news["review"]["jws"]) == (review["revises"], sent["jws"])
    assert (news["decision"]["record"], news["decision"]["accept"]) == (said[2]["record"], True)
    order = jose("order", keys["operations"].public, news["order"]["jws"])
    assert order["device"] == news["order"]["record"] == grant["device"] and order["wipe_by"] > parcel["time"]
    asks = asked("wiped")[1]
    assert asks["wiped"] == {"order": order["order"], "waiting": 0}
    how, parcel = phone.take(content(exchanges["wiped"]["answer"]), asks)
    assert how == "grown" and parcel["standing"] == "revoked"
    statuses = {name: (e["status"], e["kind"]) for name, e in exchanges.items() if e["status"] >= 400}
    problem = "application/problem+json"
    assert statuses == {"unknown": (401, problem), "malformed": (400, problem), "missing": (404, problem)}
