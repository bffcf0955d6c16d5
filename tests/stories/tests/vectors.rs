//! Known answers that any language can compute (`tests/python/test_vectors.py` does): a card, the chain of a phone, a
//! record with its sealed case, all made once by a real phone; and a whole visit to the real server over HTTP.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tabara_core::catalog::{
    Binding, Catalog, Chain, EnrolmentCard, Grant, Part, PartKind, Policy, Recipient, RecipientRole, Reviewer, Rotation,
};
use tabara_core::envelope::{self, Digest, SigningKey, Typ, sha256};
use tabara_core::facts::{self, Dictionary};
use tabara_core::record::{
    Batch, Code, Kind, Order, QuestionnaireRef, Record, SealedCase, SealedRef, Sent, Token, Uuid, WipeAcknowledgement,
    undo_hash,
};
use tabara_core::referral::{Route, Status};
use tabara_core::seal;
use tabara_server::entry::EntryKind;
use tabara_server::intake::{Offer, Offers};
use tabara_server::settings::key_files;
use tabara_server::store::{EntryRow, FILE, Writing};
use tabara_server::{Settings, Store};
use tabara_support::deployment::SetClock;
use tabara_support::load::{Running, client};

#[derive(Serialize, Deserialize)]
struct Known {
    authority_seed: Digest,
    card: String,
    chain: Chain,
    jws: String,
    /// The age file, base64url.
    sealed: String,
    case_worker: String,
    undo: Code,
    record: Record,
    case: SealedCase,
}

/// The same record, sealed and signed anew, with new keys of the phone.
fn renewed(known: Known) -> Known {
    let (card, _) = EnrolmentCard::parse(&known.card).unwrap();
    let (seed, record_key) = (SigningKey::from_seed(card.seed.0), SigningKey::generate());
    let old: Binding = envelope::stored(&known.chain.binding).unwrap();
    let binding = Binding { record_key: record_key.public(), ..old };
    let chain = Chain { binding: envelope::sign(Typ::Device, &seed, &binding), ..known.chain };
    let recipients = [seal::recipient_of(&known.case_worker).unwrap(), seal::recipient_of(RECOVERY).unwrap()];
    let sealed = seal::seal(&serde_json::to_vec(&known.case).unwrap(), &recipients).unwrap();
    let named = SealedRef { sha256: sha256(&sealed), len: sealed.len() as u32 };
    let record = Record { sealed: Some(named), ..known.record };
    let jws = envelope::sign(Typ::Record, &record_key, &record);
    Known { chain, record, jws, sealed: B64.encode(sealed), ..known }
}

/// `TABARA_WRITE=record` seals and signs it anew before; then the visit is written anew, too.
#[test]
fn the_known_record_opens() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/record.json");
    let mut known: Known = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    if std::env::var("TABARA_WRITE").is_ok_and(|what| what == "record") {
        known = renewed(known);
        std::fs::write(&file, serde_json::to_string_pretty(&known).unwrap() + "\n").unwrap();
    }
    let authority = SigningKey::from_seed(known.authority_seed.0).public();
    let (card, grant) = EnrolmentCard::parse(&known.card).unwrap();
    assert_eq!(card.authority, authority);
    let (granted, binding) = known.chain.verify(&authority).unwrap();
    assert_eq!(granted, grant);
    let record: Record = envelope::open(Typ::Record, &binding.record_key, &known.jws).unwrap();
    assert_eq!(record, known.record);
    assert_eq!(record.undo, Some(undo_hash(&known.undo)));
    let sealed = B64.decode(&known.sealed).unwrap();
    assert_eq!(record.sealed.map(|s| (s.sha256, s.len)), Some((sha256(&sealed), sealed.len() as u32)));
    assert_eq!(sealed.len(), 2048, "one of few lengths");
    let case: SealedCase = serde_json::from_slice(&seal::unseal(&sealed, &known.case_worker).unwrap()).unwrap();
    assert_eq!(case, known.case);
}

const NOON: i64 = 1_795_352_400;
const INTAKE: &str = "AGE-SECRET-KEY-1L7ZZ4A964W3GSRHDVLQ0Z0T83XPC45TVA0N6RUZLWSFK9JYP8SPQU9VHJU";
const RECOVERY: &str = "AGE-SECRET-KEY-16KMQ93WZN6UN6ATM20CL8Z9YPEUDY24LAL2MGN4AD5WDVPPZPV7QUCAX93";

/// One request and its answer, as they went over the wire.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    status: u16,
    kind: String,
    head: String,
    answer: String,
}

/// All of them, with the seeds of the keys and two age identities.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Visit {
    seeds: BTreeMap<String, String>,
    intake: String,
    case_worker: String,
    exchanges: Vec<Exchange>,
}

/// Whoever signs, by the seed of the key: its bytes are all this number.
fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

const AUTHORITY: u8 = 1;
const REVIEWER: u8 = 2;
const OPERATIONS: u8 = 3;
const CARD: u8 = 4;
const RECORD_KEY: u8 = 5;
const TRANSPORT: u8 = 6;

/// A whole visit of a phone to the real server: every key, id and moment is fixed, so that every byte is.
/// `TABARA_WRITE=1` writes the file anew.
#[tokio::test]
async fn the_known_visit_of_a_phone_comes_out_byte_by_byte() {
    let known: Known = serde_json::from_str(include_str!("../../vectors/record.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(key_files::OPERATIONS), Digest([OPERATIONS; 32]).to_string()).unwrap();
    std::fs::write(folder.path().join(key_files::INTAKE), INTAKE).unwrap();
    let clock = SetClock::at(NOON);
    let mut settings = Settings::open(folder.path(), clock).unwrap();
    settings.trust(key(AUTHORITY).public()).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let epoch = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    epoch.execute("UPDATE epoch SET id = ?1", [[9u8; 16]]).unwrap();

    let recipient = |name: &str, role, identity: &str| {
        let age = seal::recipient_of(identity).unwrap();
        Recipient { name: name.into(), role, age }
    };
    let questionnaire = b"a compiled questionnaire".to_vec();
    let part =
        |kind, id: &str, bytes: &[u8]| Part { kind, id: id.into(), sha256: sha256(bytes), len: bytes.len() as u64 };
    let catalog = Catalog {
        version: 1,
        expires: NOON + 365 * 86_400,
        operations: key(OPERATIONS).public(),
        recipients: vec![
            recipient("case worker", RecipientRole::CaseWorker, &known.case_worker),
            recipient("recovery", RecipientRole::Recovery, RECOVERY),
            recipient("server", RecipientRole::Intake, INTAKE),
        ],
        reviewers: vec![Reviewer { name: "reviewer".into(), key: key(REVIEWER).public() }],
        parts: vec![part(PartKind::Questionnaire, "known", &questionnaire)],
        revoked: vec![],
        policy: Policy::default(),
        rotation: Rotation::default(),
        least_protocol: 1,
    };
    let catalog = envelope::sign(Typ::Catalog, &key(AUTHORITY), &catalog);
    tabara_server::catalog::publish(&store, &settings, &catalog, vec![questionnaire.clone()], NOON).unwrap();
    let server = Running::start(store.clone(), settings).await;

    let device = Uuid::from_u128(0xd0);
    let grant = Grant {
        device,
        organisation: "IOM".into(),
        commune: "BI-CO-04-02".into(),
        expires: NOON + 86_400,
        card: key(CARD).public(),
    };
    let keys = [key(RECORD_KEY), key(TRANSPORT)].map(|key| key.public());
    let binding = Binding { device, record_key: keys[0], transport_key: keys[1] };
    let chain = Chain {
        grant: envelope::sign(Typ::Grant, &key(AUTHORITY), &grant),
        binding: envelope::sign(Typ::Device, &key(CARD), &binding),
    };
    let sign = |record: &Record| envelope::sign(Typ::Record, &key(RECORD_KEY), record);
    // the known record was made by the facts of version 1
    let mut facts = known.record.facts.clone();
    facts.retain(|name, _| Dictionary::standard().get(name).is_some());
    let of_known = |id: u128, seq| Record {
        record: Uuid::from_u128(id),
        facts: facts.clone(),
        seq,
        questionnaire: QuestionnaireRef { id: "known".into(), sha256: sha256(&questionnaire) },
        code: None,
        undo: None,
        sealed: None,
        ..known.record.clone()
    };
    // the sealed case of the known record, whose questionnaire this server never published
    let sealed = Record { seq: 1, facts: facts.clone(), ..known.record.clone() };
    let (counted, taken_back) = (of_known(0xa2, 2), of_known(0xa3, 3));
    let withdrawal = Record {
        kind: Kind::Withdrawal,
        revises: Some(taken_back.record),
        facts: Default::default(),
        ..of_known(0xa4, 4)
    };
    // of a person who does not agree to be counted
    let (service, urgency) = ("sv_medical".to_owned(), "d1".to_owned());
    let route = Route { to: "Clinic of Kayanza".into(), service, urgency, status: Status::Sent };
    let referral = Record { kind: Kind::Referral, route: Some(route), facts: Default::default(), ..of_known(0xa5, 5) };
    let mut forged = sign(&of_known(0xa6, 6));
    forged.replace_range(forged.len() - 4.., "AAAA");
    let plain = |jws: String| Sent { jws, sealed: None };
    let batch = Batch {
        records: vec![
            Sent { jws: sign(&sealed), sealed: Some(known.sealed.clone()) },
            plain(sign(&counted)),
            plain(sign(&taken_back)),
            plain(sign(&withdrawal)),
            plain(sign(&referral)),
            plain(forged),
        ],
    };
    let token = envelope::sign(Typ::Token, &key(TRANSPORT), &Token { device, issued: NOON });
    let http = client();
    let mut visit = Vec::new();
    let mut ask = async |name: &str, path: &str, known: bool, body: Option<String>| {
        let (url, path) = (format!("{}{path}", server.url), format!("/v1{path}"));
        let method = if body.is_some() { "POST" } else { "GET" };
        let request = if let Some(body) = &body { http.post(url).body(body.clone()) } else { http.get(url) };
        let token = known.then(|| token.clone());
        let request = token.iter().fold(request, |request, token| request.bearer_auth(token));
        let answer = request.send().await.unwrap();
        let header = |name| answer.headers().get(name).map_or("", |text| text.to_str().unwrap()).to_owned();
        let (status, kind, head) = (answer.status().as_u16(), header("content-type"), header("tabara-head"));
        let answer = answer.text().await.unwrap();
        visit.push(Exchange {
            name: name.into(),
            method: method.into(),
            path,
            token,
            body,
            status,
            kind,
            head,
            answer,
        });
    };
    let json = |body: &Batch| Some(serde_json::to_string(body).unwrap());
    ask("time", "/time?nonce=known", false, None).await;
    ask("unknown", "/catalog", true, None).await;
    ask("chain", "/devices", false, Some(serde_json::to_string(&chain).unwrap())).await;
    ask("catalog", "/catalog", true, None).await;
    ask("part", &format!("/parts/{}", sha256(&questionnaire)), true, None).await;
    ask("records", "/records", true, json(&batch)).await;
    ask("again", "/records", true, json(&Batch { records: batch.records[1..2].to_vec() })).await;
    let offer = |id: u128, jws: &str| Offer { record: Uuid::from_u128(id), jws: sha256(jws.as_bytes()) };
    let offers = vec![offer(0xa2, &batch.records[1].jws), offer(0xa6, "never sent")];
    let offers = Offers { offers, receipts: true };
    ask("offers", "/offers", true, Some(serde_json::to_string(&offers).unwrap())).await;
    let decision = [("decision", "confirmed"), ("decided_by", "iom"), ("month", "2026-11")];
    let decision = decision.map(|(name, code)| (name.to_owned(), facts::FactValue::One(code.into())));
    let review = Record {
        kind: Kind::Review,
        revises: Some(counted.record),
        facts: decision.into(),
        seq: 1,
        ..of_known(0xb1, 1)
    };
    let review = plain(envelope::sign(Typ::Review, &key(REVIEWER), &review));
    ask("review", "/records", true, json(&Batch { records: vec![review] })).await;
    assert!(tabara_server::intake::decide(&store, 3, true, NOON).unwrap());
    let order = Order { order: Uuid::from_u128(0xc0), device, wipe_by: NOON + 7 * 86_400 };
    let order = envelope::sign(Typ::Order, &key(OPERATIONS), &order);
    let given = move |log: &Writing| {
        log.append(&EntryRow { target: Some(device), ..EntryRow::own(EntryKind::Order, NOON, order) })
    };
    store.write(given).unwrap();
    ask("updates", "/updates?after=0", true, None).await;
    let obeyed = WipeAcknowledgement { order: Uuid::from_u128(0xc0), waiting: 1 };
    ask("obeyed", "/orders", true, Some(serde_json::to_string(&obeyed).unwrap())).await;
    ask("malformed", "/records", true, Some("{".into())).await;

    let seeds = [
        ("authority", AUTHORITY),
        ("reviewer", REVIEWER),
        ("operations", OPERATIONS),
        ("card", CARD),
        ("record_key", RECORD_KEY),
        ("transport_key", TRANSPORT),
    ];
    let seeds = seeds.map(|(name, seed)| (name.to_owned(), Digest([seed; 32]).to_string()));
    let visit = Visit { seeds: seeds.into(), intake: INTAKE.into(), case_worker: known.case_worker, exchanges: visit };
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/http.json");
    if std::env::var("TABARA_WRITE").is_ok_and(|what| what == "1") {
        std::fs::write(&file, serde_json::to_string_pretty(&visit).unwrap() + "\n").unwrap();
    }
    let recorded: Visit = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (now, then) in visit.exchanges.iter().zip(&recorded.exchanges) {
        assert_eq!(now, then);
    }
    assert_eq!(visit, recorded);
}
