//! Taking a card, the PIN, and the end of a vault.

use super::here::{Here, Shown};
use super::services::numbers;
use crate::local_page::door::HOME;
use crate::local_page::trouble::{destroyed, trouble, wait};
use axum::Form;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::time::Duration;
use tabara_core::catalog::EnrolmentCard;
use tabara_core::error::DestructionReason;
use tabara_core::focal_point::LEAST_PIN;
use tabara_core::{Error, clock, places};
use zeroize::ZeroizeOnDrop;

#[derive(Deserialize)]
pub(super) struct CardText {
    card: String,
}

#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct Pins {
    pub(super) pin: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    old: String,
}

/// A field for a PIN.
pub(super) fn pin_field(here: &Here, name: &str, label: &str, fresh: bool) -> Markup {
    html! {
        div.question {
            label.label for=(name) { (here.say(label)) }
            input id=(name) name=(name) type="password" required minlength=[fresh.then_some(LEAST_PIN)]
                autocomplete=(if fresh { "new-password" } else { "off" });
        }
    }
}

/// A card is asked for; then what it says, and a PIN.
pub(super) async fn card(here: Here) -> Response {
    let card = here.phone.memory().card.clone();
    let Some((card, grant)) = card.and_then(|text| EnrolmentCard::parse(&text).ok()) else {
        return here.page(
            &here.say("enrol-title"),
            html! {
                h1 { (here.say("enrol-title")) }
                (here.p("enrol-explain"))
                form method="post" action="card" autocomplete="off" {
                    div.question {
                        label.label for="card" { (here.say("card")) }
                        textarea #card name="card" rows="6" required placeholder="TABARA2.…" spellcheck="false" autocomplete="off" {}
                    }
                    div.steps { button.main { (here.say("check-card")) } }
                }
                (numbers(&here))
            },
        );
    };
    let facts = [
        ("card-organisation", grant.organisation.clone()),
        ("card-commune", places::name(&grant.commune).unwrap_or(&grant.commune).to_owned()),
        ("card-expires", clock::civil_date(grant.expires).to_string()),
        ("card-server", grant.servers.iter().map(|server| server.url.as_str()).collect::<Vec<_>>().join(", ")),
    ];
    let content = html! {
        h1 { (here.say("enrol-title")) }
        dl.facts { @for (name, value) in facts { dt { (here.say(name)) } dd { (value) } } }
        (here.p("fingerprint-explain"))
        p.code { (card.authority.fingerprint()) }
        form method="post" action="enrol" autocomplete="off" {
            p { (here.texts.get("pin-explain", &[("least", LEAST_PIN.into())])) }
            (pin_field(&here, "pin", "pin-new", true))
            (pin_field(&here, "again", "pin-again", true))
            div.steps { button.main { (here.say("enrol")) } }
        }
        form method="post" action="card" { input type="hidden" name="card" value=""; button.quiet { (here.say("another-card")) } }
    };
    here.page(&here.say("enrol-title"), content)
}

pub(super) async fn read_card(here: Here, Form(CardText { card }): Form<CardText>) -> Response {
    match EnrolmentCard::parse(&card) {
        Ok(_) => here.phone.memory().card = Some(card),
        Err(_) if card.is_empty() => here.phone.memory().card = None,
        Err(error) => here.notice(trouble(&Error::Card { reason: error.into() }, here.texts)),
    }
    here.go("card")
}

pub(super) async fn enrol(here: Here, Form(pins): Form<Pins>) -> Shown {
    let Some(card) = here.phone.memory().card.clone() else { return Ok(here.go("card")) };
    if pins.pin != pins.again {
        here.notice(here.say("pin-differs"));
        return Ok(here.go("card"));
    }
    here.core(move |core| core.enrol(&card, &pins.pin)).await.map_err(|failed| failed.back("card"))?;
    here.phone.memory().card = None;
    Ok(here.go(HOME))
}

/// What is shown instead of home while the vault is locked.
pub(super) fn locked(here: &Here, attempts_left: u32, retry_after: Duration) -> Response {
    let content = html! {
        h1 { (here.say("unlock-title")) }
        (here.p("unlock-explain"))
        @if !retry_after.is_zero() { p.notice { (wait(retry_after, here.texts)) } }
        form method="post" action="unlock" autocomplete="off" {
            (pin_field(here, "pin", "pin", false))
            p.hint { (here.texts.get("attempts-left", &[("left", attempts_left.into())])) }
            div.steps { button.main { (here.say("unlock")) } }
        }
        details {
            summary { (here.say("more")) }
            (here.link("sync", "sync"))
            (here.link("courier", "courier"))
            (here.link("card", "new-card-long"))
            (here.link("wipe", "wipe"))
        }
        (numbers(here))
    };
    here.page(&here.say("unlock-title"), content)
}

pub(super) async fn unlock(here: Here, Form(pins): Form<Pins>) -> Shown {
    here.core(move |core| core.unlock(&pins.pin)).await?;
    Ok(here.go(HOME))
}

/// The vault is gone on purpose.
pub(super) fn gone(here: &Here, reason: DestructionReason) -> Response {
    let content = html! {
        h1 { (here.say("vault-gone-title")) }
        p { (destroyed(reason, here.texts)) }
        (here.p("vault-gone"))
        (here.link("card", "new-card"))
        (here.link("sync", "sync"))
        (here.link("courier", "courier"))
        (numbers(here))
    };
    here.page(&here.say("vault-gone-title"), content)
}

/// The folder cannot be opened now.
pub(super) fn broken(here: &Here, error: &Error) -> Response {
    let content = html! {
        h1 { (here.say("broken-title")) }
        p.wrong { (trouble(error, here.texts)) }
        (here.link(HOME, "try-again"))
        (numbers(here))
    };
    here.page(&here.say("broken-title"), content)
}

/// What is kept here cannot be read any more: a new card leads on, and the files stay.
pub(super) fn lost(here: &Here, error: &Error) -> Response {
    let content = html! {
        h1 { (here.say("broken-title")) }
        p.wrong { (trouble(error, here.texts)) }
        (here.link("card", "new-card"))
        (here.link("sync", "sync"))
        (numbers(here))
    };
    here.page(&here.say("broken-title"), content)
}

pub(super) async fn pin(here: Here) -> Response {
    let content = html! {
        h1 { (here.say("change-pin")) }
        p { (here.texts.get("pin-explain", &[("least", LEAST_PIN.into())])) }
        form method="post" action="pin" autocomplete="off" {
            (pin_field(&here, "old", "pin-old", false))
            (pin_field(&here, "pin", "pin-new", true))
            (pin_field(&here, "again", "pin-again", true))
            div.steps { button.main { (here.say("change-pin")) } }
        }
    };
    here.page(&here.say("change-pin"), content)
}

pub(super) async fn change_pin(here: Here, Form(pins): Form<Pins>) -> Shown {
    if pins.pin != pins.again {
        here.notice(here.say("pin-differs"));
        return Ok(here.go("pin"));
    }
    here.core(move |core| core.change_pin(&pins.old, &pins.pin)).await.map_err(|failed| failed.back("pin"))?;
    here.notice(here.say("pin-changed"));
    Ok(here.go(HOME))
}

pub(super) async fn ask_wipe(here: Here) -> Response {
    let content = html! {
        h1 { (here.say("wipe")) }
        (here.p("wipe-explain"))
        (here.button("wipe", "danger", "wipe-do"))
        (here.link(HOME, "cancel"))
    };
    here.page(&here.say("wipe"), content)
}

pub(super) async fn wipe(here: Here) -> Shown {
    here.core(|core| core.wipe()).await?;
    here.phone.lock();
    Ok(here.go(HOME))
}
