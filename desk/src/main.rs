//! `tabara-desk`: tools for a person's own machine. The library of this crate does the work.

use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening::read_questionnaire;
use tabara_desk::case::Proof;
use tabara_desk::catalog::command::CatalogCommand;
use tabara_desk::error::{DeskError, Result, at, no_date};
use tabara_desk::files::{read, write, write_private};
use tabara_desk::htcds::{self, HtcdsProfile};
use tabara_desk::keys::PassphraseArgs;
use tabara_desk::local_page::LocalPage;
use tabara_desk::local_page::key_store::KeyStore;
use tabara_desk::reader;
use tabara_desk::services::ServicesTool;
use tabara_desk::texts::Texts;
use tabara_desk::{
    authority, card, cards, case, catalog, diff, export, form, inbox, keys, log, pyxform, review, services, simulate,
    start, translations,
};
use tabara_protocol::catalog::{Area, DeviceRole, ServerAddress, Uuid};
use tabara_protocol::clock::{Clock as _, SystemClock, end_of_day};
use tabara_protocol::envelope::{Digest, PublicKey};

#[derive(Parser)]
#[command(name = "tabara-desk", version, about = "Tools for a person's own machine: keys, catalogs, cards, cases")]
struct Cli {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// The authority's key: in it all trust begins. Keep its machine off every network.
    #[command(subcommand)]
    Authority(AuthorityTool),
    /// Keys of case workers and reviewers.
    #[command(subcommand)]
    Keys(KeysTool),
    /// Catalogs: what phones trust and use.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Eight questions, and a new deployment is ready to be carried: keys, catalog, server, sheets for the safes.
    Start(start::StartArgs),
    /// Makes cards for a list of people, as sheets to print, and keeps the register of cards.
    Cards(cards::CardsArgs),
    /// Issues a single card, with which one phone enrols once.
    Card(CardArgs),
    /// Draws the first line of the input as a QR code, such as what `tabara-server user add` prints for an authenticator app.
    Qr,
    /// Sealed cases.
    #[command(subcommand)]
    Case(CaseTool),
    /// The log of a server.
    #[command(subcommand)]
    Log(LogTool),
    /// Signs a reviewer's decision, in a bundle for `tabara-server intake` or any phone.
    Review(ReviewArgs),
    /// A focal point's phone in the browser of this computer, until Ctrl-C. Prints an address that works once; the key
    /// Enter prints another.
    Phone {
        /// The phone's folder. Its secret lies in the computer's key store, or else in a file beside the folder.
        #[arg(long)]
        dir: PathBuf,
        /// Keep the secret of a new folder in the file, although the computer has a key store.
        #[arg(long)]
        key_file: bool,
    },
    /// Questionnaires: an XLSForm (.xlsx, .xls, .md tables) and what phones make of it.
    #[command(subcommand)]
    Form(FormTool),
    /// Lists what waits for a case worker, the most urgent first, from a folder that `tabara-server inbox` wrote. Opens no case. Ends
    /// with 1 if a file was refused.
    Inbox {
        folder: PathBuf,
        /// The authority's public key. Never take it from where the files came from.
        #[arg(long, allow_hyphen_values = true)]
        authority: PublicKey,
        /// en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Writes opened cases as HTCDS 2.0, one row for each person, for the case management of others. Takes what
    /// `tabara-server held CODE` wrote.
    Htcds {
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
    },
    /// Writes the reader page, which opens an exported case without this program and without a network. Prints its SHA-256, which
    /// the catalog names.
    Reader {
        #[arg(short, long)]
        output: PathBuf,
    },
    /// The service directory: from a spreadsheet to the part of a catalog, and back.
    #[command(subcommand)]
    Services(ServicesTool),
}

#[derive(Subcommand)]
enum FormTool {
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

#[derive(Subcommand)]
enum TranslationsTool {
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

#[derive(Subcommand)]
enum AuthorityTool {
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
enum KeysTool {
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

#[derive(Args)]
struct CardArgs {
    /// The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long)]
    organisation: String,
    /// Commune of enrolment, BI-CO-NN-NN.
    #[arg(long)]
    commune: String,
    /// Last day on which the card can be used, YYYY-MM-DD.
    #[arg(long)]
    expires: String,
    /// Where the phone syncs; once for each address.
    #[arg(long, required = true)]
    server: Vec<String>,
    /// SHA-256 of the server's certificate key, base64url, for a server without a public certificate.
    #[arg(long, allow_hyphen_values = true)]
    pin: Option<String>,
    /// What its owner does: focal_point or provider.
    #[arg(long, default_value = "focal_point", value_parser = word::<DeviceRole>)]
    role: DeviceRole,
    /// Where its owner works: commune, border_post, mobile_team or hotline.
    #[arg(long, default_value = "commune", value_parser = word::<Area>)]
    area: Area,
    /// Write the QR code to this file as SVG instead of drawing it here.
    #[arg(long)]
    svg: Option<PathBuf>,
    #[command(flatten)]
    secret: PassphraseArgs,
}

/// Whose key opens, who must have signed, and where the words are.
#[derive(Args)]
struct ReadingArgs {
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
enum CaseTool {
    /// Writes everything that is held on a case as one readable file, for the person who asks. Takes what
    /// `tabara-server held CODE` wrote.
    Export {
        file: PathBuf,
        #[command(flatten)]
        reading: ReadingArgs,
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

#[derive(Subcommand)]
enum LogTool {
    /// Proves the log in a file that `tabara-server log export` wrote: that phones and authority signed what stands in it,
    /// that each record got the verdict that it had to get, and that nothing was buried, moved or written anew. Exit 1 if
    /// something is wrong.
    Verify {
        file: PathBuf,
        /// The authority's public key.
        #[arg(long, allow_hyphen_values = true)]
        authority: PublicKey,
        /// The head that an earlier proof printed, SIZE:ROOT: the log must have grown from it.
        #[arg(long)]
        known: Option<String>,
    },
}

#[derive(Args)]
struct ReviewArgs {
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

fn main() -> ExitCode {
    match run(Cli::parse().tool) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("tabara-desk: {}", Texts::of_computer().fault(&fault));
            ExitCode::from(2)
        }
    }
}

fn run(tool: Tool) -> Result<ExitCode> {
    match tool {
        Tool::Authority(tool) => run_authority(tool)?,
        Tool::Keys(KeysTool::New { output, reviewer, secret }) => {
            let passphrase = secret.new_one()?;
            if reviewer {
                println!("{}", keys::new_signing_key(&output, &passphrase)?.public());
            } else {
                println!("{}", keys::new_identity(&output, &passphrase)?);
            }
        }
        Tool::Keys(KeysTool::Check { catalog, identities, secret }) => return check(&catalog, &identities, &secret),
        Tool::Catalog(command) => command.run(Texts::of_computer())?,
        Tool::Start(args) => start::run(&args, Texts::of_computer())?,
        Tool::Cards(args) => cards::run(&args, Texts::of_computer())?,
        Tool::Card(order) => issue(&order)?,
        Tool::Qr => {
            let mut line = zeroize::Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut line).map_err(|e| at(Path::new("input"), e))?;
            println!("{}", card::terminal(line.trim())?);
        }
        Tool::Phone { dir, key_file } => return phone(&dir, key_file),
        Tool::Form(tool) => return run_form(tool),
        Tool::Inbox { folder, authority, language } => {
            let (rows, refused) = inbox::rows(&folder, Proof::From(authority))?;
            print!("{}", inbox::text(&rows, &refused, SystemClock::default().unix(), &Texts::new(&language)?));
            return Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Tool::Htcds { files, reading, profile, names, output } => {
            let held = |path: &PathBuf| serde_json::from_slice(&read(path)?).map_err(|e| at(path, e));
            let held = files.iter().map(held).collect::<Result<Vec<_>>>()?;
            let asked = (names, &*keys::owner(&reading.identity));
            let (book, left_out) = htcds::table(&held, &reading.key()?, reading.proof()?, profile, asked)?;
            write_private(&output, &htcds::bytes(&book, &output)?)?;
            for code in left_out {
                eprintln!("{code}: nothing is held that can be written");
            }
        }
        Tool::Reader { output } => {
            write(&output, reader::PAGE)?;
            println!("{}", reader::digest());
        }
        Tool::Services(tool) => return services::run(tool),
        Tool::Log(LogTool::Verify { file, authority, known }) => {
            let report = log::prove(&file, authority, known.as_deref().map(log::known).transpose()?)?;
            print!("{}", log::told(&report));
            return Ok(if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Tool::Case(CaseTool::Open { file, reading }) => {
            for opened in case::open(&read(&file)?, &reading.key()?, reading.proof()?)? {
                let questionnaire = reading.questionnaire(&opened.case.questionnaire.sha256);
                println!("{}\n", case::text(&opened, questionnaire.as_ref(), &reading.language));
            }
        }
        Tool::Case(CaseTool::Export { file, reading, output }) => {
            let held = serde_json::from_slice(&read(&file)?).map_err(|e| at(&file, e))?;
            let words = |sha256: &Digest| reading.questionnaire(sha256);
            let text = export::text(&held, &reading.key()?, reading.proof()?, words, &reading.language)?;
            write_private(&output, text.as_bytes())?;
        }
        Tool::Review(order) => {
            let key = keys::signing_key(&order.key, &order.secret.for_file(&order.key)?)?;
            let ReviewArgs { record, case, decision, decided_by, .. } = order;
            let now = SystemClock::default().unix();
            let signed = review::sign(&review::ReviewDecision { record, case, decision, decided_by }, &key, now)?;
            write(&order.output, review::bundle(&[signed], &key, &catalog::stored(&order.catalog)?)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn phone(dir: &Path, key_file: bool) -> Result<ExitCode> {
    let secret = Arc::new(KeyStore::open(dir, key_file)?);
    let warned = secret.is_file();
    if warned {
        let path = secret.path().display();
        eprintln!("WARNING: the phone's secret lies in {path}. Who copies the disk needs nothing but the PIN.");
    }
    serve(async { LocalPage::phone(dir, secret, Arc::new(SystemClock::default()), warned).await })
}

/// Serves a local page until Ctrl-C, and prints its addresses: one at the start, another for each line of the input.
fn serve(page: impl Future<Output = Result<LocalPage>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| at(Path::new("threads"), e))?;
    runtime.block_on(async {
        let page = page.await?;
        let door = page.door();
        println!("{}", door.address());
        std::thread::spawn(move || {
            for _ in std::io::stdin().lines().map_while(std::io::Result::ok) {
                println!("{}", door.address());
            }
        });
        page.serve(async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await
    })?;
    // requests that are still open do not hold the program up
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn run_form(tool: FormTool) -> Result<ExitCode> {
    match tool {
        FormTool::Check { form, json, language, pyxform_compatible } => {
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
        FormTool::Diff { old, new, json, language } => {
            let texts = Texts::new(&language)?;
            let found = form::diff(&old, &new)?;
            match json {
                true => println!("{}", diff::json(&found, &texts)),
                false => print!("{}", diff::text(&found, &texts)),
            }
            Ok(if diff::comparable(&found) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        FormTool::Compile { form, output } => {
            let compiled = form::compile(&form)?;
            eprint!("{}", form::list(&compiled.diagnostics, &Texts::new("en")?));
            let verdict = form::verdict(&compiled.diagnostics);
            if verdict == form::FormVerdict::Usable {
                println!("{}", form::write_package(&compiled, &output)?);
            }
            Ok(ExitCode::from(verdict as u8))
        }
        FormTool::Preview { form, language, browser: true } => {
            serve(async { LocalPage::preview(&form, &language).await })
        }
        FormTool::Preview { form, language, .. } => {
            let compiled = form::compile(&form)?;
            let verdict = form::verdict(&compiled.diagnostics);
            match verdict {
                form::FormVerdict::Usable => form::preview(compiled, &language)?,
                _ => print!("{}", form::list(&compiled.diagnostics, &Texts::new("en")?)),
            }
            Ok(ExitCode::from(verdict as u8))
        }
        FormTool::Simulate { form, people, seed, given, json, language } => {
            let texts = Texts::new(&language)?;
            let compiled = form::compile(&form)?;
            let verdict = form::verdict(&compiled.diagnostics);
            let Some(questionnaire) = compiled.questionnaire.filter(|_| verdict == form::FormVerdict::Usable) else {
                print!("{}", form::list(&compiled.diagnostics, &texts));
                return Ok(ExitCode::from(verdict as u8));
            };
            let order =
                simulate::SimulationOrder { people: people.min(MOST_PEOPLE), seed, given: given.into_iter().collect() };
            let told = simulate::simulate(&Arc::new(questionnaire), &order)?;
            match json {
                true => println!("{}", serde_json::to_string(&told).expect("plain data has a JSON form")),
                false => print!("{}", simulate::text(&told, &texts)),
            }
            Ok(ExitCode::SUCCESS)
        }
        FormTool::Translations(tool) => run_translations(tool),
        FormTool::Export { form, output } => {
            form::export(&form, &output)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_translations(tool: TranslationsTool) -> Result<ExitCode> {
    let ends = |path: &Path, ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
    match tool {
        TranslationsTool::Export { form, language, output } => {
            let translation = translations::Translation::new(&read(&form)?, &language)?;
            let rows = translation.rows();
            match ends(&output, "po") {
                true => write(&output, translations::po(&rows, translation.language()))?,
                false => write(&output, form::xlsx(&translations::xlsx(&rows)).map_err(|fault| at(&output, fault))?)?,
            }
        }
        TranslationsTool::Import { form, sheet, language, output } => {
            let before = read(&form)?;
            let mut translation = translations::Translation::new(&before, &language)?;
            let done = translation.import(&translations::read_sheet(&read(&sheet)?)?);
            match ends(&output, "md") {
                true => {
                    write(&output, translations::markdown(&String::from_utf8_lossy(&before), translation.workbook()))?
                }
                false => write(&output, form::xlsx(translation.workbook()).map_err(|fault| at(&output, fault))?)?,
            }
            println!("{} texts changed", done.changed);
            done.unknown.iter().for_each(|key| println!("not in the form, left in the sheet: {key}"));
            done.stale.iter().for_each(|key| println!("made for another source, a draft: {key}"));
            return Ok(if done.unknown.is_empty() && done.stale.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        TranslationsTool::Status { form } => {
            let bytes = read(&form)?;
            let workbook =
                tabara_core::xlsform::workbook::Workbook::read(&bytes).map_err(|fault| at(&form, fault.message))?;
            for language in translations::languages(&workbook) {
                let status = translations::Translation::new(&bytes, &language)?.status();
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

fn run_authority(tool: AuthorityTool) -> Result<()> {
    match tool {
        AuthorityTool::Init { dir, secret } => {
            let public = authority::init(&dir, &secret.new_one()?)?;
            println!("public key   {public}\nfingerprint  {}", public.fingerprint());
        }
        AuthorityTool::Rotate { dir, next, secret } => {
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

/// More people would tell nothing new, and each is kept in memory.
const MOST_PEOPLE: usize = 100_000;

/// `QUESTION=ANSWER` on the command line.
fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let parts = text.split_once('=').map(|(name, answer)| (name.trim().to_owned(), answer.trim().to_owned()));
    parts.ok_or_else(|| "write it as QUESTION=ANSWER".into())
}

/// A word of the protocol on the command line.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> std::result::Result<T, String> {
    serde_json::from_value(text.into()).map_err(|_| "not one of the words that the help lists".into())
}

fn issue(order: &CardArgs) -> Result<()> {
    let pin = order.pin.as_deref().map(str::parse::<Digest>).transpose();
    let pin = pin.map_err(|_| DeskError::Invalid("a pin is 32 bytes in base64url".into()))?;
    let key = authority::key(&order.dir, &order.secret.get("Passphrase of the authority")?)?;
    let (card, grant) = card::issue(
        &key,
        &card::CardRequest {
            role: order.role,
            organisation: order.organisation.clone(),
            commune: order.commune.clone(),
            area: order.area,
            expires: end_of_day(&order.expires).ok_or_else(no_date)?,
            servers: order.server.iter().map(|url| ServerAddress { url: url.clone(), pin }).collect(),
        },
    )?;
    match &order.svg {
        Some(path) => write(path, card::svg(&card)?)?,
        None => println!("{}", card::terminal(&card.text())?),
    }
    println!("{}\n\ndevice       {}\nfingerprint  {}", card.text(), grant.device, key.public().fingerprint());
    for server in &grant.servers {
        println!("server       {}", server.url);
    }
    if let Some(pin) = pin {
        println!("certificate  {}", pin.aloud());
    }
    Ok(())
}
