//! `tabara-desk authority` and `tabara-desk keys`.

use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tabara_desk::error::Result;
use tabara_desk::keys::{self, PassphraseArgs};
use tabara_desk::{authority, catalog};

#[derive(Subcommand)]
pub enum AuthorityTool {
    /// Makes the key and prints the fingerprint to read aloud.
    Init {
        #[arg(long)]
        dir: PathBuf,
        #[command(flatten)]
        secret: PassphraseArgs,
    },
    /// Makes the key of the next authority, to which this one hands over.
    Rotate {
        #[arg(long)]
        dir: PathBuf,
        /// Folder of the next authority.
        #[arg(long)]
        next: PathBuf,
        #[command(flatten)]
        secret: PassphraseArgs,
    },
}

#[derive(Subcommand)]
pub enum KeysTool {
    /// Makes a case worker's identity, or with `--reviewer` a reviewer's signing key, and prints its public half.
    New {
        output: PathBuf,
        #[arg(long)]
        reviewer: bool,
        #[command(flatten)]
        secret: PassphraseArgs,
    },
    /// Checks that every recipient of a catalog (or of a server's report) can really be opened with the identities given.
    Check {
        #[arg(default_value = "catalog/catalog.jws")]
        catalog: PathBuf,
        #[arg(long = "identity", required = true)]
        identities: Vec<PathBuf>,
        #[command(flatten)]
        secret: PassphraseArgs,
    },
}

impl AuthorityTool {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Init { dir, secret } => {
                let public = authority::init(&dir, &secret.new_one()?)?;
                println!("public key   {public}\nfingerprint  {}", public.fingerprint());
            }
            Self::Rotate { dir, next, secret } => {
                let public = authority::rotate(&dir, &next, &secret.new_one()?)?;
                println!("public key   {public}\nfingerprint  {}\n", public.fingerprint());
                let (old, new) = (dir.display(), next.display());
                println!(
                    "1. tabara-desk catalog next --dir {old} --also-trust {new}/{}; publish it.",
                    authority::PUBLIC_FILE
                );
                println!("2. Start the server once with --authority {public}.");
                println!(
                    "3. When all phones have synced: tabara-desk catalog next --dir {new} --also-trust {old}/{}",
                    authority::PUBLIC_FILE
                );
            }
        }
        Ok(())
    }
}

impl KeysTool {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::New { output, reviewer, secret } => {
                let passphrase = secret.new_one()?;
                if reviewer {
                    println!("{}", keys::new_signing_key(&output, &passphrase)?.public());
                } else {
                    println!("{}", keys::new_identity(&output, &passphrase)?);
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Check { catalog, identities, secret } => check(&catalog, &identities, &secret),
        }
    }
}

fn check(file: &Path, identities: &[PathBuf], secret: &PassphraseArgs) -> Result<ExitCode> {
    let catalog = catalog::stored(file)?;
    let read_one = |path: &PathBuf| keys::identity(path, &secret.for_file(path)?);
    let identities = identities.iter().map(read_one).collect::<Result<Vec<_>>>()?;
    let tried = keys::check(&catalog, &identities)?;
    for (name, opens) in &tried {
        println!("{} {name}", if *opens { "opens    " } else { "NOT TRIED" });
    }
    Ok(if tried.iter().all(|(_, opens)| *opens) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
