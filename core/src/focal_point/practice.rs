//! A phone to practise on: the whole core over a folder of its own, with the questionnaires and the directory of the real phone,
//! under an authority that is made up on the spot and forgotten. Nothing of it reaches anybody: its server is no server, and what
//! it seals nobody can open. Who is interviewed is invented; at the end it says what the story had in it.

use super::phone::FocalPoint;
use super::session::Session;
use crate::catalog::{
    Area, Catalog, DeviceRole, EnrolmentCard, Grant, PartKind, Policy, Recipient, RecipientRole, Rotation,
    ServerAddress,
};
use crate::envelope::{self, Digest, SigningKey, Typ};
use crate::error::{Error, NotFoundItem, Result};
use crate::screening::{Outcome, assess};
use crate::seal;
use crate::vault::{DeviceSecret, SecretError};
use ring::hmac;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A port that nobody listens on.
const NOWHERE: &str = "http://127.0.0.1:9";
/// A practice takes at most so long, in seconds.
const LONGEST: i64 = 30 * 86_400;

/// Something of a story that an interview has not brought out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The question, in the language of the interview.
    pub question: String,
    /// What the person would have answered.
    pub answer: String,
}

/// What a good interview of a story would have noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    /// How the screening comes out with the whole story.
    pub outcome: Outcome,
    /// Codes of what needs help at once in the story.
    pub urgent: Vec<String>,
    /// What was not asked, or written down otherwise.
    pub missed: Vec<Missed>,
}

/// The secrets of a practice phone: they go with the program.
struct Forgotten(hmac::Key);

impl DeviceSecret for Forgotten {
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let tag = hmac::sign(&self.0, &[purpose.as_bytes(), b"\n", input].concat());
        Ok(Zeroizing::new(tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")))
    }
    fn forget(&self, _: &str) -> Result<(), SecretError> {
        Ok(())
    }
}

/// A file of this name says that the folder was made for practice.
const MARK: &str = "practice";

/// An empty folder for a practice. Only what was made for practice is erased.
fn clear(folder: &Path) -> std::io::Result<()> {
    if folder.join(MARK).exists() {
        std::fs::remove_dir_all(folder)?;
    } else if folder.exists() {
        // fails unless it is empty
        std::fs::remove_dir(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(MARK), [])
}

impl FocalPoint {
    /// Makes a phone for practice in this folder, unlocked with the PIN. An earlier practice in it is erased first. A folder with
    /// anything else in it, such as a real phone's, is refused ([`Error::Storage`]) and stays as it is. Needs the catalog, and no
    /// unlocked vault.
    pub fn practise(&self, folder: &Path, pin: &str) -> Result<FocalPoint> {
        let mailbox = self.0.mailbox()?;
        let (me, now) = (mailbox.enrolment()?, mailbox.now()?);
        let (_, real) = mailbox.catalog()?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
        clear(folder).map_err(|_| Error::Storage)?;
        let secret = Forgotten(hmac::Key::new(hmac::HMAC_SHA256, &envelope::random::<32>()));
        let practice = FocalPoint::open(folder, Arc::new(secret), self.0.clock.clone())?;
        let [authority, operations, card] = [(); 3].map(|()| SigningKey::generate());
        let grant = Grant {
            device: Uuid::new_v4(),
            role: DeviceRole::FocalPoint,
            organisation: me.organisation,
            commune: me.commune,
            area: Area::MobileTeam,
            servers: vec![ServerAddress { url: NOWHERE.into(), pin: None }],
            expires: now + LONGEST,
            card: card.public(),
        };
        let grant = envelope::sign(Typ::Grant, &authority, &grant);
        let card = EnrolmentCard { grant, seed: Digest(*card.seed()), authority: authority.public() };
        practice.enrol(&card.text(), pin)?;
        let nobody = |role| Recipient { name: "nobody".into(), role, age: seal::new_identity().1 };
        let mut parts = real.parts;
        parts.retain(|part| matches!(part.kind, PartKind::Questionnaire | PartKind::Services));
        let catalog = Catalog {
            version: 1,
            expires: now + LONGEST,
            operations: operations.public(),
            recipients: [RecipientRole::CaseWorker, RecipientRole::Recovery, RecipientRole::Intake].map(nobody).into(),
            reviewers: vec![],
            parts,
            revoked: vec![],
            servers: vec![],
            policy: Policy::default(),
            rotation: Rotation::default(),
            least_protocol: real.least_protocol,
            reader: None,
        };
        let own = practice.0.mailbox()?;
        let jws = envelope::sign(Typ::Catalog, &authority, &catalog);
        own.settle(|books| books.take_catalog(&jws))?;
        for part in &catalog.parts {
            if let Some(bytes) = mailbox.part(&part.sha256)? {
                own.take_part(&bytes)?;
            }
        }
        Ok(practice)
    }
}

impl Session {
    /// What of a story (question and answer, several codes parted by spaces) this interview has not brought out; and how the whole
    /// story comes out. What the questionnaire did not ask, being sure already, is not missed.
    pub fn noticed(&self, story: &[(String, String)]) -> Result<Noticed> {
        self.look(|interview| {
            let mut whole = interview.clone();
            for (path, answer) in story {
                // a question that the answers so far leave out is not asked
                let _ = whole.set(path, Some(answer));
            }
            let told = assess(&whole);
            let sure = told.outcome == assess(interview).outcome;
            let (form, given) = (interview.questionnaire(), interview.answers());
            let name = &interview.draft().language;
            let language = form.language(name).unwrap_or(form.default_language);
            let mut missed = Vec::new();
            for (path, answer) in story.iter().filter(|(path, _)| !sure || interview.relevant(path)) {
                let Some(node) = form.node(path) else { continue };
                let question = &form.nodes[node];
                let said = given.iter().find(|(at, _)| at == path).map_or("", |(_, said)| said.as_str());
                let word = |code: &str| form.answer_label(question, code, name).unwrap_or(code).to_owned();
                let unheard = answer.split(' ').filter(|code| !said.split(' ').any(|said| said == *code));
                let unheard: Vec<String> = unheard.map(word).collect();
                if !unheard.is_empty() {
                    let question = question.label.get(language, form.default_language).to_owned();
                    missed.push(Missed { question, answer: unheard.join("; ") });
                }
            }
            Ok(Noticed { outcome: told.outcome, urgent: told.urgent.into_iter().collect(), missed })
        })
    }
}
