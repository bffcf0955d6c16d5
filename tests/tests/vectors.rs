//! Known answers that any language can compute (`tests/python/test_vectors.py` does): a card, the chain of a phone, a
//! record with its sealed case, all made once by a real phone.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::Deserialize;
use tabara_core::catalog::{Card, Chain};
use tabara_core::envelope::{self, Digest, SigningKey, Typ, sha256};
use tabara_core::record::{Code, Record, SealedCase, undo_hash};
use tabara_core::seal;

#[derive(Deserialize)]
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

#[test]
fn the_known_record_opens() {
    let known: Known = serde_json::from_str(include_str!("../vectors/record.json")).unwrap();
    let authority = SigningKey::from_seed(known.authority_seed.0).public();
    let (card, grant) = Card::parse(&known.card).unwrap();
    assert_eq!(card.authority, authority);
    let (granted, binding) = known.chain.verify(&authority).unwrap();
    assert_eq!(granted, grant);
    let record: Record = envelope::open(Typ::Record, &binding.record_key, &known.jws).unwrap();
    assert_eq!(record, known.record);
    assert_eq!(record.undo, Some(undo_hash(&known.undo)));
    let sealed = B64.decode(&known.sealed).unwrap();
    assert_eq!(record.sealed.map(|s| (s.sha256, s.len)), Some((sha256(&sealed), sealed.len() as u32)));
    let case: SealedCase = serde_json::from_slice(&seal::unseal(&sealed, &known.case_worker).unwrap()).unwrap();
    assert_eq!(case, known.case);
}
