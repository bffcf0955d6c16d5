//! Backups, what a restored server says of itself, and the proof that all derives from the log.

use crate::test_server::{TestServer, Verdict};
use tabara_core::catalog::Catalog;
use tabara_core::record::{Record, Sent, Uuid};
use tabara_core::wire::{Bundle, Lineage, Restoration, lineage};
use tabara_server::Store;
use tabara_server::operator::rebuild::{RebuildError, rebuild};
use tabara_support::load::{NOON, Phone, Running, told};

impl TestServer {
    /// Stops the server, restores a backup, and starts again.
    async fn restored(self, backup: &std::path::Path) -> Self {
        let Self { deployment, clock, folder, store, settings, running, http } = self;
        running.stop().await;
        drop(store);
        let store = tabara_server::operator::restore::restore(folder.path(), backup, NOON).unwrap();
        let running = Running::start(store.clone(), settings.clone()).await;
        Self { deployment, clock, folder, store, settings, running, http }
    }
}

fn next(phone: &mut Phone) -> Sent {
    phone.sealed_screening()
}

fn ids(store: &Store) -> Vec<Uuid> {
    let mut found: Vec<Uuid> =
        store.read(|log| log.rows(0, 1000)).unwrap().into_iter().filter_map(|(_, row)| row.id).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_restored_server_says_what_it_lost_and_gets_it_again() {
    let (server, mut phone) = TestServer::new().await;
    let mut held: Vec<Sent> = (0..3).map(|_| next(&mut phone)).collect();
    let (first, _) = server.exchange(&phone, &Bundle::default(), &held).await;
    let backup = server.folder.path().join("yesterday.sqlite");
    server.store.backup(&backup, NOON).unwrap();
    assert_eq!(server.store.last_backup().unwrap(), Some(NOON));

    // after the backup: one more record, a phone revoked since, and a record withdrawn since
    held.push(next(&mut phone));
    let lost = server.deployment.phone();
    server.register(&lost).await;
    tabara_server::devices::revoke(&server.store, lost.device, None, false, NOON).unwrap();
    let taken_back: Record = tabara_core::envelope::stored(&held[0].jws).unwrap();
    let taken_back = phone.withdrawal(taken_back.record);
    held.push(phone.sign(&taken_back, None));
    let (before, _) = server.exchange(&phone, &Bundle::default(), &held[3..]).await;
    let all = ids(&server.store);

    let server = server.restored(&backup).await;
    assert!(server.store.read(|log| log.is_revoked(lost.device)).unwrap(), "a restore takes no revocation back");
    let withdrawn = server.position(&held[0]);
    assert_eq!(server.store.read(|log| log.sealed(withdrawn)).unwrap(), None, "nor a withdrawal");

    // the server names the place where it was cut off, and proves what it still has
    let asks = Bundle { head: Some(before.head), prove: vec![first.leaves[0].index], ..Bundle::default() };
    let (after, _) = server.exchange(&phone, &asks, &[]).await;
    assert_eq!(lineage(Some(&before.head), Some(&before.head), &[], &after), Lineage::Restored);
    let Restoration { kept, known } = Restoration::told(after.restore.as_ref().unwrap(), &after.head).unwrap();
    assert!(first.head.size <= kept && kept < before.head.size && before.head.size <= known);
    let proven = after.leaves.iter().find(|leaf| leaf.index == first.leaves[0].index).expect("it is still there");
    assert_eq!(proven.text, first.leaves[0].text);

    // what stood above is sent again, and nothing is double
    let (again, _) = server.exchange(&phone, &Bundle::default(), &held[3..]).await;
    assert!(held[3..].iter().all(|sent| Verdict::from(told(&again, sent)) == Verdict::Accepted));
    assert_eq!(ids(&server.store), all);
}

#[tokio::test]
async fn a_phone_that_was_first_before_the_restore_is_first_again() {
    let (server, _) = TestServer::new().await;
    let backup = server.folder.path().join("yesterday.sqlite");
    server.store.backup(&backup, NOON).unwrap();
    let owner = server.deployment.phone();
    let receipt = {
        let body = serde_json::to_vec(&owner.introduction()).unwrap();
        let answer = server.post(tabara_core::wire::DEVICES, body).await.bytes().await.unwrap();
        owner.receipt(&answer)
    };
    let server = server.restored(&backup).await;
    // long after the card's end, with what the server said the first time, and without
    server.clock.set(NOON + 200 * 86_400);
    use tabara_core::wire::{Introduction, Standing};
    let introduce = async |receipt| {
        let asks = Introduction { chain: owner.chain.clone(), receipt };
        let body = serde_json::to_vec(&asks).unwrap();
        let answer = server.post(tabara_core::wire::DEVICES, body.clone()).await;
        owner.open(&answer.bytes().await.unwrap(), &body, &server.settings).0.standing
    };
    assert_eq!(introduce(Some(receipt)).await, Standing::Trusted);
}

#[tokio::test]
async fn a_damaged_backup_changes_nothing() {
    let (server, mut phone) = TestServer::new().await;
    let record = next(&mut phone);
    server.send(&phone, &[record]).await;
    let backup = server.folder.path().join("backup.sqlite");
    server.store.backup(&backup, NOON).unwrap();
    let whole = std::fs::read(&backup).unwrap();
    let before = server.news(&phone, 0).await.head;
    for damaged in [&whole[..whole.len() / 2], b"no database", b""] {
        std::fs::write(&backup, damaged).unwrap();
        assert!(tabara_server::operator::restore::restore(server.folder.path(), &backup, NOON).is_err());
    }
    // one wrong bit in one sealed case
    std::fs::write(&backup, &whole).unwrap();
    let file = rusqlite::Connection::open(&backup).unwrap();
    let flipped = "UPDATE sealed SET bytes = cast(substr(bytes, 1, 100) || x'00' || substr(bytes, 102) AS BLOB)";
    assert_eq!(file.execute(flipped, []).unwrap(), 1);
    drop(file);
    assert!(tabara_server::operator::restore::restore(server.folder.path(), &backup, NOON).is_err());
    assert_eq!(server.news(&phone, 0).await.head, before);
}

#[tokio::test]
async fn all_is_derived_again_from_the_log_and_a_changed_log_does_not_prove_itself() {
    let (server, mut phone) = TestServer::new().await;
    let mut other = server.deployment.phone();
    server.register(&other).await;
    let (withdrawn, kept) = (phone.screening(), phone.screening());
    let strange = Record { questionnaire: unknown(), ..phone.screening() };
    let taken_back = phone.withdrawal(withdrawn.record);
    let case = b"age-encryption.org/v1\n";
    let kept_sent = phone.sign(&kept, Some(case));
    let strange_sent = phone.sign(&strange, None);
    let batch =
        [phone.sign(&withdrawn, Some(case)), kept_sent.clone(), strange_sent.clone(), phone.sign(&taken_back, None)];
    server.send(&phone, &batch).await;
    let foreign = other.withdrawal(kept.record);
    let in_doubt = server.send_one(&other, other.sign(&foreign, None)).await;
    assert!(matches!(in_doubt, Verdict::Quarantined(_)));
    tabara_server::intake::decide(&server.store, server.position(&strange_sent), true, NOON).unwrap();
    let newer = Catalog { revoked: vec![other.device], ..server.deployment.catalog(&server.settings, 2) };
    server.deployment.publish(&server.store, &server.settings, &newer);
    // months close one after the other, as time goes by
    for month in 1..=4 {
        server.clock.set(NOON + month * 30 * 86_400);
        tabara_server::log::tick(&server.store, &*server.clock).unwrap();
    }

    let again = || {
        let empty = tempfile::tempdir().unwrap();
        rebuild(&server.store, &server.settings, empty.path()).map(|(rebuilt, _)| rebuilt)
    };
    let rebuilt = again().unwrap();
    assert_eq!((rebuilt.records, rebuilt.quarantined, rebuilt.tombstones), (3, 2, 1));

    let change = |sql: &str| {
        let file = rusqlite::Connection::open(server.folder.path().join(tabara_server::store::FILE)).unwrap();
        assert_eq!(file.execute(sql, []).unwrap(), 1, "{sql}");
    };
    let at = server.position(&kept_sent);
    change(&format!("UPDATE entry SET reason = 'repeated_seq' WHERE position = {at}"));
    assert!(matches!(again(), Err(RebuildError::Derived | RebuildError::Entry { .. })));
    change(&format!("UPDATE entry SET reason = NULL WHERE position = {at}"));
    assert!(again().is_ok());
    // a tombstone that nobody asked for; a record called uncounted; a time that was moved
    let file = rusqlite::Connection::open(server.folder.path().join(tabara_server::store::FILE)).unwrap();
    let body: String =
        file.query_row(&format!("SELECT body FROM entry WHERE position = {at}"), [], |r| r.get(0)).unwrap();
    file.execute(&format!("UPDATE entry SET body = NULL, digests = zeroblob(96) WHERE position = {at}"), []).unwrap();
    assert!(again().is_err(), "buried in secret");
    file.execute(&format!("UPDATE entry SET body = ?1, digests = NULL WHERE position = {at}"), [body]).unwrap();
    change(&format!("UPDATE entry SET reason = 'unknown_code' WHERE position = {at}"));
    assert!(again().is_err(), "a false quarantine");
    change(&format!("UPDATE entry SET reason = NULL WHERE position = {at}"));
    change(&format!("UPDATE entry SET received = received - 86400 WHERE position = {at}"));
    assert!(again().is_err(), "a moved day");
    change(&format!("UPDATE entry SET received = received + 86400 WHERE position = {at}"));
    assert!(again().is_ok());
    change(&format!("UPDATE sealed SET bytes = x'00' WHERE position = {at}"));
    assert!(matches!(again(), Err(RebuildError::Entry { position, .. }) if position == at));
    change(&format!("DELETE FROM sealed WHERE position = {at}"));
    assert!(matches!(again(), Err(RebuildError::Entry { position, .. }) if position == at));
    change("DELETE FROM revoked");
    assert!(again().is_err());
}

fn unknown() -> tabara_core::record::QuestionnaireRef {
    tabara_core::record::QuestionnaireRef { id: "other".into(), sha256: tabara_core::envelope::sha256(b"other") }
}
