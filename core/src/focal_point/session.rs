//! One interview on the phone: every answer is on the disk when the call returns, and finishing turns the draft into a
//! sealed, signed record.
//!
//! A session is a handle. The interview itself lives beside the open vault, so that locking drops it at once; after a lock,
//! a failed write or a killed app it is read again from the vault, at the exact place.

use super::case_actions::{read_code, read_secret, sealed};
use super::phone::{FocalPoint, Live, Phone, Unlocked, month};
use super::prefill;
use crate::envelope::SigningKey;
use crate::error::{AnswerReason, Error, NotFoundItem, RefusedReason, Result};
use crate::facts::{Dictionary, FactValue, Facts};
use crate::interview::{AnswerError, Interview, Missing, Page};
use crate::questionnaire::Questionnaire;
use crate::record::{Code, Kind, QuestionnaireRef, Record, SealedCase};
use crate::screening::{self, Advice, Assessment, Outcome, Path};
use crate::slip::{record_of, slip_key};
use crate::vault::Vault;
use crate::vault::cases::{CaseSummary, Saved, Sealing};
use crate::vault::drafts::DraftInfo;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A questionnaire that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionnaireInfo {
    /// Its `form_id`, for [`FocalPoint::start`].
    pub id: String,
    /// Its title, in the words of its author.
    pub title: String,
    /// Its version, as its author writes it.
    pub version: String,
    /// What a record of it tells.
    pub kind: Kind,
    /// Their names, `English (en)`, the default first. Calls take name or code.
    pub languages: Vec<String>,
}

/// What a finished interview leaves behind. Code and undo go onto the person's slip; [`FocalPoint::slip`] shows them again.
#[derive(Clone, PartialEq, Eq)]
pub struct Finished {
    /// Id of the record.
    pub record: Uuid,
    /// Ties the person's records together. None where the record is about nobody.
    pub code: Option<Code>,
    /// Whoever says it may withdraw the record, on any phone.
    pub undo: Option<Code>,
    /// What the screening says, as it was sealed.
    pub outcome: Outcome,
    /// What to do, the most pressing first.
    pub advice: Vec<Advice>,
    /// Codes of what needs help at once.
    pub urgent: Vec<String>,
}

/// The two codes of a person's slip.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// Ties the person's records together.
    pub code: Code,
    /// Whoever says it may withdraw the record, on any phone.
    pub undo: Code,
}

/// The words that a questionnaire has for codes that no question asks for: outcome, advice, what is urgent.
#[derive(Debug, Clone)]
pub struct Labels {
    questionnaire: Arc<Questionnaire>,
    language: String,
}

impl Labels {
    /// The label of a code; the code itself where the questionnaire has no words for it.
    pub fn of<'a>(&'a self, list: &str, code: &'a str) -> &'a str {
        self.questionnaire.choice_label(list, code, &self.language).unwrap_or(code)
    }
    /// A whole list: codes with their labels.
    pub fn list(&self, list: &str) -> Vec<(&str, &str)> {
        let choices = self.questionnaire.list(list).map_or(&[][..], |list| &list.choices);
        choices.iter().map(|choice| (choice.name.as_str(), self.of(list, &choice.name))).collect()
    }
}

/// An interview that is going on.
pub struct Session {
    phone: Arc<Phone>,
    draft: Uuid,
}

impl FocalPoint {
    /// Questionnaires that can be started: of each the newest version that is on the phone.
    pub fn questionnaires(&self) -> Result<Vec<QuestionnaireInfo>> {
        let listed = |(id, hash): (String, _)| {
            let form = self.0.questionnaire(&hash)?;
            let mut languages = form.languages.clone();
            languages.swap(0, form.default_language);
            Ok(QuestionnaireInfo {
                id,
                title: form.title.clone(),
                version: form.version.clone(),
                kind: screening::kind_of(&form),
                languages,
            })
        };
        self.0.mailbox()?.questionnaires()?.into_iter().map(listed).collect()
    }

    /// Begins an interview; its draft is on the disk when this returns. Not on a phone whose card was revoked.
    pub fn start(&self, questionnaire: &str, language: &str) -> Result<Session> {
        let phone = &self.0;
        let mailbox = phone.mailbox()?;
        if !mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        if phone.is_revoked()? {
            return Err(Error::Refused { reason: RefusedReason::CardRevoked });
        }
        let newest = mailbox.questionnaires()?.into_iter().find(|(id, _)| id == questionnaire);
        let (id, hash) = newest.ok_or(Error::NotFound { what: NotFoundItem::Questionnaire })?;
        let form = phone.questionnaire(&hash)?;
        let language =
            screening::language(&form, language).ok_or(Error::NotFound { what: NotFoundItem::Language })?.to_owned();
        let (draft, started) = (Uuid::new_v4(), mailbox.now()?);
        let info = DraftInfo { draft, questionnaire: id, sha256: hash, started };
        phone.with(|open| {
            let interview = Interview::start(form, phone.setting(&open.vault, &info, &language)?);
            open.drafts.begin(&info, &state(&interview))?;
            open.live.insert(draft, Live { interview, info });
            Ok(())
        })?;
        Ok(Session { phone: phone.clone(), draft })
    }

    /// The slip of a record once more: its code and undo, for a person whose slip was never written because the app went down.
    /// None where the record is about nobody.
    pub fn slip(&self, record: Uuid) -> Result<Option<Slip>> {
        self.0.with(|open| {
            self.0.settle(open)?;
            let slip = |code| Ok(Slip { code, undo: open.vault.undo_of(record)? });
            open.vault.card(record)?.code.map(slip).transpose()
        })
    }

    /// Interviews that are not finished, the newest first.
    pub fn drafts(&self) -> Result<Vec<DraftInfo>> {
        self.0.with(|open| {
            self.0.settle(open)?;
            Ok(open.drafts.list()?)
        })
    }

    /// Goes on with a draft, at the exact place where it was left, on the version of the questionnaire it was begun with.
    pub fn resume(&self, draft: Uuid) -> Result<Session> {
        let session = Session { phone: self.0.clone(), draft };
        session.look(|_| Ok(()))?;
        Ok(session)
    }
}

impl Session {
    /// Names the draft, for [`FocalPoint::resume`].
    pub fn draft(&self) -> Uuid {
        self.draft
    }
    /// The page where the interview stands.
    pub fn page(&self) -> Result<Page> {
        self.look(|interview| Ok(interview.page()))
    }
    /// Gives or clears an answer. When this returns it is on the disk.
    pub fn answer(&self, path: &str, value: Option<&str>) -> Result<Page> {
        self.step(|interview| interview.answer(path, value).map_err(Error::from))
    }
    /// The next page; the same one, `refused`, while something on it is missing or wrong.
    pub fn next(&self) -> Result<Page> {
        self.step(|interview| Ok(interview.next()))
    }
    /// The page before.
    pub fn back(&self) -> Result<Page> {
        self.step(|interview| Ok(interview.back()))
    }
    /// Goes to the page of a question.
    pub fn jump(&self, path: &str) -> Result<Page> {
        self.step(|interview| interview.jump(path).map_err(Error::from))
    }
    /// The same page in another language, by its name or code.
    pub fn set_language(&self, language: &str) -> Result<Page> {
        self.step(|interview| {
            let form = interview.questionnaire().clone();
            let language =
                screening::language(&form, language).ok_or(Error::NotFound { what: NotFoundItem::Language })?;
            Ok(interview.set_language(language))
        })
    }
    /// One more row at the end of a repeat, by its path.
    pub fn add_row(&self, path: &str) -> Result<Page> {
        self.step(|interview| interview.add_row(path).map_err(Error::from))
    }
    /// Takes a row out of a repeat: `roster[2]`.
    pub fn remove_row(&self, path: &str) -> Result<Page> {
        self.step(|interview| interview.remove_row(path).map_err(Error::from))
    }
    /// What must still be answered before the interview can be finished.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        self.look(|interview| Ok(interview.missing()))
    }
    /// All pages as they stand, for a review before the end: up to the first on which something is missing or wrong.
    pub fn pages(&self) -> Result<Vec<Page>> {
        self.look(|interview| {
            let mut copy = interview.clone();
            let mut page = copy.page();
            while !page.first {
                let after = std::mem::replace(&mut page, copy.back());
                if page.path == after.path {
                    break;
                }
            }
            let mut pages = vec![page];
            while pages.last().is_some_and(|page| !page.last) {
                let next = copy.next();
                if next.refused {
                    break;
                }
                pages.push(next);
            }
            Ok(pages)
        })
    }
    /// The assessment as the answers stand now.
    pub fn assessment(&self) -> Result<Assessment> {
        self.look(|interview| Ok(screening::assess(interview)))
    }
    /// The questionnaire's words in the language of the interview.
    pub fn labels(&self) -> Result<Labels> {
        self.look(|interview| {
            let (questionnaire, language) = (interview.questionnaire().clone(), interview.draft().language);
            Ok(Labels { questionnaire, language })
        })
    }
    /// Ends the conversation on a safe screen. What was said can still be finished into a record, or discarded.
    pub fn stop(&self) -> Result<Page> {
        self.step(|interview| {
            interview.stop();
            Ok(interview.page())
        })
    }
    /// Erases the interview.
    pub fn discard(&self) -> Result<()> {
        self.phone.with(|open| {
            open.drafts.discard(self.draft)?;
            open.live.remove(&self.draft);
            Ok(())
        })?;
        self.phone.erase_ended();
        Ok(())
    }

    /// Seals the full answers to the case workers, signs the facts that the person agrees to, puts both into the mailbox, and
    /// erases the readable answers. `raise`: a reason for which the focal point calls the person presumed. Without consent
    /// the draft is erased and nothing is recorded ([`Error::NoConsent`]).
    pub fn finish(&self, raise: Option<&str>) -> Result<Finished> {
        self.end(raise, None)
    }

    /// Ends the interview like [`Session::finish`], as a correction: its record replaces the one whose slip has these two
    /// codes, on whatever phone that was made. Both as the person reads them out; her slip stays as it is. What she took back is
    /// not corrected ([`NotFoundItem::Code`]).
    pub fn correct(&self, raise: Option<&str>, code: &str, secret: &str) -> Result<Finished> {
        self.end(raise, Some(Slip { code: read_code(code)?, undo: read_secret(secret)? }))
    }

    fn end(&self, raise: Option<&str>, corrects: Option<Slip>) -> Result<Finished> {
        let finished = self.seal(raise, corrects);
        self.phone.erase_ended();
        finished
    }

    fn seal(&self, raise: Option<&str>, corrects: Option<Slip>) -> Result<Finished> {
        let (phone, mailbox) = (&self.phone, self.phone.mailbox()?);
        let (_, catalog) = mailbox.catalog()?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
        let commune = mailbox.enrolment()?.commune;
        let now = mailbox.now()?;
        phone.with(|open| {
            phone.live(open, self.draft)?;
            let Unlocked { vault, drafts, live, shares } = open;
            let Some(Live { interview, info }) = live.get(&self.draft) else { return Err(Error::Locked) };
            if !interview.is_stopped() && !interview.missing().is_empty() {
                return Err(Error::Incomplete);
            }
            let mut assessment = screening::assess(interview);
            if !assessment.consent.record {
                drafts.discard(self.draft)?;
                live.remove(&self.draft);
                return Err(Error::NoConsent);
            }
            if let Some(reason) = raise {
                let raised = assessment.raise(interview, reason);
                raised.map_err(|_| Error::Answer { reason: AnswerReason::CannotBeRaised })?;
            }
            let kind = screening::kind_of(interview.questionnaire());
            let codes = match &corrects {
                Some(slip) if is_dead(&slip.code, vault)? || !kind.is_about_a_person() => {
                    return Err(Error::NotFound { what: NotFoundItem::Code });
                }
                Some(slip) => Some(slip.clone()),
                None => code(interview, kind, vault)?.map(|code| Slip { code, undo: Code::generate() }),
            };
            let key = codes.as_ref().map(|Slip { code, undo }| slip_key(code, undo));
            let slip = key.as_ref().map(SigningKey::public);
            let (code, undo) = codes.map(|Slip { code, undo }| (code, undo)).unzip();
            // who has the slip can name its first record, on any phone
            let first = slip.as_ref().map(record_of);
            let revises = first.filter(|_| corrects.is_some());
            let record = first.filter(|_| corrects.is_none()).unwrap_or_else(Uuid::new_v4);
            let agrees = key.filter(|_| corrects.is_some());
            // a clock that was wrong at the start does not put the interview into the future
            let month = month(info.started.min(now));
            let facts = facts(interview, &assessment, kind, &month, &commune);
            let case = code.as_ref().map(|code| vault.cards_of(code)).transpose()?.unwrap_or_default();
            let case = case.first().map_or_else(Uuid::new_v4, |card| card.case);
            let questionnaire = QuestionnaireRef { id: info.questionnaire.clone(), sha256: info.sha256 };
            let full = SealedCase {
                record,
                case,
                questionnaire: questionnaire.clone(),
                language: interview.draft().language,
                sealed_at: now,
                answers: interview.answers(),
                assessment: serde_json::to_value(&assessment).ok(),
            };
            let sealed = sealed(&full, &catalog.sealing_keys(), AnswerReason::AnswersTooLong)?;
            let outcome = assessment.outcome;
            let card = CaseSummary {
                record,
                case,
                code: code.clone(),
                slip,
                questionnaire: questionnaire.clone(),
                month,
                commune,
                outcome: (kind == Kind::Screening).then(|| outcome.code().to_owned()),
                day: now.div_euclid(86_400),
                withdrawn: false,
                counted: assessment.consent.count,
                needs: needs(interview, &assessment),
                child: assessment.rule_path == Some(Path::Child),
                referrals: vec![],
                memo: None,
            };
            // of a person nothing is kept for the next one
            let saved = if kind.is_about_a_person() { None } else { last_saved(interview) };
            let sealing = Sealing { card, saved, own: mailbox.own_time(), secret: undo.clone() };
            drafts.begin_sealing(self.draft, &sealing)?;
            let (seq, proof, route, named) = Default::default();
            let unsigned = Record {
                record,
                case,
                seq,
                kind,
                questionnaire,
                revises,
                code: code.clone(),
                slip,
                proof,
                route,
                facts,
                sealed: named,
            };
            let posted = phone.post(vault, unsigned, Some(&sealed), agrees);
            if kind.is_about_a_person() {
                shares.insert(record, prefill::of(interview));
            }
            // whatever happened, the next call with this draft finds out from the disk first
            live.remove(&self.draft);
            posted?;
            if let Err(error) = vault.keep(&sealing) {
                tracing::warn!(%error, "keeping the card of a sealed case");
            }
            let urgent = assessment.urgent.iter().cloned().collect();
            Ok(Finished { record, code, undo, outcome, advice: assessment.advice(), urgent })
        })
    }

    pub(super) fn look<T>(&self, work: impl FnOnce(&Interview) -> Result<T>) -> Result<T> {
        self.phone.with(|open| work(&self.phone.live(open, self.draft)?.interview))
    }

    /// Changes the interview and makes the change durable, or has no effect.
    fn step<T>(&self, work: impl FnOnce(&mut Interview) -> Result<T>) -> Result<T> {
        self.phone.with(|open| {
            self.phone.live(open, self.draft)?;
            let Some(live) = open.live.get_mut(&self.draft) else {
                return Err(Error::NotFound { what: NotFoundItem::Draft });
            };
            let done = work(&mut live.interview)?;
            if let Err(error) = open.drafts.save(self.draft, &state(&live.interview)) {
                // what is in memory was not saved: the next call reads what was
                open.live.remove(&self.draft);
                return Err(error.into());
            }
            Ok(done)
        })
    }
}

/// The interview as the vault keeps it. Spaces fill the last KiB: SQLite writes a value of the same length over the old
/// one, and only those of its pages that differ, which halves the cost of an answer.
fn state(interview: &Interview) -> Zeroizing<Vec<u8>> {
    // room enough for most from the start: a vector that grows leaves copies behind that nobody wipes
    let mut state = Zeroizing::new(Vec::with_capacity(8 * 1024));
    serde_json::to_writer(&mut *state, &interview.draft()).expect("plain data has a JSON form");
    let whole = state.len().next_multiple_of(1024);
    state.resize(whole, b' ');
    state
}

/// The person's code. Who brings a slip keeps hers, unless she took back what stood under it.
fn code(interview: &Interview, kind: Kind, vault: &Vault) -> Result<Option<Code>> {
    if !kind.is_about_a_person() {
        return Ok(None);
    }
    let brought: Option<Code> = interview.role("code").text().parse().ok();
    match brought {
        Some(code) if !is_dead(&code, vault)? => Ok(Some(code)),
        _ => Ok(Some(Code::generate())),
    }
}

/// Services that the person asked for; child protection first where she is a child.
fn needs(interview: &Interview, assessment: &Assessment) -> Vec<String> {
    let answered = screening::coded_answers(interview);
    let asked = answered.get("services_requested").into_iter().flat_map(FactValue::codes);
    let first = (assessment.rule_path == Some(Path::Child)).then_some("sv_child");
    let others = asked.filter(|code| code.starts_with("sv_") && Some(*code) != first);
    first.into_iter().chain(others).map(str::to_owned).collect()
}

/// Whether she took back what stood under it, as far as this phone knows.
fn is_dead(code: &Code, vault: &Vault) -> Result<bool> {
    Ok(vault.cards_of(code)?.iter().any(|card| card.withdrawn))
}

/// Answers that the next interview of the form may read; none where it reads none.
fn last_saved(interview: &Interview) -> Option<Saved> {
    let form = interview.questionnaire();
    let mut names = form.last_saved().peekable();
    names.peek()?;
    let names: Vec<&str> = names.filter(|name| !form.nodes.iter().any(|n| n.name == *name && n.sealed_only)).collect();
    Some(interview.answers().into_iter().filter(|(path, _)| names.contains(&path.as_str())).collect())
}

/// The facts that leave the phone. What the dictionary does not list stays, whatever the questionnaire says.
fn facts(interview: &Interview, assessment: &Assessment, kind: Kind, month: &str, commune: &str) -> Facts {
    let mut facts = screening::facts(interview, assessment, month);
    if assessment.consent.count {
        facts.entry("screen_commune".into()).or_insert_with(|| FactValue::One(commune.into()));
    }
    let listed = |name: &String, value: &FactValue| [(name.clone(), value.clone())].into();
    facts.retain(|name, value| Dictionary::standard().check(kind, &listed(name, value)).is_ok());
    facts
}

impl From<AnswerError> for Error {
    fn from(fault: AnswerError) -> Self {
        let reason = match fault {
            AnswerError::UnknownQuestion => return Error::NotFound { what: NotFoundItem::Question },
            AnswerError::NotRelevant => AnswerReason::NotRelevant,
            AnswerError::ReadOnly => AnswerReason::ReadOnly,
            AnswerError::NotInteger => AnswerReason::NotInteger,
            AnswerError::NotNumber => AnswerReason::NotNumber,
            AnswerError::NotDate => AnswerReason::NotDate,
            AnswerError::NotTime => AnswerReason::NotTime,
            AnswerError::NotPlace => AnswerReason::NotPlace,
            AnswerError::NotAChoice => AnswerReason::NotAChoice,
            AnswerError::OutOfRange => AnswerReason::OutOfRange,
            AnswerError::TooLong => AnswerReason::TooLong,
            AnswerError::TooManyRows => AnswerReason::TooManyRows,
            AnswerError::RowsAreCounted => AnswerReason::RowsAreCounted,
        };
        Error::Answer { reason }
    }
}
