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

    def named(self, world, security, *more, issuer=None):
        """The operator names this mail server."""
        words = ["--server", "localhost", "--port", str(self.port), "--security", security, "--from", "tabara@example.org",
                 "--user", "tabara", "--issuer", issuer or self.folder / "chain.pem", *more]
        return notify(world, "mail", *words, input="a password\n")


def notify(world, *words, input=None):
    command = [SERVER, "--data", world.data, "notify", *words]
    return subprocess.run(command, capture_output=True, text=True, input=input)


OPERATOR = ("add", "operator@example.org", "--duty", "operator", "--language", "en")
COORDINATOR = ("add", "coordinator@example.org", "--duty", "coordinator", "--daily")


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_each_role_hears_once_of_what_waits_and_nothing_of_anybody(world, security):
    server = MailServer(world.folder, security)
    try:
        world.run("init", "--public-url", "https://tabara.example")
        for words in [OPERATOR, COORDINATOR]:
            assert notify(world, *words).returncode == 0
        assert server.named(world, security).returncode == 0
        # given: no backup yet, and a phone that was never heard of
        phone = Phone(world.authority)
        world.register(phone)
        done = notify(world, "send")
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
        assert notify(world, "send").stdout == "0 told\n"
        (world.folder / "data" / "intake.key").chmod(0o644)
        assert notify(world, "send").stdout == "1 told\n"
        assert "The keys of the server need a look. (today)" in server.mail[-1][2].get_content()
        for name in ["notified.json", "settings.json"]:
            assert (world.data / name).stat().st_mode & 0o777 == 0o600
        # a trial goes to everybody, at once
        before = len(server.mail)
        assert notify(world, "try").stdout.count("sent to") == 2
        assert [("reach you" in m.get_content(), "vous parviennent" in m.get_content()) for _, _, m in server.mail[before:]] == [
            (True, False), (False, True)]
        # who is taken off hears nothing more
        assert notify(world, "remove", "operator@example.org").returncode == 0
        (world.data / "intake.key").chmod(0o600)
        notify(world, "send")
        (world.data / "intake.key").chmod(0o644)
        assert notify(world, "send").stdout == "0 told\n"
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
        world.run("init", "--public-url", "https://tabara.example")
        notify(world, *OPERATOR)
        notify(world, "add", f"http://127.0.0.1:{hooks.server_port}/tabara", "--duty", "operator")
        server.named(world, "starttls")
        done = notify(world, "send")
        assert done.returncode == 1 and "operator@example.org" in done.stderr
        assert got == [{"page": "https://tabara.example", "today": ["backup"], "soon": ["catalog", "log"]}]
        server = MailServer(world.folder, "starttls")
        server.named(world, "starttls")
        assert notify(world, "send").stdout == "1 told\n" and len(server.mail) == 1 and len(got) == 1
    finally:
        server.stop()
        hooks.shutdown()


def test_mail_leaves_the_machine_by_tls_alone_and_to_the_right_server(world):
    server = MailServer(world.folder, "tls")
    try:
        notify(world, *OPERATOR)
        refused = notify(world, "mail", "--server", "mail.example.org", "--security", "none", "--from", "a@example.org")
        assert refused.returncode == 1 and "by TLS alone" in refused.stderr
        other = world.folder / "other"
        other.mkdir()
        certificate(other)
        server.named(world, "tls", issuer=other / "chain.pem")
        assert notify(world, "send").returncode == 1 and server.mail == []
    finally:
        server.stop()


def test_wrong_words_change_nothing_and_say_what_would(world):
    for words, cure in [
        (["add", "http://alarms.example.org/", "--duty", "operator"], "https://"),
        (["add", "operator", "--duty", "operator"], "neither an e-mail address"),
        ([*OPERATOR[:-1], "rn"], "fr or en"),
        (["remove", "operator@example.org"], "notify list"),
    ]:
        done = notify(world, *words)
        assert done.returncode == 1 and cure in done.stderr, done.stderr
    assert notify(world, "list").stdout.startswith("Next, for e-mail")
    doctor = subprocess.run([SERVER, "--data", world.data, "doctor"], capture_output=True, text=True).stdout
    assert "soon  nobody is told when something waits: tabara-server notify add" in doctor
    # an address without a mail server: each run says what is missing
    notify(world, *OPERATOR)
    assert "notify mail --server" in notify(world, "send").stderr
