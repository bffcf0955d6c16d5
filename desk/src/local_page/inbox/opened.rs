//! One case, opened with her key: what waits, why it came out so, what was told; and the decision of a reviewer.

use super::here::{Here, keep, passphrase};
use crate::case::{self, Proof};
use crate::catalog::place;
use crate::error::{Result, invalid};
use crate::export::{self, ShownEntry};
use crate::inbox::{self, InboxRow};
use crate::keys;
use crate::local_page::door::HOME;
use crate::local_page::frame::spaced;
use crate::local_page::posted::{Posted, field, said};
use crate::review::{self, ReviewDecision};
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use tabara_core::case_export::Author;
use tabara_core::clock::civil_date;
use tabara_core::facts::{Codes, Dictionary};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::record::{Kind, Uuid};
use tabara_core::screening::read_questionnaire;
use zeroize::Zeroizing;

/// What a page of a case is made of.
struct Opened {
    code: String,
    tasks: Vec<InboxRow>,
    entries: Vec<ShownEntry>,
}

fn open(here: &Here, file: &str, key: &str) -> Result<Opened> {
    let desk = &here.office.desk;
    if !file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(invalid("no such case"));
    }
    let (name, proof) = (format!("{file}.json"), Proof::From(desk.authority));
    let held = case::held(&desk.folder.join(&name))?;
    let tasks = inbox::of_person(&held, &name, proof)?;
    Ok(Opened { code: held.code.to_string(), tasks, entries: export::entries(&held, key, proof)? })
}

pub(super) async fn show(here: Here, Path(file): Path<String>) -> Response {
    let page = format!("case/{file}");
    let Some(key) = here.office.key() else { return here.page(here.ask_key(&page)) };
    let opened = match here.work(HOME, move |here| open(here, &file, &key)).await {
        Ok(opened) => opened,
        Err(refused) => return refused,
    };
    let now = here.office.desk.clock.unix();
    let undecided: Vec<&ShownEntry> = opened.entries.iter().filter(|entry| waits(&here, &opened, entry)).collect();
    let content = html! {
        h1 { (spaced(&opened.code)) }
        p.hint { (here.say("inbox-proven")) }
        div.case { @for row in &opened.tasks { (here.task(row, now)) br; } }
        @for entry in &opened.entries { (self::entry(&here, entry)) }
        @if here.office.desk.reviewer.is_some() && here.office.desk.catalog.is_some() {
            @for entry in undecided { (decision_form(&here, &page, entry, opened.entries.len() > 1)) }
        }
        p.links { a href=(HOME) { (here.say("inbox")) } }
    };
    here.page(content)
}

/// Whether a screening has no decision yet, in the log or in a file here.
fn waits(here: &Here, opened: &Opened, entry: &ShownEntry) -> bool {
    let Some(record) = entry.record.as_ref().filter(|record| record.kind == Kind::Screening) else { return false };
    let reviews = opened.entries.iter().filter_map(|other| other.record.as_ref());
    let decided = reviews.filter(|other| other.kind == Kind::Review).any(|other| other.revises == Some(record.record));
    !decided && !entry.held.taken_back && !here.office.decision_file(record.record).exists()
}

fn entry(here: &Here, entry: &ShownEntry) -> Markup {
    let form =
        entry.opened.as_ref().and_then(|opened| questionnaire(here, &opened.case.questionnaire.sha256.to_string()));
    let tag = here.texts.tag();
    let facts = entry.record.iter().flat_map(|record| &record.facts);
    let kind = entry.record.as_ref().map_or(entry.held.kind.as_str(), |record| record.kind.word());
    html! {
        section.case {
            h2 { (here.say(&format!("kind-{kind}"))) ", " (civil_date(entry.held.received)) }
            @if let Some(author) = &entry.author { (signed_by(here, author)) }
            @if entry.held.taken_back { p.notice { (here.say("inbox-taken-back")) } }
            @if let Some(opened) = &entry.opened {
                @if let Some(why) = case::assessed(opened, form.as_ref(), tag) {
                    h3 { (here.say("inbox-why")) }
                    p.lines { (why) }
                }
                details open[form.is_none() || opened.case.assessment.is_none()] {
                    summary { (here.say("inbox-answers")) }
                    dl.facts { @for (path, answer) in &opened.case.answers {
                        @let (label, told) = case::labelled(form.as_ref(), tag, path, answer);
                        dt { (if label.is_empty() { field_label(here, path) } else { label }) }
                        dd { (coded(here, path, told)) }
                    } }
                }
            }
            @if entry.record.as_ref().is_some_and(|record| !record.facts.is_empty()) {
                details {
                    summary { (here.say("inbox-counted")) }
                    dl.facts { @for (name, value) in facts { dt { (name) } dd { (value.codes().collect::<Vec<_>>().join(", ")) } } }
                }
            }
        }
    }
}

fn signed_by(here: &Here, author: &Author) -> Markup {
    html! {
        p.status {
            @match author {
                Author::Phone { grant, revoked } => {
                    (here.with("inbox-signed-by", "who", &format!("{}, {}", grant.organisation, place(&grant.commune))))
                    @if *revoked { " " strong.wrong { (here.say("inbox-revoked")) } }
                }
                Author::Reviewer(name) => (here.with("inbox-reviewed-by", "who", name)),
            }
        }
    }
}

/// The words for a field of a referral, a note or a decision, which no questionnaire has.
fn field_label(here: &Here, path: &str) -> String {
    let known = ["share", "note", "inbox"].map(|kind| format!("{kind}-{}", path.replace('_', "-")));
    known.iter().find(|id| here.texts.has(id)).map_or_else(|| path.to_owned(), |id| here.say(id))
}

/// The codes of a fact that has a list of them.
fn codes(fact: &str) -> Vec<&'static str> {
    match Dictionary::standard().get(fact).map(|fact| &fact.codes) {
        Some(Codes::List(codes)) => codes.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Its code in words, where there are some.
fn coded(here: &Here, path: &str, told: String) -> String {
    let id = format!("{path}-{}", told.replace('_', "-"));
    if here.texts.has(&id) { here.say(&id) } else { told }
}

fn questionnaire(here: &Here, sha256: &str) -> Option<Questionnaire> {
    let package = std::fs::read(here.office.desk.parts.as_ref()?.join(sha256)).ok()?;
    read_questionnaire(&package).ok()
}

fn decision_form(here: &Here, page: &str, entry: &ShownEntry, several: bool) -> Markup {
    let record = entry.held.record;
    let reviewer = here.office.desk.reviewer.as_deref().map(keys::owner).unwrap_or_default();
    let choose = |name: &str, label: &str, list: &str, codes: &[&str]| {
        html! { div.question { label.label for=(name) { (here.say(label)) }
        select id=(name) name=(name) required { option value="" {}
            @for code in codes { option value=(code) { (here.say(&format!("{list}-{code}"))) } } } } }
    };
    html! {
        section {
            h2 { (here.say("inbox-decide")) @if several { ", " (civil_date(entry.held.received)) } }
            p.hint { (here.say("inbox-decide-explain")) }
            form method="post" action=(page) autocomplete="off" {
                input type="hidden" name="record" value=(record);
                fieldset { legend { (here.say("inbox-decision")) }
                    @for code in codes("decision") { label.choice { input type="radio" name="decision" value=(code) required; span { (here.say(&format!("decision-{code}"))) } } } }
                (choose("decided_by", "inbox-by", "decided", &codes("decided_by")))
                (choose("reason", "inbox-reason", "reason", &review::REASONS))
                div.question { label.label for="note" { (here.say("inbox-note")) } textarea #note name="note" maxlength="2000" {} }
                (passphrase(&here.with("inbox-passphrase", "file", &reviewer)))
                div.steps { a.second href=(HOME) { (here.say("back")) } button.main { (here.say("inbox-sign")) } }
            }
        }
    }
}

pub(super) async fn decide(here: Here, Path(file): Path<String>, Form(posted): Form<Posted>) -> Response {
    let page = format!("case/{file}");
    let Some(key) = here.office.key() else { return here.go(&page) };
    let secret = Zeroizing::new(field(&posted, "passphrase").unwrap_or_default().to_owned());
    let posted = said(&posted);
    let signed = here.work(&page, move |here| {
        let desk = &here.office.desk;
        let opened = open(here, &file, &key)?;
        let record = field(&posted, "record").and_then(|id| id.parse::<Uuid>().ok());
        let entry =
            opened.entries.iter().find(|entry| Some(entry.held.record) == record && waits(here, &opened, entry));
        let record =
            entry.and_then(|entry| entry.record.as_ref()).ok_or_else(|| invalid(here.say("inbox-decided-already")))?;
        let (Some(key), Some(catalog)) = (&desk.reviewer, &desk.catalog) else { return Ok(()) };
        let given = |name: &str| field(&posted, name).unwrap_or_default().to_owned();
        let decision = ReviewDecision {
            record: record.record,
            case: record.case,
            decision: given("decision"),
            decided_by: given("decided_by"),
            reason: Some(given("reason")),
            note: field(&posted, "note").map(str::to_owned),
        };
        let key = keys::signing_key(key, &secret)?;
        let signed = review::sign(&decision, &key, &review::readers(catalog), desk.clock.unix())?;
        let file = here.office.decision_file(record.record);
        keep(&file, &review::bundle(&[signed], &key, catalog)?)?;
        here.notice(here.with("inbox-signed", "file", &file.display().to_string()));
        Ok(())
    });
    signed.await.map_or_else(|refused| refused, |()| here.go(HOME))
}
