//! Referrals on their way: from a focal point's phone to the devices of a provider, and answers back.

use super::*;
use crate::store::entry::EntryKind;
use tabara_protocol::record::News;
use tabara_protocol::referral::{Route, Status};
use tabara_protocol::wire::providers_digest;

const CLINIC: &str = "Clinic of Kayanza";
const CASE: &[u8] = b"what she agreed that the clinic may see";

impl House {
    fn provider(&self, organisation: &str) -> Phone {
        let mut phone = Phone::with(&self.card_as(DeviceRole::Provider, organisation, START + 30 * DAY));
        phone.register(self).unwrap();
        phone
    }
}

/// Referrals and how far they are.
type Heard = Vec<(Uuid, Option<Status>)>;

impl Phone {
    /// A referral of somebody who agreed to be counted, or did not.
    fn referral(&mut self, house: &House, to: &str, counted: bool) -> Record {
        let (service, urgency) = ("sv_medical".to_owned(), "d1".to_owned());
        let route = Some(Route { to: to.into(), service, urgency, status: Status::Sent });
        let mut record = Record { kind: Kind::Referral, route, code: Some(Code::generate()), ..self.screening(house) };
        let one = |code: &str| FactValue::One(code.into());
        record.facts.remove("sex");
        record.facts.insert("service_type".into(), one("sv_medical"));
        record.facts.insert("referral_status".into(), one("sent"));
        if !counted {
            record.facts.clear();
        }
        record
    }
    /// A later step of it.
    fn step(&mut self, first: &Record, status: Status) -> Record {
        self.seq += 1;
        let route = first.route.clone().map(|route| Route { status, ..route });
        let mut facts = first.facts.clone();
        if !facts.is_empty() {
            facts.insert("referral_status".into(), FactValue::One(status.code().into()));
        }
        Record { record: Uuid::new_v4(), seq: self.seq, revises: Some(first.record), route, facts, ..first.clone() }
    }
    /// Syncs, and brings what it heard of referrals, and the files with it.
    fn hears(&mut self, house: &House, records: &[Sent]) -> (Parcel, Heard, Vec<Vec<u8>>) {
        let asks = self.asks();
        let file = self.bundle(house, &asks, records);
        let answer = house.post(&file).unwrap().0;
        let files = Parcel::open(&answer, &self.mailbox).unwrap().enclosed.file_bytes().collect();
        let parcel = self.read(house, &asks, &file, &answer).0;
        let heard = parcel.updates.iter().map(|update| {
            let status = match &update.news {
                News::Referral { jws, .. } => envelope::stored::<Record>(jws).unwrap().route.map(|route| route.status),
                News::Withdrawn { jws } => jws.is_none().then_some(Status::Withdrawn),
                _ => None,
            };
            (update.record, status)
        });
        let heard = heard.collect();
        (parcel, heard, files)
    }
}

#[test]
fn a_referral_reaches_the_devices_of_its_provider_and_their_answers_the_phone_that_made_it() {
    // Given a focal point, two devices of a clinic, and one of another provider
    let house = House::new();
    let (mut phone, mut first, mut second) = (house.phone(), house.provider(CLINIC), house.provider(CLINIC));
    let mut other = house.provider("Shelter of Ngozi");
    // When she refers somebody who did not agree to be counted
    let referral = phone.referral(&house, CLINIC, false);
    let sent = phone.sealed(&house, referral.clone(), CASE);
    assert_eq!(kept(&phone.hears(&house, std::slice::from_ref(&sent)).0)[&jws(&sent)], None);
    // Then both devices of the clinic hear of it, with the sealed bytes and the chain of who signed it; nobody else does
    for device in [&mut first, &mut second] {
        let (parcel, heard, files) = device.hears(&house, &[]);
        assert_eq!(heard, [(referral.record, Some(Status::Sent))]);
        assert_eq!(files, [sent.sealed_bytes().unwrap().unwrap()]);
        let News::Referral { chain, .. } = parcel.updates[0].news else { panic!("a referral") };
        let chain = house.store.read(|log| log.part(chain)).unwrap().unwrap();
        let chain: Chain = envelope::from_json(&chain).unwrap();
        assert_eq!(chain.verify(&house.authority.public()).unwrap().1.record_key, phone.record.public());
        assert_eq!(device.hears(&house, &[]).1, [], "once");
    }
    assert_eq!(other.hears(&house, &[]).1, []);
    // When one device answers, twice, and the other one without knowing of it
    let steps = [first.step(&referral, Status::Received), first.step(&referral, Status::Accepted)];
    let note = first.sealed(&house, steps[1].clone(), b"come on Monday");
    let answers = [first.sign(&steps[0]), note.clone()];
    let parcel = first.hears(&house, &answers).0;
    assert!(answers.iter().all(|answer| kept(&parcel)[&jws(answer)].is_none()));
    let declined = second.step(&referral, Status::Declined);
    second.hears(&house, &[second.sign(&declined)]);
    // Then the focal point hears of all, with the note, and each device of what the other one said
    let (_, heard, files) = phone.hears(&house, &[]);
    let all = [Status::Received, Status::Accepted, Status::Declined].map(|status| (referral.record, Some(status)));
    assert_eq!((heard, files), (all.to_vec(), vec![note.sealed_bytes().unwrap().unwrap()]));
    assert_eq!(first.hears(&house, &[]).1, all[2..]);
    assert_eq!(other.hears(&house, &[]).1, []);
    house.rebuilt().unwrap();
    assert_eq!(house.proven(&house.exported(), None).faults, [], "without the server");
}

#[test]
fn nobody_else_answers_and_a_provider_that_is_not_trusted_hears_nothing() {
    let house = House::new();
    let (mut phone, mut clinic) = (house.phone(), house.provider(CLINIC));
    let referral = phone.referral(&house, CLINIC, true);
    phone.send(&house, &[phone.sealed(&house, referral.clone(), CASE)]);
    // another provider, a focal point, and a provider who says what only the person may say
    let (mut shelter, mut finder) = (house.provider("Shelter of Ngozi"), house.phone());
    let to_shelter = |record: Record| {
        let route = record.route.clone().map(|route| Route { to: "Shelter of Ngozi".into(), ..route });
        Record { route, ..record }
    };
    let wrong = [shelter.step(&referral, Status::Accepted), to_shelter(shelter.step(&referral, Status::Accepted))];
    let wrong = wrong.map(|record| shelter.sign(&record));
    let parcel = shelter.send(&house, &wrong);
    assert!(wrong.iter().all(|sent| kept(&parcel)[&jws(sent)] == Some(Reason::ForeignRevision)));
    for (device, status) in [(&mut finder, Status::Accepted), (&mut clinic, Status::Expired)] {
        let step = device.step(&referral, status);
        let sent = device.sign(&step);
        assert_eq!(kept(&device.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], Some(Reason::ForeignRevision));
    }
    assert_eq!(phone.hears(&house, &[]).1, [], "nobody is told of it");
    // revoked: it hears nothing more, and nobody hears of what it says
    devices::revoke(&house.store, clinic.device, None, false, house.now()).unwrap();
    let next = phone.referral(&house, CLINIC, true);
    phone.send(&house, &[phone.sealed(&house, next, CASE)]);
    let late = clinic.step(&referral, Status::Accepted);
    let (parcel, heard, files) = clinic.hears(&house, &[clinic.sign(&late)]);
    assert_eq!((parcel.standing, heard, files.len()), (Standing::Revoked, vec![], 0));
    assert_eq!(phone.hears(&house, &[]).1, []);
    // what was held back and accepted is told then
    let position = house.store.read(|log| log.find(late.record)).unwrap().unwrap().position;
    crate::intake::decide(&house.store, position, true, house.now()).unwrap();
    assert_eq!(phone.hears(&house, &[]).1, [(referral.record, Some(Status::Accepted))]);
    house.rebuilt().unwrap();
    assert_eq!(house.proven(&house.exported(), None).faults, [], "without the server");
}

#[test]
fn what_is_withdrawn_is_no_longer_wanted_and_nothing_else_is_said_of_it() {
    let house = House::new();
    let (mut phone, mut clinic) = (house.phone(), house.provider(CLINIC));
    let referral = phone.referral(&house, CLINIC, true);
    let sent = phone.sealed(&house, referral.clone(), CASE);
    phone.send(&house, std::slice::from_ref(&sent));
    clinic.hears(&house, &[]);
    // When she takes it back while the clinic answers without a network
    let withdrawal = phone.withdrawal(&house, Some(referral.record), None);
    phone.send(&house, &[phone.sign(&withdrawal)]);
    assert!(!found_in(house.folder.path(), &sent.sealed_bytes().unwrap().unwrap()), "the sealed bytes are gone");
    let step = clinic.step(&referral, Status::Accepted);
    let answer = clinic.sealed(&house, step.clone(), b"a note about her");
    // Then the clinic is told, by nothing but the id that it knows; the answer is kept, and its note is not
    let (parcel, heard, files) = clinic.hears(&house, std::slice::from_ref(&answer));
    assert_eq!(kept(&parcel)[&jws(&answer)], None);
    assert!(!heard.is_empty() && heard.iter().all(|told| *told == (referral.record, Some(Status::Withdrawn))));
    assert_eq!(files.len(), 0);
    assert!(!found_in(house.folder.path(), &answer.sealed_bytes().unwrap().unwrap()));
    assert_eq!(phone.hears(&house, &[]).1, []);
    // a device that comes later hears nothing of the person
    let heard = house.provider(CLINIC).hears(&house, &[]).1;
    assert!(heard.iter().all(|(_, status)| *status == Some(Status::Withdrawn)));
    house.rebuilt().unwrap();
    assert_eq!(house.proven(&house.exported(), None).faults, [], "without the server");
}

#[test]
fn many_referrals_come_in_several_parcels_and_each_once() {
    let house = House::new();
    let (mut phone, mut clinic) = (house.phone(), house.provider(CLINIC));
    let referrals: Vec<Record> = (0..150).map(|_| phone.referral(&house, CLINIC, true)).collect();
    for some in referrals.chunks(50) {
        let sent: Vec<Sent> = some.iter().map(|record| phone.sealed(&house, record.clone(), CASE)).collect();
        phone.send(&house, &sent);
    }
    let (mut heard, mut parcels) = (Vec::new(), 0);
    loop {
        let (_, some, files) = clinic.hears(&house, &[]);
        assert_eq!(some.len(), files.len());
        if some.is_empty() {
            break;
        }
        (heard, parcels) = ([heard, some].concat(), parcels + 1);
    }
    assert!(parcels > 1, "{parcels}");
    let all: Vec<_> = referrals.iter().map(|referral| (referral.record, Some(Status::Sent))).collect();
    assert_eq!(heard, all);
}

#[test]
fn a_phone_knows_the_devices_of_all_providers_that_count() {
    let house = House::new();
    let mut phone = house.phone();
    assert_eq!(phone.send(&house, &[]).providers, None, "there is none");
    let clinic = house.provider(CLINIC);
    let mut copy = Phone::with(&EnrolmentCard { ..house.card_as(DeviceRole::Provider, CLINIC, START - 200 * DAY) });
    assert_eq!(copy.register(&house).unwrap().standing, Standing::Late);
    let listed = phone.send(&house, &[]).providers.unwrap();
    assert_eq!(listed, [clinic.chain.digest()], "and not one that was set apart");
    let knows = Bundle { providers: Some(providers_digest(&listed)), ..phone.asks() };
    assert_eq!(phone.exchange(&house, &knows, &[]).unwrap().0.providers, None, "it knows");
    devices::revoke(&house.store, clinic.device, None, false, house.now()).unwrap();
    assert_eq!(phone.exchange(&house, &knows, &[]).unwrap().0.providers, Some(vec![]));
    assert_eq!(house.store.read(|log| log.count_of(EntryKind::Chain)).unwrap(), 3);
}

#[test]
fn a_referral_without_an_answer_is_overdue_after_its_urgency_and_not_after_an_answer_or_a_withdrawal() {
    // Given three referrals to answer within a day
    let house = House::new();
    let (mut phone, mut clinic) = (house.phone(), house.provider(CLINIC));
    let records = [true, false, true].map(|counted| phone.referral(&house, CLINIC, counted));
    let sent = records.each_ref().map(|record| phone.sealed(&house, record.clone(), CASE));
    phone.hears(&house, &sent);
    let overdue = |days: i64| {
        let now = START + days * DAY;
        let all = house.store.read(|log| log.referrals(now)).unwrap();
        all.into_iter().filter(|one| one.is_overdue(now)).collect::<Vec<_>>()
    };
    assert_eq!((overdue(1).len(), overdue(3).len()), (0, 3));
    // When one is answered
    let accepted = clinic.step(&records[0], Status::Accepted);
    clinic.hears(&house, &[clinic.sign(&accepted)]);
    // Then the two others wait, also that of somebody who is not counted; and the list says nothing of a person
    let left = overdue(3);
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|one| one.to == CLINIC && one.service == "sv_medical" && one.status == Status::Sent));
}
