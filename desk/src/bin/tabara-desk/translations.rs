//! `tabara-desk form translations`.

use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;
use tabara_desk::error::Result;
use tabara_desk::files::{read, write};
use tabara_desk::rows::{self, xlsx};
use tabara_desk::{form, translations};

#[derive(Subcommand)]
pub enum TranslationsTool {
    /// Writes a translator's sheet: source, text, back-translation, note, length limit. By its ending .xlsx or .po.
    Export {
        form: PathBuf,
        /// The language, by name or tag; a new one as 'Name (tag)'.
        #[arg(long = "to")]
        language: String,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Takes a translator's sheet into the form. No text is lost: an empty cell changes nothing, replaced words are kept. Ends with 1
    /// if texts of the sheet are not in the form, or were made for another source.
    Import {
        form: PathBuf,
        sheet: PathBuf,
        #[arg(long = "to")]
        language: String,
        /// The form with the texts, .md or .xlsx.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Says of each language how many texts are missing, drafts, back-translated, reviewed, or too long.
    Status { form: PathBuf },
}

impl TranslationsTool {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::Export { form, language, output } => {
                let translation = translations::Translation::new(form::workbook(&form, &read(&form)?)?, &language)?;
                let rows = translation.rows();
                let bytes = match rows::extension(&output).as_str() {
                    "po" => translations::po(&rows, translation.language()).into_bytes(),
                    _ => xlsx(&translations::xlsx(&rows), &output)?,
                };
                write(&output, bytes)?;
            }
            Self::Import { form, sheet, language, output } => {
                let before = read(&form)?;
                let mut translation = translations::Translation::new(form::workbook(&form, &before)?, &language)?;
                let done = translation.import(&translations::read_sheet(&read(&sheet)?)?);
                let bytes = match rows::extension(&output).as_str() {
                    "md" => {
                        translations::markdown(&String::from_utf8_lossy(&before), translation.workbook()).into_bytes()
                    }
                    _ => xlsx(translation.workbook(), &output)?,
                };
                write(&output, bytes)?;
                println!("{} texts changed", done.changed);
                done.unknown.iter().for_each(|key| println!("not in the form, left in the sheet: {key}"));
                done.stale.iter().for_each(|key| println!("made for another source, a draft: {key}"));
                return Ok(if done.unknown.is_empty() && done.stale.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                });
            }
            Self::Status { form } => {
                let workbook = form::workbook(&form, &read(&form)?)?;
                for language in translations::languages(&workbook) {
                    let status = translations::Translation::new(workbook.clone(), &language)?.status();
                    let states: Vec<String> = status.states.iter().map(|(state, n)| format!("{n} {state}")).collect();
                    println!(
                        "{language}: {} texts, {} missing, {}, {} too long",
                        status.texts,
                        status.missing,
                        states.join(", "),
                        status.too_long.len()
                    );
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
