//! The commands.

use super::{coverage, gaps, hsds, import, proposals, table};
use crate::case::Proof;
use crate::error::{Result, at, invalid};
use crate::files::{read, write};
use crate::form;
use crate::keys::{self, PassphraseArgs};
use crate::rows;
use crate::texts::Texts;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::services::Directory;

#[derive(Subcommand)]
pub enum ServicesTool {
    /// Lists everything that is wrong with a table of services. Ends with 0 if nothing is, 1 if something is, 2 if it cannot be read.
    Check {
        /// .xlsx, .xls or .csv: one service on each row. `export` of an empty list (`[]`) shows the columns.
        table: PathBuf,
        /// Language of the messages: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Makes the part of a catalog of a table; writes nothing if anything is wrong. `catalog next --services FILE` takes it.
    Import {
        table: PathBuf,
        #[arg(short, long)]
        output: PathBuf,
        /// Language of the messages: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Writes a directory, or a table, as .xlsx, .csv, or .json for others (Open Referral HSDS 3).
    Export {
        directory: PathBuf,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Tells where no service answers a need, by province and commune.
    Gaps {
        directory: PathBuf,
        /// Writes every need in every place to this .csv file, too.
        #[arg(short, long)]
        output: Option<PathBuf>,
        /// en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// What providers said of their own places and hours when they answered referrals, as a proposal: one line for each change, and with
    /// `--output` the whole table with the changes in it. Call the provider first; then `import` takes the table.
    Proposals {
        /// The folder that `tabara-server inbox` wrote.
        folder: PathBuf,
        /// The directory in force, as `import` or a catalog has it, or its table.
        #[arg(long)]
        directory: PathBuf,
        /// The case worker's key.
        #[arg(long)]
        identity: PathBuf,
        /// The authority's public key. Never take it from where the files came from.
        #[arg(long, allow_hyphen_values = true)]
        authority: PublicKey,
        /// A table, .xlsx or .csv.
        #[arg(short, long)]
        output: Option<PathBuf>,
        /// en or fr.
        #[arg(long, default_value = "en")]
        language: String,
        #[command(flatten)]
        secret: PassphraseArgs,
    },
}

pub fn run(tool: ServicesTool) -> Result<ExitCode> {
    match tool {
        ServicesTool::Check { table, language } => tell(&table, &language, |_| Ok(())),
        ServicesTool::Import { table, output, language } => {
            tell(&table, &language, |directory| write(&output, directory.to_json()))
        }
        ServicesTool::Export { directory, output } => {
            let directory = directory_of(&directory)?;
            let bytes = match rows::extension(&output).as_str() {
                "json" => serde_json::to_vec_pretty(&hsds::json(&directory)).map_err(|e| at(&output, e))?,
                _ => rows::file(&table::workbook(directory.services()), &output)?,
            };
            write(&output, bytes)?;
            Ok(ExitCode::SUCCESS)
        }
        ServicesTool::Gaps { directory, output, language } => {
            let (coverage, texts) = (coverage(&directory_of(&directory)?), Texts::new(&language)?);
            print!("{}", gaps::text(&coverage, &texts));
            output.map_or(Ok(()), |output| write(&output, gaps::table(&coverage, &texts)))?;
            Ok(ExitCode::SUCCESS)
        }
        ServicesTool::Proposals { folder, directory, identity, authority, output, language, secret } => {
            let (directory, texts) = (directory_of(&directory)?, Texts::new(&language)?);
            let key = keys::identity(&identity, &secret.for_file(&identity)?)?;
            let (told, refused) = proposals::told(&folder, &key, Proof::From(authority))?;
            let (services, changed) = proposals::proposed(&directory, &told);
            print!("{}", proposals::text(&changed, &texts));
            for refusal in &refused {
                println!("{}", refusal.text(&texts));
            }
            if let Some(output) = output {
                write(&output, rows::file(&table::workbook(&services), &output)?)?;
            }
            Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// Prints what is wrong with a table; if nothing is, does something with it.
fn tell(table: &Path, language: &str, with: impl FnOnce(&Directory) -> Result<()>) -> Result<ExitCode> {
    let (imported, texts) = (import(&read(table)?), Texts::new(language)?);
    print!("{}", form::list(&imported.faults, &texts));
    if let Some(directory) = &imported.directory {
        with(directory)?;
        println!("{}", texts.get("services-read", &[("n", directory.services().len().into())]));
    }
    Ok(ExitCode::from(form::verdict(&imported.faults) as u8))
}

/// A directory as `import` wrote it, or as a table without faults.
fn directory_of(path: &Path) -> Result<Directory> {
    let bytes = read(path)?;
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Directory::read(&bytes).map_err(|fault| at(path, fault));
    }
    import(&bytes).directory.ok_or_else(|| invalid(format!("{}: see `services check`", path.display())))
}
