"""What goes over the wire, as server/PROTOCOL.md says, with libraries of other people: envelopes, sealed files, slips, leaves."""

import base64
import hashlib
import json
import zlib

import pyrage
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

import rfc9162

KIB = 1024
MAX_ENVELOPE = 256 * KIB
MAX_FILE = 4 * 1024 * KIB


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return b64(hashlib.sha256(data).digest())


# what stands in most grants, by the byte that stands for it; 1 is the public key of the card's seed
PHRASES = ['{"device":"', '","role":"focal_point","organisation":"', '","role":"provider","organisation":"', '","commune":"BI-CO-',
           '","area":"commune","servers":[{"url":"https://', '","pin":"', '"}],"expires":', ',"card":"']


def card(text):
    """The text of a card: authority, seed, signature, then the grant to a byte 0, in base32."""
    text = text.removeprefix("TABARA2.")
    data = base64.b32decode(text[: len(text) // 8 * 8] + (text[len(text) // 8 * 8 :] + "=======")[: 8 if len(text) % 8 else 0])
    authority, seed, signature, grant = b64(data[:32]), data[32:64], data[64:128], data[128:].split(b"\0")[0].decode()
    for number, phrase in enumerate([Key(seed).public, *PHRASES], 1):
        grant = grant.replace(chr(number), phrase)
    header = {"alg": "Ed25519", "typ": "tabara-grant", "kid": thumbprint(authority)}
    return {"authority": authority, "seed": b64(seed), "grant": ".".join([b64(compact(header)), b64(grant.encode()), b64(signature)])}


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


def steps_of(step):
    """Of bundles and parcels."""
    return lambda least: -(-least // step) * step


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


def seal_with(envelope, beside, recipient, step=KIB):
    """The payload stands there as it was signed."""
    head, payload, *signature = [*envelope.split("."), "", ""]
    try:
        payload = unb64(payload)
    except ValueError:
        payload = b"no base64"
    text = b"\n".join([head.encode(), payload, signature[0].encode(), beside])
    return seal(text, [recipient], steps_of(step))


def open_with(file, identity):
    """Envelope and JSON behind it, of which nothing is checked yet."""
    if len(file) > MAX_FILE:
        raise Weather("too long")
    lines = unseal(file, identity).split(b"\n", 3)
    if len(lines) < 4:
        raise Weather("not an envelope and what is beside it")
    head, payload, signature, beside = lines
    return f"{head.decode(errors='replace')}.{b64(payload)}.{signature.decode(errors='replace')}", beside


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


def sha256_leaf(text):
    return b64(rfc9162.leaf_hash(text.encode()))


def stands(proof, head):
    hashes = [unb64(node) for node in proof["proof"]]
    leaf = rfc9162.leaf_hash(proof["text"].encode())
    return rfc9162.includes(head["size"], unb64(head["root"]), proof["index"], leaf, hashes)


def follows(old, new, proof):
    if proof is None:
        return False
    return rfc9162.continues(old["size"], unb64(old["root"]), new["size"], unb64(new["root"]), [unb64(h) for h in proof])
