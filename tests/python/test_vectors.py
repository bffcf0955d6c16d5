"""Known answers, computed again with libraries of other people."""

import base64
import hashlib
import hmac
import json
import pathlib
import uuid

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


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
