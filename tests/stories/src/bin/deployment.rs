//! A deployment for the journeys in Kotlin, Python and on the Android sample: the real server on a free port, told what
//! to do on standard input and answering on standard output, one line of JSON for each word. It ends with its input.
//!
//! | word | answer |
//! |--|--|
//! | (at the start) | `{"server": ADDRESS}` |
//! | `card COMMUNE` | `{"card": TEXT}`: a new card |
//! | `provider ORGANISATION` | `{"card": TEXT}`: a new card for a device of a provider, who gives medical care and protects children in Kayanza by the directory |
//! | `service ORGANISATION` | `{"ok": true}`: the same in the directory, for one without a device |
//! | `policy ATTEMPTS SECONDS` | `{"ok": true}`: wrong PINs before a vault is destroyed, seconds without use before a phone locks |
//! | `stop`, `start` | `{"ok": true}`: the network goes and comes back, at the same address |
//! | `held CODE` | `{"export", "identity", "authority", "form"}`: what the operator writes on a case, the case worker's key, the authority's public key, the questionnaire |
//! | `locked PASSPHRASE` | `{"file"}`: the case worker's key file under a passphrase, base64url |
//! | `inbox FOLDER` | `{"authority"}`: three people are screened, one of them in need of a doctor within an hour; the folder is what the operator writes for a case worker, `keys` beside it holds `identity.age` (passphrase `quatre mots au hasard`), `reviewer.key`, `catalog.jws` and the parts |
//! | `records` | `{"records": [{"record": PAYLOAD, "answers": {...}}]}`: the log, each case opened by the case worker |

//!
//! Three more are processes of their own. `deployment dev-server FOLDER PORT` is `cargo xtask dev-server`; two may be killed
//! (`tests/network.rs`): `deployment serve FOLDER ADDRESS` and
//! `deployment sync PLACE UNIX-TIME`, one run of a phone.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::catalog::Reviewer;
use tabara_core::clock::{Clock, SystemClock};
use tabara_core::envelope::{self, Digest, Typ};
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::SealedCase;
use tabara_core::referral::NewReferral;
use tabara_core::seal;
use tabara_server::operator::case_export;
use tabara_server::store::entry::EntryPayload;
use tabara_server::{Settings, Store};
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::developer::{hand_out_card, invite_coordinator};
use tabara_support::phone::{KeyStore, to_doctor};
use tabara_support::{interviewer, light_phone, people};

const FORM: &str = "returnee-screening.md";

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", folder, address] => {
            let settings =
                Settings::open(folder.as_ref(), Arc::new(SystemClock::default())).expect("a server's folder");
            let listener = tokio::net::TcpListener::bind(address).await.expect("the port is free");
            let store = Store::open(folder.as_ref()).expect("the log");
            tabara_server::serve(listener, store, settings, std::future::pending()).await.expect("it serves");
        }
        ["sync", place, unix] => {
            let clock = SetClock::at(unix.parse().expect("a number"));
            // however it ends: what it did is on the disk
            let mailbox = light_phone::open(place.as_ref(), clock, false).into();
            let _ = light_phone::sync(&mailbox, &Default::default()).await;
        }
        ["dev-server", folder, port] => dev_server(folder.as_ref(), port.parse().expect("a port")).await,
        _ => serve_test().await,
    }
}

/// The deployment's clock follows the real one.
fn follow_real_time(clock: Arc<SetClock>) {
    tokio::spawn(async move {
        loop {
            clock.set(SystemClock::default().unix());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}

/// A server for a developer's own phone: a card, a sign-in, until Ctrl-C.
async fn dev_server(folder: &Path, port: u16) {
    let temporary = tempfile::tempdir().expect("a folder");
    let clock = SetClock::at(SystemClock::default().unix());
    let mut deployment = Deployment::start(temporary.path(), clock.clone(), &[FORM], port).await;
    follow_real_time(clock);
    println!("server on {}", deployment.url());
    // the phone of the example in bindings/python, whose server ended with the last start
    if std::fs::remove_dir_all(folder.join("phone")).is_ok() {
        std::fs::remove_file(folder.join("phone-secret.json")).ok();
        println!("the phone of the last start is gone, like its server");
    }
    invite_coordinator(&deployment);
    hand_out_card(&deployment, folder).expect("the folder can be written");
    println!("\nIts files go when it ends. Ctrl-C ends it.");
    tokio::signal::ctrl_c().await.expect("Ctrl-C is heard");
    deployment.stop().await;
}

async fn serve_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = SetClock::at(SystemClock::default().unix());
    let mut deployment = Deployment::start(folder.path(), clock.clone(), &[FORM], 0).await;
    follow_real_time(clock);
    say(json!({ "server": deployment.url() }));
    let (heard, mut words) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|l| heard.send(l)));
    while let Some(line) = words.recv().await {
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("card", commune) => say(json!({ "card": deployment.card(commune) })),
            ("provider", organisation) => {
                deployment.add_service(organisation);
                say(json!({ "card": deployment.provider_card(organisation) }));
            }
            ("service", organisation) => {
                deployment.add_service(organisation);
                say(json!({ "ok": true }));
            }
            ("policy", numbers) => {
                let mut numbers = numbers.split(' ').map(|n| n.parse().expect("a number"));
                let policy = &mut deployment.catalog.policy;
                policy.pin_attempts = numbers.next().expect("attempts");
                policy.lock_after_seconds = numbers.next().expect("seconds");
                deployment.catalog.version += 1;
                deployment.publish();
                say(json!({ "ok": true }));
            }
            ("stop", _) => {
                deployment.kill().await;
                say(json!({ "ok": true }));
            }
            ("start", _) => {
                deployment.serve().await;
                say(json!({ "ok": true }));
            }
            ("held", code) => say(held(&deployment, code)),
            ("locked", passphrase) => {
                let file = seal::lock(deployment.authority.case_worker.as_bytes(), passphrase).expect("it locks");
                say(json!({ "file": BASE64_URL_SAFE_NO_PAD.encode(file) }));
            }
            ("inbox", folder) => {
                let answer = inbox(&mut deployment, folder.as_ref()).await;
                say(answer);
            }
            ("records", _) => say(json!({ "records": records(&deployment) })),
            _ => say(
                json!({ "error": "card COMMUNE, provider ORGANISATION, service ORGANISATION, policy ATTEMPTS SECONDS, stop, start, held CODE, locked PASSPHRASE, inbox FOLDER or records" }),
            ),
        }
    }
}

fn say(answer: Value) {
    println!("{answer}");
    std::io::stdout().flush().expect("somebody listens");
}

fn held(deployment: &Deployment, code: &str) -> Value {
    let settings = Settings::open(&deployment.folder.join("server"), deployment.clock.clone()).expect("settings");
    let code = code.parse().expect("a code");
    let export = case_export::gather(deployment.store(), &settings, code).expect("the log can be read");
    let form = deployment.questionnaires.values().next().map(|bytes| String::from_utf8_lossy(bytes));
    json!({
        "export": export, "identity": *deployment.authority.case_worker,
        "authority": deployment.authority.key.public(), "form": form,
    })
}

/// A case worker's folder, after a morning of work of a focal point in Ngozi.
async fn inbox(deployment: &mut Deployment, folder: &Path) -> Value {
    let (name, key) = ("Beata".to_owned(), deployment.authority.reviewer.public());
    deployment.catalog.reviewers.push(Reviewer { name, key });
    deployment.add_service("Clinic");
    let phones = tempfile::tempdir().expect("a folder");
    let mut enrolled = Vec::new();
    for (name, card) in [("a", deployment.provider_card("Clinic")), ("b", deployment.card("BI-CO-05-03"))] {
        let clock = Arc::new(SystemClock::default());
        let phone = FocalPoint::open(&phones.path().join(name), Arc::<KeyStore>::default(), clock).expect("a phone");
        phone.enrol(&card, "271828").expect("a good card");
        phone.sync(&Default::default()).await.expect("the server answers");
        enrolled.push(phone);
    }
    let mut victims: Vec<_> = people::people(true).into_iter().filter(|person| person.presumed).take(3).collect();
    for (person, name) in victims.iter_mut().zip(["Aline", "Benite", "Chantal"]) {
        person.answers.extend([("s3_keep", "yes".into()), ("c_name", name.into())]);
        let finished = interviewer::screen(&enrolled[1], person).expect("an interview");
        if name == "Benite" {
            let urgent = NewReferral { urgency: "h1".into(), ..to_doctor(Some("Clinic"), name) };
            enrolled[1].refer(finished.record, &urgent).expect("a referral");
        }
    }
    enrolled[1].sync(&Default::default()).await.expect("the server answers");
    deployment.export_inbox(folder);
    let keys = folder.join("keys");
    let keep = |name: &str, bytes: &[u8]| std::fs::write(keys.join(name), bytes).expect("the folder can be written");
    std::fs::create_dir_all(&keys).expect("the folder can be written");
    let authority = &deployment.authority;
    keep("identity.age", &seal::lock(authority.case_worker.as_bytes(), "quatre mots au hasard").expect("it locks"));
    keep("reviewer.key", format!("TABARA-SIGNING-KEY-1-{}", Digest(*authority.reviewer.seed())).as_bytes());
    keep("catalog.jws", envelope::sign(Typ::Catalog, &authority.key, &deployment.catalog).as_bytes());
    deployment.questionnaires.iter().for_each(|(sha256, package)| keep(&sha256.to_string(), package));
    json!({ "authority": authority.key.public() })
}

/// Every record of the log, in its order, with what the case worker reads in its sealed case.
fn records(deployment: &Deployment) -> Vec<Value> {
    let read = |log: &tabara_server::store::Reading| {
        let mut found = Vec::new();
        log.entries(0, u64::MAX, |entry| {
            if let EntryPayload::Record(record) = &entry.payload {
                found.push((record.clone(), log.sealed(entry.position)?));
            }
            Ok(())
        })?;
        Ok(found)
    };
    let found = deployment.store().read(read).expect("the log can be read");
    let opened = |sealed: Vec<u8>| {
        let plain = seal::unseal(&sealed, &deployment.authority.case_worker).expect("the case worker's key opens it");
        let case: SealedCase = serde_json::from_slice(&plain).expect("a case");
        case.answers.into_iter().map(|(path, value)| (path, Value::from(value))).collect::<Value>()
    };
    found.into_iter().map(|(record, sealed)| json!({ "record": record, "answers": sealed.map(opened) })).collect()
}
