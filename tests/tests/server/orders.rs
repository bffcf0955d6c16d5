//! Orders to phones, as the server sees them. How a phone obeys stands in `tests/leaving.rs`.

use crate::world::World;
use reqwest::StatusCode;
use tabara_core::envelope::{self, Typ};
use tabara_core::record::{News, Obeyed, Order, Updates, Uuid};
use tabara_tests::load::{NOON, Phone};

async fn say(world: &World, phone: &Phone, order: Uuid, waiting: u64) -> StatusCode {
    let body = serde_json::to_vec(&Obeyed { order, waiting }).unwrap();
    world.post("orders", phone).body(body).send().await.unwrap().status()
}

#[tokio::test]
async fn a_phone_hears_its_own_order_and_is_revoked_when_it_has_obeyed_and_nothing_waits() {
    let (world, phone) = World::new().await;
    let other = world.deployment.phone();
    world.register(&other).await;
    let given = |device| tabara_server::orders::wipe(&world.store, &world.settings, device, NOON).unwrap();
    assert_eq!(given(Uuid::new_v4()), None, "nobody knows this phone");
    let order = given(phone.device).unwrap();

    let heard: Updates = world.get("updates?after=0", &other).await.json().await.unwrap();
    assert_eq!(heard.updates, []);
    let heard: Updates = world.get("updates?after=0", &phone).await.json().await.unwrap();
    let News::Order { jws } = &heard.updates[0].news else { panic!("an order") };
    let signed: Order = envelope::open(Typ::Order, &world.settings.operations.public(), jws).unwrap();
    assert_eq!(signed, order);

    let revoked = || world.store.read(|log| log.is_revoked(phone.device)).unwrap();
    let obeyed = || world.store.read(|log| log.orders()).unwrap()[0].obeyed;
    assert_eq!(say(&world, &other, order.order, 0).await, StatusCode::NOT_FOUND, "not its own");
    assert_eq!(say(&world, &phone, Uuid::new_v4(), 0).await, StatusCode::NOT_FOUND);
    assert_eq!((obeyed(), revoked()), (None, false));
    assert_eq!(say(&world, &phone, order.order, 3).await, StatusCode::NO_CONTENT);
    assert_eq!((obeyed(), revoked()), (Some(NOON), false), "what waits must still arrive");
    assert_eq!(say(&world, &phone, order.order, 0).await, StatusCode::NO_CONTENT);
    assert!(revoked());
}
