//! Connections: guests who say nothing. TLS with a pinned key is tried in the tests of sync.

use crate::test_server::TestServer;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn guests_who_never_finish_their_request_take_nothing_from_a_phone() {
    let (server, mut phone) = TestServer::new().await;
    let address = server.running.url.replace("http://", "").replace(tabara_core::wire::PREFIX, "");
    let mut silent = Vec::new();
    for _ in 0..300 {
        let mut guest = tokio::net::TcpStream::connect(&address).await.unwrap();
        guest.write_all(b"POST /v2/bundles HTTP/1.1\r\ncontent-length: 999").await.unwrap();
        silent.push(guest);
    }
    let sent = phone.sealed_screening();
    let answered = tokio::time::timeout(Duration::from_secs(20), server.send(&phone, &[sent])).await;
    assert_eq!(answered.map(|told| told.len()), Ok(1));
}
