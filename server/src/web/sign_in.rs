//! Signing in and out. The form does not report which part was wrong.

use super::page::{PageRequest, SESSION_COOKIE, layout, problem};
use super::shared::{PageError, Pages, Shared, blocking, now};
use crate::staff::sessions::{self, SignInError, Ticket};
use axum::Form;
use axum::extract::{ConnectInfo, FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The address of a client; empty in a test without a socket.
pub struct ClientAddress(String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(from.map_or_else(String::new, |ConnectInfo(at)| at.ip().to_string())))
    }
}

#[derive(Deserialize)]
pub struct SignInQuery {
    out: Option<String>,
}

pub async fn form(here: PageRequest, Query(shown): Query<SignInQuery>) -> Response {
    let texts = &here.language.texts().sign_in;
    show(&here, StatusCode::OK, shown.out.map(|_| ("note", texts.signed_out)))
}

fn show(here: &PageRequest, status: StatusCode, message: Option<(&str, &str)>) -> Response {
    let texts = &here.language.texts().sign_in;
    let content = html! {
        div.narrow {
            h1 { (texts.title) }
            p { (texts.lead) }
            @if let Some((class, message)) = message { p.message.(class) role="alert" { (message) } }
            form.sign-in method="post" action="/sign-in" {
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
}

pub async fn submit(
    State(pages): Shared,
    here: PageRequest,
    ClientAddress(address): ClientAddress,
    Form(given): Form<SignInForm>,
) -> Response {
    let texts = &here.language.texts().sign_in;
    let tried = try_sign_in(pages, address, given).await;
    match tried {
        Ok(Ok(ticket)) => {
            let cookie = here.cookie(SESSION_COOKIE, &ticket.text(), 12 * 3600);
            ([cookie], Redirect::to("/figures")).into_response()
        }
        Ok(Err(SignInError::Wrong)) => show(&here, StatusCode::UNAUTHORIZED, Some(("fault", texts.wrong))),
        Ok(Err(SignInError::TooMany)) => show(&here, StatusCode::TOO_MANY_REQUESTS, Some(("fault", texts.too_many))),
        Ok(Err(SignInError::Store(e))) => problem(&here, None, PageError::from(e).0),
        Err(fault) => problem(&here, None, fault.0),
    }
}

async fn try_sign_in(
    pages: Arc<Pages>,
    address: String,
    given: SignInForm,
) -> Result<Result<Ticket, SignInError>, PageError> {
    let password = Zeroizing::new(given.password);
    let turn = pages.hashing.acquire().await;
    let shared = pages.clone();
    let tried =
        blocking(move || Ok(sessions::sign_in(shared.staff(), now(), &address, &given.name, &password, &given.code)));
    let tried = tried.await;
    drop(turn);
    tried
}

#[derive(Deserialize)]
pub struct SignOutForm {
    token: String,
}

pub async fn sign_out(State(pages): Shared, here: PageRequest, Form(form): Form<SignOutForm>) -> Response {
    let visitor = match here.visitor(&pages).await {
        Ok(visitor) => visitor,
        Err(response) => return response,
    };
    if !visitor.ticket.fits(&form.token) {
        return problem(&here, Some(&visitor), StatusCode::BAD_REQUEST);
    }
    let shared = pages.clone();
    match blocking(move || Ok(sessions::sign_out(shared.staff(), now(), &visitor)?)).await {
        Ok(()) => ([here.cookie(SESSION_COOKIE, "", 0)], Redirect::to("/sign-in?out=1")).into_response(),
        Err(fault) => problem(&here, None, fault.0),
    }
}
