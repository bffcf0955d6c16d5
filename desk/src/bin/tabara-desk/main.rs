//! `tabara-desk`: tools for a person's own machine. The library of this crate does the work; a file beside this one holds the
//! arguments of a group of commands.

mod card;
mod case;
mod form;
mod keys;
mod translations;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_desk::catalog::command::CatalogCommand;
use tabara_desk::error::{Result, at};
use tabara_desk::files::write;
use tabara_desk::local_page::LocalPage;
use tabara_desk::local_page::key_store::KeyStore;
use tabara_desk::services::{self, ServicesTool};
use tabara_desk::texts::Texts;
use tabara_desk::{cards, log, reader, start};
use tabara_protocol::clock::SystemClock;
use tabara_protocol::envelope::PublicKey;

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
    Authority(keys::AuthorityTool),
    /// Keys of case workers and reviewers.
    #[command(subcommand)]
    Keys(keys::KeysTool),
    /// Catalogs: what phones trust and use.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Eight questions, and a new deployment is ready to be carried: keys, catalog, server, sheets for the safes.
    Start(start::StartArgs),
    /// Makes cards for a list of people, as sheets to print, and keeps the register of cards.
    Cards(cards::CardsArgs),
    /// Issues a single card, with which one phone enrols once.
    Card(card::CardArgs),
    /// Draws the first line of the input as a QR code, such as what `tabara-server user add` prints for an authenticator app.
    Qr,
    /// Sealed cases.
    #[command(subcommand)]
    Case(case::CaseTool),
    /// The log of a server.
    #[command(subcommand)]
    Log(LogTool),
    /// Signs a reviewer's decision, in a bundle for `tabara-server intake` or any phone.
    Review(case::ReviewArgs),
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
    Form(form::FormTool),
    /// Lists what waits for a case worker, the most urgent first, from a folder that `tabara-server inbox` wrote. Opens no case. Ends
    /// with 1 if a file was refused.
    Inbox(case::InboxArgs),
    /// Writes opened cases as HTCDS 2.0, one row for each person, for the case management of others. Takes what
    /// `tabara-server held CODE` wrote.
    Htcds(case::HtcdsArgs),
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
        Tool::Authority(tool) => tool.run()?,
        Tool::Keys(tool) => return tool.run(),
        Tool::Catalog(command) => command.run(Texts::of_computer())?,
        Tool::Start(args) => start::run(&args, Texts::of_computer())?,
        Tool::Cards(args) => cards::run(&args, Texts::of_computer())?,
        Tool::Card(args) => args.run()?,
        Tool::Qr => {
            let mut line = zeroize::Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut line).map_err(|e| at(Path::new("input"), e))?;
            println!("{}", tabara_desk::card::terminal(line.trim())?);
        }
        Tool::Phone { dir, key_file } => return phone(&dir, key_file),
        Tool::Form(tool) => return tool.run(),
        Tool::Inbox(args) => return args.run(),
        Tool::Htcds(args) => args.run()?,
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
        Tool::Case(tool) => tool.run()?,
        Tool::Review(args) => args.run()?,
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
