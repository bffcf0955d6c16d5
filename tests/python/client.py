"""An independent client of version 2, written from server/PROTOCOL.md alone: a phone, and what it makes of answers."""

import time
import uuid

import pyrage

from formats import (
    Key, Weather, b64, compact, entries_of, filled, follows, from_json, header, open_with, opened, restore_leaf, seal,
    seal_with, sha256, sha256_leaf, slip_message, stands, thumbprint, unb64,
)

QUESTIONNAIRE = b"a compiled questionnaire"


def restore_told(leaf, head):
    """What the leaf of a restore says that stands under this head: `kept` and `known`; None if it is another leaf."""
    match leaf["text"].split():
        case ["tabara-leaf", "2", "restore", day, "kept", kept, "known", known]:
            kept, known = int(kept), int(known)
            sound = leaf["text"] == restore_leaf(day, kept, known) and kept <= leaf["index"] and stands(leaf, head)
            return (kept, known) if sound else None
    return None


def cuts_off(restore, size):
    kept, known = restore
    return kept < size <= known


def lineage(mine, asked, passed, parcel):
    """The table of the page: what the head of a parcel means to a phone, whose bundle named `asked`. `passed`: restores
    of before `mine`."""
    new = parcel["head"]
    if mine is None:
        return "first"
    if new == mine:
        return "grown"
    if asked != mine:
        return "unconnected"
    if follows(mine, new, parcel.get("grown")):
        return "grown"
    restore = parcel.get("restore") and restore_told(parcel["restore"], new)
    if restore and cuts_off(restore, mine["size"]) and restore not in passed:
        return "restored"
    return "forked"


# --- a phone ---


class Phone:
    def __init__(self, authority, **grant):
        self.authority = authority.public
        self.device = str(uuid.uuid4())
        self.card, self.record_key, self.transport_key = Key(), Key(), Key()
        self.mailbox, self.vault = (pyrage.x25519.Identity.generate() for _ in range(2))
        self.grant = {
            "device": self.device,
            "role": "focal_point",
            "organisation": "IOM",
            "commune": "BI-CO-04-02",
            "area": "commune",
            "servers": [{"url": "http://127.0.0.1:9"}],
            "expires": int(time.time()) + 86_400,
            "card": self.card.public,
            **grant,
        }
        self.chain = self.bind(authority.sign("grant", self.grant))
        self.seq, self.cursor, self.receipt = 0, 0, None
        self.catalog, self.catalog_jws = None, None
        self.mine, self.loose, self.evidence = None, [], []
        self.restores, self.passed = set(), set()
        self.waiting, self.kept, self.refused = {}, {}, {}
        self.prove = []  # indices of leaves that must be proven again
        self.updates, self.files = [], {}

    def bind(self, grant, **changes):
        binding = {
            "device": self.device,
            "record_key": self.record_key.public,
            "transport_key": self.transport_key.public,
            "mailbox": str(self.mailbox.to_public()),
            "vault": str(self.vault.to_public()),
            **changes,
        }
        envelope = self.card.sign("device", binding)
        proof = {"binding": sha256(envelope.encode())}
        possession = [key.sign("device", proof) for key in (self.record_key, self.transport_key)]
        return {"grant": grant, "binding": envelope, "possession": possession}

    def recipients(self, *roles):
        return [r["age"] for r in self.catalog["recipients"] if r["role"] in roles]

    def record(self, recipients=None, with_case=True, **changes):
        """A screening with its sealed case, as it is sent; it waits to be sent."""
        self.seq += 1
        questionnaire = {"id": "returnee-screening", "sha256": sha256(QUESTIONNAIRE)}
        ids = {"record": str(uuid.uuid4()), "case": str(uuid.uuid4()), "questionnaire": questionnaire}
        ids |= {name: changes[name] for name in ids if name in changes}
        facts = {"month": time.strftime("%Y-%m", time.gmtime(time.time() + 7200)), "screen_commune": "BI-CO-04-02"}
        facts |= {"sex": "f", "outcome": "presumed", "exploitation": ["ex_domestic"]}
        payload = {**ids, "seq": self.seq, "kind": "screening", "facts": facts}
        file = None
        if with_case:
            case = {**ids, "language": "en", "sealed_at": 0, "answers": [["c_name", "planted"]], "assessment": None}
            file = seal(compact(case), recipients or self.recipients("case_worker", "recovery"))
            payload["sealed"] = {"sha256": sha256(file), "len": len(file)}
        payload = filled(**payload | changes)
        if (slip := payload.pop("with_slip", None)) is not None:
            payload["proof"] = slip.raw(slip_message(payload, self.record_key.kid))
        sent = filled(jws=self.record_key.sign("record", payload), sealed=b64(file) if file else None)
        self.waiting[sha256(sent["jws"].encode())] = sent
        return sent

    def bundle(self, records=None, key=None, intake=None, **fields):
        """A bundle file; and what must be remembered of it to read the answer."""
        to_send = [sent for jws, sent in self.waiting.items() if jws not in self.refused]
        records = to_send[:100] if records is None else records
        beside = compact(records)
        payload = filled(
            head=self.mine,
            connect=[head["size"] for head, _ in self.loose],
            prove=self.prove[:16],
            cursor=self.cursor,
            catalog=self.catalog_jws and sha256(self.catalog_jws.encode()),
            evidence=self.evidence[:16],
            records=sha256(beside),
        )
        asked = payload | fields
        file = seal_with((key or self.transport_key).sign("bundle", asked), beside, intake or self.recipients("intake")[0])
        return file, {"answers": sha256(file), **asked}

    def open_catalog(self, jws):
        """Takes a catalog if it may; tells the one in force from then on."""
        authorities = {self.authority, *(self.catalog or {}).get("rotation", {}).get("authorities", [])}
        for x in authorities:
            if header(jws).get("kid") == thumbprint(x):
                new = opened("catalog", x, jws)
                roles = {r["role"] for r in new["recipients"]}
                newer = self.catalog is None or new["version"] > self.catalog["version"]
                if newer and {"case_worker", "recovery"} <= roles and new["least_protocol"] <= 2:
                    self.catalog, self.catalog_jws, self.authority = new, jws, x
        return self.catalog

    def take(self, file, asked):
        """Reads a parcel that should answer what was asked. Tells how its head follows; `Weather` if it is no answer."""
        envelope, beside = open_with(file, self.mailbox)
        beside = from_json(beside)
        catalog = self.catalog
        if "catalog" in beside:
            try:
                catalog = self.open_catalog(beside["catalog"])
            except Weather:  # a catalog that is not the authority's is as none
                pass
        operations = [catalog["operations"], *catalog.get("rotation", {}).get("operations", [])] if catalog else []
        key = next((x for x in operations if thumbprint(x) == header(envelope).get("kid")), None)
        if key is None:
            raise Weather("not signed by the server")
        parcel = opened("parcel", key, envelope)
        if parcel["answers"] != asked["answers"]:
            raise Weather("the answer to something else")
        leaves = parcel.get("leaves", [])
        if not all(stands(leaf, parcel["head"]) for leaf in leaves):
            raise Weather("a leaf that stands in no tree of this head")
        for part in beside.get("files", []):
            data = unb64(part)
            if sha256(data) in {p["sha256"] for p in catalog["parts"]}:
                self.files[sha256(data)] = data
        leaves = [*leaves, *([parcel["restore"]] if parcel.get("restore") else [])]
        told = {restore for leaf in leaves if (restore := restore_told(leaf, parcel["head"]))}
        how = lineage(self.mine, asked.get("head"), self.passed, parcel)
        self.restores |= told
        self.judge(how, parcel, envelope, asked)
        if how != "unconnected":
            self.passed |= told
        self.settle(how, parcel, asked)
        return how, parcel

    def judge(self, how, parcel, envelope, asked):
        """Keeps, connects or suspects heads."""
        mine, head = self.mine, parcel["head"]
        if how == "unconnected":
            self.loose = [*self.loose, (head, envelope)][-8:]
            return
        self.mine = head
        self.evidence = [mine, head] if how == "forked" else []
        if how == "forked":
            self.loose = []
        elif how == "restored":
            self.loose = [loose for loose in self.loose if not self.is_cut_off(loose[0])]
        else:
            self.connect(parcel, asked)
        if how in ("forked", "restored") or self.evidence:
            self.prove = sorted({index for index, _, _ in self.kept.values() if index < head["size"]})
            self.again(lambda index: index >= head["size"])

    def connect(self, parcel, asked):
        """Heads that couriers brought are continued by the new one, or a restore took them away, or it is a lie."""
        head, proofs = parcel["head"], {c["size"]: c["proof"] for c in parcel.get("connected", [])}
        for loose in list(self.loose):
            size = loose[0]["size"]
            if loose[0] == head or follows(loose[0], head, proofs.get(size)):
                self.loose.remove(loose)
            elif size <= head["size"] and size in asked.get("connect", []):
                self.loose.remove(loose)
                if not self.is_cut_off(loose[0]):
                    self.evidence += [head, loose[0]]

    def is_cut_off(self, head):
        return any(cuts_off(restore, head["size"]) for restore in self.restores)

    def again(self, wanted):
        for jws in [jws for jws, (index, _, _) in self.kept.items() if wanted(index)]:
            self.waiting[jws] = self.kept.pop(jws)[2]

    def settle(self, how, parcel, asked):
        """Verdicts, news, and leaves that were asked for."""
        proven = {leaf["index"]: leaf for leaf in parcel.get("leaves", [])}
        if how != "unconnected":
            for index in asked.get("prove", []):
                leaf = proven.get(index)
                hashes = {h for i, h, _ in self.kept.values() if i == index}
                if leaf is None or hashes != {sha256_leaf(leaf["text"])}:
                    self.again(lambda at, index=index: at == index)
                self.prove = [at for at in self.prove if at != index]
        for index, leaf in self.of_records(proven, asked):
            for jws, (_, verdict) in entries_of(leaf["text"]).items():
                if jws in self.waiting:
                    self.kept[jws] = (index, sha256_leaf(leaf["text"]), self.waiting.pop(jws))
                    self.refused.pop(jws, None)
        for refused in parcel.get("refused", []):
            self.refused[refused["jws"]] = refused["reason"]
        self.updates += parcel.get("updates", [])
        self.seq = max(self.seq, parcel["seq"])
        if how != "unconnected":
            self.cursor = parcel["cursor"]

    @staticmethod
    def of_records(proven, asked):
        """A leaf that was asked for by its index tells only whether that record is still kept."""
        return [(index, leaf) for index, leaf in proven.items() if index not in asked.get("prove", [])]

    def verdicts(self, parcel, records):
        """What a parcel says of these records, in their order."""
        said = {jws: verdict for leaf in parcel.get("leaves", []) for jws, (_, verdict) in entries_of(leaf["text"]).items()}
        said |= {r["jws"]: f"refused {r['reason']}" for r in parcel.get("refused", [])}
        return [said.get(sha256(sent["jws"].encode()), "later") for sent in records]
