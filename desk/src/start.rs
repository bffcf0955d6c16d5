//! `tabara-desk start`: eight questions, and a deployment is ready to be carried: keys, the first catalog, the server as one locked
//! copy, the sheet that says what lies in which safe. The server's part is done by `tabara-server` itself, which lies beside
//! this program; its folder lives here only until its copy was written and restored once, as a rehearsal.

use crate::authority;
use crate::catalog::{self, Changes, InForce, differences};
use crate::deployment::{self, DeploymentNotes};
use crate::error::{Result, at, invalid, no_date};
use crate::files::{read, write, write_private};
use crate::keys;
use crate::sheets;
use crate::texts::{TEXTS, Texts, refused};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tabara_core::screening;
use tabara_forms::say;
use tabara_protocol::catalog::{Recipient, RecipientRole, ServerAddress, is_server_address};
use tabara_protocol::clock::{Clock as _, SystemClock, civil_date, end_of_day};
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::server_report::ServerReport;
use zeroize::Zeroizing;

/// The questionnaires of the product, by the names of their files.
const FORMS: [(&str, &str); 7] = [
    ("returnee-screening", include_str!("../../questionnaires/returnee-screening.md")),
    ("first-line", include_str!("../../questionnaires/first-line.md")),
    ("hotline-intake", include_str!("../../questionnaires/hotline-intake.md")),
    ("referral-follow-up", include_str!("../../questionnaires/referral-follow-up.md")),
    ("assistance-given", include_str!("../../questionnaires/assistance-given.md")),
    ("activity-report", include_str!("../../questionnaires/activity-report.md")),
    ("law-enforcement-figures", include_str!("../../questionnaires/law-enforcement-figures.md")),
];
/// The proxies' files, in which `tabara.example` stands for the name.
const PROXIES: [(&str, &str); 2] =
    [("nginx.conf", include_str!("../../deploy/nginx.conf")), ("Caddyfile", include_str!("../../deploy/Caddyfile"))];

/// The questions, in their order. A passphrase is typed unseen, and twice.
const QUESTIONS: [&str; 8] = [
    "organisation",
    "address",
    "certificate",
    "forms",
    "case-worker",
    "notify",
    "safe-passphrase",
    "case-worker-passphrase",
];
const YEAR: i64 = 365 * 86_400;

#[derive(clap::Args)]
pub struct StartArgs {
    /// A new folder for everything.
    #[arg(long, default_value = "tabara")]
    dir: PathBuf,
    /// Answers in a file, `question = answer` on each line, instead of asking: for rehearsals, since passphrases stand in it.
    #[arg(long)]
    answers: Option<PathBuf>,
}

struct Answers {
    organisation: String,
    address: String,
    /// The server signs its certificate itself; else a proxy before it has a public one.
    own_certificate: bool,
    forms: Vec<&'static str>,
    case_worker: String,
    /// Hears by e-mail when something on the server waits.
    notify: Option<String>,
    expires: i64,
    safe: Zeroizing<String>,
    worker: Zeroizing<String>,
}

/// Asks, makes and rehearses everything.
pub fn run(args: &StartArgs, texts: &Texts) -> Result<()> {
    let dir = &args.dir;
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(refused(say!(TEXTS: "start-not-empty", folder = dir.display())));
    }
    let server = Server::find(dir.join("server"))?;
    let given = args.answers.as_deref().map(answers_of).transpose()?;
    let answers = Answers::ask(texts, given)?;
    let tell = |phrase| println!("{}", texts.phrase(&phrase));

    std::fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
    let safe = dir.join("safe");
    std::fs::create_dir_all(&safe).map_err(|e| at(&safe, e))?;
    let authority = authority::init(&dir.join("authority"), &answers.safe)?;
    let recovery = keys::new_identity(&safe.join("recovery.age"), &answers.safe)?;
    let copies = keys::new_identity(&safe.join("copies.age"), &answers.safe)?;
    let worker_file = dir.join(format!("{}.age", answers.case_worker));
    let worker = keys::new_identity(&worker_file, &answers.worker)?;
    // opened from the disk once, before anything is sealed to them
    for (file, words) in [(&safe.join("recovery.age"), &answers.safe), (&worker_file, &answers.worker)] {
        keys::identity(file, words)?;
    }
    tell(say!(TEXTS: "start-keys"));

    let report = server.make(&answers, &authority, &copies, dir)?;
    let recipient = |name: &str, role, age: &str| Recipient { name: name.to_owned(), role, age: age.to_owned() };
    let changes = Changes {
        forms: forms_in(&answers.forms, dir)?,
        recipients: vec![
            recipient(&answers.case_worker, RecipientRole::CaseWorker, &worker),
            recipient("recovery", RecipientRole::Recovery, &recovery),
        ],
        expires: Some(answers.expires),
        ..Changes::default()
    };
    let from = InForce::reported(report.clone()).map_err(|e| invalid(e.to_string()))?;
    let draft = catalog::next(&from, &changes, &BTreeMap::new(), |_| None, SystemClock::default().unix())?;
    for phrase in differences::between(None, &draft.catalog, &BTreeMap::new()) {
        tell(phrase);
    }
    let key = authority::key(&dir.join("authority"), &answers.safe)?;
    let folder = dir.join("catalog");
    catalog::write_signed(&authority::sign(&draft.catalog, &key, None)?, &draft, &folder)?;
    server.run(&["catalog", "publish", &text(&folder.join(catalog::FILE))], None)?;

    let carry = dir.join("carry");
    std::fs::create_dir_all(&carry).map_err(|e| at(&carry, e))?;
    let copy = carry.join("tabara.copy");
    server.run(&["backup", &text(&copy)], None)?;
    let notes = DeploymentNotes {
        organisation: answers.organisation.clone(),
        servers: vec![ServerAddress { url: answers.address.clone(), pin: report.certificate }],
    };
    notes.write(&dir.join(deployment::FILE))?;
    if !answers.own_certificate {
        let host = answers.address.trim_start_matches("https://");
        for (name, file) in PROXIES {
            write(&carry.join(name), file.replace("tabara.example", host))?;
        }
    }
    let sheet = sheet(texts, &answers, &authority, &notes);
    write_private(&dir.join("sheets.html"), sheets::document("Tabara", texts.tag(), &[sheet]).as_bytes())?;

    // the copy is the server from now on: it is tried before its folder goes
    let rehearsal = Server { program: server.program.clone(), data: dir.join("rehearsal") };
    let copies_file = text(&safe.join("copies.age"));
    rehearsal.run(&["restore", &text(&copy), "--key", &copies_file], Some(&answers.safe))?;
    let found = rehearsal.run(&["doctor"], None)?;
    for gone in [&server.data, &rehearsal.data, &dir.join("forms")] {
        std::fs::remove_dir_all(gone).map_err(|e| at(gone, e))?;
    }
    let report = dir.join("server.json");
    std::fs::remove_file(&report).map_err(|e| at(&report, e))?;
    tell(say!(TEXTS: "start-rehearsed"));
    print!("{found}");
    tell(say!(TEXTS: "start-next", folder = dir.display()));
    Ok(())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// `question = answer` on each line.
fn answers_of(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = String::from_utf8_lossy(&read(file)?).into_owned();
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let answers: BTreeMap<String, String> =
        lines.map(|(name, answer)| (name.trim().to_owned(), answer.trim().to_owned())).collect();
    match answers.keys().find(|name| !QUESTIONS.contains(&name.as_str())) {
        Some(unknown) => Err(refused(say!(TEXTS: "start-no-question", name = unknown, names = QUESTIONS.join(", ")))),
        None => Ok(answers),
    }
}

impl Answers {
    fn ask(texts: &Texts, given: Option<BTreeMap<String, String>>) -> Result<Self> {
        let ask = |id: &str, usual: &str| -> Result<String> {
            if let Some(given) = &given {
                return Ok(given.get(id).cloned().unwrap_or_else(|| usual.to_owned()));
            }
            let number = QUESTIONS.iter().position(|question| *question == id).unwrap_or_default() + 1;
            eprint!("{number}. {} ", texts.say(&format!("start-ask-{id}")));
            if !usual.is_empty() {
                eprint!("[{usual}] ");
            }
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(|e| at(Path::new("input"), e))?;
            let line = line.trim();
            Ok(if line.is_empty() { usual.to_owned() } else { line.to_owned() })
        };
        let bad =
            |id: &str| refused(say!(TEXTS: "start-bad-answer", id, question = texts.say(&format!("start-ask-{id}"))));
        let organisation = Some(ask("organisation", "")?).filter(|text| !text.is_empty());
        let organisation = organisation.ok_or_else(|| bad("organisation"))?;
        let address = ask("address", "")?.trim_end_matches('/').to_lowercase();
        if !is_server_address(&address) {
            return Err(bad("address"));
        }
        let own_certificate = match ask("certificate", "own")?.as_str() {
            "own" => true,
            "proxy" => false,
            _ => return Err(bad("certificate")),
        };
        let all = FORMS.map(|(name, _)| name);
        let words = ask("forms", &all.join(" "))?;
        let known = |word: &str| all.into_iter().find(|name| *name == word);
        let forms = words.split([' ', ',']).filter(|word| !word.is_empty()).map(known).collect::<Option<Vec<_>>>();
        let forms = forms.filter(|forms| !forms.is_empty()).ok_or_else(|| bad("forms"))?;
        let case_worker = ask("case-worker", "")?;
        // it names a file
        let plain = |c: char| c.is_alphanumeric() || " -_".contains(c);
        if case_worker.is_empty() || !case_worker.chars().all(plain) || case_worker == "recovery" {
            return Err(bad("case-worker"));
        }
        let notify = Some(ask("notify", "")?).filter(|to| !to.is_empty());
        let expires = end_of_day(&civil_date(SystemClock::default().unix() + YEAR).to_string()).ok_or_else(no_date)?;
        let secret = |id: &str| -> Result<Zeroizing<String>> {
            match &given {
                Some(given) => Ok(Zeroizing::new(given.get(id).cloned().unwrap_or_default())),
                None => keys::new_passphrase(&texts.say(&format!("start-ask-{id}")), &texts.say("start-ask-again")),
            }
        };
        let (safe, worker) = (secret("safe-passphrase")?, secret("case-worker-passphrase")?);
        Ok(Self { organisation, address, own_certificate, forms, case_worker, notify, expires, safe, worker })
    }
}

/// The chosen questionnaires, compiled.
fn forms_in(names: &[&str], dir: &Path) -> Result<Vec<PathBuf>> {
    let folder = dir.join("forms");
    std::fs::create_dir_all(&folder).map_err(|e| at(&folder, e))?;
    let compile = |(name, text): &(&str, &str)| {
        let compiled = screening::compile(text.as_bytes())
            .questionnaire
            .ok_or_else(|| invalid(format!("{name} does not compile")))?;
        let file = folder.join(format!("{name}.json"));
        write(&file, compiled.write())?;
        Ok(file)
    };
    FORMS.iter().filter(|(name, _)| names.contains(name)).map(compile).collect()
}

/// The server's program on a folder.
struct Server {
    program: PathBuf,
    data: PathBuf,
}

impl Server {
    /// The program beside this one, or that of the system.
    fn find(data: PathBuf) -> Result<Self> {
        let beside =
            std::env::current_exe().ok().map(|own| own.with_file_name("tabara-server")).filter(|file| file.exists());
        let program = beside.unwrap_or_else(|| PathBuf::from("tabara-server"));
        let there = Command::new(&program).arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
        if there { Ok(Self { program, data }) } else { Err(refused(say!(TEXTS: "start-no-server"))) }
    }

    /// Runs a command and returns what it prints. Its error is ours.
    fn run(&self, words: &[&str], input: Option<&str>) -> Result<String> {
        let failed = |e: std::io::Error| at(&self.program, e);
        let mut command = Command::new(&self.program);
        command.env("RUST_LOG", "error").arg("--data").arg(&self.data).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // who needs no input may be gone already
            let _ = writeln!(stdin, "{}", input.unwrap_or_default());
        }
        let done = child.wait_with_output().map_err(failed)?;
        let [said, fault] = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        if done.status.success() {
            Ok(said)
        } else {
            Err(invalid(format!("tabara-server {}: {said}{fault}", words.join(" "))))
        }
    }

    fn make(&self, answers: &Answers, authority: &PublicKey, copies: &str, dir: &Path) -> Result<ServerReport> {
        let authority = format!("--authority={authority}");
        let mut words = vec!["init", &authority, "--copy-key", copies, "--public-url", &answers.address];
        let port = answers.address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or(443);
        let public = format!("0.0.0.0:{port}");
        match answers.own_certificate {
            true => words.extend(["--listen", &public, "--own-certificate"]),
            false => words.extend(["--listen", "127.0.0.1:8080", "--trusted-proxy", "127.0.0.1"]),
        }
        self.run(&words, None)?;
        if let Some(to) = &answers.notify {
            self.run(&["notify", "add", to, "--duty", "operator"], None)?;
        }
        let file = dir.join("server.json");
        self.run(&["report", "-o", &text(&file)], None)?;
        serde_json::from_slice(&read(&file)?).map_err(|e| at(&file, e))
    }
}

/// What lies in which safe.
fn sheet(texts: &Texts, answers: &Answers, authority: &PublicKey, notes: &DeploymentNotes) -> Markup {
    let t = |id: &str| texts.say(id);
    let certificate = notes.servers.iter().find_map(|server| server.pin).map(|pin| pin.aloud()).unwrap_or_default();
    let rows = [
        (t("sheet-organisation"), answers.organisation.clone()),
        (t("sheet-server"), answers.address.clone()),
        (t("sheet-authority"), authority.fingerprint()),
        (t("sheet-certificate"), certificate),
        (t("sheet-until"), civil_date(answers.expires).to_string()),
    ];
    html! {
        h1 { (t("sheet-safes")) }
        (sheets::facts(&rows))
        @for id in ["sheet-safe-1", "sheet-safe-2", "sheet-envelopes", "sheet-worker", "sheet-server-holds", "sheet-year"] {
            p { (t(id)) }
        }
    }
}
