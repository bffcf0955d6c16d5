//! Secret keys as files of the data folder, mode 0600.

use super::error::{SettingsError, io_error};
use crate::store::files::put;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tabara_protocol::envelope::{Digest, PublicKey, SigningKey};
use tabara_protocol::seal;
use zeroize::Zeroizing;

/// Files of the secret keys: signs parcels and orders; opens bundles.
pub const OPERATIONS: &str = "operations.key";
pub const INTAKE: &str = "intake.key";
/// The next operations key, until the catalog names it.
pub const NEXT: &str = "operations-next.key";

/// Files of earlier intake keys begin and end so.
const EARLIER: (&str, &str) = ("intake-", ".key");

/// The files of earlier intake keys, in the order of their names.
pub fn earlier_intake(data: &Path) -> Result<Vec<PathBuf>, SettingsError> {
    let files = fs::read_dir(data).and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<Vec<_>>>());
    let earlier = |file: &PathBuf| file.file_name().and_then(|name| name.to_str()).is_some_and(is_earlier_intake);
    let mut files: Vec<_> = files.map_err(|cause| io_error(data, cause))?.into_iter().filter(earlier).collect();
    files.sort();
    Ok(files)
}

/// Whether a file of this name holds an earlier intake key. No other folder can be named by it.
pub fn is_earlier_intake(name: &str) -> bool {
    name.starts_with(EARLIER.0) && name.ends_with(EARLIER.1) && !name.contains(['/', '\\'])
}

/// Makes a new intake key. The present one goes on opening what is sealed to it until its file is removed.
pub fn new_intake(data: &Path, day: &str) -> Result<String, SettingsError> {
    let (file, (begin, end)) = (data.join(INTAKE), EARLIER);
    keep(&data.join(format!("{begin}{day}-{}{end}", earlier_intake(data)?.len())), secret(&file)?.as_bytes())?;
    let (identity, public) = seal::new_identity();
    keep(&file, identity.as_bytes())?;
    Ok(public)
}

/// Makes the data folder, for its owner alone.
pub fn make_folder(data: &Path) -> Result<(), SettingsError> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true).mode(0o700).create(data).map_err(|cause| io_error(data, cause))
}

/// Makes the folder, and the secret keys that are missing in it.
pub fn make_keys(data: &Path) -> Result<(), SettingsError> {
    make_folder(data)?;
    if !data.join(OPERATIONS).exists() {
        new_signing_key(&data.join(OPERATIONS))?;
    }
    if !data.join(INTAKE).exists() {
        keep(&data.join(INTAKE), seal::new_identity().0.as_bytes())?;
    }
    Ok(())
}

/// Makes a signing key and keeps it in a file.
pub fn new_signing_key(file: &Path) -> Result<PublicKey, SettingsError> {
    let key = SigningKey::generate();
    keep(file, Zeroizing::new(Digest(*key.seed()).to_string()).as_bytes())?;
    Ok(key.public())
}

/// Reads a signing key.
pub fn signing_key(file: &Path) -> Result<SigningKey, SettingsError> {
    let seed: Result<Digest, _> = secret(file)?.parse();
    Ok(SigningKey::from_seed(seed.map_err(|_| SettingsError::BadKey { file: file.to_owned() })?.0))
}

pub fn secret(file: &Path) -> Result<Zeroizing<String>, SettingsError> {
    match fs::read_to_string(file).map(Zeroizing::new) {
        Ok(text) => Ok(text.trim().to_owned().into()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(SettingsError::LostKey { file: file.to_owned() }),
        Err(cause) => Err(io_error(file, cause)),
    }
}

/// Writes a secret file, readable by its owner alone. It is written beside and renamed, so that a crash leaves no partial file.
pub fn keep(file: &Path, secret: &[u8]) -> Result<(), SettingsError> {
    let beside = file.with_extension("new");
    let written = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside);
    let kept = written.and_then(|mut new| {
        new.write_all(secret)?;
        put(&beside, file)
    });
    kept.map_err(|cause| io_error(file, cause))
}
