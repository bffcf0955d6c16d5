"""A phone, a reviewer and a courier against the real server, as server/PROTOCOL.md says."""

import json
import shutil
import socket
import time
import zlib
from datetime import datetime, timedelta, timezone

import pyrage
import pytest

from client import QUESTIONNAIRE, Phone
from formats import (
    Key, Weather, act_leaf, b64, compact, entries_of, opened, seal, sha256, slip_key, slip_message, unb64,
)
from world import DAY, problem

CODE, SECRET = "7KQ4M2XHTH", "4MNTRQXVYM"


def jws_hash(sent):
    return sha256(sent["jws"].encode())


def id_of(sent):
    return json.loads(unb64(sent["jws"].split(".")[1]))["record"]


# --- enrolment ---


def test_a_phone_enrols_sends_and_finds_its_records_in_the_tree(world):
    phone = Phone(world.authority)
    parcel = world.register(phone)
    assert phone.catalog_jws == world.catalog and parcel["standing"] == "trusted"
    day = datetime.now(timezone(timedelta(hours=2))).strftime("%Y-%m-%d")
    assert parcel["leaves"][0]["text"] == act_leaf(day, "chain", compact(phone.chain))
    assert abs(parcel["time"] - time.time()) < 60
    assert world.register(phone)["leaves"] == parcel["leaves"], "the same chain again is the same leaf"

    sent = [phone.record() for _ in range(3)]
    file, asked = phone.bundle()
    answer = world.post(file)
    assert answer.headers["content-type"] == "application/vnd.tabara" and len(answer.content) % 512 == 0
    how, parcel = phone.take(answer.content, asked)
    assert how == "grown" and parcel["seq"] == 3 and not phone.waiting
    [leaf] = parcel["leaves"]
    assert leaf["text"].split()[2:5] == ["bundle", day, sha256(file)]
    assert list(entries_of(leaf["text"])) == [jws_hash(s) for s in sent], "in the order of the bundle"
    assert phone.verdicts(parcel, sent) == ["accepted"] * 3

    # the same bytes again, the same records in another bundle, and a lost answer: the same leaf
    for again in [world.post(file), world.http.get(f"/bundles/{sha256(file)}")]:
        assert again.status_code == 200
        _, parcel = phone.take(again.content, asked)
        assert [one["text"] for one in parcel["leaves"]] == [leaf["text"]]
    how, parcel = world.sync(phone, sent[1:])
    assert how == "grown" and [(one["index"], one["text"]) for one in parcel["leaves"]] == [(leaf["index"], leaf["text"])]
    size = parcel["head"]["size"]
    assert world.sync(phone)[1]["head"]["size"] == size, "a bundle that brings nothing new makes no leaf"
    how, parcel = world.sync(phone, prove=[leaf["index"], size])
    assert [one["index"] for one in parcel["leaves"]] == [leaf["index"]], "asked for by its place"


def test_parts_need_the_hash_alone(world):
    path = f"/parts/{sha256(QUESTIONNAIRE)}"
    whole = world.http.get(path)
    assert whole.content == QUESTIONNAIRE
    assert {"public", "immutable"} <= set(whole.headers["cache-control"].replace(",", " ").split())
    rest = world.http.get(path, headers={"range": "bytes=11-"})
    assert (rest.status_code, rest.content) == (206, QUESTIONNAIRE[11:])
    assert problem(world.http.get(f"/parts/{sha256(b'another')}")).name == "not-found"


def test_whom_the_server_does_not_know_it_asks_for_the_chain(world):
    phone = Phone(world.authority)
    phone.open_catalog(world.catalog)
    sent = phone.record()
    file, asked = phone.bundle()
    assert vars(problem(world.post(file))) == {"status": 401, "name": "unknown-device"}
    assert world.http.get(f"/bundles/{sha256(file)}").status_code == 404
    world.register(phone)
    _, parcel = phone.take(world.post(file).content, asked)
    assert phone.verdicts(parcel, [sent]) == ["accepted"]


@pytest.mark.parametrize("change", ["authority", "device", "record possession", "transport possession", "seed", "halves"])
def test_a_chain_holds_only_if_all_its_keys_sign(world, change):
    phone, other = Phone(world.authority), Phone(world.authority)
    chain = phone.chain
    match change:
        case "authority":
            chain = Phone(Key()).chain
        case "device":
            chain = phone.bind(chain["grant"], device=other.device)
        case "record possession":
            chain = phone.bind(chain["grant"], record_key=other.record_key.public)
        case "transport possession":
            chain = {**chain, "possession": [chain["possession"][0], other.chain["possession"][1]]}
        case "seed":
            phone.card = Key()
            chain = phone.bind(chain["grant"])
        case "halves":
            chain = {**chain, "grant": other.chain["grant"]}
    answer = world.http.post("/devices", content=compact({"chain": chain}))
    assert vars(problem(answer)) == {"status": 403, "name": "bad-chain"}


# --- verdicts ---


def test_each_verdict_has_its_name_and_none_blocks_the_others(world):
    phone, stranger = world.phone(), Phone(world.authority)
    stranger.open_catalog(world.catalog)
    make = phone.record
    month = lambda months: (datetime.now(timezone.utc).replace(day=15) + timedelta(days=30.5 * months)).strftime("%Y-%m")
    place = {"month": month(0), "screen_commune": "BI-CO-04-02"}
    forged = make()
    forged["jws"] = forged["jws"][:-8] + "AAAAAAAA"
    foreign = make(revises=id_of(stranger.record()))
    seq = phone.seq
    records = {
        "accepted": make(seq=seq + 1),
        "refused bad_signature": forged,
        "quarantined unknown_fact": make(facts={"name": "x"}),
        "quarantined unknown_code": make(facts={**place, "sex": "x"}),
        "quarantined repeated_seq": make(seq=seq + 1),
        "quarantined unknown_questionnaire": make(questionnaire={"id": "other", "sha256": sha256(b"other")}),
        "quarantined foreign_revision": foreign,
        "quarantined outside_area": make(facts={**place, "screen_commune": "BI-CO-01-01"}),
        "quarantined old_month": make(facts={**place, "month": month(-14)}),
        "refused sealed_mismatch": {**make(), "sealed": b64(b"age-encryption.org/v1\nother bytes")},
        "refused malformed": {"jws": "no envelope"},
        "refused no_chain": stranger.record(),
        "accepted ": make(),
    }
    parcel = world.sync(phone, list(records.values()))[1]
    assert phone.verdicts(parcel, records.values()) == [verdict.strip() for verdict in records]
    assert parcel["standing"] == "trusted"
    assert world.verdicts(phone, [make(facts={**place, "month": month(2)})]) == ["quarantined old_month"], "to come"


def test_what_no_honest_phone_sends_is_refused_and_not_kept(world):
    phone = world.phone()
    place = {"month": "2026-11"}
    file = b"no age file"
    first = phone.record()
    assert world.verdicts(phone, [first]) == ["accepted"]
    not_age = phone.record(with_case=False, sealed={"sha256": sha256(file), "len": len(file)})
    records = [
        {**not_age, "sealed": b64(file)},
        {**phone.record(), "sealed": "not base64url!"},
        phone.record(with_case=False, facts={**place, **{f"f{n}": "x" for n in range(65)}}),
        phone.record(with_case=False, facts={**place, "sex": "x" * 5000}),
        {**first, "sealed": "A" * 200_000},
        phone.record(with_case=False, record=id_of(first)),
        {"jws": phone.transport_key.sign("record", {"a": 1})},
        {"jws": phone.record_key.sign("review", {"a": 1})},
        {"jws": phone.record_key.sign("record", {"a": 1})},
        phone.record(with_case=False, unknown="field"),
    ]
    verdicts = world.verdicts(phone, records)
    assert [v.split()[0] for v in verdicts] == ["refused"] * 10, verdicts
    assert verdicts[5] == "refused id_taken" and verdicts[6] == verdicts[7] == "refused no_chain"


def test_a_sealed_case_opens_with_the_case_workers_key_and_lies_on_the_server_unreadable(world):
    phone = world.phone()
    sent = phone.record()
    world.sync(phone)
    padded = pyrage.decrypt(unb64(sent["sealed"]), [world.case_worker])
    assert ["c_name", "planted"] in json.loads(zlib.decompressobj(wbits=-15).decompress(padded))["answers"]
    for file in [f for f in world.folder.rglob("*") if f.is_file()]:
        assert b"planted" not in file.read_bytes(), file.name


# --- bundles that are not what they should be ---


def test_a_bundle_that_was_changed_or_is_another_ones_is_not_taken_in(world):
    phone, other = world.phone(), world.phone()
    phone.record(with_case=False)
    intake = [world.intake]
    file, asked = phone.bundle()
    signed = phone.transport_key.sign("bundle", {n: v for n, v in asked.items() if n != "answers"}).encode()
    records = compact(list(phone.waiting.values()))
    pack = lambda text: seal(text, intake)
    others = other.bundle([])[0]
    for wrong in [
        b"",
        b"{}",
        file[:-1],
        file[:300] + bytes([file[300] ^ 1]) + file[301:],
        pyrage.encrypt(b"no deflate", [pyrage.x25519.Recipient.from_str(world.intake)]),
        pack(signed),
        pack(signed + b"\n"),
        pack(signed + b"\n[]"),
        pack(signed + b"\n" + records.replace(b"[", b"[ ", 1)),
        pack(signed[:-4] + b"AAAA\n" + records),
        pack(other.transport_key.sign("bundle", {}).encode() + b"\n" + records),
        phone.bundle(key=phone.record_key)[0],
        phone.bundle(key=Key())[0],
        phone.bundle(surprise=1)[0],
        phone.bundle(prove=list(range(17)))[0],
        phone.bundle([phone.record(with_case=False) for _ in range(101)])[0],
        pack(phone.transport_key.sign("record", {"cursor": 0}).encode() + b"\n" + records),
        pack(b'{"cursor":0}\n' + records),
    ]:
        answer = world.post(wrong)
        assert answer.status_code in (400, 401, 413), answer.text
        with pytest.raises(Weather):
            phone.take(answer.content, asked)
    assert world.post(others).status_code == 200
    assert phone.take(world.post(file).content, asked)[0] == "grown" and jws_hash(json.loads(records)[0]) in phone.kept


def test_a_bundle_for_an_intake_key_that_is_gone_asks_for_the_chain(world):
    """The parcel for it brings the catalog, which names the present key: else the phone would never hear of it."""
    phone = world.phone()
    phone.record()
    file, _ = phone.bundle(intake=str(world.recovery.to_public()))
    assert vars(problem(world.post(file))) == {"status": 401, "name": "unknown-device"}
    world.register(phone)
    assert world.sync(phone)[0] in ("grown", "unconnected") and not phone.waiting


def test_what_is_too_large_is_refused(world):
    phone = world.phone()
    answer = world.post(bytes(4 * 1024 * 1024 + 1))
    assert vars(problem(answer)) == {"status": 413, "name": "oversize"}
    answer = world.http.post("/devices", content=b'{"chain":"' + b" " * 17_000)
    assert vars(problem(answer)) == {"status": 413, "name": "oversize"}
    bomb = seal(b" " * (8 * 1024 * 1024 + 1), [world.intake])
    assert len(bomb) < 20_000 and world.post(bomb).status_code in (400, 413)
    assert world.sync(phone)[0] == "grown"


# --- pieces, and a line that is cut ---


def rest_of(world, file, begin, name=None, content_range=None):
    headers = {"tabara-bundle": name or sha256(file), "content-type": "application/vnd.tabara"}
    headers["content-range"] = content_range or f"bytes {begin}-{len(file) - 1}/{len(file)}"
    return world.http.post("/bundles", content=file[begin:], headers=headers)


def cut(world, file, end, name=None):
    """Sends so many bytes of a bundle, then the line breaks; tells what the server says of it."""
    host, port = world.address.split(":")
    name = name or sha256(file)
    head = f"POST /v2/bundles HTTP/1.1\r\nhost: x\r\ntabara-bundle: {name}\r\ncontent-length: {len(file)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode() + file[:end])
        for _ in range(100):
            held = world.http.get(f"/bundles/{name}")
            if (held.status_code, held.text) == (202, str(end)):
                break
            time.sleep(0.05)
    return held


def piece(world, file, begin, end):
    headers = {"tabara-bundle": sha256(file), "content-range": f"bytes {begin}-{end - 1}/{len(file)}"}
    return world.http.post("/bundles", content=file[begin:end], headers=headers)


def test_a_bundle_comes_in_pieces_and_each_in_its_place(world):
    phone = world.phone()
    phone.record()
    file, asked = phone.bundle()
    for begin, end in [(0, 700), (700, 1400)]:
        held = piece(world, file, begin, end)
        assert (held.status_code, held.text) == (202, str(end))
    for begin, end in [(2100, 2800), (700, 1400), (1399, 2000), (1401, len(file))]:
        assert vars(problem(piece(world, file, begin, end))) == {"status": 409, "name": "gap"}
    assert world.http.get(f"/bundles/{sha256(file)}").text == "1400", "what is out of order adds nothing"
    assert piece(world, file, 0, 300).text == "300", "a new beginning"
    assert phone.take(piece(world, file, 300, len(file)).content, asked)[0] == "grown" and not phone.waiting


def test_after_a_cut_only_the_rest_is_sent_and_in_its_place(world):
    phone = world.phone()
    phone.record()
    file, asked = phone.bundle()
    path = f"/bundles/{sha256(file)}"
    assert world.http.get(path).status_code == 404
    held = cut(world, file, 1000)
    assert (held.status_code, held.text) == (202, "1000")
    for begin in [2000, 500, 999, 1001]:
        assert vars(problem(rest_of(world, file, begin))) == {"status": 409, "name": "gap"}
    assert world.http.get(path).text == "1000", "what is out of order adds nothing"
    whole = rest_of(world, file, 1000)
    assert phone.take(whole.content, asked)[0] == "grown" and not phone.waiting
    again = world.http.get(path)
    assert again.status_code == 200 and phone.take(again.content, asked)[0] == "grown"


def test_what_was_announced_as_something_else_is_not_taken_in(world):
    phone = world.phone()
    phone.record()
    file, asked = phone.bundle()
    name = sha256(file)
    changed = file[:1500] + bytes([file[1500] ^ 1]) + file[1501:]
    cut(world, changed, 1000, name)
    assert vars(problem(rest_of(world, changed, 1000, name))) == {"status": 409, "name": "gap"}
    assert world.http.get(f"/bundles/{name}").status_code == 404
    for answer in [
        rest_of(world, file, 0, name="no hash"),
        rest_of(world, file, 0, content_range="seven"),
        rest_of(world, file, 1000),
        rest_of(world, file + bytes(512 * 1024), 0),
    ]:
        assert problem(answer).status in (400, 409, 413)
    assert phone.take(rest_of(world, file, 0).content, asked)[0] == "grown"


def test_an_answer_that_is_not_kept_any_more_is_no_fork(world):
    """The server was started anew between the answer that was lost and the question for it."""
    phone = world.phone()
    phone.record()
    file, asked = phone.bundle()
    assert world.post(file).status_code == 200
    world.stop()
    world.start()
    answer = world.http.get(f"/bundles/{sha256(file)}")
    if answer.status_code == 404:
        answer = world.post(file)
    assert phone.take(answer.content, asked)[0] == "grown" and not phone.waiting and not phone.evidence


# --- the slip ---


def test_the_slip_withdraws_from_any_phone_and_nothing_else_does(world):
    here, there = world.phone(), world.phone()
    slip = slip_key(CODE, SECRET)
    first = here.record(code=CODE, slip=slip.public)
    second = here.record(code=CODE, slip=slip.public)
    assert world.verdicts(here, [first, second]) == ["accepted"] * 2
    withdraw = {"kind": "withdrawal", "with_case": False, "facts": {}, "code": CODE, "revises": id_of(first)}
    guess = slip_key(CODE, "9" * 10)
    without, wrong = there.record(**withdraw), there.record(**withdraw, with_slip=guess)
    proven = there.record(**withdraw, with_slip=slip)
    # another phone copies the proof that it reads in the log
    copied = json.loads(unb64(proven["jws"].split(".")[1]))
    thief = world.phone()
    thief.seq += 1
    stolen = {"jws": thief.record_key.sign("record", {**copied, "seq": 1})}
    assert world.verdicts(thief, [stolen]) == ["quarantined foreign_revision"]
    assert world.verdicts(there, [without, wrong]) == ["quarantined foreign_revision"] * 2
    assert world.verdicts(here, [here.record(code=CODE)]) == ["accepted"], "the code is not dead"
    proven = there.record(**withdraw, with_slip=slip)
    assert world.verdicts(there, [proven]) == ["accepted"]
    _, parcel = world.sync(here)
    [news] = [u for u in here.updates if u["news"] == "withdrawn"]
    assert news["record"] == id_of(first)
    payload = opened("record", there.record_key.public, news["jws"])
    assert payload["proof"] == slip.raw(slip_message(payload, there.record_key.kid)), "the phone can check it itself"


def test_a_code_dies_with_the_last_of_its_records(world):
    here, there = world.phone(), world.phone()
    slip = slip_key(CODE, SECRET)
    kept = [here.record(code=CODE, slip=slip.public) for _ in range(2)]
    assert world.verdicts(here, kept) == ["accepted"] * 2
    all_of_it = {"kind": "withdrawal", "with_case": False, "facts": {}, "code": CODE}
    assert world.verdicts(there, [there.record(**all_of_it)]) == ["quarantined foreign_revision"]
    assert world.verdicts(there, [there.record(**all_of_it, with_slip=slip)]) == ["accepted"]
    assert world.verdicts(there, [there.record(code=CODE, slip=slip.public)]) == ["quarantined withdrawn_code"]
    stranger = slip_key(CODE, "9" * 10).public
    third = world.phone()
    assert world.verdicts(third, [third.record(code=CODE, slip=stranger)]) == ["accepted"], "another slip of this code"


def test_who_sees_a_code_cannot_kill_it(world):
    """A thief writes a record under it, with a slip of his own, with none, or with the public key that he saw, and takes it
    back from the phone that wrote it."""
    here, slip = world.phone(), slip_key(CODE, SECRET)
    for his in [{}, {"slip": slip_key(CODE, "9" * 10).public}, {"slip": slip.public}]:
        assert world.verdicts(here, [here.record(code=CODE, slip=slip.public)]) == ["accepted"]
        thief = world.phone()
        bogus = thief.record(code=CODE, **his)
        take_back = thief.record(kind="withdrawal", with_case=False, facts={}, code=CODE)
        assert world.verdicts(thief, [bogus, take_back]) == ["accepted"] * 2
    assert world.verdicts(here, [here.record(code=CODE, slip=slip.public), here.record(code=CODE)]) == ["accepted"] * 2


def test_the_slip_corrects_from_any_phone(world):
    here, there = world.phone(), world.phone()
    slip = slip_key(CODE, SECRET)
    first = here.record(code=CODE, slip=slip.public)
    assert world.verdicts(here, [first]) == ["accepted"]
    correct = {"code": CODE, "slip": slip.public, "revises": id_of(first), "with_case": False}
    withdraws = there.record(**correct, kind="withdrawal", facts={}, with_slip=slip)
    proof = json.loads(unb64(withdraws["jws"].split(".")[1]))["proof"]
    assert world.verdicts(there, [there.record(**correct, proof=proof)]) == ["quarantined foreign_revision"]
    assert world.verdicts(there, [there.record(**correct, with_slip=slip)]) == ["accepted"]


# --- standing and limits ---


def test_a_second_binding_waits_and_has_a_small_limit(world):
    first = world.phone()
    second = Phone(world.authority)
    second.device, second.card = first.device, first.card
    second.chain = second.bind(first.chain["grant"])
    assert world.register(second)["standing"] == "second"
    records = [second.record(with_case=False) for _ in range(25)]
    _, parcel = world.sync(second, records)
    assert second.verdicts(parcel, records) == ["quarantined second_binding"] * 20 + ["later"] * 5
    midnight = datetime.fromtimestamp(parcel["later"], timezone(timedelta(hours=2)))
    assert (midnight.hour, midnight.minute) == (0, 0) and 0 < parcel["later"] - parcel["time"] <= DAY
    assert world.verdicts(second, records[20:]) == ["later"] * 5
    many = [first.record(with_case=False) for _ in range(60)]
    assert world.verdicts(first, many) == ["accepted"] * 60, "the first has its own"


def test_a_card_from_a_drawer_waits_and_a_receipt_shows_that_it_was_used_in_time(world):
    late = Phone(world.authority, expires=int(time.time()) - 91 * DAY)
    assert world.register(late)["standing"] == "late"
    assert world.verdicts(late, [late.record(with_case=False)]) == ["quarantined late_binding"]
    in_time = Phone(world.authority, expires=int(time.time()) - 89 * DAY)
    assert world.register(in_time)["standing"] == "trusted"


def test_a_revoked_phone_is_told_so(world):
    phone = world.phone()
    assert world.verdicts(phone, [phone.record(with_case=False)]) == ["accepted"]
    world.run("device", "revoke", phone.device)
    record = phone.record(with_case=False)
    _, parcel = world.sync(phone)
    assert parcel["standing"] == "revoked" and phone.verdicts(parcel, [record]) == ["quarantined revoked_device"]


# --- reviewers, couriers, orders ---


def test_a_reviewer_sends_reviews_and_the_phone_hears_of_them(world):
    phone = world.phone()
    record = phone.record()
    world.sync(phone)
    me = Phone(world.authority)  # her client: the same program, with her key
    me.open_catalog(world.catalog)
    me.record_key = me.transport_key = world.reviewer
    facts = {"decision": "confirmed", "decided_by": "iom", "month": json.loads(unb64(record["jws"].split(".")[1]))["facts"]["month"]}
    payload = {"record": "6f1f0f3a-6a5e-4d5c-9a3c-3a8c4b1d2e3f", "case": id_of(record), "seq": 1, "kind": "review"}
    payload |= {"questionnaire": {"id": "review", "sha256": sha256(b"review")}, "revises": id_of(record), "facts": facts}
    review = {"jws": world.reviewer.sign("review", payload)}
    not_hers = phone.record(with_case=False)
    _, parcel = world.sync(me, [review, not_hers], key=world.reviewer, answer_to=str(me.mailbox.to_public()))
    verdicts = me.verdicts(parcel, [review, not_hers])
    assert verdicts[0] == "accepted" and verdicts[1].startswith("refused")
    world.sync(phone)
    [news] = [u for u in phone.updates if u["news"] == "review"]
    assert (news["record"], news["jws"]) == (id_of(record), review["jws"])


def test_a_courier_carries_both_files_and_needs_nothing_of_his_own(world):
    far = Phone(world.authority)
    far.open_catalog(world.catalog)
    record = far.record()
    file, asked = far.bundle(introductions=[{"chain": far.chain}], files=[])
    answer = world.post(file)
    how, parcel = far.take(answer.content, asked)
    assert how == "first" and far.verdicts(parcel, [record]) == ["accepted"]
    assert far.files == {sha256(QUESTIONNAIRE): QUESTIONNAIRE}
    # by hand, into the operator's program
    far.record()
    file, asked = far.bundle(files=[sha256(QUESTIONNAIRE)])
    (world.folder / "carried").write_bytes(file)
    replies = world.folder / "replies"
    replies.mkdir()
    world.run("intake", world.folder / "carried", "--replies", replies)
    assert far.take((replies / f"{sha256(file)}.parcel").read_bytes(), asked)[0] == "grown" and not far.waiting
    new = Phone(world.authority)
    registration = compact({"chain": new.chain})
    (world.folder / "carried").write_bytes(registration)
    world.run("intake", world.folder / "carried", "--replies", replies)
    answer = (replies / f"{sha256(registration)}.parcel").read_bytes()
    assert new.take(answer, {"answers": sha256(registration)})[0] == "first" and new.catalog_jws == world.catalog


def test_an_order_goes_to_the_first_binding_and_its_answer_comes_from_there(world):
    phone = world.phone()
    finder = Phone(world.authority)
    finder.device, finder.card = phone.device, phone.card
    finder.chain = finder.bind(phone.chain["grant"])
    world.register(finder)
    day = (datetime.now(timezone.utc) + timedelta(days=7)).strftime("%Y-%m-%d")
    world.run("device", "wipe", phone.device, "--by", day)
    world.sync(finder)
    assert not [u for u in finder.updates if u["news"] == "order"]
    _, parcel = world.sync(phone)
    [news] = [u for u in phone.updates if u["news"] == "order"]
    order = opened("order", world.operations, news["jws"])
    assert order["device"] == news["record"] == phone.device and order["wipe_by"] >= parcel["time"] + 2 * DAY
    world.sync(finder, wiped={"order": order["order"], "waiting": 0})
    assert world.sync(phone)[1]["standing"] == "trusted", "nobody else answers it"
    world.sync(phone, wiped={"order": order["order"], "waiting": 2})
    assert world.sync(phone)[1]["standing"] == "trusted", "records still wait"
    world.sync(phone, wiped={"order": order["order"], "waiting": 0})
    assert world.sync(phone)[1]["standing"] == "revoked"


# --- a log that was set back ---


def test_a_server_that_was_put_back_without_a_word_is_found_out_and_loses_nothing(world):
    phone = world.phone()
    phone.record()
    world.sync(phone)
    world.stop()
    shutil.copytree(world.data, world.folder / "copy")
    world.start()
    lost = phone.record()
    world.sync(phone)
    mine = phone.mine
    world.put_back(world.folder / "copy")
    how, parcel = world.sync(phone)
    assert how == "forked" and phone.evidence == [mine, parcel["head"]]
    for _ in range(4):
        world.sync(phone)
    assert jws_hash(lost) in phone.kept and not phone.waiting and not phone.prove


def test_a_restore_says_so_and_gets_back_what_it_lost(world):
    phone, other = world.phone(), world.phone()
    kept = phone.record()
    world.sync(phone)
    world.run("backup", world.folder / "backup.sqlite")
    lost = phone.record()
    world.sync(phone)
    late = world.phone()  # whose chain the backup does not have
    body = compact({"chain": late.chain})
    receipt = late.take(world.http.post("/devices", content=body).content, {"answers": sha256(body)})
    assert receipt[0] in ("grown", "unconnected")
    world.run("device", "revoke", other.device)
    world.stop()
    world.run("restore", world.folder / "backup.sqlite")
    world.start()
    how, parcel = world.sync(phone)
    assert how == "restored" and parcel["restore"]["text"].split()[2] == "restore"
    assert not phone.evidence and len(phone.prove) == 2, "each leaf is proven again before it is believed"
    for _ in range(4):
        world.sync(phone)
    assert {jws_hash(kept), jws_hash(lost)} == set(phone.kept) and not phone.prove
    assert world.sync(other)[1]["standing"] == "revoked", "a revocation since the backup comes back"
    file, _ = late.bundle([])
    assert problem(world.post(file)).name == "unknown-device", "the server forgot it, so it registers again"
    assert world.register(late)["standing"] == "trusted"
