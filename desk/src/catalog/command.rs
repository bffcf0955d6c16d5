//! `tabara-desk catalog next`.

use super::differences;
use super::{Changes, FILE, InForce, PARTS, next, write_signed};
use crate::authority;
use crate::error::{Result, no_date};
use crate::files::{confirmed, read};
use crate::keys::{self, PassphraseArgs};
use crate::register;
use crate::texts::{TEXTS, Texts, refused};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use tabara_forms::say;
use tabara_protocol::catalog::{Recipient, RecipientRole, Reviewer, ServerAddress};
use tabara_protocol::clock::{Clock as _, SystemClock, end_of_day};
use tabara_protocol::seal;

#[derive(Subcommand)]
pub enum CatalogCommand {
    /// Makes the next catalog from the one in force: shows what changes, asks, signs, and writes what to carry.
    Next(Box<NextArgs>),
}

#[derive(Args)]
pub struct NextArgs {
    /// The catalog in force, or what `tabara-server report` wrote. The first catalog needs the report.
    #[arg(long, default_value = "catalog/catalog.jws")]
    from: PathBuf,
    #[command(flatten)]
    changes: Changes,
    /// Key file of a case worker, who types her passphrase: it is opened here once. Its name is that of the file.
    #[arg(long)]
    recipient: Vec<PathBuf>,
    /// Key file that opens cases and copies when all others are lost.
    #[arg(long)]
    recovery: Vec<PathBuf>,
    /// Key file of a reviewer.
    #[arg(long)]
    reviewer: Vec<PathBuf>,
    /// Where phones sync from now on, https://HOST. The report tells whether the server has a certificate of its own.
    #[arg(long)]
    server: Vec<String>,
    /// Last day, YYYY-MM-DD.
    #[arg(long)]
    expires: Option<String>,
    /// Public key file of an authority that may sign as well: the next one, or while it takes over the last.
    #[arg(long)]
    also_trust: Vec<PathBuf>,
    /// The authority's folder.
    #[arg(long, default_value = "authority")]
    dir: PathBuf,
    /// Folder for the signed catalog and its files.
    #[arg(short, long, default_value = "catalog")]
    output: PathBuf,
    /// Only shows what would change.
    #[arg(long)]
    dry_run: bool,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    secret: PassphraseArgs,
}

impl CatalogCommand {
    pub fn run(self, texts: &Texts) -> Result<()> {
        let Self::Next(mut args) = self;
        let from = InForce::read(&args.from)?;
        args.not_older(&from)?;
        let changes = args.tried_changes(&from)?;
        let home = args.dir.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut known = from.phones();
        known.extend(register::known(home)?);
        let part = |sha256: &_| {
            let beside = args.from.parent().unwrap_or(Path::new("."));
            let folders = [args.output.as_path(), beside];
            folders.iter().find_map(|folder| std::fs::read(folder.join(PARTS).join(format!("{sha256}"))).ok())
        };
        let draft = next(&from, &changes, &known, part, SystemClock::default().unix())?;
        for phrase in differences::between(from.catalog.as_ref(), &draft.catalog, &known) {
            println!("{}", texts.phrase(&phrase));
        }
        if args.dry_run {
            println!("{}", texts.phrase(&say!(TEXTS: "dry-run")));
            return Ok(());
        }
        confirmed(args.yes, &texts.phrase(&say!(TEXTS: "catalog-ask")))?;
        let key = authority::key(&args.dir, &args.secret.get(&texts.phrase(&say!(TEXTS: "authority-passphrase")))?)?;
        write_signed(&authority::sign(&draft.catalog, &key, from.jws.as_deref())?, &draft, &args.output)?;
        let (folder, file) = (args.output.display(), args.output.join(FILE));
        println!("{}", texts.phrase(&say!(TEXTS: "catalog-carry", folder, file = file.display())));
        Ok(())
    }
}

impl NextArgs {
    /// The catalog that was signed here last may be newer than the one that is given.
    fn not_older(&self, from: &InForce) -> Result<()> {
        let Some(last) = super::stored(&self.output.join(FILE)).ok() else { return Ok(()) };
        let version = from.catalog.as_ref().map_or(0, |catalog| catalog.version);
        if version >= last.version {
            return Ok(());
        }
        let (file, newest) = (self.output.join(FILE), last.version);
        Err(refused(say!(TEXTS: "catalog-older", version, newest, file = file.display())))
    }

    /// The changes, with what must be opened, read or asked of the report.
    fn tried_changes(&mut self, from: &InForce) -> Result<Changes> {
        let recipients = [(&self.recipient, RecipientRole::CaseWorker), (&self.recovery, RecipientRole::Recovery)];
        let recipients = recipients.into_iter().flat_map(|(files, role)| files.iter().map(move |file| (file, role)));
        let recipients = recipients.map(|(file, role)| self.tried(file, role)).collect::<Result<_>>()?;
        let reviewers = self.reviewer.iter().map(|file| {
            let key = keys::signing_key(file, &self.secret.for_file(file)?)?.public();
            Ok(Reviewer { name: keys::owner(file), key })
        });
        let reviewers = reviewers.collect::<Result<_>>()?;
        let pin = from.report.as_ref().and_then(|report| report.certificate);
        let expires = self.expires.as_deref().map(|day| end_of_day(day).ok_or_else(no_date)).transpose()?;
        let servers = self.server.iter().map(|url| ServerAddress { url: url.clone(), pin }).collect();
        let signer = Some(authority::public(&self.dir.join(authority::PUBLIC_FILE))?);
        let also_trust = self.also_trust.iter().map(|file| authority::public(file)).collect::<Result<_>>()?;
        let asked = std::mem::take(&mut self.changes);
        Ok(Changes { recipients, reviewers, servers, expires, signer, also_trust, ..asked })
    }

    /// A recipient whose key was opened here: cases that are sealed to a key which nobody can open are lost.
    fn tried(&self, file: &Path, role: RecipientRole) -> Result<Recipient> {
        let untried = || refused(say!(TEXTS: "catalog-untried", file = file.display()));
        if read(file)?.starts_with(b"age1") {
            return Err(untried());
        }
        let identity = keys::identity(file, &self.secret.for_file(file)?)?;
        let age = seal::recipient_of(&identity).ok_or_else(untried)?;
        Ok(Recipient { name: keys::owner(file), role, age })
    }
}
