//! Orders to phones, as the server sees them. What a phone does with them is in `tests/device_wipe.rs`.

use crate::test_server::TestServer;
use tabara_core::envelope::{self, SigningKey, Typ};
use tabara_core::record::{News, Order, Uuid};
use tabara_core::wire::{Bundle, WipeDone};
use tabara_server::orders::OrderError;
use tabara_support::load::{NOON, Phone};

async fn say(server: &TestServer, phone: &Phone, order: Uuid, waiting: u64) {
    let wiped = Some(WipeDone { order, waiting });
    server.exchange(phone, &Bundle { wiped, ..Bundle::default() }, &[]).await;
}

const WEEK: i64 = 7 * 86_400;

#[tokio::test]
async fn a_phone_hears_its_own_order_and_is_revoked_when_it_has_obeyed_and_nothing_waits() {
    let (server, phone) = TestServer::new().await;
    let other = server.deployment.phone();
    server.register(&other).await;
    let given = |device| tabara_server::orders::wipe(&server.store, &server.settings, device, NOON + WEEK);
    assert!(matches!(given(Uuid::new_v4()), Err(OrderError::UnknownDevice)), "nobody knows this phone");
    let at_once = tabara_server::orders::wipe(&server.store, &server.settings, phone.device, NOON);
    assert!(matches!(at_once, Err(OrderError::NoNotice)), "only the authority may order that");
    let order = given(phone.device).unwrap();

    assert_eq!(server.news(&other, 0).await.updates, []);
    let heard = server.news(&phone, 0).await;
    let News::Order { jws } = &heard.updates[0].news else { panic!("an order") };
    let signed: Order = envelope::open(Typ::Order, &server.settings.operations.public(), jws).unwrap();
    assert_eq!(signed, order);

    let revoked = || server.store.read(|log| log.is_revoked(phone.device)).unwrap();
    let obeyed = || server.store.read(|log| log.orders()).unwrap()[0].acknowledged;
    say(&server, &other, order.order, 0).await;
    say(&server, &phone, Uuid::new_v4(), 0).await;
    assert_eq!((obeyed(), revoked()), (None, false), "not its own, and nobody's");
    say(&server, &phone, order.order, 3).await;
    assert_eq!((obeyed(), revoked()), (Some(NOON), false), "what waits must still arrive");
    say(&server, &phone, order.order, 0).await;
    assert!(revoked());
}

#[tokio::test]
async fn the_finder_of_a_used_card_is_not_told_the_order_and_cannot_answer_it() {
    let (server, _) = TestServer::new().await;
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    let (owner, finder) = (server.deployment.phone_of(&card, device), server.deployment.phone_of(&card, device));
    server.register(&owner).await;
    server.register(&finder).await;
    let order = tabara_server::orders::wipe(&server.store, &server.settings, device, NOON + WEEK).unwrap();
    assert_eq!(server.news(&finder, 0).await.updates, []);
    say(&server, &finder, order.order, 0).await;
    assert_eq!(server.store.read(|log| log.orders()).unwrap()[0].acknowledged, None);
    assert!(!server.store.read(|log| log.is_revoked(device)).unwrap(), "the owner's phone was never wiped");
    assert_eq!(server.news(&owner, 0).await.updates.len(), 1);
}
