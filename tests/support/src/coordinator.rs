//! A coordinator at the page, over HTTP and without a browser: signs in, and reads numbers out of the tables. The
//! attributes it reads are described in `server/src/web/figures.rs`.

use std::collections::BTreeMap;

/// Somebody who is signed in.
pub struct Coordinator {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

/// A number as the page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Number(u32),
    /// Fewer than this.
    Below(u32),
    /// Of a sensitive split: few, or from too few phones.
    Hidden,
}

/// One page, with every cell of its tables.
#[derive(Debug)]
pub struct Sheet {
    pub html: String,
    /// By table and code, or `figures` and the name of the figure.
    pub cells: BTreeMap<(String, String), Cell>,
}

/// A client without cookies that follows nothing.
pub fn client() -> reqwest::Client {
    // refused where another test of this process has set it already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    http.build().expect("the client starts")
}

impl Coordinator {
    /// Somebody who is not signed in.
    pub fn stranger(url: &str) -> Self {
        Self { http: client(), url: url.to_owned(), cookie: String::new() }
    }

    /// Signs in; the status is given where that is refused.
    pub async fn sign_in(url: &str, name: &str, password: &str, code: &str) -> Result<Self, u16> {
        let http = client();
        let form = [("name", name), ("password", password), ("code", code)];
        let body = form.map(|(key, value)| format!("{key}={}", encoded(value))).join("&");
        let request = http.post(format!("{url}/sign-in")).body(body);
        let sent = request.header("content-type", "application/x-www-form-urlencoded").send().await;
        let answer = sent.expect("the server answers");
        let cookie = answer.headers().get("set-cookie").and_then(|line| line.to_str().ok()?.split(';').next());
        match cookie {
            Some(cookie) if answer.status() == 303 => Ok(Self { cookie: cookie.to_owned(), url: url.to_owned(), http }),
            _ => Err(answer.status().as_u16()),
        }
    }

    /// The secret of the session.
    pub fn ticket(&self) -> &str {
        self.cookie.split_once('=').map_or("", |(_, ticket)| ticket)
    }

    /// Any path, with the session's cookie.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        request.header("accept-language", "en").send().await.expect("the server answers")
    }

    /// Sends a form with the session's cookie, as a page at `origin` would.
    pub async fn post(&self, path: &str, origin: &str, body: &str) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let request = request.header("origin", origin).header("content-type", "application/x-www-form-urlencoded");
        request.body(body.to_owned()).send().await.expect("the server answers")
    }

    /// The figures of a place and a period, `place=BI&period=all` for instance.
    pub async fn figures(&self, query: &str) -> Result<Sheet, u16> {
        self.sheet(&format!("/figures?{query}")).await
    }

    /// A page with its numbers.
    pub async fn sheet(&self, path: &str) -> Result<Sheet, u16> {
        let answer = self.get(path).await;
        match answer.status().as_u16() {
            200 => Ok(Sheet::read(answer.text().await.expect("a page"))),
            other => Err(other),
        }
    }
}

impl Sheet {
    fn read(html: String) -> Self {
        let mut cells = BTreeMap::new();
        let mut table = String::new();
        for tag in html.split('<').map(|part| part.split('>').next().unwrap_or("")) {
            let attribute = |name: &str| {
                let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
                rest.split('"').next().map(str::to_owned)
            };
            table = attribute("data-table").unwrap_or(table);
            let number = |name: &str| attribute(name).and_then(|text| text.parse().ok());
            let hidden = attribute("data-hidden").map(|_| Cell::Hidden);
            let number = number("data-value").map(Cell::Number).or(number("data-below").map(Cell::Below));
            let Some(cell) = number.or(hidden) else { continue };
            if let Some(name) = attribute("data-figure") {
                cells.insert(("figures".to_owned(), name), cell);
            } else if let Some(code) = attribute("data-code") {
                cells.insert((table.clone(), code), cell);
            }
        }
        Self { html, cells }
    }

    /// A cell, where the table is on the page and has it.
    pub fn cell(&self, table: &str, code: &str) -> Option<Cell> {
        self.cells.get(&(table.to_owned(), code.to_owned())).copied()
    }

    /// A number that is shown; none where it is hidden or missing.
    pub fn number(&self, table: &str, code: &str) -> Option<u32> {
        match self.cell(table, code)? {
            Cell::Number(n) => Some(n),
            Cell::Below(_) | Cell::Hidden => None,
        }
    }
}

fn encoded(text: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    text.bytes().map(|c| if plain(c) { (c as char).to_string() } else { format!("%{c:02X}") }).collect()
}
