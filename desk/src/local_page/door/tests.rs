//! Strangers of this machine at the door of a real page: each asks over a socket of his own.

use crate::local_page::LocalPage;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// A page that is served, and the pieces of its first address.
struct Served {
    door: Arc<super::Door>,
    host: String,
    room: String,
    token: String,
    _folder: tempfile::TempDir,
}

async fn served() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.md");
    std::fs::write(&form, "| survey |\n| | type | name | label |\n| | text | word | A word |").unwrap();
    let page = LocalPage::preview(&form, "en").await.unwrap();
    let door = page.door();
    let address = door.address();
    let mut parts = address.strip_prefix("http://").unwrap().split('/').map(str::to_owned);
    let [host, room, token] = [(); 3].map(|()| parts.next().unwrap());
    tokio::spawn(page.serve(std::future::pending()));
    Served { door, host, room, token, _folder: folder }
}

impl Served {
    /// The status and the whole answer to a request with these headers.
    fn ask(&self, line: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let body = if line.starts_with("POST") { "q=word&a%3Aword=x&go=stay" } else { "" };
        let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}");
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }

    fn enter(&self, token: &str) -> (u16, String) {
        self.ask(&format!("GET /{}/{token}", self.room), &[("Host", &self.host)])
    }

    /// The cookie that the first address is exchanged for.
    fn cookie(&self) -> String {
        let (status, answer) = self.enter(&self.token);
        assert_eq!(status, 303, "{answer}");
        let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie").to_owned();
        for word in ["HttpOnly", "SameSite=Strict", &format!("Path=/{}", self.room)] {
            assert!(line.contains(word), "{line}");
        }
        line.split(';').next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_address_works_once_and_gives_a_cookie() {
    let page = served().await;
    let cookie = page.cookie();
    assert_eq!(page.enter(&page.token).0, 403, "the address worked twice");
    let home = format!("GET /{}/home", page.room);
    let own = [("Host", page.host.as_str()), ("Cookie", cookie.as_str())];
    let (status, answer) = page.ask(&home, &own);
    assert_eq!(status, 200);
    for header in
        ["cache-control: no-store", "content-security-policy: default-src 'none'", "x-content-type-options: nosniff"]
    {
        assert!(answer.contains(header), "{header} is missing");
    }
    // a new address lets another browser in, and the first one out
    let next = page.door.address();
    assert_eq!(page.enter(next.rsplit('/').next().unwrap()).0, 303);
    assert_eq!(page.ask(&home, &own).0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_without_the_token_gets_nothing() {
    let page = served().await;
    let home = format!("GET /{}/home", page.room);
    assert_eq!(page.ask("GET /", &[("Host", &page.host)]).0, 403);
    assert_eq!(page.ask(&home, &[("Host", &page.host)]).0, 403);
    assert_eq!(page.ask(&home, &[("Host", &page.host), ("Cookie", "tabara-local=guess")]).0, 403);
    assert_eq!(page.enter("guess").0, 403);
    assert_eq!(page.enter("").0, 403);
    // who guesses takes nothing from who has the address
    page.cookie();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_name_for_this_machine_is_refused() {
    let page = served().await;
    let port = page.host.rsplit_once(':').unwrap().1;
    // the browser has our cookie for its own name, as after DNS rebinding with a lured token
    let cookie = page.cookie();
    let home = format!("GET /{}/home", page.room);
    for host in [format!("evil.example:{port}"), format!("localhost:{port}"), "127.0.0.1".into(), String::new()] {
        assert_eq!(page.ask(&home, &[("Host", &host), ("Cookie", &cookie)]).0, 403, "{host}");
    }
    assert_eq!(page.ask(&home, &[("Host", &page.host), ("Cookie", &cookie)]).0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_changes_nothing() {
    let page = served().await;
    let cookie = page.cookie();
    let (post, get) = (format!("POST /{}/home", page.room), format!("GET /{}/home", page.room));
    let own = format!("http://{}", page.host);
    let base = [("Host", page.host.as_str()), ("Cookie", cookie.as_str())];
    let with = |line: &str, more: &[(&str, &str)]| page.ask(line, &[&base[..], more].concat()).0;
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null", ""] {
        assert_eq!(with(&post, &[("Origin", origin)]), 403, "{origin}");
        assert_eq!(with(&get, &[("Origin", origin)]), 403, "{origin}");
    }
    assert_eq!(with(&post, &[]), 403, "a form without an origin");
    // another port of this machine is the same site to a browser, and another origin
    for site in ["cross-site", "same-site"] {
        assert_eq!(with(&get, &[("Sec-Fetch-Site", site)]), 403, "{site}");
        assert_eq!(with(&post, &[("Origin", &own), ("Sec-Fetch-Site", site)]), 403, "{site}");
    }
    assert_eq!(with(&post, &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]), 303);
}
