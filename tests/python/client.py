"""An independent client of version 2, written from server/PROTOCOL.md alone, with libraries of other people: it is the
authority, a phone, a case worker and a reviewer."""

import base64
import hashlib
import json
import time
import uuid
import zlib

import pyrage
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

import rfc9162

KIB = 1024
MAX_ENVELOPE = 256 * KIB
MAX_FILE = 4 * 1024 * KIB
QUESTIONNAIRE = b"a compiled questionnaire"


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return b64(hashlib.sha256(data).digest())


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def filled(**fields):
    """A JSON object without what is absent."""
    return {name: value for name, value in fields.items() if value is not None and value != []}


class Weather(Exception):
    """What came is no answer: nothing in it holds."""


def strict(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise Weather("a repeated key")
    return dict(pairs)


def from_json(text):
    try:
        return json.loads(text, object_pairs_hook=strict)
    except ValueError as e:
        raise Weather(f"not JSON: {e}") from e


# --- signing ---


def thumbprint(x):
    """RFC 7638, of an Ed25519 key as RFC 8037 writes it."""
    return sha256(compact({"crv": "Ed25519", "kty": "OKP", "x": x}))


class Key:
    def __init__(self, seed=None):
        self.key = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.seed = self.key.private_bytes_raw()
        self.public = b64(self.key.public_key().public_bytes_raw())
        self.kid = thumbprint(self.public)

    def raw(self, message):
        return b64(self.key.sign(message))

    def sign(self, typ, payload):
        header = {"alg": "Ed25519", "typ": f"tabara-{typ}", "kid": self.kid}
        signed = f"{b64(compact(header))}.{b64(compact(payload))}"
        return f"{signed}.{self.raw(signed.encode())}"


def signed_by(x, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(unb64(x)).verify(unb64(signature), message)
    except InvalidSignature:
        return False
    return True


def header(envelope):
    try:
        return from_json(unb64(envelope.split(".")[0]))
    except (ValueError, IndexError) as e:
        raise Weather("no envelope") from e


def opened(typ, x, envelope):
    """The payload of an envelope by the key whose public half is `x`."""
    if len(envelope) > MAX_ENVELOPE or envelope.count(".") != 2:
        raise Weather("no envelope")
    if header(envelope) != {"alg": "Ed25519", "typ": f"tabara-{typ}", "kid": thumbprint(x)}:
        raise Weather("an envelope of another kind or key")
    signed, _, signature = envelope.rpartition(".")
    if not signed_by(x, signed.encode(), signature):
        raise Weather("the signature does not fit")
    return from_json(unb64(signed.split(".")[1]))


# --- sealing ---


def few_lengths(least):
    """Of cases: 2, 4, 8, 16 KiB, then eighths of the next power of two."""
    power = 1 << (max(least, 2 * KIB) - 1).bit_length()
    return power if power <= 16 * KIB else -(-least // (power // 8)) * (power // 8)


def whole_kib(least):
    """Of bundles and parcels."""
    return -(-least // KIB) * KIB


def seal(plain, recipients, lengths=few_lengths):
    """Raw DEFLATE, zeros, age. pyrage adds a stanza of random length and does not tell which, so this encrypts until
    the header comes that the zeros were counted for."""
    deflate = zlib.compressobj(9, wbits=-15)
    packed = deflate.compress(plain) + deflate.flush()
    recipients = [pyrage.x25519.Recipient.from_str(r) for r in recipients]
    chunked = lambda n: n + 16 * max(1, -(-n // (64 * KIB)))
    head = len(pyrage.encrypt(b"", recipients)) - 16
    length = lengths(head + chunked(len(packed)))
    while (room := next((n for n in range(length - head, -1, -1) if head + chunked(n) <= length), 0)) < len(packed) or (
        head + chunked(room) != length
    ):
        length = lengths(length + 1)
    tries = (pyrage.encrypt(packed + bytes(room - len(packed)), recipients) for _ in range(100_000))
    return next(file for file in tries if len(file) == length)


def unseal(file, identity):
    try:
        padded = pyrage.decrypt(file, [identity])
        inflate = zlib.decompressobj(wbits=-15)
        plain = inflate.decompress(padded, 8 * KIB * KIB)
    except (pyrage.DecryptError, ValueError, zlib.error) as e:
        raise Weather(f"does not open: {e}") from e
    if not inflate.eof or any(inflate.unused_data):
        raise Weather("not filled up with zeros")
    return plain


def seal_with(envelope, beside, recipient):
    return seal(envelope.encode() + b"\n" + beside, [recipient], whole_kib)


def open_with(file, identity):
    """Envelope and JSON behind it, of which nothing is checked yet."""
    if len(file) > MAX_FILE:
        raise Weather("too long")
    envelope, _, beside = unseal(file, identity).partition(b"\n")
    return envelope.decode(errors="replace"), beside


# --- the slip ---


def slip_key(code, secret):
    salt = f"tabara slip 2 {code}".encode()
    return Key(hash_secret_raw(secret.encode(), salt, 2, 19_456, 1, 32, Type.ID))


def slip_message(record, kid):
    what = "withdraw" if record["kind"] == "withdrawal" else "correct"
    lines = ["tabara-slip 2", what, record["record"], record.get("revises", "-"), record.get("code", "-"), kid]
    return "".join(line + "\n" for line in lines).encode()


def may_change(record, kid, slip):
    """Whether the owner of this slip agreed to the record, which the key `kid` signed."""
    return "proof" in record and slip is not None and signed_by(slip, slip_message(record, kid), record["proof"])


# --- leaves and heads ---


def bundle_leaf(day, bundle, entries):
    lines = [f"tabara-leaf 2 bundle {day} {bundle}"]
    lines += [f"{jws} " + (f"quarantined {reason}" if reason else "accepted") for jws, reason in entries]
    return "".join(line + "\n" for line in lines)


def act_leaf(day, kind, text):
    return f"tabara-leaf 2 act {day} {kind} {sha256(text)}\n"


def restore_leaf(day, kept, known):
    return f"tabara-leaf 2 restore {day} kept {kept} known {known}\n"


def entries_of(text):
    """What a bundle's leaf says of each record: day and verdict by the hash of the JWS."""
    first, *lines = text.split("\n")[:-1]
    words = first.split(" ")
    if words[:3] != ["tabara-leaf", "2", "bundle"]:
        return {}
    verdicts = dict(line.split(" ", 1) for line in lines)
    reasons = [(jws, verdict.removeprefix("accepted").removeprefix("quarantined ")) for jws, verdict in verdicts.items()]
    if bundle_leaf(words[3], words[4], reasons) != text:
        raise Weather("a leaf in another spelling")
    return {jws: (words[3], verdict) for jws, verdict in verdicts.items()}


def stands(proof, head):
    hashes = [unb64(node) for node in proof["proof"]]
    leaf = rfc9162.leaf_hash(proof["text"].encode())
    return rfc9162.includes(head["size"], unb64(head["root"]), proof["index"], leaf, hashes)


def follows(old, new, proof):
    if proof is None:
        return False
    return rfc9162.continues(old["size"], unb64(old["root"]), new["size"], unb64(new["root"]), [unb64(h) for h in proof])


def lineage(mine, asked, parcel):
    """The table of the page: what the head of a parcel means to a phone, whose bundle named `asked`."""
    new = parcel["head"]
    if mine is None:
        return "first", 0
    if new == mine:
        return "grown", 0
    if asked != mine:
        return "unconnected", 0
    if follows(mine, new, parcel.get("grown")):
        return "grown", 0
    restore = parcel.get("restore")
    if restore and stands(restore, new):
        match restore["text"].split():
            case ["tabara-leaf", "2", "restore", day, "kept", kept, "known", known]:
                sound = restore["text"] == restore_leaf(day, int(kept), int(known)) and restore["index"] == int(kept)
                if sound and int(kept) < mine["size"] <= int(known):
                    return "restored", int(kept)
    return "forked", 0


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

    def record(self, recipients=None, sealed=True, **changes):
        """A screening with its sealed case, as it is sent; it waits to be sent."""
        self.seq += 1
        questionnaire = {"id": "returnee-screening", "sha256": sha256(QUESTIONNAIRE)}
        ids = {"record": str(uuid.uuid4()), "case": str(uuid.uuid4()), "questionnaire": questionnaire}
        facts = {"month": time.strftime("%Y-%m", time.gmtime(time.time() + 7200)), "screen_commune": "BI-CO-04-02"}
        facts |= {"sex": "f", "outcome": "presumed", "exploitation": ["ex_domestic"]}
        payload = {**ids, "seq": self.seq, "kind": "screening", "facts": facts}
        file = None
        if sealed:
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
        how, kept = lineage(self.mine, asked.get("head"), parcel)
        self.judge(how, kept, parcel, envelope, asked)
        self.settle(how, parcel, asked)
        return how, parcel

    def judge(self, how, kept, parcel, envelope, asked):
        """Keeps, connects or suspects heads."""
        mine, head = self.mine, parcel["head"]
        if how == "unconnected":
            self.loose = [*self.loose, (head, envelope)][-8:]
            return
        self.mine = head
        self.evidence = []
        if how == "forked":
            self.evidence = [mine, head]
            self.prove = sorted({index for index, _, _ in self.kept.values()})
        elif how == "restored":
            self.prove = sorted({index for index, _, _ in self.kept.values() if index < kept})
            self.again(lambda index: index >= kept)
            self.loose = []
        elif how == "grown" and asked.get("connect"):
            proofs = {c["size"]: c["proof"] for c in parcel.get("connected", [])}
            for loose in [loose for loose in self.loose if loose[0]["size"] in asked["connect"]]:
                old, new = sorted((loose[0], asked["head"]), key=lambda head: head["size"])
                if follows(old, new, proofs.get(loose[0]["size"])):
                    self.loose.remove(loose)
                elif loose[0]["size"] <= head["size"]:
                    self.loose.remove(loose)
                    self.evidence += [asked["head"], loose[0]]
                    self.prove = sorted({index for index, _, _ in self.kept.values()})

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


def sha256_leaf(text):
    return b64(rfc9162.leaf_hash(text.encode()))
