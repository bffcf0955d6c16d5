//! Addresses: the public one of this server, and those of the proxies before it.

use axum::http::Uri;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The address under which browsers reach the pages, as a browser writes it into `origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Scheme, host and, if it is not the usual one, port.
    pub fn origin(&self) -> &str {
        &self.0
    }
    /// The host alone, without a port.
    pub fn host(&self) -> &str {
        let host = self.0.split_once("://").map_or("", |(_, host)| host);
        host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(host, _)| host)
    }
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "an address is https://NAME or http://NAME, without a path";
        let uri: Uri = text.to_ascii_lowercase().parse().map_err(|_| BAD)?;
        let (scheme, host) = uri.scheme_str().zip(uri.authority()).ok_or(BAD)?;
        let usual = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(BAD),
        };
        if uri.path() != "/" || uri.query().is_some() || host.as_str().contains('@') {
            return Err(BAD);
        }
        Ok(Self(format!("{scheme}://{}", host.as_str().trim_end_matches(usual))))
    }
}

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// The bits of an address, first bit highest, and how many there are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        let different = bits(self.address).0 ^ bits(address).0;
        self.address.is_ipv4() == address.is_ipv4() && different.leading_zeros() >= self.bits.min(128)
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "an address, or a network such as 10.0.0.0/8";
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address = address.parse::<IpAddr>().map_err(|_| BAD)?.to_canonical();
        let most = bits(address).1;
        let bits = length.map_or(Ok(most), str::parse).ok().filter(|bits| *bits <= most).ok_or(BAD)?;
        Ok(Self { address, bits })
    }
}

/// What counts as one client: an address of IPv4, a /64 of IPv6, since one subscriber has at least that.
pub fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_an_origin() {
        let read = |text: &str| text.parse::<PublicUrl>().ok().map(|url| url.origin().to_owned());
        assert_eq!(read("https://Tabara.Example:443/").as_deref(), Some("https://tabara.example"));
        assert_eq!(read("http://tabara.example:8080").as_deref(), Some("http://tabara.example:8080"));
        for bad in ["tabara.example", "ftp://x", "https://x/path", "https://a@b", "https://", "https://x/?y"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse::<IpAddr>().unwrap())
        };
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("10.1.0.0/16", "10.1.255.255") && !holds("10.1.0.0/16", "10.2.0.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:9::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::ffff:10.0.0.1", "10.0.0.1"), "an IPv4 address in the clothes of IPv6");
        for bad in ["10.0.0.0/33", "::/129", "10.0.0/8", "proxy", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_subscriber_is_one_client() {
        let client = |text: &str| client_of(text.parse().unwrap()).to_string();
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(client("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
