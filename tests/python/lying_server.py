"""A small server of version 2, written from server/PROTOCOL.md alone. It is honest until a test makes it lie: what it signs
is signed by the true operations key."""

import pyrage

import rfc9162
from formats import (
    Key, Weather, act_leaf, b64, bundle_leaf, compact, filled, from_json, header, open_with, opened, restore_leaf,
    seal_with, sha256,
)

DAY = "2026-11-29"
NOON = 1_795_953_600


def catalog_of(operations, intake, case_worker, recovery, version=1, **fields):
    roles = {"case_worker": case_worker, "recovery": recovery, "intake": intake}
    return {
        "version": version,
        "expires": NOON + 86_400,
        "operations": operations.public,
        "recipients": [{"name": r, "role": r, "age": str(i.to_public())} for r, i in roles.items()],
        "reviewers": [],
        "parts": [],
        "revoked": [],
        "least_protocol": 2,
        **fields,
    }


class Server:
    def __init__(self):
        self.authority, self.operations = Key(), Key()
        self.intake, self.case_worker, self.recovery = (pyrage.x25519.Identity.generate() for _ in range(3))
        self.publish(1)
        self.leaves, self.where, self.phones, self.seen = [], {}, {}, {}
        self.time, self.known = NOON, 0
        self.act("dictionary", b"the facts in force")
        self.act("catalog", self.catalog.encode())

    def publish(self, version, key=None, **fields):
        keys = (self.operations, self.intake, self.case_worker, self.recovery)
        self.catalog = (key or self.authority).sign("catalog", catalog_of(*keys, version, **fields))

    # the tree

    def act(self, kind, text):
        return self.append(act_leaf(DAY, kind, text))

    def append(self, text):
        self.leaves.append(text)
        self.known = max(self.known, len(self.leaves))
        return len(self.leaves) - 1

    def hashes(self, size=None):
        return [rfc9162.leaf_hash(text.encode()) for text in self.leaves[:size]]

    def head(self):
        return {"size": len(self.leaves), "root": b64(rfc9162.root(self.hashes()))}

    def proof(self, index):
        path = rfc9162.inclusion(index, self.hashes())
        return {"index": index, "text": self.leaves[index], "proof": [b64(node) for node in path]}

    def consistency(self, old, size):
        """None where there is no such tree."""
        if not old <= size <= len(self.leaves):
            return None
        return [b64(node) for node in rfc9162.consistency(old, self.hashes(size))]

    def cut(self, size):
        """Sets the log back, without a word."""
        del self.leaves[size:]
        self.where = {jws: index for jws, index in self.where.items() if index < size}

    def rewrite(self, index, text):
        """Puts another leaf there, and has not what stood in the old one."""
        self.leaves[index] = text
        self.where = {jws: at for jws, at in self.where.items() if at != index}

    def restore(self, size):
        """Sets it back to a backup, and says so."""
        known = self.known
        self.cut(size)
        self.append(restore_leaf(DAY, size, known))
        self.known = max(self.known, known + 1)

    # the exchange

    def enrol(self, phone):
        """Knows a phone, which has the catalog."""
        self.phones[phone.transport_key.kid] = phone
        self.act("chain", compact(phone.chain))
        phone.open_catalog(self.catalog)
        return phone

    def answer(self, file, lie=lambda parcel, beside: None, key=None, seal_to=None, judge=lambda record: None):
        """Takes a bundle in; `judge` gives a reason for quarantine. What it answers passes `lie` before it is signed."""
        envelope, beside = open_with(file, self.intake)
        phone = self.phones[header(envelope)["kid"]]
        bundle = opened("bundle", phone.transport_key.public, envelope)
        if bundle["records"] != sha256(beside):
            raise Weather("records that the phone did not put in")
        records = from_json(beside)
        entries, refused = [], []
        for sent in records:
            jws = sha256(sent["jws"].encode())
            if jws in self.where:
                continue
            try:
                record = opened("record", phone.record_key.public, sent["jws"])
            except Weather:
                refused.append({"jws": jws, "reason": "bad_signature"})
                continue
            entries.append((jws, judge(record)))
            self.seen[phone.device] = max(self.seen.get(phone.device, 0), record["seq"])
        if entries:
            index = self.append(bundle_leaf(DAY, sha256(file), entries))
            self.where |= {jws: index for jws, _ in entries}
        of_records = {self.where.get(sha256(sent["jws"].encode())) for sent in records} - {None}
        asked = [index for index in bundle.get("prove", []) if index < len(self.leaves)]
        mine, size = bundle.get("head"), len(self.leaves)
        grown = self.consistency(mine["size"], size) if mine else None
        follows = bool(mine) and mine["size"] <= size and mine["root"] == b64(rfc9162.root(self.hashes(mine["size"])))
        seen, connect = mine["size"] if follows else 0, bundle.get("connect", [])
        restores = [i for i, text in enumerate(self.leaves) if text.startswith("tabara-leaf 2 restore ")]
        told = {i for i in restores if i >= seen or any(self.cut_off(i, self.leaves[i], {"size": s}) for s in connect)}
        parcel = filled(
            answers=sha256(file),
            time=self.time,
            head=self.head(),
            standing="trusted",
            seq=self.seen.get(phone.device, 0),
            restore=next((self.proof(i) for i in restores[::-1] if self.cut_off(i, self.leaves[i], mine)), None),
            connected=[{"size": s, "proof": p} for s in connect if (p := self.consistency(s, size)) is not None],
            leaves=[self.proof(index) for index in sorted({*of_records, *asked, *told})],
            refused=refused,
            cursor=bundle["cursor"],
        )
        if grown is not None:
            parcel["grown"] = grown  # also an empty one is a proof
        behind = {} if bundle.get("catalog") == sha256(self.catalog.encode()) else {"catalog": self.catalog}
        lie(parcel, behind)
        signed = (key or self.operations).sign("parcel", parcel)
        return seal_with(signed, compact(behind), str((seal_to or phone.mailbox).to_public()), step=512)

    @staticmethod
    def cut_off(index, text, mine):
        words = text.split()
        return words[2] == "restore" and mine and index < mine["size"] <= int(words[7])
