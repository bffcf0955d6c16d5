"""`tabara-server notify` against a mail server (aiosmtpd) and a web address on this machine."""

import asyncio
import email
import email.policy
import http.server
import json
import ssl
import subprocess
import threading

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from client import Phone
from paths import ROOT
from test_server_machine import certificate
from world import SERVER


class MailServer:
    """Takes mail from `tabara` with its password, and keeps it."""

    def __init__(self, folder, security):
        self.mail, self.folder = [], folder
        certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
        starttls = {"tls_context": context, "require_starttls": True} if security == "starttls" else {"auth_require_tls": False}
        right = lambda server, session, envelope, mechanism, data: AuthResult(
            success=(data.login, data.password) == (b"tabara", b"a password"))
        make = lambda: SMTP(self, hostname="localhost", auth_required=True, authenticator=right, loop=self.loop, **starttls)
        self.loop = asyncio.new_event_loop()
        listening = self.loop.create_server(make, "127.0.0.1", 0, ssl=context if security == "tls" else None)
        self.server = self.loop.run_until_complete(listening)
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mail.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"

    def config(self, security, people, **more):
        (self.folder / "password").write_text("a password\n")
        mail = {"server": "localhost", "port": self.port, "security": security, "from": "tabara@example.org",
                "user": "tabara", "password_file": str(self.folder / "password"), "issuer": str(self.folder / "chain.pem"), **more}
        file = self.folder / "notify.json"
        file.write_text(json.dumps({"page": "https://tabara.example", "mail": mail, "people": people}))
        return file


def notify(world, config):
    command = [SERVER, "--data", world.folder / "data", "notify", config]
    return subprocess.run(command, capture_output=True, text=True)


PEOPLE = [
    {"to": "operator@example.org", "role": "operator", "when": "at_once", "language": "en"},
    {"to": "coordinator@example.org", "role": "coordinator", "when": "daily", "language": "fr"},
]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_each_role_hears_once_of_what_waits_and_nothing_of_anybody(world, security):
    server = MailServer(world.folder, security)
    try:
        config = server.config(security, PEOPLE)
        # given: no backup yet, and a phone that was never heard of
        phone = Phone(world.authority)
        world.register(phone)
        done = notify(world, config)
        assert (done.returncode, done.stdout) == (0, "2 told\n"), done.stderr
        said = {to[0]: message for _, to, message in server.mail}
        operator, coordinator = said["operator@example.org"], said["coordinator@example.org"]
        assert "The backup is too old. (today)" in operator.get_content()
        assert "https://tabara.example" in operator.get_content()
        assert "Des téléphones se taisent depuis longtemps. (bientôt)" in coordinator.get_content()
        assert "sauvegarde" not in coordinator.get_content() and "Phones" not in operator.get_content()
        for message in said.values():
            assert message["auto-submitted"] == "auto-generated" and message["from"] == "tabara@example.org"
            whole = message["subject"] + message.get_content()
            for private in [phone.device, "IOM", "BI-", *"0123456789"]:
                assert private not in whole
        # when: nothing new; then: nobody hears of it again, but of what begins
        assert notify(world, config).stdout == "0 told\n"
        (world.folder / "data" / "intake.key").chmod(0o644)
        assert notify(world, config).stdout == "1 told\n"
        assert "The keys of the server need a look. (today)" in server.mail[-1][2].get_content()
        assert (world.folder / "data" / "notified.json").stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()


def test_what_could_not_be_sent_is_sent_at_the_next_call_and_others_do_not_wait_for_it(world):
    got = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    hooks = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    server = MailServer(world.folder, "starttls")
    server.stop()
    try:
        hook = {"to": f"http://127.0.0.1:{hooks.server_port}/tabara", "role": "operator"}
        config = server.config("starttls", [PEOPLE[0], hook])
        done = notify(world, config)
        assert done.returncode == 1 and "operator@example.org" in done.stderr
        assert got == [{"page": "https://tabara.example", "today": ["backup"], "soon": ["catalog", "log"]}]
        server = MailServer(world.folder, "starttls")
        config = server.config("starttls", [PEOPLE[0], hook])
        assert notify(world, config).stdout == "1 told\n" and len(server.mail) == 1 and len(got) == 1
    finally:
        server.stop()
        hooks.shutdown()


def test_mail_leaves_the_machine_by_tls_alone_and_to_the_right_server(world):
    server = MailServer(world.folder, "tls")
    try:
        assert "by TLS alone" in notify(world, server.config("none", PEOPLE, server="mail.example.org")).stderr
        other = world.folder / "other"
        other.mkdir()
        certificate(other)
        assert notify(world, server.config("tls", PEOPLE, issuer=str(other / "chain.pem"))).returncode == 1
        assert server.mail == []
        web = [{"to": "http://alarms.example.org/", "role": "operator"}]
        assert "begins with https://" in notify(world, server.config("tls", web)).stderr
        assert "unknown field" in notify(world, server.config("tls", [{**PEOPLE[0], "whne": "daily"}])).stderr
    finally:
        server.stop()


def test_the_published_file_names_what_the_program_knows(world):
    config = json.loads((ROOT / "deploy" / "notify.json").read_text())
    config["mail"]["password_file"] = str(world.folder / "none")
    for person in config["people"]:
        person["to"] = person["to"].replace("https://alarms.example.org", "http://127.0.0.1:1")
    (world.folder / "notify.json").write_text(json.dumps(config))
    done = notify(world, world.folder / "notify.json")
    assert done.returncode == 1 and "none: No such file" in done.stderr and "127.0.0.1:1" in done.stderr
