"""The operator's days, played from deploy/days.md alone: a person at a terminal, two phones, a server that burns. Only systemd is
a double. `TABARA_INSTALLED` (the suite `release`) plays them with the installed package, by root on a bare machine, and the double
starts what the installed unit says, as its user."""

import json
import os
import pty
import re
import select
import shutil
import signal
import stat
import time
from pathlib import Path

import httpx
import pytest

from client import Phone
import formats
from formats import Key, unb64
from paths import ROOT, TARGET
from world import World, free_address

PAGE = (ROOT / "deploy" / "days.md").read_text()
SAFE, WORKER = "four random words here", "five other random words here"
CODE = "7KQ4M2XHTH"

SERVER = """#!/bin/sh
case "$1" in --data) exec {target}/debug/tabara-server "$@";; esac
exec {target}/debug/tabara-server --data {data} "$@"
"""
SYSTEMCTL = """#!/bin/sh
if [ "$1" = stop ]; then kill "$(cat {folder}/machine.pid)"; exit; fi
trap '' HUP
setsid {target}/debug/tabara-server --data {data} serve > {folder}/machine.log 2>&1 < /dev/null &
echo $! > {folder}/machine.pid
sleep 0.5
"""

INSTALLED = "TABARA_INSTALLED" in os.environ
# the folder is given to the unit's user as a whole, but only if it is not that user's already: as systemd does
UNIT = """#!/bin/sh
if [ "$1" = stop ]; then kill "$(cat {folder}/machine.pid)"; exit; fi
trap '' HUP
id tabara > /dev/null 2>&1 || useradd --system tabara
[ "$(stat -c %U {data})" = tabara ] || chown -R tabara:tabara {data}
TABARA_OPTIONS=
line=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/tabara-server.service)
setsid setpriv --reuid tabara --regid tabara --clear-groups $(eval echo "$line") > {folder}/machine.log 2>&1 < /dev/null &
echo $! > {folder}/machine.pid
sleep 0.5
"""


class Site(World):
    """A server that somebody else runs."""

    def __init__(self, address):
        self.http = httpx.Client(base_url=f"https://{address}/v2", verify=False, trust_env=False, timeout=60)


class Operator:
    def __init__(self, folder):
        self.folder, self.data = folder, Path("/var/lib/tabara") if INSTALLED else folder / "machine"
        self.address, self.commands = free_address(), 0
        self.prompts = {
            "Organisation that most cards name": "CNLTP",
            "Address of the server": f"https://{self.address}",
            "Name of the first case worker": "aline",
            "Certificate: own": "",
            "Questionnaires:": "",
            "E-mail address that hears": "operator@example.org",
            "Passphrase of everything": SAFE,
            "Passphrase of the case worker": WORKER,
            "Passphrase of the authority": SAFE,
            "Passphrase of the key:": SAFE,
            "Passphrase of aline.age": WORKER,
            "Passphrase of safe/recovery.age": SAFE,
            "New passphrase": WORKER,
            "Once more:": WORKER,
            "Passphrase of beata.key": WORKER,
            "Password:": "a long enough password",
            "type yes to sign it": "yes",
        }
        bin = folder / "bin"
        bin.mkdir()
        doubles = {"systemctl": UNIT} if INSTALLED else {"tabara-server": SERVER, "systemctl": SYSTEMCTL}
        for name, text in doubles.items():
            (bin / name).write_text(text.format(target=TARGET, data=self.data, folder=folder))
            (bin / name).chmod(0o755)
        if not INSTALLED:
            (bin / "tabara-desk").symlink_to(TARGET / "debug" / "tabara-desk")
        self.env = {"PATH": f"{bin}:{os.environ['PATH']}", "LANG": "C", "HOME": str(folder)}

    def type(self, command, cwd=None):
        """One command at a terminal, whose questions are answered. Returns its exit code and what the terminal showed."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(cwd or self.folder)
            os.execvpe("bash", ["bash", "-c", command], self.env)
        shown, unanswered, last = "", "", ""
        while True:
            ready, _, _ = select.select([terminal], [], [], 0.2)
            if ready:
                try:
                    new = os.read(terminal, 65536).decode(errors="replace")
                except OSError:
                    break
                if not new:
                    break
                shown, unanswered = shown + new, unanswered + new
            elif unanswered.rstrip(" ").endswith((":", "]")):
                line = unanswered.rsplit("\n", 1)[-1]
                known = [answer for prompt, answer in self.prompts.items() if prompt in line]
                if "same again" in line:
                    known = [last]
                if known:
                    last, unanswered = known[0], ""
                    os.write(terminal, (last + "\n").encode())
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.replace("\r", "")

    def play(self, title, cwd=None, **words):
        """The block of a part of the page, line by line. Returns what was shown."""
        part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
        lines = re.search(r"```sh\n(.*?)```", part, re.S)[1].splitlines()
        assert len(lines) < 10
        all_shown = []
        for line in lines:
            for word, value in words.items():
                line = line.replace(word, str(value))
            self.commands += 1
            code, shown = self.type(line, cwd or self.folder / "tabara")
            print(f"\n$ {line}\n{shown}", end="")
            assert code == 0, f"{line}\n{shown}"
            all_shown.append(shown)
        if any(line.startswith("systemctl") for line in lines):
            self.wait_for_server()
        return all_shown

    def wait_for_server(self):
        for _ in range(200):
            try:
                return httpx.get(f"https://{self.address}/sign-in", verify=False, trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "machine.log").read_text())

    def burn(self):
        self.stop()
        shutil.move(self.data, self.folder / f"burnt-{self.commands}")

    def stop(self):
        pid = self.folder / "machine.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGTERM)
            pid.unlink()
            time.sleep(1)


@pytest.fixture
def operator(tmp_path):
    operator = Operator(tmp_path)
    yield operator
    operator.stop()
    if INSTALLED and operator.data.exists():
        operator.burn()


def cards(operator, file="cards-1.html"):
    html = (operator.folder / "tabara" / file).read_text()
    return re.findall(r"TABARA2\.\w+", html)


def phone_of(card):
    card = formats.card(card)
    phone = Phone(Key())
    phone.authority, phone.card = card["authority"], Key(unb64(card["seed"]))
    phone.grant = json.loads(unb64(card["grant"].split(".")[1]))
    phone.device = phone.grant["device"]
    phone.chain = phone.bind(card["grant"])
    return phone


def test_the_whole_list_is_played_from_the_page_with_few_commands(operator):
    folder, desk = operator.folder, operator.folder / "tabara"
    (folder / "people.csv").write_text("name,commune\nBeata,Kayanza\nClaude,BI-CO-01-01\n")
    shown = operator.play("First card", cwd=folder)
    assert "Cases can be opened by: aline (case_worker), recovery (recovery)" in shown[0] and "NOW" not in shown[-1]
    assert "soon  messages cannot leave: tabara-server notify mail" in shown[-1], "the address went with the copy"
    site = Site(operator.address)
    beata, claude = map(phone_of, cards(operator))
    for phone in (beata, claude):
        site.register(phone)
        assert phone.grant["servers"][0]["pin"] and phone.grant["organisation"] == "CNLTP"
    first = operator.commands
    print(f"{first + 1} commands to the first sign-in with forms and two phones (one is apt install)")
    assert first + 1 <= 12

    # a record reaches the server; its form is one of the catalog
    form = next(part for part in beata.catalog["parts"] if part["id"] == "returnee_screening")
    asked = {"id": form["id"], "sha256": form["sha256"]}
    beata.record(questionnaire=asked, code=CODE)
    site.sync(beata)

    # a new form; the old one stays for drafts
    text = (ROOT / "questionnaires" / "first-line.md").read_text()
    (desk / "new-form.md").write_text(text.replace("| first_line | 1 |", "| first_line | 9 |"))
    before = next(part for part in beata.catalog["parts"] if part["id"] == "first_line")
    shown = operator.play("New form")
    assert "CHANGED: first_line" in shown[0]
    site.sync(beata)
    parts = [part for part in beata.catalog["parts"] if part["id"] == "first_line"]
    assert len(parts) == 2 and parts[1] == before

    # Claude's phone is stolen: the thief's records wait, and the phone is told at its next parcel
    shown = operator.play("Lost phone", DEVICE=claude.device)
    assert "CNLTP" in shown[0] and "REVOKED" in shown[1] and claude.device in shown[1]
    claude.record(questionnaire=asked)
    _, parcel = site.sync(claude)
    assert parcel["standing"] == "revoked" and claude.device in claude.catalog["revoked"]

    position = int(re.search(r"^ +(\d+)  record", operator.type("tabara-server quarantine list")[1], re.M)[1])
    shown = operator.play("Quarantine", POSITION=position)
    assert "its phone is revoked" in shown[0] and "CNLTP, " in shown[0] and "may have been finished after" in shown[0]
    assert "accepted, it counts" in shown[1] and "To take it back" in shown[1]

    operator.play("Copy")
    # what comes after the copy burns with the machine, and its phone sends it again
    beata.record(questionnaire=asked)
    site.sync(beata)
    operator.burn()
    operator.play("Fire")
    assert site.sync(beata)[0] == "restored"

    # both keys are lost, and no copy opens
    operator.stop()
    for name in ["operations.key", "intake.key"]:
        (operator.data / name).unlink()
    shown = operator.play("Both server keys lost")
    assert "CHANGED: the server signs with" in shown[1] and "CHANGED: the server opens bundles" in shown[1]
    print(f"{operator.commands + 1} commands for the whole list")
    assert operator.commands + 1 <= 20

    operator.type("systemctl start tabara-server")
    operator.wait_for_server()
    # and the other days
    shown = operator.play("Monday morning")
    assert re.search(r"1  .*Beata .*in use", shown[3]) and re.search(r"2  .*Claude .*REVOKED", shown[3])
    assert "planted" in operator.play("First case to a case worker", CODE=CODE)[1]
    shown = operator.play("What waits for a case worker")
    record, case = re.search(r"review --record (\S+) --case (\S+)\n", shown[1]).groups()
    operator.play("Decision of a reviewer", RECORD=record, CASE=case)
    shown = operator.play("What waits for a case worker")
    assert "--record" not in shown[1] and "planted" not in shown[1]
    (desk / "moved.csv").write_text("name,commune\nBeata (second phone),Kayanza\n")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86_400))
    shown = operator.play("Phone moved", DEVICE=beata.device, DAY=day)
    assert "CNLTP" in shown[1] and len(cards(operator, "cards-3.html")) == 1
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 500 * 86_400))
    shown = operator.play("Yearly keys", DAY=day)
    assert f"CHANGED: valid until {day}" in shown[2]


def test_a_page_of_words_has_at_most_twelve():
    words = re.search(r"\| word \| what it is \|\n\|--\|--\|\n((?:\|.*\n)+)", PAGE)[1]
    assert words.count("\n") <= 12


def test_wrong_moves_lose_nothing_and_name_the_next_command(operator):
    folder, desk = operator.folder, operator.folder / "tabara"
    (folder / "people.csv").write_text("name,commune\nBeata,Kayanza\n")
    # wrong folder: nothing is made by looking (O3)
    for command in ["doctor", "device list", "keys check", "catalog publish x", "report -o x", "backup x"]:
        code, shown = operator.type(f"tabara-server --data {folder}/typo {command}")
        assert code == 1 and "nothing was made" in shown and not (folder / "typo").exists(), command
    operator.play("First card", cwd=folder)
    # twice
    code, shown = operator.type("tabara-desk start")
    assert code == 2 and "is not empty, and nothing was changed" in shown
    # a mistyped passphrase says so, and leaves an empty place (O11)
    operator.prompts["Passphrase of the key:"] = "four random words hree"
    restore = f"tabara-server --data {folder}/other restore carry/tabara.copy --key safe/copies.age"
    code, shown = operator.type(restore, desk)
    assert code == 1 and "mistyped" in shown and not (folder / "other").exists()
    operator.prompts["Passphrase of the key:"] = SAFE
    # the wrong key, and none
    operator.prompts["Passphrase of the key:"] = WORKER
    code, shown = operator.type(restore.replace("safe/copies.age", "aline.age"), desk)
    assert code == 1 and "other keys than aline.age" in shown
    code, shown = operator.type(restore.replace("--key safe/copies.age", ""), desk)
    assert code == 1 and "--key copies.age" in shown
    # a wrong letter (O4)
    site, phone = Site(operator.address), phone_of(cards(operator)[0])
    site.register(phone)
    wrong = phone.device[:-1] + ("0" if phone.device[-1] != "0" else "1")
    code, shown = operator.type(f"tabara-server device revoke {wrong}")
    assert code == 1 and "one letter may be wrong" in shown
    code, shown = operator.type(f"tabara-desk catalog next --revoke {wrong}", desk)
    assert code == 2 and "nobody knows the phone" in shown
    # asked first, done, taken back (O4, O5)
    assert "would be revoked" in operator.type(f"tabara-server device revoke {phone.device} --dry-run")[1]
    assert site.sync(phone)[1]["standing"] == "trusted"
    operator.type(f"tabara-server device revoke {phone.device}")
    assert site.sync(phone)[1]["standing"] == "revoked"
    assert "trusted again" in operator.type(f"tabara-server device trust {phone.device}")[1]
    assert site.sync(phone)[1]["standing"] == "trusted"
    # by the catalog: the server says the same, in both directions
    for option, standing in [("--revoke", "revoked"), ("--trust", "trusted")]:
        code, shown = operator.type(f"tabara-desk catalog next {option} {phone.device}", desk)
        assert code == 0, shown
        operator.type("tabara-server catalog publish catalog/catalog.jws", desk)
        assert site.sync(phone)[1]["standing"] == standing
    # an older catalog is the wrong beginning; one that is published twice changes nothing
    code, shown = operator.type("tabara-desk catalog next --from catalog/catalog-1.jws --expires 2031-01-01", desk)
    assert code == 2 and "version 3 was signed here" in shown
    assert operator.type("tabara-server catalog publish catalog/catalog.jws", desk)[0] == 0
    # another deployment's authority is not added in silence (O6)
    code, shown = operator.type(f"tabara-server init --authority {Key().public}")
    assert code == 1 and "trusts another authority already" in shown
    # a live folder of another server is not replaced
    operator.prompts["Passphrase of the key:"] = SAFE
    (folder / "elsewhere").mkdir()
    operator.type(f"tabara-server --data {folder}/elsewhere init --authority {Key().public}")
    kept = (folder / "elsewhere" / "operations.key").read_bytes()
    code, shown = operator.type(restore.replace("/other", "/elsewhere"), desk)
    assert code == 1 and "Nothing was replaced" in shown
    assert (folder / "elsewhere" / "operations.key").read_bytes() == kept
    # the certificate is one that Chromium takes (O1), and its key is in the copy (O2)
    code, shown = operator.type(f"openssl x509 -in {operator.data}/tls.pem -noout -text")
    assert "prime256v1" in shown and "127.0.0.1" in shown
    operator.type(restore, desk)
    for name in ["tls.key", "tls.pem", "settings.json", "staff.sqlite", "operations.key", "intake.key"]:
        file = folder / "other" / name
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert (folder / "other" / "tls.key").read_bytes() == (operator.data / "tls.key").read_bytes()
