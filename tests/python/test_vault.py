"""Our encrypted files, seen by others: SQLCipher on OpenSSL, and page by page with the library `cryptography`."""

import hashlib
import hmac
import json
import os
import struct
import subprocess

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from paths import TARGET

WITNESS = TARGET / "debug" / "examples" / "vault_witness"
PAGE, IV, TAG = 4096, 16, 64
ROWS = [(n, f"row {n} é" * 40) for n in range(500)]


def ours(*words):
    return subprocess.run([WITNESS, *words], check=True, capture_output=True, text=True).stdout


def theirs(file, key):
    from sqlcipher3 import dbapi2

    database = dbapi2.connect(str(file))
    database.execute(f"PRAGMA key = \"x'{key}'\"")
    return database


@pytest.fixture
def key():
    return os.urandom(32).hex()


def test_an_independent_sqlcipher_opens_our_file(tmp_path, key):
    file = tmp_path / "ours.db"
    ours("write", file, key)
    database = theirs(file, key)
    assert "openssl" in database.execute("PRAGMA cipher_provider").fetchone()[0]
    assert database.execute("SELECT n, text FROM t ORDER BY n").fetchall() == ROWS
    assert database.execute("PRAGMA cipher_integrity_check").fetchall() == []


def test_we_open_a_file_of_an_independent_sqlcipher(tmp_path, key):
    file = tmp_path / "theirs.db"
    database = theirs(file, key)
    database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
    database.executemany("INSERT INTO t VALUES (?, ?)", ROWS)
    database.commit()
    database.close()
    lines = ours("read", file, key).splitlines()
    assert [(int(n), text) for n, text in (line.split("\t") for line in lines)] == ROWS


def decrypted(path, key):
    """Every page of a file and every frame of its WAL, authenticated and decrypted: used, free or superseded."""
    file = path.read_bytes()
    wal_file = path.with_name(path.name + "-wal")
    wal = wal_file.read_bytes()[32:] if wal_file.exists() else b""
    assert len(file) % PAGE == 0 and len(wal) % (24 + PAGE) == 0
    numbered = [(at // PAGE + 1, file[at : at + PAGE]) for at in range(0, len(file), PAGE)]
    for at in range(0, len(wal), 24 + PAGE):
        (number,) = struct.unpack(">I", wal[at : at + 4])
        numbered.append((number, wal[at + 24 : at + 24 + PAGE]))
    key = bytes.fromhex(key)
    mac_key = hashlib.pbkdf2_hmac("sha512", key, bytes(b ^ 0x3A for b in file[:16]), 2, 32)
    plain = []
    for number, page in numbered:
        body = page[16:] if number == 1 else page
        data, iv, tag = body[: -IV - TAG], body[-IV - TAG : -TAG], body[-TAG:]
        expected = hmac.digest(mac_key, data + iv + struct.pack("<I", number), "sha512")
        assert hmac.compare_digest(expected, tag), f"page {number}"
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        plain.append(cipher.update(data) + cipher.finalize())
    return b"".join(plain), len(numbered)


def said(draft):
    """What only this draft says: three times its letter (g to r, so that no hexadecimal id can say it)."""
    return bytes([ord("g") + draft]) * 3


def test_after_sealing_no_answer_is_in_any_page_or_frame(tmp_path, key):
    old, old_key = ours("live", tmp_path, key, "begin").split()
    before, pages = decrypted(tmp_path / old, old_key)
    assert pages > 300, "the WAL still holds what was saved on the way"
    assert all(said(draft) in before for draft in range(12)), "the witness sees what is there"
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / old).read_bytes())
    new, new_key = ours("live", tmp_path, key, "seal").split()
    assert [file.name for file in tmp_path.glob("drafts-*.db")] == [new]
    after, pages = decrypted(tmp_path / new, new_key)
    print(f"{pages} pages looked at")
    assert said(11) in after, "the draft that goes on is whole"
    whole = after + decrypted(tmp_path / "vault.db", key)[0]
    assert [draft for draft in range(11) if said(draft) in whole] == []
    for still_known in (key, new_key):
        with pytest.raises(AssertionError, match="page 1"):
            decrypted(copy, still_known)
    aliases = json.loads((tmp_path / "key-store").read_text())
    assert [name for name in aliases if name.startswith("drafts.")] == [new.replace("-", ".").removesuffix(".db")]
