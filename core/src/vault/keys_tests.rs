use super::super::SecretError;
use super::super::double::{StillClock, Store};
use super::*;
use proptest::prelude::*;

const CHEAP: Cost = Cost { memory_kib: 8, rounds: 1 };

fn key() -> FileKey {
    FileKey([7; 32])
}

fn written(store: &Store) -> (tempfile::TempDir, Keys) {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::new(Uuid::from_u128(1), 1, &key(), "271828", CHEAP, store).unwrap();
    keys.write(folder.path(), store).unwrap();
    (folder, keys)
}

fn read(folder: &tempfile::TempDir, store: &Store) -> Result<Keys, VaultError> {
    KeyFile::read(folder.path())?.expect("there is a file").check(store)
}

#[test]
fn the_right_pin_gives_the_key_and_a_wrong_one_nothing() {
    let store = Store::default();
    let (folder, _) = written(&store);
    let keys = read(&folder, &store).unwrap();
    assert_eq!(keys.open("271828", &store).unwrap().unwrap().0, key().0);
    assert!(keys.open("271829", &store).unwrap().is_none());
    assert!(keys.open("", &store).unwrap().is_none());
}

#[test]
fn another_phone_sees_a_lost_key_store_before_any_pin_is_tried() {
    let store = Store::default();
    let (folder, _) = written(&store);
    store.reset();
    assert!(matches!(read(&folder, &store), Err(VaultError::Secret(SecretError::Lost))));
    store.fail(Some(SecretError::Unavailable));
    assert!(matches!(read(&folder, &store), Err(VaultError::Secret(SecretError::Unavailable))));
}

#[test]
fn any_flipped_bit_and_any_cut_is_damage_or_another_phone_but_never_a_wrong_pin() {
    let store = Store::default();
    let (folder, _) = written(&store);
    let whole = fs::read(folder.path().join(NAME)).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            match KeyFile::parse(&bytes) {
                Err(VaultError::Damaged(PhoneFile::Keys)) => {}
                Ok(file) => {
                    assert!(matches!(file.check(&store), Err(VaultError::Secret(SecretError::Lost))), "byte {at}")
                }
                Err(other) => panic!("byte {at}: {other}"),
            }
        }
        assert!(matches!(KeyFile::parse(&whole[..at]), Err(VaultError::Damaged(PhoneFile::Keys))), "cut at {at}");
    }
}

#[test]
fn terms_of_another_wrap_do_not_open_it() {
    let store = Store::default();
    let (_folder, mut keys) = written(&store);
    let good = keys.terms.clone();
    for terms in [
        Terms { vault: Uuid::from_u128(2), ..good.clone() },
        Terms { kdf: Cost { rounds: 2, ..CHEAP }, ..good.clone() },
        Terms { version: 0, ..good.clone() },
        Terms { generation: 2, ..good.clone() },
        Terms { salt: B64.encode([0; 16]), ..good },
    ] {
        keys.terms = terms;
        assert!(keys.open("271828", &store).unwrap().is_none());
    }
}

#[test]
fn a_newer_file_is_told_from_a_damaged_one() {
    let store = Store::default();
    let (_folder, keys) = written(&store);
    let body = format!(r#"{{"terms":{{"version":{},"more":1}},"wrap":{:?}}}"#, VERSION + 1, keys.wrap);
    let (sha256, tag) = (sha256(body.as_bytes()), Digest([0; 32]));
    let newer = serde_json::to_vec(&OnDisk { body, sha256, tag }).unwrap();
    assert!(matches!(KeyFile::parse(&newer), Err(VaultError::Newer)));
}

#[test]
fn a_new_pin_is_a_new_generation_and_the_old_file_opens_with_no_pin() {
    let store = Store::default();
    let (folder, old) = written(&store);
    let old_file = fs::read(folder.path().join(NAME)).unwrap();
    let new = Keys::new(old.vault(), old.generation() + 1, &key(), "314159", CHEAP, &store).unwrap();
    new.write(folder.path(), &store).unwrap();
    store.forget(&old.purpose()).unwrap();
    let keys = read(&folder, &store).unwrap();
    assert_eq!(keys.generation(), 2);
    assert!(keys.open("314159", &store).unwrap().is_some());
    assert!(keys.open("271828", &store).unwrap().is_none());
    let stolen_backup = KeyFile::parse(&old_file).unwrap().check(&store);
    assert!(matches!(stolen_backup, Err(VaultError::Secret(SecretError::Lost))));
}

#[test]
fn a_clock_that_stands_still_gives_the_floor_and_a_slow_phone_too() {
    assert_eq!(Cost::calibrate(&StillClock::default()), FLOOR);
    struct Slow(std::sync::atomic::AtomicU64);
    impl Clock for Slow {
        fn unix(&self) -> i64 {
            0
        }
        fn monotonic(&self) -> std::time::Duration {
            std::time::Duration::from_millis(self.0.fetch_add(100, std::sync::atomic::Ordering::SeqCst))
        }
    }
    // 100 ms for 19 MiB once: 0.7 s buys seven times that, as memory
    assert_eq!(Cost::calibrate(&Slow(0.into())), Cost { memory_kib: 65_536, rounds: 2 });
    struct Slower(std::sync::atomic::AtomicU64);
    impl Clock for Slower {
        fn unix(&self) -> i64 {
            0
        }
        fn monotonic(&self) -> std::time::Duration {
            std::time::Duration::from_secs(self.0.fetch_add(2, std::sync::atomic::Ordering::SeqCst))
        }
    }
    assert_eq!(Cost::calibrate(&Slower(0.into())), FLOOR);
}

proptest! {
    #[test]
    fn hostile_bytes_are_damage(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(matches!(KeyFile::parse(&bytes), Err(VaultError::Damaged(PhoneFile::Keys))));
    }
}

/// `tests/vectors/keys.json`: what any language must compute, given what the key store answers (HMAC-SHA256 here).
#[derive(Deserialize)]
struct Known {
    pin: String,
    /// Secret of the key store for `vault.3`, base64url.
    key_store: Digest,
    /// The key file.
    file: String,
    /// The vault's key.
    key: Digest,
}

#[test]
fn the_known_answer_opens() {
    let text = include_str!("../../../tests/vectors/keys.json");
    let known: Known = serde_json::from_str(text).unwrap();
    let store = Store::default();
    store.set("vault.3", known.key_store.0);
    let keys = KeyFile::parse(known.file.as_bytes()).unwrap().check(&store).unwrap();
    assert_eq!((keys.generation(), keys.cost()), (3, FLOOR));
    assert_eq!(keys.open(&known.pin, &store).unwrap().unwrap().0, known.key.0);
    assert!(keys.open("wrong", &store).unwrap().is_none());
}

#[test]
fn ten_thousand_wrong_pins_open_nothing_and_spoil_nothing() {
    let store = Store::default();
    let (folder, keys) = written(&store);
    let before = fs::read(folder.path().join(NAME)).unwrap();
    for pin in (0..1_000_000).step_by(100).filter(|pin| *pin != 271_828) {
        assert!(keys.open(&format!("{pin:06}"), &store).unwrap().is_none(), "{pin}");
    }
    assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), before);
    assert_eq!(keys.open("271828", &store).unwrap().unwrap().0, key().0);
}

#[test]
fn a_file_key_is_wiped_when_it_is_dropped_and_prints_nothing() {
    fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>() {}
    wiped_on_drop::<FileKey>();
    wiped_on_drop::<crate::envelope::SigningKey>();
    let mut key = key();
    zeroize::Zeroize::zeroize(&mut key);
    assert_eq!(key.0, [0; 32]);
    assert_eq!(format!("{key:?}"), "FileKey(..)");
}
