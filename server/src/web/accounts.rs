//! Who has an account, inviting somebody and ending an account; and the page behind an invitation, where she makes hers.

use super::about::{time, visible};
use super::page::{PageRequest, layout, problem, role_name, told};
use super::shared::{PageError, Pages, Shared, blocking, now};
use super::texts::{Language, Said};
use crate::staff::accounts::{self, AccountError, INVITATION_SECONDS, Issued};
use crate::staff::audit_line::Action;
use crate::staff::command::link;
use crate::staff::password::LEAST_CHARACTERS;
use crate::staff::role::{Permission, Role};
use crate::staff::sessions::{Ticket, Visitor};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tabara_protocol::input::{Input, typed};
use tabara_protocol::places;
use zeroize::Zeroizing;

pub async fn page(State(pages): Shared, here: PageRequest) -> Result<Response, Response> {
    let visitor = here.visitor_who_may(&pages, Permission::SeeAccounts).await?;
    show(&pages, &here, &visitor, StatusCode::OK, html! {}).await
}

async fn show(
    pages: &Arc<Pages>,
    here: &PageRequest,
    visitor: &Visitor,
    status: StatusCode,
    message: Markup,
) -> Result<Response, Response> {
    let shared = pages.clone();
    let read = blocking(move || Ok((shared.staff().accounts()?, shared.staff().invitations(now())?)));
    let (all, invited) = read.await.map_err(|fault| problem(here, Some(visitor), fault.0))?;
    let manages = visitor.role.may(Permission::ManageAccounts);
    let token = visitor.ticket.form_token();
    let content = html! {
        h1 { (here.language.say("accounts-title")) }
        (message)
        section {
            h2.first { (here.language.say("accounts-all")) }
            div.scroll tabindex="0" role="region" aria-label=(here.language.text("accounts-all")) {
                table data-table="accounts" {
                    thead { tr {
                        th scope="col" { (here.language.say("accounts-name")) }
                        th scope="col" { (here.language.say("accounts-role")) }
                        @if manages { th scope="col" { (here.language.say("accounts-remove")) } }
                    } }
                    tbody {
                        @for (name, role) in &all {
                            tr data-account=(name) {
                                th scope="row" { bdi { (visible(name)) } }
                                td { (role_name(*role, here.language)) }
                                @if manages {
                                    td {
                                        @if *name != visitor.name {
                                            form.plain method="post" action="/accounts/remove" {
                                                input type="hidden" name="token" value=(token);
                                                input type="hidden" name="name" value=(name);
                                                button aria-label={ (here.language.text("accounts-remove")) " " (name) } { (here.language.say("accounts-remove")) }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if !invited.is_empty() {
            section {
                h2.first { (here.language.say("accounts-invited")) }
                ul {
                    @for (name, role, until) in &invited {
                        li {
                            bdi { (visible(name)) } ", " (role_name(*role, here.language)) " · "
                            (here.language.say("accounts-until")) " " (time(*until).get(..16).unwrap_or_default()) " UTC"
                        }
                    }
                }
            }
        }
        @if manages {
            section {
                h2.first { (here.language.say("accounts-invite")) }
                p { (here.language.say("accounts-invite-lead")) }
                form.sign-in.bare method="post" action="/accounts/invite" {
                    input type="hidden" name="token" value=(token);
                    label for="name" { (here.language.say("accounts-name")) }
                    p.hint #name-hint { (here.language.say("accounts-name-hint")) }
                    input #name name="name" maxlength="40" autocapitalize="none" spellcheck="false" autocomplete="off"
                        aria-describedby="name-hint" required;
                    label for="role" { (here.language.say("accounts-role")) }
                    select #role name="role" {
                        @for word in Role::WORDS {
                            option value=(word) { (here.language.text(&format!("role-{word}"))) }
                        }
                    }
                    label for="province" { (here.language.say("accounts-province")) }
                    select #province name="province" {
                        option value="" { (here.language.text("people-nation")) }
                        @for province in places::provinces() { option value=(province.code) { (province.name) } }
                    }
                    button { (here.language.say("accounts-invite")) }
                }
            }
        }
    };
    Ok((status, layout(here, Some(visitor), here.language.text("accounts-title"), content)).into_response())
}

#[derive(Deserialize)]
pub struct InviteForm {
    token: String,
    name: String,
    role: String,
    province: String,
}

/// Shows the link, once.
pub async fn invite(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<InviteForm>,
) -> Result<Response, Response> {
    let visitor = here.visitor_by_form(&pages, &form.token, Some(Permission::ManageAccounts)).await?;
    let fault = |key: &str| html! { p.message.fault role="alert" { (here.language.say(key)) } };
    let Some(role) = Role::read(&form.role, Some(form.province.as_str()).filter(|code| !code.is_empty())) else {
        return show(&pages, &here, &visitor, StatusCode::BAD_REQUEST, fault("accounts-wrong-province")).await;
    };
    let (shared, by, name) = (pages.clone(), visitor.name.clone(), form.name.trim().to_owned());
    let made = blocking(move || Ok(accounts::invite(shared.staff(), now(), &by, &name, role)));
    match made.await.map_err(|fault| problem(&here, Some(&visitor), fault.0))? {
        Ok(ticket) => {
            let to = link(&here.origin(&pages), &ticket);
            let message = html! {
                div.message.note role="status" {
                    p { (here.language.say_with("accounts-hand-over", &[("hours", (INVITATION_SECONDS / 3600).into())])) }
                    p.code { (to) }
                }
            };
            show(&pages, &here, &visitor, StatusCode::OK, message).await
        }
        Err(AccountError::Store(e)) => Err(problem(&here, Some(&visitor), PageError::from(e).0)),
        Err(_) => show(&pages, &here, &visitor, StatusCode::BAD_REQUEST, fault("accounts-name-hint")).await,
    }
}

#[derive(Deserialize)]
pub struct RemoveForm {
    token: String,
    name: String,
}

/// Ends an account of somebody else.
pub async fn remove(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<RemoveForm>,
) -> Result<Response, Response> {
    let visitor = here.visitor_by_form(&pages, &form.token, Some(Permission::ManageAccounts)).await?;
    if form.name == visitor.name {
        return Err(problem(&here, Some(&visitor), StatusCode::BAD_REQUEST));
    }
    let (shared, by) = (pages.clone(), visitor.name.clone());
    let removed = blocking(move || {
        let there = shared.staff().remove(&form.name)?;
        if there {
            shared.staff().note(now(), &by, Action::AccountRemoved, &form.name)?;
        }
        Ok(())
    });
    removed.await.map_err(|fault| problem(&here, Some(&visitor), fault.0))?;
    Ok(Redirect::to("/accounts").into_response())
}

#[derive(Deserialize)]
pub struct WelcomeQuery {
    key: Option<String>,
}

/// Whom an invitation is for; else a page that says no.
async fn invited(
    pages: &Arc<Pages>,
    here: &PageRequest,
    key: Option<&str>,
) -> Result<(Ticket, String, Role), Response> {
    let ticket = key.and_then(Ticket::read);
    let (shared, kept) = (pages.clone(), ticket.as_ref().map(Ticket::kept));
    let found = blocking(move || Ok(kept.map(|kept| shared.staff().invitation(kept, now())).transpose()?.flatten()));
    match (ticket, found.await.map_err(|fault| problem(here, None, fault.0))?) {
        (Some(ticket), Some((name, role))) => Ok((ticket, name, role)),
        _ => Err(told(here, None, StatusCode::NOT_FOUND, "accounts-no-invitation")),
    }
}

pub async fn welcome(
    State(pages): Shared,
    here: PageRequest,
    Query(query): Query<WelcomeQuery>,
) -> Result<Response, Response> {
    let (ticket, name, role) = invited(&pages, &here, query.key.as_deref()).await?;
    Ok(welcome_form(&here, StatusCode::OK, &ticket, &name, role, None))
}

fn welcome_form(
    here: &PageRequest,
    status: StatusCode,
    ticket: &Ticket,
    name: &str,
    role: Role,
    fault: Option<Said<'static>>,
) -> Response {
    let content = html! {
        div.narrow {
            h1 { (here.language.say("accounts-welcome")) }
            p { (here.language.say("accounts-welcome-lead")) }
            @if let Some(fault) = fault { p.message.fault role="alert" { (fault) } }
            dl.facts {
                div { dt { (here.language.say("accounts-name")) } dd { (name) } }
                div { dt { (here.language.say("accounts-role")) } dd { (role_name(role, here.language)) } }
            }
            form.sign-in method="post" action="/welcome" {
                input type="hidden" name="key" value=(ticket.text());
                input type="hidden" name="username" autocomplete="username" value=(name);
                label for="new" { (here.language.say("account-new")) }
                p.hint #new-hint { (password_hint(here.language)) }
                input #new name="new" type="password" autocomplete="new-password" maxlength="1000" aria-describedby="new-hint" required;
                label for="again" { (here.language.say("account-again")) }
                input #again name="again" type="password" autocomplete="new-password" maxlength="1000" required;
                button { (here.language.say("accounts-make")) }
            }
        }
    };
    (status, layout(here, None, here.language.text("accounts-welcome"), content)).into_response()
}

#[derive(Deserialize)]
pub struct WelcomeForm {
    key: String,
    new: String,
    again: String,
}

/// Makes the account, and shows its secrets, once.
pub async fn accept(
    State(pages): Shared,
    here: PageRequest,
    Form(form): Form<WelcomeForm>,
) -> Result<Response, Response> {
    let [new, again] = [form.new, form.again].map(Zeroizing::new);
    let (ticket, name, role) = invited(&pages, &here, Some(&form.key)).await?;
    let refused = |text| welcome_form(&here, StatusCode::BAD_REQUEST, &ticket, &name, role, Some(text));
    if typed(Input::Secret, &new) != typed(Input::Secret, &again) {
        return Err(refused(here.language.say("account-differ")));
    }
    let (shared, holder) = (pages.clone(), ticket.clone());
    let making = async {
        let _turn = pages.turn(false).await?;
        blocking(move || Ok(accounts::accept(shared.staff(), now(), &holder, &new))).await
    };
    match making.await.map_err(|fault: PageError| problem(&here, None, fault.0))? {
        Ok(Some(issued)) => {
            Ok(layout(&here, None, here.language.text("accounts-made"), secrets(&here, &name, &issued)).into_response())
        }
        Ok(None) => Err(told(&here, None, StatusCode::NOT_FOUND, "accounts-no-invitation")),
        Err(AccountError::Store(e)) => Err(problem(&here, None, PageError::from(e).0)),
        Err(_) => Err(refused(password_hint(here.language))),
    }
}

fn password_hint(language: Language) -> Said<'static> {
    language.say_with("accounts-password-hint", &[("least", LEAST_CHARACTERS.into())])
}

/// What is shown once: the secret of the one-time codes, and the recovery codes.
fn secrets(here: &PageRequest, name: &str, issued: &Issued) -> Markup {
    html! {
        div.narrow {
            h1 { (here.language.say("accounts-made")) }
            p { (here.language.say("accounts-made-lead")) }
            h2 { (here.language.say("accounts-authenticator")) }
            p { (here.language.say("accounts-authenticator-lead")) }
            p.code data-secret=(issued.secret.text()) { (issued.secret.text()) }
            p { a href=(issued.secret.uri(name)) { (here.language.say("accounts-open-authenticator")) } }
            h2 { (here.language.say("accounts-recovery")) }
            p { (here.language.say("accounts-recovery-lead")) }
            ul.codes { @for code in &issued.recovery { li { code { (code) } } } }
            p { a href="/sign-in" { (here.language.say("sign-in-title")) } }
        }
    }
}
