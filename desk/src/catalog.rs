//! The next catalog: everything of the one in force, and what a person asks to change. Nobody types a plan; what could do
//! harm (a key that nobody tried, an expiry that is over, two forms under one version, a policy that no phone should
//! follow) is refused with its cure, and [`differences`] says in words what changes before it is signed.

pub mod command;
pub mod differences;

use crate::error::{Result, at};
use crate::files::{read, write};
use crate::form;
use crate::reader;
use crate::texts::{TEXTS, refused};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tabara_core::screening::read_questionnaire;
use tabara_forms::say;
use tabara_protocol::catalog::{
    Catalog, PROTOCOL, Part, PartKind, Policy, Recipient, RecipientRole, Reviewer, Rotation, ServerAddress, Uuid,
};
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::{self, Digest, PublicKey, Typ, sha256};
use tabara_protocol::kind::Kind;
use tabara_protocol::seal;
use tabara_protocol::server_report::ServerReport;
use tabara_protocol::services::Directory;

/// The signed catalog in its folder, and the folder of the files that it names.
pub const FILE: &str = "catalog.jws";
pub const PARTS: &str = "parts";

/// What the next catalog begins from.
#[derive(Default)]
pub struct InForce {
    /// As it was signed, and what it says; none for the first one.
    pub jws: Option<String>,
    pub catalog: Option<Catalog>,
    /// What the server tells of its keys and phones, if its report was read.
    pub report: Option<ServerReport>,
}

impl InForce {
    /// Reads a signed catalog, or what `tabara-server report` wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read(path)?;
        let unreadable = || refused(say!(TEXTS: "catalog-unreadable", file = path.display()));
        if bytes.starts_with(b"{") {
            let report: ServerReport = envelope::from_json(&bytes).map_err(|_| unreadable())?;
            return Self::reported(report).map_err(|_| unreadable());
        }
        let jws = String::from_utf8_lossy(&bytes).trim().to_owned();
        let catalog = envelope::stored(&jws).map_err(|_| unreadable())?;
        Ok(Self { jws: Some(jws), catalog: Some(catalog), report: None })
    }

    /// What a report holds.
    pub fn reported(report: ServerReport) -> std::result::Result<Self, envelope::EnvelopeError> {
        Ok(Self { jws: report.catalog.clone(), catalog: report.stored_catalog()?, report: Some(report) })
    }

    /// The phones that the server knows, in words.
    pub fn phones(&self) -> BTreeMap<Uuid, String> {
        let phones = self.report.iter().flat_map(|report| &report.phones);
        phones.map(|phone| (phone.device, format!("{}, {}", phone.organisation, place(&phone.commune)))).collect()
    }
}

/// A commune by its name.
pub fn place(commune: &str) -> String {
    tabara_protocol::places::name(commune).map_or_else(|| commune.to_owned(), str::to_owned)
}

/// Reads a signed catalog without trusting it.
pub fn stored(path: &Path) -> Result<Catalog> {
    InForce::read(path)?.catalog.ok_or_else(|| refused(say!(TEXTS: "catalog-none", file = path.display())))
}

/// Reads a catalog that this authority signed.
pub fn of_authority(path: &Path, authority: &PublicKey) -> Result<Catalog> {
    let jws = InForce::read(path)?.jws.unwrap_or_default();
    envelope::open(Typ::Catalog, authority, &jws).map_err(|e| at(path, e))
}

/// What a person asks to change. What no option tells by itself is filled in when keys were tried: their files were opened.
#[derive(Default, clap::Args)]
pub struct Changes {
    /// A form (workbook or compiled) in place of the one with its id. May be given several times, as may most of the options.
    #[arg(long = "form")]
    pub forms: Vec<PathBuf>,
    /// The id of a form that phones shall not offer any more.
    #[arg(long = "without-form")]
    pub without_forms: Vec<String>,
    /// The directory of services.
    #[arg(long)]
    pub services: Option<PathBuf>,
    #[arg(skip)]
    pub recipients: Vec<Recipient>,
    #[arg(skip)]
    pub reviewers: Vec<Reviewer>,
    /// The name of a case worker, recovery key or reviewer who leaves.
    #[arg(long)]
    pub without: Vec<String>,
    /// Id of a phone or card that is not trusted any more.
    #[arg(long)]
    pub revoke: Vec<Uuid>,
    /// Id of a phone that is trusted again.
    #[arg(long)]
    pub trust: Vec<Uuid>,
    #[arg(skip)]
    pub servers: Vec<ServerAddress>,
    /// Seconds since 1970 UTC.
    #[arg(skip)]
    pub expires: Option<i64>,
    /// A rule that phones follow, NAME=NUMBER.
    #[arg(long, value_parser = rule)]
    pub policy: Vec<(String, u32)>,
    /// Who signs this catalog: it need not be named beside itself.
    #[arg(skip)]
    pub signer: Option<PublicKey>,
    /// Authorities that may sign beside it: the next one, or the last.
    #[arg(skip)]
    pub also_trust: Vec<PublicKey>,
    /// All phones have met the new keys: the earlier ones are named no more.
    #[arg(long)]
    pub forget_old_keys: bool,
}

fn rule(text: &str) -> std::result::Result<(String, u32), String> {
    let (name, number) = text.split_once('=').ok_or("NAME=NUMBER")?;
    Ok((name.to_owned(), number.parse().map_err(|_| "NAME=NUMBER")?))
}

/// A catalog that is not signed yet, with the files that are new in it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub catalog: Catalog,
    pub parts: Vec<Vec<u8>>,
}

/// A number of the policy: its name, what is sane, and where it stands.
type Rule = (&'static str, RangeInclusive<u32>, fn(&mut Policy) -> &mut u32);
const POLICY: [Rule; 10] = [
    ("pin_attempts", 5..=20, |p| &mut p.pin_attempts),
    ("keep_sealed_days", 14..=90, |p| &mut p.keep_sealed_days),
    ("keep_cards_days", 30..=400, |p| &mut p.keep_cards_days),
    ("lease_days", 14..=180, |p| &mut p.lease_days),
    ("lock_after_seconds", 30..=900, |p| &mut p.lock_after_seconds),
    // 0: for ever
    ("keep_years_screening", 0..=30, |p| p.keep_years.entry(Kind::Screening).or_default()),
    ("keep_years_referral", 0..=30, |p| p.keep_years.entry(Kind::Referral).or_default()),
    ("keep_years_assistance", 0..=30, |p| p.keep_years.entry(Kind::Assistance).or_default()),
    ("keep_years_activity", 0..=30, |p| p.keep_years.entry(Kind::Activity).or_default()),
    ("keep_years_enforcement", 0..=30, |p| p.keep_years.entry(Kind::Enforcement).or_default()),
];

/// Makes the next catalog. `part` finds a file that an earlier catalog named, where it is at hand; `known` are the cards that
/// were ever issued or used. `now` is in seconds since 1970 UTC.
pub fn next(
    from: &InForce,
    changes: &Changes,
    known: &BTreeMap<Uuid, String>,
    part: impl Fn(&Digest) -> Option<Vec<u8>>,
    now: i64,
) -> Result<Draft> {
    let before = from.catalog.as_ref();
    let report = from.report.as_ref();
    let mut catalog = match (before, report) {
        (Some(before), _) => Catalog { version: before.version + 1, least_protocol: PROTOCOL, ..before.clone() },
        (None, Some(report)) => first(report),
        (None, None) => return Err(refused(say!(TEXTS: "catalog-no-base"))),
    };
    if let Some(report) = report {
        take_server_keys(&mut catalog, report);
    }
    if changes.forget_old_keys {
        catalog.rotation = Rotation::default();
    }
    let authorities = &mut catalog.rotation.authorities;
    authorities.extend(changes.also_trust.iter().filter(|key| !authorities.contains(key)).copied().collect::<Vec<_>>());
    authorities.retain(|key| Some(*key) != changes.signer);
    change_people(&mut catalog, changes)?;
    change_trust(&mut catalog, changes, known)?;
    let mut parts = Vec::new();
    for file in &changes.forms {
        let bytes = package(file)?;
        if replace_form(&mut catalog, &bytes, &part)? {
            parts.push(bytes);
        }
    }
    for id in &changes.without_forms {
        let count = catalog.parts.len();
        catalog.parts.retain(|part| part.kind != PartKind::Questionnaire || part.id != *id);
        if catalog.parts.len() == count {
            return Err(refused(say!(TEXTS: "catalog-no-such-form", id)));
        }
    }
    if let Some(file) = &changes.services {
        let bytes = read(file)?;
        Directory::read(&bytes).map_err(|fault| at(file, fault))?;
        catalog.parts.retain(|part| part.kind != PartKind::Services);
        catalog.parts.push(named(PartKind::Services, "services", &bytes));
        parts.push(bytes);
    }
    if !changes.servers.is_empty() {
        catalog.servers = changes.servers.clone();
    }
    catalog.expires = changes.expires.unwrap_or(catalog.expires);
    catalog.reader = Some(reader::digest());
    change_policy(&mut catalog.policy, &changes.policy)?;
    check(&catalog, now)?;
    if before.is_some_and(|before| *before == Catalog { version: before.version, ..catalog.clone() }) {
        return Err(refused(say!(TEXTS: "catalog-same")));
    }
    Ok(Draft { catalog, parts })
}

fn first(report: &ServerReport) -> Catalog {
    Catalog {
        version: 1,
        expires: 0,
        operations: report.operations,
        recipients: vec![],
        reviewers: vec![],
        parts: vec![],
        revoked: vec![],
        servers: vec![],
        policy: Policy::default(),
        rotation: Rotation::default(),
        reader: None,
        least_protocol: PROTOCOL,
    }
}

/// The keys that the server has now. A planned exchange names the present key beside the next one; a key that the server has
/// lost is named no more.
fn take_server_keys(catalog: &mut Catalog, report: &ServerReport) {
    let next = report.next_operations.unwrap_or(report.operations);
    if catalog.operations != next {
        let earlier = (report.operations != next).then_some(report.operations);
        catalog.rotation.operations = earlier.into_iter().collect();
        catalog.operations = next;
    }
    if catalog.intake_key() != Some(&report.intake) {
        catalog.recipients.retain(|recipient| recipient.role != RecipientRole::Intake);
        let (name, role, age) = ("server".to_owned(), RecipientRole::Intake, report.intake.clone());
        catalog.recipients.push(Recipient { name, role, age });
    }
}

fn change_people(catalog: &mut Catalog, changes: &Changes) -> Result<()> {
    for name in &changes.without {
        let count = catalog.recipients.len() + catalog.reviewers.len();
        catalog.recipients.retain(|one| one.name != *name || one.role == RecipientRole::Intake);
        catalog.reviewers.retain(|one| one.name != *name);
        if catalog.recipients.len() + catalog.reviewers.len() == count {
            let names = catalog.recipients.iter().map(|one| one.name.as_str());
            let names = names.chain(catalog.reviewers.iter().map(|one| one.name.as_str())).collect::<Vec<_>>();
            return Err(refused(say!(TEXTS: "catalog-no-such-name", name, names = names.join(", "))));
        }
    }
    for new in &changes.recipients {
        catalog.recipients.retain(|one| (one.role, &one.name) != (new.role, &new.name));
        catalog.recipients.push(new.clone());
    }
    for new in &changes.reviewers {
        catalog.reviewers.retain(|one| one.name != new.name);
        catalog.reviewers.push(new.clone());
    }
    Ok(())
}

fn change_trust(catalog: &mut Catalog, changes: &Changes, known: &BTreeMap<Uuid, String>) -> Result<()> {
    for device in &changes.revoke {
        if catalog.revoked.contains(device) {
            return Err(refused(say!(TEXTS: "catalog-revoked-already", device)));
        }
        if !known.contains_key(device) {
            return Err(refused(say!(TEXTS: "catalog-unknown-device", device)));
        }
        catalog.revoked.push(*device);
    }
    for device in &changes.trust {
        let Some(at) = catalog.revoked.iter().position(|revoked| revoked == device) else {
            return Err(refused(say!(TEXTS: "catalog-not-revoked", device)));
        };
        catalog.revoked.remove(at);
    }
    Ok(())
}

/// The package of a form: compiled already, or a workbook that is compiled now.
fn package(file: &Path) -> Result<Vec<u8>> {
    let bytes = read(file)?;
    if bytes.starts_with(b"{") {
        read_questionnaire(&bytes).map_err(|e| at(file, e))?;
        return Ok(bytes);
    }
    let compiled = form::compile_bytes(file, &bytes);
    match compiled.questionnaire {
        Some(questionnaire) if form::verdict(&compiled.diagnostics) == form::FormVerdict::Usable => {
            Ok(questionnaire.write())
        }
        _ => Err(refused(say!(TEXTS: "catalog-form-faulty", file = file.display()))),
    }
}

/// Puts a form in front of those with its id; the last one before it stays, for drafts that began with it. False if nothing
/// changes.
fn replace_form(catalog: &mut Catalog, bytes: &[u8], part: &impl Fn(&Digest) -> Option<Vec<u8>>) -> Result<bool> {
    let form = read_questionnaire(bytes).expect("checked when it was read");
    let new = named(PartKind::Questionnaire, &form.id, bytes);
    let same_id = |part: &&Part| part.kind == PartKind::Questionnaire && part.id == new.id;
    let earlier: Vec<Part> = catalog.parts.iter().filter(same_id).cloned().collect();
    if earlier.first().is_some_and(|first| first.sha256 == new.sha256) {
        return Ok(false);
    }
    for old in earlier.iter().filter(|old| old.sha256 != new.sha256) {
        let version = part(&old.sha256).and_then(|bytes| Some(read_questionnaire(&bytes).ok()?.version.clone()));
        if version.is_some_and(|version| version == form.version) {
            let (id, version) = (&new.id, &form.version);
            return Err(refused(say!(TEXTS: "catalog-same-form-version", id, version)));
        }
    }
    let place = catalog.parts.iter().position(|part| same_id(&part)).unwrap_or(catalog.parts.len());
    catalog.parts.retain(|part| !same_id(&part));
    let last = earlier.into_iter().find(|old| old.sha256 != new.sha256);
    catalog.parts.splice(place..place, std::iter::once(new).chain(last));
    Ok(true)
}

fn named(kind: PartKind, id: &str, bytes: &[u8]) -> Part {
    Part { kind, id: id.to_owned(), sha256: sha256(bytes), len: bytes.len() as u64 }
}

fn change_policy(policy: &mut Policy, changes: &[(String, u32)]) -> Result<()> {
    for (name, value) in changes {
        let Some((_, _, place)) = POLICY.iter().find(|(known, ..)| known == name) else {
            let names = POLICY.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
            return Err(refused(say!(TEXTS: "catalog-no-such-rule", name, names)));
        };
        *place(policy) = *value;
    }
    Ok(())
}

/// What no catalog may say.
fn check(catalog: &Catalog, now: i64) -> Result<()> {
    if catalog.expires <= now {
        let day = civil_date(catalog.expires);
        return Err(refused(say!(TEXTS: "catalog-expired", day)));
    }
    if !catalog.parts.iter().any(|part| part.kind == PartKind::Questionnaire) {
        return Err(refused(say!(TEXTS: "catalog-no-form")));
    }
    for role in [RecipientRole::CaseWorker, RecipientRole::Recovery] {
        if !catalog.recipients.iter().any(|recipient| recipient.role == role) {
            let option = if role == RecipientRole::Recovery { "--recovery" } else { "--recipient" };
            return Err(refused(say!(TEXTS: "catalog-nobody", option)));
        }
    }
    let mut policy = catalog.policy.clone();
    for (name, sane, place) in &POLICY {
        let value = *place(&mut policy);
        if !sane.contains(&value) {
            let (least, most) = (sane.start(), sane.end());
            return Err(refused(say!(TEXTS: "catalog-policy", name, value, least, most)));
        }
    }
    match catalog.recipients.iter().find(|recipient| !seal::is_recipient(&recipient.age)) {
        Some(bad) => Err(refused(say!(TEXTS: "catalog-bad-key", name = bad.name))),
        None => Ok(()),
    }
}

/// Writes a signed catalog and its new files into a folder, which is then carried to the server. The one before it stays
/// beside, under its version.
pub fn write_signed(jws: &str, draft: &Draft, folder: &Path) -> Result<()> {
    let parts = folder.join(PARTS);
    std::fs::create_dir_all(&parts).map_err(|e| at(&parts, e))?;
    for bytes in &draft.parts {
        write(&parts.join(sha256(bytes).to_string()), bytes)?;
    }
    let file = folder.join(FILE);
    if let Ok(before) = stored(&file) {
        let kept = folder.join(format!("catalog-{}.jws", before.version));
        std::fs::rename(&file, &kept).map_err(|e| at(&kept, e))?;
    }
    write(&file, jws)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority;
    use tabara_protocol::envelope::SigningKey;
    use tabara_protocol::server_report::ReportedPhone;
    use tabara_protocol::wire::Standing;

    const NOW: i64 = 1_795_363_200;
    const FORM: &str = "| survey |\n| | type | name | label |\n| | note | n | N |\n| settings |\n| | form_id | version |\n| | screening | VERSION |\n";

    struct Office {
        folder: tempfile::TempDir,
        key: SigningKey,
        report: ServerReport,
    }

    impl Office {
        fn new() -> Self {
            let phone = ReportedPhone {
                device: Uuid::from_u128(7),
                organisation: "CNLTP".into(),
                commune: "BI-CO-04-02".into(),
                standing: Standing::Trusted,
                records: 2,
                seen: Some(NOW),
            };
            let report = ServerReport {
                written: NOW,
                operations: SigningKey::generate().public(),
                next_operations: None,
                certificate: None,
                intake: seal::new_identity().1,
                catalog: None,
                phones: vec![phone],
            };
            Self { folder: tempfile::tempdir().unwrap(), key: SigningKey::generate(), report }
        }
        fn form(&self, version: &str, label: &str) -> PathBuf {
            let file = self.folder.path().join(format!("{version}-{label}.md"));
            std::fs::write(&file, FORM.replace("VERSION", version).replace("| N |", &format!("| {label} |"))).unwrap();
            file
        }
        fn first(&self) -> Changes {
            let recipient = |name: &str, role| Recipient { name: name.into(), role, age: seal::new_identity().1 };
            Changes {
                forms: vec![self.form("1", "N")],
                recipients: vec![
                    recipient("aline", RecipientRole::CaseWorker),
                    recipient("safe", RecipientRole::Recovery),
                ],
                expires: Some(NOW + 365 * 86_400),
                ..Changes::default()
            }
        }
        fn next(&self, changes: &Changes) -> Result<Draft> {
            let from = InForce::reported(self.report.clone()).unwrap();
            let parts = self.folder.path().join(PARTS);
            next(&from, changes, &from.phones(), |sha256| std::fs::read(parts.join(sha256.to_string())).ok(), NOW)
        }
        /// Signs what follows from the changes, and puts it in force.
        fn publish(&mut self, changes: &Changes) -> Catalog {
            let draft = self.next(changes).unwrap();
            let jws = authority::sign(&draft.catalog, &self.key, self.report.catalog.as_deref()).unwrap();
            write_signed(&jws, &draft, self.folder.path()).unwrap();
            self.report.catalog = Some(jws);
            draft.catalog
        }
        fn refusal(&self, changes: &Changes) -> String {
            self.next(changes).unwrap_err().to_string()
        }
    }

    fn only(change: impl FnOnce(&mut Changes)) -> Changes {
        let mut changes = Changes::default();
        change(&mut changes);
        changes
    }

    #[test]
    fn the_next_catalog_keeps_everything_that_nobody_asked_to_change() {
        let mut office = Office::new();
        let one = office.publish(&office.first());
        let two = office.publish(&only(|c| c.revoke = vec![Uuid::from_u128(7)]));
        assert_eq!(two, Catalog { version: 2, revoked: vec![Uuid::from_u128(7)], ..one.clone() });
        // a new form comes first, the last one stays for drafts, and the revocation stays too
        let three = office.publish(&only(|c| c.forms = vec![office.form("2", "N")]));
        assert_eq!((three.parts.len(), &three.parts[1], &three.revoked), (2, &one.parts[0], &two.revoked));
        let four = office.publish(&only(|c| c.forms = vec![office.form("3", "N")]));
        assert_eq!(four.parts[1], three.parts[0]);
        assert!(office.publish(&only(|c| c.trust = vec![Uuid::from_u128(7)])).revoked.is_empty());
        assert!(office.folder.path().join("catalog-4.jws").exists());
    }

    #[test]
    fn what_would_do_harm_is_refused_with_its_cure() {
        let mut office = Office::new();
        assert!(office.refusal(&Changes { forms: vec![], ..office.first() }).contains("--form"));
        assert!(office.refusal(&Changes { recipients: vec![], ..office.first() }).contains("--recipient"));
        office.publish(&office.first());
        for (changes, cure) in [
            (Changes::default(), "nothing changes"),
            (only(|c| c.expires = Some(NOW - 86_400)), "--expires"),
            (only(|c| c.policy = vec![("keep_sealed_days".into(), 1)]), "14"),
            (only(|c| c.policy = vec![("pin_attempts".into(), 1000)]), "20"),
            (only(|c| c.policy = vec![("pin_tries".into(), 8)]), "pin_attempts"),
            (only(|c| c.forms = vec![office.form("1", "other words")]), "`version`"),
            (only(|c| c.revoke = vec![Uuid::from_u128(8)]), "nobody knows"),
            (only(|c| c.trust = vec![Uuid::from_u128(7)]), "not revoked"),
            (only(|c| c.without = vec!["alin".into()]), "aline"),
            (only(|c| c.without = vec!["safe".into()]), "--recovery"),
        ] {
            let refusal = office.refusal(&changes);
            assert!(refusal.contains(cure), "{refusal}");
        }
    }

    #[test]
    fn keys_that_the_server_exchanges_or_has_lost_come_from_its_report() {
        let mut office = Office::new();
        let one = office.publish(&office.first());
        let next = SigningKey::generate().public();
        office.report.next_operations = Some(next);
        let two = office.publish(&Changes::default());
        assert_eq!((two.operations, &two.rotation.operations), (next, &vec![one.operations]));
        (office.report.operations, office.report.next_operations) = (next, None);
        let three = office.publish(&only(|c| c.forget_old_keys = true));
        assert_eq!((three.operations, three.rotation), (next, Rotation::default()));
        // both are lost: what they signed and opened counts no more
        (office.report.operations, office.report.intake) = (SigningKey::generate().public(), seal::new_identity().1);
        let four = office.publish(&Changes::default());
        assert_eq!(four.operations_keys(), [office.report.operations]);
        assert_eq!(four.intake_key(), Some(office.report.intake.as_str()));
    }
}
