//! Backups, what phones send again after one was restored, and the proof that all derives from the log.

use crate::test_server::TestServer;
use reqwest::StatusCode;
use serde_json::json;
use tabara_core::catalog::Catalog;
use tabara_core::record::{Head, IntakeOutcome, Record, Sent, Uuid};
use tabara_server::Store;
use tabara_server::intake::Wanted;
use tabara_server::rebuild::{RebuildError, rebuild};
use tabara_support::load::{NOON, Phone, Running, digest};

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

    /// What a phone does that sees a new epoch: it offers all it has and sends what is missing.
    async fn offer_again(&self, phone: &Phone, held: &[(Uuid, Sent)]) -> Vec<Uuid> {
        let offers: Vec<_> = held.iter().map(|(id, sent)| json!({"record": id, "jws": digest(sent)})).collect();
        let request = self.post("offers", phone).json(&json!({"offers": offers}));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let wanted = response.json::<Wanted>().await.unwrap().wanted;
        let missing: Vec<Sent> = held.iter().filter(|(id, _)| wanted.contains(id)).map(|(_, s)| s.clone()).collect();
        self.send(phone, &missing).await;
        wanted
    }

    fn end(&self) -> Head {
        self.store.read(|log| log.head(NOON)).unwrap()
    }
}

fn next(phone: &mut Phone) -> (Uuid, Sent) {
    let record = phone.screening();
    (record.record, phone.sign(&record, Some(b"sealed")))
}

fn ids(store: &Store) -> Vec<Uuid> {
    let mut found: Vec<Uuid> =
        store.read(|log| log.rows(0, 1000)).unwrap().into_iter().filter_map(|(_, row)| row.id).collect();
    found.sort();
    found
}

#[tokio::test]
async fn after_a_restore_every_phone_brings_back_what_is_missing() {
    let (server, mut old) = TestServer::new().await;
    let mut held_old: Vec<_> = (0..3).map(|_| next(&mut old)).collect();
    server.send(&old, &held_old.iter().map(|(_, s)| s.clone()).collect::<Vec<_>>()).await;
    let backup = server.folder.path().join("yesterday.sqlite");
    server.store.backup(&backup, NOON).unwrap();
    assert_eq!(server.store.last_backup().unwrap(), Some(NOON));

    // after the backup: one more record, a phone enrolled since, and a phone revoked since
    held_old.push(next(&mut old));
    server.send(&old, &[held_old[3].1.clone()]).await;
    let (mut young, lost) = (server.deployment.phone(), server.deployment.phone());
    server.register(&young).await;
    server.register(&lost).await;
    let held_young = vec![next(&mut young)];
    server.send(&young, &[held_young[0].1.clone()]).await;
    tabara_server::devices::revoke(&server.store, lost.device, NOON).unwrap();
    let (before, all) = (server.end(), ids(&server.store));

    let server = server.restored(&backup).await;
    let after = server.end();
    assert!(after.epoch != before.epoch && after.position < before.position);
    assert!(server.store.read(|log| log.is_revoked(lost.device)).unwrap(), "a restore takes no revocation back");

    assert_eq!(server.get("catalog", &young).await.status(), StatusCode::UNAUTHORIZED, "it was enrolled since");
    assert_eq!(server.register(&young).await, json!({"outcome": "accepted"}));
    assert_eq!(server.offer_again(&young, &held_young).await, [held_young[0].0]);
    assert_eq!(server.offer_again(&old, &held_old).await, [held_old[3].0]);
    assert_eq!(ids(&server.store), all, "none lost, none double");
    assert!(server.offer_again(&old, &held_old).await.is_empty());
}

#[tokio::test]
async fn a_damaged_backup_changes_nothing() {
    let (server, mut phone) = TestServer::new().await;
    let (_, sent) = next(&mut phone);
    server.send(&phone, &[sent]).await;
    let backup = server.folder.path().join("backup.sqlite");
    server.store.backup(&backup, NOON).unwrap();
    let whole = std::fs::read(&backup).unwrap();
    let before = server.end();
    for damaged in [&whole[..whole.len() / 2], b"no database", b""] {
        std::fs::write(&backup, damaged).unwrap();
        assert!(tabara_server::operator::restore::restore(server.folder.path(), &backup, NOON).is_err());
    }
    assert_eq!(server.end(), before);
}

#[tokio::test]
async fn all_is_derived_again_from_the_log_and_a_changed_log_does_not_prove_itself() {
    let (server, mut phone) = TestServer::new().await;
    let mut other = server.deployment.phone();
    server.register(&other).await;
    let withdrawn = next(&mut phone);
    let kept = next(&mut phone);
    let strange = Record { questionnaire: unknown(), ..phone.screening() };
    let strange = phone.sign(&strange, None);
    let foreign = other.withdrawal(kept.0);
    let taken_back = phone.withdrawal(withdrawn.0);
    let batch = [withdrawn.1, kept.1, strange, phone.sign(&taken_back, None), other.sign(&foreign, None)];
    let verdicts = server.send(&phone, &batch).await;
    assert_eq!(verdicts.iter().filter(|v| v.outcome == IntakeOutcome::Quarantined).count(), 2);
    let strange_at = server.receipt(&verdicts[2]).position;
    tabara_server::intake::decide(&server.store, strange_at, true, NOON).unwrap();
    let newer = Catalog { revoked: vec![other.device], ..server.deployment.catalog(&server.settings, 2) };
    server.deployment.publish(&server.store, &server.settings, &newer);
    server.clock.set(NOON + 100 * 86_400);
    tabara_server::closings::tick(&server.store, &*server.clock).unwrap();

    let again = || {
        let empty = tempfile::tempdir().unwrap();
        rebuild(&server.store, &server.settings, empty.path()).map(|(rebuilt, _)| rebuilt)
    };
    let rebuilt = again().unwrap();
    assert_eq!(rebuilt.entries, server.end().position);
    assert_eq!((rebuilt.records, rebuilt.quarantined, rebuilt.tombstones), (3, 2, 1));

    let change = |sql: &str| {
        let file = rusqlite::Connection::open(server.folder.path().join(tabara_server::store::FILE)).unwrap();
        assert_eq!(file.execute(sql, []).unwrap(), 1, "{sql}");
    };
    let at = server.receipt(&verdicts[1]).position;
    change(&format!("UPDATE entry SET reason = 'repeated_seq' WHERE position = {at}"));
    assert!(matches!(again(), Err(RebuildError::Derived | RebuildError::Entry { .. })));
    change(&format!("UPDATE entry SET reason = NULL WHERE position = {at}"));
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
