//! The operator's commands on a data folder. Except where noted they work beside a running server.

use super::notify::NotifyCommand;
use super::{
    CommandResult, case_export, doctor, keys, lock_data_dir, log_export, phones, quarantine, rebuild, report,
    safe_copy, take_in,
};
use crate::log::{accept_clock, day_of, reopen};
use crate::reports::command::ReleaseCommand;
use crate::reports::history;
use crate::settings::Settings;
use crate::settings::key_files::{self, make_keys, new_intake};
use crate::staff::file::Staff;
use crate::store::Store;
use crate::web::about::visible;
use crate::{catalog, devices, orders};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use tabara_protocol::clock::{civil_date, end_of_day};
use tabara_protocol::envelope::{PublicKey, sha256};
use tabara_protocol::record::{Code, Uuid};

#[derive(Subcommand)]
pub enum OperatorCommand {
    /// The signed catalog.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Writes what the desk needs for the next catalog: public keys, the catalog in force, the list of phones.
    Report {
        #[arg(short, long)]
        output: PathBuf,
    },
    /// The authorities whose cards and catalogs are trusted.
    #[command(subcommand)]
    Authority(AuthorityCommand),
    /// Phones.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Quarantined entries.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// The server's secret keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copies the whole server, beside a running one, into one locked file: log, keys, certificate, accounts, settings, public
    /// releases. The log is checked. It opens with the copy key or a recovery key: `tabara-server restore FILE --key KEY`.
    Backup { file: PathBuf },
    /// Takes in bundles and registrations that were carried here by hand, and writes the parcels to carry back into a folder.
    Intake {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[arg(long)]
        replies: PathBuf,
    },
    /// Says that the machine's clock is right, after it stood far before or after the last entry of the log.
    AcceptClock,
    /// Writes all that is held under a slip's code, still sealed, for `tabara-desk case export`.
    Held {
        code: Code,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Writes all that is held on every person with a code into a folder, one sealed file for each, for `tabara-desk inbox`. Files
    /// that an earlier run wrote are replaced.
    Inbox {
        #[arg(short, long)]
        output: PathBuf,
        /// Only who has something new since this day, YYYY-MM-DD.
        #[arg(long)]
        since: Option<String>,
    },
    /// Looks at keys, catalog, clock, backup, disk and phones; exit 1 if something must be done now.
    Doctor,
    /// Tells people, by e-mail or to a web address, that something waits for them.
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Figures of years before, published by others, and people living in each place.
    #[command(subcommand)]
    History(HistoryCommand),
    /// Public releases of the figures.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Derives everything again from the log and proves that it comes out the same.
    Rebuild,
    /// The log of entries.
    #[command(subcommand)]
    Log(LogCommand),
}

#[derive(Subcommand)]
pub enum HistoryCommand {
    /// Takes the tables of a sheet, saved as CSV, with the columns table, title_en, title_fr, unit_en, unit_fr, source, place,
    /// year, label_en, label_fr, value. A table that is there already is replaced. `population` is people living in a place.
    Import {
        file: PathBuf,
    },
    /// Takes a table off the page.
    Remove {
        table: String,
    },
    List,
}

#[derive(Subcommand)]
pub enum LogCommand {
    /// Writes the log, without its sealed cases, into a new file, with which `tabara-desk log verify` proves it on another machine.
    /// It holds the facts of each person: keep it as you keep a backup.
    Export { file: PathBuf },
    /// Opens a month (YYYY-MM) again, and all after it, that closed too early under a wrong clock. First put the clock right
    /// (`accept-clock`). Possible until a later month's revision.
    Reopen { month: String },
}

#[derive(Subcommand)]
pub enum CatalogCommand {
    /// Publishes a signed catalog; the files it names lie in `parts` beside it.
    Publish { file: PathBuf },
}

#[derive(Subcommand)]
pub enum AuthorityCommand {
    /// Trusts one more from the next start on: the next one, while it takes over.
    Add {
        #[arg(allow_hyphen_values = true)]
        key: PublicKey,
    },
    /// Trusts it no more from the next start on: cards that it signed are refused, phones that are in go on.
    Remove {
        #[arg(allow_hyphen_values = true)]
        key: PublicKey,
    },
    List,
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Whether the keys are those that the catalog names, and open what is sealed to them; exit 1 if not.
    Check,
    /// Makes the next operations key and prints it; the catalog must name it before `rotate`.
    Next,
    /// Signs with the next operations key from now on; no server may run.
    Rotate,
    /// Makes a new intake key and prints it, for the next catalog. The present one goes on opening bundles until its file
    /// (`intake-DAY.key`) is removed. A running server takes both after its next start.
    NewIntake,
    /// Makes the keys that are missing, where no copy can be opened any more.
    New {
        /// Writes what the desk needs for the next catalog, as `report` does.
        #[arg(long)]
        report: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum DeviceCommand {
    List,
    /// Quarantines the records of a phone from now on.
    Revoke {
        device: Uuid,
        /// First day, YYYY-MM-DD, of which what it has sent does not count either, from the next revision on.
        #[arg(long)]
        from: Option<String>,
        /// No phone has used this card: whoever finds it shall not.
        #[arg(long)]
        unused_card: bool,
        /// Only shows whose phone it is.
        #[arg(long)]
        dry_run: bool,
    },
    /// Trusts a phone again that was revoked here. What it sent meanwhile stays in quarantine until somebody decides.
    Trust {
        device: Uuid,
    },
    /// Gives an order that the authority has signed.
    Order {
        file: PathBuf,
    },
    /// Orders a phone to wipe itself, if it is lost or replaced. It receives the order at its next sync. At the next unlock
    /// it seals its drafts, destroys its vault, sends the records that wait and acknowledges; then it is revoked.
    Wipe {
        device: Uuid,
        /// Last day, YYYY-MM-DD, on which it waits for the PIN so that drafts can be sealed; after it they are lost. At least
        /// 48 hours away: for a phone in wrong hands the authority signs an order.
        #[arg(long)]
        by: String,
        /// Only shows whose phone it is.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Subcommand)]
pub enum QuarantineCommand {
    List,
    /// The entries count from now on.
    Accept(Decided),
    /// The entries never count.
    Reject(Decided),
}

#[derive(Args)]
pub struct Decided {
    /// As the list shows them, in its first column.
    #[arg(required = true)]
    positions: Vec<u64>,
    /// Only shows what would be decided.
    #[arg(long)]
    dry_run: bool,
}

impl Decided {
    fn decide(&self, store: &Store, accept: bool, now: i64) -> Result<String, quarantine::DecisionError> {
        quarantine::decide(store, &self.positions, accept, self.dry_run, now)
    }
}

impl KeysCommand {
    /// Makes what is missing before the folder is opened, where a log lies.
    pub fn before_opening(&self, data: &Path) -> CommandResult {
        let log = data.join(crate::store::FILE).exists();
        if matches!(self, Self::New { .. }) && log {
            make_keys(data)?;
        }
        Ok(())
    }
}

impl OperatorCommand {
    pub fn run(self, store: &Store, settings: &mut Settings, now: i64) -> CommandResult {
        match self {
            Self::Catalog(CatalogCommand::Publish { file }) => publish(store, settings, &file, now)?,
            Self::Report { output } => write_report(store, settings, &output)?,
            Self::Authority(command) => authorities(settings, command)?,
            Self::Device(DeviceCommand::List) => print!("{}", phones(store)?),
            Self::Device(DeviceCommand::Wipe { device, dry_run: true, .. }) => {
                println!("would be told to wipe itself: {}", report::describe(store, device)?);
            }
            Self::Device(DeviceCommand::Wipe { device, by, .. }) => {
                println!("order {}", orders::wipe(store, settings, device, end_of(&by)?)?.order);
                println!("{}", report::describe(store, device)?);
                println!(
                    "It hears of it at its next sync, seals its drafts at the next unlock, destroys its vault, and is revoked."
                );
            }
            Self::Device(DeviceCommand::Order { file }) => {
                let jws = std::fs::read_to_string(file)?;
                println!("order {}", orders::give_signed(store, settings, jws.trim())?.order);
            }
            Self::Device(DeviceCommand::Revoke { device, dry_run: true, .. }) => {
                println!("would be revoked: {}", report::describe(store, device)?);
            }
            Self::Device(DeviceCommand::Revoke { device, from, unused_card, .. }) => {
                let from = from.map(|day| beginning_of(&day)).transpose()?;
                devices::revoke(store, device, from, unused_card, now)?;
                println!("revoked: {}", report::describe(store, device)?);
                println!(
                    "It hears of it at its next sync, and begins no interview. What it sends is kept in quarantine."
                );
                println!(
                    "Next: tabara-desk catalog next --revoke {device}, so that phones and a new machine know it, too."
                );
                println!("To take it back: tabara-server device trust {device}");
            }
            Self::Device(DeviceCommand::Trust { device }) => {
                devices::trust(store, device, now)?;
                println!("trusted again: {}", report::describe(store, device)?);
                println!("What it sent meanwhile stays in quarantine: tabara-server quarantine list");
            }
            Self::Quarantine(QuarantineCommand::List) => print!("{}", quarantine::list(store)?),
            Self::Quarantine(QuarantineCommand::Accept(which)) => print!("{}", which.decide(store, true, now)?),
            Self::Quarantine(QuarantineCommand::Reject(which)) => print!("{}", which.decide(store, false, now)?),
            Self::Intake { files, replies } => print!("{}", take_in(store, settings, &files, &replies)?),
            Self::AcceptClock => accept_clock(store, now)?,
            Self::Keys(KeysCommand::Check) => judged(doctor::key_findings(store, settings)?)?,
            Self::Keys(KeysCommand::Next) => {
                println!(
                    "next operations {}\npresent         {}",
                    keys::next(&settings.data)?,
                    settings.operations.public()
                );
                println!(
                    "Next: tabara-server report, tabara-desk catalog next --from the report, publish that catalog,"
                );
                println!("stop the server, tabara-server keys rotate, start it.");
            }
            Self::Keys(KeysCommand::Rotate) => {
                let _lock = lock_data_dir(&settings.data)?;
                println!("operations {}", keys::rotate(store, settings)?);
                println!("Start the server. When all phones have synced: tabara-desk catalog next --forget-old-keys");
            }
            Self::Keys(KeysCommand::NewIntake) => {
                println!("intake     {}", new_intake(&settings.data, &civil_date(now).to_string())?);
                println!("Restart the server. Next: tabara-server report, tabara-desk catalog next --from the report.");
            }
            Self::Keys(KeysCommand::New { report }) => {
                println!("operations {}\nintake     {}", settings.operations.public(), settings.intake_recipient());
                match report {
                    Some(file) => write_report(store, settings, &file)?,
                    None => {
                        println!("Next, and at once: tabara-server report, tabara-desk catalog next --from the report.")
                    }
                }
            }
            Self::Held { code, output } => {
                let held = case_export::gather(store, settings, code)?;
                key_files::keep(&output, &serde_json::to_vec(&held)?)?;
                println!("{} entries", held.entries.len());
            }
            Self::Inbox { output, since } => {
                let since = since.map(|day| beginning_of(&day)).transpose()?;
                let codes = case_export::codes(store, since.unwrap_or(i64::MIN))?;
                std::fs::create_dir_all(&output).map_err(|e| format!("{}: {e}", output.display()))?;
                for code in &codes {
                    // no code in the name of a file
                    let file = output.join(format!("{}.json", sha256(code.as_str().as_bytes())));
                    key_files::keep(&file, &serde_json::to_vec(&case_export::gather(store, settings, code.clone())?)?)?;
                }
                println!("{} persons", codes.len());
            }
            Self::Backup { file } => {
                safe_copy::write(store, settings, &file, now)?;
                println!(
                    "{}: log, keys, certificate, accounts, settings, public releases. Carry it to another building.",
                    file.display()
                );
            }
            Self::Doctor => {
                let unproven = doctor::prove(store, now)?;
                if let Some(leaf) = unproven {
                    println!("NOW   leaf {leaf} of the tree is not proven by its entries");
                }
                judged(doctor::examine(store, settings)?)?
            }
            Self::Notify(command) => command.run(store, settings, now)?,
            Self::History(HistoryCommand::Import { file }) => {
                let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
                let tables = history::read(&text).map_err(|e| format!("{}: {e}; nothing was taken", file.display()))?;
                tables.iter().for_each(|table| println!("{}: {} numbers", table.id, table.rows.len()));
                history::import(store, tables, now)?;
            }
            Self::History(HistoryCommand::Remove { table }) => history::remove(store, &table, now)?,
            Self::History(HistoryCommand::List) => {
                for table in store.read(history::all)? {
                    println!("{:20} {:5} numbers  {}", table.id, table.rows.len(), visible(&table.source));
                }
            }
            Self::Log(LogCommand::Export { file }) => {
                let head = log_export::export(store, &Staff::open(&settings.data)?, settings, &file)?;
                println!("head {}:{}", head.size, head.root);
            }
            Self::Log(LogCommand::Reopen { month }) => {
                if !reopen(store, month, now)? {
                    let why = "not opened: a month YYYY-MM that is closed, is not due by the clock, and that no revision of a later month covers";
                    return Err(why.into());
                }
            }
            Self::Release(command) => command.run(store, settings, now)?,
            Self::Rebuild => println!("{}", rebuild(store, settings)?),
        }
        Ok(())
    }
}

fn write_report(store: &Store, settings: &Settings, output: &Path) -> CommandResult {
    let report = report::report(store, settings)?;
    key_files::keep(output, &serde_json::to_vec(&report)?)?;
    let file = output.display();
    println!("{} phones. Carry {file} to the desk: tabara-desk catalog next --from {file}", report.phones.len());
    Ok(())
}

fn publish(store: &Store, settings: &Settings, file: &Path, now: i64) -> CommandResult {
    let jws = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let before = store.read(|log| log.catalog_in_force())?.map(|catalog| catalog.revoked).unwrap_or_default();
    let published = catalog::publish(store, settings, jws.trim(), parts_beside(file)?, now)?;
    println!(
        "version {} with {} files, until {}",
        published.version,
        published.parts.len(),
        civil_date(published.expires)
    );
    for device in published.revoked.iter().filter(|device| !before.contains(device)) {
        println!("revoked: {}", report::describe(store, *device)?);
    }
    for device in before.iter().filter(|device| !published.revoked.contains(device)) {
        println!("trusted again: {}", report::describe(store, *device)?);
    }
    println!("Phones get it at their next sync.");
    Ok(())
}

fn authorities(settings: &mut Settings, command: AuthorityCommand) -> CommandResult {
    match command {
        AuthorityCommand::Add { key } => settings.trust(key)?,
        AuthorityCommand::Remove { key } => settings.distrust(key)?,
        AuthorityCommand::List => (),
    }
    for authority in &settings.authorities {
        println!("authority  {authority}  ({})", authority.fingerprint());
    }
    Ok(())
}

fn end_of(day: &str) -> CommandResult<i64> {
    Ok(end_of_day(day).ok_or("a date is written YYYY-MM-DD")?)
}

fn beginning_of(day: &str) -> CommandResult<i64> {
    end_of(day).map(day_of)
}

/// The files that a catalog names lie in `parts` beside it.
fn parts_beside(catalog: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let folder = catalog.parent().unwrap_or(Path::new(".")).join("parts");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    std::fs::read_dir(folder)?.map(|entry| std::fs::read(entry?.path())).collect()
}

/// Prints the findings; an error if one is urgent.
fn judged(findings: Vec<doctor::Finding>) -> CommandResult {
    findings.iter().for_each(|finding| println!("{finding}"));
    let now = findings.iter().any(|finding| finding.grade == doctor::Grade::Now);
    if now { Err("something must be done now".into()) } else { Ok(()) }
}
