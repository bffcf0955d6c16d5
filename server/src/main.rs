//! `tabara-server`: serves, and the operator's commands on the same data folder, which work beside a running server.

use clap::{Args, Parser, Subcommand};
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tabara_protocol::clock::{Clock as _, SystemClock};
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::seal;
use tabara_server::log::note_dictionary;
use tabara_server::operator::certificate::reload;
use tabara_server::operator::command::OperatorCommand;
use tabara_server::operator::{CommandResult, lock_data_dir, safe_copy};
use tabara_server::settings::SettingsError;
use tabara_server::settings::addresses::{Network, PublicUrl};
use tabara_server::settings::certificate::{OWN_CERTIFICATE, OWN_KEY, TlsCertificate};
use tabara_server::settings::kept::KeptSettings;
use tabara_server::settings::key_files::make_folder;
use tabara_server::settings::own_certificate;
use tabara_server::staff::command::{self, UserCommand};
use tabara_server::staff::file::Staff;
use tabara_server::store::files::give_to_owner;
use tabara_server::{Settings, Store, serve};

#[derive(Parser)]
#[command(name = "tabara-server", version, about = "Takes in sealed records and counts coded facts")]
struct Cli {
    /// Data folder: /var/lib/tabara where the package is installed, else `data`.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the data folder with its keys, or changes its settings, which `serve` reads.
    Init(Box<InitArgs>),
    /// Serves until SIGTERM or SIGINT.
    Serve {
        /// Instead of what `init` was told; without both 127.0.0.1:8080.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Serves health and metrics on an address of their own.
        #[arg(long)]
        monitor: Option<SocketAddr>,
        /// Certificate chain, PEM; without it the server's own, and if it has none, a proxy on this machine must speak TLS.
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
    /// Puts a copy here, on an empty machine or in place of the log; no server may run. Phones then send again what is missing.
    Restore {
        file: PathBuf,
        /// The copy key from the safe, or a recovery key. On the machine that wrote the copy none is needed.
        #[arg(long)]
        key: Option<PathBuf>,
        /// Read the key's passphrase from the first line of this file instead of asking.
        #[arg(long)]
        passphrase_file: Option<PathBuf>,
    },
}

#[derive(Args)]
struct InitArgs {
    /// Public key of the authority whose cards and catalogs are trusted; kept in the data folder.
    #[arg(long, allow_hyphen_values = true)]
    authority: Vec<PublicKey>,
    /// Where `serve` listens.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// The address under which browsers and phones reach this server, https://NAME.
    #[arg(long)]
    public_url: Option<PublicUrl>,
    /// Address or network of a proxy, whose `x-forwarded-for` names the client. May be given several times.
    #[arg(long)]
    trusted_proxy: Vec<Network>,
    /// Public key (age1...) of a key that opens copies of this server and nothing else.
    #[arg(long)]
    copy_key: Vec<String>,
    /// The certificate that phones see, where a proxy holds it, for `doctor`; the server's user must be able to read it.
    #[arg(long)]
    shown_certificate: Option<PathBuf>,
    /// Makes a certificate of its own for the host of --public-url, where there is no public one and no proxy.
    #[arg(long, requires = "public_url")]
    own_certificate: bool,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut cli = Cli::parse();
    let data = cli.data.take().unwrap_or_else(usual_folder);
    let done = run(cli, &data);
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
        && data.is_dir()
        && let Err(e) = give_to_owner(&data)
    {
        tracing::warn!("{}: the server may not read what was made: {e}", data.display());
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("tabara-server: {e}");
            ExitCode::FAILURE
        }
    }
}

fn usual_folder() -> PathBuf {
    let system = ["/var/lib/tabara", "/usr/lib/systemd/system/tabara-server.service"];
    let installed = system.iter().any(|there| Path::new(there).exists());
    PathBuf::from(if installed { system[0] } else { "data" })
}

fn run(cli: Cli, data: &Path) -> CommandResult {
    if let Command::Operator(OperatorCommand::Keys(command)) = &cli.command {
        command.before_opening(data)?;
    }
    let clock = Arc::new(SystemClock::default());
    let now = clock.unix();
    if let Command::Restore { file, key, passphrase_file } = &cli.command {
        return restored(data, file, key.as_deref(), passphrase_file.as_deref(), now);
    }
    // only `init` makes anything: a mistyped folder stays empty
    let mut settings = match &cli.command {
        Command::Init(_) => Settings::create(data, clock)?,
        _ => Settings::open(data, clock)?,
    };
    if !matches!(cli.command, Command::Init(_)) && !data.join(tabara_server::store::FILE).exists() {
        return Err("the keys are here, and no log: tabara-server restore FILE puts a copy here".into());
    }
    let store = Store::open(data)?;
    match cli.command {
        Command::Init(args) => {
            init(&mut settings, *args, now)?;
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
            let kept = KeptSettings::read(data)?;
            let listen = listen.or(kept.listen).unwrap_or(LISTEN);
            settings.public_url = public_url.or(kept.public_url());
            let address = page_address(settings.public_url.as_ref(), listen);
            settings.trusted_proxies = if trusted_proxy.is_empty() { kept.trusted_proxies() } else { trusted_proxy };
            let own = [OWN_CERTIFICATE, OWN_KEY].map(|name| data.join(name));
            let own = own[1].exists().then(|| own.into());
            let files = certificate.zip(key).or(own);
            settings.tls = files.map(|(chain, key)| TlsCertificate::open(&chain, &key)).transpose()?;
            let _lock = lock_data_dir(data)?;
            let first = command::first_link(&Staff::open(data)?, now, &address)?;
            tokio::runtime::Runtime::new()?.block_on(async {
                let listener = tokio::net::TcpListener::bind(listen).await?;
                tracing::info!("listening on {}", listener.local_addr()?);
                if let Some(link) = first {
                    eprintln!("Nobody can sign in yet. Within two days, open this link, which works once:\n{link}");
                }
                note_dictionary(&store, &*settings.clock).map_err(std::io::Error::other)?;
                tokio::spawn(asked_to_reload(settings.tls.clone()));
                serve(listener, store, settings, asked_to_stop()).await
            })?;
        }
        Command::Operator(command) => command.run(&store, &mut settings, now)?,
        Command::User(command) => {
            let kept = KeptSettings::read(data)?;
            let address = page_address(kept.public_url().as_ref(), kept.listen.unwrap_or(LISTEN));
            command::run(command, &Staff::open(data)?, now, &address, &mut std::io::stdout())?;
        }
        Command::Restore { .. } => unreachable!("done before the folder was opened"),
    }
    Ok(())
}

/// Where the server listens if nobody told it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where the pages are.
fn page_address(public: Option<&PublicUrl>, listen: SocketAddr) -> String {
    public.map_or_else(|| format!("http://{listen}"), |url| url.origin().to_owned())
}

fn init(settings: &mut Settings, args: InitArgs, now: i64) -> CommandResult {
    let known = &settings.authorities;
    if !known.is_empty() && args.authority.iter().any(|key| !known.contains(key)) {
        return Err(SettingsError::OtherAuthority.into());
    }
    if let Some(bad) = args.copy_key.iter().find(|key| !seal::is_recipient(key)) {
        return Err(format!("{bad} is not an age key, age1...").into());
    }
    args.authority.into_iter().try_for_each(|key| settings.trust(key))?;
    let mut kept = KeptSettings::read(&settings.data)?;
    kept.listen = args.listen.or(kept.listen);
    kept.public_url = args.public_url.map(|url| url.origin().to_owned()).or(kept.public_url);
    if !args.trusted_proxy.is_empty() {
        kept.trusted_proxies = args.trusted_proxy.iter().map(Network::to_string).collect();
    }
    if !args.copy_key.is_empty() {
        kept.copy_keys = args.copy_key;
    }
    kept.shown_certificate = args.shown_certificate.or(kept.shown_certificate);
    kept.write(&settings.data)?;
    if args.own_certificate {
        let host = kept.public_url().map(|url| url.host().to_owned()).unwrap_or_default();
        own_certificate::make(&settings.data, &host, now)?;
    }
    Ok(())
}

fn restored(data: &Path, file: &Path, key: Option<&Path>, passphrase: Option<&Path>, now: i64) -> CommandResult {
    let plain = std::fs::File::open(file).and_then(|file| {
        let mut begin = Vec::new();
        file.take(15).read_to_end(&mut begin).map(|_| begin == b"SQLite format 3")
    });
    if plain.map_err(|e| format!("{}: {e}", file.display()))? {
        let settings = Settings::open(data, Arc::new(SystemClock::default()))?;
        let _lock = lock_data_dir(&settings.data)?;
        let end = tabara_server::operator::restore::restore(data, file, now)?.read(|log| log.end())?;
        println!("restored up to position {}; publish the newest catalog again", end - 1);
        return Ok(());
    }
    let ask = || tabara_server::operator::passphrase(passphrase);
    let identity = key.map(|key| safe_copy::key_file(key, ask)).transpose()?;
    let there = data.is_dir();
    make_folder(data)?;
    let lock = lock_data_dir(data)?;
    let done = safe_copy::restore(data, file, key.zip(identity.as_ref().map(|identity| identity.as_str())), now);
    if done.is_err() && !there {
        // nothing of a failed try stays: the next look finds an empty place
        drop(lock);
        let _ = std::fs::remove_dir_all(data);
    }
    let (store, day) = done?;
    println!("restored up to position {}, from the copy of {day}", store.read(|log| log.end())? - 1);
    println!("Next: start the server; if the desk has signed a newer catalog since, publish it; tabara-server doctor");
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
        assert!(matches!(cli.command, Command::Init(args) if args.authority[0].to_string() == key));
    }
}
