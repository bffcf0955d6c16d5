//! A phone and a server that exchange a bundle and a parcel, and whoever stands between them.

use super::*;
use crate::envelope::{Digest, Signer, SigningKey, Typ, sha256};
use crate::kind::Reason;
use crate::record::Sent;
use crate::tree::{Frontier, prove_consistency, prove_inclusion};
use std::collections::HashMap;
use std::convert::Infallible;

/// A server's tree with its nodes, and the key that signs what it says.
#[derive(Default, Clone)]
struct Log {
    frontier: Frontier,
    nodes: HashMap<(u32, u64), Digest>,
    leaves: Vec<Leaf>,
}

impl Log {
    fn append(&mut self, leaf: Leaf) {
        self.frontier.append(leaf.hash(), |level, index, hash| {
            self.nodes.insert((level, index), hash);
        });
        self.leaves.push(leaf);
    }
    /// So many leaves, all different in a log of another name.
    fn of(name: &str, size: u64) -> Self {
        let mut log = Self::default();
        (0..size).for_each(|at| log.append(act(&format!("{name} {at}"))));
        log
    }
    fn head(&self) -> TreeHead {
        TreeHead { size: self.frontier.size(), root: self.frontier.root() }
    }
    fn node(&self) -> impl Fn(u32, u64) -> Result<Digest, Infallible> {
        |level, index| Ok(self.nodes[&(level, index)])
    }
    fn proof(&self, index: u64) -> LeafProof {
        let proof = prove_inclusion(index, self.frontier.size(), self.node()).unwrap().unwrap();
        LeafProof { index, text: self.leaves[index as usize].text(), proof }
    }
    fn answer(&self, asked: Option<&TreeHead>, time: i64) -> Parcel {
        let size = self.frontier.size();
        Parcel {
            answers: Digest([1; 32]),
            time,
            head: self.head(),
            standing: Standing::Trusted,
            seq: 0,
            grown: asked.and_then(|head| prove_consistency(head.size, size, self.node()).unwrap()),
            restore: None,
            connected: vec![],
            leaves: vec![],
            refused: vec![],
            later: None,
            providers: None,
            updates: vec![],
            cursor: 0,
        }
    }
}

fn act(body: &str) -> Leaf {
    Leaf::Act { day: "2026-11-29".into(), kind: "closing".into(), body: sha256(body.as_bytes()) }
}

fn keys() -> (Signer, SigningKey) {
    let key = SigningKey::generate();
    (Signer::new(&key), key)
}

#[test]
fn a_bundle_is_read_by_the_server_alone_and_believed_from_the_phone_alone() {
    let ((phone, _), (intake, to_intake)) = (keys(), seal::new_identity());
    let records = vec![Sent::new("a.b.c".into(), Some(b"a sealed case"))];
    let bundle = Bundle { cursor: 7, ..Bundle::default() };
    let file = bundle.seal(&phone, &records, &to_intake).unwrap();
    assert_eq!(file.len() % 1024, 0);
    let open = || Bundle::open(&file, &intake).unwrap();
    assert_eq!(open().kid, phone.public().kid());
    let (read, sent) = open().verify(&phone.public()).unwrap();
    assert_eq!((read.cursor, sent), (7, records));
    let stranger = SigningKey::generate().public();
    assert_eq!(open().verify(&stranger).unwrap_err(), WireError::Envelope(EnvelopeError::WrongKey));
    assert!(Bundle::open(&file, &seal::new_identity().0).is_err());
}

#[test]
fn records_that_the_phone_did_not_put_in_are_noticed() {
    let ((phone, _), (intake, to_intake)) = (keys(), seal::new_identity());
    let signed = phone.sign(Typ::Bundle, &Bundle::default());
    let mut forged = vec![vec![Sent::new("a.b.c".into(), None)]];
    forged.push((0..=MAX_RECORDS).map(|_| Sent::new("a.b.c".into(), None)).collect());
    for records in forged {
        let file = seal_with(OF_BUNDLES, &signed, &records, &to_intake).unwrap();
        let opened = Bundle::open(&file, &intake).unwrap();
        assert_eq!(opened.verify(&phone.public()).unwrap_err(), WireError::Content);
    }
    let curious = Bundle { prove: (0..=MAX_ASKED as u64).collect(), ..Bundle::default() };
    let file = curious.seal(&phone, &[], &to_intake).unwrap();
    assert_eq!(Bundle::open(&file, &intake).unwrap().verify(&phone.public()).unwrap_err(), WireError::Content);
}

#[test]
fn an_empty_bundle_and_its_parcel_are_small() {
    let ((phone, _), (_, to)) = (keys(), seal::new_identity());
    let head = Log::of("a", 3).head();
    let asks = Bundle { head: Some(head), cursor: 1_000_000, catalog: Some(Digest([1; 32])), ..Bundle::default() };
    let both = |parcel: &Parcel| {
        let parcel = parcel.seal(&phone, &Enclosed::default(), &to).unwrap().len();
        asks.seal(&phone, &[], &to).unwrap().len() + parcel
    };
    let nothing = Log::of("a", 3).answer(Some(&head), 1_800_000_000);
    assert!(both(&nothing) <= 2048, "nothing has grown");
    // the longest proof in a log of a million; age's header has a random length
    let grown = (0..20).map(|n: u8| sha256(&[n])).collect();
    let others = Parcel { grown: Some(grown), seq: 1000, cursor: 1_000_000, ..nothing };
    (0..20).for_each(|_| assert!(both(&others) <= 2560, "only others have sent"));
}

#[test]
fn a_parcel_holds_from_the_operations_key_for_the_bundle_that_it_answers() {
    let ((server, _), (mailbox, to_phone)) = (keys(), seal::new_identity());
    let mut log = Log::of("a", 5);
    let jws = sha256(b"a.b.c");
    let entries = vec![KeptEntry { jws, reason: Some(Reason::UnknownFact) }];
    log.append(Leaf::Bundle { day: "2026-11-29".into(), bundle: Digest([1; 32]), entries });
    let good = Parcel { leaves: vec![log.proof(5)], ..log.answer(None, 0) };
    let verify = |parcel: &Parcel, key: &Signer| {
        let file = parcel.seal(key, &Enclosed::default(), &to_phone).unwrap();
        Parcel::open(&file, &mailbox).unwrap().verify(&[server.public()], &Digest([1; 32]))
    };
    assert_eq!(verify(&good, &server).as_ref(), Ok(&good));
    let stranger = keys().0;
    assert_eq!(verify(&good, &stranger), Err(WireError::Envelope(EnvelopeError::WrongKey)));
    let of_another = Parcel { answers: Digest([2; 32]), ..good.clone() };
    assert_eq!(verify(&of_another, &server), Err(WireError::Content));
    // a leaf that stands in no tree of this head: the verdict was changed, or the place
    let changed = |change: &dyn Fn(&mut LeafProof)| {
        let mut wrong = good.clone();
        change(&mut wrong.leaves[0]);
        verify(&wrong, &server)
    };
    let accepted = |leaf: &mut LeafProof| leaf.text = leaf.text.replace("quarantined unknown_fact", "accepted");
    assert_eq!(changed(&accepted), Err(WireError::Content));
    assert_eq!(changed(&|leaf| leaf.index = 4), Err(WireError::Content));
    assert_eq!(changed(&|leaf| leaf.proof = vec![Digest([0; 32]); 3]), Err(WireError::Content));
}

#[test]
fn every_row_of_the_table_of_heads() {
    let log = Log::of("a", 9);
    let mut longer = log.clone();
    (9..14).for_each(|at| longer.append(act(&format!("a {at}"))));
    let mine = log.head();
    let judged = |asked: Option<&TreeHead>, parcel: &Parcel| lineage(Some(&mine), asked, &[], parcel);
    // first contact, nothing new, normal
    assert_eq!(lineage(None, None, &[], &log.answer(None, 100)), Lineage::First);
    assert_eq!(judged(Some(&mine), &log.answer(Some(&mine), 101)), Lineage::Grown);
    assert_eq!(judged(Some(&mine), &longer.answer(Some(&mine), 101)), Lineage::Grown);
    // a courier brings an answer from before the last sync, or one to a bundle from before it
    let before = Log::of("a", 4);
    assert_eq!(judged(Some(&before.head()), &before.answer(None, 90)), Lineage::Unconnected);
    assert_eq!(judged(Some(&before.head()), &longer.answer(Some(&before.head()), 101)), Lineage::Unconnected);
    // an answer to a bundle that names my head was made after it, whatever time it tells
    assert_eq!(judged(Some(&mine), &before.answer(Some(&mine), 90)), Lineage::Forked, "set back, and its clock, too");
    // set back without a word; another tree of the same, a smaller and a larger size; a proof that is none
    assert_eq!(judged(Some(&mine), &before.answer(Some(&mine), 101)), Lineage::Forked);
    for size in [4, 9, 14] {
        let other = Log::of("b", size);
        assert_eq!(judged(Some(&mine), &other.answer(Some(&mine), 101)), Lineage::Forked, "{size}");
        let with_true_proof = Parcel { grown: longer.answer(Some(&mine), 101).grown, ..other.answer(None, 101) };
        assert_eq!(judged(Some(&mine), &with_true_proof), Lineage::Forked, "{size}");
    }
    assert_eq!(judged(Some(&mine), &Parcel { grown: None, ..longer.answer(None, 101) }), Lineage::Forked);
}

/// A log that was restored from a backup of so many leaves, with so many after it, and its answer to a phone.
fn restored(backup: &Log, kept: u64, known: u64, more: u64) -> Log {
    let mut log = backup.clone();
    log.append(Leaf::Restore { day: "2026-11-29".into(), kept, known });
    (0..more).for_each(|at| log.append(act(&format!("after {at}"))));
    log
}

#[test]
fn a_restore_is_believed_that_names_what_it_cut_off() {
    let mine = Log::of("a", 9).head();
    let told = |backup: u64, kept: u64, known: u64, more: u64| {
        let log = restored(&Log::of("a", backup), kept, known, more);
        Parcel { restore: Some(log.proof(backup)), ..log.answer(Some(&mine), 101) }
    };
    let judged = |parcel: &Parcel| lineage(Some(&mine), Some(&mine), &[], parcel);
    for more in [0, 1, 20] {
        assert_eq!(judged(&told(5, 5, 9, more)), Lineage::Restored, "{more} after it");
    }
    assert_eq!(judged(&told(5, 5, 8, 3)), Lineage::Forked, "it hides a leaf that the phone has seen");
    assert_eq!(judged(&told(9, 9, 12, 3)), Lineage::Grown, "it cut off nothing that the phone knows");
    assert_eq!(judged(&told(5, 6, 9, 3)), Lineage::Forked, "it kept more than there is");
    let elsewhere = LeafProof { index: 6, ..told(5, 5, 9, 3).restore.unwrap() };
    assert_eq!(judged(&Parcel { restore: Some(elsewhere), ..told(5, 5, 9, 3) }), Lineage::Forked, "not there");
}

/// An operator takes the wrong backup first, and then the right one: trees of between may be shorter than the second.
#[test]
fn a_head_of_between_two_restores_is_explained_by_the_second() {
    let lost = Log::of("a", 9);
    let between = restored(&Log::of("a", 3), 3, 9, 2);
    let (backup, mine) = (Log::of("a", 7), between.head());
    assert!(mine.size < 7, "the second backup is longer than the tree that it replaces");
    let log = restored(&backup, 3, 10, 4);
    let parcel = Parcel { restore: Some(log.proof(7)), ..log.answer(Some(&mine), 101) };
    let passed = [Restoration { kept: 3, known: 9 }];
    assert_eq!(lineage(Some(&mine), Some(&mine), &passed, &parcel), Lineage::Restored);
    let old = lost.head();
    let parcel = Parcel { restore: Some(log.proof(7)), ..log.answer(Some(&old), 101) };
    assert_eq!(lineage(Some(&old), Some(&old), &[], &parcel), Lineage::Restored);
}

/// A log that is set back in silence after a restore: its leaf is still there, and explains nothing any more.
#[test]
fn a_restore_of_before_the_phones_head_excuses_no_later_loss() {
    let whole = restored(&Log::of("a", 5), 5, 1024, 8);
    let set_back = restored(&Log::of("a", 5), 5, 1024, 2);
    let mine = whole.head();
    let parcel = Parcel { restore: Some(set_back.proof(5)), ..set_back.answer(Some(&mine), 101) };
    let passed = [Restoration { kept: 5, known: 1024 }];
    assert_eq!(lineage(Some(&mine), Some(&mine), &passed, &parcel), Lineage::Forked);
    // who has not heard of the restore cannot tell
    assert_eq!(lineage(Some(&mine), Some(&mine), &[], &parcel), Lineage::Restored);
}
