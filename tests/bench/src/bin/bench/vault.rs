//! A vault with 10,000 cases beside the same rows in plain SQLite, and beside SQLCipher opened by a passphrase.

use crate::{Rows, medians};
use rusqlite::Connection;
use std::path::Path;
use std::process::Command;
use tabara_core::envelope::{Digest, SigningKey};
use tabara_core::record::{Code, QuestionnaireRef, Uuid};
use tabara_core::vault::cases::CaseSummary;
use tabara_core::vault::cipher::{self, FileKey};
use tabara_core::vault::{Vault, schema};
use tabara_support::process::memory;

const CASES: i64 = 10_000;
const ID: Uuid = Uuid::from_u128(1);
/// Names the folder of a vault in the environment of a child whose memory is measured.
const MEMORY: &str = "TABARA_BENCH_MEMORY";
/// The key of that vault: nothing is secret in a benchmark.
const KEY: [u8; 32] = [7; 32];

fn fill(file: &mut Connection, cards: &[CaseSummary]) {
    let all = file.transaction().expect("a transaction");
    for card in cards {
        let json = serde_json::to_string(card).expect("JSON");
        let code = card.code.as_ref().map(Code::to_string);
        let sql = "INSERT INTO card (record, code, day, card) VALUES (?1, ?2, ?3, ?4)";
        all.execute(sql, (card.record.to_string(), code, card.day, json)).expect("a row");
    }
    all.commit().expect("written");
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
}

fn read(file: &Connection, sql: &str, what: impl rusqlite::ToSql) -> Vec<CaseSummary> {
    let mut query = file.prepare_cached(sql).expect("a query");
    let rows = query.query_map([what], |r| r.get::<_, String>(0)).expect("rows");
    rows.map(|json| serde_json::from_str(&json.expect("a row")).expect("a card")).collect()
}

/// Settings of plain SQLite: those of the vault's files.
pub const PLAIN: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";

/// Settings of SQLCipher as it is usually opened.
pub fn phrase() -> String {
    format!("PRAGMA key = 'a passphrase'; {PLAIN}")
}

/// Ours beside plain SQLite, SQLCipher by passphrase, and the limit.
fn three(rows: &mut Rows, row: &'static str, [ours, plain, phrase]: [f64; 3], limit: f64) {
    rows.add("vault", row, ours, "us", ("the same in plain SQLite", plain));
    rows.add("vault", row, ours, "us", ("the same in SQLCipher by passphrase", phrase));
    rows.add("vault", row, ours, "us", ("issue's limit", limit));
}

pub fn cases(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, plain_file, phrase_file) = (folder.path(), folder.path().join("plain"), folder.path().join("phrase"));
    let key = FileKey(KEY);
    drop(Vault::create(ours, &key, ID, &SigningKey::generate()).expect("a vault"));
    let questionnaire = QuestionnaireRef { id: "returnee_screening".into(), sha256: Digest([1; 32]) };
    let card = |n: i64| CaseSummary {
        slip: None,
        record: Uuid::new_v4(),
        case: Uuid::new_v4(),
        code: Some(Code::generate()),
        questionnaire: questionnaire.clone(),
        month: "2026-03".into(),
        commune: "BI-CO-04-02".into(),
        outcome: Some("presumed".into()),
        day: 20_000 + n / 30,
        withdrawn: false,
        counted: true,
        needs: vec![],
        child: false,
        referrals: vec![],
        memo: None,
    };
    let cards: Vec<CaseSummary> = (0..CASES).map(card).collect();
    fill(&mut cipher::open(&ours.join("vault.db"), &key, false).expect("the vault's file"), &cards);
    let plain = |path: &Path, first: &str| {
        let file = Connection::open(path).expect("a file");
        file.execute_batch(first).expect("settings");
        file
    };
    let phrase = phrase();
    for (path, first) in [(&plain_file, PLAIN), (&phrase_file, phrase.as_str())] {
        let mut file = plain(path, first);
        schema::VAULT.iter().for_each(|step| file.execute_batch(step).expect("tables"));
        fill(&mut file, &cards);
    }

    let first_read = "SELECT count(*) FROM sqlite_schema";
    let mut open_ours = || drop(Vault::open(ours, &key, ID).expect("the vault"));
    let mut open_plain = || plain(&plain_file, PLAIN).query_row(first_read, [], |_| Ok(())).expect("read");
    let mut open_phrase = || plain(&phrase_file, &phrase).query_row(first_read, [], |_| Ok(())).expect("read");
    let times = medians(30, [&mut open_ours, &mut open_plain, &mut open_phrase]);
    three(rows, "open_after_kdf", times, 10_000.0);

    let vault = Vault::open(ours, &key, ID).expect("the vault");
    let [beside, phrased] =
        [(&plain_file, PLAIN), (&phrase_file, phrase.as_str())].map(|(path, first)| plain(path, first));
    let pages = || {
        let mut page = 0;
        move || {
            page = (page + 37) % 200;
            page
        }
    };
    let mut ours_page = pages();
    let mut list = || assert_eq!(vault.cards(ours_page()).expect("cards").len(), 50);
    let listed = |file: &Connection, page: usize| {
        let sql =
            "SELECT card FROM card WHERE id IN (SELECT id FROM card ORDER BY day DESC, id DESC LIMIT 50 OFFSET ?1)";
        assert_eq!(read(file, sql, page * 50).len(), 50);
    };
    let (mut plain_page, mut phrase_page) = (pages(), pages());
    let (mut list_plain, mut list_phrase) = (|| listed(&beside, plain_page()), || listed(&phrased, phrase_page()));
    let times = medians(200, [&mut list, &mut list_plain, &mut list_phrase]);
    three(rows, "list_page", times, 5_000.0);

    let codes = || {
        let mut n = 0;
        let cards = &cards;
        move || {
            n += 7919;
            cards[n % CASES as usize].code.clone().expect("a code")
        }
    };
    let mut ours_code = codes();
    let mut search = || assert_eq!(vault.cards_of(&ours_code()).expect("cards").len(), 1);
    let found = |file: &Connection, code: Code| {
        assert_eq!(read(file, "SELECT card FROM card WHERE code = ?1", code.to_string()).len(), 1);
    };
    let (mut plain_code, mut phrase_code) = (codes(), codes());
    let (mut search_plain, mut search_phrase) = (|| found(&beside, plain_code()), || found(&phrased, phrase_code()));
    let times = medians(400, [&mut search, &mut search_plain, &mut search_phrase]);
    three(rows, "search_code", times, 1_000.0);

    drop((vault, beside, phrased));
    let size = |path: &Path| std::fs::metadata(path).expect("a file").len() as f64;
    let (ours_size, plain_size) = (size(&ours.join("vault.db")), size(&plain_file));
    rows.add("vault", "file_ratio", ours_size / 1024.0, "KiB", ("the same rows in plain SQLite", plain_size / 1024.0));
    rows.add("vault", "file_ratio", ours_size / plain_size, "x", ("issue's limit", 1.15));

    let child = |folder: &str| {
        let program = std::env::current_exe().expect("this program");
        let told = Command::new(program).env(MEMORY, folder).output().expect("a child").stdout;
        String::from_utf8_lossy(&told).trim().parse::<f64>().expect("a number") / 1024.0
    };
    let (with, without) = (child(&ours.to_string_lossy()), child(""));
    rows.add("vault", "memory_10k", with, "MiB", ("the same program without a vault", without));
    rows.add("vault", "memory_10k", with, "MiB", ("issue's limit", 32.0));
}

/// In a child of [`cases`]: opens the vault, reads every case, and prints the memory of the process in KiB.
pub fn is_child() -> bool {
    let Ok(folder) = std::env::var(MEMORY) else { return false };
    let held = (!folder.is_empty()).then(|| {
        let vault = Vault::open(Path::new(&folder), &FileKey(KEY), ID).expect("the vault");
        let cards: Vec<CaseSummary> = (0..200).flat_map(|page| vault.cards(page).expect("cards")).collect();
        assert_eq!(cards.len() as i64, CASES);
        (vault, cards)
    });
    println!("{}", memory("self", "VmRSS").unwrap_or_default() / 1024.0);
    drop(held);
    true
}
