//! Signing in and out. The form does not report which part was wrong.

use super::local_path::local_path;
use super::page::{BROWSER_COOKIE, PageRequest, SESSION_COOKIE, layout, problem};
use super::shared::{PageError, Pages, Shared, blocking, now};
use super::texts::SignIn;
use crate::http::client;
use crate::staff::sessions::{self, SESSION_SECONDS};
use crate::staff::sign_in::{self, SignInError, SignInRequest, SignedIn};
use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The address of a client; none where only the address of a proxy is known.
pub struct ClientAddress(Option<IpAddr>);

impl FromRequestParts<Arc<Pages>> for ClientAddress {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Infallible> {
        Ok(Self(client::address(&parts.extensions).filter(|from| !pages.server.limits.is_proxy(*from))))
    }
}

#[derive(Deserialize)]
pub struct SignInQuery {
    out: Option<String>,
    /// Why she was sent here.
    why: Option<String>,
    /// Where she goes then.
    to: Option<String>,
}

/// Where to go after signing in.
fn aim(to: Option<&str>) -> &str {
    to.and_then(local_path).filter(|to| !to.starts_with("/sign-in")).unwrap_or("/")
}

pub async fn form(
    State(pages): Shared,
    here: PageRequest,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Response> {
    let to = aim(query.to.as_deref());
    if here.signed_in(&pages).await?.is_ok() {
        return Ok(Redirect::to(to).into_response());
    }
    let texts = &here.language.texts().sign_in;
    let message = match query.why.as_deref() {
        Some("idle") => Some(texts.idle),
        Some("over") => Some(texts.over),
        Some("gone") => Some(texts.gone),
        _ => query.out.as_ref().map(|_| texts.signed_out),
    };
    Ok(show(&here, StatusCode::OK, message.map(|message| ("note", message.to_owned())), to))
}

fn show(here: &PageRequest, status: StatusCode, message: Option<(&str, String)>, to: &str) -> Response {
    let texts = &here.language.texts().sign_in;
    let content = html! {
        div.narrow {
            h1 { (texts.title) }
            p { (texts.lead) }
            @if let Some((class, message)) = message { p.message.(class) role="alert" { (message) } }
            form.sign-in method="post" action="/sign-in" {
                input type="hidden" name="to" value=(to);
                label for="name" { (texts.name) }
                input #name name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="40" required;
                label for="password" { (texts.password) }
                input #password name="password" type="password" autocomplete="current-password" maxlength="1000" required;
                label for="code" { (texts.code) }
                p.hint #code-hint { (texts.code_hint) }
                input #code name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="20"
                    aria-describedby="code-hint" required;
                button { (texts.button) }
            }
        }
    };
    (status, layout(here, None, texts.title, content)).into_response()
}

#[derive(Deserialize)]
pub struct SignInForm {
    name: String,
    password: String,
    code: String,
    to: Option<String>,
}

pub async fn submit(
    State(pages): Shared,
    mut here: PageRequest,
    ClientAddress(address): ClientAddress,
    Form(given): Form<SignInForm>,
) -> Response {
    let texts = &here.language.texts().sign_in;
    let (browser, password) = (here.browser.take(), Zeroizing::new(given.password));
    let request = SignInRequest { address, browser, name: given.name, password, code: given.code };
    let refused = |status, message| show(&here, status, Some(("fault", message)), aim(given.to.as_deref()));
    match try_sign_in(&pages, request).await {
        Ok(Ok(SignedIn { session, browser })) => {
            let session = here.cookie(SESSION_COOKIE, &session.text(), SESSION_SECONDS as u32);
            let browser = here.cookie(BROWSER_COOKIE, &browser.text(), 31_536_000);
            (AppendHeaders([session, browser]), Redirect::to(aim(given.to.as_deref()))).into_response()
        }
        Ok(Err(SignInError::Wrong)) => refused(StatusCode::UNAUTHORIZED, texts.wrong.to_owned()),
        Ok(Err(SignInError::Clock { ahead })) => refused(StatusCode::UNAUTHORIZED, clock(texts, ahead)),
        Ok(Err(SignInError::TooMany { wait })) => {
            refused(StatusCode::TOO_MANY_REQUESTS, format!("{} {}", wait_text(texts, wait), texts.sheet))
        }
        Ok(Err(SignInError::Store(e))) => problem(&here, None, PageError::from(e).0),
        Err(fault) => problem(&here, None, fault.0),
    }
}

async fn try_sign_in(pages: &Arc<Pages>, request: SignInRequest) -> Result<Result<SignedIn, SignInError>, PageError> {
    let request = Arc::new(request);
    let (shared, asked) = (pages.clone(), request.clone());
    let known = blocking(move || Ok(asked.is_known(shared.staff())?)).await?;
    let _turn = pages.turn(known).await?;
    let shared = pages.clone();
    blocking(move || Ok(sign_in::sign_in(shared.staff(), now(), Instant::now(), &request))).await
}

/// How far the clock of her authenticator is off.
fn clock(texts: &SignIn, ahead: i64) -> String {
    let minutes = (ahead.abs() + 30) / 60;
    let text = if ahead > 0 { texts.clock_ahead } else { texts.clock_behind };
    text.replace("{}", &minutes.max(1).to_string())
}

pub(super) fn wait_text(texts: &SignIn, wait: Duration) -> String {
    match wait.as_secs() {
        ..120 => texts.too_many_seconds.replace("{}", &wait.as_secs().max(1).to_string()),
        seconds => texts.too_many_minutes.replace("{}", &seconds.div_ceil(60).to_string()),
    }
}

#[derive(Deserialize)]
pub struct SignOutForm {
    token: String,
}

pub async fn sign_out(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<SignOutForm>,
) -> Result<Response, Response> {
    let visitor = here.visitor_by_form(&pages, &form.token, None).await?;
    let shared = pages.clone();
    let ended = blocking(move || Ok(sessions::sign_out(shared.staff(), now(), &visitor)?)).await;
    ended.map_err(|fault| problem(&here, None, fault.0))?;
    Ok(([here.cookie(SESSION_COOKIE, "", 0)], Redirect::to("/sign-in?out=1")).into_response())
}
