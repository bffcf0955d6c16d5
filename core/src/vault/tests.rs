use super::cases::CaseSummary;
use super::cipher::FileKey;
use super::double::{StillClock, Store as Secrets};
use super::drafts::DraftInfo;
use super::mailbox::Mailbox;
use super::*;
use crate::envelope::{Digest, SigningKey};
use crate::record::{Code, QuestionnaireRef};
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(1);

fn key() -> FileKey {
    FileKey([7; 32])
}

fn create(folder: &Path) -> Vault {
    Vault::create(folder, &key(), ID, &SigningKey::from_seed([1; 32])).unwrap()
}

fn open(folder: &Path) -> Vault {
    Vault::open(folder, &key(), ID).unwrap()
}

fn mailbox(folder: &Path) -> Mailbox {
    Mailbox::open(folder, &Secrets::default(), Arc::new(StillClock::default()), true).unwrap()
}

fn info() -> DraftInfo {
    DraftInfo { draft: Uuid::new_v4(), questionnaire: "q".into(), sha256: Digest([4; 32]), started: 9 }
}

fn card() -> CaseSummary {
    let (record, case, code) = (Uuid::new_v4(), Uuid::new_v4(), Some(Code::generate()));
    let (month, commune) = ("2026-03".into(), "BI-CO-04-02".into());
    let questionnaire = QuestionnaireRef { id: "q".into(), sha256: Digest([4; 32]) };
    let (slip, outcome, day, withdrawn, counted, referrals) = (None, None, 20_000, false, true, vec![]);
    CaseSummary { record, case, code, slip, questionnaire, month, commune, outcome, day, withdrawn, counted, referrals }
}

/// What the folder would be after a loss of power: the files as they are now, the processes gone.
fn after_power_loss(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    copy
}

/// Every page of a SQLCipher 4 file and every frame of its WAL, decrypted with the true key, freelist included.
fn decrypted(folder: &Path, file: PhoneFile, key: &FileKey) -> Vec<u8> {
    const PAGE: usize = 4096;
    const RESERVE: usize = 16 + 64;
    let path = folder.join(file.name());
    let whole = std::fs::read(&path).unwrap();
    let salt: Vec<u8> = whole[..16].iter().map(|b| b ^ 0x3a).collect();
    let mut mac_key = [0; 32];
    cipher::stretch(&key.0, &salt, NonZeroU32::new(2).unwrap(), &mut mac_key);
    let mut plain = Vec::new();
    let mut page = |number: u32, bytes: &[u8]| {
        let start = if number == 1 { 16 } else { 0 };
        let (data, reserve) = bytes[start..].split_at(PAGE - RESERVE - start);
        let (iv, tag) = reserve.split_at(16);
        let expected = cipher::mac(&mac_key, &[data, iv].concat(), &number.to_le_bytes());
        assert_eq!(&tag[..64], expected.as_ref(), "page {number}");
        let mut data = data.to_vec();
        cipher::crypt(false, &key.0, iv, &mut data).unwrap();
        plain.extend(data);
    };
    assert_eq!(whole.len() % PAGE, 0);
    for (at, bytes) in whole.chunks(PAGE).enumerate() {
        page(at as u32 + 1, bytes);
    }
    let wal = std::fs::read(path.with_extension("db-wal")).unwrap_or_default();
    for frame in wal.get(32..).unwrap_or_default().chunks_exact(24 + PAGE) {
        page(u32::from_be_bytes(frame[..4].try_into().unwrap()), &frame[24..]);
    }
    plain
}

fn has(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

#[test]
fn the_last_saved_state_of_a_draft_survives_a_loss_of_power() {
    let folder = tempfile::tempdir().unwrap();
    let vault = create(folder.path());
    let info = info();
    vault.begin(&info, b"one").unwrap();
    vault.save(info.draft, b"two").unwrap();
    let later = after_power_loss(folder.path());
    let (found, state) = open(later.path()).draft(info.draft).unwrap();
    assert_eq!((found, state.as_slice()), (info, &b"two"[..]));
}

#[test]
fn another_key_another_id_a_missing_and_an_empty_file_are_damage_and_nothing_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let before = std::fs::read(folder.path().join("vault.db")).unwrap();
    let opened = |key, id| Vault::open(folder.path(), &key, id).map(drop);
    assert!(matches!(opened(FileKey([8; 32]), ID), Err(VaultError::Damaged(PhoneFile::Vault))));
    assert!(matches!(opened(key(), Uuid::from_u128(2)), Err(VaultError::Damaged(PhoneFile::Vault))));
    assert_eq!(std::fs::read(folder.path().join("vault.db")).unwrap(), before);
    std::fs::write(folder.path().join("vault.db"), []).unwrap();
    assert!(matches!(opened(key(), ID), Err(VaultError::Damaged(PhoneFile::Vault))));
    std::fs::remove_file(folder.path().join("vault.db")).unwrap();
    assert!(matches!(opened(key(), ID), Err(VaultError::Damaged(PhoneFile::Vault))));
}

#[test]
fn a_new_vault_moves_the_old_file_aside_and_destroying_removes_both_wrap_and_vault() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    drop(create(folder.path()));
    let names = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.ends_with(".db")).map(|n| n[..5].to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(), ["aside".to_owned(), "vault".to_owned()].into());
    destroy(folder.path(), &Secrets::default(), 1).unwrap();
    destroy(folder.path(), &Secrets::default(), 1).unwrap();
    assert_eq!(names(), ["aside".to_owned()].into());
}

#[test]
fn a_newer_vault_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let vault = create(folder.path());
    vault.store.write(|t| Ok(t.pragma_update(None, "user_version", 99)?)).unwrap();
    drop(vault);
    assert!(matches!(Vault::open(folder.path(), &key(), ID), Err(VaultError::Newer)));
}

#[test]
fn a_sealing_cut_off_by_a_crash_ends_or_goes_back_as_the_mailbox_says() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, mailbox) = (create(folder.path()), mailbox(folder.path()));
    double::enrol(&mailbox, &SigningKey::generate());
    let (gone_through, cut_off) = (info(), info());
    let (sealed, unsealed) = (card(), card());
    for (info, card) in [(&gone_through, &sealed), (&cut_off, &unsealed)] {
        vault.begin(info, b"answers").unwrap();
        vault.begin_sealing(info.draft, card, None).unwrap();
    }
    mailbox.post(sealed.record, None, |_| "jws".into()).unwrap();
    drop(vault);
    let vault = open(folder.path());
    for _ in 0..2 {
        vault.resume_interrupted_sealing(&mailbox).unwrap();
        assert_eq!(vault.cards(0).unwrap(), std::slice::from_ref(&sealed));
        assert_eq!(vault.drafts().unwrap(), std::slice::from_ref(&cut_off));
    }
    assert_eq!(vault.draft(cut_off.draft).unwrap().1.as_slice(), b"answers");
}

#[test]
fn cards_come_in_pages_by_code_and_leave_after_their_days() {
    let folder = tempfile::tempdir().unwrap();
    let vault = create(folder.path());
    let cards: Vec<CaseSummary> = (0..120).map(|day| CaseSummary { day, ..card() }).collect();
    vault.store.write(|t| cards.iter().try_for_each(|c| c.insert(t))).unwrap();
    assert_eq!(vault.cards(0).unwrap()[0], cards[119]);
    assert_eq!(vault.cards(2).unwrap().len(), 20);
    assert_eq!(vault.cards(3).unwrap(), []);
    assert_eq!(vault.cards_of(cards[5].code.as_ref().unwrap()).unwrap(), [cards[5].clone()]);
    let erased = String::from(cards[5].code.clone().unwrap());
    assert!(has(&decrypted(folder.path(), PhoneFile::Vault, &key()), erased.as_bytes()));
    vault.forget_cards(100).unwrap();
    assert_eq!(vault.cards(0).unwrap().len(), 20);
    assert!(!has(&decrypted(folder.path(), PhoneFile::Vault, &key()), erased.as_bytes()));
}

/// One step of a phone's life with drafts.
#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    Save(usize, usize),
    Discard(usize),
    Seal(usize),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1usize..9000).prop_map(Step::Begin),
        9 => (0usize..9, 1usize..9000).prop_map(|(which, len)| Step::Save(which, len)),
        2 => (0usize..9).prop_map(Step::Discard),
        2 => (0usize..9).prop_map(Step::Seal),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    /// The decisive one: after an erasure no byte of the answers is in any page or WAL frame, however the drafts lay.
    #[test]
    fn what_was_erased_is_in_no_page_and_no_frame(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = create(folder.path());
        let mut live: Vec<(DraftInfo, Vec<u8>)> = Vec::new();
        let mut erased: Vec<Uuid> = Vec::new();
        // 16 bytes that occur nowhere else, over and over
        let state = |info: &DraftInfo, len: usize| info.draft.as_bytes().iter().rev().copied().cycle().take(len + 16).collect::<Vec<_>>();
        for step in steps {
            match step {
                Step::Begin(len) => {
                    let info = info();
                    let state = state(&info, len);
                    vault.begin(&info, &state).unwrap();
                    live.push((info, state));
                }
                Step::Save(which, len) if which < live.len() => {
                    live[which].1 = state(&live[which].0, len);
                    vault.save(live[which].0.draft, &live[which].1).unwrap();
                }
                Step::Discard(which) if which < live.len() => {
                    let (info, _) = live.remove(which);
                    vault.discard(info.draft).unwrap();
                    erased.push(info.draft);
                }
                Step::Seal(which) if which < live.len() => {
                    let (info, _) = live.remove(which);
                    let card = card();
                    vault.begin_sealing(info.draft, &card, None).unwrap();
                    vault.end_sealing(info.draft, &card).unwrap();
                    erased.push(info.draft);
                }
                Step::Reopen => {
                    drop(vault);
                    vault = open(folder.path());
                }
                _ => continue,
            }
            for (info, state) in &live {
                let (_, found) = vault.draft(info.draft).unwrap();
                prop_assert_eq!(found.as_slice(), state.as_slice());
            }
        }
        let plain = decrypted(folder.path(), PhoneFile::Vault, &key());
        for (_, state) in &live {
            prop_assert!(has(&plain, &state[..16]), "the reader sees what is there");
        }
        for draft in &erased {
            let marker: Vec<u8> = draft.as_bytes().iter().rev().copied().collect();
            for piece in [&marker[..6], &marker[5..11], &marker[10..]] {
                prop_assert!(!has(&plain, piece), "a piece of an erased draft");
            }
        }
    }
}

#[test]
fn a_state_of_the_same_length_costs_only_the_pages_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let vault = create(folder.path());
    let info = info();
    let frames = || (std::fs::metadata(folder.path().join("vault.db-wal")).unwrap().len() - 32) / (24 + 4096);
    let mut state = [1; 10 * 1024];
    vault.begin(&info, &state).unwrap();
    for (from, said, pages) in [(0, 2, 3), (9 * 1024, 3, 1), (9 * 1024, 3, 0)] {
        state[from..].fill(said);
        let before = frames();
        vault.save(info.draft, &state).unwrap();
        assert_eq!(frames() - before, pages, "from {from}");
    }
}
