//! A whole deployment in one folder, for journeys, the demo and benchmarks: an authority, a case worker and a recovery
//! key, a published catalog, and the real server on a free port of this machine. Only the clock is a double.

use crate::authority::{Authority, part};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tabara_core::catalog::{Catalog, Part, PartKind, Recipient, RecipientRole};
use tabara_core::clock::{BootTime, Clock, SystemClock};
use tabara_core::envelope::{Digest, sha256};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening;
use tabara_core::services::Service;
use tabara_desk::authority;
use tabara_server::log;
use tabara_server::operator::case_export;
use tabara_server::{Settings, Store, catalog, serve};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A clock that a test or the demo moves by hand; its monotonic side follows as far as it goes forward.
pub struct SetClock {
    unix: AtomicI64,
    start: i64,
    /// What the calendar shows too much.
    wrong: AtomicI64,
    boot: AtomicI64,
    booted: AtomicI64,
}

impl SetClock {
    /// Seconds since 1970 UTC.
    pub fn at(unix: i64) -> Arc<Self> {
        let [wrong, boot] = [(); 2].map(|()| AtomicI64::new(0));
        Arc::new(Self { unix: AtomicI64::new(unix), start: unix, wrong, boot, booted: AtomicI64::new(unix) })
    }
    pub fn set(&self, unix: i64) {
        self.unix.store(unix, Ordering::SeqCst);
    }
    /// From now on the calendar is wrong by so many seconds; the other clocks are right.
    pub fn set_wrong(&self, by: i64) {
        self.wrong.store(by, Ordering::SeqCst);
    }
    /// The machine starts again.
    pub fn reboot(&self) {
        self.boot.fetch_add(1, Ordering::SeqCst);
        self.booted.store(self.unix.load(Ordering::SeqCst), Ordering::SeqCst);
    }
    pub fn forward(&self, by: Duration) {
        self.unix.fetch_add(by.as_secs() as i64, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn unix(&self) -> i64 {
        self.unix.load(Ordering::SeqCst) + self.wrong.load(Ordering::SeqCst)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.unix.load(Ordering::SeqCst).saturating_sub(self.start).max(0) as u64)
    }
    fn boot_time(&self) -> Option<BootTime> {
        let since = self.unix.load(Ordering::SeqCst).saturating_sub(self.booted.load(Ordering::SeqCst)).max(0) as u64;
        Some(BootTime { boot: self.boot.load(Ordering::SeqCst).to_string(), since: Duration::from_secs(since) })
    }
}

/// A running server and everything around it.
pub struct Deployment {
    pub folder: PathBuf,
    pub clock: Arc<SetClock>,
    pub authority: Authority,
    pub address: SocketAddr,
    pub catalog: Catalog,
    /// Packages by hash.
    pub questionnaires: BTreeMap<Digest, Vec<u8>>,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    store: Store,
}

/// Compiles a questionnaire of the repository; its faults end the test.
pub fn compiled(file: &str) -> Questionnaire {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../questionnaires").join(file);
    let bytes = std::fs::read(&path).expect("a questionnaire of the repository");
    let compiled = screening::compile(&bytes);
    compiled.questionnaire.unwrap_or_else(|| panic!("{file} does not compile: {:?}", compiled.diagnostics))
}

impl Deployment {
    /// Sets everything up in `folder/server` and serves on a port of 127.0.0.1 (0: any free one).
    pub async fn start(folder: &Path, clock: Arc<SetClock>, forms: &[&str], port: u16) -> Self {
        let authority = Authority::default();
        let data = folder.join("server");
        let mut settings = Settings::create(&data, clock.clone()).expect("a folder for the server");
        settings.trust(authority.key.public()).expect("the authority's key is kept");
        let questionnaires: BTreeMap<Digest, Vec<u8>> =
            forms.iter().map(|form| compiled(form).write()).map(|bytes| (sha256(&bytes), bytes)).collect();
        let id = |bytes: &[u8]| screening::read_questionnaire(bytes).expect("just compiled").id.clone();
        let parts = questionnaires.values().map(|bytes| part(&id(bytes), bytes)).collect();
        let mut catalog = authority.catalog(settings.operations.public(), clock.unix() + 20 * 365 * 86_400, parts);
        let (name, role) = ("intake".to_owned(), RecipientRole::Intake);
        catalog.recipients.push(Recipient { name, role, age: settings.intake_recipient() });
        let mut deployment = Self {
            folder: folder.to_owned(),
            clock,
            authority,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            catalog,
            questionnaires,
            running: None,
        };
        deployment.serve().await;
        deployment.publish();
        deployment
    }

    /// The server's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("server")
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server's settings, read anew.
    pub fn settings(&self) -> Settings {
        Settings::open(&self.data(), self.clock.clone()).expect("the server's folder")
    }

    /// Starts the server, on the port that it had.
    pub async fn serve(&mut self) {
        let settings = Settings::open(&self.data(), self.clock.clone()).expect("the server's folder");
        let store = Store::open(&self.data()).expect("the server's database");
        let listener = tokio::net::TcpListener::bind(self.address).await.expect("the port is free");
        self.address = listener.local_addr().expect("a bound port");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            stopped.await.ok();
        };
        let served = tokio::spawn(serve(listener, store.clone(), settings, shutdown));
        self.running = Some(Running { stop, served, store });
    }

    /// Stops the server and waits until it has ended.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.send(()).ok();
            running.served.await.expect("the server ends").expect("the server ends well");
        }
    }

    /// Ends the server at once: connections are cut, and what it was doing is not finished.
    pub async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.served.abort();
            running.served.await.ok();
        }
    }

    /// Waits until the database of a stopped server is closed: its write-ahead log goes last. Where two connections close at
    /// the same moment SQLite leaves it, which takes nothing from a copy.
    fn wait_closed(&self) {
        let wal = self.data().join("tabara.sqlite-wal");
        for _ in (0..400).take_while(|_| wal.exists()) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A copy of the server's folder; it must not run.
    pub fn image(&self) -> tempfile::TempDir {
        self.wait_closed();
        let copy = tempfile::tempdir().expect("a folder");
        copy_files(&self.data(), copy.path());
        copy
    }

    /// Sets the server's folder back to an image, which nobody tells it; it must not run.
    pub fn set_back(&self, image: &Path) {
        self.wait_closed();
        std::fs::remove_dir_all(self.data()).expect("the folder goes");
        std::fs::create_dir(self.data()).expect("an empty folder");
        copy_files(image, &self.data());
    }

    /// The running server's store.
    pub fn store(&self) -> &Store {
        &self.running.as_ref().expect("the server runs").store
    }

    /// Signs the catalog and publishes it with all questionnaires.
    pub fn publish(&self) {
        let settings = Settings::open(&self.data(), self.clock.clone()).expect("the server's folder");
        let jws = authority::sign(&self.catalog, &self.authority.key, None).expect("phones will take this catalog");
        let files = self.questionnaires.values().cloned().collect();
        catalog::publish(self.store(), &settings, &jws, files, self.clock.unix()).expect("the catalog is in order");
    }

    /// Publishes a directory in which this organisation, too, gives medical care and protects children in Kayanza.
    pub fn add_service(&mut self, organisation: &str) {
        let known = self.catalog.parts.iter().find(|part| part.kind == PartKind::Services);
        let known = known.and_then(|part| self.questionnaires.remove(&part.sha256));
        let mut services: Vec<serde_json::Value> =
            known.map(|bytes| serde_json::from_slice(&bytes).expect("our own")).unwrap_or_default();
        let (place, name) = ("BI-CO-04-02", "Care for all");
        services.push(serde_json::json!({
            "id": Service::id_of(organisation, name, place), "organisation": organisation, "name": name, "place": place,
            "offers": ["sv_medical", "sv_child"], "phones": ["+257 22 00 00 00"], "address": "near the market"
        }));
        let bytes = serde_json::to_vec(&services).expect("plain data");
        let (kind, id) = (PartKind::Services, "services".to_owned());
        self.catalog.parts.retain(|part| part.kind != PartKind::Services);
        self.catalog.parts.push(Part { kind, id, sha256: sha256(&bytes), len: bytes.len() as u64 });
        self.questionnaires.insert(sha256(&bytes), bytes);
        self.catalog.version += 1;
        self.publish();
    }

    /// What `tabara-server inbox` writes.
    pub fn export_inbox(&self, folder: &Path) {
        let (store, settings) = (self.store(), self.settings());
        for code in case_export::codes(store, i64::MIN).expect("the log can be read") {
            let file = folder.join(format!("{}.json", sha256(code.as_str().as_bytes())));
            let held = case_export::gather(store, &settings, code).expect("the log can be read");
            std::fs::write(file, serde_json::to_vec(&held).expect("plain data")).expect("the folder can be written");
        }
    }

    /// Closes the months that are due by the clock.
    pub fn tick(&self) {
        log::tick(self.store(), &*self.clock).expect("months close");
    }

    /// The text of a new card for a commune.
    pub fn card(&self, commune: &str) -> String {
        self.card_to(commune, self.url())
    }

    /// The text of a new card for a device of a provider.
    pub fn provider_card(&self, organisation: &str) -> String {
        let expires = self.clock.unix().max(SystemClock::default().unix()) + 30 * 86_400;
        self.authority.provider_card(organisation, "BI-CO-01-01", expires, self.url())
    }

    /// The same, for a phone that reaches the server at another address.
    pub fn card_to(&self, commune: &str, server: String) -> String {
        // a phone of a developer has the real time, whatever the deployment's clock says
        let expires = self.clock.unix().max(SystemClock::default().unix()) + 30 * 86_400;
        self.authority.card(commune, expires, server)
    }
}

/// Copies all files of a folder, as a backup or an image of the flash has them.
pub fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file").path();
        std::fs::copy(&file, to.join(file.file_name().expect("a file has a name"))).expect("copied");
    }
}
