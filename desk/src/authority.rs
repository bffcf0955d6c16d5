//! The authority's key, the root of all trust. It is on a machine that is never on a network. Drafts are carried to that
//! machine; signed catalogs and cards are carried away.

use crate::error::{Result, at, invalid};
use crate::files::{read, write};
use crate::keys;
use std::path::Path;
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::{self, PublicKey, SigningKey, Typ};

/// The file of the secret key in the authority's folder.
pub const KEY_FILE: &str = "authority.age";
/// The file of the public key and its fingerprint.
pub const PUBLIC_FILE: &str = "authority.pub";

/// Makes the authority's folder and key. Returns the public key, whose fingerprint is read aloud.
pub fn init(dir: &Path, passphrase: &str) -> Result<PublicKey> {
    std::fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
    let public = keys::new_signing_key(&dir.join(KEY_FILE), passphrase)?.public();
    write(&dir.join(PUBLIC_FILE), format!("{public}\n# {}\n", public.fingerprint()))?;
    Ok(public)
}

/// Makes the key of the next authority in a folder of its own. The old one goes on until it has signed a catalog that
/// names the new one; see [`sign`].
pub fn rotate(old: &Path, new: &Path, passphrase: &str) -> Result<PublicKey> {
    if !old.join(KEY_FILE).exists() {
        return Err(invalid("there is no authority to hand over from in that folder"));
    }
    init(new, passphrase)
}

/// Reads an authority's public key from its file.
pub fn public(path: &Path) -> Result<PublicKey> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    text.lines().next().and_then(|line| line.trim().parse().ok()).ok_or_else(|| at(path, "not a public key"))
}

/// Reads the authority's key.
pub fn key(dir: &Path, passphrase: &str) -> Result<SigningKey> {
    keys::signing_key(&dir.join(KEY_FILE), passphrase)
}

/// Signs a catalog after checking that phones, which hold `previous`, will take it. The authority itself is replaced in
/// two steps: the old one signs a catalog that names the new one (`rotation.authorities`), then the new one signs the
/// next, which names the old one for as long as some phones have not synced.
pub fn sign(draft: &Catalog, key: &SigningKey, previous: Option<&str>) -> Result<String> {
    let previous = previous.map(|jws| trusting(jws.trim(), key)).transpose()?;
    if previous.as_ref().is_some_and(|p| draft.version <= p.version) {
        return Err(invalid("the version does not grow: phones would refuse it"));
    }
    let jws = envelope::sign(Typ::Catalog, key, draft);
    Catalog::verify(&jws, &key.public(), previous.as_ref())?;
    Ok(jws)
}

/// A catalog in force whose phones trust this key: signed by it, or naming it.
fn trusting(jws: &str, key: &SigningKey) -> Result<Catalog> {
    let catalog: Catalog = envelope::stored(jws).map_err(tabara_protocol::catalog::CatalogError::from)?;
    let named = catalog.rotation.authorities.contains(&key.public());
    if named { Ok(catalog) } else { Ok(Catalog::verify(jws, &key.public(), None)?) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::catalog::{PROTOCOL, Recipient, RecipientRole, Rotation};

    fn draft(version: u64) -> Catalog {
        let recipient =
            |name: &str, role| Recipient { name: name.into(), role, age: tabara_protocol::seal::new_identity().1 };
        Catalog {
            version,
            expires: 1_900_000_000,
            operations: SigningKey::generate().public(),
            recipients: vec![recipient("desk", RecipientRole::CaseWorker), recipient("safe", RecipientRole::Recovery)],
            reviewers: vec![],
            parts: vec![],
            revoked: vec![],
            servers: vec![],
            policy: Default::default(),
            rotation: Rotation::default(),
            reader: None,
            least_protocol: PROTOCOL,
        }
    }

    #[test]
    fn a_draft_is_signed_when_phones_will_take_it() {
        let (key, next) = (SigningKey::generate(), SigningKey::generate());
        let first = sign(&draft(1), &key, None).unwrap();
        let rotation = Rotation { authorities: vec![next.public()], ..Rotation::default() };
        let second = sign(&Catalog { rotation, ..draft(2) }, &key, Some(&first)).unwrap();
        assert_eq!(Catalog::verify(&second, &key.public(), None).unwrap().version, 2);
        assert!(sign(&draft(2), &key, Some(&second)).is_err(), "the version does not grow");
        assert!(sign(&draft(3), &next, Some(&first)).is_err(), "nobody has named that authority");
        assert!(sign(&draft(3), &next, Some(&second)).is_ok());
        let without_recovery = Catalog { recipients: draft(3).recipients[..1].to_vec(), ..draft(3) };
        assert!(sign(&without_recovery, &key, None).is_err());
    }
}
