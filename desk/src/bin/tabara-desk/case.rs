//! `tabara-desk case`, `inbox`, `htcds` and `review`: what case workers and reviewers do with sealed cases.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening::read_questionnaire;
use tabara_desk::case::Proof;
use tabara_desk::error::{DeskError, Result, at};
use tabara_desk::files::{read, write, write_private};
use tabara_desk::htcds::HtcdsProfile;
use tabara_desk::keys::PassphraseArgs;
use tabara_desk::local_page::LocalPage;
use tabara_desk::local_page::inbox::InboxDesk;
use tabara_desk::texts::Texts;
use tabara_desk::{authority, case, catalog, export, htcds, inbox, keys, review, rows};
use tabara_protocol::catalog::Uuid;
use tabara_protocol::clock::{Clock as _, SystemClock};
use tabara_protocol::envelope::{Digest, PublicKey};

/// Whose key opens, who must have signed, and where the words are.
#[derive(Args)]
pub struct ReadingArgs {
    #[arg(long)]
    identity: PathBuf,
    /// The authority's public key. Without it, the file `authority.pub` beside the identity tells it. Never take it from where
    /// the case came from.
    #[arg(long, allow_hyphen_values = true)]
    authority: Option<PublicKey>,
    /// Show a case although nobody can tell who wrote it. Every line is marked.
    #[arg(long, conflicts_with = "authority")]
    unverified: bool,
    /// Folder with the catalog's parts, for the words of questions and choices.
    #[arg(long)]
    parts: Option<PathBuf>,
    #[arg(long, default_value = "en")]
    language: String,
    #[command(flatten)]
    secret: PassphraseArgs,
}

#[derive(Subcommand)]
pub enum CaseTool {
    /// Writes everything that is held on a case as one readable file, for the person who asks. Takes what
    /// `tabara-server held CODE` wrote.
    Export {
        file: PathBuf,
        #[command(flatten)]
        reading: ReadingArgs,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Gives cases to a new case worker, to whom nobody sealed them: writes each file again, so that her key opens it, too. Takes
    /// what `tabara-server held CODE` or `tabara-server inbox` wrote.
    Copy {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        reading: ReadingArgs,
        /// Her public key, age1...
        #[arg(long)]
        to: String,
        /// A folder.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Opens a sealed case and prints the full answers.
    Open {
        file: PathBuf,
        #[command(flatten)]
        reading: ReadingArgs,
    },
}

#[derive(Args)]
pub struct InboxArgs {
    folder: PathBuf,
    /// The authority's public key. Never take it from where the files came from.
    #[arg(long, allow_hyphen_values = true)]
    authority: PublicKey,
    /// en or fr.
    #[arg(long, default_value = "en")]
    language: String,
    /// In the browser of this computer, where cases are opened with `--identity`. A roster in the folder, duty.csv (from, until,
    /// name, telephone), says who is on duty.
    #[arg(long, requires = "identity")]
    browser: bool,
    /// The case worker's key.
    #[arg(long)]
    identity: Option<PathBuf>,
    /// Folder with the catalog's parts, for the words of questions and choices.
    #[arg(long)]
    parts: Option<PathBuf>,
    /// The catalog in force: notes to the next shift and reasons of decisions are sealed to its case workers.
    #[arg(long)]
    catalog: Option<PathBuf>,
    /// The reviewer's key, to sign decisions with.
    #[arg(long, requires = "catalog")]
    key: Option<PathBuf>,
}

#[derive(Args)]
pub struct HtcdsArgs {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// ods: as the standard's spreadsheet; xlsform: as its XLSForm.
    #[arg(long, default_value = "ods")]
    profile: HtcdsProfile,
    /// Also names and numbers of those who agreed that a case worker keeps how to reach them.
    #[arg(long)]
    names: bool,
    /// A new file, .xlsx or .csv; only its owner can read it.
    #[arg(short, long)]
    output: PathBuf,
}

#[derive(Args)]
pub struct ReviewArgs {
    /// The record that is decided on, and its case.
    #[arg(long)]
    record: Uuid,
    #[arg(long)]
    case: Uuid,
    /// confirmed, not_confirmed or duplicate.
    #[arg(long)]
    decision: String,
    /// association, national_commission, police, court or iom.
    #[arg(long)]
    decided_by: String,
    /// Why: act, means, purpose, age, document or other. Sealed to the case workers.
    #[arg(long)]
    reason: Option<String>,
    /// A note, sealed to the case workers.
    #[arg(long)]
    note: Option<String>,
    /// The reviewer's key.
    #[arg(long)]
    key: PathBuf,
    /// The catalog in force, which names the server's intake key.
    #[arg(long)]
    catalog: PathBuf,
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    secret: PassphraseArgs,
}

impl ReadingArgs {
    fn key(&self) -> Result<zeroize::Zeroizing<String>> {
        keys::identity(&self.identity, &self.secret.for_file(&self.identity)?)
    }
    fn proof(&self) -> Result<Proof> {
        if self.unverified {
            return Ok(Proof::Waived);
        }
        let beside = self.identity.with_file_name(authority::PUBLIC_FILE);
        let found = || {
            authority::public(&beside).map_err(|_| {
            let path = beside.display();
            DeskError::Invalid(format!("who wrote it cannot be checked: give --authority KEY, or put the authority's public key into {path}"))
        })
        };
        self.authority.map_or_else(found, Ok).map(Proof::From)
    }
    fn questionnaire(&self, sha256: &Digest) -> Option<Questionnaire> {
        let package = read(&self.parts.as_ref()?.join(sha256.to_string())).ok()?;
        read_questionnaire(&package).ok()
    }
}

impl CaseTool {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Open { file, reading } => {
                for opened in case::open(&read(&file)?, &reading.key()?, reading.proof()?)? {
                    let questionnaire = reading.questionnaire(&opened.case.questionnaire.sha256);
                    println!("{}\n", case::text(&opened, questionnaire.as_ref(), &reading.language));
                }
            }
            Self::Copy { files, reading, to, output } => {
                let (key, proof) = (reading.key()?, reading.proof()?);
                std::fs::create_dir_all(&output).map_err(|e| at(&output, e))?;
                for file in files {
                    let copied = case::copy(&case::held(&file)?, &key, proof, &to).map_err(|e| at(&file, e))?;
                    let bytes = serde_json::to_vec(&copied).map_err(|e| at(&file, e))?;
                    write_private(&output.join(file.file_name().unwrap_or_default()), &bytes)?;
                }
            }
            Self::Export { file, reading, output } => {
                let held = case::held(&file)?;
                let words = |sha256: &Digest| reading.questionnaire(sha256);
                let text = export::text(&held, &reading.key()?, reading.proof()?, words, &reading.language)?;
                write_private(&output, text.as_bytes())?;
            }
        }
        Ok(())
    }
}

impl InboxArgs {
    pub fn run(self) -> Result<ExitCode> {
        if let Some(identity) = self.identity.filter(|_| self.browser) {
            let of_authority = |path: PathBuf| catalog::of_authority(&path, &self.authority);
            let desk = InboxDesk {
                folder: self.folder,
                authority: self.authority,
                identity,
                parts: self.parts,
                catalog: self.catalog.map(of_authority).transpose()?,
                reviewer: self.key,
                clock: Arc::new(SystemClock::default()),
            };
            return crate::serve(LocalPage::inbox(desk));
        }
        let (rows, refused) = inbox::rows(&self.folder, Proof::From(self.authority))?;
        print!("{}", inbox::text(&rows, &refused, SystemClock::default().unix(), &Texts::new(&self.language)?));
        Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl HtcdsArgs {
    pub fn run(&self) -> Result<()> {
        let Self { files, reading, profile, names, output } = self;
        let held = files.iter().map(|file| case::held(file)).collect::<Result<Vec<_>>>()?;
        let asked = (*names, &*keys::owner(&reading.identity));
        let (book, left_out) = htcds::table(&held, &reading.key()?, reading.proof()?, *profile, asked)?;
        write_private(output, &rows::file(&book, output)?)?;
        for code in left_out {
            eprintln!("{code}: nothing is held that can be written");
        }
        Ok(())
    }
}

impl ReviewArgs {
    pub fn run(self) -> Result<()> {
        let key = keys::signing_key(&self.key, &self.secret.for_file(&self.key)?)?;
        let Self { record, case, decision, decided_by, reason, note, .. } = self;
        let (now, catalog) = (SystemClock::default().unix(), catalog::stored(&self.catalog)?);
        let decision = review::ReviewDecision { record, case, decision, decided_by, reason, note };
        let signed = review::sign(&decision, &key, &review::readers(&catalog), now)?;
        write(&self.output, review::bundle(&[signed], &key, &catalog)?)
    }
}
