"""A real server and a phone for the tests. The package is the installed wheel."""

import hashlib
import hmac
import json
import os
import pathlib
import secrets
import subprocess

import pytest
import tabara

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


class Deployment:
    """Words for the program `deployment` (tests/stories/src/bin): the real server, with a catalog and the questionnaire."""

    def __init__(self):
        program = TARGET / "debug" / "deployment"
        assert program.exists(), "missing: cargo build -p tabara-stories --bin deployment"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.server = json.loads(self.process.stdout.readline())["server"]

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def card(self, commune="BI-CO-04-02"):
        return self.say(f"card {commune}")["card"]

    def records(self):
        return self.say("records")["records"]

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


class Secret(tabara.DeviceSecret):
    """A double for the phone's key store: HMAC keys in memory, one for each purpose."""

    def __init__(self):
        self.keys = {}
        self.fails = None
        self.length = 32

    def derive(self, purpose, input):
        if self.fails:
            raise self.fails
        return hmac.digest(self.keys.setdefault(purpose, secrets.token_bytes(32)), input, hashlib.sha256)[: self.length]

    def forget(self, purpose):
        self.keys.pop(purpose, None)


@pytest.fixture(scope="session")
def deployment():
    running = Deployment()
    yield running
    running.end()


@pytest.fixture(scope="session")
def wheel():
    """What `bindings/build.sh` built."""
    [wheel] = (TARGET / "bindings" / "python").glob("*.whl")
    return wheel


@pytest.fixture
def secret():
    return Secret()


@pytest.fixture
def phone(tmp_path, secret):
    return tabara.FocalPoint.open(str(tmp_path), secret)
