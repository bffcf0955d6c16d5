//! `tabara-desk form`.

use crate::serve;
use crate::translations::TranslationsTool;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tabara_desk::error::Result;
use tabara_desk::files::read;
use tabara_desk::local_page::LocalPage;
use tabara_desk::texts::Texts;
use tabara_desk::{diff, form, pyxform, simulate};

/// More people would tell nothing new, and each is kept in memory.
const MOST_PEOPLE: usize = 100_000;

/// `QUESTION=ANSWER` on the command line.
fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let parts = text.split_once('=').map(|(name, answer)| (name.trim().to_owned(), answer.trim().to_owned()));
    parts.ok_or_else(|| "write it as QUESTION=ANSWER".into())
}

#[derive(Subcommand)]
pub enum FormTool {
    /// Lists every error and warning of a form. Ends with 0 if it can be used, 1 if not, 2 if it cannot be read at all.
    Check {
        form: PathBuf,
        /// For programs: one JSON object.
        #[arg(long)]
        json: bool,
        /// Language of the messages: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
        /// Also reports what pyxform 4 would refuse.
        #[arg(long)]
        pyxform_compatible: bool,
    },
    /// Lists what changed between two versions of a form (workbooks or compiled packages), and whether drafts, facts and tables
    /// stay comparable. Ends with 0 if they do, 1 if not.
    Diff {
        old: PathBuf,
        new: PathBuf,
        /// For programs: one JSON object.
        #[arg(long)]
        json: bool,
        /// Language of the messages: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Compiles a form into the package that phones read.
    Compile {
        form: PathBuf,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Leads through a form in the terminal, page by page.
    Preview {
        form: PathBuf,
        /// In the browser of this computer, with what the form thinks beside each page; it follows the file.
        #[arg(long)]
        browser: bool,
        /// Language to begin in, by name or code.
        #[arg(long, default_value = "")]
        language: String,
    },
    /// Leads invented people through a form: how long it takes, which questions are hardly ever reached, how outcomes spread,
    /// and how many outcomes move without each question.
    Simulate {
        form: PathBuf,
        #[arg(long, default_value_t = 1000)]
        people: usize,
        /// The same seed gives the same people.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// An answer that everybody gives, QUESTION=ANSWER; may be repeated.
        #[arg(long, value_parser = pair)]
        given: Vec<(String, String)>,
        /// For programs: one JSON object.
        #[arg(long)]
        json: bool,
        /// Language of the words: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Texts for translators, and back.
    #[command(subcommand)]
    Translations(TranslationsTool),
    /// Writes the tables of a form as .xlsx, for other XLSForm tools.
    Export {
        form: PathBuf,
        #[arg(short, long)]
        output: PathBuf,
    },
}

impl FormTool {
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::Check { form, json, language, pyxform_compatible } => {
                let texts = Texts::new(&language)?;
                let bytes = read(&form)?;
                let mut diagnostics = form::compile_bytes(&form, &bytes).diagnostics;
                if pyxform_compatible {
                    diagnostics.extend(pyxform::refusals(&form, &bytes, &diagnostics));
                }
                match json {
                    true => println!("{}", form::json(&diagnostics, &texts)),
                    false => print!("{}", form::list(&diagnostics, &texts)),
                }
                Ok(ExitCode::from(form::verdict(&diagnostics) as u8))
            }
            Self::Diff { old, new, json, language } => {
                let texts = Texts::new(&language)?;
                let found = form::diff(&old, &new)?;
                match json {
                    true => println!("{}", diff::json(&found, &texts)),
                    false => print!("{}", diff::text(&found, &texts)),
                }
                Ok(if diff::comparable(&found) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Self::Compile { form, output } => {
                let compiled = form::compile(&form)?;
                eprint!("{}", form::list(&compiled.diagnostics, &Texts::new("en")?));
                let verdict = form::verdict(&compiled.diagnostics);
                if verdict == form::FormVerdict::Usable {
                    println!("{}", form::write_package(&compiled, &output)?);
                }
                Ok(ExitCode::from(verdict as u8))
            }
            Self::Preview { form, language, browser: true } => {
                serve(async { LocalPage::preview(&form, &language).await })
            }
            Self::Preview { form, language, .. } => {
                let compiled = form::compile(&form)?;
                let verdict = form::verdict(&compiled.diagnostics);
                match verdict {
                    form::FormVerdict::Usable => form::preview(compiled, &language)?,
                    _ => print!("{}", form::list(&compiled.diagnostics, &Texts::new("en")?)),
                }
                Ok(ExitCode::from(verdict as u8))
            }
            Self::Simulate { form, people, seed, given, json, language } => {
                let texts = Texts::new(&language)?;
                let compiled = form::compile(&form)?;
                let verdict = form::verdict(&compiled.diagnostics);
                let Some(questionnaire) = compiled.questionnaire.filter(|_| verdict == form::FormVerdict::Usable)
                else {
                    print!("{}", form::list(&compiled.diagnostics, &texts));
                    return Ok(ExitCode::from(verdict as u8));
                };
                let order = simulate::SimulationOrder {
                    people: people.min(MOST_PEOPLE),
                    seed,
                    given: given.into_iter().collect(),
                };
                let told = simulate::simulate(&Arc::new(questionnaire), &order)?;
                match json {
                    true => println!("{}", serde_json::to_string(&told).expect("plain data has a JSON form")),
                    false => print!("{}", simulate::text(&told, &texts)),
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Translations(tool) => tool.run(),
            Self::Export { form, output } => {
                form::export(&form, &output)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
