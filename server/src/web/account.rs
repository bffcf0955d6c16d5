//! A person's own account: her sessions, and another password.

use super::about::time;
use super::page::{PageRequest, layout, problem};
use super::shared::{PageError, Pages, Shared, blocking, now};
use super::sign_in::wait_text;
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
    let changed = here.language.texts().account.changed;
    let message = query.changed.map(|_| ("note", changed.to_owned()));
    show(&pages, &here, visitor, StatusCode::OK, message).await
}

async fn show(
    pages: &Arc<Pages>,
    here: &PageRequest,
    visitor: Visitor,
    status: StatusCode,
    message: Option<(&str, String)>,
) -> Result<Response, Response> {
    let shared = pages.clone();
    let read = blocking(move || Ok((sessions::sessions_of(shared.staff(), now(), &visitor)?, visitor)));
    let (all, visitor) = read.await.map_err(|fault| problem(here, None, fault.0))?;
    let texts = &here.language.texts().account;
    let (token, this) = (visitor.ticket.form_token(), visitor.ticket.kept());
    let minute = |unix| time(unix).chars().take(16).collect::<String>();
    let row = |session: &SessionRow| {
        html! {
            tr data-session {
                td { (minute(session.began)) }
                td { (minute(session.seen)) }
                td {
                    @if session.id == this { (texts.this_one) } @else {
                        form.plain method="post" action="/account/session" {
                            input type="hidden" name="token" value=(token);
                            input type="hidden" name="session" value=(session.id);
                            button { (texts.end) }
                        }
                    }
                }
            }
        }
    };
    let secret = |name: &str, label: &str, complete: &str| {
        html! {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete=(complete) maxlength="1000" required;
        }
    };
    let content = html! {
        div.narrow {
            h1 { (texts.title) }
            @if let Some((class, message)) = message { p.message.(class) role="alert" { (message) } }
            h2 { (texts.sessions) }
            p { (texts.sessions_lead) }
            table {
                thead { tr {
                    th scope="col" { (texts.began) }
                    th scope="col" { (texts.seen) }
                    th scope="col" { (texts.which) }
                } }
                tbody { @for session in &all { (row(session)) } }
            }
            h2 { (texts.password) }
            p { (texts.password_lead.replace("{}", &LEAST_CHARACTERS.to_string())) }
            form.sign-in method="post" action="/account/password" {
                input type="hidden" name="token" value=(token);
                input type="hidden" name="username" autocomplete="username" value=(visitor.name);
                (secret("old", texts.old, "current-password"))
                (secret("new", texts.new, "new-password"))
                (secret("again", texts.again, "new-password"))
                button { (texts.change) }
            }
        }
    };
    Ok((status, layout(here, Some(&visitor), texts.title, content)).into_response())
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
    let texts = here.language.texts();
    let account = &texts.account;
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
        None => account.differ.to_owned(),
        Some(Err(ChangeError::Wrong)) => account.wrong.to_owned(),
        Some(Err(ChangeError::Weak)) => account.password_lead.replace("{}", &LEAST_CHARACTERS.to_string()),
        Some(Err(ChangeError::TooMany { wait })) => wait_text(&texts.sign_in, wait),
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
