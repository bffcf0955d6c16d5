//! Signing in and out. The form does not report which part was wrong.

use super::local_path::local_path;
use super::page::{BROWSER_COOKIE, PageRequest, PageResult, SESSION_COOKIE, VisitorRequest};
use super::shared::{PageError, Pages, blocking, now};
use super::texts::{Language, Said};
use crate::http::client;
use crate::staff::sessions::{self, SESSION_SECONDS};
use crate::staff::sign_in::{self, SignInError, SignInRequest, SignedIn};
use axum::extract::{Form, FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::{Markup, html};
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

pub async fn form(here: PageRequest, Query(query): Query<SignInQuery>) -> PageResult {
    let to = aim(query.to.as_deref());
    if here.signed_in().await?.is_ok() {
        return Ok(Redirect::to(to).into_response());
    }
    let message = match query.why.as_deref() {
        Some("idle") => Some("sign-in-idle"),
        Some("over") => Some("sign-in-over"),
        Some("gone") => Some("sign-in-gone"),
        _ => query.out.as_ref().map(|_| "sign-in-signed-out"),
    };
    Ok(show(&here, StatusCode::OK, message.map(|key| ("note", html! { (here.language.say(key)) })), to))
}

fn show(here: &PageRequest, status: StatusCode, message: Option<(&str, Markup)>, to: &str) -> Response {
    let content = html! {
        div.narrow {
            h1 { (here.language.say("sign-in-title")) }
            p { (here.language.say("sign-in-lead")) }
            @if let Some((class, message)) = message { p.message.(class) role="alert" { (message) } }
            form.sign-in method="post" action="/sign-in" {
                input type="hidden" name="to" value=(to);
                label for="name" { (here.language.say("sign-in-name")) }
                input #name name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="40" required;
                label for="password" { (here.language.say("sign-in-password")) }
                input #password name="password" type="password" autocomplete="current-password" maxlength="1000" required;
                label for="code" { (here.language.say("sign-in-code")) }
                p.hint #code-hint { (here.language.say("sign-in-code-hint")) }
                input #code name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="20"
                    aria-describedby="code-hint" required;
                button { (here.language.say("sign-in-button")) }
            }
        }
    };
    here.show(status, "sign-in-title", content)
}

#[derive(Deserialize)]
pub struct SignInForm {
    name: String,
    password: String,
    code: String,
    to: Option<String>,
}

pub async fn submit(
    mut here: PageRequest,
    ClientAddress(address): ClientAddress,
    Form(given): Form<SignInForm>,
) -> Response {
    let (browser, password) = (here.browser.take(), Zeroizing::new(given.password));
    let request = SignInRequest { address, browser, name: given.name, password, code: given.code };
    let refused = |status, message| show(&here, status, Some(("fault", message)), aim(given.to.as_deref()));
    match try_sign_in(&here.pages, request).await {
        Ok(Ok(SignedIn { session, browser })) => {
            let session = here.cookie(SESSION_COOKIE, &session.text(), SESSION_SECONDS as u32);
            let browser = here.cookie(BROWSER_COOKIE, &browser.text(), 31_536_000);
            (AppendHeaders([session, browser]), Redirect::to(aim(given.to.as_deref()))).into_response()
        }
        Ok(Err(SignInError::Wrong)) => {
            refused(StatusCode::UNAUTHORIZED, html! { (here.language.say("sign-in-wrong")) })
        }
        Ok(Err(SignInError::Clock { ahead })) => refused(StatusCode::UNAUTHORIZED, clock(here.language, ahead)),
        Ok(Err(SignInError::TooMany { wait })) => {
            let message = html! { (wait_text(here.language, wait)) " " (here.language.say("sign-in-sheet")) };
            refused(StatusCode::TOO_MANY_REQUESTS, message)
        }
        Ok(Err(SignInError::Store(e))) => here.problem(PageError::from(e).0),
        Err(fault) => here.problem(fault.0),
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
fn clock(language: Language, ahead: i64) -> Markup {
    let minutes = (ahead.abs() + 30) / 60;
    let key = if ahead > 0 { "sign-in-clock-ahead" } else { "sign-in-clock-behind" };
    html! { (language.say_with(key, &[("minutes", minutes.max(1).into())])) }
}

pub(super) fn wait_text(language: Language, wait: Duration) -> Said<'static> {
    match wait.as_secs() {
        ..120 => language.say_with("sign-in-too-many-seconds", &[("seconds", wait.as_secs().max(1).into())]),
        seconds => language.say_with("sign-in-too-many-minutes", &[("minutes", seconds.div_ceil(60).into())]),
    }
}

#[derive(Deserialize)]
pub struct SignOutForm {
    token: String,
}

pub async fn sign_out(here: VisitorRequest, Form(form): Form<SignOutForm>) -> PageResult {
    here.posted(&form.token)?;
    here.work(|pages, visitor| Ok(sessions::sign_out(pages.staff(), now(), visitor)?)).await?;
    Ok(([here.cookie(SESSION_COOKIE, "", 0)], Redirect::to("/sign-in?out=1")).into_response())
}
