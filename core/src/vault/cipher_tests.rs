use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

const NIST_KEY: &str = "603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4";
const NIST_IV: &str = "000102030405060708090a0b0c0d0e0f";
const NIST_PLAIN: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
    30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";
const NIST_CIPHER: &str = "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d
    39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b";

#[test]
fn aes_256_cbc_gives_the_vectors_of_nist_sp_800_38a_f_2_5_and_f_2_6() {
    let mut data = hex(NIST_PLAIN);
    crypt(true, &hex(NIST_KEY), &hex(NIST_IV), &mut data).unwrap();
    assert_eq!(data, hex(NIST_CIPHER));
    crypt(false, &hex(NIST_KEY), &hex(NIST_IV), &mut data).unwrap();
    assert_eq!(data, hex(NIST_PLAIN));
}

#[test]
fn hmac_sha512_gives_the_vectors_of_rfc_4231_however_the_message_is_split() {
    let cases = [
        (
            hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
            b"Hi There".to_vec(),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
    ];
    for (key, message, tag) in cases {
        for at in 0..=message.len() {
            assert_eq!(mac(&key, &message[..at], &message[at..]).as_ref(), hex(tag));
        }
    }
}

#[test]
fn pbkdf2_hmac_sha512_gives_the_known_answers() {
    let cases = [
        (
            1,
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
        ),
        (
            2,
            "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53cf76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e",
        ),
        (
            4096,
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5",
        ),
    ];
    for (rounds, expected) in cases {
        let mut out = [0; 64];
        stretch(b"password", b"salt", NonZeroU32::new(rounds).unwrap(), &mut out);
        assert_eq!(out.as_slice(), hex(expected));
    }
}

#[test]
fn wrong_lengths_are_an_error() {
    let (key, iv) = ([0; 32], [0; 16]);
    assert_eq!(crypt(true, &key[..31], &iv, &mut [0; 16]), None);
    assert_eq!(crypt(true, &key, &iv[..15], &mut [0; 16]), None);
    assert_eq!(crypt(false, &key, &iv, &mut [0; 17]), None);
}

/// What SQLCipher itself would call.
fn table() -> Provider {
    let mut provider = std::mem::MaybeUninit::uninit();
    // SAFETY: memory for one provider; read only after the call filled it.
    unsafe {
        assert_eq!(tabara_sqlcipher_setup(provider.as_mut_ptr()), OK);
        provider.assume_init()
    }
}

#[test]
fn the_page_cipher_works_in_place_and_beside_and_refuses_wrong_arguments() {
    let (table, key, iv, plain) = (table(), hex(NIST_KEY), hex(NIST_IV), hex(NIST_PLAIN));
    let none = ptr::null_mut();
    let mut out = [0; 64];
    // SAFETY: every pointer is to a live buffer of at least the length given with it; null and wrong lengths are what
    // the function must refuse before it touches anything.
    unsafe {
        let call = |mode, key: *const u8, key_len, iv, data, len, out| {
            (table.cipher)(none, mode, key, key_len, iv, data, len, out)
        };
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), 64, out.as_mut_ptr()), OK);
        assert_eq!(out.as_slice(), hex(NIST_CIPHER));
        let same = out.as_mut_ptr();
        assert_eq!(call(0, key.as_ptr(), 32, iv.as_ptr(), same, 64, same), OK);
        assert_eq!(out.as_slice(), plain);
        let out = out.as_mut_ptr();
        assert_eq!(call(2, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), 64, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 31, iv.as_ptr(), plain.as_ptr(), 64, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), -1, iv.as_ptr(), plain.as_ptr(), 64, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), 63, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), 0, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), -16, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, ptr::null(), plain.as_ptr(), 64, out), ERROR);
        assert_eq!(call(1, ptr::null(), 32, iv.as_ptr(), plain.as_ptr(), 64, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), ptr::null(), 64, out), ERROR);
        assert_eq!(call(1, key.as_ptr(), 32, iv.as_ptr(), plain.as_ptr(), 64, none.cast()), ERROR);
        assert_eq!(tabara_sqlcipher_setup(ptr::null_mut()), ERROR);
    }
}

#[test]
fn other_algorithms_and_wrong_lengths_are_refused_by_mac_kdf_and_random() {
    let table = table();
    let none = ptr::null_mut();
    let mut out = [0u8; 64];
    let to = out.as_mut_ptr();
    let key = b"Jefe".as_ptr();
    let text = b"what do ya want for nothing?".as_ptr();
    // SAFETY: as above.
    unsafe {
        assert_eq!((table.hmac)(none, SHA512, key, 4, text, 20, text.add(20), 8, to), OK);
        assert_eq!(out[..4], hex("164b7a7b"));
        for weak in [0, 1, 3, -1] {
            assert_eq!((table.hmac)(none, weak, key, 4, text, 20, text, 8, to), ERROR);
            assert_eq!((table.kdf)(none, weak, key, 4, text, 16, 2, 32, to), ERROR);
            assert_eq!((table.get_hmac_sz)(none, weak), 0);
        }
        assert_eq!((table.hmac)(none, SHA512, key, 4, text, -1, text, 8, to), ERROR);
        assert_eq!((table.hmac)(none, SHA512, key, 4, ptr::null(), 9, text, 8, to), ERROR);
        assert_eq!((table.hmac)(none, SHA512, key, 4, text, 9, text, 8, none.cast()), ERROR);
        assert_eq!((table.kdf)(none, SHA512, key, 4, text, 16, 0, 32, to), ERROR);
        assert_eq!((table.kdf)(none, SHA512, key, 4, text, 16, -2, 32, to), ERROR);
        assert_eq!((table.kdf)(none, SHA512, key, 4, text, 16, 2, i32::MAX, to), ERROR);
        assert_eq!((table.random)(none, to.cast(), -1), ERROR);
        assert_eq!((table.random)(none, none, 16), ERROR);
        assert_eq!((table.random)(none, to.cast(), 64), OK);
    }
    assert!(out.iter().any(|b| *b != 0));
}

#[test]
fn a_file_opens_with_its_key_only_and_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let key = FileKey([5; 32]);
    let file = open(&path, &key, true).unwrap();
    file.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('marker-7719')")
        .unwrap();
    for name in ["x.db", "x.db-wal"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        assert!(!bytes.starts_with(b"SQLite format 3\0"));
        assert!(!bytes.windows(6).any(|w| w == b"marker" || w == b"CREATE"));
    }
    drop(file);
    let read = |key| open(&path, &key, false).unwrap().query_row("SELECT a FROM t", [], |r| r.get::<_, String>(0));
    assert_eq!(read(key).unwrap(), "marker-7719");
    let wrong = read(FileKey([6; 32])).unwrap_err();
    assert_eq!(wrong.sqlite_error_code(), Some(rusqlite::ErrorCode::NotADatabase));
}

#[test]
fn the_version_of_sqlcipher_is_the_one_that_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = open(&folder.path().join("file"), &FileKey([1; 32]), true).unwrap();
    let version: String = file.query_row("PRAGMA cipher_version", [], |r| r.get(0)).unwrap();
    assert_eq!(version.split(' ').next(), Some("4.19.0"), "read sqlcipher.c again, see the first lines of this module");
}
