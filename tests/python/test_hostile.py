"""Who means harm, against the real server: refused cheaply and by name, and others notice nothing.

`TABARA_PATIENT=1` also waits out the deadlines that last a minute or more. Times are printed, never asserted."""

import asyncio
import os
import socket
import time

import httpx
import pyrage

from client import Phone
from formats import Key, seal, sha256
from world import problem

PATIENT = bool(os.environ.get("TABARA_PATIENT"))


def metric(world, name):
    lines = httpx.get(f"http://{world.monitor}/metrics", trust_env=False).text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def elsewhere(world, address):
    """A client at another address: only the proxy's, 127.0.0.1, has no limit."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=world.http.base_url, transport=transport, timeout=60)


def p99_of_an_honest_phone(world, phone, bundles):
    """Milliseconds for a bundle of five, each over a connection of its own from another address; and that all arrived."""
    times = []
    made = [phone.bundle([phone.record(with_case=False) for _ in range(5)]) for _ in range(bundles)]
    for file, asked in made:
        begun = time.perf_counter()
        with elsewhere(world, "127.0.9.9") as http:
            answer = http.post("/bundles", content=file)
        times.append(1000 * (time.perf_counter() - begun))
        phone.take(answer.content, asked)
    assert not phone.waiting
    return sorted(times)[len(times) * 99 // 100 - 1]


def test_ten_thousand_half_open_connections_take_nothing_from_an_honest_phone(world, capsys):
    phone, address = world.phone(), world.address.split(":")
    alone = p99_of_an_honest_phone(world, phone, 100)

    async def guest(n):
        with socket.socket() as silent:
            silent.setblocking(False)
            silent.bind((f"127.0.1.{1 + n % 40}", 0))
            loop = asyncio.get_running_loop()
            try:
                await loop.sock_connect(silent, (address[0], int(address[1])))
                await loop.sock_sendall(silent, b"POST /v2/bundles HTTP/1.1\r\nhost: x\r\ncontent-length: 999")
                return await loop.sock_recv(silent, 100) == b""
            except OSError:  # shut out
                return True

    async def all_at_once():
        guests = asyncio.gather(*(guest(n) for n in range(10_000)))
        await asyncio.sleep(1)
        beside = await asyncio.to_thread(p99_of_an_honest_phone, world, phone, 100)
        held = metric(world, "tabara_connections ")
        return beside, held, await guests

    begun = time.monotonic()
    beside, held, put_out = asyncio.run(all_at_once())
    waited = time.monotonic() - begun
    shut_out = metric(world, "tabara_connections_refused_total")
    assert put_out == [True] * 10_000 and metric(world, "tabara_connections ") < 10
    assert shut_out > 0 and held <= 40 * 256 + 10
    with capsys.disabled():
        print(f"\n10,000 half-open connections: {held:.0f} held, {shut_out:.0f} not let in, all out after {waited:.0f} s; "
              f"p99 of another phone's bundle {beside:.0f} ms beside them, {alone:.0f} ms alone")


def test_one_address_gone_wild_is_told_to_wait_and_another_is_served(world):
    phone = world.phone()
    guess = f"/bundles/{sha256(b'a guess')}"
    with elsewhere(world, "127.0.5.5") as http:
        answers = (http.get(guess) for _ in range(20_000))
        refused = next(answer for answer in answers if answer.status_code != 404)
    assert vars(problem(refused)) == {"status": 429, "name": "too-many"} and refused.headers["retry-after"]
    file, asked = phone.bundle()
    with elsewhere(world, "127.0.6.6") as http:
        assert phone.take(http.post("/bundles", content=file).content, asked)[0] == "grown"


def test_one_phone_gone_wild_is_told_to_wait_and_another_is_served(world):
    wild, calm = world.phone(), world.phone()
    file, _ = wild.bundle()
    answers = (world.post(file) for _ in range(20_000))
    refused = next(answer for answer in answers if answer.status_code != 200)
    assert vars(problem(refused)) == {"status": 429, "name": "too-many"} and refused.headers["retry-after"]
    assert world.sync(calm)[0] == "grown"


def post_slowly(world, length, path="bundles"):
    """A request whose body never comes."""
    host, port = world.address.split(":")
    guest = socket.create_connection((host, int(port)))
    guest.sendall(f"POST /v2/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{{".encode())
    return guest


def test_bodies_that_never_come_take_nothing_from_others(world):
    phone = world.phone()
    guests = [post_slowly(world, 1000) for _ in range(40)]
    time.sleep(0.5)
    phone.record()
    assert world.sync(phone)[0] == "grown" and not phone.waiting
    if PATIENT:
        guests[0].settimeout(90)
        answer = guests[0].recv(4096).decode()
        assert "408 Request Timeout" in answer and "urn:tabara:too-slow" in answer
    for guest in guests:
        guest.close()


def test_what_is_too_large_is_refused_before_it_is_read(world):
    for path, most in [("bundles", 4 * 1024 * 1024), ("devices", 16 * 1024)]:
        guest = post_slowly(world, most + 1, path)
        guest.settimeout(5)
        answer = guest.recv(4096).decode()
        assert "413 Payload Too Large" in answer and "urn:tabara:oversize" in answer


def test_a_bundle_that_unfolds_stops_at_its_limit(world):
    phone = world.phone()
    row, intake = b'{"jws":"x"},', [world.intake]
    signed = phone.transport_key.sign("bundle", {"cursor": 0}).encode()
    for plain in [b"[" * 1_000_000, signed + b"\n[" + row * 400_000 + b"{}]", signed + b"\n" + b'{"a":' * 300_000, b" " * (9 << 20)]:
        answer = world.post(seal(plain, intake))
        assert answer.status_code in (400, 413), answer.text
    crowd = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(100)]
    assert problem(world.post(seal(signed + b"\n[]", crowd + intake))).name == "malformed", "not even looked at"
    assert world.sync(phone)[0] == "grown"


def test_a_chain_of_other_halves_opens_no_door(world):
    phone, other = world.phone(), Phone(world.authority)
    chain = phone.chain
    for wrong in [
        {**chain, "grant": chain["binding"], "binding": chain["grant"]},
        {**chain, "binding": other.chain["binding"]},
        {**chain, "grant": phone.card.sign("grant", phone.grant)},
        {**chain, "grant": Key().sign("grant", phone.grant)},
        {**chain, "possession": chain["possession"][::-1]},
        {**chain, "possession": other.chain["possession"]},
    ]:
        answer = world.http.post("/devices", json={"chain": wrong})
        assert vars(problem(answer)) == {"status": 403, "name": "bad-chain"}
    for wrong in [{}, {"chain": chain, "more": 1}, {"chain": {**chain, "possession": []}}, []]:
        assert vars(problem(world.http.post("/devices", json=wrong))) == {"status": 400, "name": "malformed"}


def test_a_thief_of_the_card_cannot_bind_the_keys_of_another(world):
    """And her own keys make a second binding, whose records wait."""
    phone = world.phone()
    thief = Phone(world.authority)
    taken = {"record_key": phone.record_key.public, "transport_key": phone.transport_key.public}
    chain = thief.bind(thief.chain["grant"], **taken)
    assert world.http.post("/devices", json={"chain": chain}).status_code == 403
    again = Phone(world.authority)
    again.device, again.card = phone.device, phone.card
    again.chain = again.bind(phone.chain["grant"])
    assert world.register(again)["standing"] == "second"
    assert world.verdicts(again, [again.record(with_case=False)]) == ["quarantined second_binding"]
    phone.record()
    assert world.sync(phone)[1]["standing"] == "trusted" and not phone.waiting
