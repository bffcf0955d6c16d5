//! A box between a phone and its server, as hotels, offices and operators have them: portals, block pages, every status,
//! headers that are dropped or changed, bodies that are unpacked, cut or filled up. None of it is the server's word.

use crate::rng::Rng;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// One thing that a box does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meddling {
    /// A page with a form, and status 200.
    Portal,
    /// A redirect to its own page.
    Redirect,
    /// Any status but 200, with a page.
    Status(u16),
    /// Drops headers that it does not know.
    DropHeaders,
    /// The server's answer with another status.
    OtherStatus(u16),
    /// Status 200 without a body.
    Empty,
    /// The body with a banner behind it.
    Banner,
    /// Half of the answer, as if it were all.
    Half,
}

impl Meddling {
    /// All of them, with the statuses that boxes love.
    pub fn all() -> Vec<Self> {
        let statuses = [
            204, 206, 301, 304, 400, 401, 403, 404, 407, 408, 411, 413, 415, 422, 425, 429, 451, 500, 502, 503, 504,
            511,
        ];
        let pages = statuses.into_iter().map(Self::Status);
        let others = [201, 202, 204, 206, 304, 400, 413, 500].into_iter().map(Self::OtherStatus);
        use Meddling::*;
        [Portal, Redirect, DropHeaders, Empty, Banner, Half].into_iter().chain(pages).chain(others).collect()
    }
}

struct Inside {
    upstream: SocketAddr,
    http: reqwest::Client,
    /// What it does to every request; or else in so many of a hundred requests anything.
    always: Option<Meddling>,
    often: u32,
    rng: Rng,
    done: BTreeMap<Meddling, u32>,
}

/// A running box; it stops when it is dropped.
pub struct BoxBetween {
    pub address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for BoxBetween {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BoxBetween {
    /// A box in front of a server that changes nothing yet.
    pub async fn start(upstream: SocketAddr, seed: u64) -> Self {
        let http = crate::load::client();
        let inside = Inside { upstream, http, always: None, often: 0, rng: Rng::new(seed), done: BTreeMap::new() };
        let inside = Arc::new(Mutex::new(inside));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let served = Router::new().fallback(pass).with_state(inside.clone());
        let task = tokio::spawn(async move { axum::serve(listener, served).await.expect("it serves") });
        Self { address, inside, task }
    }
    /// From now on it does this to every request; or nothing.
    pub fn always(&self, what: Option<Meddling>) {
        self.inside.lock().unwrap().always = what;
    }
    /// From now on it does something to so many of a hundred requests.
    pub fn often(&self, percent: u32) {
        self.inside.lock().unwrap().often = percent;
    }
    /// The server has moved.
    pub fn lead_to(&self, server: SocketAddr) {
        self.inside.lock().unwrap().upstream = server;
    }
    /// How often it did what.
    pub fn done(&self) -> BTreeMap<Meddling, u32> {
        self.inside.lock().unwrap().done.clone()
    }
}

const PAGE: Html<&str> = Html("<!doctype html><title>Welcome</title><form>Accept the terms of this network</form>");

async fn pass(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let (upstream, http, what) = {
        let mut inside = inside.lock().unwrap();
        let often = inside.often;
        let any = inside.rng.percent(often).then(|| {
            let all = Meddling::all();
            all[inside.rng.below(all.len())]
        });
        let what = inside.always.or(any);
        if let Some(what) = what {
            *inside.done.entry(what).or_default() += 1;
        }
        (inside.upstream, inside.http.clone(), what)
    };
    match what {
        Some(Meddling::Portal) => return PAGE.into_response(),
        Some(Meddling::Redirect) => {
            return (StatusCode::FOUND, [(header::LOCATION, "http://portal.example/")], PAGE).into_response();
        }
        Some(Meddling::Status(status)) => return (code(status), PAGE).into_response(),
        Some(Meddling::Empty) => return StatusCode::OK.into_response(),
        _ => (),
    }
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 16 << 20).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut onward = http.request(head.method, format!("http://{upstream}{path}")).body(body);
    for (name, value) in &head.headers {
        let known = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::HOST].contains(name);
        if *name != header::HOST && (known || what != Some(Meddling::DropHeaders)) {
            onward = onward.header(name, value);
        }
    }
    let Ok(answer) = onward.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(bytes) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let bytes: Bytes = match what {
        Some(Meddling::Banner) => [&bytes[..], b"<!-- carried by your operator -->"].concat().into(),
        Some(Meddling::Half) => bytes.slice(..bytes.len() / 2),
        _ => bytes,
    };
    let status = if let Some(Meddling::OtherStatus(other)) = what { code(other) } else { status };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let mut kept = HeaderMap::new();
    for name in [header::CONTENT_TYPE, header::RETRY_AFTER, header::CONTENT_RANGE] {
        kept.extend(headers.get(&name).map(|value: &HeaderValue| (name, value.clone())));
    }
    *response.headers_mut() = kept;
    response
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}
