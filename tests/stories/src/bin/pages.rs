//! Serves the coordinator's page over invented screenings, for the browser test and for whoever works on the page:
//! prints one line of JSON (address, password, and per account recovery codes and the secret of the one-time codes),
//! then serves until its input ends. `pages [NUMBER]` sets how many screenings, 1,500 if not given.

use std::io::Read as _;
use tabara_support::load::Running;
use tabara_support::seeded_server::{PASSWORD, Screened};

#[tokio::main]
async fn main() {
    let number = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1500);
    let folder = tempfile::tempdir().expect("a folder");
    let screened = Screened::fill(folder.path(), number);
    let account = |name: &str| {
        let issued = &screened.accounts[name];
        let recovery: Vec<String> = issued.recovery.iter().map(ToString::to_string).collect();
        serde_json::json!({ "secret": issued.secret.text(), "recovery": recovery })
    };
    let accounts: serde_json::Map<String, _> =
        screened.accounts.keys().map(|name| ((*name).to_owned(), account(name))).collect();
    let running = Running::start(screened.store.clone(), screened.settings.clone()).await;
    let address = running.url.trim_end_matches(tabara_core::wire::PREFIX);
    println!("{}", serde_json::json!({ "address": address, "password": PASSWORD, "accounts": accounts }));
    let until = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    until.await.expect("it did not panic").expect("the input ends");
    running.stop().await;
}
