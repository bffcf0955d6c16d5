//! What a bad link costs: 20 screenings over a slow line that is cut by its traffic.

use crate::deployment::{Deployment, SetClock};
use crate::light_phone::{Phone, values};
use crate::proxy::{Line, Link};
use crate::rng::Rng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tabara_core::catalog::ServerAddress;
use tabara_core::sync::{Client, Progress};

/// 20 kbit/s, 400 ms each way, cut every 16 KiB of traffic (both ways together) on average.
const LINE: Line = Line { bytes_per_second: 2500.0, delay: Duration::from_millis(400), cut_every: 16_384.0 };
/// Screenings to send.
pub const SCREENINGS: u64 = 20;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Bytes of bundles that arrived, each counted once.
    pub payload: u64,
    /// Bytes of request bodies beyond those, over those: what was cut, repeated, or asked after.
    pub waste: f64,
    pub cuts: u64,
    /// Time until all had arrived.
    pub took: Duration,
}

fn at(address: SocketAddr) -> ServerAddress {
    ServerAddress { url: format!("http://{address}"), pin: None }
}

/// Sends the screenings; all must arrive, once.
pub async fn cost(seed: u64) -> Cost {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = SetClock::at(1_795_363_200);
    let deployment = Deployment::start(folder.path(), clock.clone(), &["first-line.md"], 0).await;
    let phone = Phone::enrol(&deployment.card("BI-CO-04-02"), clock);
    phone.sync().await.expect("first contact, over a good line");
    let mut rng = Rng::new(seed);
    (0..SCREENINGS).for_each(|value| phone.screen(value, &mut rng));
    let link = Link::start(deployment.address, LINE, seed).await;
    let (started, client) = (Instant::now(), Client::new(&[at(link.address)], || [0; 2]).expect("a client"));
    while phone.waiting() > 0 {
        tabara_core::sync::run(&phone.mailbox, &client, &Progress::default()).await.ok();
    }
    assert_eq!(values(&deployment), (0..SCREENINGS).collect::<Vec<_>>(), "all arrive, once");
    let (sent, payload) = (link.sent(), link.arrived());
    Cost { payload, waste: sent as f64 / payload as f64 - 1.0, cuts: link.cuts(), took: started.elapsed() }
}
