//! What can be begun and gone on with. No name, no answer and no outcome stands here.

use super::entry;
use super::here::{Here, Shown, moment};
use super::{provider, referrals};
use crate::texts::Texts;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use maud::html;
use serde::Deserialize;
use tabara_core::Error;
use tabara_core::catalog::DeviceRole;
use tabara_core::clock;
use tabara_core::focal_point::State;

pub(super) async fn home(here: Here) -> Shown {
    let state = here.core(|core| core.state()).await;
    match state {
        Err(failed) => Ok(entry::broken(&here, &failed.error)),
        Ok(State::NotEnrolled) => Ok(here.go("card")),
        Ok(State::Locked { attempts_left, retry_after }) => Ok(entry::locked(&here, attempts_left, retry_after)),
        Ok(State::VaultDestroyed { reason }) => Ok(entry::gone(&here, reason)),
        Ok(State::KeyStoreLost) => Ok(entry::lost(&here, &Error::KeyStoreLost)),
        Ok(State::Damaged { file }) => Ok(entry::lost(&here, &Error::Damaged { file })),
        Ok(State::Unlocked) => unlocked(here).await,
    }
}

async fn unlocked(here: Here) -> Shown {
    let read = here.core(|core| {
        let provides = core.role()? == DeviceRole::Provider;
        let incoming = if provides { core.incoming(0)? } else { vec![] };
        let referrals = (provides, incoming, core.open_referrals()?);
        Ok((core.questionnaires()?, core.drafts()?, core.waiting()?, referrals))
    });
    let (forms, drafts, waiting, (provides, incoming, open)) = read.await?;
    let pressing = open
        .iter()
        .filter(|open| open.overdue || open.unreadable || open.call_now || open.referral.needs_another())
        .take(3);
    let title = |id: &str| forms.iter().find(|form| form.id == id).map_or(id.to_owned(), |form| form.title.clone());
    let slip = here.phone.memory().sealed.is_some();
    let other = if here.texts.tag() == "en" { "fr" } else { "en" };
    let content = html! {
        @if here.phone.warned { p.warning { (here.say("key-file-warning")) } }
        @if slip { (here.link("slip", "codes-again")) }
        @if provides { section { h1 { (here.say("incoming")) } (provider::lines(&here, 0, &incoming)) } }
        @if !open.is_empty() {
            section {
                h2 { (here.say("referrals")) }
                @for one in pressing { (referrals::line(&here, one)) }
                a.row href="referrals" { (here.say("referrals-all")) small { (here.texts.get("referrals-open", &[("n", open.len().into())])) } }
            }
        }
        section {
            @if provides { h2 { (here.say("begin")) } } @else { h1 { (here.say("begin")) } }
            @if forms.is_empty() { (here.p("no-questionnaires")) }
            @for form in &forms {
                form method="post" action="start" {
                    input type="hidden" name="language" value=(language(&form.languages, here.texts.tag()));
                    button.row name="questionnaire" value=(form.id) { (form.title) }
                }
            }
        }
        @if !drafts.is_empty() {
            section {
                h2 { (here.say("go-on")) }
                @for draft in &drafts {
                    a.row href={ "interview/" (draft.draft) } {
                        (title(&draft.questionnaire))
                        small { (here.texts.get("begun", &[("when", moment(draft.started).into())])) }
                    }
                }
            }
        }
        section {
            h2 { (here.say("this-phone")) }
            a.row href="records/0" { (here.say("records")) @if !here.phone.is_practice() { small { (here.texts.get("waiting", &[("n", waiting.records.into())])) } } }
            (here.link("services", "services"))
            (here.link("activity/0", "activity"))
            @if !here.phone.is_practice() {
                (here.link("sync", "sync"))
                (here.link("courier", "courier"))
                (here.link("take-back", "take-back"))
                (here.link("practice-people", "practice"))
                (here.link("hand-over", "hand-over"))
                (here.link("pin", "change-pin"))
                (here.link("wipe", "wipe"))
            }
        }
        div.steps {
            form method="post" action={ "language/" (other) } { button.second lang=(other) { (Texts::of(other).map(|texts| texts.say("language-name")).unwrap_or_default()) } }
            (here.button("lock", "main", "lock"))
        }
    };
    Ok(here.page(&here.say("home"), content))
}

/// The language of a questionnaire that the page speaks; else its own.
pub(super) fn language<'a>(languages: &'a [String], tag: &str) -> &'a str {
    let spoken = |name: &&String| Texts::of(name).is_some_and(|texts| texts.tag() == tag);
    languages.iter().find(spoken).or(languages.first()).map_or("", String::as_str)
}

pub(super) async fn language_chosen(here: Here, Path(tag): Path<String>) -> Response {
    here.phone.memory().texts = Texts::of(&tag);
    here.go("home")
}

#[derive(Deserialize)]
pub(super) struct Start {
    questionnaire: String,
    language: String,
}

pub(super) async fn start(here: Here, Form(Start { questionnaire, language }): Form<Start>) -> Shown {
    let draft = here.core(move |core| Ok(core.start(&questionnaire, &language)?.draft())).await?;
    Ok(here.go(&format!("interview/{draft}")))
}

pub(super) async fn lock(here: Here) -> Response {
    here.phone.lock();
    here.go("home")
}

/// Away at once: the vault is locked, and a harmless page is on the screen.
pub(super) async fn exit(here: Here) -> Response {
    here.phone.lock();
    here.go("calendar")
}

/// A calendar of this month, with nothing of Tabara in it.
pub(super) async fn calendar(here: Here) -> Response {
    let today = clock::civil_date(here.phone.clock.unix());
    let first = today.first_of_month();
    let before = first.weekday().to_monday_zero_offset() as usize;
    let days: Vec<Option<i8>> =
        std::iter::repeat_n(None, before).chain((1..=today.days_in_month()).map(Some)).collect();
    let title = format!("{} {}", here.say(&format!("month-{:02}", today.month())), today.year());
    let weekdays = here.say("weekdays");
    let markup = html! {
        (maud::DOCTYPE)
        html lang=(here.texts.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                base href=(here.base());
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="style.css";
            }
            body { main {
                h1 { (title) }
                table.calendar {
                    thead { tr { @for day in weekdays.split(' ') { th scope="col" { (day) } } } }
                    tbody { @for week in days.chunks(7) { tr { @for day in week {
                        td aria-current=[(*day == Some(today.day())).then_some("date")] { @if let Some(day) = day { (day) } }
                    } } } }
                }
            } }
        }
    };
    axum::response::IntoResponse::into_response(markup)
}
