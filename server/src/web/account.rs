//! A person's own account: her sessions, and another password.

use super::about::time;
use super::page::{PageRequest, layout, problem};
use super::shared::{PageError, Pages, Shared, blocking, now};
use super::sign_in::wait_text;
use super::texts::{Language, Said};
use crate::staff::accounts::{ChangeError, change_password as change};
use crate::staff::file::SessionRow;
use crate::staff::password::LEAST_CHARACTERS;
use crate::staff::sessions::{self, Visitor};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;
use tabara_protocol::envelope::Digest;
use tabara_protocol::input::{Input, typed};
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub struct AccountQuery {
    changed: Option<String>,
}

pub async fn page(
    State(pages): Shared,
    here: PageRequest,
    Query(query): Query<AccountQuery>,
) -> Result<Response, Response> {
    let visitor = here.visitor(&pages).await?;
    let message = query.changed.map(|_| ("note", here.language.say("account-changed")));
    show(&pages, &here, visitor, StatusCode::OK, message).await
}

fn password_lead(language: Language) -> Said<'static> {
    language.say_with("account-password-lead", &[("least", LEAST_CHARACTERS.into())])
}

async fn show(
    pages: &Arc<Pages>,
    here: &PageRequest,
    visitor: Visitor,
    status: StatusCode,
    message: Option<(&str, Said<'static>)>,
) -> Result<Response, Response> {
    let shared = pages.clone();
    let read = blocking(move || Ok((sessions::sessions_of(shared.staff(), now(), &visitor)?, visitor)));
    let (all, visitor) = read.await.map_err(|fault| problem(here, None, fault.0))?;
    let (token, this) = (visitor.ticket.form_token(), visitor.ticket.kept());
    let minute = |unix| time(unix).chars().take(16).collect::<String>();
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
    Ok((status, layout(here, Some(&visitor), here.language.text("account-title"), content)).into_response())
}

#[derive(Deserialize)]
pub struct PasswordForm {
    token: String,
    old: String,
    new: String,
    again: String,
}

pub async fn change_password(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Response> {
    let [old, new, again] = [form.old, form.new, form.again].map(Zeroizing::new);
    let visitor = here.visitor_by_form(&pages, &form.token, None).await?;
    let same = typed(Input::Secret, &new) == typed(Input::Secret, &again);
    let shared = pages.clone();
    let changing = async {
        let _turn = pages.turn(true).await?;
        blocking(move || {
            let change = || change(shared.staff(), now(), Instant::now(), &visitor, &old, &new);
            Ok((same.then(change), visitor))
        })
        .await
    };
    let (changed, visitor) = changing.await.map_err(|fault: PageError| problem(&here, None, fault.0))?;
    let message = match changed {
        Some(Ok(())) => return Ok(Redirect::to("/account?changed=1").into_response()),
        None => here.language.say("account-differ"),
        Some(Err(ChangeError::Wrong)) => here.language.say("account-wrong"),
        Some(Err(ChangeError::Weak)) => password_lead(here.language),
        Some(Err(ChangeError::TooMany { wait })) => wait_text(here.language, wait),
        Some(Err(ChangeError::Store(e))) => return Err(problem(&here, None, PageError::from(e).0)),
    };
    show(&pages, &here, visitor, StatusCode::BAD_REQUEST, Some(("fault", message))).await
}

#[derive(Deserialize)]
pub struct SessionForm {
    token: String,
    session: Digest,
}

pub async fn end_session(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<SessionForm>,
) -> Result<Response, Response> {
    let visitor = here.visitor_by_form(&pages, &form.token, None).await?;
    let shared = pages.clone();
    let ended = blocking(move || Ok(sessions::end(shared.staff(), now(), &visitor, form.session)?)).await;
    ended.map_err(|fault| problem(&here, None, fault.0))?;
    Ok(Redirect::to("/account").into_response())
}
