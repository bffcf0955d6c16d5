"""The server on its machine: certificates that are exchanged and that end, files that others must not read, requests
that are counted, and real proxies before it."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from client import Phone
from formats import compact
from paths import ROOT
from world import SERVER, free_address
from test_sign_in import PASSWORD, Office, office, one_time_code  # noqa: F401 (a fixture)


def certificate(folder, days=90, name="tabara.example"):
    """Writes a certificate and its key. Returns the certificate as it is shown."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(timezone.utc) + timedelta(days=days, hours=1)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.DNSName("localhost")])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, end - timedelta(days=1000), end)
    made = made.add_extension(names, False).sign(key, None)
    (folder / "chain.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made.public_bytes(Encoding.DER)


def shown(address):
    host, port = address.split(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as tls:
        return tls.getpeercert(binary_form=True)


def until(condition, seconds=15):
    end = time.time() + seconds
    while not condition() and time.time() < end:
        time.sleep(0.05)
    return condition()


class TlsOffice(Office):
    def __init__(self, folder, days=90):
        self.made = certificate(folder, days)
        super().__init__(folder, "--certificate", folder / "chain.pem", "--key", folder / "key.pem")

    def start(self, *options):
        words = [SERVER, "--data", self.data, "serve", "--listen", self.address, *options]
        self.server = subprocess.Popen(words, stderr=open(self.log, "w"))
        assert until(lambda: "listening" in self.log.read_text())

    def doctor(self):
        done = subprocess.run([SERVER, "--data", self.data, "doctor"], capture_output=True, text=True)
        return [line for line in done.stdout.splitlines() if "TLS certificate" in line]

    def end(self):
        self.server.terminate()
        self.server.wait()


def test_a_new_certificate_is_shown_after_a_hangup_and_no_signal_ends_the_server(tmp_path):
    office = TlsOffice(tmp_path)
    try:
        assert shown(office.address) == office.made
        renewed = certificate(tmp_path)
        office.server.send_signal(signal.SIGHUP)
        assert until(lambda: shown(office.address) == renewed)
        # half of a new pair, or none: the one that works stays
        key = (tmp_path / "key.pem").read_bytes()
        certificate(tmp_path)
        (tmp_path / "key.pem").write_bytes(key)
        office.server.send_signal(signal.SIGHUP)
        assert until(lambda: "stays the earlier one" in office.log.read_text())
        assert shown(office.address) == renewed and office.server.poll() is None
    finally:
        office.end()


def test_a_hangup_does_not_end_a_server_without_a_certificate(office):
    office.server.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert office.server.poll() is None and office.browser().get("/sign-in").status_code == 200


@pytest.mark.parametrize("days, grade", [(90, "well"), (20, "soon"), (-3, "NOW")])
def test_serve_and_doctor_tell_the_end_of_the_certificate_that_is_served(tmp_path, days, grade):
    office = TlsOffice(tmp_path, days)
    try:
        assert until(lambda: office.doctor() != [])
        (line,) = office.doctor()
        assert line.startswith(grade) and ("expired 3 days ago" if days < 0 else "expires in") in line
        assert ("the TLS certificate exp" in office.log.read_text()) == (grade != "well")
    finally:
        office.end()
    # a later start without TLS shows none
    office.start()
    assert until(lambda: office.doctor() == [])
    office.end()


def test_nobody_else_reads_a_backup_or_the_accounts_while_they_are_made(world):
    subprocess.run(
        [SERVER, "--data", world.folder / "data", "user", "add", "aline", "--role", "national-coordinator"],
        input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    backup, seen, done = world.folder / "backup", set(), threading.Event()
    backup.mkdir()
    os.umask(0o022)

    def watch():
        while not done.is_set():
            for entry in os.scandir(backup):
                try:
                    seen.add((entry.name, entry.stat().st_mode & 0o777))
                except FileNotFoundError:
                    pass

    watching = threading.Thread(target=watch)
    watching.start()
    for _ in range(3):
        world.run("backup", backup / "tabara.copy")
    done.set()
    watching.join()
    assert seen and {mode for _, mode in seen} == {0o600}, seen
    assert not any("staff" in name for name, _ in seen)
    left = sorted(entry.name for entry in backup.iterdir())
    assert left == ["tabara.copy"]
    assert not list((world.folder / "data").glob("copy.*"))
    assert (world.folder / "data" / "staff.sqlite").stat().st_mode & 0o777 == 0o600
    # a restored log is for its owner, too
    (backup / "tabara.copy").chmod(0o644)
    world.server.terminate(), world.server.wait()
    world.run("restore", backup / "tabara.copy")
    assert (world.folder / "data" / "tabara.sqlite").stat().st_mode & 0o777 == 0o600


def test_requests_beyond_the_limit_are_counted_for_the_operator(tmp_path):
    monitor = free_address()
    office = Office(tmp_path, "--monitor", monitor)
    try:
        host, port = office.address.split(":")
        line = http.client.HTTPConnection(host, int(port), source_address=("127.0.0.2", 0))
        status = 200
        while status == 200:
            line.request("GET", "/style.css")
            answer = line.getresponse()
            status = len(answer.read()) and answer.status
        metrics = httpx.get(f"http://{monitor}/metrics", trust_env=False).text
        assert "\ntabara_too_many_total 1\n" in metrics
        assert not [line for line in office.log.read_text().splitlines() if "429" in line], "a flood writes no lines"
    finally:
        office.server.terminate()
        office.server.wait()


@pytest.mark.parametrize("path", ["/v2/health", "/v2/no-such-path", "/v2/bundles", "/no-such-page", "/style.css"])
def test_every_request_is_counted_whatever_it_asks_for(office, path):
    host, port = office.address.split(":")
    line = http.client.HTTPConnection(host, int(port), source_address=("127.0.0.2", 0))
    statuses = []
    while 429 not in statuses and len(statuses) < 4000:
        line.request("GET", path, headers={"authorization": "Bearer x.y.z"})
        answer = line.getresponse()
        answer.read()
        statuses.append(answer.status)
    assert len(statuses) > 500 and statuses[-1] == 429
    # others are served
    assert office.browser().get(path).status_code == statuses[0]


class Proxy:
    """A real proxy with the file of `deploy/`, moved to free ports and without root. `tabara.example` is its name."""

    def __init__(self, folder, command):
        self.process = subprocess.Popen(command, stderr=open(folder / "error.log", "a"), cwd=folder)

        def serves():
            try:
                return self.browser().get("/sign-in").status_code == 200
            except httpx.TransportError:
                return False

        assert until(serves), (folder / "error.log").read_text()

    def browser(self, source="127.0.0.1", **headers):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        transport = httpx.HTTPTransport(local_address=source, verify=context)
        # the name is that of the proxy's certificate; httpx asks for it where `sni_hostname` says so
        hooks = {"request": [lambda request: request.extensions.update(sni_hostname="tabara.example")]}
        headers = {"host": "tabara.example", "accept-language": "en", **headers}
        return httpx.Client(base_url=f"https://{self.tls}", transport=transport, headers=headers, timeout=60, event_hooks=hooks)


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def changed(file, changes):
    text = (ROOT / "deploy" / file).read_text()
    for published, here in changes:
        assert published in text, published
        text = text.replace(published, here)
    return text


class Nginx(Proxy):
    def __init__(self, folder, backend):
        self.tls, self.plain = free_address(), free_address()
        certificate(folder)
        site = changed("nginx.conf", [
            ("listen 443 ssl;", f"listen {self.tls} ssl;"), ("listen [::]:443 ssl;", ""),
            ("listen 80;", f"listen {self.plain};"), ("listen [::]:80;", ""), ("127.0.0.1:8080", backend),
            ("/etc/ssl/tabara/chain.pem", str(folder / "chain.pem")), ("/etc/ssl/tabara/key.pem", str(folder / "key.pem")),
        ])
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/nginx.pid; events {{ worker_connections 500; }}\n"
            f"http {{ access_log off; {temporary}\n{site}\n}}\n")
        files = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        super().__init__(folder, [program("nginx"), *files])


class Caddy(Proxy):
    def __init__(self, folder, backend):
        self.tls, self.plain = free_address(), free_address()
        ports = [f"http{s} {address}" for s, address in [("", self.plain), ("s", self.tls)]]
        options = ["admin off", "local_certs", "skip_install_trust", "default_bind 127.0.0.1",
                   *(option.replace(" 127.0.0.1:", "_port ") for option in ports), f"storage file_system {folder}"]
        (folder / "Caddyfile").write_text(changed("Caddyfile", [
            ("{\n\tservers", "{\n\t" + "\n\t".join(options) + "\n\tservers"), ("reverse_proxy 127.0.0.1:8080", f"reverse_proxy {backend}"),
        ]))
        super().__init__(folder, [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"])


@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_behind_a_proxy_as_deploy_sets_it_up_people_sign_in_and_strangers_lock_nobody_out(tmp_path, kind):
    if not program(kind.__name__.lower()):
        pytest.skip(f"{kind.__name__} is not installed (Debian's packages nginx and caddy)")
    office = Office(tmp_path, "--public-url", "https://tabara.example", "--trusted-proxy", "127.0.0.1")
    (tmp_path / "proxy").mkdir()
    proxy = kind(tmp_path / "proxy", office.address)
    try:
        aline = proxy.browser(origin="https://tabara.example")
        answer = office.sign_in(aline, form={"to": "/help"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/help")
        assert answer.headers.get_list("set-cookie")[0].startswith("__Host-tabara=")
        assert answer.headers["strict-transport-security"]
        assert aline.get("/figures", headers={"cookie": answer.headers.get_list("set-cookie")[0].split(";")[0]}).status_code == 200
        # the plain address leads to the other
        plain = httpx.get(f"http://{proxy.plain}/figures?place=BI", headers={"host": "tabara.example"}, trust_env=False)
        assert plain.status_code in (301, 308)
        assert plain.headers["location"].startswith("https://tabara.example") and plain.headers["location"].endswith("/figures?place=BI")
        # each client is counted by its own address, whatever it writes into the header itself
        stranger = proxy.browser("127.0.0.3", **{"x-forwarded-for": "192.0.2.1"})
        answers = [office.sign_in(stranger, f"nobody{n}", "000000").status_code for n in range(35)]
        assert answers[:30] == [401] * 30 and 429 in answers
        code = one_time_code(office.secrets["bea"])
        assert office.sign_in(proxy.browser("127.0.0.4"), "bea", code).status_code == 303
        # a form of another site, through the proxy: a page that says so
        answer = office.sign_in(proxy.browser(origin="https://evil.example"))
        assert answer.status_code == 403 and "came from another address" in answer.text
        # phones: a chain, and a bundle of four megabytes, which the server itself refuses
        phone = Phone(office.authority)
        assert aline.post("/v2/devices", content=compact({"chain": phone.chain})).status_code == 200
        answer = aline.post("/v2/bundles", content=b"x" * 4_000_000)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:tabara:malformed")
        assert aline.get("/v2/health").text == "ok"
    finally:
        proxy.process.terminate()
        proxy.process.wait()
        office.server.terminate()
        office.server.wait()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_root_makes_in_the_folder_of_the_servers_user_can_be_read_by_the_server(world):
    """The unit's user is not root's: systemd gives it the folder once, and what a command makes there later must be its own."""
    nobody = 65_534
    world.stop()
    for place in [world.data, *world.data.rglob("*")]:
        os.chown(place, nobody, nobody)
    for words in [["keys", "next"], ["keys", "new-intake"], ["user", "add", "officer", "--role", "national-coordinator"], ["backup", world.data / "a.copy"]]:
        subprocess.run([SERVER, "--data", world.data, *words], check=True, capture_output=True, input="a long enough password\n", text=True)
    world.run("restore", world.data / "a.copy")
    assert {place.name for place in world.data.rglob("*") if place.stat().st_uid != nobody} == set()
