use super::cases::{CaseSummary, Sealing};
use super::cipher::FileKey;
use super::double::{StillClock, Store as Secrets};
use super::drafts::{self, DraftInfo, Drafts};
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

/// A folder with vault, drafts and mailbox, and the key store of its phone.
struct Phone {
    folder: tempfile::TempDir,
    secrets: Secrets,
}

impl Phone {
    fn new() -> (Self, Mailbox, Vault, Drafts) {
        let phone = Self { folder: tempfile::tempdir().unwrap(), secrets: Secrets::default() };
        let mailbox = phone.mailbox(true);
        double::enrol(&mailbox, &SigningKey::generate());
        let vault = create(phone.path());
        let drafts = vault.open_drafts(phone.path(), &phone.secrets, &mailbox).unwrap();
        (phone, mailbox, vault, drafts)
    }
    fn path(&self) -> &Path {
        self.folder.path()
    }
    fn mailbox(&self, new: bool) -> Mailbox {
        Mailbox::open(self.path(), &self.secrets, Arc::new(StillClock::default()), new).unwrap()
    }
    fn open(&self) -> (Mailbox, Vault, Drafts) {
        let (mailbox, vault) = (self.mailbox(false), open(self.path()));
        let drafts = vault.open_drafts(self.path(), &self.secrets, &mailbox).unwrap();
        (mailbox, vault, drafts)
    }
    /// What the focal point does when an interview has ended.
    fn move_on(&self, vault: &Vault, drafts: Drafts) -> Drafts {
        let key = drafts::key(vault.seed(), drafts.generation() + 1, &self.secrets).unwrap();
        let next = vault.move_drafts(self.path(), &drafts, &key).unwrap();
        drop(drafts);
        vault.remove_old_drafts(self.path(), next.generation()).unwrap().forget(&self.secrets).unwrap();
        next
    }
    /// Seals a draft from its first step to its last.
    fn seal(&self, draft: Uuid, mailbox: &Mailbox, vault: &Vault, drafts: Drafts) -> (CaseSummary, Drafts) {
        let sealing = Sealing { card: card(), saved: None, own: 0, secret: None };
        drafts.begin_sealing(draft, &sealing).unwrap();
        mailbox.post(sealing.card.record, None, |seq| format!("jws {seq}")).unwrap();
        vault.keep(&sealing).unwrap();
        (sealing.card, self.move_on(vault, drafts))
    }
    /// The phone as a crash leaves it now.
    fn crashed(&self) -> Self {
        Self { folder: after_power_loss(self.path()), secrets: self.secrets.image() }
    }
    /// All that can be read, with the vault's key and every key that the key store can still make, in the files of a folder.
    fn readable(&self, folder: &Path, seed: &[u8; 32]) -> Vec<u8> {
        let made = self.secrets.purposes().into_iter().filter_map(|p| p.strip_prefix("drafts.")?.parse().ok());
        let keys: Vec<FileKey> =
            made.map(|n: u32| drafts::key(seed, n, &self.secrets).unwrap()).chain([key()]).collect();
        let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
        let files: Vec<_> = files.filter(|f| f.extension().is_some_and(|end| end == "db")).collect();
        files.iter().flat_map(|file| keys.iter().filter_map(|key| decrypted(file, key)).flatten()).collect()
    }
}

fn info() -> DraftInfo {
    DraftInfo { draft: Uuid::new_v4(), questionnaire: "q".into(), sha256: Digest([4; 32]), started: 9 }
}

fn card() -> CaseSummary {
    let (record, case, code) = (Uuid::new_v4(), Uuid::new_v4(), Some(Code::generate()));
    let (month, commune) = ("2026-03".into(), "BI-CO-04-02".into());
    let questionnaire = QuestionnaireRef { id: "q".into(), sha256: Digest([4; 32]) };
    let (slip, outcome, day, withdrawn, counted) = (None, None, 20_000, false, true);
    let (needs, child, referrals, memo) = (vec![], false, vec![], None);
    CaseSummary {
        record,
        case,
        code,
        slip,
        questionnaire,
        month,
        commune,
        outcome,
        day,
        withdrawn,
        counted,
        needs,
        child,
        referrals,
        memo,
    }
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

/// Every page of a SQLCipher 4 file and every frame of its WAL, decrypted, freelist included. None if the key is another one.
fn decrypted(path: &Path, key: &FileKey) -> Option<Vec<u8>> {
    const PAGE: usize = 4096;
    const RESERVE: usize = 16 + 64;
    let whole = std::fs::read(path).unwrap();
    let salt: Vec<u8> = whole.get(..16)?.iter().map(|b| b ^ 0x3a).collect();
    let mut mac_key = [0; 32];
    cipher::stretch(&key.0, &salt, NonZeroU32::new(2).unwrap(), &mut mac_key);
    let mut plain = Vec::new();
    let mut page = |number: u32, bytes: &[u8]| {
        let start = if number == 1 { 16 } else { 0 };
        let (data, reserve) = bytes[start..].split_at(PAGE - RESERVE - start);
        let (iv, tag) = reserve.split_at(16);
        let expected = cipher::mac(&mac_key, &[data, iv].concat(), &number.to_le_bytes());
        let mut data = data.to_vec();
        cipher::crypt(false, &key.0, iv, &mut data).unwrap();
        plain.extend(data);
        tag[..64] == *expected.as_ref()
    };
    assert_eq!(whole.len() % PAGE, 0);
    for (at, bytes) in whole.chunks(PAGE).enumerate() {
        if !page(at as u32 + 1, bytes) {
            assert_eq!(at, 0, "page {at} of a file that this key opens");
            return None;
        }
    }
    let wal = std::fs::read(path.with_extension("db-wal")).unwrap_or_default();
    for frame in wal.get(32..).unwrap_or_default().chunks_exact(24 + PAGE) {
        assert!(page(u32::from_be_bytes(frame[..4].try_into().unwrap()), &frame[24..]));
    }
    Some(plain)
}

fn has(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

#[test]
fn the_last_saved_state_of_a_draft_survives_a_loss_of_power() {
    let (phone, _, _, drafts) = Phone::new();
    let info = info();
    drafts.begin(&info, b"one").unwrap();
    drafts.save(info.draft, b"two").unwrap();
    let (_, _, drafts) = phone.crashed().open();
    let (found, state) = drafts.draft(info.draft).unwrap();
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
    std::fs::write(folder.path().join("drafts-7.db"), "of the old one").unwrap();
    drop(create(folder.path()));
    let names = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.ends_with(".db")).map(|n| n[..5].to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(), ["aside".to_owned(), "vault".to_owned()].into(), "drafts go with their vault");
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
fn a_crash_between_any_two_steps_of_sealing_is_healed_at_the_next_opening() {
    // given an interview that is sealed and one that goes on, and what a crash would leave after each step
    let (phone, mailbox, vault, drafts) = Phone::new();
    let (ending, lasting) = (info(), info());
    drafts.begin(&ending, b"what she said").unwrap();
    drafts.begin(&lasting, b"what another said").unwrap();
    let sealing = Sealing { card: card(), saved: None, own: 0, secret: None };
    let mut crashes = vec![("nothing", phone.crashed())];
    drafts.begin_sealing(ending.draft, &sealing).unwrap();
    crashes.push(("the note", phone.crashed()));
    mailbox.post(sealing.card.record, None, |seq| format!("jws {seq}")).unwrap();
    crashes.push(("the record", phone.crashed()));
    vault.keep(&sealing).unwrap();
    crashes.push(("the card", phone.crashed()));
    let old = phone.crashed();
    let key = drafts::key(vault.seed(), 2, &phone.secrets).unwrap();
    let next = vault.move_drafts(phone.path(), &drafts, &key).unwrap();
    crashes.push(("the move", phone.crashed()));
    let made = phone.crashed();
    for file in ["vault.db", "vault.db-wal"] {
        std::fs::copy(old.path().join(file), made.path().join(file)).unwrap();
    }
    crashes.push(("the new file, before it is in force", made));
    drop(drafts);
    let aliases = vault.remove_old_drafts(phone.path(), next.generation()).unwrap();
    crashes.push(("the old file", phone.crashed()));
    aliases.forget(&phone.secrets).unwrap();
    crashes.push(("the alias", phone.crashed()));
    for (step, phone) in crashes {
        for _ in 0..2 {
            let (_, vault, drafts) = phone.open();
            if ["nothing", "the note"].contains(&step) {
                assert_eq!(drafts.list().unwrap(), [lasting.clone(), ending.clone()], "after {step}");
                assert_eq!(drafts.draft(ending.draft).unwrap().1.as_slice(), b"what she said", "after {step}");
                assert_eq!(vault.cards(0).unwrap(), [], "after {step}");
                continue;
            }
            assert_eq!(vault.cards(0).unwrap(), std::slice::from_ref(&sealing.card), "after {step}");
            assert_eq!(drafts.list().unwrap(), std::slice::from_ref(&lasting), "after {step}");
            assert_eq!(drafts.draft(lasting.draft).unwrap().1.as_slice(), b"what another said", "after {step}");
            assert!(!vault.lost_drafts().unwrap(), "after {step}");
            let aliases: Vec<_> = phone.secrets.purposes().into_iter().filter(|p| p.starts_with("drafts.")).collect();
            assert_eq!(aliases, [format!("drafts.{}", drafts.generation())], "after {step}");
            for folder in [old.path(), phone.path()] {
                let plain = phone.readable(folder, vault.seed());
                assert!(!has(&plain, b"what she said"), "after {step}");
            }
        }
    }
}

#[test]
fn drafts_that_cannot_be_read_are_kept_aside_and_told_and_the_vault_goes_on() {
    let (phone, mailbox, vault, drafts) = Phone::new();
    let (lost, ended) = (info(), info());
    drafts.begin(&ended, b"sealed").unwrap();
    let (card, drafts) = phone.seal(ended.draft, &mailbox, &vault, drafts);
    drafts.begin(&lost, b"unfinished").unwrap();
    drop((mailbox, vault, drafts));
    std::fs::write(phone.path().join("drafts-2.db"), [7; 8192]).unwrap();
    let (mailbox, vault, drafts) = phone.open();
    assert_eq!((drafts.list().unwrap(), vault.cards(0).unwrap()), (vec![], vec![card]));
    assert!(vault.lost_drafts().unwrap());
    let aside = std::fs::read_dir(phone.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    assert_eq!(aside.filter(|n| n.starts_with("aside-") && n.ends_with("-drafts-2.db")).count(), 1);
    assert!(phone.secrets.purposes().contains(&"drafts.2".to_owned()), "its secret is kept with it");
    // told until an interview has ended since
    let next = info();
    drafts.begin(&next, b"next").unwrap();
    let (_, drafts) = phone.seal(next.draft, &mailbox, &vault, drafts);
    assert!(!vault.lost_drafts().unwrap());
    drop((mailbox, vault, drafts));
    assert!(!phone.open().1.lost_drafts().unwrap());
}

#[test]
fn of_a_damaged_file_of_drafts_what_can_be_read_goes_on() {
    let (phone, mailbox, vault, drafts) = Phone::new();
    let (first, second) = (info(), info());
    drafts.begin(&first, &[1; 40_000]).unwrap();
    drafts.begin(&second, &[2; 900]).unwrap();
    drop((mailbox, vault, drafts));
    let file = phone.path().join("drafts-1.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (_, vault, drafts) = phone.open();
    assert_eq!(drafts.list().unwrap(), [second]);
    assert!(vault.lost_drafts().unwrap());
}

#[test]
fn cards_come_in_pages_by_code_and_leave_after_their_days() {
    let folder = tempfile::tempdir().unwrap();
    let vault = create(folder.path());
    let cards: Vec<CaseSummary> = (0..120).map(|day| CaseSummary { day, ..card() }).collect();
    vault.store.write(|t| cards.iter().try_for_each(|c| c.insert(t, c.day * 86_400))).unwrap();
    assert_eq!(vault.cards(0).unwrap()[0], cards[119]);
    assert_eq!(vault.cards(2).unwrap().len(), 20);
    assert_eq!(vault.cards(3).unwrap(), []);
    assert_eq!(vault.cards_of(cards[5].code.as_ref().unwrap()).unwrap(), [cards[5].clone()]);
    let erased = String::from(cards[5].code.clone().unwrap());
    assert!(has(&decrypted(&folder.path().join("vault.db"), &key()).unwrap(), erased.as_bytes()));
    // neither clock alone erases, be it ever so far ahead; until 400 days have passed on the phone itself
    assert_eq!(vault.forget_cards(180, 9_999, 120 * 86_400).unwrap(), 0);
    assert_eq!(vault.forget_cards(180, 120, 399 * 86_400).unwrap(), 0);
    assert_eq!(vault.forget_cards(180, 120, 405 * 86_400).unwrap(), 5);
    assert_eq!(vault.forget_cards(180, 280, 280 * 86_400).unwrap(), 95);
    assert_eq!(vault.cards(0).unwrap().len(), 20);
    assert!(!has(&decrypted(&folder.path().join("vault.db"), &key()).unwrap(), erased.as_bytes()));
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
    /// The decisive one: of what was sealed or discarded no piece can be read in any file that there ever was, with the PIN and
    /// every key that the key store can still make.
    #[test]
    fn what_was_erased_is_in_no_file_old_or_new_that_any_key_opens(steps in steps()) {
        let (phone, mut mailbox, mut vault, mut drafts) = Phone::new();
        let mut live: Vec<(DraftInfo, Vec<u8>)> = Vec::new();
        let mut erased: Vec<Uuid> = Vec::new();
        let mut copies = Vec::new();
        // 16 bytes that occur nowhere else, over and over
        let state = |info: &DraftInfo, len: usize| info.draft.as_bytes().iter().rev().copied().cycle().take(len + 16).collect::<Vec<_>>();
        for step in steps {
            match step {
                Step::Begin(len) => {
                    let info = info();
                    let state = state(&info, len);
                    drafts.begin(&info, &state).unwrap();
                    live.push((info, state));
                }
                Step::Save(which, len) if which < live.len() => {
                    live[which].1 = state(&live[which].0, len);
                    drafts.save(live[which].0.draft, &live[which].1).unwrap();
                }
                Step::Discard(which) if which < live.len() => {
                    copies.push(after_power_loss(phone.path()));
                    let (info, _) = live.remove(which);
                    drafts.discard(info.draft).unwrap();
                    drafts = phone.move_on(&vault, drafts);
                    erased.push(info.draft);
                }
                Step::Seal(which) if which < live.len() => {
                    copies.push(after_power_loss(phone.path()));
                    let (info, _) = live.remove(which);
                    drafts = phone.seal(info.draft, &mailbox, &vault, drafts).1;
                    erased.push(info.draft);
                }
                Step::Reopen => {
                    drop((mailbox, vault, drafts));
                    (mailbox, vault, drafts) = phone.open();
                }
                _ => continue,
            }
            for (info, state) in &live {
                let (_, found) = drafts.draft(info.draft).unwrap();
                prop_assert_eq!(found.as_slice(), state.as_slice());
            }
        }
        copies.push(after_power_loss(phone.path()));
        let plain: Vec<u8> = copies.iter().flat_map(|copy| phone.readable(copy.path(), vault.seed())).collect();
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
    let (phone, _, _, drafts) = Phone::new();
    let info = info();
    let frames = || (std::fs::metadata(phone.path().join("drafts-1.db-wal")).unwrap().len() - 32) / (24 + 4096);
    let mut state = [1; 10 * 1024];
    drafts.begin(&info, &state).unwrap();
    for (from, said, pages) in [(0, 2, 3), (9 * 1024, 3, 1), (9 * 1024, 3, 0)] {
        state[from..].fill(said);
        let before = frames();
        drafts.save(info.draft, &state).unwrap();
        assert_eq!(frames() - before, pages, "from {from}");
    }
}
