"""An independent client, written from server/PROTOCOL.md alone: it is the authority, a phone and a case worker, enrols
over HTTP, sends, and checks every receipt with libraries of other people."""

import base64
import gzip
import hashlib
import json
import socket
import subprocess
import time
import uuid
import zlib

import httpx
import pyrage
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from paths import TARGET

SERVER = TARGET / "debug" / "tabara-server"
QUESTIONNAIRE = b"a compiled questionnaire"


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return b64(hashlib.sha256(data).digest())


def public(key):
    return key.as_dict(private=False)["x"]


def sign(typ, key, payload):
    header = {"alg": "Ed25519", "typ": f"tabara-{typ}", "kid": key.thumbprint()}
    return jws.serialize_compact(header, json.dumps(payload).encode(), key, algorithms=["Ed25519"])


def opened(typ, x, envelope):
    """The payload of an envelope by the key whose public half is `x`."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    found = jws.deserialize_compact(envelope, key, algorithms=["Ed25519"])
    assert found.headers() == {"alg": "Ed25519", "typ": f"tabara-{typ}", "kid": key.thumbprint()}
    return json.loads(found.payload)


def free_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def seal(plain, recipients):
    """A sealed file of one of the short lengths. pyrage adds a stanza of random length and does not tell which, so this
    encrypts until one comes that fits."""
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(plain) + deflate.flush()
    recipients = [pyrage.x25519.Recipient.from_str(r) for r in recipients]
    least = len(pyrage.encrypt(packed, recipients))
    length = next(length for length in (2048, 4096, 8192, 16384) if length >= least)
    tries = (pyrage.encrypt(packed + bytes(length - least), recipients) for _ in range(100_000))
    return next(sealed for sealed in tries if len(sealed) == length)


class Phone:
    def __init__(self, authority):
        self.device = str(uuid.uuid4())
        self.card, self.record_key, self.transport_key = (OKPKey.generate_key("Ed25519") for _ in range(3))
        grant = {
            "device": self.device,
            "organisation": "IOM",
            "commune": "BI-CO-04-02",
            "expires": int(time.time()) + 86_400,
            "card": public(self.card),
        }
        binding = {
            "device": self.device,
            "record_key": public(self.record_key),
            "transport_key": public(self.transport_key),
        }
        self.chain = {
            "grant": sign("grant", authority, grant),
            "binding": sign("device", self.card, binding),
        }
        self.seq = 0

    def token(self, now):
        token = sign("token", self.transport_key, {"device": self.device, "issued": now})
        return {"authorization": f"Bearer {token}"}

    def record(self, recipients, **changes):
        """A screening with its sealed case, as it is sent; with the record's id."""
        self.seq += 1
        questionnaire = {"id": "returnee-screening", "sha256": sha256(QUESTIONNAIRE)}
        ids = {"record": str(uuid.uuid4()), "case": str(uuid.uuid4()), "questionnaire": questionnaire}
        answers = [["c_name", "planted"], ["p_sex", "f"]]
        case = {**ids, "language": "en", "sealed_at": 0, "answers": answers, "assessment": None}
        sealed = seal(json.dumps(case).encode(), recipients)
        facts = {"month": "2026-11", "screen_commune": "BI-CO-04-02", "sex": "f", "outcome": "presumed"}
        payload = {
            **ids,
            "seq": self.seq,
            "kind": "screening",
            "facts": {**facts, "exploitation": ["ex_domestic"]},
            "sealed": {"sha256": sha256(sealed), "len": len(sealed)},
            **changes,
        }
        return ids["record"], {"jws": sign("record", self.record_key, payload), "sealed": b64(sealed)}


class World:
    def __init__(self, folder):
        self.folder = folder
        self.authority = OKPKey.generate_key("Ed25519")
        self.case_worker, self.recovery = (pyrage.x25519.Identity.generate() for _ in range(2))
        words = dict(line.split()[:2] for line in self.run("init", "--authority", public(self.authority)).splitlines())
        self.operations, self.intake = words["operations"], words["intake"]
        self.recipients = [str(i.to_public()) for i in (self.case_worker, self.recovery)]
        roles = zip(["case_worker", "recovery", "intake"], [*self.recipients, self.intake])
        part = {"kind": "questionnaire", "id": "returnee-screening", "sha256": sha256(QUESTIONNAIRE)}
        catalog = {
            "version": 1,
            "expires": int(time.time()) + 86_400,
            "operations": self.operations,
            "recipients": [{"name": role, "role": role, "age": age} for role, age in roles],
            "reviewers": [],
            "parts": [{**part, "len": len(QUESTIONNAIRE)}],
            "revoked": [],
            "least_protocol": 1,
        }
        (folder / "parts").mkdir()
        (folder / "parts" / "questionnaire").write_bytes(QUESTIONNAIRE)
        self.catalog = sign("catalog", self.authority, catalog)
        (folder / "catalog.jws").write_text(self.catalog)
        self.run("catalog", "publish", folder / "catalog.jws")
        self.address, self.monitor = free_address(), free_address()
        listen = ["--listen", self.address, "--monitor", self.monitor]
        log = open(folder / "server.log", "w")
        self.server = subprocess.Popen([SERVER, "--data", folder / "data", "serve", *listen], stderr=log)
        self.http = httpx.Client(base_url=f"http://{self.address}/v1", trust_env=False)
        for _ in range(200):
            try:
                self.http.get("/health")
                break
            except httpx.ConnectError:
                time.sleep(0.05)

    def run(self, *words):
        command = [SERVER, "--data", self.folder / "data", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def now(self):
        """By the server: phones do not trust their own clocks."""
        nonce = str(uuid.uuid4())
        time = opened("time", self.operations, self.http.get("/time", params={"nonce": nonce}).text)
        assert time["nonce"] == nonce
        return time["time"]

    def send(self, phone, records):
        body = gzip.compress(json.dumps({"records": records}).encode())
        headers = {**phone.token(self.now()), "content-encoding": "gzip"}
        answer = self.http.post("/records", content=body, headers=headers)
        assert answer.status_code == 200
        head = opened("head", self.operations, answer.headers["tabara-head"])
        return answer.json()["results"], head


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.server.terminate()
    world.server.wait()


def test_a_phone_enrols_sends_and_reads_its_receipts(world):
    phone = Phone(world.authority)
    refused = world.http.get("/catalog", headers=phone.token(world.now()))
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:tabara:unknown-device")
    assert world.http.post("/devices", json=phone.chain).json() == {"outcome": "accepted"}

    answer = world.http.get("/catalog", headers=phone.token(world.now()))
    assert answer.text == world.catalog
    assert answer.headers["etag"] == f'"{sha256(world.catalog.encode())}"'
    part = opened("catalog", public(world.authority), answer.text)["parts"][0]
    fetched = world.http.get(f"/parts/{part['sha256']}", headers=phone.token(world.now()))
    assert fetched.content == QUESTIONNAIRE

    records = [phone.record(world.recipients) for _ in range(3)]
    for outcome in ["accepted", "already_had"]:
        results, head = world.send(phone, [sent for _, sent in records])
        for (record, sent), verdict in zip(records, results, strict=True):
            assert verdict["outcome"] == outcome
            receipt = opened("receipt", world.operations, verdict["receipt"])
            assert receipt["record"] == record
            assert receipt["jws"] == sha256(sent["jws"].encode())
            assert receipt["sealed"] == sha256(unb64(sent["sealed"]))
            assert receipt["epoch"] == head["epoch"] and 0 < receipt["position"] <= head["position"]


def test_each_outcome_has_its_name_and_none_blocks_the_others(world):
    phone, stranger = Phone(world.authority), Phone(world.authority)
    world.http.post("/devices", json=phone.chain)
    make = lambda **changes: phone.record(world.recipients, **changes)[1]
    forged = make()
    forged["jws"] = forged["jws"][:-8] + "AAAAAAAA"
    swapped = {**make(), "sealed": b64(b"other bytes")}
    records = [
        forged,
        make(facts={"name": "x"}),
        make(facts={"sex": "x"}),
        make(seq=1),
        make(seq=1),
        make(questionnaire={"id": "other", "sha256": sha256(b"other")}),
        swapped,
        {"jws": "no envelope"},
        stranger.record(world.recipients)[1],
        make(),
    ]
    results, _ = world.send(phone, records)
    assert [(v["outcome"], v.get("reason")) for v in results] == [
        ("refused", "bad_signature"),
        ("quarantined", "unknown_fact"),
        ("quarantined", "unknown_code"),
        ("accepted", None),
        ("quarantined", "repeated_seq"),
        ("quarantined", "unknown_questionnaire"),
        ("refused", "sealed_mismatch"),
        ("refused", "malformed"),
        ("refused", "no_chain"),
        ("accepted", None),
    ]
    assert all(("receipt" in v) == (v["outcome"] != "refused") for v in results)


def test_a_bundle_is_carried_by_another_phone_and_a_parcel_comes_back(world):
    carrier, far = Phone(world.authority), Phone(world.authority)
    world.http.post("/devices", json=carrier.chain)
    record, sent = far.record(world.recipients)
    sealed = seal(json.dumps({"chains": [far.chain], "records": [sent]}).encode(), [world.intake])
    answer = world.http.post("/bundles", content=sealed, headers=carrier.token(world.now()))
    parcel = json.loads(gzip.decompress(answer.content))
    [answered] = parcel["answers"]
    assert answered["jws"] == sha256(sent["jws"].encode())
    assert opened("receipt", world.operations, answered["verdict"]["receipt"])["record"] == record
    assert parcel["catalog"] == world.catalog and unb64(parcel["parts"][0]) == QUESTIONNAIRE

    # after a restore, or for a lost answer: what the server has is not wanted
    missing = str(uuid.uuid4())
    offers = [{"record": r, "jws": answered["jws"]} for r in (record, missing)]
    wanted = world.http.post("/offers", json={"offers": offers}, headers=far.token(world.now()))
    assert wanted.json()["wanted"] == [missing]


def test_what_is_sealed_opens_with_the_case_workers_key_and_lies_on_the_server_unreadable(world):
    phone = Phone(world.authority)
    world.http.post("/devices", json=phone.chain)
    _, sent = phone.record(world.recipients)
    world.send(phone, [sent])
    case = json.loads(zlib.decompress(pyrage.decrypt(unb64(sent["sealed"]), [world.case_worker]), wbits=-15))
    assert ["c_name", "planted"] in case["answers"]
    for file in [f for f in world.folder.rglob("*") if f.is_file()]:
        assert b"planted" not in file.read_bytes(), file.name
