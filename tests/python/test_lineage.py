"""Who lies to a phone, played row by row against the client: a server with the true keys, a thief of other keys, a courier, a
box in between. Each lie is seen, kept as evidence where it is signed, and costs no record."""

import copy
import zlib

import pyrage
import pytest

import rfc9162
from client import Phone
from formats import Key, Weather, act_leaf, b64, compact, from_json, open_with, opened, seal_with, sha256
from lying_server import DAY, Server, catalog_of


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def phone(server):
    return server.enrol(Phone(server.authority))


def sync(server, phone, **how):
    """One exchange; tells how the head of the answer follows."""
    file, asked = phone.bundle()
    return phone.take(server.answer(file, **how), asked)[0]


def twin(of):
    """The same server or phone once more: what happens to one does not happen to the other."""
    other = copy.copy(of)
    other.__dict__.update({name: copy.copy(held) for name, held in vars(of).items() if isinstance(held, (list, dict))})
    return other


def some_records(server, phone, count=3, exchanges=3):
    """Records that the server keeps, each exchange under a leaf of its own, with acts between them."""
    sent = []
    for _ in range(exchanges):
        sent += [phone.record(with_case=False) for _ in range(count)]
        sync(server, phone)
        server.act("closing", b"a month")
    assert not phone.waiting and len(phone.kept) == len(sent)
    return {sha256(s["jws"].encode()) for s in sent}


def in_the_end_all_is_kept(server, phone, sent):
    for _ in range(8):
        if sync(server, phone) == "grown" and not phone.prove and not phone.waiting:
            break
    assert sent == set(phone.kept) and sent <= set(server.where), "what was dropped has arrived again"
    for jws, (index, leaf, _) in phone.kept.items():
        assert server.where[jws] == index and b64(rfc9162.leaf_hash(server.leaves[index].encode())) == leaf


def test_an_honest_server_grows(server, phone):
    some_records(server, phone)
    assert [sync(server, phone) for _ in range(2)] == ["grown", "grown"]
    assert phone.mine == server.head() and not phone.evidence


# --- heads ---


@pytest.mark.parametrize("earlier", [0, -3600])
@pytest.mark.parametrize("size", [2, 4, 7])
def test_a_rollback_without_a_word(server, phone, size, earlier):
    """Also one whose clock is set back with it: the answer to a bundle that names my head is not older than it."""
    sent, before = some_records(server, phone), phone.mine
    server.cut(size)
    server.time += earlier
    assert sync(server, phone) == "forked"
    assert phone.evidence == [before, server.head()], "both heads are kept"
    file, _ = phone.bundle()
    told = opened("bundle", phone.transport_key.public, open_with(file, server.intake)[0])
    assert told["evidence"] == phone.evidence, "and coordinators are told"
    in_the_end_all_is_kept(server, phone, sent)


def test_a_rollback_that_was_filled_up_again(server, phone):
    sent, before = some_records(server, phone), phone.mine
    server.cut(5)
    while len(server.leaves) < before["size"] + 4:
        server.act("closing", b"another month")
    assert sync(server, phone) == "forked"
    in_the_end_all_is_kept(server, phone, sent)


@pytest.mark.parametrize("larger", [0, 3])
def test_a_fork_of_the_same_or_of_a_larger_size(server, phone, larger):
    sent = some_records(server, phone)
    server.rewrite(3, act_leaf(DAY, "closing", b"never was"))
    for _ in range(larger):
        server.act("closing", b"later")
    assert sync(server, phone) == "forked"
    in_the_end_all_is_kept(server, phone, sent)


def test_a_proof_of_another_tree(server, phone):
    """The true consistency proof beside a false head, and the other way round."""
    some_records(server, phone)
    true = twin(server)
    true.act("closing", b"true")
    server.leaves[2] = act_leaf(DAY, "closing", b"false")
    server.act("closing", b"false")
    size = len(true.leaves)
    lie = lambda parcel, _: parcel.update(grown=true.consistency(phone.mine["size"], size))
    assert sync(server, phone, lie=lie) == "forked"


def test_a_restore_that_says_so_is_believed_and_one_that_hides_a_leaf_is_not(server, phone):
    sent = some_records(server, phone)
    kept_below = {index for index, _, _ in phone.kept.values() if index < 5}
    honest, hiding = twin(server), twin(server)
    honest.restore(5)
    other = twin(phone)
    assert sync(honest, phone) == "restored" and not phone.evidence
    assert kept_below <= set(phone.prove), "what lies below the cut is proven again"
    in_the_end_all_is_kept(honest, phone, sent)
    hiding.known = other.mine["size"] - 1
    hiding.restore(5)
    hiding.act("closing", b"later")
    assert sync(hiding, other) == "forked" and other.evidence
    in_the_end_all_is_kept(hiding, other, sent)


def test_a_restore_of_before_the_phones_head_excuses_no_later_loss(server, phone):
    sent = some_records(server, phone)
    server.restore(5)
    in_the_end_all_is_kept(server, phone, sent)
    assert not phone.evidence and len(phone.passed) == 1
    server.known = 1000
    server.cut(7)
    assert sync(server, phone) == "forked" and phone.evidence, "its leaf is still there"
    in_the_end_all_is_kept(server, phone, sent)


def test_a_restore_leaf_at_another_place_or_of_another_tree(server, phone):
    some_records(server, phone)
    before = phone.mine
    server.cut(4)
    elsewhere = twin(server)
    elsewhere.restore(4)
    stolen = elsewhere.proof(4)
    server.append(act_leaf(DAY, "closing", b"x"))
    for wrong in [stolen, {**stolen, "index": 3}, {**server.proof(4), "text": stolen["text"]}]:
        other = twin(phone)
        lie = lambda parcel, _, wrong=wrong: parcel.update(restore=wrong)
        assert sync(server, other, lie=lie) == "forked" and other.evidence[0] == before
    # one that says that it kept more than lies before it
    server.append(elsewhere.leaves[4].replace("kept 4", "kept 6"))
    assert sync(server, phone, lie=lambda parcel, _: parcel.update(restore=server.proof(5))) == "forked"


def test_a_courier_who_is_slow_changes_nothing_and_one_who_forks_is_found(server, phone):
    sent = some_records(server, phone)
    phone.record(with_case=False)
    file, asked = phone.bundle()
    slow = server.answer(file)
    server.act("closing", b"later")
    assert sync(server, phone) == "grown"
    mine = phone.mine
    assert phone.take(slow, asked)[0] == "unconnected" and phone.mine == mine
    assert sync(server, phone) == "grown" and not phone.loose and not phone.evidence, "it was connected"
    # the same way with a parcel from a fork, made by the true key
    file, asked = phone.bundle()
    fork = twin(server)
    fork.leaves[1] = act_leaf(DAY, "catalog", b"another")
    forked = fork.answer(file)
    server.act("closing", b"later still")
    assert sync(server, phone) == "grown"
    assert phone.take(forked, asked)[0] == "unconnected"
    assert sync(server, phone) == "grown" and len(phone.evidence) == 2, "it cannot be connected: evidence"
    assert sent <= set(server.where)


# --- answers ---


def test_a_replay_is_no_answer_to_another_bundle_and_changes_nothing_for_its_own(server, phone):
    some_records(server, phone)
    phone.record(with_case=False)
    file, asked = phone.bundle()
    answer = server.answer(file)
    phone.take(answer, asked)
    server.act("closing", b"later")
    assert sync(server, phone) == "grown"
    before = copy.deepcopy((phone.mine, phone.kept, phone.cursor, phone.seq, phone.waiting))
    _, new = phone.bundle()
    with pytest.raises(Weather):
        phone.take(answer, new)
    assert phone.take(answer, asked)[0] == "unconnected", "the bundle that it answers named an older head"
    assert before == (phone.mine, phone.kept, phone.cursor, phone.seq, phone.waiting)


def test_an_answer_for_another_phone_or_to_another_bundle(server, phone):
    other = server.enrol(Phone(server.authority))
    phone.record(with_case=False), other.record(with_case=False)
    (file, asked), (others, _) = phone.bundle(), other.bundle()
    for answer in [
        server.answer(others),  # sealed to the other
        server.answer(others, seal_to=phone.mailbox),  # readable, and about another bundle
        server.answer(file, seal_to=other.mailbox),
        server.answer(file, lie=lambda parcel, _: parcel.update(answers=sha256(others))),
    ]:
        with pytest.raises(Weather):
            phone.take(answer, asked)
    assert phone.mine is None and len(phone.waiting) == 1


def test_a_leaf_of_another_tree_or_with_a_changed_verdict(server, phone):
    some_records(server, phone)
    phone.record(with_case=False)
    file, asked = phone.bundle()
    unknown = lambda record: "unknown_fact"
    true = server.answer(file, judge=unknown)
    fork = twin(server)
    fork.leaves[0] = act_leaf(DAY, "closing", b"false")
    at = len(server.leaves) - 1

    def changed(change):
        def lie(parcel, _):
            change(parcel["leaves"][0])
        return lie

    for lie in [
        changed(lambda leaf: leaf.update(text=leaf["text"].replace("quarantined unknown_fact", "accepted"))),
        changed(lambda leaf: leaf.update(index=at - 1)),
        changed(lambda leaf: leaf.update(proof=fork.proof(at)["proof"])),
        changed(lambda leaf: leaf.update(proof=leaf["proof"][1:])),
        lambda parcel, _: parcel.update(head=fork.head()),
    ]:
        with pytest.raises(Weather):
            phone.take(server.answer(file, lie=lie), asked)
    assert len(phone.waiting) == 1, "nothing of them counts"
    _, parcel = phone.take(true, asked)
    assert phone.verdicts(parcel, records_of(server, file)) == ["quarantined unknown_fact"]


def records_of(server, file):
    return from_json(open_with(file, server.intake)[1])


def test_a_changed_leaf_that_is_proven_again_does_not_count(server, phone):
    """After a restore the server shows another leaf at the index of mine: the record is sent again."""
    sent = some_records(server, phone)
    mine = sorted(index for index, _, _ in phone.kept.values())[0]
    server.leaves[mine] = server.leaves[mine].replace("accepted", "quarantined old_month")
    server.restore(phone.mine["size"] - 1)
    assert sync(server, phone) == "restored" and mine in phone.prove
    sync(server, phone)
    again = {jws for jws in sent if jws in phone.waiting}
    assert len(again) == 6, "the three of that bundle go out again, and the three that the restore lost"


def test_what_the_server_drops_from_its_answer_is_sent_again(server, phone):
    for _ in range(3):
        phone.record(with_case=False)
    file, asked = phone.bundle()
    assert phone.take(server.answer(file, lie=lambda p, _: p.pop("leaves")), asked)[0] == "first"
    assert len(phone.waiting) == 3
    assert sync(server, phone) == "grown" and not phone.waiting


@pytest.mark.parametrize("typ", ["bundle", "order", "catalog"])
def test_an_answer_of_another_kind_or_key(server, phone, typ):
    phone.record(with_case=False)
    file, asked = phone.bundle()
    with pytest.raises(Weather):
        phone.take(server.answer(file, key=Key()), asked)
    envelope, beside = open_with(server.answer(file), phone.mailbox)
    parcel = opened("parcel", server.operations.public, envelope)
    to = str(phone.mailbox.to_public())
    for wrong in [server.operations.sign(typ, parcel), envelope[:-4] + "AAAA", envelope.replace(".", "..", 1), "", "a.b.c"]:
        with pytest.raises(Weather):
            phone.take(seal_with(wrong, beside, to), asked)
    assert phone.mine is None
    assert phone.take(seal_with(envelope, beside, to), asked)[0] == "first", "sealed again by anybody it still holds"


def test_a_box_in_between(server, phone):
    """A portal, an error, a cut, a byte that was changed, an unpacker: weather."""
    some_records(server, phone)
    phone.record(with_case=False)
    file, asked = phone.bundle()
    true = server.answer(file)
    plain = pyrage.decrypt(true, [phone.mailbox])
    to = [phone.mailbox.to_public()]
    before = copy.deepcopy((phone.mine, phone.kept, phone.cursor))
    boxes = [b"", b"<html>sign in to the network</html>", b'{"type":"urn:tabara:oversize","status":413}', true[:-1], true + b"\0"]
    boxes += [true[:at] + bytes([true[at] ^ 1]) + true[at + 1 :] for at in range(0, len(true), 31)]
    boxes += [zlib.decompressobj(wbits=-15).decompress(plain), pyrage.encrypt(plain + b"\1", to), file, bytes(4 << 20) + b"\0"]
    for box in boxes:
        with pytest.raises(Weather):
            phone.take(box, asked)
    assert before == (phone.mine, phone.kept, phone.cursor) and len(phone.waiting) == 1
    assert phone.take(true, asked)[0] == "grown" and not phone.waiting


# --- the catalog ---


def test_a_changed_catalog(server, phone):
    """Only the authority's catalog is taken, and only a newer one; the answer itself still holds."""
    some_records(server, phone)
    thief, theirs = Key(), pyrage.x25519.Identity.generate()
    keys = (thief, theirs, theirs, theirs)
    true, mine = server.catalog, phone.catalog
    no_recovery = catalog_of(*keys, 9)
    no_recovery["recipients"] = no_recovery["recipients"][:1]
    signed, payload, signature = server.authority.sign("catalog", catalog_of(*keys, 9)).split(".")
    for false in [
        thief.sign("catalog", catalog_of(*keys, 9)),
        server.operations.sign("catalog", catalog_of(*keys, 9)),
        server.authority.sign("grant", catalog_of(*keys, 9)),
        server.authority.sign("catalog", no_recovery),
        server.authority.sign("catalog", catalog_of(*keys, 1)),  # another one of the same version
        server.authority.sign("catalog", catalog_of(*keys, 0)),
        f"{signed}.{true.split('.')[1]}.{signature}",
    ]:
        lie = lambda _, beside, false=false: beside.update(catalog=false)
        assert sync(server, phone, lie=lie) == "grown" and phone.catalog == mine
        # and a thief's catalog does not let her own key answer
        file, asked = phone.bundle()
        with pytest.raises(Weather):
            phone.take(server.answer(file, lie=lie, key=thief), asked)
    assert phone.catalog == mine


def test_keys_are_replaced_through_the_catalog(server, phone):
    """The parcel that brings the catalog may be signed by the key that only this catalog names."""
    some_records(server, phone)
    old, server.operations = server.operations, Key()
    server.publish(2, rotation={"operations": [old.public], "authorities": []})
    assert sync(server, phone) == "grown" and phone.catalog["version"] == 2
    assert sync(server, phone, key=old) == "grown", "the earlier key still counts"
    server.publish(3)
    assert sync(server, phone) == "grown"
    file, asked = phone.bundle()
    with pytest.raises(Weather):
        phone.take(server.answer(file, key=old), asked)
    # a new authority, named by the old one
    old, server.authority = server.authority, Key()
    server.publish(4)
    sync(server, phone)
    assert phone.catalog["version"] == 3, "not yet named"
    server.publish(4, key=old, rotation={"operations": [], "authorities": [server.authority.public]})
    sync(server, phone)
    server.publish(5)
    sync(server, phone)
    assert phone.catalog["version"] == 5 and phone.authority == server.authority.public


# --- the phone's own past, and what only the server may read ---


def test_a_phone_whose_folder_was_put_back_goes_on_behind_the_seq_that_the_server_saw(server, phone):
    some_records(server, phone, count=1, exchanges=2)
    old = twin(phone)
    phone.record(with_case=False)
    sync(server, phone)
    assert old.seq == 2 and sync(server, old) == "grown" and old.seq == 3


def test_a_file_tells_its_carrier_nothing_but_a_length_in_steps(server, phone):
    phone.record(code="7KQ4M2XHTH")
    file, asked = phone.bundle()
    answer = server.answer(file)
    for carried, step in [(file, 1024), (answer, 512)]:
        assert len(carried) % step == 0
        for word in [b"7KQ4M2XHTH", b"tabara-", phone.device.encode(), b"BI-CO", asked["records"].encode()]:
            assert word not in carried
    forged = seal_with(open_with(file, server.intake)[0], compact([{"jws": "a.b.c"}]), phone.recipients("intake")[0])
    with pytest.raises(Weather):
        server.answer(forged)
