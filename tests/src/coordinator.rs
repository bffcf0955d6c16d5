//! A simulated coordinator: signs in over HTTP like a person with a browser and reads the page's tables.

use crate::deployment::Deployment;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tabara_server::auth::{self, Role, totp::Secret};

/// A name, a password and the secret of the one-time codes.
pub struct SignIn {
    pub name: String,
    pub password: String,
    pub secret: Secret,
}

/// Cells of one table by code: a number, or none where it is hidden because it is small.
pub type Cells = BTreeMap<String, Option<u32>>;

/// Sign-in always uses the real time.
pub fn real_time() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}

impl SignIn {
    /// Makes an account on a running server.
    pub fn new(deployment: &Deployment, name: &str, role: Role) -> Self {
        let password = tabara_core::record::Code::generate().to_string() + "-demo";
        let issued = auth::set_account(deployment.store().staff(), real_time(), name, role, &password);
        let secret = issued.expect("the account is in order").secret;
        Self { name: name.to_owned(), password, secret }
    }

    /// The code of this half minute.
    pub fn code(&self) -> String {
        self.secret.code(real_time())
    }

    /// Signs in and returns the cookie.
    pub async fn enter(&self, url: &str) -> Result<String, String> {
        let code = self.code();
        let form = [("name", self.name.as_str()), ("password", &self.password), ("code", &code)];
        let body: String = form.iter().map(|(key, value)| format!("{key}={value}&")).collect();
        let request =
            browser().post(format!("{url}/sign-in")).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.map_err(|e| e.to_string())?;
        let cookie =
            answer.headers().get("set-cookie").and_then(|c| c.to_str().ok()?.split(';').next().map(str::to_owned));
        cookie.filter(|_| answer.status().is_redirection()).ok_or(format!("sign-in answered {}", answer.status()))
    }
}

/// Fetches a page with a session's cookie.
pub async fn page(url: &str, cookie: &str) -> Result<String, String> {
    let answer = browser().get(url).header("cookie", cookie).send().await.map_err(|e| e.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|e| e.to_string())?;
    if status.is_success() { Ok(text) } else { Err(format!("{url} answered {status}")) }
}

fn browser() -> reqwest::Client {
    crate::load::client()
}

/// The numbers of a table, as a program reads them from the page.
pub fn table(page: &str, name: &str) -> Cells {
    let Some(at) = page.find(&format!("data-table=\"{name}\"")) else { return Cells::new() };
    let table = page[at..].split("</table>").next().unwrap_or_default();
    let tags = table.split('<').filter_map(|tag| tag.split('>').next());
    tags.filter_map(|tag| Some((attribute(tag, "data-code")?.to_owned(), number(tag)?))).collect()
}

/// A figure above the tables.
pub fn figure(page: &str, name: &str) -> Option<u32> {
    let at = page.find(&format!("data-figure=\"{name}\""))?;
    number(page[at..].split('>').next()?).flatten()
}

fn number(tag: &str) -> Option<Option<u32>> {
    match attribute(tag, "data-value") {
        Some(value) => Some(value.parse().ok()),
        None => attribute(tag, "data-below").map(|_| None),
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!("{name}=\""))?.1.split('"').next()
}
