//! A box between phone and server: statuses, portals, cuts. None of it is an answer.

use super::house::{House, MARCH};
use crate::catalog::ServerAddress;
use crate::envelope::sha256;
use crate::error::{Error, OfflineReason};
use crate::sync::{Client, Progress, courier, run};
use crate::vault::mailbox::RecordStatus;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What came: the first line, `content-range` and body.
#[derive(Debug, Clone)]
struct Request {
    line: String,
    range: Option<String>,
    /// Whether it has the header of what may come in pieces.
    named: bool,
    body: Vec<u8>,
}

/// Status, headers and body; no status: the line is cut.
type Answer = (u16, &'static str, Vec<u8>);

/// What stands at the other end of the line.
struct Way {
    address: String,
    came: Arc<Mutex<Vec<Request>>>,
}

impl Way {
    fn new(mut answer: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let came: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = came.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head: Vec<String> = Vec::new();
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).unwrap();
                    match line.trim() {
                        "" => break,
                        line => head.push(line.to_owned()),
                    }
                }
                if head.is_empty() {
                    continue;
                }
                let value = |name: &str| {
                    head.iter().find_map(|line| line.to_lowercase().strip_prefix(name).map(|v| v.trim().to_owned()))
                };
                let mut body = vec![0; value("content-length:").map_or(0, |len| len.parse().unwrap())];
                stream.read_exact(&mut body).unwrap();
                let request = Request {
                    line: head[0].clone(),
                    range: value("content-range:"),
                    named: value("tabara-bundle:").is_some(),
                    body,
                };
                let (status, headers, body) = answer(&request);
                seen.lock().unwrap().push(request);
                if status > 0 {
                    let head = format!(
                        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.get_mut().write_all(&[head.as_bytes(), &body].concat());
                }
            }
        });
        Self { address, came }
    }
    /// An honest server, as long as `before` has nothing else to say.
    fn server(house: &Arc<Mutex<House>>, mut before: impl FnMut(&Request) -> Option<Answer> + Send + 'static) -> Self {
        let house = house.clone();
        Self::new(move |request| {
            if let Some(answer) = before(request) {
                return answer;
            }
            let mut house = house.lock().unwrap();
            let parcel = match request.line.split(' ').take(2).collect::<Vec<_>>()[..] {
                ["POST", "/v2/bundles"] => house.answer(&request.body),
                ["POST", "/v2/devices"] => house.registered(&request.body),
                _ => return (404, "", vec![]),
            };
            (200, "", house.sealed(&parcel))
        })
    }
    fn lines(&self) -> Vec<String> {
        let came = self.came.lock().unwrap();
        came.iter().map(|request| request.line.replace(" HTTP/1.1", "")).collect()
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client(ways: &[&Way]) -> Client {
    let address = |way: &&Way| ServerAddress { url: way.address.clone(), pin: None };
    Client::new(&ways.iter().map(address).collect::<Vec<_>>(), || [MARCH; 2]).unwrap()
}

/// A second handle on the same mailbox would be another phone: the server looks into the house through a lock that the run
/// does not hold.
struct Pair {
    phone: House,
    server: Arc<Mutex<House>>,
}

impl Pair {
    /// The server knows the phone's keys; nothing else is shared.
    fn new(met: bool) -> Self {
        let phone = if met { House::met() } else { House::new() };
        let server = phone.server_of();
        Self { phone, server: Arc::new(Mutex::new(server)) }
    }
    fn sync(&self, ways: &[&Way]) -> Result<crate::sync::SyncReport, Error> {
        block(run(&self.phone.mailbox, &client(ways), &Progress::default()))
    }
    fn last_sync(&self) -> Option<i64> {
        self.phone.mailbox.queue_status().unwrap().last_sync
    }
}

/// Field 2, 14: what is not signed settles nothing, is no sync, and is told by its cause.
#[test]
fn whatever_a_box_answers_nothing_is_settled_and_the_cause_is_told() {
    use OfflineReason::*;
    let html = "content-type: text/html; charset=utf-8\r\n";
    let cases: [(u16, &'static str, &[u8], OfflineReason); 13] = [
        (0, "", b"", NoNetwork),
        (200, html, b"<h1>Welcome</h1>", Portal),
        (403, html, b"<h1>Blocked</h1>", Portal),
        (302, "location: http://portal.example/\r\n", b"", Portal),
        (400, "", b"", ChangedOnTheWay),
        (413, "", b"", ChangedOnTheWay),
        (422, "", b"{}", ChangedOnTheWay),
        (403, "", b"", NotTheServer),
        (401, "", b"", NotTheServer),
        (200, "", b"OK", ChangedOnTheWay),
        (202, "", b"soon", NotTheServer),
        (200, "", &[0; 1024], ChangedOnTheWay),
        (503, "retry-after: 600\r\n", b"", Later),
    ];
    let one = |(status, headers, body, reason): (u16, &'static str, &'static [u8], OfflineReason)| {
        let pair = Pair::new(true);
        let records = pair.phone.post(2);
        let state = pair.phone.mailbox.sync_state().unwrap();
        let way = Way::new(move |_| (status, headers, body.to_vec()));
        assert_eq!(pair.sync(&[&way]), Err(Error::Offline { reason }), "{status} {headers}");
        assert_eq!(pair.last_sync(), None);
        assert_eq!(pair.phone.mailbox.sync_state().unwrap(), state);
        for record in records {
            assert_eq!(pair.phone.mailbox.status(record).unwrap(), RecordStatus::Waiting);
        }
    };
    std::thread::scope(|scope| cases.into_iter().for_each(|case| drop(scope.spawn(move || one(case)))));
}

#[test]
fn a_new_phone_registers_sends_and_is_up_to_date() {
    let pair = Pair::new(false);
    let way = Way::server(&pair.server, |_| None);
    let report = pair.sync(&[&way]).unwrap();
    assert!(report.new_catalog);
    pair.phone.post(3);
    let report = pair.sync(&[&way]).unwrap();
    assert_eq!((report.accepted, pair.last_sync()), (3, Some(MARCH)));
    // nothing new is one exchange
    let before = way.lines().len();
    pair.sync(&[&way]).unwrap();
    assert_eq!(way.lines()[before..], ["POST /v2/bundles"]);
}

#[test]
fn what_was_being_sent_when_the_app_was_killed_goes_on_byte_for_byte() {
    let pair = Pair::new(true);
    pair.phone.post(2);
    let killed = pair.phone.bundle();
    pair.phone.post(1);
    let (hash, len, mut half) = (sha256(&killed), killed.len(), Some(killed.len() / 2));
    let way = Way::server(&pair.server, move |request| {
        let held = request.line.starts_with("GET /v2/bundles/").then(|| half.take()).flatten();
        // the rest of it is lost again, and then the server has forgotten all
        held.map(|held| (202, "", held.to_string().into_bytes()))
            .or_else(|| request.range.is_some().then(|| (0, "", vec![])))
    });
    assert_eq!(pair.sync(&[&way]).unwrap().accepted, 3, "and then the one that came after");
    let came = way.came.lock().unwrap().clone();
    assert_eq!(came[0].line, format!("GET /v2/bundles/{hash} HTTP/1.1"));
    assert_eq!(came[1].body, killed[len / 2..]);
    assert_eq!(came[1].range, Some(format!("bytes {}-{}/{len}", len / 2, len - 1)));
    let whole: Vec<_> = came.iter().filter(|request| request.body.len() == len).map(|r| sha256(&r.body)).collect();
    assert!(whole.contains(&hash));
}

#[test]
fn a_lost_answer_is_asked_for_and_not_sent_again() {
    let pair = Pair::new(true);
    pair.phone.post(2);
    let lost: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let house = pair.server.clone();
    let way = Way::server(&pair.server, move |request| {
        let mut lost = lost.lock().unwrap();
        if request.line.starts_with("POST /v2/bundles") && lost.is_none() {
            let mut house = house.lock().unwrap();
            let parcel = house.answer(&request.body);
            *lost = Some(house.sealed(&parcel));
            return Some((0, "", vec![]));
        }
        let asked = request.line.starts_with("GET /v2/bundles/");
        lost.clone().filter(|_| asked).map(|parcel| (200, "", parcel))
    });
    assert_eq!(pair.sync(&[&way]).unwrap().accepted, 2);
    assert_eq!(way.lines().iter().filter(|line| line.starts_with("POST")).count(), 1);
}

#[test]
fn a_box_that_lets_no_large_ones_pass_gets_small_ones() {
    let pair = Pair::new(true);
    for _ in 0..3 {
        let noise: Vec<u8> = (0..1000).flat_map(|_| crate::envelope::random::<20>()).collect();
        let jws = |seq| crate::envelope::sign(crate::envelope::Typ::Record, &pair.phone.phone.record, &seq);
        pair.phone.mailbox.post(crate::record::Uuid::new_v4(), Some(&noise), jws).unwrap();
    }
    let (house, mut held) = (pair.server.clone(), Vec::new());
    let way = Way::server(&pair.server, move |request| {
        if request.body.len() > 12 * 1024 {
            return Some((413, "content-type: text/html\r\n", b"<h1>Too large</h1>".to_vec()));
        }
        if request.line.starts_with("GET") && !held.is_empty() {
            return Some((202, "", held.len().to_string().into_bytes()));
        }
        let range = request.range.as_ref()?;
        let numbers: Vec<usize> = range.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        if numbers[0] == held.len() {
            held.extend_from_slice(&request.body);
        }
        if held.len() < numbers[2] {
            return Some((202, "", held.len().to_string().into_bytes()));
        }
        let mut house = house.lock().unwrap();
        let parcel = house.answer(&std::mem::take(&mut held));
        Some((200, "", house.sealed(&parcel)))
    });
    assert_eq!(pair.sync(&[&way]).map(|report| report.accepted), Ok(3));
}

#[test]
fn a_server_that_does_not_know_the_phone_is_told_who_it_is_at_most_twice() {
    let pair = Pair::new(true);
    pair.phone.post(1);
    let mut known = false;
    let way = Way::server(&pair.server, move |request| {
        known |= request.line.contains("/devices");
        (!known).then(|| (401, "", b"unknown-device".to_vec()))
    });
    assert_eq!(pair.sync(&[&way]).unwrap().accepted, 1);
    let stubborn = Way::server(&pair.server, |request| (!request.line.contains("/devices")).then(|| (401, "", vec![])));
    pair.phone.post(1);
    assert_eq!(pair.sync(&[&stubborn]), Err(Error::Offline { reason: OfflineReason::NotTheServer }));
    assert_eq!(stubborn.lines().iter().filter(|line| line.contains("/devices")).count(), 2);
}

#[test]
fn the_next_address_is_tried_where_one_does_not_answer() {
    let pair = Pair::new(true);
    pair.phone.post(1);
    let away = Way::new(|_| (0, "", vec![]));
    let there = Way::server(&pair.server, |_| None);
    assert_eq!(pair.sync(&[&away, &there]).unwrap().accepted, 1);
}

#[test]
fn a_carrier_brings_files_to_the_server_and_answers_back_unread() {
    let (pair, carrier) = (Pair::new(false), Pair::new(true));
    let way = Way::server(&pair.server, |_| None);
    for _ in 0..2 {
        let file = courier::export(&pair.phone.mailbox).unwrap().unwrap();
        let parcel = block(courier::carry(&carrier.phone.mailbox, &client(&[&way]), &file)).unwrap();
        assert!(courier::take_parcel(&carrier.phone.mailbox, &parcel).is_err(), "it is for another phone");
        courier::take_parcel(&pair.phone.mailbox, &parcel).unwrap();
        pair.phone.post(1);
    }
    assert_eq!(way.lines(), ["POST /v2/devices", "POST /v2/bundles"]);
    let portal = Way::new(|_| (200, "", b"<html>".to_vec()));
    let file = courier::export(&pair.phone.mailbox).unwrap().unwrap();
    assert!(block(courier::carry(&carrier.phone.mailbox, &client(&[&portal]), &file)).is_err());
}

#[test]
fn a_file_that_is_too_long_for_pieces_is_carried_whole() {
    let carrier = Pair::new(true);
    let parcel = b"age-encryption.org/v1\n".to_vec();
    let file = [&parcel[..], &vec![7; crate::wire::MAX_SENT]].concat();
    let mut busy = true;
    let answer = parcel.clone();
    let way = Way::new(move |request| match std::mem::take(&mut busy) {
        true => (503, "", vec![]),
        false if request.line.starts_with("GET") => (404, "", vec![]),
        false => (200, "", answer.clone()),
    });
    assert_eq!(block(courier::carry(&carrier.phone.mailbox, &client(&[&way]), &file)), Ok(parcel));
    let came = way.came.lock().unwrap();
    assert!(came.iter().all(|request| !request.named && request.range.is_none()));
    assert_eq!(came.last().unwrap().body, file);
}
