//! Referrals that answer, on real phones and the real server: from a focal point who is offline to a provider's device and
//! back; and who takes it back, is offline, revoked, a stranger, or a liar on the way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::catalog::DeviceRole;
use tabara_core::envelope::{self, Digest, SigningKey, Typ, sha256};
use tabara_core::error::{AnswerReason, Error, NotFoundItem};
use tabara_core::focal_point::{FocalPoint, IncomingReferral};
use tabara_core::record::{Record, SealedCase, Uuid};
use tabara_core::referral::{NewReferral, Referral, Status};
use tabara_core::seal;
use tabara_core::share::{Agreement, DeclineReason, ReferralNote, Share};
use tabara_server::devices;
use tabara_support::authority::Authority;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::{KeyStore, presumed_victim, to_doctor};
use tabara_support::{interviewer, people};

const MARKER: &str = "Inarunganda-Marker-8";
const CLINIC: &str = "Clinic of Kayanza";
const SHELTER: &str = "Shelter of Ngozi";
/// 2026-11-10 12:00 UTC.
const NOON: i64 = 1_794_312_000;

struct World {
    folder: tempfile::TempDir,
    deployment: Deployment,
    clock: Arc<SetClock>,
}

impl World {
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
        let deployment = Deployment::start(folder.path(), clock.clone(), &["first-line.md"], 0).await;
        Self { folder, deployment, clock }
    }
    async fn phone(&self, name: &str, card: &str) -> FocalPoint {
        let phone = FocalPoint::open(&self.folder.path().join(name), Arc::<KeyStore>::default(), self.clock.clone());
        let phone = phone.unwrap();
        phone.enrol(card, "271828").unwrap();
        sync(&phone).await;
        phone
    }
    async fn focal_point(&self) -> FocalPoint {
        self.phone("focal point", &self.deployment.card("BI-CO-04-02")).await
    }
    async fn provider(&self, name: &str, organisation: &str) -> FocalPoint {
        let phone = self.phone(name, &self.deployment.provider_card(organisation)).await;
        assert_eq!(phone.role(), Ok(DeviceRole::Provider));
        phone
    }
    fn record(&self, id: Uuid) -> Record {
        self.deployment.store().read(|log| log.find(id)).unwrap().unwrap().record.unwrap()
    }
}

async fn sync(phone: &FocalPoint) {
    phone.sync(&Default::default()).await.unwrap();
}

/// A case of somebody, and a referral of hers to a doctor. She agrees to be counted, or not.
fn referred(phone: &FocalPoint, to: Option<&str>, counted: bool) -> (Uuid, Referral) {
    let session = presumed_victim(phone, MARKER);
    session.answer("statistics", Some(if counted { "yes" } else { "no" })).unwrap();
    let finished = session.finish(None).unwrap();
    let referral = phone.refer(finished.record, &to_doctor(to, MARKER)).unwrap();
    (finished.record, referral)
}

fn status(phone: &FocalPoint, record: Uuid) -> Status {
    let cards = phone.cases(0).unwrap();
    cards.iter().find(|card| card.summary.record == record).unwrap().summary.referrals[0].status
}

fn the_one(phone: &FocalPoint) -> IncomingReferral {
    let mut all = phone.incoming(0).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn note(text: &str) -> Option<ReferralNote> {
    Some(ReferralNote { text: Some(text.into()), ..ReferralNote::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_interview_answered_can_be_shared_until_the_phone_is_locked_and_is_on_no_disk() {
    // Given somebody who said how she can be reached
    let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
    let deployment = Deployment::start(folder.path(), clock.clone(), &["returnee-screening.md"], 0).await;
    let world = World { folder, deployment, clock };
    let phone = world.focal_point().await;
    let mut person = people::people(true).into_iter().find(|person| person.presumed).unwrap();
    let said =
        [("s3_keep", "yes"), ("c_name", MARKER), ("c_channel", "phone"), ("c_times", "mornings"), ("s2_age", "22")];
    person.answers.extend(said.map(|(question, answer)| (question, answer.to_owned())));
    // When she is to be referred
    let record = interviewer::screen(&phone, &person).unwrap().record;
    // Then each of it can be asked about, in words
    let share = phone.prefilled(record).unwrap();
    assert_eq!((share.name.as_deref(), share.contact_channel.as_deref()), (Some(MARKER), Some("Par téléphone")));
    assert_eq!((share.contact_times.as_deref(), share.age_band.as_deref()), (Some("mornings"), Some("18-23")));
    assert_eq!((share.situation, share.do_not_call), (None, false));
    // and nothing of it is left once the phone is locked
    assert!(!readable(&world.folder.path().join("focal point")));
    phone.lock();
    phone.unlock("271828").unwrap();
    assert_eq!(phone.prefilled(record), Ok(Share::default()));
}

/// Whether a file of a folder holds the marker as it is.
fn readable(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .any(|path| if path.is_dir() { readable(&path) } else { holds(&std::fs::read(path).unwrap_or_default()) })
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|part| part == MARKER.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_goes_by_courier_to_a_provider_and_its_answer_comes_back() {
    // Given a focal point who knows the clinic's two devices, and is offline from now on
    let world = World::new().await;
    let [first, second] = [world.provider("a", CLINIC).await, world.provider("b", CLINIC).await];
    let other = world.provider("c", SHELTER).await;
    let phone = world.focal_point().await;
    assert_eq!(phone.reachable_providers().unwrap(), [CLINIC, SHELTER]);
    // When she refers a person who does not want to be counted
    let (record, referral) = referred(&phone, Some(CLINIC), false);
    assert_eq!((referral.status, referral.devices.len()), (Status::Sent, 2));
    assert_eq!(status(&phone, record), Status::Queued, "it waits here");
    // and a neighbour carries the bundle to the server
    let bundle = phone.bundle().unwrap().unwrap();
    assert!(!holds(&bundle));
    let parcel = other.carry(&bundle).await.unwrap();
    phone.take_parcel(&parcel).unwrap();
    assert_eq!(status(&phone, record), Status::Sent);
    // Then it is forwarded, and nothing of it is counted
    let kept = world.record(referral.referral);
    assert!(kept.facts.is_empty() && kept.route.is_some());
    let heard = first.sync(&Default::default()).await.unwrap();
    assert_eq!(heard.referrals, 1, "enough for a message without content");
    let line = the_one(&first);
    assert_eq!(
        (line.age_band.as_deref(), line.service.as_str(), line.status),
        (Some("18-23"), "sv_medical", Status::Sent)
    );
    assert!(line.opens && !line.overdue && line.code == kept.code && line.from == "IOM");
    sync(&other).await;
    assert_eq!(other.incoming(0).unwrap(), [], "another provider sees nothing");
    // When the clinic opens it, a day late, and accepts with a note
    world.clock.forward(Duration::from_secs(25 * 3600));
    assert!(the_one(&first).overdue);
    let opened = first.open_referral(line.referral).unwrap();
    assert_eq!(opened.share.unwrap().name.as_deref(), Some(MARKER), "as it was shown to her");
    assert_eq!(opened.line.status, Status::Received);
    let accepted = ReferralNote { appointment: Some("2026-11-12 09:00".into()), ..note(MARKER).unwrap() };
    first.answer(line.referral, Status::Accepted, Some(accepted.clone())).unwrap();
    let early = first.answer(line.referral, Status::Sent, None);
    assert_eq!(early, Err(Error::Answer { reason: AnswerReason::NotTheNextStatus }));
    sync(&first).await;
    // Then its other device knows, and the focal point with the note
    sync(&second).await;
    assert_eq!(the_one(&second).status, Status::Accepted);
    assert!(second.open_referral(line.referral).unwrap().steps.iter().any(|step| step.note == Some(accepted.clone())));
    sync(&phone).await;
    let open = phone.open_referrals().unwrap().remove(0);
    let steps: Vec<_> = open.referral.steps.iter().map(|step| (step.status, step.by_provider)).collect();
    assert_eq!(steps, [(Status::Sent, false), (Status::Received, true), (Status::Accepted, true)]);
    assert_eq!((open.referral.steps[2].note.clone(), open.overdue, open.due), (Some(accepted), false, None));
    // and the case worker can read what was shared, the operator nothing at all
    let opened = |id: Uuid| {
        let found = world.deployment.store().read(|log| log.sealed(log.find(id)?.unwrap().position)).unwrap().unwrap();
        let case = seal::unseal(&found, &world.deployment.authority.case_worker).unwrap();
        Share::of(&serde_json::from_slice::<SealedCase>(&case).unwrap().answers)
    };
    assert_eq!(opened(referral.referral).unwrap().name.as_deref(), Some(MARKER));
    assert!(!readable(&world.deployment.data()) && !readable(world.folder.path()));
    // and of all that, the statistics know nothing
    assert!(world.record(open.referral.steps[2].record).facts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_no_longer_agrees_is_forgotten_by_the_provider_at_her_next_sync() {
    // Given two referrals that the clinic has, of people who agreed to be counted
    let world = World::new().await;
    let (clinic, phone) = (world.provider("a", CLINIC).await, world.focal_point().await);
    sync(&phone).await;
    let ((record, referral), (other, _)) = (referred(&phone, Some(CLINIC), true), referred(&phone, Some(CLINIC), true));
    sync(&phone).await;
    sync(&clinic).await;
    assert_eq!(clinic.incoming(0).unwrap().len(), 2);
    // When one person no longer agrees to the referral, while the clinic answers without a network
    clinic.answer(referral.referral, Status::Accepted, note(MARKER)).unwrap();
    phone.withdraw_referral(record, referral.referral).unwrap();
    assert_eq!(status(&phone, record), Status::Withdrawn);
    sync(&phone).await;
    // and the clinic syncs while it is locked
    clinic.lock();
    sync(&clinic).await;
    assert_eq!(clinic.mailbox().first_of(referral.referral).unwrap(), None, "what was sealed is gone at once");
    // Then she is told that it is no longer wanted, and nothing else about the person
    clinic.unlock("271828").unwrap();
    let withdrawn = clinic.incoming(0).unwrap().into_iter().find(|line| line.referral == referral.referral).unwrap();
    assert_eq!((withdrawn.status, withdrawn.code, withdrawn.age_band), (Status::Withdrawn, None, None));
    let no_longer = Error::Answer { reason: AnswerReason::NoLongerWanted };
    assert_eq!(clinic.open_referral(referral.referral), Err(no_longer.clone()));
    assert_eq!(clinic.answer(referral.referral, Status::Completed, None), Err(no_longer));
    // and her answer never reaches the focal point, and is not counted
    sync(&phone).await;
    assert_eq!(status(&phone, record), Status::Withdrawn);
    // When the other person takes everything back, her referral goes with it
    phone.withdraw(other).unwrap();
    sync(&phone).await;
    sync(&clinic).await;
    assert!(clinic.incoming(0).unwrap().iter().all(|line| line.status == Status::Withdrawn));
    let settings = world.deployment.settings();
    let empty = tempfile::tempdir().unwrap();
    tabara_server::operator::rebuild::rebuild(world.deployment.store(), &settings, empty.path()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_person_goes_to_a_second_provider_and_one_without_a_device_is_called() {
    let world = World::new().await;
    let (clinic, shelter) = (world.provider("a", CLINIC).await, world.provider("b", SHELTER).await);
    let phone = world.focal_point().await;
    let (record, referral) = referred(&phone, Some(CLINIC), true);
    sync(&phone).await;
    sync(&clinic).await;
    let declined = ReferralNote {
        declined: Some(DeclineReason::NoCapacity),
        propose: Some(SHELTER.into()),
        full: true,
        ..ReferralNote::default()
    };
    clinic.answer(referral.referral, Status::Declined, Some(declined.clone())).unwrap();
    sync(&clinic).await;
    sync(&phone).await;
    // the focal point reads why and who else, and asks the person again
    let card = phone.cases(0).unwrap().remove(0).summary;
    assert_eq!(
        (card.referrals[0].status, card.referrals[0].steps[1].note.as_ref()),
        (Status::Declined, Some(&declined))
    );
    assert_eq!(world.record(referral.referral).facts["referral_status"].codes().next(), Some("sent"));
    // it stays in sight until she has asked elsewhere
    let in_sight = || phone.open_referrals().unwrap().iter().any(|open| open.referral.referral == referral.referral);
    assert!(in_sight());
    phone.refer(record, &to_doctor(declined.propose.as_deref(), MARKER)).unwrap();
    assert!(!in_sight());
    sync(&phone).await;
    sync(&shelter).await;
    let line = the_one(&shelter);
    shelter.answer(line.referral, Status::Accepted, None).unwrap();
    shelter.answer(line.referral, Status::Completed, None).unwrap();
    sync(&shelter).await;
    sync(&clinic).await;
    assert_eq!(the_one(&clinic).referral, referral.referral, "she knows nothing of the other one");
    sync(&phone).await;
    assert_eq!(phone.cases(0).unwrap().remove(0).summary.referrals[1].status, Status::Completed);
    // who has no device is called at once, and what was said is written down for the case workers
    let urgent = NewReferral { urgency: "h1".into(), ..to_doctor(Some("Sister Beata"), MARKER) };
    let told = phone.refer(record, &urgent).unwrap();
    assert_eq!((told.status, told.devices.len()), (Status::Ready, 0));
    let open =
        phone.open_referrals().unwrap().into_iter().find(|open| open.referral.referral == told.referral).unwrap();
    assert!(open.call_now);
    let said = ReferralNote { by_telephone: true, ..note("she comes tonight").unwrap() };
    phone.note_referral(record, told.referral, Status::Sent, Some(said.clone())).unwrap();
    phone.note_referral(record, told.referral, Status::Accepted, None).unwrap();
    sync(&phone).await;
    assert_eq!(world.record(told.referral).route, None, "the server need not know whom she called");
    let card = phone.cases(0).unwrap().remove(0).summary;
    assert_eq!((card.referrals[2].status, card.referrals[2].steps[1].note.as_ref()), (Status::Accepted, Some(&said)));
    // what nobody wants or nobody offers is noted, too
    phone.not_referred(record, "sv_legal", Status::ServiceUnavailable).unwrap();
    assert!(phone.not_referred(record, "sv_legal", Status::Completed).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_answers_without_a_network_both_are_shown_and_the_further_one_counts() {
    let world = World::new().await;
    let (first, second) = (world.provider("a", CLINIC).await, world.provider("b", CLINIC).await);
    let phone = world.focal_point().await;
    let (record, referral) = referred(&phone, Some(CLINIC), true);
    sync(&phone).await;
    for device in [&first, &second] {
        sync(device).await;
    }
    first.answer(referral.referral, Status::Accepted, note("come on Monday")).unwrap();
    second.answer(referral.referral, Status::Declined, note("we are full")).unwrap();
    for device in [&first, &second, &first, &phone] {
        sync(device).await;
    }
    for device in [&first, &second] {
        assert_eq!(the_one(device).status, Status::Accepted);
    }
    let known = phone.cases(0).unwrap().remove(0).summary.referrals.remove(0);
    assert_eq!((known.status, known.steps.len()), (Status::Accepted, 3));
    assert_eq!(status(&phone, record), Status::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_loses_what_was_sealed_to_it_and_the_focal_point_is_told() {
    let world = World::new().await;
    let (clinic, phone) = (world.provider("a", CLINIC).await, world.focal_point().await);
    let (_, referral) = referred(&phone, Some(CLINIC), true);
    sync(&phone).await;
    sync(&clinic).await;
    assert_eq!(clinic.incoming(0).unwrap().len(), 1);
    let device = clinic.mailbox().enrolment().unwrap().device;
    devices::revoke(world.deployment.store(), device, None, false, NOON).unwrap();
    sync(&phone).await;
    let open = phone.open_referrals().unwrap().remove(0);
    assert!(open.unreadable, "refer again, or call");
    let (_, again) = referred(&phone, Some(CLINIC), true);
    assert_eq!((again.status, again.devices.len()), (Status::Ready, 0), "nobody can open it: call");
    sync(&phone).await;
    sync(&clinic).await;
    assert_eq!(clinic.mailbox().first_of(referral.referral).unwrap(), None);
    assert_eq!(clinic.incoming(0).unwrap(), []);
    assert!(matches!(clinic.answer(referral.referral, Status::Accepted, None), Err(Error::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_can_add_no_device_and_no_answer_of_its_own() {
    let world = World::new().await;
    let (clinic, phone) = (world.provider("a", CLINIC).await, world.focal_point().await);
    // Given a device that the authority never heard of, put on the list by the server
    let false_card =
        Authority::default().provider_card(CLINIC, "BI-CO-04-02", NOON + 9 * 86_400, world.deployment.url());
    let stranger = FocalPoint::open(&world.folder.path().join("x"), Arc::<KeyStore>::default(), world.clock.clone());
    let stranger = stranger.unwrap();
    stranger.enrol(&false_card, "271828").unwrap();
    let chain = stranger.mailbox().enrolment().unwrap().introduction.chain;
    let honest = clinic.mailbox().enrolment().unwrap().introduction.chain;
    let mailbox = phone.mailbox();
    mailbox.settle(|books| books.note_providers(&[chain.digest(), honest.digest()])).unwrap();
    for chain in [&chain, &honest] {
        mailbox.take_chain(&serde_json::to_vec(chain).unwrap()).unwrap();
    }
    // When somebody is referred there, only the true device can open it
    let (record, referral) = referred(&phone, Some(CLINIC), true);
    assert_eq!(referral.devices, [clinic.mailbox().enrolment().unwrap().device]);
    // and an answer that is signed by another key, or under the false chain, is passed over
    let answer = |key: &SigningKey| {
        let route = referral.route().map(|route| tabara_core::referral::Route { status: Status::Declined, ..route });
        let waits = mailbox.waiting(9, usize::MAX).unwrap();
        let first: Record = envelope::stored(&waits[1].jws).unwrap();
        let answer = Record { record: Uuid::new_v4(), revises: Some(first.record), route, sealed: None, ..first };
        envelope::sign(Typ::Record, key, &answer)
    };
    let forged = answer(&SigningKey::generate());
    for chain in [chain.digest(), honest.digest(), Digest([7; 32])] {
        mailbox.settle(|books| books.keep_forwarded(referral.referral, &forged, &chain, None)).unwrap();
        assert_eq!(status(&phone, record), Status::Queued, "{}", sha256(forged.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_without_an_agreement_that_covers_it() {
    let world = World::new().await;
    let (_clinic, phone) = (world.provider("a", CLINIC).await, world.focal_point().await);
    let record = presumed_victim(&phone, MARKER).finish(None).unwrap().record;
    let before = phone.waiting().unwrap().records;
    let with = |agreement| {
        let new = to_doctor(Some(CLINIC), MARKER);
        phone.refer(record, &NewReferral { share: Share { agreement, ..new.share }, ..new })
    };
    let needed = Error::Answer { reason: AnswerReason::AgreementNeeded };
    assert_eq!(with(Agreement::ChildBestInterest).err(), Some(needed), "she is no child");
    let magic = NewReferral { service: "sv_magic".into(), ..to_doctor(Some(CLINIC), MARKER) };
    assert_eq!(phone.refer(record, &magic).err(), Some(Error::NotFound { what: NotFoundItem::Service }));
    assert_eq!(phone.waiting().unwrap().records, before);
    let vital = with(Agreement::VitalInterest).unwrap();
    assert_eq!(vital.agreement, Agreement::VitalInterest, "which a reviewer sees");
}
