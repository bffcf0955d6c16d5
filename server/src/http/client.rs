//! Who asks: the address of a client, also behind a proxy, and the counting of every request by it.

use super::limits::{Client, Limits};
use super::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The address of the client, as [`resolve`] found it; none without a socket, in a test.
pub fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip())
}

/// Puts the client's address in place of a trusted proxy's, for everything that comes after.
pub async fn resolve(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let client = behind(&limits, peer.ip().to_canonical(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

/// The rightmost address of `x-forwarded-for` that is no trusted proxy's: what stands left of it is the client's word.
fn behind(limits: &Limits, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or_default()).collect();
    let mut client = peer;
    for word in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !limits.trusts(client) {
            break;
        }
        let word = word.trim();
        // some proxies add the port
        let written = word.parse().or_else(|_| word.parse::<SocketAddr>().map(|address| address.ip()));
        let Ok(address) = written else { break };
        client = address.to_canonical();
    }
    client
}

/// Counts a request by its address, whatever it asks for: an unknown path and a bad token cost as much as any other.
pub fn count(limits: &Limits, extensions: &Extensions) -> Result<(), Problem> {
    address(extensions).map_or(Ok(()), |from| limits.take(Client::Address(from), Instant::now()))
}

/// [`count`] for the API.
pub async fn limited(State(limits): State<Limits>, request: Request, next: Next) -> Result<Response, Problem> {
    count(&limits, request.extensions())?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_rightmost_address_that_no_trusted_proxy_has_is_the_client() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let client = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
            }
            behind(&Limits::new(&trusted), peer.parse().unwrap(), &headers).to_string()
        };
        assert_eq!(client("127.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1", &["198.51.100.1, 192.0.2.7, 10.0.0.2"]), "192.0.2.7", "through two proxies");
        assert_eq!(client("127.0.0.1", &["198.51.100.1", "192.0.2.7"]), "192.0.2.7", "in two lines");
        assert_eq!(client("127.0.0.1", &["192.0.2.7:4321"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1", &["[2001:db8::7]:4321"]), "2001:db8::7");
        assert_eq!(client("127.0.0.1", &["::ffff:192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["192.0.2.7, unknown"]), "127.0.0.1", "what cannot be read ends the search");
        assert_eq!(client("203.0.113.5", &["192.0.2.7"]), "203.0.113.5", "a stranger's header is not believed");
    }
}
