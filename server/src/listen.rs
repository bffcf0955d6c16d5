//! Connections: plain or TLS (rustls with ring), each with a deadline for its handshake and its headers, so many in all
//! and so many for one address, and none cut off when the server stops. Who opens ten thousand and says nothing
//! takes no room from the others.
//!
//! Addresses of this machine are not limited: there stands a proxy, which sees the true ones and has its own limits.

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// Connections in all.
const MAX_CONNECTIONS: usize = 10_000;
/// Connections of one address; phones behind one gate of a mobile network share one.
const MAX_OF_ADDRESS: usize = 256;
/// For a TLS handshake, and for the headers of each request.
const PATIENCE: Duration = Duration::from_secs(10);
/// For what is under way when the server stops.
const FAREWELL: Duration = Duration::from_secs(30);

/// Reads a certificate chain and its key (PEM).
pub fn tls(certificates: &Path, key: &Path) -> io::Result<Arc<ServerConfig>> {
    let bad = |e: String| io::Error::new(io::ErrorKind::InvalidData, e);
    let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|e| bad(format!("{}: {e}", certificates.display())))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|e| bad(format!("{}: {e}", key.display())))?;
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
    let config = versions.and_then(|c| c.with_no_client_auth().with_single_cert(chain, key));
    config.map(Arc::new).map_err(|e| bad(e.to_string()))
}

/// Serves `app` on a listener until `shutdown`, then finishes what has begun.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    tls: Option<Arc<ServerConfig>>,
    shutdown: impl Future<Output = ()>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let (open, graceful) = (Open::default(), GracefulShutdown::new());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                // no file descriptor is left, or the connection is gone: others must still be served
                tracing::warn!("accepting a connection: {e}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = open.enter(peer.ip()) else { continue };
        let _ = stream.set_nodelay(true);
        let (app, acceptor, watcher) = (app.clone(), acceptor.clone(), graceful.watcher());
        tokio::spawn(async move {
            match acceptor {
                None => converse(stream, app, peer, watcher).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await {
                        converse(stream, app, peer, watcher).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    app: Router,
    peer: SocketAddr,
    watcher: Watcher,
) {
    let service = TowerToHyperService::new(app.layer(Extension(ConnectInfo(peer))));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // a connection that breaks is the client's business
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}

/// Open connections by address.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place; free again when dropped.
struct Place {
    open: Open,
    address: IpAddr,
}

impl Open {
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let here = open.get(&address).copied().unwrap_or(0);
        if all >= MAX_CONNECTIONS || (here >= MAX_OF_ADDRESS && !address.is_loopback()) {
            return None;
        }
        open.insert(address, here + 1);
        Some(Place { open: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.address) {
            Some(here) if *here > 1 => *here -= 1,
            _ => drop(open.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_fills_its_own_places_only_and_a_place_is_free_again() {
        let open = Open::default();
        let [greedy, other, proxy] = ["203.0.113.1", "203.0.113.2", "127.0.0.1"].map(|a| a.parse().unwrap());
        let mut places: Vec<_> = (0..MAX_OF_ADDRESS).map(|_| open.enter(greedy).unwrap()).collect();
        assert!(open.enter(greedy).is_none());
        assert!(open.enter(other).is_some());
        places.pop();
        assert!(open.enter(greedy).is_some());
        places.extend((0..MAX_CONNECTIONS - MAX_OF_ADDRESS + 1).map(|_| open.enter(proxy).unwrap()));
        assert!(open.enter(other).is_none(), "all places are taken");
        drop(places);
        assert!(open.0.lock().unwrap().is_empty());
    }
}
