//! Connections: plain or TLS (rustls with ring). Each has a deadline for its handshake and its headers. Their number is
//! limited, in all and for each address ([`super::limits`]), so that ten thousand silent connections cannot block other
//! clients. None is cut off when the server stops. The deadline of a body is in [`super::limited_body`].

use super::limits::Limits;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower_http::add_extension::AddExtension;

/// Deadline of a TLS handshake, and of the headers of each request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for requests that are under way when the server stops.
const FAREWELL: Duration = Duration::from_secs(30);

/// Serves `app` on a listener until `shutdown`, then finishes the requests that have begun.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, mut peer) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                // no file descriptor is left, or the connection is gone: others must still be served
                tracing::warn!("accepting a connection: {e}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // a listener of IPv6 sees IPv4 as ::ffff:a.b.c.d
        peer.set_ip(peer.ip().to_canonical());
        let Ok(permit) = limits.connect(peer.ip(), Instant::now()) else { continue };
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
            drop(permit);
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
    let service = TowerToHyperService::new(AddExtension::new(app, ConnectInfo(peer)));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // a connection that breaks is the client's business
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}
