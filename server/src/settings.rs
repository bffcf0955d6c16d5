//! What a server needs before it starts: its folder, the authorities that it trusts, its own keys, and a clock.
//!
//! The data folder holds the database, `authority.keys` (public keys, one a line: whose cards and catalogs are
//! trusted), `operations.key` and `intake.key` (secret, made with the folder).

pub mod addresses;
pub mod certificate;
pub mod error;
pub mod kept;
pub mod key_files;
pub mod messages;
pub mod own_certificate;

pub use error::SettingsError;

use self::addresses::{Network, PublicUrl};
use self::certificate::TlsCertificate;
use self::error::io_error;
use self::key_files::{INTAKE, NEXT, OPERATIONS, earlier_intake, keep, make_keys, secret, signing_key};
use crate::store;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_protocol::catalog::Catalog;
use tabara_protocol::clock::Clock;
use tabara_protocol::envelope::{PublicKey, Signer};
use tabara_protocol::seal;
use zeroize::Zeroizing;

/// Public keys, one a line.
pub const AUTHORITIES: &str = "authority.keys";

/// Settings of a running server.
#[derive(Clone)]
pub struct Settings {
    /// Drives intake, closings and revisions.
    pub clock: Arc<dyn Clock>,
    /// Data folder.
    pub data: PathBuf,
    /// Keys of the authority: more than one while it is being rotated.
    pub authorities: Vec<PublicKey>,
    /// Signs parcels and orders.
    pub operations: Arc<Signer>,
    /// age identity that opens bundles.
    pub intake: Arc<Zeroizing<String>>,
    /// Earlier ones, for bundles that are still on their way: until the operator removes their files.
    pub earlier_intake: Arc<[Zeroizing<String>]>,
    /// Certificate and key; none behind a proxy that speaks TLS.
    pub tls: Option<Arc<TlsCertificate>>,
    /// The address under which browsers reach the pages.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Address of the listener for health and metrics.
    pub monitor: Option<SocketAddr>,
}

impl Settings {
    /// Makes a data folder with its keys, or opens the one that is there; a log without its keys is an error.
    pub fn create(data: &Path, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        if !data.join(store::FILE).exists() {
            make_keys(data)?;
        }
        Self::open(data, clock)
    }

    /// Reads the keys of a data folder. Nothing is made: a folder without keys is an error, and so is a log without its own.
    pub fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        if !data.join(OPERATIONS).exists() && !data.join(store::FILE).exists() {
            return Err(SettingsError::NoFolder { folder: data.to_owned() });
        }
        let operations = signing_key(&data.join(OPERATIONS))?;
        let file = data.join(INTAKE);
        let intake = secret(&file)?;
        seal::recipient_of(&intake).ok_or(SettingsError::BadKey { file })?;
        let earlier = earlier_intake(data)?.iter().map(|file| secret(file)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            clock,
            data: data.to_owned(),
            authorities: authorities(&data.join(AUTHORITIES))?,
            operations: Arc::new(Signer::new(&operations)),
            intake: Arc::new(intake),
            earlier_intake: earlier.into(),
            tls: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            monitor: None,
        })
    }

    /// Trusts one more authority from now on.
    pub fn trust(&mut self, authority: PublicKey) -> Result<(), SettingsError> {
        if self.authorities.contains(&authority) {
            return Ok(());
        }
        let file = self.data.join(AUTHORITIES);
        let opened = OpenOptions::new().create(true).append(true).open(&file);
        let added = opened.and_then(|mut keys| {
            writeln!(keys, "{authority}")?;
            keys.sync_all()
        });
        added.map_err(|cause| io_error(&file, cause))?;
        self.authorities.push(authority);
        Ok(())
    }

    /// Trusts an authority no more. The last one stays: without any, nothing could be published again.
    pub fn distrust(&mut self, authority: PublicKey) -> Result<(), SettingsError> {
        let left: Vec<_> = self.authorities.iter().copied().filter(|key| *key != authority).collect();
        if left.is_empty() || left.len() == self.authorities.len() {
            return Err(SettingsError::NoSuchAuthority);
        }
        let lines: String = left.iter().map(|key| format!("{key}\n")).collect();
        keep(&self.data.join(AUTHORITIES), lines.as_bytes())?;
        self.authorities = left;
        Ok(())
    }

    /// Whether browsers reach the pages by TLS, as far as the settings tell.
    pub fn is_https(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// Whether a catalog names this server's operations key, or hands over from it to the next one.
    pub fn is_named_by(&self, catalog: &Catalog) -> bool {
        let present = self.operations.public();
        let next = || signing_key(&self.data.join(NEXT)).is_ok_and(|key| key.public() == catalog.operations);
        catalog.operations == present || catalog.rotation.operations.contains(&present) && next()
    }

    /// The keys that open bundles, the present one first.
    pub fn intake_keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.intake).chain(self.earlier_intake.iter()).map(|key| key.as_str())
    }

    /// Whether what is sealed to this recipient opens here.
    pub fn opens(&self, recipient: &str) -> bool {
        self.intake_keys().any(|key| seal::recipient_of(key).is_some_and(|public| public == recipient))
    }

    /// The public half of the key that opens bundles, `age1…`, for the catalog.
    pub fn intake_recipient(&self) -> String {
        seal::recipient_of(&self.intake).expect("checked when it was read")
    }
}

fn authorities(file: &Path) -> Result<Vec<PublicKey>, SettingsError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(io_error(file, cause)),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.parse().map_err(|_| SettingsError::BadKey { file: file.to_owned() })).collect()
}
