//! A form tried out in the browser: the pages that a phone would draw, and beside them what the form thinks: why a question
//! is hidden, what each calculation holds, what was raised, and the faults. The form is read again when its file changes;
//! the answers that still fit stay.

use super::answers::step;
use super::conversation::Turn;
use super::door::{Door, HOME};
use super::drawing;
use super::fields::Drawn;
use super::frame::{self, Frame, icon, script, style};
use super::posted::{Posted, Refused, field};
use crate::form;
use crate::texts::Texts;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tabara_core::facts::FactValue;
use tabara_core::interview::Interview;
use tabara_core::questionnaire::{Node, NodeType, Package};
use tabara_core::screening::{self, coded_answers};
use tabara_core::xlsform::{Diagnostic, Severity};

/// A form and an interview of it.
pub struct Preview {
    path: PathBuf,
    language: String,
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    changed: Option<SystemTime>,
    diagnostics: Vec<Diagnostic>,
    /// The file cannot be read.
    unreadable: Option<String>,
    interview: Option<Interview>,
    refused: Refused,
    notice: Option<&'static str>,
}

struct Shared {
    preview: Preview,
    door: Arc<Door>,
}

impl Preview {
    pub(super) fn new(path: &Path, language: &str) -> Self {
        Self { path: path.to_owned(), language: language.to_owned(), loaded: Mutex::default() }
    }

    fn changed(&self) -> Option<SystemTime> {
        std::fs::metadata(&self.path).and_then(|file| file.modified()).ok()
    }

    /// What is loaded, read anew if the file is another one than before.
    fn loaded(&self) -> std::sync::MutexGuard<'_, Loaded> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.changed();
        if changed.is_none() || changed != loaded.changed {
            let before = loaded.interview.take();
            *loaded = match form::compile(&self.path) {
                Err(error) => Loaded { unreadable: Some(error.to_string()), interview: before, ..Loaded::default() },
                Ok(compiled) => {
                    let new = compiled.questionnaire.map(|form| form::begin(form, &self.language));
                    // while the form has errors, the version before stays
                    let interview = match (new, before) {
                        (Some(new), Some(old)) => Some(carry(&old, new)),
                        (new, old) => new.or(old),
                    };
                    let mut diagnostics = compiled.diagnostics;
                    diagnostics.sort_by_key(|found| found.severity != Severity::Error);
                    Loaded { diagnostics, interview, ..Loaded::default() }
                }
            };
            loaded.changed = changed;
        }
        loaded
    }
}

/// The answers of an interview in a newer version of its form, as far as they fit, at the same place.
fn carry(old: &Interview, mut new: Interview) -> Interview {
    new.set_language(&old.draft().language);
    for (path, answer) in old.answers() {
        while new.set(&path, Some(&answer)) == Err(tabara_core::interview::AnswerError::UnknownQuestion) {
            // a row of a repeat that the person added
            let Some((repeat, _)) = path.rsplit_once('[') else { break };
            if new.add_row(repeat).is_err() {
                break;
            }
        }
    }
    while !new.page().first {
        let here = new.page().path;
        if new.back().path == here {
            break;
        }
    }
    let at = old.page();
    let _ = at.questions.first().map(|question| new.jump(&question.path));
    new
}

pub(super) fn router(door: Arc<Door>, preview: Preview) -> Router {
    Router::new()
        .route("/home", get(home).post(answer))
        .route("/again", post(again))
        .route("/changed", get(changed))
        .route("/media/{name}", get(media))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/icon.svg", get(icon))
        .with_state(Arc::new(Shared { preview, door }))
}

type Here = State<Arc<Shared>>;

async fn home(State(shared): Here) -> Response {
    let mut loaded = shared.preview.loaded();
    let notice = loaded.notice.take();
    let refused = loaded.refused.clone();
    let spoken = loaded.interview.as_ref().and_then(|interview| Texts::of(&interview.page().language));
    let texts =
        spoken.or_else(|| Texts::of(&shared.preview.language)).or_else(|| Texts::of("en")).expect("English is spoken");
    let title = shared.preview.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let page = loaded.interview.as_ref().map(Interview::page);
    let faulty = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let drawn = Drawn { texts, media: true, refused: &refused };
    let bar = html! {
        @if let Some(page) = &page { (drawing::languages(page, texts)) }
        form method="post" action="again" { button { (texts.say("preview-again")) } }
    };
    let content = html! {
        div.device {
            @if let Some(notice) = notice { p.notice role="status" { (texts.say(notice)) } }
            @if faulty { p.wrong { (texts.say("preview-no-form")) } }
            @match &page {
                Some(page) => (drawing::form(page, HOME, "preview-end", &drawn)),
                None => h1 { (title) }
            }
        }
        aside data-changed=(stamp(&shared)) {
            h2 { (title) }
            @if let Some(why) = &loaded.unreadable { p.wrong { (why) } }
            (faults(&loaded.diagnostics, texts))
            @if let Some(interview) = &loaded.interview { (inside(interview, texts)) }
        }
    };
    let base = shared.door.base();
    frame::page(&Frame { base: &base, texts, title: &title, bar, then: None, class: "wide" }, content)
}

async fn answer(State(shared): Here, Form(posted): Form<Posted>) -> Response {
    let mut loaded = shared.preview.loaded();
    if let Some(interview) = &mut loaded.interview {
        let jump = field(&posted, "go").and_then(|go| go.strip_prefix("jump:")).map(|path| Turn::Jump(path.into()));
        let (refused, notice, look_at) = match (step(interview, &posted), jump) {
            (Ok(stepped), _) => (stepped.refused, stepped.at_end.then_some("preview-complete"), stepped.look_at),
            (Err(_), Some(_)) => (Refused::new(), Some("preview-hidden-now"), None),
            (Err(_), None) => (Refused::new(), None, None),
        };
        (loaded.refused, loaded.notice) = (refused, notice);
        return Redirect::to(&shared.door.path(&drawing::looking_at(HOME, look_at.as_deref()))).into_response();
    }
    Redirect::to(&shared.door.path(HOME)).into_response()
}

async fn again(State(shared): Here) -> Response {
    *shared.preview.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Loaded::default();
    Redirect::to(&shared.door.path(HOME)).into_response()
}

/// Changes with the file: the script of the page asks for it.
async fn changed(State(shared): Here) -> String {
    stamp(&shared)
}

fn stamp(shared: &Shared) -> String {
    let since = shared.preview.changed().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.unwrap_or_default().as_millis().to_string()
}

/// A file beside the form that it names: a picture, a recording.
async fn media(State(shared): Here, UrlPath(name): UrlPath<String>) -> Response {
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("mp3") => "audio/mpeg",
        Some("ogg") => "audio/ogg",
        Some("mp4") => "video/mp4",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let file = form::attachment(shared.preview.path.parent().unwrap_or(Path::new("")), &name);
    file.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |bytes| ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
    )
}

/// All faults of the form.
fn faults(all: &[Diagnostic], texts: &Texts) -> Markup {
    html! {
        @if !all.is_empty() {
            details.faults open {
                summary { (texts.get("preview-faults", &[("n", all.len().into())])) }
                ul { @for fault in all {
                    li.error[fault.severity == Severity::Error] {
                        strong { (fault.sheet) " " (if fault.cell.is_empty() { fault.row.to_string() } else { fault.cell.clone() }) }
                        " " (texts.phrase(&fault.message))
                        @if !fault.hint.is_empty() { small { (texts.phrase(&fault.hint)) } }
                    }
                } }
            }
        }
    }
}

/// What the form thinks: what was raised, what is counted, every question and calculation.
fn inside(interview: &Interview, texts: &Texts) -> Markup {
    let package: &Package = interview.questionnaire();
    let assessment = (!package.indicators.is_empty()).then(|| screening::assess(interview));
    let facts = coded_answers(interview);
    let language = package.language(&interview.page().language).unwrap_or(package.default_language);
    let indicator = |code: &str| {
        let named = package.indicators.iter().find(|indicator| indicator.code == code);
        named.map_or("", |indicator| indicator.label.get(language, package.default_language)).to_owned()
    };
    let values = |value: &FactValue| value.codes().collect::<Vec<_>>().join(", ");
    html! {
        div #inside data-live="1" {
            @if let Some(found) = &assessment {
                h3 { (texts.say("preview-raised")) }
                p { strong { (found.outcome.code()) } @if let Some(tier) = found.tier { " " (tier) } }
                ul { @for code in found.codes.iter().chain(&found.urgent).chain(&found.flags) { li { code { (code) } " " (indicator(code)) } } }
            }
            @if !facts.is_empty() {
                h3 { (texts.say("preview-facts")) }
                dl.facts { @for (name, value) in &facts { dt { (name) } dd { (values(value)) } } }
            }
            h3 { (texts.say("preview-form")) }
            form method="post" action=(HOME) {
                ol.nodes { @for (node, path) in paths(interview) { (line(interview, node, &path, texts)) } }
            }
        }
    }
}

/// One row of the form: its value, or why it is hidden.
fn line(interview: &Interview, node: &Node, path: &str, texts: &Texts) -> Markup {
    let shown = interview.relevant(path);
    let hidden = if shown { None } else { Some(why_hidden(interview, node, path)) };
    html! {
        li.section[node.kind.is_section()].hidden[!shown] {
            @if shown && node.kind.is_shown() { button.quiet name="go" value={ "jump:" (path) } { (path) } } @else { span { (path) } }
            @match hidden {
                Some((section, rule)) if !rule.is_empty() => small { (texts.get("preview-hidden", &[("at", section.into()), ("rule", rule.into())])) }
                Some(_) => small { (texts.say("preview-hidden-always")) }
                None if node.kind.is_section() || node.kind == NodeType::Note => {}
                None => {
                    @let value = interview.value(path);
                    @if !value.is_blank() { strong { (value.text()) } }
                    @if !node.calculation.is_empty() { small { "= " (node.calculation) } }
                }
            }
        }
    }
}

/// The outermost section that is not relevant, or the question itself: its name, and its rule with the answers in it.
fn why_hidden(interview: &Interview, node: &Node, path: &str) -> (String, String) {
    let nodes = &interview.questionnaire().nodes;
    let mut chain = vec![node];
    while let Some(parent) = chain.last().and_then(|node| node.parent) {
        chain.push(&nodes[parent as usize]);
    }
    let row = path.rsplit_once(']').map(|(row, _)| format!("{row}]/"));
    let is_shown = |name: &str| {
        let inside = row.as_ref().map(|row| format!("{row}{name}")).filter(|inside| interview.relevant(inside));
        inside.is_some() || interview.relevant(name)
    };
    let culprit =
        chain.iter().rev().find(|node| !node.relevant.is_empty() && !is_shown(&node.name)).unwrap_or(&chain[0]);
    let mut rule = culprit.relevant.clone();
    let asked: Vec<&str> =
        culprit.relevant.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
    for name in std::collections::BTreeSet::from_iter(asked) {
        let value = interview.value(name);
        rule += &format!(" ({name} = {})", if value.is_blank() { "–".into() } else { value.text() });
    }
    (culprit.name.clone(), rule)
}

/// Every node with its path, in every row of its repeats; a repeat without rows stands for what is in it.
fn paths(interview: &Interview) -> Vec<(&Node, String)> {
    let nodes = &interview.questionnaire().nodes;
    let rows = interview.draft().rows;
    let mut all: Vec<(&Node, String)> = Vec::new();
    let unique = |name: &str| nodes.iter().filter(|node| node.name == name).count() == 1;
    // the paths of a section's rows, by its index
    let mut of: Vec<Vec<String>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let around = node.parent.map_or_else(|| vec![String::new()], |parent| of[parent as usize].clone());
        let named = |before: &String| format!("{before}{}", node.name);
        let section = |before: &String| if unique(&node.name) { before.clone() } else { format!("{}/", named(before)) };
        of.push(match node.kind {
            NodeType::Repeat => {
                let row = |before: &String| {
                    let path = named(before);
                    let count = rows.iter().find(|(of, _)| *of == path).map_or(0, |(_, count)| *count);
                    (1..=count).map(move |n| format!("{path}[{n}]/")).collect::<Vec<_>>()
                };
                around.iter().flat_map(row).collect()
            }
            NodeType::Group => around.iter().map(section).collect(),
            _ => vec![],
        });
        all.extend(around.iter().map(|before| (node, named(before))));
    }
    all.sort_by_key(|(node, _)| node.row);
    all
}
