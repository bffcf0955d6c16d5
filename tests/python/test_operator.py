"""What an operator does: the page on keys as it stands, what doctor says, health and metrics on their own listener."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from paths import ROOT
from formats import sha256
from world import SERVER


def doctor(world, *words):
    done = subprocess.run(
        [SERVER, "--data", world.folder / "data", "doctor", *words], capture_output=True, text=True
    )
    return done.returncode, done.stdout


def lines(text, word):
    return [line[:4].strip() for line in text.splitlines() if word in line]


def test_the_page_on_keys_runs_as_it_stands(tmp_path):
    page = (ROOT / "deploy" / "keys.md").read_text()
    script = "".join(re.findall(r"```sh\n(.*?)```", page, re.S))
    assert script.count("\n") > 30
    (tmp_path / "words").write_text("four random words here\n")
    path = f"{SERVER.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": path, "TABARA": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "restored up to position" in done.stdout
    replaced = (tmp_path / "burnt" / "operations.key").read_bytes()
    kept = [file.name for file in (tmp_path / "data").iterdir() if replaced in file.read_bytes()]
    assert not kept, "phones trust the replaced key for a while: no copy of it stays on the server"
    assert re.search(r"^officer\b", done.stdout, re.M), "her account came back"
    for name in ["operations.key", "intake.key", "staff.sqlite"]:
        assert (tmp_path / "data" / name).stat().st_mode & 0o077 == 0
    copy = (tmp_path / "backup" / "tabara.copy").read_bytes()
    secret = (tmp_path / "data" / "intake.key").read_bytes()
    assert copy.startswith(b"age-encryption.org/") and secret not in copy and b"SQLite" not in copy


def test_a_log_without_its_keys_is_not_served(world):
    world.server.terminate()
    world.server.wait()
    data = world.folder / "data"
    (data / "intake.key").rename(world.folder / "intake.key")
    done = subprocess.run([SERVER, "--data", data, "serve"], capture_output=True, text=True)
    assert done.returncode == 1 and "intake.key is missing" in done.stderr and "restore FILE --key" in done.stderr
    assert not (data / "intake.key").exists(), "no other key was made in its place"


def test_doctor_says_what_must_be_done(world):
    code, said = doctor(world)
    assert code == 1 and "NOW   no backup was ever made" in said
    world.run("backup", world.folder / "tabara.copy")
    code, said = doctor(world)
    assert code == 0, said
    assert lines(said, "key: ok") == ["well", "well"] and lines(said, "backup") == ["well"]
    assert lines(said, "expires in") == ["soon"], "the catalog of this world ends tomorrow"
    assert lines(said, "disk") != ["NOW"] and lines(said, "clock") == ["well"]
    assert "0 of 0 phones silent" in said

    # older than what phones keep; a phone that has not been heard of for longer than its lease; and a clock set back
    log = sqlite3.connect(world.folder / "data" / "tabara.sqlite", timeout=20)
    world.phone()
    with log:
        log.execute("UPDATE hint SET time = time - 31 * 86400 WHERE name = 'backup'")
        log.execute("UPDATE entry SET received = received + 7200 WHERE position = (SELECT max(position) FROM entry)")
    (world.folder / "data" / "intake.key").chmod(0o644)
    code, said = doctor(world)
    assert code == 1
    assert lines(said, "the last backup is 31 days old; phones can replace 30") == ["NOW"]
    assert lines(said, "1 of 1 phones silent for 90 days") == ["soon"]
    assert lines(said, "the clock stands") == ["NOW"]
    assert lines(said, "intake.key: can be read by others") == ["NOW"]


@pytest.mark.parametrize("days, grade", [(3, "soon"), (15, "NOW")])
def test_doctor_says_how_long_entries_wait_in_quarantine(world, days, grade):
    assert lines(doctor(world)[1], "0 entries in quarantine") == ["well"]
    phone = world.phone()
    unknown = {"id": "other", "sha256": sha256(b"other")}
    world.sync(phone, [phone.record(questionnaire=unknown)])
    log = sqlite3.connect(world.folder / "data" / "tabara.sqlite", timeout=20)
    with log:
        log.execute(f"UPDATE entry SET received = received - {days} * 86400")
    assert lines(doctor(world)[1], f"1 entries in quarantine, the first for {days} days") == [grade]


@pytest.mark.parametrize("days, grade", [(400, "well"), (7, "soon"), (-3, "NOW")])
def test_doctor_reads_the_last_day_of_the_certificate(world, days, grade):
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    end = datetime.now(timezone.utc) + timedelta(days=days)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, end - timedelta(days=1000), end).sign(key, None)
    file = world.folder / "chain.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    world.run("init", "--shown-certificate", file)
    assert lines(doctor(world)[1], "TLS certificate") == [grade]


def test_health_and_metrics_are_on_a_listener_of_their_own_and_count_what_happens(world):
    http = httpx.Client(base_url=f"http://{world.monitor}", trust_env=False)
    assert http.get("/health").text == "ok"
    assert world.http.get(f"http://{world.address}/metrics").status_code == 404, "phones' address has no metrics"
    phone = world.phone()
    sent = phone.record()
    for records in [[sent], [sent, {"jws": "x"}]]:
        world.sync(phone, records)
    text = http.get("/metrics").text
    metrics = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    outcomes = {name: metrics[f'tabara_records_total{{outcome="{name}"}}'] for name in ["accepted", "already_had", "refused"]}
    assert outcomes == {"accepted": "1", "already_had": "1", "refused": "1"}
    # the catalog, the facts in force, the audit of the first link for an account, the chain, the record
    assert (metrics["tabara_bundles_total"], metrics["tabara_log_position"], metrics["tabara_phones"]) == ("2", "5", "1")
    assert metrics["tabara_backup_age_seconds"] == "NaN"
    world.run("backup", world.folder / "tabara.copy")
    age = next(line for line in http.get("/metrics").text.splitlines() if line.startswith("tabara_backup_age_seconds"))
    assert float(age.split()[1]) < 60
    for private in [phone.device, "BI-CO", "IOM"]:
        assert private not in text


def test_units_and_container_start_the_program_with_words_that_it_knows(tmp_path):
    deploy = ROOT / "deploy"
    commands = [json.loads(part) for part in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", (deploy / "Containerfile").read_text(), re.M)]
    commands = [commands[0][1:] + commands[1]]
    for unit in deploy.glob("*.service"):
        text = unit.read_text()
        options = re.search(r'^Environment=TABARA_OPTIONS="(.*)"$', text, re.M)
        found = re.findall(r"^ExecStart=/usr/bin/tabara-server (.*)$", text, re.M)
        filled = [c.replace("$TABARA_OPTIONS", options[1] if options else "") for c in found]
        commands += [c.split() for c in filled]
        (tmp_path / unit.name).write_text(text.replace("/usr/bin/tabara-server", str(SERVER)))
    page = (deploy / "README.md").read_text()
    commands += [c.split()[1:] for c in re.findall(r"`(tabara-server (?:init|notify) [^`]*)`", page)]
    for file in ["nginx.conf", "Caddyfile"]:
        commands += [c.split() for c in re.findall(r"^# +tabara-server (.*)$", (deploy / file).read_text(), re.M)]
    own = re.search(r'TABARA_OPTIONS="(.*)"', (deploy / "certificate.conf").read_text())[1]
    commands += [("serve " + own).split()]
    commands += [["--data", "data", "serve", "--no-such-word"]]
    known = [subprocess.run([SERVER, *words, "--help"], capture_output=True).returncode == 0 for words in commands]
    assert known == [True] * len(known[:-1]) + [False] and len(known) > 9, list(zip(commands, known))
    if shutil.which("systemd-analyze"):
        for unit in tmp_path.iterdir():
            said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
            assert (said.returncode, said.stderr) == (0, ""), unit.name
