"""The real server, and an authority that publishes a catalog for it."""

import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

import httpx
import pyrage

from client import Phone, QUESTIONNAIRE
from formats import Key, compact, sha256
from paths import TARGET

SERVER = TARGET / "debug" / "tabara-server"
DAY = 86_400


def free_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


class World:
    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        self.authority, self.reviewer = Key(), Key()
        self.case_worker, self.recovery = (pyrage.x25519.Identity.generate() for _ in range(2))
        words = dict(line.split()[:2] for line in self.run("init", "--authority", self.authority.public).splitlines())
        self.operations, self.intake = words["operations"], words["intake"]
        (folder / "parts").mkdir()
        (folder / "parts" / "questionnaire").write_bytes(QUESTIONNAIRE)
        self.publish(1)
        self.address, self.monitor = free_address(), free_address()
        self.http = httpx.Client(base_url=f"http://{self.address}/v2", trust_env=False, timeout=60)
        self.start()

    def publish(self, version, **fields):
        ages = {"case_worker": str(self.case_worker.to_public()), "recovery": str(self.recovery.to_public())}
        ages["intake"] = self.intake
        part = {"kind": "questionnaire", "id": "returnee-screening", "sha256": sha256(QUESTIONNAIRE)}
        catalog = {
            "version": version,
            "expires": int(time.time()) + DAY,
            "operations": self.operations,
            "recipients": [{"name": role, "role": role, "age": age} for role, age in ages.items()],
            "reviewers": [{"name": "reviewer", "key": self.reviewer.public}],
            "parts": [{**part, "len": len(QUESTIONNAIRE)}],
            "revoked": [],
            "least_protocol": 2,
            **fields,
        }
        self.catalog = self.authority.sign("catalog", catalog)
        (self.folder / "catalog.jws").write_text(self.catalog)
        self.run("catalog", "publish", self.folder / "catalog.jws")

    def run(self, *words):
        done = subprocess.run([SERVER, "--data", self.data, *words], capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def start(self):
        words = ["serve", "--listen", self.address, "--monitor", self.monitor]
        self.server = subprocess.Popen([SERVER, "--data", self.data, *words], stderr=open(self.folder / "server.log", "a"))
        for _ in range(400):
            try:
                self.http.get("/health")
                break
            except httpx.ConnectError:
                time.sleep(0.05)

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def put_back(self, copy):
        """The data folder as it was when `copy` was made, without a word to the server."""
        self.stop()
        shutil.rmtree(self.data)
        shutil.copytree(copy, self.data)
        self.start()

    # a phone's side

    def register(self, phone, **introduction):
        """Posts a chain. The phone then knows the catalog; tells what the parcel says."""
        body = compact({"chain": phone.chain, **introduction})
        answer = self.http.post("/devices", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
        return phone.take(answer.content, {"answers": sha256(body)})[1]

    def phone(self, **grant):
        phone = Phone(self.authority, **grant)
        self.register(phone)
        return phone

    def post(self, file, **how):
        return self.http.post("/bundles", content=file, headers={"content-type": "application/vnd.tabara"}, **how)

    def sync(self, phone, records=None, **fields):
        """One exchange: how the head follows, and the parcel."""
        file, asked = phone.bundle(records, **fields)
        answer = self.post(file)
        assert answer.status_code == 200, answer.text
        return phone.take(answer.content, asked)

    def verdicts(self, phone, records):
        return phone.verdicts(self.sync(phone, records)[1], records)


def problem(answer):
    return SimpleNamespace(status=answer.status_code, name=answer.json()["type"].removeprefix("urn:tabara:"))
