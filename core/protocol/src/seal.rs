//! Sealing: deflate, fill up with zeros, then an `age` file (age-encryption.org/v1) to the X25519 keys of the case workers.
//! What is sealed here nobody on the phone or the server can read again.
//!
//! The whole file has one of few lengths, so that its length does not tell what was said. age adds a stanza of random length
//! to each header, so the filling depends on the header. A DEFLATE stream says itself where it ends: no length is needed.

use age::secrecy::ExposeSecret as _;
use age_core::format::{FileKey, Stanza};
use std::cell::RefCell;
use std::io::{BufReader, Read as _, Write};
use zeroize::Zeroizing;

/// Nothing longer than this is written or read, before compression (8 MiB).
pub const MAX_PLAIN: u64 = 8 * 1024 * 1024;

/// Why sealing or opening fails. Holds nothing of the content.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// A recipient's key is not an age X25519 key.
    #[error("a recipient's key is not an age X25519 key")]
    BadRecipient,
    /// There is nobody to seal to.
    #[error("there is no recipient")]
    NoRecipient,
    /// The key given to open it is not an age identity.
    #[error("the key is not an age X25519 identity")]
    BadIdentity,
    /// It was sealed to other keys.
    #[error("this key does not open it")]
    NotForThisKey,
    /// Not a sealed case, or damaged on the way.
    #[error("not a sealed case, or damaged")]
    Damaged,
    /// Longer than a case may be.
    #[error("larger than a case may be")]
    Oversize,
}

/// Which lengths a sealed file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// 2, 4, 8 and 16 KiB; from there on four between a power of two and the next. For cases, which are kept.
    Few,
    /// Multiples of so many bytes. For what is only on its way.
    Steps(usize),
}

/// Seals a case to every recipient (`age1…`). At least one is needed.
pub fn seal(plain: &[u8], recipients: &[impl AsRef<str>]) -> Result<Vec<u8>, SealError> {
    seal_in(Lengths::Few, plain, recipients)
}

/// As [`seal`], in a file of one of these lengths. [`unseal`] opens it.
pub fn seal_in(lengths: Lengths, plain: &[u8], recipients: &[impl AsRef<str>]) -> Result<Vec<u8>, SealError> {
    if plain.len() as u64 > MAX_PLAIN {
        return Err(SealError::Oversize);
    }
    let keys = parsed(recipients)?;
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient))
        .map_err(|_| SealError::NoRecipient)?;
    let sealed = || {
        let mut packed = Zeroizing::new(Vec::with_capacity(plain.len() / 2 + LEAST_SEALED));
        let mut deflate = flate2::write::DeflateEncoder::new(&mut *packed, flate2::Compression::best());
        deflate.write_all(plain)?;
        deflate.finish()?;
        let file = RefCell::new(Vec::new());
        let mut writer = encryptor.wrap_output(Shared(&file))?;
        let header = file.borrow().len();
        let filled = filled_len(lengths, header, packed.len());
        packed.resize(filled, 0);
        writer.write_all(&packed)?;
        writer.finish()?;
        Ok(file.into_inner())
    };
    sealed().map_err(|_: std::io::Error| SealError::Damaged)
}

/// No sealed case is shorter.
const LEAST_SEALED: usize = 2048;
/// age encrypts in chunks of so many bytes and adds a tag to each.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// How many bytes to encrypt behind a header, so that `packed` bytes fit and the whole file has one of few lengths.
fn filled_len(lengths: Lengths, header: usize, packed: usize) -> usize {
    let mut total = header + packed + TAG;
    loop {
        total = next_length(lengths, total);
        // no chunk but the only one may be empty, so a few lengths do not exist for a header
        let room = (total - header).saturating_sub(TAG * (total - header).div_ceil(CHUNK + TAG));
        if room >= packed && room + TAG * room.div_ceil(CHUNK) + header == total {
            return room;
        }
        total += 1;
    }
}

/// The least length that a file of at least so many bytes may have.
fn next_length(lengths: Lengths, least: usize) -> usize {
    match (lengths, least.max(LEAST_SEALED).next_power_of_two()) {
        (Lengths::Steps(step), _) => least.next_multiple_of(step),
        (Lengths::Few, short) if short <= 16 * 1024 => short,
        (Lengths::Few, power) => least.next_multiple_of(power / 8),
    }
}

/// A file that can be looked at while age writes it.
struct Shared<'a>(&'a RefCell<Vec<u8>>);

impl Write for Shared<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opens a sealed case with a case worker's identity (`AGE-SECRET-KEY-1…`).
pub fn unseal(sealed: &[u8], identity: &str) -> Result<Vec<u8>, SealError> {
    unseal_as(sealed, &own(identity)?)
}

/// Opens a sealed case with the [`file_key`] that somebody copied out of it.
pub fn unseal_copied(sealed: &[u8], key: &FileKeyCopy) -> Result<Vec<u8>, SealError> {
    unseal_as(sealed, key)
}

/// The key of one sealed case: it opens this one and nothing else. Who holds a case worker's identity gives it to a new one, who
/// then opens the bytes that the record names.
pub struct FileKeyCopy(Zeroizing<[u8; 16]>);

impl FileKeyCopy {
    /// From what [`FileKeyCopy::bytes`] gave; none if it is not as long.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key| Self(Zeroizing::new(key)))
    }
    /// The key; secret.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl age::Identity for FileKeyCopy {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        Some(Ok(FileKey::new(Box::new(*self.0))))
    }
}

/// The key of one sealed case, for a copy.
pub fn file_key(sealed: &[u8], identity: &str) -> Result<FileKeyCopy, SealError> {
    struct Keeping(age::x25519::Identity, RefCell<Option<FileKeyCopy>>);
    impl age::Identity for Keeping {
        fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
            let found = self.0.unwrap_stanza(stanza);
            if let Some(Ok(key)) = &found {
                self.1.replace(Some(FileKeyCopy(Zeroizing::new(*key.expose_secret()))));
            }
            found
        }
    }
    let keeping = Keeping(own(identity)?, RefCell::default());
    unseal_as(sealed, &keeping)?;
    keeping.1.into_inner().ok_or(SealError::NotForThisKey)
}

fn own(identity: &str) -> Result<age::x25519::Identity, SealError> {
    identity.trim().parse().map_err(|_| SealError::BadIdentity)
}

fn unseal_as(sealed: &[u8], identity: &dyn age::Identity) -> Result<Vec<u8>, SealError> {
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| SealError::Damaged)?;
    let reader = decryptor.decrypt(std::iter::once(identity)).map_err(|e| match e {
        age::DecryptError::NoMatchingKeys => SealError::NotForThisKey,
        _ => SealError::Damaged,
    })?;
    let mut plain = Vec::new();
    let mut deflate = flate2::bufread::DeflateDecoder::new(BufReader::new(reader));
    deflate.by_ref().take(MAX_PLAIN + 1).read_to_end(&mut plain).map_err(|_| SealError::Damaged)?;
    if plain.len() as u64 > MAX_PLAIN {
        return Err(SealError::Oversize);
    }
    // read to the end, where age notices that a file was cut
    let mut filling = Vec::new();
    deflate.into_inner().read_to_end(&mut filling).map_err(|_| SealError::Damaged)?;
    if filling.iter().all(|byte| *byte == 0) { Ok(plain) } else { Err(SealError::Damaged) }
}

/// Locks a small secret with a passphrase: an age file (scrypt, 2^18, as the `age` tool writes), for keys that lie on a
/// person's own machine.
pub fn lock(secret: &[u8], passphrase: &str) -> Result<Vec<u8>, SealError> {
    let mut to = age::scrypt::Recipient::new(passphrase.to_owned().into());
    to.set_work_factor(18);
    age::encrypt(&to, secret).map_err(|_| SealError::Damaged)
}

/// Opens what [`lock`] or `age --passphrase` wrote.
pub fn unlock(locked: &[u8], passphrase: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
    let mut from = age::scrypt::Identity::new(passphrase.to_owned().into());
    from.set_max_work_factor(20);
    age::decrypt(&from, locked).map(Into::into).map_err(|e| match e {
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => SealError::NotForThisKey,
        _ => SealError::Damaged,
    })
}

/// Locks a file of any length to recipients (`age1…`); at least one is needed.
pub fn lock_to(secret: &[u8], recipients: &[impl AsRef<str>]) -> Result<Vec<u8>, SealError> {
    let keys = parsed(recipients)?;
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient));
    let locked = |encryptor: age::Encryptor| {
        let mut writer = encryptor.wrap_output(Vec::new())?;
        writer.write_all(secret)?;
        writer.finish()
    };
    locked(encryptor.map_err(|_| SealError::NoRecipient)?).map_err(|_: std::io::Error| SealError::Damaged)
}

/// Opens what [`lock_to`] wrote, with the identity of a recipient.
pub fn unlock_with(locked: &[u8], identity: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
    age::decrypt(&own(identity)?, locked).map(Into::into).map_err(|e| match e {
        age::DecryptError::NoMatchingKeys => SealError::NotForThisKey,
        _ => SealError::Damaged,
    })
}

/// Locks a stream of any length to recipients (`age1…`): what `content` writes.
pub fn lock_stream(
    recipients: &[impl AsRef<str>],
    to: impl Write,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let keys = parsed(recipients).map_err(std::io::Error::other)?;
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient));
    let mut writer = encryptor.map_err(|_| std::io::Error::other(SealError::NoRecipient))?.wrap_output(to)?;
    content(&mut writer)?;
    writer.finish()?.flush()
}

/// Opens what [`lock_stream`] wrote, with the first of these identities that is a recipient. What is read must be read to its
/// end: there age notices that it was cut.
pub fn open_stream<'r>(
    identities: &[impl AsRef<str>],
    from: impl std::io::Read + 'r,
) -> Result<Box<dyn std::io::Read + 'r>, SealError> {
    let identities: Result<Vec<age::x25519::Identity>, _> =
        identities.iter().map(|identity| identity.as_ref().trim().parse()).collect();
    let identities = identities.map_err(|_| SealError::BadIdentity)?;
    let decryptor = age::Decryptor::new(from).map_err(|_| SealError::Damaged)?;
    let opened = decryptor.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity));
    opened.map(|reader| Box::new(reader) as Box<dyn std::io::Read + 'r>).map_err(|e| match e {
        age::DecryptError::NoMatchingKeys => SealError::NotForThisKey,
        _ => SealError::Damaged,
    })
}

fn parsed(recipients: &[impl AsRef<str>]) -> Result<Vec<age::x25519::Recipient>, SealError> {
    recipients.iter().map(|r| r.as_ref().parse().map_err(|_| SealError::BadRecipient)).collect()
}

/// Whether a text is an age X25519 recipient (`age1…`).
pub fn is_recipient(text: &str) -> bool {
    text.parse::<age::x25519::Recipient>().is_ok()
}

/// The recipient (`age1…`) of an identity; none if the text is not one.
pub fn recipient_of(identity: &str) -> Option<String> {
    identity.trim().parse::<age::x25519::Identity>().ok().map(|i| i.to_public().to_string())
}

/// A new identity with its public recipient, for `tabara-desk` and for tests.
pub fn new_identity() -> (zeroize::Zeroizing<String>, String) {
    let identity = age::x25519::Identity::generate();
    (identity.to_string().expose_secret().to_owned().into(), identity.to_public().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipient_opens_it_and_nobody_else() {
        let (ours, to_us) = new_identity();
        let (recovery, to_recovery) = new_identity();
        let (stranger, _) = new_identity();
        let sealed = seal(b"the full answers", &[to_us, to_recovery]).unwrap();
        assert_eq!(unseal(&sealed, &ours).unwrap(), b"the full answers");
        assert_eq!(unseal(&sealed, &recovery).unwrap(), b"the full answers");
        assert_eq!(unseal(&sealed, &stranger), Err(SealError::NotForThisKey));
    }

    #[test]
    fn the_key_of_one_file_opens_it_for_who_gets_it_and_no_other_file() {
        let (ours, to_us) = new_identity();
        let sealed = seal(b"the full answers", &[&to_us]).unwrap();
        let key = FileKeyCopy::of(file_key(&sealed, &ours).unwrap().bytes()).unwrap();
        assert_eq!(unseal_copied(&sealed, &key).unwrap(), b"the full answers");
        assert!(unseal_copied(&seal(b"another", &[to_us]).unwrap(), &key).is_err());
        assert!(matches!(file_key(&sealed, &new_identity().0), Err(SealError::NotForThisKey)));
    }

    #[test]
    fn a_file_has_one_of_few_lengths_whoever_reads_it_and_whatever_is_in_it() {
        let keys: Vec<_> = (0..4).map(|_| new_identity()).collect();
        let mut noise = std::iter::repeat_with(crate::envelope::random::<64>).flatten();
        // lengths of 20 to 24 KiB and of 64 to 80 KiB among them: one and two chunks
        for len in (0..2500).step_by(50).chain((15_000..24_000).step_by(1500)).chain((64_000..80_000).step_by(2000)) {
            let plain: Vec<u8> = noise.by_ref().take(len).collect();
            let to: Vec<&str> = keys[..1 + len % 4].iter().map(|(_, to)| to.as_str()).collect();
            let sealed = seal(&plain, &to).unwrap();
            assert_eq!(next_length(Lengths::Few, sealed.len()), sealed.len(), "{len} bytes");
            assert!(sealed.len() <= 2048 || sealed.len() < 2 * (len + 800), "{len} bytes became {}", sealed.len());
            assert_eq!(unseal(&sealed, &keys[0].0).unwrap(), plain);
        }
    }

    #[test]
    fn every_header_finds_a_length_also_where_a_chunk_ends() {
        for header in 200..900 {
            for packed in [0, 1, 1500, 65_000, 65_500, CHUNK, CHUNK + 1, 2 * CHUNK - 900, 2 * CHUNK] {
                for lengths in [Lengths::Few, Lengths::Steps(1024), Lengths::Steps(512)] {
                    let room = filled_len(lengths, header, packed);
                    let total = header + room + TAG * room.div_ceil(CHUNK);
                    assert!(room >= packed && next_length(lengths, total) == total, "header {header}, packed {packed}");
                }
            }
        }
    }

    #[test]
    fn filling_that_is_not_zeros_is_damage() {
        let (identity, to) = new_identity();
        let key: age::x25519::Recipient = to.parse().unwrap();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(b"a case").unwrap();
        let mut packed = deflate.finish().unwrap();
        packed.extend([0; 100]);
        assert_eq!(unseal(&age::encrypt(&key, &packed).unwrap(), &identity).unwrap(), b"a case");
        packed.push(1);
        assert_eq!(unseal(&age::encrypt(&key, &packed).unwrap(), &identity), Err(SealError::Damaged));
    }

    #[test]
    fn a_changed_or_shortened_file_is_damage() {
        let (identity, to) = new_identity();
        let sealed = seal(&crate::envelope::random::<70_000>(), &[to]).unwrap();
        for at in (0..sealed.len()).step_by(97) {
            let mut bytes = sealed.clone();
            bytes[at] ^= 1;
            assert!(unseal(&bytes, &identity).is_err(), "byte {at}");
            assert!(unseal(&sealed[..at], &identity).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_compression_bomb_stops_at_the_limit() {
        let (identity, to) = new_identity();
        let key: age::x25519::Recipient = to.parse().unwrap();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(&vec![0; MAX_PLAIN as usize + 10]).unwrap();
        let bomb = age::encrypt(&key, &deflate.finish().unwrap()).unwrap();
        assert_eq!(unseal(&bomb, &identity), Err(SealError::Oversize));
    }

    #[test]
    fn a_locked_secret_opens_with_its_passphrase_only() {
        let locked = lock(b"a seed", "four random words here").unwrap();
        assert_eq!(unlock(&locked, "four random words here").unwrap().as_slice(), b"a seed");
        assert_eq!(unlock(&locked, "four other words here").unwrap_err(), SealError::NotForThisKey);
        assert_eq!(unlock(b"not an age file", "x").unwrap_err(), SealError::Damaged);
    }

    #[test]
    fn without_a_recipient_or_with_a_bad_one_nothing_is_sealed() {
        assert_eq!(seal(b"x", &[] as &[&str]), Err(SealError::NoRecipient));
        assert_eq!(seal(b"x", &["age1nonsense"]), Err(SealError::BadRecipient));
    }
}
