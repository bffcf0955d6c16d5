//! A focal point's phone in the browser: the real core on a folder of this computer.

mod ending;
mod entry;
mod exchange;
mod here;
mod home;
mod interview;
mod moving;
mod practice;
mod provider;
mod records;
mod refer;
mod referrals;
mod services;
mod state;
mod story;

pub(super) use state::Phone;

use super::frame::{icon, script, style};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::sync::Arc;

/// A courier's file is at most this long.
const MOST_BYTES: usize = 64 << 20;

pub(super) fn router(phone: Arc<Phone>) -> Router {
    tokio::spawn(state::watch(Arc::downgrade(&phone)));
    let real = Router::new()
        .route("/card", get(entry::card).post(entry::read_card))
        .route("/enrol", post(entry::enrol))
        .route("/pin", get(entry::pin).post(entry::change_pin))
        .route("/wipe", get(entry::ask_wipe).post(entry::wipe))
        .route("/take-back", get(records::ask_take_back).post(records::take_back))
        .route("/sync", get(exchange::status).post(exchange::start))
        .route("/sync/stop", post(exchange::stop))
        .route("/courier", get(exchange::courier))
        .route("/courier/bundle", get(exchange::bundle))
        .route("/courier/parcel", post(exchange::take_parcel))
        .route("/courier/carry", post(exchange::carry))
        .route("/hand-over", get(moving::ask))
        .route("/hand-over/key", post(moving::key))
        .route("/hand-over/give", post(moving::give))
        .route("/hand-over/take", post(moving::take))
        .route("/practice-people", get(practice::people))
        .route("/practice-begin/{story}", post(practice::begin));
    let practised = phone.practice.clone();
    let mut all = pages().merge(real).with_state(phone);
    if let Some(practised) = practised {
        all = all.nest("/practice", pages().route("/end", post(practice::end)).with_state(practised));
    }
    all.layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// What a phone and one for practice have alike: nothing of it needs a network.
fn pages() -> Router<Arc<Phone>> {
    Router::new()
        .route("/home", get(home::home))
        .route("/language/{tag}", post(home::language_chosen))
        .route("/start", post(home::start))
        .route("/lock", post(home::lock))
        .route("/exit", get(home::exit))
        .route("/calendar", get(home::calendar))
        .route("/unlock", post(entry::unlock))
        .route("/interview/{draft}", get(interview::page).post(interview::step))
        .route("/review/{draft}", get(ending::review))
        .route("/result/{draft}", get(ending::result).post(ending::finish))
        .route("/stopped/{draft}", get(ending::stopped).post(ending::finish_stopped))
        .route("/slip", get(ending::slip).post(ending::written_down))
        .route("/services", get(services::search))
        .route("/services/gaps", get(services::gaps))
        .route("/records/{page}", get(records::list))
        .route("/refer/{record}", get(refer::needs))
        .route("/refer/{record}/{need}", get(refer::providers).post(refer::not_referred))
        .route("/refer/{record}/{need}/{service}", get(refer::agree).post(refer::refer))
        .route("/referrals", get(referrals::list))
        .route("/referral/{record}/{referral}", get(referrals::one).post(referrals::note))
        .route("/referral-withdraw/{record}/{referral}", post(referrals::withdraw))
        .route("/incoming-page/{page}", get(provider::list))
        .route("/incoming/{referral}", get(provider::one).post(provider::answer))
        .route("/slip/{record}", get(records::slip))
        .route("/withdraw/{record}", get(records::ask_withdraw).post(records::withdraw))
        .route("/activity/{page}", get(records::activity))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/icon.svg", get(icon))
}
