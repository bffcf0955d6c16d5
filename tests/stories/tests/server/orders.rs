//! Orders to phones, as the server sees them. What a phone does with them is in `tests/device_wipe.rs`.

use crate::test_server::TestServer;
use reqwest::StatusCode;
use tabara_core::envelope::{self, Typ};
use tabara_core::record::{News, Order, Updates, Uuid, WipeAcknowledgement};
use tabara_support::load::{NOON, Phone};

async fn say(server: &TestServer, phone: &Phone, order: Uuid, waiting: u64) -> StatusCode {
    let body = serde_json::to_vec(&WipeAcknowledgement { order, waiting }).unwrap();
    server.post("orders", phone).body(body).send().await.unwrap().status()
}

#[tokio::test]
async fn a_phone_hears_its_own_order_and_is_revoked_when_it_has_obeyed_and_nothing_waits() {
    let (server, phone) = TestServer::new().await;
    let other = server.deployment.phone();
    server.register(&other).await;
    let given = |device| tabara_server::orders::wipe(&server.store, &server.settings, device, NOON).unwrap();
    assert_eq!(given(Uuid::new_v4()), None, "nobody knows this phone");
    let order = given(phone.device).unwrap();

    let heard: Updates = server.get("updates?after=0", &other).await.json().await.unwrap();
    assert_eq!(heard.updates, []);
    let heard: Updates = server.get("updates?after=0", &phone).await.json().await.unwrap();
    let News::Order { jws } = &heard.updates[0].news else { panic!("an order") };
    let signed: Order = envelope::open(Typ::Order, &server.settings.operations.public(), jws).unwrap();
    assert_eq!(signed, order);

    let revoked = || server.store.read(|log| log.is_revoked(phone.device)).unwrap();
    let obeyed = || server.store.read(|log| log.orders()).unwrap()[0].acknowledged;
    assert_eq!(say(&server, &other, order.order, 0).await, StatusCode::NOT_FOUND, "not its own");
    assert_eq!(say(&server, &phone, Uuid::new_v4(), 0).await, StatusCode::NOT_FOUND);
    assert_eq!((obeyed(), revoked()), (None, false));
    assert_eq!(say(&server, &phone, order.order, 3).await, StatusCode::NO_CONTENT);
    assert_eq!((obeyed(), revoked()), (Some(NOON), false), "what waits must still arrive");
    assert_eq!(say(&server, &phone, order.order, 0).await, StatusCode::NO_CONTENT);
    assert!(revoked());
}
