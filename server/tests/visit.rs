//! A whole visit of a phone to the server over HTTP, for other languages to read (`tests/vectors/http.json`): chain, catalog,
//! file, records and their verdicts, a withdrawal from another phone by the slip, a review, a decision, an order, errors.
//!
//! Every key, id and moment is fixed. age files differ each time, so the bundles are those of the file, opened and compared
//! with what is sent today; parcels are opened before they are compared. `TABARA_WRITE=http` writes the file anew.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tabara_protocol::catalog::{
    Area, Binding, Catalog, Chain, DeviceRole, EnrolmentCard, Grant, Part, PartKind, Policy, Recipient, RecipientRole,
    Reviewer, Rotation, ServerAddress,
};
use tabara_protocol::clock::Clock;
use tabara_protocol::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_protocol::facts::{FactValue, Facts};
use tabara_protocol::record::{Kind, Order, QuestionnaireRef, Record, Sent, Uuid};
use tabara_protocol::referral::{Route, Status};
use tabara_protocol::seal;
use tabara_protocol::wire::{Bundle, Enclosed, Introduction, MEDIA_TYPE, Parcel, Standing, TreeHead, WipeDone};
use tabara_server::settings::key_files;
use tabara_server::store::entry::EntryKind;
use tabara_server::store::{EntryRow, Writing};
use tabara_server::{Settings, Store};

const NOON: i64 = 1_795_352_400;
const QUESTIONNAIRE: &[u8] = b"a compiled questionnaire";
/// A reviewer's age key.
const DESK: &str = "AGE-SECRET-KEY-1XJ65KETK5XM0LFVRLPNT0M4XNYW86AXMEXQ42QM3TKA68UGHMY0QQMG2PC";

/// Whoever signs, by the seed of the key: its bytes are all this number.
const SEEDS: [(&str, u8); 9] = [
    ("authority", 1),
    ("reviewer", 2),
    ("operations", 3),
    ("card", 4),
    ("record_key", 5),
    ("transport_key", 6),
    ("another_phone", 7),
    ("another_transport", 8),
    ("another_card", 9),
];

fn key(name: &str) -> SigningKey {
    let seed = SEEDS.iter().find(|(known, _)| *known == name).expect("a key of the table").1;
    SigningKey::from_seed([seed; 32])
}

struct Noon;

impl Clock for Noon {
    fn unix(&self) -> i64 {
        NOON
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Text as it is, and files as base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Text(String),
    File(String),
}

impl Content {
    fn of(bytes: &[u8], is_file: bool) -> Self {
        match is_file {
            true => Self::File(B64.encode(bytes)),
            false => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
        }
    }
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::File(text) => B64.decode(text).unwrap(),
        }
    }
}

/// One request and its answer, as they went over the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Content>,
    status: u16,
    kind: String,
    answer: Content,
}

/// All of them, with the seeds of the keys and the age identities.
#[derive(Debug, Serialize, Deserialize)]
struct Visit {
    seeds: BTreeMap<String, Digest>,
    identities: BTreeMap<String, String>,
    exchanges: Vec<Exchange>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/vectors/{name}.json"))
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

fn writes() -> bool {
    std::env::var("TABARA_WRITE").is_ok_and(|what| what == "http")
}

struct Visitor {
    address: SocketAddr,
    intake: String,
    known: Vec<Exchange>,
    done: Vec<Exchange>,
}

/// One who sends bundles and opens parcels.
struct Sender {
    key: Signer,
    identity: String,
    head: Option<TreeHead>,
    cursor: u64,
    catalog: Option<Digest>,
}

impl Visitor {
    fn ask(
        &mut self,
        name: &str,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<Content>,
    ) -> Exchange {
        let path = format!("/v2{path}");
        let bytes = body.as_ref().map(Content::bytes).unwrap_or_default();
        let headers: BTreeMap<String, String> = headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: tabara.example\r\nconnection: close\r\n");
        for (name, value) in &headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n", bytes.len());
        let mut line = TcpStream::connect(self.address).unwrap();
        line.write_all(&[request.as_bytes(), &bytes].concat()).unwrap();
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Content::of(&answer[end + 4..], kind == MEDIA_TYPE);
        let (name, method) = (name.to_owned(), method.to_owned());
        let exchange = Exchange { name, method, path, headers, body, status, kind, answer };
        self.done.push(exchange.clone());
        exchange
    }

    /// The bundle of this name: the known one, if it opens to the same.
    fn bundle(&self, name: &str, sender: &Sender, bundle: &Bundle, records: &[Sent]) -> Content {
        if writes() {
            let intake = seal::recipient_of(&self.intake).unwrap();
            return Content::of(&bundle.seal(&sender.key, records, &intake).unwrap(), true);
        }
        let body = self.known.iter().find(|known| known.name == name).unwrap().body.clone().unwrap();
        let opened = Bundle::open(&body.bytes(), &self.intake).unwrap().verify(&sender.key.public()).unwrap();
        let json = serde_json::to_vec(records).unwrap();
        assert_eq!(opened, (Bundle { records: Some(sha256(&json)), ..bundle.clone() }, records.to_vec()), "{name}");
        body
    }

    fn exchange(&mut self, name: &str, sender: &mut Sender, bundle: Bundle, records: &[Sent]) -> Parcel {
        let bundle = Bundle { head: sender.head, cursor: sender.cursor, catalog: sender.catalog, ..bundle };
        let body = self.bundle(name, sender, &bundle, records);
        let sent = sha256(&body.bytes());
        let kind = [("content-type", MEDIA_TYPE.to_owned())];
        let answer = self.ask(name, "POST", "/bundles", &kind, Some(body));
        sender.read(&answer, &sent)
    }
}

impl Sender {
    fn new(key: SigningKey, identity: &str) -> Self {
        Self { key: Signer::new(&key), identity: identity.into(), head: None, cursor: 0, catalog: None }
    }

    fn read(&mut self, answer: &Exchange, sent: &Digest) -> Parcel {
        assert_eq!(answer.status, 200, "{}: {:?}", answer.name, answer.answer);
        let opened = Parcel::open(&answer.answer.bytes(), &self.identity).unwrap();
        let parcel = opened.verify(&[key("operations").public()], sent).unwrap();
        if let Some(catalog) = &opened.enclosed.catalog {
            self.catalog = Some(sha256(catalog.as_bytes()));
        }
        (self.head, self.cursor) = (Some(parcel.head), parcel.cursor);
        parcel
    }
}

/// What a parcel says, whoever opens it.
fn opened(answer: &Content, identities: &BTreeMap<String, String>) -> Option<(String, Enclosed)> {
    let open = |identity: &String| Parcel::open(&answer.bytes(), identity).ok();
    identities.values().find_map(open).map(|parcel| (parcel.envelope, parcel.enclosed))
}

fn chain_of(device: Uuid, names: [&str; 3], mailbox: &str) -> Chain {
    let [card, record, transport] = names.map(key);
    let grant = Grant {
        device,
        role: DeviceRole::FocalPoint,
        organisation: "IOM".into(),
        commune: "BI-CO-04-02".into(),
        area: Area::MobileTeam,
        servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: None }],
        expires: NOON + 86_400,
        card: card.public(),
    };
    let grant = envelope::sign(Typ::Grant, &key("authority"), &grant);
    let seed = Digest(*card.seed());
    let card = EnrolmentCard { grant, seed, authority: key("authority").public() };
    let (record_key, transport_key) = (record.public(), transport.public());
    let keys = Binding { device, record_key, transport_key, mailbox: mailbox.into(), vault: mailbox.into() };
    Chain::bind(&card, &keys, &record, &transport)
}

fn catalog_of(identities: &BTreeMap<String, String>) -> String {
    let recipient = |name: &str, role| {
        let age = seal::recipient_of(&identities[name]).unwrap();
        Recipient { name: name.into(), role, age }
    };
    let (id, len) = ("first_line".to_owned(), QUESTIONNAIRE.len() as u64);
    let catalog = Catalog {
        version: 1,
        expires: NOON + 365 * 86_400,
        operations: key("operations").public(),
        recipients: vec![
            recipient("case_worker", RecipientRole::CaseWorker),
            recipient("recovery", RecipientRole::Recovery),
            recipient("intake", RecipientRole::Intake),
        ],
        reviewers: vec![Reviewer { name: "reviewer".into(), key: key("reviewer").public() }],
        parts: vec![Part { kind: PartKind::Questionnaire, id, sha256: sha256(QUESTIONNAIRE), len }],
        revoked: vec![],
        servers: vec![],
        policy: Policy::default(),
        rotation: Rotation::default(),
        reader: None,
        least_protocol: 2,
    };
    envelope::sign(Typ::Catalog, &key("authority"), &catalog)
}

fn facts(codes: &[(&str, &str)]) -> Facts {
    codes.iter().map(|(name, code)| ((*name).to_owned(), FactValue::One((*code).into()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_known_visit_of_a_phone_comes_out_again() {
    let (record, exchange): (Value, Value) = (read("record"), read("exchange"));
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let identities: BTreeMap<String, String> = [
        ("case_worker", text(&record, "case_worker")),
        ("recovery", text(&record, "recovery")),
        ("intake", text(&exchange, "intake")),
        ("mailbox", text(&exchange, "mailbox")),
        ("desk", DESK.to_owned()),
    ]
    .map(|(name, identity)| (name.to_owned(), identity))
    .into();

    // given a server with fixed keys, whose clock stands still
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(key_files::OPERATIONS), Digest(*key("operations").seed()).to_string()).unwrap();
    std::fs::write(folder.path().join(key_files::INTAKE), &identities["intake"]).unwrap();
    let mut settings = Settings::open(folder.path(), Arc::new(Noon)).unwrap();
    settings.trust(key("authority").public()).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let catalog = catalog_of(&identities);
    tabara_server::catalog::publish(&store, &settings, &catalog, vec![QUESTIONNAIRE.to_vec()], NOON).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(tabara_server::serve(listener, store.clone(), settings, std::future::pending::<()>()));

    let known = if writes() { Vec::new() } else { read::<Visit>("http").exchanges };
    let visitor = Visitor { address, intake: identities["intake"].clone(), known, done: Vec::new() };
    let (catalog, opens) = (sha256(catalog.as_bytes()), identities.clone());
    let visited = tokio::task::spawn_blocking(move || visit(visitor, &store, &record, catalog, &opens));
    let exchanges = visited.await.unwrap();

    let seeds = SEEDS.map(|(name, seed)| (name.to_owned(), Digest([seed; 32])));
    let visit = Visit { seeds: seeds.into(), identities, exchanges };
    if writes() {
        std::fs::write(file("http"), serde_json::to_string_pretty(&visit).unwrap() + "\n").unwrap();
    }
    let recorded: Visit = read("http");
    assert_eq!((recorded.exchanges.len(), &recorded.seeds), (visit.exchanges.len(), &visit.seeds));
    for (now, then) in visit.exchanges.iter().zip(&recorded.exchanges) {
        let said = |e: &Exchange| match &e.answer {
            Content::File(_) => {
                opened(&e.answer, &visit.identities).map_or(e.answer.clone(), |_| Content::Text("a parcel".into()))
            }
            text => text.clone(),
        };
        let seen = |e: &Exchange| {
            (
                e.name.clone(),
                e.method.clone(),
                e.path.clone(),
                e.headers.clone(),
                e.body.clone(),
                e.status,
                e.kind.clone(),
                said(e),
            )
        };
        assert_eq!(seen(now), seen(then), "{}", now.name);
        assert_eq!(opened(&now.answer, &visit.identities), opened(&then.answer, &visit.identities), "{}", now.name);
    }
}

/// When a phone visits it, and so do another phone and a reviewer.
fn visit(
    mut visitor: Visitor,
    store: &Store,
    known: &Value,
    catalog: Digest,
    identities: &BTreeMap<String, String>,
) -> Vec<Exchange> {
    let mailbox = seal::recipient_of(&identities["mailbox"]).unwrap();
    let device = Uuid::from_u128(0xd0);
    let chain = chain_of(device, ["card", "record_key", "transport_key"], &mailbox);
    let mut phone = Sender::new(key("transport_key"), &identities["mailbox"]);
    let nothing = Bundle::default;

    let asked = Bundle { catalog: Some(catalog), ..nothing() };
    let unknown = visitor.bundle("unknown", &phone, &asked, &[]);
    assert_eq!(visitor.ask("unknown", "POST", "/bundles", &[], Some(unknown)).status, 401);
    let registration = serde_json::to_string(&Introduction { chain, receipt: None }).unwrap();
    let sent = sha256(registration.as_bytes());
    let kind = [("content-type", "application/json".to_owned())];
    let answer = visitor.ask("chain", "POST", "/devices", &kind, Some(Content::Text(registration)));
    assert_eq!(phone.read(&answer, &sent).standing, Standing::Trusted);
    let part = format!("/parts/{}", sha256(QUESTIONNAIRE));
    visitor.ask("part", "GET", &part, &[], None);
    visitor.ask("rest of the part", "GET", &part, &[("range", "bytes=11-".to_owned())], None);

    let first: Record = serde_json::from_value(known["record"].clone()).unwrap();
    let plain = |id: u128, seq| Record {
        record: Uuid::from_u128(id),
        seq,
        code: None,
        slip: None,
        sealed: None,
        ..first.clone()
    };
    let sign = |record: &Record| Sent::new(envelope::sign(Typ::Record, &key("record_key"), record), None);
    let elsewhere = QuestionnaireRef { id: "elsewhere".into(), sha256: sha256(b"never published") };
    // of a person who does not agree to be counted
    let route = Route {
        to: "Clinic of Kayanza".into(),
        service: "sv_medical".into(),
        urgency: "d1".into(),
        status: Status::Sent,
    };
    let mut forged = sign(&plain(0xb7, 7));
    forged.jws.replace_range(forged.jws.len() - 4.., "AAAA");
    let own_withdrawal =
        Record { kind: Kind::Withdrawal, facts: Facts::new(), revises: Some(Uuid::from_u128(0xb4)), ..plain(0xb5, 5) };
    let records = [
        Sent {
            jws: envelope::sign(Typ::Record, &key("record_key"), &first),
            sealed: known["sealed"].as_str().map(Into::into),
        },
        sign(&plain(0xb2, 2)),
        sign(&Record { questionnaire: elsewhere, ..plain(0xb3, 3) }),
        sign(&plain(0xb4, 4)),
        sign(&own_withdrawal),
        sign(&Record { kind: Kind::Referral, route: Some(route), facts: Facts::new(), ..plain(0xb6, 6) }),
        forged,
    ];
    let parcel = visitor.exchange("records", &mut phone, nothing(), &records);
    let said: Vec<&str> = parcel.leaves[0].text.lines().skip(1).map(|line| line.split_once(' ').unwrap().1).collect();
    let quarantined = "quarantined unknown_questionnaire";
    assert_eq!(said, ["accepted", "accepted", quarantined, "accepted", "accepted", "accepted"]);
    assert_eq!(parcel.refused.len(), 1);
    let posted = sha256(&visitor.done.last().unwrap().body.as_ref().unwrap().bytes());
    assert_eq!(visitor.ask("answer again", "GET", &format!("/bundles/{posted}"), &[], None).status, 200);

    // the person takes her first record back from another phone, which knows her slip
    let mut other = Sender::new(key("another_transport"), &identities["mailbox"]);
    let chain = chain_of(Uuid::from_u128(0xd1), ["another_card", "another_phone", "another_transport"], &mailbox);
    let introductions = vec![Introduction { chain, receipt: None }];
    let withdrawal = Sent::new(known["withdrawal"].as_str().unwrap().to_owned(), None);
    let parcel = visitor.exchange("withdrawal", &mut other, Bundle { introductions, ..nothing() }, &[withdrawal]);
    assert!(parcel.leaves[0].text.ends_with(" accepted\n"));
    // a reviewer confirms the second; the operator accepts the third, and orders the phone to wipe itself
    let decision = facts(&[("decision", "confirmed"), ("decided_by", "iom"), ("month", "2026-11")]);
    let review = Record { kind: Kind::Review, revises: Some(Uuid::from_u128(0xb2)), facts: decision, ..plain(0xc1, 1) };
    let review = Sent::new(envelope::sign(Typ::Review, &key("reviewer"), &review), None);
    let mut reviewer = Sender::new(key("reviewer"), &identities["desk"]);
    let answer_to = seal::recipient_of(&identities["desk"]);
    visitor.exchange("review", &mut reviewer, Bundle { answer_to, ..nothing() }, &[review]);
    let quarantined = store.read(|log| log.quarantined()).unwrap()[0].position;
    assert!(tabara_server::intake::decide(store, quarantined, true, NOON).unwrap());
    let order = Order { order: Uuid::from_u128(0xe0), device, wipe_by: NOON + 7 * 86_400 };
    let jws = envelope::sign(Typ::Order, &key("operations"), &order);
    let given = move |log: &Writing| {
        log.append(&EntryRow { target: Some(device), ..EntryRow::own(EntryKind::Order, NOON, jws) })
    };
    store.write(given).unwrap();
    let parcel = visitor.exchange("news", &mut phone, nothing(), &[]);
    assert_eq!(parcel.updates.len(), 4, "{:?}", parcel.updates);
    let wiped = Some(WipeDone { order: order.order, waiting: 0 });
    let parcel = visitor.exchange("wiped", &mut phone, Bundle { wiped, ..nothing() }, &[]);
    assert_eq!(parcel.standing, Standing::Revoked);

    assert_eq!(visitor.ask("malformed", "POST", "/bundles", &[], Some(Content::Text("{".into()))).status, 400);
    let missing = format!("/bundles/{}", sha256(b"never sent"));
    assert_eq!(visitor.ask("missing", "GET", &missing, &[], None).status, 404);
    visitor.done
}
