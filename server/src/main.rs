//! `tabara-server`: serves, and the operator's commands on the same data folder, which work beside a running server.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::PublicKey;
use tabara_core::record::{Code, Uuid};
use tabara_server::auth::command::{self, UserCommand};
use tabara_server::desk::{
    end_of_day, export,
    keys::{Secret, identity},
};
use tabara_server::operator::{self, alone, doctor, keys};
use tabara_server::settings::{INTAKE, OPERATIONS, SettingsError, make_keys};
use tabara_server::{Settings, Store, catalog, devices, listen::tls, orders, serve};

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
    /// The server's secret keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copies the log into a file, beside a running server, and checks the copy; keys and accounts go into
    /// FILE.keys.age, which only the catalog's recovery keys open.
    Backup { file: PathBuf },
    /// Puts a backup in place of the log; no server may run. Phones then send again what is missing. The folder must
    /// have its keys: on a new machine, `keys restore` comes first.
    Restore { file: PathBuf },
    /// Takes in bundles that were carried here by hand, and writes the parcel to carry back: what became of each record,
    /// the catalog and its files. Without bundles, a parcel that sets up a phone with no network.
    Intake {
        bundles: Vec<PathBuf>,
        #[arg(long)]
        reply: PathBuf,
    },
    /// Writes all that is held under a slip's code, still sealed, for `tabara-desk case export`.
    Held {
        code: Code,
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Looks at keys, catalog, clock, backup, disk and phones; exit 1 if something must be done now.
    Doctor {
        /// The certificate that phones see, to look at its last day.
        #[arg(long)]
        certificate: Option<PathBuf>,
    },
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
enum KeysCommand {
    /// Whether the keys are those that the catalog names, and open what is sealed to them; exit 1 if not.
    Check,
    /// Takes keys and accounts from the copy beside a backup; what is there already stays.
    Restore {
        copy: PathBuf,
        /// File of the recovery key.
        #[arg(long)]
        identity: PathBuf,
        #[command(flatten)]
        secret: Secret,
    },
    /// Makes the next operations key and prints it; the catalog must name it before `rotate`.
    Next,
    /// Signs with the next operations key from now on; no server may run.
    Rotate,
    /// Makes the keys that are missing, where no copy can be opened any more.
    New,
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
    match &cli.command {
        Command::Keys(KeysCommand::New) => make_keys(&cli.data)?,
        Command::Keys(KeysCommand::Restore { copy, identity: file, secret }) => {
            let restored = keys::restore(&cli.data, copy, &identity(file, &secret.for_file(file)?)?)?;
            println!("restored: {}", restored.join(", "));
            return Ok(());
        }
        Command::Restore { .. } => {
            let lost = [OPERATIONS, INTAKE].map(|name| cli.data.join(name)).into_iter().find(|file| !file.exists());
            lost.map_or(Ok(()), |file| Err(SettingsError::LostKey { file }))?;
        }
        _ => (),
    }
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
        Command::Device(DeviceCommand::List) => print!("{}", operator::phones(&store)?),
        Command::Device(DeviceCommand::Wipe { device, by }) => {
            let order = orders::wipe(&store, &settings, device, end_of_day(&by)?)?;
            println!("order {}", order.ok_or("there is no such phone")?.order);
        }
        Command::Device(DeviceCommand::Revoke { device }) => devices::revoke(&store, device, now)?,
        Command::Quarantine(QuarantineCommand::List) => print!("{}", operator::quarantine(&store)?),
        Command::Quarantine(QuarantineCommand::Accept { positions }) => decide(&store, positions, true, now)?,
        Command::Quarantine(QuarantineCommand::Reject { positions }) => decide(&store, positions, false, now)?,
        Command::Intake { bundles, reply } => println!("{}", operator::take_in(&store, &settings, &bundles, &reply)?),
        Command::Keys(KeysCommand::Check) => judged(doctor::key_findings(&store, &settings)?)?,
        Command::Keys(KeysCommand::Next) => {
            println!("next operations {}\npresent         {}", keys::next(&cli.data)?, settings.operations.public());
            println!("Name the first as `operations` in the plan and the second under `rotation.operations`; sign and");
            println!("publish that catalog, stop the server, `tabara-server keys rotate`, start it.");
        }
        Command::Keys(KeysCommand::Rotate) => {
            let _alone = alone(&cli.data)?;
            println!("operations {}", keys::rotate(&store, &settings)?);
        }
        Command::Keys(_) => {
            println!("operations {}\nintake     {}", settings.operations.public(), settings.intake_recipient())
        }
        Command::User(command) => command::run(command, &store, now, &mut std::io::stdout())?,
        Command::Held { code, output } => {
            let held = export::gather(&store, &settings, code)?;
            std::fs::write(output, serde_json::to_vec(&held)?)?;
            println!("{} entries", held.entries.len());
        }
        Command::Backup { file } => {
            store.backup(&file, now)?;
            println!("log                {}", file.display());
            println!("keys and accounts  {}", keys::copy(&store, &settings, &file)?.display());
        }
        Command::Doctor { certificate } => judged(doctor::examine(&store, &settings, certificate.as_deref())?)?,
        Command::Restore { .. } => unreachable!("done before the store was opened"),
        Command::Rebuild => println!("{}", operator::rebuild(&store, &settings)?),
    }
    Ok(())
}

/// Prints what was found.
fn judged(findings: Vec<doctor::Finding>) -> Outcome {
    findings.iter().for_each(|finding| println!("{finding}"));
    let now = findings.iter().any(|finding| finding.grade == doctor::Grade::Now);
    if now { Err("something must be done now".into()) } else { Ok(()) }
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
