//! Sync with its progress, and couriers. All of it works while the vault is locked.

use super::here::{Failed, Here, Shown, moment};
use super::state::{Phone, SyncRun};
use crate::local_page::door::HOME;
use crate::local_page::trouble::{trouble, untrusted};
use axum::extract::Multipart;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use std::sync::{Arc, Weak};
use tabara_core::error::UntrustedReason;
use tabara_core::sync::{Progress, Step, SyncReport};

pub(super) async fn start(here: Here) -> Shown {
    let phone = here.phone.clone();
    let core = here.core(move |_| phone.core()).await?;
    let weak: Weak<Phone> = Arc::downgrade(&here.phone);
    let tell = move |step| {
        if let Some(phone) = weak.upgrade()
            && let SyncRun::Running(_, at) = &mut phone.memory().sync
        {
            *at = step;
        }
    };
    let progress = Arc::new(Progress::new(tell));
    {
        let mut memory = here.phone.memory();
        if matches!(memory.sync, SyncRun::Running(..)) {
            drop(memory);
            return Ok(here.go("sync"));
        }
        memory.sync = SyncRun::Running(progress.clone(), Step::Contacting);
    }
    let phone = here.phone.clone();
    tokio::spawn(async move {
        let done = core.sync(&progress).await;
        phone.memory().sync = SyncRun::Done(done);
    });
    Ok(here.go("sync"))
}

pub(super) async fn stop(here: Here) -> Response {
    if let SyncRun::Running(progress, _) = &here.phone.memory().sync {
        progress.cancel();
    }
    here.go("sync")
}

/// The page of a sync, which loads itself again while one runs.
pub(super) async fn status(here: Here) -> Shown {
    let waiting = here.core(|core| core.waiting()).await?;
    let (running, told) = {
        let memory = here.phone.memory();
        match &memory.sync {
            SyncRun::None => (false, html! {}),
            SyncRun::Running(_, step) => (true, running(&here, *step)),
            SyncRun::Done(Ok(report)) => (false, html! { @for line in lines(&here, report) { p.notice { (line) } } }),
            SyncRun::Done(Err(error)) => (false, html! { p.wrong { (trouble(error, here.texts)) } }),
        }
    };
    let content = html! {
        h1 { (here.say("sync")) }
        div #sync data-running=(running) { (told) }
        p { (here.texts.get("waiting", &[("n", waiting.records.into())])) }
        @match waiting.last_sync {
            Some(at) => p.hint { (here.texts.get("last-sync", &[("when", moment(at).into())])) }
            None => p.hint { (here.say("never-synced")) }
        }
        @if running { (here.button("sync/stop", "second", "cancel-sync")) } @else { (here.button("sync", "main", "send-now")) }
        (here.link("courier", "courier"))
        (here.link(HOME, "home"))
    };
    Ok(here.framed(&here.say("sync"), html! {}, running.then_some((1, "sync")), content))
}

fn running(here: &Here, step: Step) -> Markup {
    let (id, done, of) = match step {
        Step::Contacting => return html! { p { (here.say("contacting")) } progress {} },
        Step::Sending { done, of } => ("sending", done, of),
        Step::Fetching { done, of } => ("fetching", done, of),
    };
    html! {
        p { (here.texts.get(id, &[("done", done.into()), ("of", of.into())])) }
        progress max=(of.max(1)) value=(done) {}
    }
}

/// What a sync or a parcel did, in sentences.
fn lines(here: &Here, report: &SyncReport) -> Vec<String> {
    let texts = here.texts;
    let many = |n: u32, id: &str| (n > 0).then(|| texts.get(id, &[("n", n.into())]));
    let fault = |why: UntrustedReason| texts.get("sync-catalog-fault", &[("why", untrusted(why, texts).into())]);
    let said = [
        many(report.accepted + report.already_had, "sync-sent"),
        many(report.quarantined, "sync-looked-at"),
        many(report.refused, "sync-refused"),
        report.catalog_fault.map(fault),
        report.new_catalog.then(|| texts.say("sync-new-catalog")),
        report.restored.then(|| texts.say("sync-restored")),
        report.cancelled.then(|| texts.say("sync-cancelled")),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() { vec![texts.say("sync-nothing")] } else { said }
}

pub(super) async fn courier(here: Here) -> Shown {
    let waiting = here.core(|core| core.waiting()).await?;
    let content = html! {
        h1 { (here.say("courier")) }
        (here.p("courier-explain"))
        section {
            p { (here.texts.get("waiting", &[("n", waiting.records.into())])) }
            @if waiting.records > 0 { a.row href="courier/bundle" download="tabara-bundle" { (here.say("save-bundle")) } p.hint { (here.say("bundle-saved")) } }
            (file_form(&here, "courier/parcel", "take-parcel", "take-file"))
        }
        section { (here.p("carry-explain")) (file_form(&here, "courier/carry", "carry", "carry-file")) }
        (here.link(HOME, "home"))
    };
    Ok(here.page(&here.say("courier"), content))
}

/// A form that takes a file.
pub(super) fn file_form(here: &Here, action: &str, id: &str, button: &str) -> Markup {
    html! {
        form method="post" action=(action) enctype="multipart/form-data" {
            div.question { label.label for=(id) { (here.say(id)) } input id=(id) type="file" name="file" required; }
            button.second { (here.say(button)) }
        }
    }
}

/// A file to keep: sealed, for nobody on the way.
pub(super) fn download(name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, bytes).into_response()
}

pub(super) async fn bundle(here: Here) -> Shown {
    let bundle = here.core(|core| core.bundle()).await.map_err(|failed| failed.back("courier"))?;
    Ok(bundle.map_or_else(|| here.go("courier"), |bytes| download("tabara-bundle", bytes)))
}

/// The one file of a form; nothing where it is cut off.
pub(super) async fn file(mut form: Multipart) -> Vec<u8> {
    match form.next_field().await {
        Ok(Some(field)) => field.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default(),
        _ => vec![],
    }
}

pub(super) async fn take_parcel(here: Here, form: Multipart) -> Shown {
    let bytes = file(form).await;
    let report = here.core(move |core| core.take_parcel(&bytes)).await.map_err(|failed| failed.back("courier"))?;
    here.notice(lines(&here, &report).join(" "));
    Ok(here.go("courier"))
}

pub(super) async fn carry(here: Here, form: Multipart) -> Shown {
    let (bytes, phone) = (file(form).await, here.phone.clone());
    let core = here.core(move |_| phone.core()).await?;
    match core.carry(&bytes).await {
        Ok(parcel) => Ok(download("tabara-parcel", parcel)),
        Err(error) => Err(Failed { here, error, back: "courier".to_owned() }),
    }
}
