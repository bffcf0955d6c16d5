//! A server that holds the true keys and lies: it drops, rewrites, forks, rolls back, replays, answers for another, tells
//! false times and gives proofs of another tree. Everything it says is signed as the true server would sign it, so that only
//! a phone that checks can tell. It keeps what it took in, so that a test can ask in the end whether all is safe.

use crate::rng::Rng;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tabara_core::catalog::Binding;
use tabara_core::envelope::{self, Digest, PublicKey, Signer, SigningKey, sha256};
use tabara_core::record::{Reason, Record, Sent};
use tabara_core::tree::{Frontier, prove_consistency, prove_inclusion};
use tabara_core::wire::{
    BUNDLES, Bundle, Connected, DEVICES, Enclosed, Introduction, KeptEntry, Leaf, LeafProof, PREFIX, Parcel,
    RefusedRecord, Standing, TreeHead,
};

/// One way to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// Goes back to an earlier state, and says nothing.
    RollBack,
    /// Goes back, and puts other leaves where the lost ones stood.
    Fork,
    /// Turns the verdict of an old leaf, and computes the tree anew.
    Rewrite,
    /// Answers with an earlier parcel of the same phone.
    Replay,
    /// Binds the parcel to another bundle.
    ForAnother,
    /// Says a time ten years ahead.
    FalseTime,
    /// Proves that another tree has grown.
    OtherTree,
    /// Says that a record is kept, and gives a proof that does not fit.
    FalseLeaf,
    /// Refuses a record that has no fault.
    Refuse,
    /// Signs with a key that no catalog names.
    OtherKey,
    /// Is silent about what it took in.
    Silent,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 11] = {
        use Lie::*;
        [RollBack, Fork, Rewrite, Replay, ForAnother, FalseTime, OtherTree, FalseLeaf, Refuse, OtherKey, Silent]
    };
}

/// What it has, and can be set back to.
#[derive(Clone, Default)]
struct Kept {
    leaves: Vec<Leaf>,
    frontier: Frontier,
    nodes: HashMap<(u32, u64), Digest>,
    records: BTreeMap<Digest, Sent>,
    /// The leaf of each bundle.
    bundles: BTreeMap<Digest, u64>,
}

impl Kept {
    fn append(&mut self, leaf: Leaf) -> u64 {
        let (nodes, at) = (&mut self.nodes, self.frontier.size());
        self.frontier.append(leaf.hash(), |level, index, hash| {
            nodes.insert((level, index), hash);
        });
        self.leaves.push(leaf);
        at
    }
    /// The same leaves, of which a change has been made.
    fn rebuilt(&self, change: impl FnOnce(&mut Vec<Leaf>)) -> Self {
        let mut leaves = self.leaves.clone();
        change(&mut leaves);
        let mut new = Self { records: self.records.clone(), bundles: self.bundles.clone(), ..Self::default() };
        for leaf in leaves {
            new.append(leaf);
        }
        new
    }
    fn node(&self) -> impl Fn(u32, u64) -> Result<Digest, std::convert::Infallible> + '_ {
        |level, index| Ok(self.nodes[&(level, index)])
    }
    fn head(&self) -> TreeHead {
        TreeHead { size: self.frontier.size(), root: self.frontier.root() }
    }
    fn prove(&self, index: u64) -> Option<LeafProof> {
        let Ok(proof) = prove_inclusion(index, self.frontier.size(), self.node());
        Some(LeafProof { index, text: self.leaves.get(index as usize)?.text(), proof: proof? })
    }
    fn grown(&self, from: &TreeHead) -> Option<Vec<Digest>> {
        self.root_at(from.size).filter(|root| *root == from.root)?;
        let Ok(proof) = prove_consistency(from.size, self.frontier.size(), self.node());
        proof
    }
    fn connected(&self, size: u64) -> Option<Connected> {
        let Ok(proof) = prove_consistency(size, self.frontier.size(), self.node());
        Some(Connected { size, proof: proof? })
    }
    fn root_at(&self, size: u64) -> Option<Digest> {
        if size > self.frontier.size() {
            return None;
        }
        let Ok(frontier) = Frontier::of(size, self.node());
        Some(frontier.root())
    }
}

struct Liar {
    operations: Signer,
    intake: String,
    authority: PublicKey,
    catalog: String,
    now: Box<dyn Fn() -> i64 + Send + Sync>,
    rng: Rng,
    /// In a hundred answers.
    lies: u32,
    kept: Kept,
    earlier: Vec<Kept>,
    phones: BTreeMap<String, Binding>,
    /// Parcels by phone, to be played again.
    sent: BTreeMap<String, Vec<Vec<u8>>>,
    told: BTreeMap<Lie, u32>,
}

/// A running liar; it stops when it is dropped.
pub struct LyingServer {
    pub address: SocketAddr,
    liar: Arc<Mutex<Liar>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for LyingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The keys and the catalog of the server that it pretends to be.
pub struct Identity {
    pub operations: SigningKey,
    /// The intake identity (`AGE-SECRET-KEY-1…`).
    pub intake: String,
    pub authority: PublicKey,
    /// The catalog's envelope.
    pub catalog: String,
}

impl LyingServer {
    /// Serves on a free port. `lies` in a hundred answers are lies, of all kinds.
    pub async fn start(who: Identity, now: impl Fn() -> i64 + Send + Sync + 'static, lies: u32, seed: u64) -> Self {
        let liar = Liar {
            operations: Signer::new(&who.operations),
            intake: who.intake,
            authority: who.authority,
            catalog: who.catalog,
            now: Box::new(now),
            rng: Rng::new(seed),
            lies,
            kept: Kept::default(),
            earlier: vec![],
            phones: BTreeMap::new(),
            sent: BTreeMap::new(),
            told: BTreeMap::new(),
        };
        let liar = Arc::new(Mutex::new(liar));
        let routes = Router::new()
            .route(BUNDLES, post(bundles))
            .route(DEVICES, post(devices))
            .fallback(async || StatusCode::NOT_FOUND)
            .with_state(liar.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let served = Router::new().nest(PREFIX, routes);
        let task = tokio::spawn(async move { axum::serve(listener, served).await.expect("it serves") });
        Self { address, liar, task }
    }
    /// From now on so many of a hundred answers are lies.
    pub fn lie(&self, lies: u32) {
        self.liar.lock().unwrap().lies = lies;
    }
    /// Tells this lie with the next answer, as far as there is anything to lie about.
    pub fn tell(&self, lie: Lie) {
        self.liar.lock().unwrap().deed(lie);
    }
    /// The records that stand in its present tree.
    pub fn records(&self) -> Vec<Sent> {
        let liar = self.liar.lock().unwrap();
        let kept = liar.kept.leaves.iter().flat_map(|leaf| match leaf {
            Leaf::Bundle { entries, .. } => entries.clone(),
            _ => vec![],
        });
        kept.filter_map(|entry| liar.kept.records.get(&entry.jws).cloned()).collect()
    }
    /// Whether its present tree continues the one with this head.
    pub fn continues(&self, head: &TreeHead) -> bool {
        self.liar.lock().unwrap().kept.root_at(head.size) == Some(head.root)
    }
    /// How often it told which lie.
    pub fn told(&self) -> BTreeMap<Lie, u32> {
        self.liar.lock().unwrap().told.clone()
    }
}

async fn devices(State(liar): State<Arc<Mutex<Liar>>>, body: Bytes) -> Response {
    let mut liar = liar.lock().unwrap();
    let Ok(introduction) = envelope::from_json::<Introduction>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(binding) = liar.introduce(&introduction) else { return StatusCode::FORBIDDEN.into_response() };
    let leaf = liar.kept.leaves.iter().position(|leaf| *leaf == chain_leaf(&introduction)).map(|at| at as u64);
    let parcel = liar.answer(sha256(&body), &Bundle::default(), leaf);
    liar.send(&binding, &parcel)
}

async fn bundles(State(liar): State<Arc<Mutex<Liar>>>, body: Bytes) -> Response {
    liar.lock().unwrap().take_in(&body)
}

fn chain_leaf(introduction: &Introduction) -> Leaf {
    let body = serde_json::to_vec(&introduction.chain).expect("a chain has a JSON form");
    Leaf::Act { day: "2026-11-29".into(), kind: "chain".into(), body: sha256(&body) }
}

impl Liar {
    fn introduce(&mut self, introduction: &Introduction) -> Option<Binding> {
        let (_, binding) = introduction.chain.verify(&self.authority).ok()?;
        let new = self.phones.insert(binding.transport_key.kid(), binding.clone()).is_none();
        let leaf = chain_leaf(introduction);
        if new || !self.kept.leaves.contains(&leaf) {
            self.kept.append(leaf);
        }
        Some(binding)
    }

    fn take_in(&mut self, file: &[u8]) -> Response {
        let Ok(opened) = Bundle::open(file, &self.intake) else { return StatusCode::BAD_REQUEST.into_response() };
        for introduction in opened.introductions() {
            self.introduce(&introduction);
        }
        let Some(phone) = self.phones.get(&opened.kid).cloned() else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let Ok((bundle, records)) = opened.verify(&phone.transport_key) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        if self.rng.percent(20) {
            self.earlier.push(self.kept.clone());
        }
        let lie = self.rng.percent(self.lies).then(|| Lie::ALL[self.rng.below(Lie::ALL.len())]);
        if let Some(lie) = lie {
            self.deed(lie);
        }
        let (mut refused, mut entries) = (Vec::new(), Vec::new());
        for sent in &records {
            let jws = sha256(sent.jws.as_bytes());
            let record: Option<Record> = envelope::stored(&sent.jws).ok();
            if lie == Some(Lie::Refuse) && refused.is_empty() || record.is_none() {
                refused.push(RefusedRecord { jws, reason: Reason::Malformed });
            } else if self.place(&jws).is_none() {
                self.kept.records.insert(jws, sent.clone());
                entries.push(KeptEntry { jws, reason: None });
            }
        }
        let hash = sha256(file);
        let mut leaf = self.kept.bundles.get(&hash).copied().filter(|at| *at < self.kept.frontier.size());
        if !entries.is_empty() {
            let at = self.kept.append(Leaf::Bundle { day: "2026-11-29".into(), bundle: hash, entries });
            self.kept.bundles.insert(hash, at);
            leaf = Some(at);
        }
        let places: Vec<u64> = records.iter().filter_map(|sent| self.place(&sha256(sent.jws.as_bytes()))).collect();
        let mut parcel = self.answer(hash, &bundle, leaf);
        for at in places {
            if parcel.leaves.iter().all(|proven| proven.index != at) {
                parcel.leaves.extend(self.kept.prove(at));
            }
        }
        parcel.refused = refused;
        self.twist(lie, &mut parcel);
        match lie {
            Some(Lie::Silent) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Lie::Replay) => {
                let old = self.sent.get(&phone.transport_key.kid()).and_then(|all| all.first()).cloned();
                return old.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |bytes| bytes.into_response());
            }
            Some(Lie::OtherKey) => {
                let stranger = Signer::new(&SigningKey::generate());
                return parcel.seal(&stranger, &Enclosed::default(), &phone.mailbox).expect("sealed").into_response();
            }
            _ => (),
        }
        self.send(&phone, &parcel)
    }

    /// The leaf that holds a record.
    fn place(&self, jws: &Digest) -> Option<u64> {
        let holds =
            |leaf: &Leaf| matches!(leaf, Leaf::Bundle { entries, .. } if entries.iter().any(|kept| kept.jws == *jws));
        self.kept.leaves.iter().position(holds).map(|at| at as u64)
    }

    /// An honest answer about the present tree, be it honest or not.
    fn answer(&self, answers: Digest, bundle: &Bundle, leaf: Option<u64>) -> Parcel {
        let asked = bundle.prove.iter().copied().chain(leaf);
        Parcel {
            answers,
            time: (self.now)(),
            head: self.kept.head(),
            standing: Standing::Trusted,
            seq: 0,
            grown: bundle.head.as_ref().and_then(|head| self.kept.grown(head)),
            restore: None,
            connected: bundle.connect.iter().filter_map(|size| self.kept.connected(*size)).collect(),
            leaves: asked.filter_map(|index| self.kept.prove(index)).collect(),
            refused: vec![],
            later: None,
            providers: None,
            updates: vec![],
            cursor: bundle.cursor,
        }
    }

    /// What it does to its own state.
    fn deed(&mut self, lie: Lie) {
        let mut done = true;
        match lie {
            Lie::RollBack | Lie::Fork if self.earlier.is_empty() => done = false,
            Lie::RollBack => self.kept = self.earlier.swap_remove(self.rng.below(self.earlier.len())),
            Lie::Fork => {
                let (lost, size) =
                    (self.earlier.swap_remove(self.rng.below(self.earlier.len())), self.kept.frontier.size());
                self.kept = lost;
                while self.kept.frontier.size() < size + 3 {
                    let body = Digest(envelope::random());
                    self.kept.append(Leaf::Act { day: "2026-11-29".into(), kind: "closing".into(), body });
                }
            }
            Lie::Rewrite => {
                let bundles = |leaf: &Leaf| matches!(leaf, Leaf::Bundle { .. });
                done = self.kept.leaves.iter().any(bundles);
                self.kept = self.kept.rebuilt(|leaves| {
                    if let Some(Leaf::Bundle { entries, .. }) = leaves.iter_mut().find(|leaf| bundles(leaf)) {
                        entries.iter_mut().for_each(|kept| kept.reason = Some(Reason::UnknownFact));
                    }
                });
            }
            _ => (),
        }
        *self.told.entry(lie).or_default() += u32::from(done);
    }

    /// What it does to its answer.
    fn twist(&mut self, lie: Option<Lie>, parcel: &mut Parcel) {
        match lie {
            Some(Lie::ForAnother) => parcel.answers = Digest(envelope::random()),
            Some(Lie::FalseTime) => parcel.time += 10 * 365 * 86_400,
            Some(Lie::OtherTree) => {
                parcel.head.root = Digest(envelope::random());
                parcel.leaves.clear();
            }
            Some(Lie::FalseLeaf) => {
                for leaf in &mut parcel.leaves {
                    leaf.proof = vec![Digest([7; 32]); leaf.proof.len()];
                }
            }
            _ => (),
        }
    }

    fn send(&mut self, phone: &Binding, parcel: &Parcel) -> Response {
        let enclosed = Enclosed { catalog: Some(self.catalog.clone()), files: vec![] };
        let bytes = parcel.seal(&self.operations, &enclosed, &phone.mailbox).expect("it is sealed");
        self.sent.entry(phone.transport_key.kid()).or_default().push(bytes.clone());
        bytes.into_response()
    }
}
