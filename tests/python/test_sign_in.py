"""Signing in over HTTP, as browsers behind proxies do it, with strangers who try to lock people out or to lead them away."""

import base64
import hashlib
import hmac
import re
import sqlite3
import struct
import subprocess
import time

import httpx
import pytest
from formats import Key
from world import SERVER, free_address

PASSWORD = "a long enough password"


def one_time_code(secret, at=None):
    step = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    tag = hmac.new(base64.b32decode(secret), step, hashlib.sha1).digest()
    number = struct.unpack(">I", tag[tag[19] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


class Office:
    """A server with two accounts."""

    def __init__(self, folder, *options):
        self.folder, self.data, self.address = folder, folder / "data", free_address()
        self.authority = Key()
        self.run("init", "--authority", self.authority.public)
        self.secrets, self.recovery = {}, {}
        for name, role in [("aline", ["national-coordinator"]), ("bea", ["provincial-coordinator", "--province", "BI-PR-01"])]:
            issued = self.run("user", "add", name, "--role", *role, input=PASSWORD + "\n")
            self.secrets[name] = re.search(r"secret=(\w+)", issued)[1]
            self.recovery[name] = re.findall(r"^  (\S+)$", issued, re.M)
        self.log = folder / "server.log"
        self.start(*options)

    def start(self, *options):
        words = [SERVER, "--data", self.data, "serve", "--listen", self.address, *options]
        self.server = subprocess.Popen(words, stderr=open(self.log, "w"))
        for _ in range(200):
            try:
                return self.browser().get("/sign-in")
            except httpx.TransportError:
                time.sleep(0.05)

    def run(self, *words, input=None):
        command = [SERVER, "--data", self.data, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, input=input).stdout

    def browser(self, **headers):
        headers = {"accept-language": "en", **headers}
        return httpx.Client(base_url=f"http://{self.address}", trust_env=False, headers=headers, timeout=60)

    def sign_in(self, browser=None, name="aline", code=None, password=PASSWORD, **more):
        form = {"name": name, "password": password, "code": code or self.recovery[name].pop(), **more.pop("form", {})}
        return (browser or self.browser()).post("/sign-in", data=form, **more)

    def staff(self):
        return sqlite3.connect(self.data / "staff.sqlite", timeout=20)

    def audit(self):
        return [row[0] for row in self.staff().execute("SELECT action FROM audit ORDER BY line")]


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path)
    yield office
    office.server.terminate()
    office.server.wait()


def token(page):
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


AWAY = ["/\t/evil.example/sign-in", "//evil.example", "/\\evil.example", "/\n/evil.example", "https://evil.example/",
        "/figures\r\nset-cookie: a=b", "/\u2028", "javascript:alert(1)", "/.//evil.example", "/%09/evil.example"]


@pytest.mark.parametrize("away", AWAY)
def test_no_link_leads_to_another_site_or_has_control_signs(office, away):
    answer = office.browser().get("/language/fr", params={"back": away})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/")
    answer = office.sign_in(form={"to": away})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_after_signing_in_she_is_where_her_link_led(office):
    aim = "/figures?page=people&place=BI-PR-04&period=2026-q1"
    browser = office.browser()
    answer = browser.get(aim)
    assert answer.status_code == 303
    form = browser.get(answer.headers["location"])
    to = re.search(r'name="to" value="([^"]+)"', form.text)[1].replace("&amp;", "&")
    assert to == aim
    # a look at the other language does not forget it
    french = re.search(r'href="(/language/fr[^"]*)"', form.text)[1].replace("&amp;", "&")
    form = browser.get(browser.get(french).headers["location"])
    assert "Connexion" in form.text and aim.replace("&", "&amp;") in form.text
    answer = office.sign_in(browser, form={"to": to})
    assert (answer.status_code, answer.headers["location"]) == (303, aim)
    # who is signed in does not sign in again
    assert browser.get("/sign-in", params={"to": aim}).headers["location"] == aim


def test_a_link_from_webmail_finds_her_signed_in(office):
    browser = office.browser()
    cookies = office.sign_in(browser).headers.get_list("set-cookie")
    assert all("HttpOnly" in cookie for cookie in cookies)
    assert "SameSite=Lax" in cookies[0], "a link from another site carries it, a form from there does not"


def test_who_is_out_after_an_idle_hour_reads_why(office):
    browser = office.browser()
    office.sign_in(browser)
    for change, words in [("seen = seen - 3700", "an hour"), ("began = began - 50000", "twelve hours")]:
        with office.staff() as staff:
            staff.execute(f"UPDATE session SET {change}")
        out = browser.get(browser.get("/figures?place=BI").headers["location"])
        assert words in out.text and 'value="/figures?place=BI"' in out.text
        office.sign_in(browser)


def test_a_stranger_behind_the_proxy_locks_nobody_out(office):
    stranger = office.browser()
    answers = [office.sign_in(stranger, f"nobody{n}", "000000").status_code for n in range(31)]
    assert set(answers) == {401}
    assert office.sign_in().status_code == 303
    assert office.sign_in(name="bea").status_code == 303


def test_behind_a_trusted_proxy_each_client_is_counted_by_its_own_address(tmp_path):
    office = Office(tmp_path, "--trusted-proxy", "127.0.0.1")
    from_ = lambda address: office.browser(**{"x-forwarded-for": address})
    try:
        # what a client writes into the header itself does not help it: the rightmost address counts
        answers = [office.sign_in(from_(f"198.51.100.{n}, 192.0.2.7"), f"nobody{n}", "000000").status_code for n in range(35)]
        assert answers[:30] == [401] * 30 and 429 in answers[30:]
        assert office.sign_in(from_("192.0.2.8")).status_code == 303
        proxies = from_("192.0.2.7, 127.0.0.1")
        assert office.sign_in(proxies, code=one_time_code(office.secrets["aline"])).status_code == 429, "in a row"
        # one network of IPv6 is one client
        answers = [office.sign_in(from_(f"2001:db8::{n:x}"), f"nobody{n}", "000000").status_code for n in range(35)]
        assert 429 in answers[30:]
    finally:
        office.server.terminate()
        office.server.wait()


def test_a_stranger_who_guesses_at_her_name_does_not_lock_her_browser_or_her_sheet(office):
    browser = office.browser()
    assert office.sign_in(browser).status_code == 303
    stranger = office.browser()
    answers = [office.sign_in(stranger, "aline", "000000", "wrong").status_code for _ in range(40)]
    assert answers[:5] == [401] * 5 and answers[-1] == 429
    assert "seconds" in office.sign_in(stranger, "aline", "000000", "wrong").text, "the page says how long to wait"
    assert office.sign_in(browser).status_code == 303, "the browser from which she signed in before"
    assert office.sign_in(office.browser()).status_code == 303, "any browser with a recovery code"
    assert office.sign_in(stranger, "aline", one_time_code(office.secrets["aline"])).status_code == 429


def test_a_step_and_a_session_of_a_clock_that_was_ahead_do_not_lock(office):
    browser = office.browser()
    office.sign_in(browser)
    with office.staff() as staff:
        staff.execute("UPDATE account SET last_step = last_step + 2880 + ?", [int(time.time()) // 30])
        staff.execute("UPDATE session SET began = began + 86400, seen = seen + 86400")
    assert browser.get("/figures").status_code == 303, "nor does a session last a day longer"
    code = one_time_code(office.secrets["aline"])
    assert office.sign_in(code=code).status_code == 303
    assert office.sign_in(code=code).status_code == 401, "once"


def test_what_strangers_type_is_not_written(office):
    stranger = office.browser()
    for _ in range(3):
        office.sign_in(stranger, "ma phrase de passe secrete", "000000", "wrong")
    for _ in range(40):
        office.sign_in(stranger, "aline", "000000", "wrong")
    assert office.audit().count("refused") == 5, "a try that has to wait is no line"
    for file in office.data.iterdir():
        assert b"phrase de passe" not in file.read_bytes(), file.name
    assert "phrase de passe" not in office.log.read_text()


def test_a_code_may_have_spaces_and_one_of_a_wrong_clock_is_told(office):
    secret = office.secrets["aline"]
    time.sleep(31 - time.time() % 30)
    for minutes, words in [(-5, "5 min behind"), (7, "7 min ahead")]:
        answer = office.sign_in(code=one_time_code(secret, time.time() + 60 * minutes))
        assert answer.status_code == 401 and words in answer.text
        # nobody without the password hears of it
        answer = office.sign_in(code=one_time_code(secret, time.time() + 60 * minutes), password="wrong password")
        assert words not in answer.text
    code = one_time_code(secret)
    assert office.sign_in(code=f" {code[:3]}\u00a0{code[3:]} ").status_code == 303


def test_a_form_through_a_proxy_that_names_another_host_is_taken_or_refused_with_its_cause(tmp_path, office):
    origin = {"origin": "https://tabara.example"}
    # as Chromium sends it behind nginx with its default `Host`
    assert office.sign_in(headers={**origin, "sec-fetch-site": "same-origin"}).status_code == 303
    for hostile in [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, origin]:
        answer = office.sign_in(headers=hostile)
        assert answer.status_code == 403 and answer.headers["content-type"].startswith("text/html")
        assert "came from another address" in answer.text
    assert "--public-url" in office.log.read_text() and "evil.example" in office.log.read_text()
    (tmp_path / "other").mkdir()
    behind = Office(tmp_path / "other", "--public-url", "https://tabara.example/")
    try:
        assert behind.sign_in(headers=origin).status_code == 303
        assert behind.sign_in(headers={"origin": "https://evil.example"}).status_code == 403
    finally:
        behind.server.terminate()
        behind.server.wait()


def test_behind_tls_a_sibling_name_cannot_plant_a_cookie(tmp_path):
    office = Office(tmp_path, "--public-url", "https://tabara.example")
    try:
        answer = office.sign_in()
        session, browser = answer.headers.get_list("set-cookie")
        for cookie in [session, browser]:
            assert cookie.startswith("__Host-tabara") and "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        ours = session.split(";")[0]
        planted = "tabara=" + ours.split("=", 1)[1]
        for cookie, status in [(f"{planted[:-3]}xxx; {ours}", 200), (planted, 303)]:
            assert office.browser(cookie=cookie).get("/figures").status_code == status
    finally:
        office.server.terminate()
        office.server.wait()


@pytest.mark.parametrize("language, word", [("en", "Back to the first page"), ("fr", "Retour à la première page")])
def test_every_refusal_is_a_page_and_a_line_of_the_log(office, language, word):
    browser = office.browser(**{"accept-language": language})
    office.sign_in(browser)
    requests = [
        (404, "GET", "/no-such-page", {}),
        (405, "DELETE", "/figures", {}),
        (400, "GET", "/figures?page=%FF", {}),
        (400, "GET", "/figures?place=XX", {}),
        (400, "GET", "/audit?before=x", {}),
        (400, "GET", "/language/fr?back=a&back=b", {}),
        (400, "POST", "/sign-in", {"data": {"name": "aline"}}),
        (400, "POST", "/sign-in", {"json": {"name": "aline"}}),
        (400, "POST", "/account/password", {"data": {"token": "wrong", "old": "x", "new": "y", "again": "y"}}),
        (413, "POST", "/sign-in", {"data": {"name": "x" * 20_000, "password": "x", "code": "x"}}),
        (400, "POST", "/sign-out", {"data": {"token": "wrong"}}),
        (403, "POST", "/sign-out", {"headers": {"origin": "https://evil.example"}}),
    ]
    for status, method, path, more in requests:
        answer = browser.request(method, path, **more)
        assert answer.status_code == status, (method, path, answer.status_code)
        assert answer.headers["content-type"].startswith("text/html"), (method, path)
        assert f'<html lang="{language}"' in answer.text and word in answer.text
        assert re.search(rf"{status}.*{method} ", office.log.read_text()), (method, path)


def test_she_changes_her_password_and_ends_her_other_sessions(office):
    here, lost = office.browser(), office.browser()
    office.sign_in(here), office.sign_in(lost)
    page = here.get("/account")
    assert page.text.count("<tr data-session") == 2
    form = {"token": token(page), "old": PASSWORD, "new": "another long password", "again": "another long password"}
    for wrong, said in [({"old": "wrong"}, "present password"), ({"again": "other"}, "differ"), ({"new": "short", "again": "short"}, "12")]:
        answer = here.post("/account/password", data={**form, **wrong})
        assert answer.status_code == 400 and said in answer.text
    assert lost.get("/figures").status_code == 200
    answer = here.post("/account/password", data=form)
    assert answer.status_code == 303 and "changed" in here.get(answer.headers["location"]).text
    assert (here.get("/figures").status_code, lost.get("/figures").status_code) == (200, 303)
    assert office.sign_in().status_code == 401
    assert office.sign_in(lost, password="another long password").status_code == 303
    # one session by hand
    other = re.search(r'name="session" value="([^"]+)"', here.get("/account").text)[1]
    assert here.post("/account/session", data={"token": form["token"], "session": other}).status_code == 303
    assert (here.get("/figures").status_code, lost.get("/figures").status_code) == (200, 303)
    assert "password_changed" in office.audit() and "session_ended" in office.audit()
