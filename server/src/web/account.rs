//! A person's own account: her sessions, and another password.

use super::about::minute;
use super::page::{PageResult, VisitorRequest};
use super::shared::{PageError, now};
use super::sign_in::wait_text;
use super::texts::{Language, Said};
use crate::staff::accounts::{ChangeError, change_password as change};
use crate::staff::file::SessionRow;
use crate::staff::password::LEAST_CHARACTERS;
use crate::staff::sessions;
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use maud::html;
use serde::Deserialize;
use std::time::Instant;
use tabara_protocol::envelope::Digest;
use tabara_protocol::input::{Input, typed};
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub struct AccountQuery {
    changed: Option<String>,
}

pub async fn page(here: VisitorRequest, Query(query): Query<AccountQuery>) -> PageResult {
    let message = query.changed.map(|_| ("note", here.language.say("account-changed")));
    show(&here, StatusCode::OK, message).await
}

fn password_lead(language: Language) -> Said<'static> {
    language.say_with("account-password-lead", &[("least", LEAST_CHARACTERS.into())])
}

async fn show(here: &VisitorRequest, status: StatusCode, message: Option<(&str, Said<'static>)>) -> PageResult {
    let all = here.work(|pages, visitor| Ok(sessions::sessions_of(pages.staff(), now(), visitor)?)).await?;
    let visitor = &here.visitor;
    let (token, this) = (visitor.ticket.form_token(), visitor.ticket.kept());
    let row = |session: &SessionRow| {
        html! {
            tr data-session {
                td { (minute(session.began)) }
                td { (minute(session.seen)) }
                td {
                    @if session.id == this { (here.language.say("account-this-one")) } @else {
                        form.plain method="post" action="/account/session" {
                            input type="hidden" name="token" value=(token);
                            input type="hidden" name="session" value=(session.id);
                            button { (here.language.say("account-end")) }
                        }
                    }
                }
            }
        }
    };
    let secret = |name: &str, key: &str, complete: &str| {
        html! {
            label for=(name) { (here.language.say(key)) }
            input id=(name) name=(name) type="password" autocomplete=(complete) maxlength="1000" required;
        }
    };
    let content = html! {
        div.narrow {
            h1 { (here.language.say("account-title")) }
            @if let Some((class, message)) = message { p.message.(class) role="alert" { (message) } }
            h2 { (here.language.say("account-sessions")) }
            p { (here.language.say("account-sessions-lead")) }
            table {
                thead { tr {
                    th scope="col" { (here.language.say("account-began")) }
                    th scope="col" { (here.language.say("account-seen")) }
                    th scope="col" { (here.language.say("account-which")) }
                } }
                tbody { @for session in &all { (row(session)) } }
            }
            h2 { (here.language.say("account-password")) }
            p { (password_lead(here.language)) }
            form.sign-in method="post" action="/account/password" {
                input type="hidden" name="token" value=(token);
                input type="hidden" name="username" autocomplete="username" value=(visitor.name);
                (secret("old", "account-old", "current-password"))
                (secret("new", "account-new", "new-password"))
                (secret("again", "account-again", "new-password"))
                button { (here.language.say("account-change")) }
            }
        }
    };
    Ok(here.show(status, "account-title", content))
}

#[derive(Deserialize)]
pub struct PasswordForm {
    token: String,
    old: String,
    new: String,
    again: String,
}

pub async fn change_password(here: VisitorRequest, Form(form): Form<PasswordForm>) -> PageResult {
    let [old, new, again] = [form.old, form.new, form.again].map(Zeroizing::new);
    here.posted(&form.token)?;
    let same = typed(Input::Secret, &new) == typed(Input::Secret, &again);
    let turn = here.turn(true).await?;
    let changed = here.work(move |pages, visitor| {
        Ok(same.then(|| change(pages.staff(), now(), Instant::now(), visitor, &old, &new)))
    });
    let changed = changed.await?;
    drop(turn);
    let message = match changed {
        Some(Ok(())) => return Ok(Redirect::to("/account?changed=1").into_response()),
        None => here.language.say("account-differ"),
        Some(Err(ChangeError::Wrong)) => here.language.say("account-wrong"),
        Some(Err(ChangeError::Weak)) => password_lead(here.language),
        Some(Err(ChangeError::TooMany { wait })) => wait_text(here.language, wait),
        Some(Err(ChangeError::Store(e))) => return Err(here.problem(PageError::from(e).0)),
    };
    show(&here, StatusCode::BAD_REQUEST, Some(("fault", message))).await
}

#[derive(Deserialize)]
pub struct SessionForm {
    token: String,
    session: Digest,
}

pub async fn end_session(here: VisitorRequest, Form(form): Form<SessionForm>) -> PageResult {
    here.posted(&form.token)?;
    here.work(move |pages, visitor| Ok(sessions::end(pages.staff(), now(), visitor, form.session)?)).await?;
    Ok(Redirect::to("/account").into_response())
}
