//! Known answers that any language can compute (`tests/python/test_vectors.py` does): a card, a chain and a record with its
//! slip; leaves and proofs; a bundle and its parcel. All keys stand beside them.
//!
//! age files differ each time, so those in `tests/vectors` stay as they are, and the test opens them and makes all the rest
//! again. `TABARA_WRITE=record` seals and writes one of them anew; write those after it anew, too: `exchange`, then the
//! visit (`server/tests/visit.rs`).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use tabara_protocol::catalog::{
    Area, Binding, Catalog, Chain, DeviceRole, EnrolmentCard, Grant, Policy, Recipient, RecipientRole, Rotation,
    ServerAddress,
};
use tabara_protocol::code::Code;
use tabara_protocol::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_protocol::facts::FactValue;
use tabara_protocol::kind::{Kind, Reason};
use tabara_protocol::record::{News, QuestionnaireRef, Record, SealedCase, SealedRef, Sent, Update, Uuid};
use tabara_protocol::seal;
use tabara_protocol::slip::slip_key;
use tabara_protocol::tree::{Frontier, prove_consistency, prove_inclusion};
use tabara_protocol::wire::{
    Bundle, Connected, Enclosed, KeptEntry, Leaf, LeafProof, Parcel, RefusedRecord, Standing, TreeHead,
};

const CASE_WORKER: &str = "AGE-SECRET-KEY-1GX2N0MVC5QVXGN8JDNVVK9H7MDFH7L3AK02WYMYHR82UAC7CXNXQJU8CH2";
const RECOVERY: &str = "AGE-SECRET-KEY-16KMQ93WZN6UN6ATM20CL8Z9YPEUDY24LAL2MGN4AD5WDVPPZPV7QUCAX93";
const INTAKE: &str = "AGE-SECRET-KEY-1L7ZZ4A964W3GSRHDVLQ0Z0T83XPC45TVA0N6RUZLWSFK9JYP8SPQU9VHJU";
const MAILBOX: &str = "AGE-SECRET-KEY-1DZGSXCH8NRWUP9H9CGQ8CYEUZ7YFN4ETA88V9WM2L87Q440U2F0QQJYDMH";
const VAULT: &str = "AGE-SECRET-KEY-1XJ65KETK5XM0LFVRLPNT0M4XNYW86AXMEXQ42QM3TKA68UGHMY0QQMG2PC";

/// Whoever signs, by the seed of the key: its bytes are all this number.
const AUTHORITY: u8 = 1;
const OPERATIONS: u8 = 3;
const CARD: u8 = 4;
const RECORD_KEY: u8 = 5;
const TRANSPORT: u8 = 6;
const ANOTHER_PHONE: u8 = 7;

const NOON: i64 = 1_795_352_400;
const DAY: &str = "2026-11-22";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn age_key(identity: &str) -> String {
    seal::recipient_of(identity).expect("an identity of this file")
}

fn writes(name: &str) -> bool {
    std::env::var("TABARA_WRITE").is_ok_and(|what| what == name)
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/{name}.json"))
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

/// An age file: the one that stands in the known answers, or a new one.
fn kept_or(name: &str, pointer: &str, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    if writes(name) {
        make()
    } else {
        B64.decode(read(name).pointer(pointer).and_then(Value::as_str).unwrap()).unwrap()
    }
}

/// Compares what was made now with what is known, after writing it if that is wanted.
fn is_known(name: &str, made: &Value) {
    if writes(name) {
        std::fs::write(file(name), serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    }
    assert_eq!(&read(name), made, "{name}");
}

fn seeds(names: &[(&str, u8)]) -> Value {
    names.iter().map(|(name, seed)| ((*name).to_owned(), json!(Digest([*seed; 32])))).collect()
}

fn card() -> (EnrolmentCard, Chain) {
    let device = Uuid::from_u128(0xd0);
    let grant = Grant {
        device,
        role: DeviceRole::FocalPoint,
        organisation: "IOM".into(),
        commune: "BI-CO-04-02".into(),
        area: Area::Commune,
        servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: Some(Digest([9; 32])) }],
        expires: NOON + 86_400,
        card: key(CARD).public(),
    };
    let grant = envelope::sign(Typ::Grant, &key(AUTHORITY), &grant);
    let card = EnrolmentCard { grant, seed: Digest([CARD; 32]), authority: key(AUTHORITY).public() };
    let keys = Binding {
        device,
        record_key: key(RECORD_KEY).public(),
        transport_key: key(TRANSPORT).public(),
        mailbox: age_key(MAILBOX),
        vault: age_key(VAULT),
    };
    let chain = Chain::bind(&card, &keys, &key(RECORD_KEY), &key(TRANSPORT));
    (card, chain)
}

fn slip() -> (Code, Code) {
    ("4MNTRQXVYM".parse().unwrap(), "8AWR32SXGH".parse().unwrap())
}

fn case() -> SealedCase {
    let answers = [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("name", "Bisi é")];
    SealedCase {
        record: Uuid::from_u128(0xa1),
        case: Uuid::from_u128(0xca),
        questionnaire: QuestionnaireRef { id: "first_line".into(), sha256: sha256(b"a compiled questionnaire") },
        language: "Français (fr)".into(),
        sealed_at: NOON,
        answers: answers.map(|(path, answer)| (path.to_owned(), answer.to_owned())).into(),
        assessment: Some(json!({"outcome": "presumed"})),
    }
}

fn screening(sealed: &[u8]) -> Record {
    let (case, (code, secret)) = (case(), slip());
    let facts = [("month", "2026-11"), ("screen_commune", "BI-CO-04-02"), ("sex", "f"), ("outcome", "presumed")];
    let many = FactValue::Many(["ex_domestic".to_owned(), "ex_begging".to_owned()].into());
    let facts = facts.map(|(name, code)| (name.to_owned(), FactValue::One(code.into())));
    Record {
        record: case.record,
        case: case.case,
        seq: 1,
        kind: Kind::Screening,
        questionnaire: case.questionnaire,
        revises: None,
        slip: Some(slip_key(&code, &secret).public()),
        code: Some(code),
        proof: None,
        route: None,
        facts: facts.into_iter().chain([("exploitation".to_owned(), many)]).collect(),
        sealed: Some(SealedRef { sha256: sha256(sealed), len: sealed.len() as u32 }),
    }
}

fn sealed_case() -> Vec<u8> {
    let json = serde_json::to_vec(&case()).unwrap();
    kept_or("record", "/sealed", || seal::seal(&json, &[age_key(CASE_WORKER), age_key(RECOVERY)]).unwrap())
}

#[test]
fn the_known_record_its_chain_and_its_slip() {
    let ((card, chain), (code, secret), sealed) = (card(), slip(), sealed_case());
    assert_eq!(sealed.len(), 2048, "one of few lengths");
    for identity in [CASE_WORKER, RECOVERY] {
        let opened = seal::unseal(&sealed, identity).unwrap();
        assert_eq!(serde_json::from_slice::<SealedCase>(&opened).unwrap(), case());
    }
    let record = screening(&sealed);
    let withdrawal = Record {
        record: Uuid::from_u128(0xa2),
        kind: Kind::Withdrawal,
        questionnaire: QuestionnaireRef { id: "withdrawal".into(), sha256: sha256(b"none") },
        revises: Some(record.record),
        slip: None,
        facts: Default::default(),
        sealed: None,
        ..record.clone()
    };
    let (owner, kid) = (slip_key(&code, &secret), key(ANOTHER_PHONE).public().kid());
    let withdrawal = Record { proof: Some(withdrawal.agreed(&owner, &kid)), ..withdrawal };
    assert!(withdrawal.may_change(false, record.slip, &kid));
    is_known(
        "record",
        &json!({
            "seeds": seeds(&[("authority", AUTHORITY), ("card", CARD), ("record_key", RECORD_KEY),
                ("transport_key", TRANSPORT), ("another_phone", ANOTHER_PHONE)]),
            "case_worker": CASE_WORKER,
            "recovery": RECOVERY,
            "card": card.text(),
            "chain": chain,
            "code": code,
            "secret": secret,
            "slip": owner.public(),
            "record": record,
            "jws": envelope::sign(Typ::Record, &key(RECORD_KEY), &record),
            "case": case(),
            "sealed": B64.encode(&sealed),
            "withdrawal": envelope::sign(Typ::Record, &key(ANOTHER_PHONE), &withdrawal),
        }),
    );
}

/// A tree with its nodes.
#[derive(Default, Clone)]
struct Log {
    frontier: Frontier,
    nodes: HashMap<(u32, u64), Digest>,
    texts: Vec<String>,
}

impl Log {
    fn append(&mut self, leaf: &Leaf) {
        self.frontier.append(leaf.hash(), |level, index, hash| {
            self.nodes.insert((level, index), hash);
        });
        self.texts.push(leaf.text());
    }
    fn node(&self) -> impl Fn(u32, u64) -> Result<Digest, Infallible> {
        |level, index| Ok(self.nodes[&(level, index)])
    }
    fn head(&self, size: u64) -> TreeHead {
        TreeHead { size, root: Frontier::of(size, self.node()).unwrap().root() }
    }
    fn grown(&self, old: u64, size: u64) -> Vec<Digest> {
        prove_consistency(old, size, self.node()).unwrap().unwrap()
    }
    fn proof(&self, index: u64, size: u64) -> LeafProof {
        let proof = prove_inclusion(index, size, self.node()).unwrap().unwrap();
        LeafProof { index, text: self.texts[index as usize].clone(), proof }
    }
}

fn act(kind: &str, text: &[u8]) -> Leaf {
    Leaf::Act { day: DAY.into(), kind: kind.into(), body: sha256(text) }
}

/// The log before the known bundle: a catalog, a chain, a closing, and a restore.
fn log() -> Log {
    let mut log = Log::default();
    let chain = serde_json::to_vec(&card().1).unwrap();
    for leaf in [act("catalog", catalog().as_bytes()), act("chain", &chain), act("closing", br#"{"month":"2026-10"}"#)]
    {
        log.append(&leaf);
    }
    log.append(&Leaf::Restore { day: DAY.into(), kept: 3, known: 5 });
    log
}

#[test]
fn the_known_leaves_and_proofs() {
    let mut log = log();
    let entry = |bytes: &[u8], reason| KeptEntry { jws: sha256(bytes), reason };
    let entries = vec![entry(b"one", None), entry(b"two", Some(Reason::UnknownFact))];
    log.append(&Leaf::Bundle { day: DAY.into(), bundle: sha256(b"a bundle"), entries });
    log.append(&act("revision", br#"{"through":"2026-09"}"#));
    log.append(&Leaf::Bundle { day: DAY.into(), bundle: sha256(b"next"), entries: vec![entry(b"three", None)] });
    let size = log.texts.len() as u64;
    let leaves = log.texts.iter().map(|text| json!({"text": text, "hash": Leaf::parse(text).unwrap().hash()}));
    let inclusion = (0..size).map(|index| log.proof(index, size).proof);
    let consistency = (0..=size).map(|old| log.grown(old, size));
    is_known(
        "tree",
        &json!({
            "leaves": leaves.collect::<Vec<_>>(),
            "roots": (0..=size).map(|size| log.head(size).root).collect::<Vec<_>>(),
            "inclusion": inclusion.collect::<Vec<_>>(),
            "consistency": consistency.collect::<Vec<_>>(),
        }),
    );
}

fn catalog() -> String {
    let recipient = |name: &str, role, identity| Recipient { name: name.into(), role, age: age_key(identity) };
    let catalog = Catalog {
        version: 1,
        expires: NOON + 365 * 86_400,
        operations: key(OPERATIONS).public(),
        recipients: vec![
            recipient("case worker", RecipientRole::CaseWorker, CASE_WORKER),
            recipient("recovery", RecipientRole::Recovery, RECOVERY),
            recipient("server", RecipientRole::Intake, INTAKE),
        ],
        reviewers: vec![],
        parts: vec![],
        revoked: vec![],
        servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: None }],
        policy: Policy::default(),
        rotation: Rotation::default(),
        reader: None,
        least_protocol: 2,
    };
    envelope::sign(Typ::Catalog, &key(AUTHORITY), &catalog)
}

/// A bundle with three records, and its answer: one is accepted, one refused, one later. All fields are used.
#[test]
fn the_known_bundle_and_parcel_open() {
    let (mut log, sealed, card) = (log(), sealed_case(), card());
    let sign = |record: &Record| envelope::sign(Typ::Record, &key(RECORD_KEY), record);
    let first = sign(&screening(&sealed));
    let other = |id: u128, seq| {
        let plain = screening(&sealed);
        sign(&Record { record: Uuid::from_u128(id), seq, code: None, slip: None, sealed: None, ..plain })
    };
    let mut forged = other(0xa3, 2);
    forged.replace_range(forged.len() - 4.., "AAAA");
    let records =
        vec![Sent::new(first.clone(), Some(&sealed)), Sent::new(forged.clone(), None), Sent::new(other(0xa4, 3), None)];
    let chain = card.1;
    let asks = Bundle {
        head: Some(log.head(3)),
        connect: vec![2],
        prove: vec![1],
        cursor: 7,
        catalog: Some(sha256(b"an older catalog")),
        providers: None,
        files: Some(vec![]),
        introductions: vec![tabara_protocol::wire::Introduction { chain, receipt: None }],
        wiped: None,
        evidence: vec![TreeHead { size: 3, root: Digest([8; 32]) }],
        answer_to: None,
        records: None,
    };
    let (phone, intake) = (Signer::new(&key(TRANSPORT)), age_key(INTAKE));
    let bundle = kept_or("exchange", "/bundle/file", || asks.seal(&phone, &records, &intake).unwrap());
    let (opened, sent) = Bundle::open(&bundle, INTAKE).unwrap().verify(&phone.public()).unwrap();
    let json = serde_json::to_vec(&records).unwrap();
    assert_eq!((&opened, &sent), (&Bundle { records: Some(sha256(&json)), ..asks }, &records));
    assert_eq!(bundle.len() % 1024, 0);

    let entries = vec![KeptEntry { jws: sha256(first.as_bytes()), reason: None }];
    log.append(&Leaf::Bundle { day: DAY.into(), bundle: sha256(&bundle), entries });
    let answer = Parcel {
        answers: sha256(&bundle),
        time: NOON,
        head: log.head(5),
        standing: Standing::Trusted,
        seq: 1,
        grown: Some(log.grown(3, 5)),
        restore: None,
        connected: vec![Connected { size: 2, proof: log.grown(2, 5) }],
        leaves: vec![log.proof(1, 5), log.proof(3, 5), log.proof(4, 5)],
        refused: vec![RefusedRecord { jws: sha256(forged.as_bytes()), reason: Reason::BadSignature }],
        later: Some(NOON + 36_000),
        providers: None,
        updates: vec![Update { position: 8, record: Uuid::from_u128(0xa0), news: News::Decision { accept: true } }],
        cursor: 8,
    };
    let mut enclosed = Enclosed { catalog: Some(catalog()), ..Enclosed::default() };
    enclosed.add(b"a compiled questionnaire");
    let (server, mailbox) = (Signer::new(&key(OPERATIONS)), age_key(MAILBOX));
    let parcel = kept_or("exchange", "/parcel/file", || answer.seal(&server, &enclosed, &mailbox).unwrap());
    let read = Parcel::open(&parcel, MAILBOX).unwrap();
    assert_eq!(
        (read.verify(&[server.public()], &sha256(&bundle)), read.enclosed),
        (Ok(answer.clone()), enclosed.clone())
    );
    is_known(
        "exchange",
        &json!({
            "seeds": seeds(&[("authority", AUTHORITY), ("operations", OPERATIONS), ("record_key", RECORD_KEY),
                ("transport_key", TRANSPORT)]),
            "intake": INTAKE,
            "mailbox": MAILBOX,
            "bundle": {"file": B64.encode(&bundle), "payload": opened, "records": records},
            "parcel": {"file": B64.encode(&parcel), "payload": answer, "enclosed": enclosed},
        }),
    );
}
