//! The whole way: a phone that runs the real core, an interview of the real questionnaire, the real server over HTTP,
//! and the coordinator's page. Offline in between, a server that restarts and one that is restored, every batch twice;
//! and a marker, typed where a name stands, that must never be readable outside of the sealed case.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tabara_core::case_export::{CaseExport, HeldEntry};
use tabara_core::catalog::{Binding, Chain, EnrolmentCard, Grant};
use tabara_core::envelope::{self, Digest, SigningKey, Typ, sha256};
use tabara_core::error::{Error, NotFoundItem, OfflineReason};
use tabara_core::focal_point::{Finished, FocalPoint};
use tabara_core::record::{Record, SealedCase, SealedRef, Sent, Uuid};
use tabara_core::referral::{NewReferral, Status};
use tabara_core::screening::read_questionnaire;
use tabara_core::seal;
use tabara_core::vault::mailbox::RecordStatus;
use tabara_core::wire::{KeptEntry, Leaf, LeafProof, Parcel, TreeHead};
use tabara_desk::case::Proof;
use tabara_server::operator::case_export;
use tabara_server::operator::restore::restore;
use tabara_server::staff::role::Role;
use tabara_support::coordinator::Cell;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::interviewer;
use tabara_support::people::{self, Person};
use tabara_support::phone::{KeyStore, to_doctor};
use tabara_support::sign_in::SignIn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const MARKER: &str = "Inarunganda-Marker-7";
const DAY: i64 = 86_400;
/// 2026-11-10 12:00 UTC.
const NOON: i64 = 1_794_312_000;

/// What goes over a wire, kept.
#[derive(Clone, Default)]
struct Tap(Arc<Mutex<Vec<Vec<u8>>>>);

impl Tap {
    /// Listens on a port of its own and passes everything on to the server, keeping what phones say.
    async fn before(&self, server: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (here, tap) = (listener.local_addr().unwrap(), self.clone());
        tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let ((mut said, mut to_phone), (mut answer, mut to_server)) = (phone.into_split(), server.into_split());
                let tap = tap.clone();
                let at = {
                    let mut all = tap.0.lock().unwrap();
                    all.push(Vec::new());
                    all.len() - 1
                };
                tokio::spawn(async move { tokio::io::copy(&mut answer, &mut to_phone).await });
                tokio::spawn(async move {
                    let mut buffer = [0; 16 * 1024];
                    while let Ok(n @ 1..) = said.read(&mut buffer).await {
                        tap.0.lock().unwrap()[at].extend_from_slice(&buffer[..n]);
                        if to_server.write_all(&buffer[..n]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        here
    }
}

/// Whether the marker can be read in some bytes: as they are, or in anything packed or encoded in them.
fn readable(bytes: &[u8]) -> bool {
    let plain = |bytes: &[u8]| bytes.windows(MARKER.len()).any(|part| part == MARKER.as_bytes());
    let encoded = |bytes: &[u8]| {
        let words = bytes.split(|b| !b.is_ascii_alphanumeric() && *b != b'-' && *b != b'_');
        words.filter(|word| word.len() > 15).any(|word| B64.decode(word).is_ok_and(|inside| plain(&inside)))
    };
    let unpacked = bytes.windows(3).enumerate().filter(|(_, magic)| *magic == [0x1f, 0x8b, 8]).any(|(at, _)| {
        let mut inside = Vec::new();
        // what follows the packed body ends the reading, which is no matter
        let _ = flate2::read::GzDecoder::new(&bytes[at..]).read_to_end(&mut inside);
        plain(&inside) || encoded(&inside)
    });
    plain(bytes) || encoded(bytes) || unpacked
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What the programs log at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct World {
    folder: tempfile::TempDir,
    deployment: Deployment,
    clock: Arc<SetClock>,
}

impl World {
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
        let deployment = Deployment::start(folder.path(), clock.clone(), &["returnee-screening.md"], 0).await;
        Self { folder, deployment, clock }
    }

    fn phone(&self, name: &str, key_store: &Arc<KeyStore>) -> FocalPoint {
        FocalPoint::open(&self.folder.path().join(name), key_store.clone(), self.clock.clone()).unwrap()
    }

    /// An enrolled phone that has its questionnaire.
    async fn supplied(&self, card: &str) -> FocalPoint {
        let phone = self.phone("phone", &Arc::default());
        phone.enrol(card, "271828").unwrap();
        phone.sync(&Default::default()).await.unwrap();
        phone
    }

    /// The sealed case of a record, opened by the case worker.
    fn opened(&self, record: Uuid) -> SealedCase {
        let sealed = self.deployment.store().read(|log| {
            let found = log.find(record)?.expect("the record is in the log");
            log.sealed(found.position)
        });
        let sealed = sealed.unwrap().expect("the sealed case is beside it");
        let plain = seal::unseal(&sealed, &self.deployment.authority.case_worker).unwrap();
        serde_json::from_slice(&plain).unwrap()
    }

    /// Closes the month of the interviews and reads the page as the national data officer.
    async fn exact(&self, name: &str, table: &str, code: &str) -> u32 {
        // a server that runs sees every month end
        for days in [30, 60, 90] {
            self.clock.set(NOON + days * DAY);
            self.deployment.tick();
        }
        let officer = SignIn::new(&self.deployment, name, Role::NationalDataOfficer);
        let page = officer.enter(&self.deployment.url()).await.unwrap().figures("place=BI&period=all").await.unwrap();
        match page.cells.get(&(table.to_owned(), code.to_owned())) {
            Some(Cell::Number(n)) => *n,
            other => panic!("{table} {code}: {other:?}"),
        }
    }
}

/// Presumed victims, with the marker for a name.
fn victims(number: usize) -> Vec<Person> {
    let mut victims: Vec<Person> = people::people(true).into_iter().filter(|p| p.presumed).take(number).collect();
    for person in &mut victims {
        person.answers.insert("s3_keep", "yes".into());
        person.answers.insert("c_name", MARKER.into());
    }
    victims
}

#[tokio::test(flavor = "multi_thread")]
async fn one_screening_after_another_from_a_phone_to_the_coordinators_page() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    let _ = subscriber.with_ansi(false).with_writer(move || writer.clone()).try_init();
    let mut world = World::new().await;
    let tap = Tap::default();
    let through_tap = tap.before(world.deployment.address).await;
    let card = world.deployment.card_to("BI-CO-04-02", format!("http://{through_tap}"));
    let people = victims(9);
    let mut finished: Vec<Finished> = Vec::new();

    // Given a phone that was enrolled and has its questionnaire, when three people are interviewed and it syncs
    let phone = world.supplied(&card).await;
    finished.extend(people[..3].iter().map(|person| interviewer::screen(&phone, person).unwrap()));
    assert_eq!(phone.sync(&Default::default()).await.unwrap().accepted, 3);
    // (the operator backs up here)
    let backup = world.folder.path().join("backup");
    world.deployment.store().backup(&backup, NOON).unwrap();

    // and the server is away during three more interviews, which wait
    world.deployment.stop().await;
    finished.extend(people[3..6].iter().map(|person| interviewer::screen(&phone, person).unwrap()));
    let away = phone.sync(&Default::default()).await;
    assert_eq!(away.as_ref().err(), Some(&Error::Offline { reason: OfflineReason::NoNetwork }));
    // and comes back
    world.deployment.serve().await;
    assert_eq!(phone.sync(&Default::default()).await.unwrap().accepted, 3);

    // and every batch is sent twice
    let ids: Vec<Uuid> = finished.iter().map(|f| f.record).collect();
    assert!(ids.iter().all(|id| phone.mailbox().send_again(*id).unwrap()));
    assert_eq!(phone.sync(&Default::default()).await.unwrap().already_had, 6);

    // and the server is restored from the backup, which lacks three records
    world.deployment.stop().await;
    let data = world.deployment.data();
    std::fs::rename(&data, world.folder.path().join("burnt")).unwrap();
    std::fs::create_dir(&data).unwrap();
    for key in ["operations.key", "intake.key", "authority.keys", "restore-aid.json"] {
        std::fs::copy(world.folder.path().join("burnt").join(key), data.join(key)).unwrap();
    }
    drop(restore(&data, &backup, NOON).unwrap());
    world.deployment.serve().await;
    finished.extend(people[6..].iter().map(|person| interviewer::screen(&phone, person).unwrap()));
    let report = phone.sync(&Default::default()).await.unwrap();
    assert!(report.restored, "the phone noticed the restore");
    assert_eq!(phone.sync(&Default::default()).await.unwrap().accepted, 0, "nothing is left to send");

    // Then the count is exact,
    assert_eq!(world.exact("officer", "people-by-outcome", "presumed").await, 9);
    // each sealed case opens and holds the full answers,
    let mut records = BTreeSet::new();
    for (person, done) in people.iter().zip(&finished) {
        let case = world.opened(done.record);
        records.insert(case.record);
        let said = |question: &str| case.answers.iter().find(|(path, _)| path == question).map(|(_, a)| a.as_str());
        assert_eq!(said("c_name"), Some(MARKER));
        for question in ["s2_age", "j_where", "q_what", "q_hours"] {
            assert_eq!(said(question), person.answers.get(question).map(String::as_str), "{question}");
        }
    }
    assert_eq!(records.len(), 9, "no case is another's");
    // and the marker is readable nowhere else: not on the wire, not in a file of server or phone, log or error.
    let wire = tap.0.lock().unwrap();
    assert!(wire.iter().map(Vec::len).sum::<usize>() > 10_000, "the tap heard the phone");
    assert!(!wire.iter().any(|said| readable(said)));
    let all = files(world.folder.path());
    assert!(all.len() > 8, "server, backup and phone have files");
    for file in all {
        assert!(!readable(&std::fs::read(&file).unwrap()), "{}", file.file_name().unwrap().display());
    }
    assert!(!log.0.lock().unwrap().is_empty(), "something was logged");
    assert!(!readable(&log.0.lock().unwrap()));
    assert!(!readable(format!("{away:?} {:?} {:?}", phone.waiting(), phone.cases(0)).as_bytes()));
}

#[test]
fn the_search_finds_a_marker_however_it_is_wrapped() {
    let packed = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(b"POST / HTTP/1.1\r\n\r\n".to_vec(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, bytes).unwrap();
        gzip.finish().unwrap()
    };
    let text = format!("{{\"name\":\"{MARKER}\"}}");
    let encoded = format!("{{\"jws\":\"e30.{}.AAAA\"}}", B64.encode(&text));
    for wrapped in
        [text.as_bytes().to_vec(), encoded.as_bytes().to_vec(), packed(text.as_bytes()), packed(encoded.as_bytes())]
    {
        assert!(readable(&wrapped));
    }
    assert!(!readable(b"nothing of the kind"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_nothing_leaves_and_without_agreement_to_count_the_case_still_opens() {
    let world = World::new().await;
    let phone = world.supplied(&world.deployment.card("BI-CO-04-02")).await;
    let people = victims(2);

    // Given a person who does not agree to the interview
    let mut refuses = people[0].clone();
    refuses.answers.insert("s3_c1", "no".into());
    let session = phone.start("returnee_screening", "en").unwrap();
    let ended = interviewer::interview(&session, &refuses).and_then(|_| session.finish(None));
    assert_eq!(ended.err(), Some(Error::NoConsent));

    // and one who agrees to the interview, but not to be counted
    let mut uncounted = people[1].clone();
    uncounted.answers.insert("s3_stats", "no".into());
    let finished = interviewer::screen(&phone, &uncounted).unwrap();

    // Then one record leaves, with no facts, also while the vault is locked,
    phone.lock();
    assert_eq!(phone.sync(&Default::default()).await.unwrap().accepted, 1);
    let found = world.deployment.store().read(|log| log.find(finished.record)).unwrap().unwrap();
    assert!(found.record.unwrap().facts.is_empty());
    // it is not counted, and its case opens.
    assert_eq!(world.exact("officer", "people-by-outcome", "total").await, 0);
    let case = world.opened(finished.record);
    assert!(case.answers.contains(&("c_name".into(), MARKER.into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_told_all_that_is_held_and_who_takes_it_back_leaves_nothing_readable() {
    let world = World::new().await;
    let phone = world.supplied(&world.deployment.card("BI-CO-04-02")).await;

    // Given a person who was screened, and agreed to see a doctor
    let finished = interviewer::screen(&phone, &victims(1)[0]).unwrap();
    let referral = phone.refer(finished.record, &to_doctor(Some("a clinic without a device"), MARKER)).unwrap();
    let nothing = NewReferral { service: "a clinic".into(), ..to_doctor(None, MARKER) };
    assert_eq!(phone.refer(finished.record, &nothing).err(), Some(Error::NotFound { what: NotFoundItem::Service }));
    phone.note_referral(finished.record, referral.referral, Status::Sent, None).unwrap();
    let skipped = phone.note_referral(finished.record, referral.referral, Status::Completed, None);
    assert!(matches!(skipped, Err(Error::Answer { .. })));
    phone.sync(&Default::default()).await.unwrap();
    let card = &phone.cases(0).unwrap()[0].summary;
    assert_eq!(card.referrals.iter().map(|r| r.status).collect::<Vec<_>>(), [Status::Sent]);

    // When she asks, the operator gathers and the case worker opens
    let (code, settings) = (finished.code.clone().unwrap(), world.deployment.settings());
    let held = || case_export::gather(world.deployment.store(), &settings, code.clone()).unwrap();
    let words = |hash: &_| world.deployment.questionnaires.get(hash).and_then(|bytes| read_questionnaire(bytes).ok());
    let proof = Proof::From(world.deployment.authority.key.public());
    let told = |key: &str| tabara_desk::export::text(&held(), key, proof, words, "fr");
    let file = told(&world.deployment.authority.case_worker).unwrap();

    // Then she reads what she said, in words, what is counted of it, the referral, and that it is kept
    assert!(!readable(serde_json::to_string(&held()).unwrap().as_bytes()), "the operator reads nothing of it");
    for line in [MARKER, "counted   outcome: presumed", "referral_status: ready", "referral_status: sent", "in the log"]
    {
        assert!(file.contains(line), "{line}");
    }
    assert_eq!(file.matches("====").count(), 3);
    assert!(told(&tabara_core::seal::new_identity().0).is_err(), "with another key nothing is told");

    // When she takes it back on another phone with her slip
    let other = world.phone("other", &Arc::default());
    other.enrol(&world.deployment.card("BI-CO-01-01"), "271828").unwrap();
    other.withdraw_slip(&code.to_string(), Some(finished.undo.as_ref().unwrap().as_str())).unwrap();
    assert_eq!(other.sync(&Default::default()).await.unwrap().accepted, 1);

    // Then nothing readable is left, and the phone that heard it knows
    let file = told(&world.deployment.authority.case_worker).unwrap();
    assert_eq!((file.matches("taken back").count(), file.contains(MARKER)), (3, false), "the referral goes along");
    phone.sync(&Default::default()).await.unwrap();
    assert_eq!(phone.cases(0).unwrap()[0].status, RecordStatus::Withdrawn);
    assert_eq!(world.exact("officer", "people-by-outcome", "total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_nobody_of_the_authority_signed_is_not_shown_as_real() {
    let world = World::new().await;
    let phone = world.supplied(&world.deployment.card("BI-CO-04-02")).await;

    // Given two people who were screened on a phone, and what the operator gathers of each
    let finished: Vec<Finished> = victims(2).iter().map(|p| interviewer::screen(&phone, p).unwrap()).collect();
    phone.sync(&Default::default()).await.unwrap();
    let (settings, authority) = (world.deployment.settings(), &world.deployment.authority);
    let gather = |finished: &Finished| {
        case_export::gather(world.deployment.store(), &settings, finished.code.clone().unwrap()).unwrap()
    };
    let (hers, of_another) = (gather(&finished[0]), gather(&finished[1]));
    let told =
        |held: &CaseExport, proof| tabara_desk::export::text(held, &authority.case_worker, proof, |_| None, "fr");
    let proof = Proof::From(authority.key.public());
    let text = told(&hers, proof).unwrap();
    assert!(text.contains(MARKER) && text.contains(" of IOM, BI-CO-04-02\n"), "who signed is printed: {text}");

    // When somebody between phone and desk seals another answer to the case worker, whose key is no secret
    let mut case = world.opened(finished[0].record);
    case.answers.retain(|(path, _)| !path.ends_with("c_name"));
    case.answers.push(("c_name".into(), "the number of the trafficker".into()));
    let sealed =
        seal::seal(&serde_json::to_vec(&case).unwrap(), &[seal::recipient_of(&authority.case_worker).unwrap()])
            .unwrap();
    let entry = &hers.entries[0];
    let record: Record = envelope::stored(&entry.sent.as_ref().unwrap().jws).unwrap();
    let named = SealedRef { sha256: sha256(&sealed), len: sealed.len() as u32 };
    let forger = SigningKey::generate();
    let jws = envelope::sign(Typ::Record, &forger, &Record { sealed: Some(named), ..record });
    // with a log that holds it
    let kept = KeptEntry { jws: sha256(jws.as_bytes()), reason: None };
    let leaf = Leaf::Bundle { day: "2026-11-10".into(), bundle: sha256(b"forged"), entries: vec![kept] };
    let parcel = Parcel {
        head: TreeHead { size: 1, root: leaf.hash() },
        leaves: vec![LeafProof { index: 0, text: leaf.text(), proof: vec![] }],
        ..envelope::stored(&hers.proof).unwrap()
    };
    let sent = Some(Sent::new(jws.clone(), Some(&sealed)));
    let forged = |proof: String| CaseExport {
        entries: vec![HeldEntry { jws: sha256(jws.as_bytes()), sent: sent.clone(), ..entry.clone() }],
        proof,
        ..hers.clone()
    };
    let from_outside = forged(envelope::sign(Typ::Parcel, &forger, &parcel));
    let from_the_operator = forged(settings.operations.sign(Typ::Parcel, &parcel));
    // or with a chain of another authority
    let (grant, binding): (Grant, Binding) =
        (envelope::stored(&hers.chains[0].grant).unwrap(), envelope::stored(&hers.chains[0].binding).unwrap());
    let grant = Grant { card: forger.public(), ..grant };
    let binding = Binding { record_key: forger.public(), transport_key: forger.public(), ..binding };
    let card = EnrolmentCard {
        grant: envelope::sign(Typ::Grant, &forger, &grant),
        seed: Digest(*forger.seed()),
        authority: forger.public(),
    };
    let chain = Chain::bind(&card, &binding, &forger, &forger);
    let with_a_chain = CaseExport { chains: vec![chain], ..from_the_operator.clone() };
    // or puts another person's true record into her file, or another's case beside her record
    let of_somebody_else = CaseExport { entries: of_another.entries.clone(), ..hers.clone() };
    let mut swapped = hers.clone();
    let others = of_another.entries[0].sent.as_ref().unwrap().sealed.clone();
    swapped.entries[0].sent.as_mut().unwrap().sealed = others;

    // Then the desk shows none of it as hers
    for (held, why) in [
        (&from_outside, "not proven to stand in the log"),
        (&from_the_operator, "no phone or reviewer of this authority"),
        (&with_a_chain, "no phone or reviewer of this authority"),
        (&of_somebody_else, "someone moved them"),
        (&swapped, "someone moved them"),
    ] {
        let refused = told(held, proof).map_err(|e| e.to_string());
        assert!(refused.as_ref().is_err_and(|said| said.contains(why)), "{why}: {refused:?}");
        assert!(tabara_desk::case::open(&serde_json::to_vec(held).unwrap(), &authority.case_worker, proof).is_err());
    }
    assert!(told(&hers, Proof::From(forger.public())).is_err(), "another authority");
    // and whoever wants to see it all the same sees on every line that nobody vouches for it
    let seen = told(&from_outside, Proof::Waived).unwrap();
    assert!(seen.contains("trafficker") && seen.lines().all(|line| line.starts_with("NOT VERIFIED | ")), "{seen}");
}
