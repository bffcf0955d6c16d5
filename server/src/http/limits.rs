//! Limits for each phone and each address: a token bucket of requests that refills with time, and a number of permits at
//! once (connections of an address, requests of a phone). So a client that floods or guesses cannot slow other clients.
//! A client's address is one of IPv4 or a /64 of IPv6. Proxies are not limited, which are this machine and those that
//! the settings name: they have limits of their own, and their clients are counted where `x-forwarded-for` names them.

use super::problem::Problem;
use crate::settings::addresses::{Network, client_of};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A client whose requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// A phone, by the position of its chain.
    Phone(u64),
    /// Every connection and every request.
    Address(IpAddr),
}

impl Client {
    /// Size of the bucket, and how many requests it gains each second.
    fn allowance(self) -> (f64, f64) {
        match self {
            Self::Phone(_) => (600.0, 10.0),
            Self::Address(_) => (1200.0, 40.0),
        }
    }

    /// Permits at the same time. An address gets fewer if half of all connections are taken, so that a client with many
    /// addresses does not use up all connections. Phones behind one gateway of a mobile network share an address.
    fn permits(self, crowded: bool) -> usize {
        match self {
            Self::Phone(_) => 4,
            Self::Address(_) => {
                if crowded {
                    8
                } else {
                    256
                }
            }
        }
    }

    /// The client as it is counted.
    fn counted(self) -> Self {
        match self {
            Self::Phone(_) => self,
            Self::Address(address) => Self::Address(client_of(address)),
        }
    }
}

/// If more clients than this are remembered, full buckets are forgotten.
const REMEMBERED: usize = 100_000;

/// Connections in all; and open files that stay free for other uses if the system allows fewer.
const MAX_CONNECTIONS: usize = 10_000;
const OTHER_FILES: usize = 256;

/// This machine. Other addresses of 127.0.0.0/8 count as clients, in tests.
const HERE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Clones share what they count.
#[derive(Clone)]
pub struct Limits {
    usage: Arc<Mutex<Usage>>,
    most: usize,
    trusted: Arc<[Network]>,
}

#[derive(Default)]
struct Usage {
    buckets: HashMap<Client, (f64, Instant)>,
    permits: HashMap<Client, usize>,
    /// Open connections, and how many were refused.
    connections: usize,
    refused: u64,
    /// Requests and connections that came while a bucket was empty.
    too_many: u64,
}

/// A permit; dropping it frees it.
pub struct Permit(Limits, Client);

impl Default for Limits {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Limits {
    pub fn new(trusted: &[Network]) -> Self {
        let most = MAX_CONNECTIONS.min(open_files().saturating_sub(OTHER_FILES));
        Self { usage: Arc::default(), most, trusted: trusted.into() }
    }

    /// Whether the settings name this address as a proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Whether an address stands for many clients: a proxy's, or this machine's, where one may be.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        HERE.contains(&address.to_canonical()) || self.trusts(address)
    }

    fn is_exempt(&self, client: Client) -> bool {
        matches!(client, Client::Address(address) if self.is_proxy(address))
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one request from the client's bucket.
    pub fn take(&self, client: Client, now: Instant) -> Result<(), Problem> {
        if self.is_exempt(client) {
            return Ok(());
        }
        let client = client.counted();
        let usage = &mut *self.usage();
        let buckets = &mut usage.buckets;
        if buckets.len() >= REMEMBERED {
            buckets.retain(|client, (left, since)| refilled(*client, *left, *since, now) < client.allowance().0);
        }
        let (left, since) = buckets.entry(client).or_insert((client.allowance().0, now));
        (*left, *since) = (refilled(client, *left, *since, now), now);
        if *left < 1.0 {
            usage.too_many += 1;
            return Err(Problem::TooMany);
        }
        *left -= 1.0;
        Ok(())
    }

    /// Takes one of the client's permits.
    pub fn enter(&self, client: Client) -> Result<Permit, Problem> {
        let (client, exempt) = (client.counted(), self.is_exempt(client));
        let usage = &mut *self.usage();
        let held = usage.permits.entry(client).or_default();
        if *held >= client.permits(2 * usage.connections >= self.most) && !exempt {
            return Err(Problem::TooMany);
        }
        *held += 1;
        Ok(Permit(self.clone(), client))
    }

    /// Accepts a connection if the address has requests and permits left and the server has connections left.
    pub fn connect(&self, from: IpAddr, now: Instant) -> Result<Permit, Problem> {
        let client = Client::Address(from);
        let full = self.connections().0 >= self.most;
        let permit =
            if full { Err(Problem::TooMany) } else { self.take(client, now).and_then(|()| self.enter(client)) };
        match &permit {
            Ok(_) => self.usage().connections += 1,
            Err(_) => self.usage().refused += 1,
        }
        permit
    }

    /// Requests and connections that came while a bucket was empty.
    pub fn too_many(&self) -> u64 {
        self.usage().too_many
    }

    /// Open connections, and how many were refused.
    pub fn connections(&self) -> (usize, u64) {
        let usage = self.usage();
        (usage.connections, usage.refused)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let usage = &mut *self.0.usage();
        usage.connections -= usize::from(matches!(self.1, Client::Address(_)));
        match usage.permits.get_mut(&self.1) {
            Some(held) if *held > 1 => *held -= 1,
            _ => drop(usage.permits.remove(&self.1)),
        }
    }
}

fn refilled(client: Client, left: f64, since: Instant, now: Instant) -> f64 {
    let (most, per_second) = client.allowance();
    (left + now.saturating_duration_since(since).as_secs_f64() * per_second).min(most)
}

/// How many files this process may have open.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_phone_gone_wild_waits_and_the_others_do_not() {
        let (limits, now) = (Limits::default(), Instant::now());
        let (wild, calm) = (Client::Phone(1), Client::Phone(2));
        assert!((0..600).all(|_| limits.take(wild, now).is_ok()));
        assert_eq!(limits.take(wild, now), Err(Problem::TooMany));
        assert_eq!(limits.take(calm, now), Ok(()));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..20).filter(|_| limits.take(wild, later).is_ok()).count(), 10);
    }

    #[test]
    fn one_address_fills_its_own_places_only_and_a_place_is_free_again() {
        let [greedy, other, proxy] = ["203.0.113.1", "127.0.0.2", "127.0.0.1"].map(|a| a.parse().unwrap());
        let limits = Limits { most: 1000, ..Limits::default() };
        let connect = |from| limits.connect(from, Instant::now()).ok();
        let mut permits: Vec<_> = (0..300).filter_map(|_| connect(greedy)).collect();
        assert_eq!(limits.connections(), (256, 44));
        assert!(connect(other).is_some());
        permits.pop();
        permits.extend(connect(greedy));
        assert!(connect(greedy).is_none());
        permits.extend((0..244).filter_map(|_| connect(proxy)));
        // half of all connections are taken: each address gets eight
        permits.extend((0..20).filter_map(|_| connect(other)));
        assert_eq!(limits.connections().0, 508);
        permits.extend((0..1000).filter_map(|_| connect(proxy)));
        assert_eq!(limits.connections().0, 1000, "the proxy has the rest");
        assert!(connect("203.0.113.3".parse().unwrap()).is_none());
        drop(permits);
        assert_eq!((limits.connections().0, limits.usage().permits.len()), (0, 0));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_a_proxy_by_ipv4_in_ipv6_is_one() {
        let limits = Limits::new(&["10.0.0.9".parse().unwrap()]);
        let now = Instant::now();
        let asked = |from: &str| limits.take(Client::Address(from.parse().unwrap()), now);
        assert!((0..1200).all(|n| asked(&format!("2001:db8::{n:x}")).is_ok()));
        assert_eq!(asked("2001:db8::ffff"), Err(Problem::TooMany));
        assert_eq!(asked("2001:db8:0:1::1"), Ok(()));
        for proxy in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.9"] {
            assert!((0..1300).all(|_| asked(proxy).is_ok()), "{proxy}");
        }
        let permits = (0..300).filter_map(|_| limits.connect("::ffff:127.0.0.1".parse().unwrap(), now).ok());
        assert_eq!(permits.collect::<Vec<_>>().len(), 300);
    }
}
