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
use tabara_protocol::catalog::{Recipient, RecipientRole, Reviewer, ServerAddress, Uuid};
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
    /// A form (workbook or compiled) in place of the one with its id. May be given several times, as may most of the options.
    #[arg(long)]
    form: Vec<PathBuf>,
    /// The id of a form that phones shall not offer any more.
    #[arg(long)]
    without_form: Vec<String>,
    /// The directory of services.
    #[arg(long)]
    services: Option<PathBuf>,
    /// Key file of a case worker, who types her passphrase: it is opened here once. Its name is that of the file.
    #[arg(long)]
    recipient: Vec<PathBuf>,
    /// Key file that opens cases and copies when all others are lost.
    #[arg(long)]
    recovery: Vec<PathBuf>,
    /// Key file of a reviewer.
    #[arg(long)]
    reviewer: Vec<PathBuf>,
    /// The name of a case worker, recovery key or reviewer who leaves.
    #[arg(long)]
    without: Vec<String>,
    /// Id of a phone or card that is not trusted any more.
    #[arg(long)]
    revoke: Vec<Uuid>,
    /// Id of a phone that is trusted again.
    #[arg(long)]
    trust: Vec<Uuid>,
    /// Where phones sync from now on, https://HOST. The report tells whether the server has a certificate of its own.
    #[arg(long)]
    server: Vec<String>,
    /// Last day, YYYY-MM-DD.
    #[arg(long)]
    expires: Option<String>,
    /// A rule that phones follow, NAME=NUMBER.
    #[arg(long, value_parser = rule)]
    policy: Vec<(String, u32)>,
    /// Public key file of an authority that may sign as well: the next one, or while it takes over the last.
    #[arg(long)]
    also_trust: Vec<PathBuf>,
    /// All phones have met the new keys: the earlier ones are named no more.
    #[arg(long)]
    forget_old_keys: bool,
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

fn rule(text: &str) -> std::result::Result<(String, u32), String> {
    let (name, number) = text.split_once('=').ok_or("NAME=NUMBER")?;
    Ok((name.to_owned(), number.parse().map_err(|_| "NAME=NUMBER")?))
}

impl CatalogCommand {
    pub fn run(self, texts: &Texts) -> Result<()> {
        let Self::Next(args) = self;
        let from = InForce::read(&args.from)?;
        args.not_older(&from)?;
        let changes = args.changes(&from)?;
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

    fn changes(&self, from: &InForce) -> Result<Changes> {
        let recipients = [(&self.recipient, RecipientRole::CaseWorker), (&self.recovery, RecipientRole::Recovery)];
        let recipients = recipients.into_iter().flat_map(|(files, role)| files.iter().map(move |file| (file, role)));
        let recipients = recipients.map(|(file, role)| self.tried(file, role)).collect::<Result<Vec<_>>>()?;
        let reviewers = self.reviewer.iter().map(|file| {
            let key = keys::signing_key(file, &self.secret.for_file(file)?)?.public();
            Ok(Reviewer { name: keys::owner(file), key })
        });
        let pin = from.report.as_ref().and_then(|report| report.certificate);
        let expires = self.expires.as_deref().map(|day| end_of_day(day).ok_or_else(no_date)).transpose()?;
        Ok(Changes {
            forms: self.form.clone(),
            without_forms: self.without_form.clone(),
            services: self.services.clone(),
            recipients,
            reviewers: reviewers.collect::<Result<_>>()?,
            without: self.without.clone(),
            revoke: self.revoke.clone(),
            trust: self.trust.clone(),
            servers: self.server.iter().map(|url| ServerAddress { url: url.clone(), pin }).collect(),
            expires,
            policy: self.policy.clone(),
            signer: Some(authority::public(&self.dir.join(authority::PUBLIC_FILE))?),
            also_trust: self.also_trust.iter().map(|file| authority::public(file)).collect::<Result<_>>()?,
            forget_old_keys: self.forget_old_keys,
        })
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
