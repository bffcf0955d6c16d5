//! The routes, over a real connection.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Serves the house while `story` runs.
fn served(house: &House, story: impl FnOnce(SocketAddr)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let serving = runtime.spawn(crate::serve(listener, house.store.clone(), house.settings.clone(), stopped));
    story(address);
    drop(stop);
    runtime.block_on(serving).unwrap().unwrap();
}

struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

fn request(to: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let headers = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}

#[test]
fn a_phone_registers_fetches_sends_in_pieces_and_asks_what_became_of_it() {
    let house = House::new();
    served(&house, |to| {
        let mut phone = Phone::with(&house.card());
        let json = serde_json::to_vec(&phone.introduction()).unwrap();
        let answer = request(to, "POST", "/v2/devices", "", &json);
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains("content-type: application/vnd.tabara"), "{}", answer.headers);
        let opened = Parcel::open(&answer.body, &phone.mailbox).unwrap();
        let parcel = opened.verify(&[house.settings.operations.public()], &sha256(&json)).unwrap();
        assert!(matches!(parcel.leaves[0].leaf(), Ok(Leaf::Act { kind, .. }) if kind == "chain"));
        phone.learn(&parcel, &opened.enclosed);

        let part = format!("/v2/parts/{}", sha256(QUESTIONNAIRE));
        let whole = request(to, "GET", &part, "", b"");
        assert_eq!((whole.status, &whole.body[..]), (200, QUESTIONNAIRE));
        assert!(whole.headers.contains("immutable"));
        let rest = request(to, "GET", &part, "range: bytes=2-\r\n", b"");
        assert_eq!((rest.status, &rest.body[..]), (206, &QUESTIONNAIRE[2..]));

        let record = phone.screening(&house);
        let (asks, sent) = (phone.asks(), phone.sealed(&house, record, b"all she said"));
        let file = phone.bundle(&house, &asks, std::slice::from_ref(&sent));
        let (name, fate) = (sha256(&file), format!("/v2/bundles/{}", sha256(&file)));
        assert_eq!(request(to, "GET", &fate, "", b"").status, 404);
        let piece = |from: usize, until: usize| {
            let range =
                format!("tabara-bundle: {name}\r\ncontent-range: bytes {from}-{}/{}\r\n", until - 1, file.len());
            request(to, "POST", "/v2/bundles", &range, &file[from..until])
        };
        let first = piece(0, 700);
        assert_eq!((first.status, &first.body[..]), (202, &b"700"[..]));
        assert_eq!(piece(900, file.len()).status, 409);
        let held = request(to, "GET", &fate, "", b"");
        assert_eq!((held.status, &held.body[..]), (202, &b"700"[..]));
        let answer = piece(700, file.len());
        assert_eq!(answer.status, 200);
        assert_eq!(request(to, "GET", &fate, "", b"").body, answer.body, "the answer was lost on its way");
        let (parcel, lineage) = phone.read(&house, &asks, &file, &answer.body);
        assert_eq!((kept(&parcel), lineage), ([(jws(&sent), None)].into(), Lineage::Grown));
        assert_eq!(request(to, "POST", "/v2/bundles", "", &file).status, 200, "whole, once more");
    });
    house.rebuilt().unwrap();
}

#[test]
fn what_goes_wrong_is_a_problem_and_tells_a_stranger_nothing() {
    let house = House::new();
    served(&house, |to| {
        let stranger = Phone::with(&house.card());
        let unknown = stranger.bundle(&house, &Bundle::default(), &[]);
        let gzip = "content-encoding: gzip\r\n";
        for (method, path, headers, body, status, problem) in [
            ("POST", "/v2/bundles", "", &unknown[..], 401, "unknown-device"),
            ("POST", "/v2/bundles", "", b"<html>", 400, "malformed"),
            ("POST", "/v2/bundles", gzip, &unknown[..], 400, "malformed"),
            ("POST", "/v2/devices", "", b"{}", 400, "malformed"),
            ("GET", "/v2/parts/nothing", "", b"", 404, "not-found"),
            ("GET", "/v2/records", "", b"", 404, "not-found"),
            ("DELETE", "/v2/bundles", "", b"", 405, "method"),
        ] {
            let answer = request(to, method, path, headers, body);
            let text = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, status, "{method} {path}: {text}");
            assert!(text.contains(&format!("urn:tabara:{problem}")), "{text}");
            assert!(!answer.headers.contains("tabara-"), "{}", answer.headers);
        }
        assert_eq!(request(to, "GET", "/v2/health", "", b"").body, b"ok");
        let document = request(to, "GET", "/v2/openapi.json", "", b"").body;
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        let told = ["/bundles", "/bundles/{sha256}", "/devices", "/health", "/parts/{sha256}", "/releases/latest"];
        assert_eq!(paths, told);
        assert!(!request(to, "GET", "/v1/catalog", "", b"").headers.starts_with("http/1.1 200"));
    });
}
