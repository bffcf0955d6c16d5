"""Who means harm, against the real server: refused cheaply and by name, and others notice nothing.

`TABARA_PATIENT=1` also waits out the deadlines that last a minute or more. Times are printed, never asserted."""

import asyncio
import gzip
import json
import os
import socket
import time

import httpx
import pytest

from test_protocol import Phone, b64, sign, world  # noqa: F401 (a fixture)

PATIENT = bool(os.environ.get("TABARA_PATIENT"))


def enrolled(world):
    phone = Phone(world.authority)
    world.http.post("/devices", json=phone.chain)
    return phone


def metric(world, name):
    lines = httpx.get(f"http://{world.monitor}/metrics", trust_env=False).text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def p99_of_an_honest_phone(world, phone, batches):
    """Milliseconds for a batch of five, each over a connection of its own from another address; and that all arrived."""
    times = []
    bodies = [json.dumps({"records": [phone.record(world.recipients)[1] for _ in range(5)]}) for _ in range(batches)]
    for body in bodies:
        begun = time.perf_counter()
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.9.9")) as http:
            answer = http.post(f"{world.http.base_url}records", content=body, headers=phone.token(int(time.time())))
        times.append(1000 * (time.perf_counter() - begun))
        assert [v["outcome"] for v in answer.json()["results"]] == ["accepted"] * 5
    return sorted(times)[len(times) * 99 // 100 - 1]


def test_ten_thousand_half_open_connections_take_nothing_from_an_honest_phone(world, capsys):
    phone, address = enrolled(world), world.address.split(":")
    alone = p99_of_an_honest_phone(world, phone, 100)

    async def guest(n):
        with socket.socket() as silent:
            silent.setblocking(False)
            silent.bind((f"127.0.1.{1 + n % 40}", 0))
            loop = asyncio.get_running_loop()
            try:
                await loop.sock_connect(silent, (address[0], int(address[1])))
                await loop.sock_sendall(silent, b"POST /v1/records HTTP/1.1\r\nhost: x\r\ncontent-length: 999")
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
              f"p99 of another phone's batch {beside:.0f} ms beside them, {alone:.0f} ms alone")


def test_one_phone_gone_wild_is_told_to_wait_and_another_is_served(world):
    wild, calm = enrolled(world), enrolled(world)
    token = wild.token(world.now())
    answers = [world.http.get("/updates?after=0", headers=token) for _ in range(900)]
    refused = [a for a in answers if a.status_code == 429]
    assert refused and refused[0].json()["type"] == "urn:tabara:too-many" and refused[0].headers["retry-after"]
    assert world.http.get("/updates?after=0", headers=calm.token(world.now())).status_code == 200


def post_slowly(world, phone, length):
    """A request whose body never comes."""
    host, port = world.address.split(":")
    guest = socket.create_connection((host, int(port)))
    token = phone.token(world.now())["authorization"]
    guest.sendall(f"POST /v1/records HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n".encode())
    guest.sendall(f"content-length: {length}\r\n\r\n{{".encode())
    return guest


def test_bodies_that_never_come_hold_four_places_of_their_phone_and_none_of_others(world):
    slow, calm = enrolled(world), enrolled(world)
    guests = [post_slowly(world, slow, 1000) for _ in range(4)]
    time.sleep(0.5)
    answer = world.http.post("/records", json={"records": []}, headers=slow.token(world.now()))
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:tabara:too-many")
    assert len(world.send(calm, [calm.record(world.recipients)[1]])[0]) == 1
    if PATIENT:
        guests[0].settimeout(90)
        answer = guests[0].recv(4096).decode()
        assert "408 Request Timeout" in answer and "urn:tabara:too-slow" in answer
    for guest in guests:
        guest.close()
    time.sleep(0.5)
    assert len(world.send(slow, [slow.record(world.recipients)[1]])[0]) == 1, "its places are free again"


def test_what_is_too_large_is_refused_before_it_is_read(world):
    phone = enrolled(world)
    guest = post_slowly(world, phone, 8 * 1024 * 1024 + 1)
    guest.settimeout(5)
    answer = guest.recv(4096).decode()
    assert "413 Payload Too Large" in answer and "urn:tabara:oversize" in answer
    bomb = gzip.compress(b" " * (9 * 1024 * 1024))
    assert len(bomb) < 10_000
    headers = {**phone.token(world.now()), "content-encoding": "gzip"}
    answer = world.http.post("/records", content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:tabara:oversize")


def test_an_envelope_of_another_kind_or_key_opens_no_door(world):
    phone, other = enrolled(world), enrolled(world)
    _, sent = phone.record(world.recipients)
    now = world.now()
    token = {"device": phone.device, "issued": now}
    for wrong in [
        sent["jws"],
        sign("record", phone.transport_key, token),
        sign("token", phone.record_key, token),
        sign("token", other.transport_key, token),
        sign("token", phone.transport_key, {**token, "more": 1}),
        sign("token", phone.transport_key, token)[:-4] + "AAAA",
        "..",
        "a" * 5000,
    ]:
        answer = world.http.get("/catalog", headers={"authorization": f"Bearer {wrong}"})
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:tabara:unknown-device")
    chain = phone.chain
    for wrong in [
        {"grant": chain["binding"], "binding": chain["grant"]},
        {"grant": chain["grant"], "binding": other.chain["binding"]},
        {"grant": sign("grant", phone.card, {}), "binding": chain["binding"]},
    ]:
        answer = world.http.post("/devices", json=wrong)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:tabara:bad-chain")
    payload = {"device": phone.device, "issued": now}
    records = [
        {"jws": sign("token", phone.transport_key, payload)},
        {"jws": sign("review", phone.record_key, payload)},
        {"jws": sign("record", phone.record_key, payload)},
        {**sent, "sealed": b64(b"other bytes")},
        {**sent, "sealed": "not base64url!"},
        {**sent, "sealed": "A" * 200_000},
        sent,
    ]
    results, _ = world.send(phone, records)
    names = [(v["outcome"], v.get("reason")) for v in results]
    refused = ["malformed", "no_chain", "malformed", "sealed_mismatch", "malformed", "oversize"]
    assert names == [("refused", reason) for reason in refused] + [("accepted", None)]
    # the same id with other bytes: the first stays
    _, again = phone.record(world.recipients, record=json.loads(__import__("base64").urlsafe_b64decode(
        sent["jws"].split(".")[1] + "=="))["record"])
    results, _ = world.send(phone, [again, sent])
    assert [(v["outcome"], v.get("reason")) for v in results] == [("refused", "id_taken"), ("already_had", None)]
