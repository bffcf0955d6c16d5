//! `tabara-server`: serves, and the operator's commands on the same data folder, which work beside a running server.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_protocol::clock::{Clock as _, SystemClock};
use tabara_protocol::envelope::PublicKey;
use tabara_server::closings::note_dictionary;
use tabara_server::operator::certificate::reload;
use tabara_server::operator::command::OperatorCommand;
use tabara_server::operator::{CommandResult, lock_data_dir};
use tabara_server::settings::SettingsError;
use tabara_server::settings::addresses::{Network, PublicUrl};
use tabara_server::settings::certificate::TlsCertificate;
use tabara_server::settings::key_files::{INTAKE, OPERATIONS};
use tabara_server::staff::command::{self, UserCommand};
use tabara_server::staff::file::Staff;
use tabara_server::{Settings, Store, serve};

#[derive(Parser)]
#[command(name = "tabara-server", version, about = "Takes in sealed records and counts coded facts")]
struct Cli {
    /// Data folder: /var/lib/tabara where the system has one, else `data`.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the data folder and prints the public keys that the catalog must name.
    Init(TrustArgs),
    /// Serves until SIGTERM or SIGINT.
    Serve {
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Serves health and metrics on an address of their own.
        #[arg(long)]
        monitor: Option<SocketAddr>,
        /// Certificate chain, PEM; without it a proxy on this machine must speak TLS.
        #[arg(long, requires = "key")]
        certificate: Option<PathBuf>,
        /// The certificate's key, PEM. Both are read again when they change, and on SIGHUP.
        #[arg(long, requires = "certificate")]
        key: Option<PathBuf>,
        /// The address under which browsers reach the pages, https://NAME.
        #[arg(long)]
        public_url: Option<PublicUrl>,
        /// Address or network of a proxy, whose `x-forwarded-for` names the client. May be given several times.
        #[arg(long)]
        trusted_proxy: Vec<Network>,
    },
    /// Accounts for the pages.
    #[command(subcommand)]
    User(UserCommand),
    #[command(flatten)]
    Operator(OperatorCommand),
    /// Puts a backup in place of the log; no server may run. Phones then send again what is missing. The folder must
    /// have its keys: on a new machine, `keys restore` comes first.
    Restore { file: PathBuf },
}

#[derive(Args)]
struct TrustArgs {
    /// Public key of the authority whose cards and catalogs are trusted; kept in the data folder.
    #[arg(long, allow_hyphen_values = true)]
    authority: Vec<PublicKey>,
}

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

fn run(cli: Cli) -> CommandResult {
    let system = Path::new("/var/lib/tabara");
    let data = cli.data.unwrap_or_else(|| if system.is_dir() { system } else { Path::new("data") }.to_owned());
    // a folder without its keys is not opened
    match &cli.command {
        Command::Operator(OperatorCommand::Keys(command)) if command.before_opening(&data)? => return Ok(()),
        Command::Restore { .. } => {
            let lost = [OPERATIONS, INTAKE].map(|name| data.join(name)).into_iter().find(|file| !file.exists());
            lost.map_or(Ok(()), |file| Err(SettingsError::LostKey { file }))?;
        }
        _ => (),
    }
    let clock = Arc::new(SystemClock::default());
    let now = clock.unix();
    // only `init` makes anything: a mistyped folder stays empty
    let mut settings = match &cli.command {
        Command::Init(_) => Settings::create(&data, clock)?,
        _ => Settings::open(&data, clock)?,
    };
    if let Command::Restore { file } = &cli.command {
        let _lock = lock_data_dir(&data)?;
        let end = tabara_server::operator::restore::restore(&data, file, now)?.read(|log| log.end())?;
        println!("restored up to position {}; publish the newest catalog again", end - 1);
        return Ok(());
    }
    if !matches!(cli.command, Command::Init(_)) && !data.join(tabara_server::store::FILE).exists() {
        return Err("the keys are here, and no log: tabara-server restore FILE puts a backup here".into());
    }
    let store = Store::open(&data)?;
    match cli.command {
        Command::Init(trust) => {
            let known = &settings.authorities;
            if !known.is_empty() && trust.authority.iter().any(|key| !known.contains(key)) {
                return Err(SettingsError::OtherAuthority.into());
            }
            trust.authority.into_iter().try_for_each(|key| settings.trust(key))?;
            println!("operations {}", settings.operations.public());
            println!("intake     {}", settings.intake_recipient());
            for authority in &settings.authorities {
                println!("authority  {authority}  ({})", authority.fingerprint());
            }
        }
        Command::Serve { listen, monitor, certificate, key, public_url, trusted_proxy } => {
            if settings.authorities.is_empty() {
                return Err("no authority is trusted: tabara-server authority add KEY".into());
            }
            if store.read(|log| log.catalog())?.is_none() {
                tracing::warn!("there is no catalog: phones cannot start. tabara-server catalog publish FILE");
            }
            settings.monitor = monitor;
            (settings.public_url, settings.trusted_proxies) = (public_url, trusted_proxy);
            settings.tls = certificate.zip(key).map(|(chain, key)| TlsCertificate::open(&chain, &key)).transpose()?;
            let _lock = lock_data_dir(&data)?;
            tokio::runtime::Runtime::new()?.block_on(async {
                let listener = tokio::net::TcpListener::bind(listen).await?;
                tracing::info!("listening on {}", listener.local_addr()?);
                note_dictionary(&store, &*settings.clock).map_err(std::io::Error::other)?;
                tokio::spawn(asked_to_reload(settings.tls.clone()));
                serve(listener, store, settings, asked_to_stop()).await
            })?;
        }
        Command::Operator(command) => command.run(&store, &mut settings, now)?,
        Command::User(command) => command::run(command, &Staff::open(&data)?, now, &mut std::io::stdout())?,
        Command::Restore { .. } => unreachable!("done before the store was opened"),
    }
    Ok(())
}

/// SIGHUP: the certificate is read again. Without this the signal would end the server.
async fn asked_to_reload(certificate: Option<Arc<TlsCertificate>>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        match &certificate {
            Some(certificate) => reload(certificate),
            None => tracing::info!("SIGHUP: there is no certificate to read again"),
        }
    }
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
