//! Secret keys in files of their own: an age file under a passphrase, readable by its owner alone. It holds one
//! line: an age identity (so that the plain `age` tool opens cases too), or a signing key.

use crate::error::{Result, at, invalid};
use crate::files::{read, write_private};
use crate::texts::{TEXTS, refused};
use std::path::{Path, PathBuf};
use tabara_forms::say;
use tabara_protocol::catalog::{Catalog, RecipientRole};
use tabara_protocol::envelope::{Digest, SigningKey, random};
use tabara_protocol::input::{Input, typed};
use tabara_protocol::seal::{self, SealError};
use zeroize::Zeroizing;

const SIGNING: &str = "TABARA-SIGNING-KEY-1-";

/// Where the passphrase of a key file comes from.
#[derive(clap::Args, Default)]
pub struct PassphraseArgs {
    /// Read the passphrase from the first line of this file instead of asking.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of an existing key.
    pub fn get(&self, prompt: &str) -> Result<Zeroizing<String>> {
        if let Some(path) = &self.passphrase_file {
            let text = Zeroizing::new(String::from_utf8_lossy(&Zeroizing::new(read(path)?)).into_owned());
            return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        unseen(&format!("{prompt}: "))
    }
    /// For a new key: typed twice.
    pub fn new_one(&self) -> Result<Zeroizing<String>> {
        let prompt = "New passphrase (12 characters or more)";
        if self.passphrase_file.is_some() {
            self.get(prompt)
        } else {
            new_passphrase(&format!("{prompt}:"), "Once more:")
        }
    }
    /// For a file that may not be locked at all.
    pub fn for_file(&self, path: &Path) -> Result<Zeroizing<String>> {
        if read(path)?.starts_with(b"age-encryption.org/") {
            self.get(&format!("Passphrase of {}", path.display()))
        } else {
            Ok(Zeroizing::default())
        }
    }
}

/// A passphrase, typed unseen.
fn unseen(prompt: &str) -> Result<Zeroizing<String>> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    typed.map_err(|e| invalid(format!("no passphrase could be read: {e}")))
}

/// A new passphrase, typed unseen and twice.
pub fn new_passphrase(prompt: &str, again: &str) -> Result<Zeroizing<String>> {
    let (first, second) = (unseen(&format!("{prompt} "))?, unseen(&format!("{again} "))?);
    if typed(Input::Secret, &first) == typed(Input::Secret, &second) {
        Ok(first)
    } else {
        Err(refused(say!(TEXTS: "passphrases-differ")))
    }
}

/// Writes a secret line to a new file; an existing file is never replaced.
fn keep(path: &Path, line: &str, passphrase: &str) -> Result<()> {
    let passphrase = typed(Input::Secret, passphrase);
    if passphrase.chars().count() < 12 {
        return Err(invalid("a passphrase has at least 12 characters: take four random words"));
    }
    write_private(path, &seal::lock(line.as_bytes(), &passphrase)?)
}

/// The secret line of a file. A file without a passphrase, as `age-keygen` writes it, is read as plain text.
fn line(path: &Path, passphrase: &str) -> Result<Zeroizing<String>> {
    let bytes = Zeroizing::new(read(path)?);
    let plain = if bytes.starts_with(b"age-encryption.org/") { unlock(&bytes, passphrase)? } else { bytes };
    let text = std::str::from_utf8(&plain).map_err(|_| at(path, "not a key file"))?;
    let line = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'));
    line.map(|l| Zeroizing::new(l.to_owned())).ok_or_else(|| at(path, "not a key file"))
}

/// Opens a locked file. The plain `age` tool takes a passphrase as its bytes are, so these are tried, too.
fn unlock(locked: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>> {
    let meant = typed(Input::Secret, passphrase);
    let opened = match seal::unlock(locked, &meant) {
        Err(SealError::NotForThisKey) if *meant != passphrase => seal::unlock(locked, passphrase),
        opened => opened,
    };
    opened.map_err(|why| match why {
        SealError::NotForThisKey => refused(say!(TEXTS: "wrong-passphrase")),
        why => why.into(),
    })
}

/// Makes a signing key (authority or reviewer) and keeps it in a new file.
pub fn new_signing_key(path: &Path, passphrase: &str) -> Result<SigningKey> {
    let key = SigningKey::generate();
    keep(path, &Zeroizing::new(format!("{SIGNING}{}", Digest(*key.seed()))), passphrase)?;
    Ok(key)
}

/// Reads a signing key.
pub fn signing_key(path: &Path, passphrase: &str) -> Result<SigningKey> {
    let line = line(path, passphrase)?;
    let seed = line.strip_prefix(SIGNING).and_then(|seed| seed.parse::<Digest>().ok());
    seed.map(|seed| SigningKey::from_seed(seed.0)).ok_or_else(|| at(path, "not a signing key"))
}

/// Makes a case worker's identity, keeps it in a new file, and returns the public key (`age1…`) for the catalog.
pub fn new_identity(path: &Path, passphrase: &str) -> Result<String> {
    let (identity, recipient) = seal::new_identity();
    keep(path, &identity, passphrase)?;
    Ok(recipient)
}

/// Whose key a file is: its name.
pub fn owner(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads a case worker's identity.
pub fn identity(path: &Path, passphrase: &str) -> Result<Zeroizing<String>> {
    line(path, passphrase)
}

/// The recipients of a catalog, each with whether one of these identities really opens what is sealed to it. To be
/// tried before a catalog is published: cases sealed to a key that nobody holds are lost. (The intake key is the
/// server's: `tabara-server keys check`.)
pub fn check(catalog: &Catalog, identities: &[Zeroizing<String>]) -> Result<Vec<(String, bool)>> {
    let probe: [u8; 32] = random();
    let tried = |age: &String| -> Result<bool> {
        let sealed = seal::seal(&probe, std::slice::from_ref(age))?;
        Ok(identities.iter().any(|i| seal::unseal(&sealed, i).is_ok_and(|plain| plain == probe)))
    };
    let sealed_to = catalog.recipients.iter().filter(|r| r.role != RecipientRole::Intake);
    sealed_to.map(|r| Ok((r.name.clone(), tried(&r.age)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "four random words here";

    #[test]
    fn a_key_comes_back_from_its_file_and_no_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("authority.age");
        let key = new_signing_key(&path, WORDS).unwrap();
        assert_eq!(signing_key(&path, WORDS).unwrap().public(), key.public());
        assert!(signing_key(&path, "four other words here").is_err());
        assert!(new_signing_key(&path, WORDS).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_passphrase_opens_from_any_keyboard_and_a_file_that_plain_age_wrote_too() {
        let dir = tempfile::tempdir().unwrap();
        let (composed, decomposed) = ("un \u{e9}t\u{e9} tr\u{e8}s long", "un e\u{301}te\u{301} tre\u{300}s long");
        let path = dir.path().join("reviewer.age");
        let key = new_signing_key(&path, decomposed).unwrap();
        assert_eq!(signing_key(&path, composed).unwrap().public(), key.public());
        let (plain, text) = (dir.path().join("plain.age"), seal::new_identity().0);
        std::fs::write(&plain, seal::lock(text.as_bytes(), decomposed).unwrap()).unwrap();
        assert_eq!(identity(&plain, decomposed).unwrap(), text);
    }

    #[test]
    fn a_short_passphrase_makes_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.age");
        assert!(new_identity(&path, "short").is_err());
        assert!(!path.exists());
    }

    #[test]
    fn an_identity_that_age_keygen_wrote_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.txt");
        let (identity_text, to) = seal::new_identity();
        std::fs::write(&path, format!("# created: 2026-11-22\n# public key: {to}\n{}\n", *identity_text)).unwrap();
        assert_eq!(identity(&path, "").unwrap(), identity_text);
    }
}
