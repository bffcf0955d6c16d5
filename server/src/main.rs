//! `tabara-server`: serves, and the operator's commands on the same data folder, which work beside a running server.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::PublicKey;
use tabara_core::facts::Dictionary;
use tabara_core::record::Uuid;
use tabara_server::auth::command::{self, UserCommand};
use tabara_server::statistics::Counting;
use tabara_server::store::{Given, StoreError};
use tabara_server::{Settings, Store, catalog, courier, desk, devices, doctor, listen::tls, orders, serve};

#[derive(Parser)]
#[command(name = "tabara-server", version, about = "Takes in sealed records and counts coded facts")]
struct Cli {
    /// Data folder.
    #[arg(long, global = true, default_value = "data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the data folder and prints the public keys that the catalog must name.
    Init(Trust),
    /// Serves until it is told to stop.
    Serve {
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Serves health and metrics on an address of their own.
        #[arg(long)]
        monitor: Option<SocketAddr>,
        /// Certificate chain, PEM; without it a proxy on this machine must speak TLS.
        #[arg(long, requires = "key")]
        certificate: Option<PathBuf>,
        /// The certificate's key, PEM.
        #[arg(long, requires = "certificate")]
        key: Option<PathBuf>,
        #[command(flatten)]
        trust: Trust,
    },
    /// The signed catalog.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Phones.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// What waits for someone to look.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Who may sign in to the pages.
    #[command(subcommand)]
    User(UserCommand),
    /// Copies the log into a file, beside a running server, and checks the copy. Keys are not in it.
    Backup { file: PathBuf },
    /// Puts a backup in place of the log; no server may run. Phones then send again what is missing.
    Restore { file: PathBuf },
    /// Takes in bundles that were carried here by hand, and writes the parcel to carry back: what became of each record,
    /// the catalog and its files. Without bundles, a parcel that sets up a phone with no network.
    Intake {
        bundles: Vec<PathBuf>,
        #[arg(long)]
        reply: PathBuf,
    },
    /// Looks at keys, catalog, clock, backup, disk and phones; exit 1 if something must be done now.
    Doctor,
    /// Derives everything again from the log and proves that it comes out the same.
    Rebuild,
}

#[derive(Args)]
struct Trust {
    /// Public key of the authority whose cards and catalogs are trusted; kept in the data folder.
    #[arg(long, allow_hyphen_values = true)]
    authority: Vec<PublicKey>,
}

#[derive(Subcommand)]
enum CatalogCommand {
    /// Publishes a signed catalog; the files it names lie in `parts` beside it.
    Publish { file: PathBuf },
}

#[derive(Subcommand)]
enum DeviceCommand {
    List,
    /// What the phone sends from now on is quarantined.
    Revoke {
        device: Uuid,
    },
    /// Orders a phone to wipe itself, when it is lost or left for a new one. At its next sync it hears of it; at the next
    /// unlock it seals its drafts, destroys its vault, sends what waits and says so; then it is revoked.
    Wipe {
        device: Uuid,
        /// Last day, YYYY-MM-DD, on which it waits for the PIN so that drafts can be sealed; after it they are lost. For a
        /// phone in wrong hands: yesterday.
        #[arg(long)]
        by: String,
    },
}

#[derive(Subcommand)]
enum QuarantineCommand {
    List,
    /// The entries count from now on.
    Accept {
        positions: Vec<u64>,
    },
    /// The entries never count.
    Reject {
        positions: Vec<u64>,
    },
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("tabara-server: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Outcome {
    let mut settings = Settings::open(&cli.data, Arc::new(SystemClock::default()))?;
    let now = settings.clock.unix();
    if let Command::Restore { file } = &cli.command {
        let _alone = alone(&cli.data)?;
        let head = tabara_server::store::restore(&cli.data, file, now)?.read(|log| log.head(now))?;
        println!("restored up to position {}; publish the newest catalog again", head.position);
        return Ok(());
    }
    let store = Store::open(&cli.data)?;
    match cli.command {
        Command::Init(trust) => {
            trust_all(&mut settings, trust)?;
            println!("operations {}", settings.operations.public());
            println!("intake     {}", settings.intake_recipient());
            for authority in &settings.authorities {
                println!("authority  {authority}  ({})", authority.fingerprint());
            }
        }
        Command::Serve { listen, monitor, certificate, key, trust } => {
            trust_all(&mut settings, trust)?;
            if settings.authorities.is_empty() {
                return Err("no authority is trusted: give its public key with --authority".into());
            }
            settings.monitor = monitor;
            settings.tls = certificate.zip(key).map(|(chain, key)| tls(&chain, &key)).transpose()?;
            let _alone = alone(&cli.data)?;
            tokio::runtime::Runtime::new()?.block_on(async {
                let listener = tokio::net::TcpListener::bind(listen).await?;
                tracing::info!("listening on {}", listener.local_addr()?);
                serve(listener, store, settings, asked_to_stop()).await
            })?;
        }
        Command::Catalog(CatalogCommand::Publish { file }) => {
            let jws = std::fs::read_to_string(&file)?;
            let files = parts_beside(&file)?;
            let published = catalog::publish(&store, &settings, jws.trim(), files, now)?;
            println!("version {} with {} files", published.version, published.parts.len());
        }
        Command::Device(DeviceCommand::List) => {
            let orders = store.read(|log| log.orders())?;
            let date = |at| tabara_core::clock::civil_date(at);
            println!("device                                position  records  last seen   state");
            for phone in store.read(|log| log.phones())? {
                let b = &phone.binding;
                let seen = phone.seen.map_or("never".into(), |s| tabara_core::clock::civil_date(s).to_string());
                let state = if b.revoked { "revoked" } else { if b.second { "second binding" } else { "" } };
                let (at, place) = (b.position, format_args!("{} {}", phone.organisation, phone.commune));
                println!("{}  {at:>8}  {:>7}  {seen:10}  {state:14}  {place}", b.device, phone.records);
                for Given { order, obeyed } in orders.iter().filter(|given| given.order.device == b.device) {
                    let obeyed = obeyed.map_or("not acknowledged".into(), |at| format!("acknowledged {}", date(at)));
                    println!("    wipe by {}: {obeyed}", date(order.wipe_by));
                }
            }
        }
        Command::Device(DeviceCommand::Wipe { device, by }) => {
            let order = orders::wipe(&store, &settings, device, desk::end_of_day(&by)?)?;
            println!("order {}", order.ok_or("there is no such phone")?.order);
        }
        Command::Device(DeviceCommand::Revoke { device }) => devices::revoke(&store, device, now)?,
        Command::Quarantine(QuarantineCommand::List) => {
            for waiting in store.read(|log| log.quarantined())? {
                let id = |id: Option<Uuid>| id.map_or("-".into(), |id| id.to_string());
                let (record, device) = (id(waiting.record), id(waiting.device));
                let (kind, reason) = (waiting.kind.word(), serde_json::to_string(&waiting.reason)?);
                println!("{:>8}  {kind:10}  {:22}  {record}  {device}", waiting.position, reason.trim_matches('"'));
            }
        }
        Command::Quarantine(QuarantineCommand::Accept { positions }) => decide(&store, positions, true, now)?,
        Command::Quarantine(QuarantineCommand::Reject { positions }) => decide(&store, positions, false, now)?,
        Command::Intake { bundles, reply } => {
            let mut answers = Vec::new();
            for file in bundles {
                answers.extend(courier::take_in(&store, &settings, &std::fs::read(&file)?)?);
            }
            let kept = answers.iter().filter(|answer| answer.verdict.receipt.is_some()).count();
            println!("{kept} of {} records kept", answers.len());
            std::fs::write(&reply, courier::parcel(&store, &settings, answers)?.write())?;
        }
        Command::User(command) => command::run(command, &store, now, &mut std::io::stdout())?,
        Command::Backup { file } => store.backup(&file, now)?,
        Command::Doctor => {
            let findings = doctor::examine(&store, &settings)?;
            findings.iter().for_each(|finding| println!("{finding}"));
            if findings.iter().any(|finding| finding.grade == doctor::Grade::Now) {
                return Err("something must be done now".into());
            }
        }
        Command::Restore { .. } => unreachable!("done before the store was opened"),
        Command::Rebuild => {
            let scratch = cli.data.join("rebuild.scratch");
            remove_folder(&scratch)?;
            std::fs::create_dir(&scratch)?;
            let done = tabara_server::log::rebuild(&store, &settings, &scratch).map(|(rebuilt, copy)| {
                let numbers = |store| Counting::new(Dictionary::standard()).follow(store);
                Ok::<_, StoreError>((rebuilt, numbers(&store)? == numbers(&copy)?))
            });
            remove_folder(&scratch)?;
            let (all, same_numbers) = done??;
            if !same_numbers {
                return Err("the statistics of the rebuilt log are others".into());
            }
            println!(
                "{} entries, {} records, {} quarantined, {} tombstones: the same",
                all.entries, all.records, all.quarantined, all.tombstones
            );
        }
    }
    Ok(())
}

/// Holds the data folder for one server: others may read and append, but not serve or restore.
fn alone(data: &Path) -> Result<std::fs::File, Box<dyn std::error::Error>> {
    let file = std::fs::File::create(data.join("serve.lock"))?;
    file.try_lock().map_err(|_| "a server runs on this folder")?;
    Ok(file)
}

fn remove_folder(folder: &Path) -> std::io::Result<()> {
    if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) }
}

fn trust_all(settings: &mut Settings, trust: Trust) -> Outcome {
    Ok(trust.authority.into_iter().try_for_each(|key| settings.trust(key))?)
}

fn decide(store: &Store, positions: Vec<u64>, accept: bool, now: i64) -> Outcome {
    for position in positions {
        if !tabara_server::intake::decide(store, position, accept, now)? {
            return Err(format!("position {position} is not quarantined").into());
        }
    }
    Ok(())
}

fn parts_beside(catalog: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let folder = catalog.parent().unwrap_or(Path::new(".")).join("parts");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    std::fs::read_dir(folder)?.map(|entry| std::fs::read(entry?.path())).collect()
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut term) => term.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = term => (),
        _ = tokio::signal::ctrl_c() => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_begin_with_a_hyphen() {
        let key = "-PLSPBw96bw9PQlvpj7cTix9hX1AZqGlvWRw2VECWxM";
        let cli = Cli::try_parse_from(["tabara-server", "init", "--authority", key, "--data", "folder"]).unwrap();
        assert!(matches!(cli.command, Command::Init(trust) if trust.authority[0].to_string() == key));
    }
}
