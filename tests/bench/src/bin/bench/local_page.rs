//! The local page: what a page with ten questions costs over what the core takes to give it, and what it weighs. The browser
//! tests measure when it is painted (`first_paint`).

use crate::{Rows, medians};
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::focal_point::FocalPoint;
use tabara_desk::local_page::LocalPage;
use tabara_support::coordinator::client;
use tabara_support::phone::{KeyStore, Office};

/// Ten questions of the usual kinds on one page.
fn form() -> String {
    let kinds = ["text", "integer", "decimal", "date", "time", "text", "integer"];
    let mut form = "| survey |\n| | type | name | label | hint | appearance |\n| | begin_group | page | Ten questions | | field-list |\n".to_owned();
    for (n, kind) in kinds.into_iter().enumerate() {
        form += &format!(
            "| | {kind} | q{n} | A question of the usual length, number {n}? | Whatever is said is right. | |\n"
        );
    }
    for n in 7..10 {
        form += &format!("| | select_one place | q{n} | Where did that happen, number {n}? | | |\n");
    }
    form += "| | end_group | | | | |\n| choices |\n| | list_name | name | label |\n";
    for n in 0..8 {
        form += &format!("| | place | p{n} | A place with a name of its own {n} |\n");
    }
    form + "| settings |\n| | form_title | form_id |\n| | Ten questions | ten |\n"
}

pub fn local_page(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let office = Office::new(&[&form()]);
    let (secret, clock) = (Arc::new(KeyStore::default()), Arc::new(SystemClock::default()));
    let phone = FocalPoint::open(folder.path(), secret.clone(), clock.clone()).expect("a phone");
    phone.enrol(&office.card(3_900_000_000), "271828").expect("a card");
    office.supply(&phone);
    let session = phone.start("ten", "").expect("the form");
    let draft = session.draft();
    let core = || drop(phone.resume(draft).and_then(|session| session.page()).expect("a page"));
    let [own] = medians(200, [&mut || core()]);
    drop((session, phone));

    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let http = client();
    let page = runtime.block_on(LocalPage::phone(folder.path(), secret, clock, false)).expect("a page");
    let address = page.door().address();
    runtime.spawn(page.serve(std::future::pending()));
    let base = address.rsplit_once('/').expect("an address").0.to_owned();
    let answer = runtime.block_on(http.get(&address).send()).expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let get = |page: &str| {
        let request = http.get(format!("{base}/{page}")).header("cookie", &cookie);
        runtime.block_on(async { request.send().await.expect("an answer").text().await.expect("a page") })
    };
    let origin = base.split('/').take(3).collect::<Vec<_>>().join("/");
    let unlock = http.post(format!("{base}/unlock")).header("cookie", &cookie).header("origin", origin);
    let unlock = unlock.header("content-type", "application/x-www-form-urlencoded").body("pin=271828");
    runtime.block_on(unlock.send()).expect("the PIN");
    let name = format!("interview/{draft}");
    let mut html = String::new();
    let [whole, fixed] = medians(200, [&mut || html = get(&name), &mut || drop(get("icon.svg"))]);
    assert_eq!(html.matches("class=\"question").count(), 10, "ten questions are drawn");
    let weight = [html, get("style.css"), get("script.js")].map(|part| part.len() as f64 / 1e3);
    rows.add("local_page", "page_ms", whole / 1e3, "ms", ("the core's own time for the page", own / 1e3));
    rows.add("local_page", "page_ms", whole / 1e3, "ms", ("a fixed file of 200 bytes, served beside it", fixed / 1e3));
    rows.add("local_page", "page_ms over the core", (whole - own) / 1e3, "ms", ("issue's limit", 5.0));
    rows.add("local_page", "weight", weight.iter().sum(), "KB", ("issue's limit, with style and script", 30.0));
}
