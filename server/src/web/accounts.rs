//! Who has an account, inviting somebody and ending an account; and the page behind an invitation, where she makes hers.

use super::about::{minute, visible};
use super::page::{PageRequest, PageResult, VisitorRequest, role_name};
use super::shared::{PageError, Pages, now};
use super::texts::{Language, Said};
use crate::staff::accounts::{self, AccountError, INVITATION_SECONDS, Issued};
use crate::staff::audit_line::Action;
use crate::staff::command::link;
use crate::staff::password::LEAST_CHARACTERS;
use crate::staff::role::{Permission, Role};
use crate::staff::sessions::Ticket;
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tabara_protocol::input::{Input, typed};
use tabara_protocol::places;
use zeroize::Zeroizing;

pub async fn page(here: VisitorRequest) -> PageResult {
    here.must(Permission::SeeAccounts)?;
    show(&here, StatusCode::OK, html! {}).await
}

async fn show(here: &VisitorRequest, status: StatusCode, message: Markup) -> PageResult {
    let read = |pages: &Pages, _: &_| Ok((pages.staff().accounts()?, pages.staff().invitations(now())?));
    let (all, invited) = here.work(read).await?;
    let visitor = &here.visitor;
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
                            (here.language.say("accounts-until")) " " (minute(*until)) " UTC"
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
    Ok(here.show(status, "accounts-title", content))
}

#[derive(Deserialize)]
pub struct InviteForm {
    token: String,
    name: String,
    role: String,
    province: String,
}

/// Shows the link, once.
pub async fn invite(here: VisitorRequest, Form(form): Form<InviteForm>) -> PageResult {
    here.must(Permission::ManageAccounts)?;
    here.posted(&form.token)?;
    let fault = |key: &str| html! { p.message.fault role="alert" { (here.language.say(key)) } };
    let Some(role) = Role::read(&form.role, Some(form.province.as_str()).filter(|code| !code.is_empty())) else {
        return show(&here, StatusCode::BAD_REQUEST, fault("accounts-wrong-province")).await;
    };
    let name = form.name.trim().to_owned();
    match here.work(move |pages, by| Ok(accounts::invite(pages.staff(), now(), &by.name, &name, role))).await? {
        Ok(ticket) => {
            let to = link(&here.origin(), &ticket);
            let message = html! {
                div.message.note role="status" {
                    p { (here.language.say_with("accounts-hand-over", &[("hours", (INVITATION_SECONDS / 3600).into())])) }
                    p.code { (to) }
                }
            };
            show(&here, StatusCode::OK, message).await
        }
        Err(AccountError::Store(e)) => Err(here.problem(PageError::from(e).0)),
        Err(_) => show(&here, StatusCode::BAD_REQUEST, fault("accounts-name-hint")).await,
    }
}

#[derive(Deserialize)]
pub struct RemoveForm {
    token: String,
    name: String,
}

/// Ends an account of somebody else.
pub async fn remove(here: VisitorRequest, Form(form): Form<RemoveForm>) -> PageResult {
    here.must(Permission::ManageAccounts)?;
    here.posted(&form.token)?;
    if form.name == here.visitor.name {
        return Err(here.problem(StatusCode::BAD_REQUEST));
    }
    let removed = here.work(move |pages, by| {
        if pages.staff().remove(&form.name)? {
            pages.staff().note(now(), &by.name, Action::AccountRemoved, &form.name)?;
        }
        Ok(())
    });
    removed.await?;
    Ok(Redirect::to("/accounts").into_response())
}

#[derive(Deserialize)]
pub struct WelcomeQuery {
    key: Option<String>,
}

/// Whom an invitation is for; else a page that says no.
async fn invited(here: &PageRequest, key: Option<&str>) -> PageResult<(Ticket, String, Role)> {
    let ticket = key.and_then(Ticket::read);
    let kept = ticket.as_ref().map(Ticket::kept);
    let find = move |pages: &Pages| Ok(kept.map(|kept| pages.staff().invitation(kept, now())).transpose()?.flatten());
    match (ticket, here.work(find).await?) {
        (Some(ticket), Some((name, role))) => Ok((ticket, name, role)),
        _ => Err(here.told(StatusCode::NOT_FOUND, "accounts-no-invitation")),
    }
}

pub async fn welcome(here: PageRequest, Query(query): Query<WelcomeQuery>) -> PageResult {
    let (ticket, name, role) = invited(&here, query.key.as_deref()).await?;
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
    here.show(status, "accounts-welcome", content)
}

#[derive(Deserialize)]
pub struct WelcomeForm {
    key: String,
    new: String,
    again: String,
}

/// Makes the account, and shows its secrets, once.
pub async fn accept(here: PageRequest, Form(form): Form<WelcomeForm>) -> PageResult {
    let [new, again] = [form.new, form.again].map(Zeroizing::new);
    let (ticket, name, role) = invited(&here, Some(&form.key)).await?;
    let refused = |text| welcome_form(&here, StatusCode::BAD_REQUEST, &ticket, &name, role, Some(text));
    if typed(Input::Secret, &new) != typed(Input::Secret, &again) {
        return Err(refused(here.language.say("account-differ")));
    }
    let (turn, holder) = (here.turn(false).await?, ticket.clone());
    let made = here.work(move |pages| Ok(accounts::accept(pages.staff(), now(), &holder, &new))).await?;
    drop(turn);
    match made {
        Ok(Some(issued)) => Ok(here.show(StatusCode::OK, "accounts-made", secrets(&here, &name, &issued))),
        Ok(None) => Err(here.told(StatusCode::NOT_FOUND, "accounts-no-invitation")),
        Err(AccountError::Store(e)) => Err(here.problem(PageError::from(e).0)),
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
