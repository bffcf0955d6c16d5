use super::*;
use Status::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn new(service: &str, urgency: &str, commune: Option<&str>) -> NewReferral {
    let (service, urgency, commune) = (service.into(), urgency.into(), commune.map(str::to_owned));
    NewReferral { service, urgency, to: Some("Clinic of Kayanza".into()), commune, share: Share::default() }
}

fn step(status: Status, at: i64) -> ReferralStep {
    ReferralStep { record: Uuid::new_v4(), status, at, by_provider: false, note: None }
}

fn sent(at: i64) -> Referral {
    let mut sent = Referral::agreed(&new("sv_medical", "h3", None)).unwrap();
    sent.advance(step(Sent, at)).unwrap();
    sent
}

#[test]
fn from_every_status_each_way_leads_to_an_end_and_a_person_may_always_change_her_mind() {
    for status in Status::ALL {
        let next = status.next();
        assert!(next.is_empty() || next.contains(&Withdrawn), "{status:?}");
        assert!(next.iter().all(|next| *next > status), "{status:?}: what comes next beats it");
        assert!(!status.is_by_provider() || status > Sent);
    }
    let reached: Vec<_> = Status::ALL.iter().flat_map(|status| status.next()).collect();
    assert!(Status::ALL[1..].iter().all(|status| reached.contains(&status)));
    let path = [Draft, Ready, Queued, Sent, Received, Accepted, InService, Completed];
    assert!(path.windows(2).all(|pair| pair[0].next().contains(&pair[1])), "the main path of life-cycle.md");
    let ends = [Completed, Declined, RefusedByPerson, ServiceUnavailable, Withdrawn, Expired, LostContact];
    assert!(Status::ALL.iter().all(|status| status.is_end() == ends.contains(status)));
}

#[test]
fn only_what_the_dictionary_lists_can_be_said_of_it() {
    let agreed = Referral::agreed(&new("sv_medical", "d1", Some("BI-CO-04-02"))).unwrap();
    for (service, urgency, commune) in
        [("a clinic", "d1", None), ("sv_medical", "soon", None), ("sv_medical", "d1", Some("Kayanza, near the market"))]
    {
        assert_eq!(Referral::agreed(&new(service, urgency, commune)), Err(NotPossible));
    }
    for status in Status::ALL {
        let told = Referral { status, sent: Some(0), ..agreed.clone() };
        assert_eq!(Dictionary::standard().check(Kind::Referral, &told.facts(90_000)), Ok(()), "{status:?}");
    }
}

#[test]
fn a_route_names_an_organisation_and_codes_that_there_are() {
    let (service, urgency) = ("sv_medical".to_owned(), "d1".to_owned());
    let sound = Route { to: "Clinic of Kayanza".into(), service, urgency, status: Sent };
    assert!(sound.is_sound());
    assert!(!Route { to: String::new(), ..sound.clone() }.is_sound());
    assert!(!Route { to: "x".repeat(121), ..sound.clone() }.is_sound());
    assert!(!Route { to: "Clinic\n".into(), ..sound.clone() }.is_sound());
    assert!(!Route { service: "sv_magic".into(), ..sound.clone() }.is_sound());
    assert!(!Route { urgency: "soon".into(), ..sound.clone() }.is_sound());
    let written = r#"{"to":"Clinic","service":"sv_medical","urgency":"d1","status":"sent","name":"Louise"}"#;
    assert!(serde_json::from_str::<Route>(written).is_err(), "nothing else can stand in it");
}

#[test]
fn time_is_told_in_bands_from_the_sending_and_an_answer_is_due_by_urgency() {
    let referral = sent(1000);
    assert_eq!(
        (referral.sent, referral.facts(5000).get("delay"), referral.due()),
        (Some(1000), None, Some(1000 + 10_800))
    );
    let mut accepted = referral.clone();
    accepted.advance(step(Accepted, 2000)).unwrap();
    for (hours, band) in [(0, "d1"), (24, "d3"), (72, "d14"), (24 * 14, "d30"), (24 * 30, "d90"), (24 * 90, "later")] {
        assert_eq!(accepted.facts(1000 + hours * 3600)["delay"], FactValue::One(band.into()), "{hours}");
    }
    assert_eq!(accepted.due(), None, "somebody has answered");
    assert_eq!(referral.clone().advance(step(Completed, 0)), Err(NotPossible));
}

/// The rule of which step counts, in the words of `server/PROTOCOL.md`, beside the order of the type.
fn reference(steps: &[Status]) -> Status {
    let any = |wanted: &[Status]| steps.iter().any(|status| wanted.contains(status));
    let furthest = [
        Withdrawn,
        Completed,
        RefusedByPerson,
        LostContact,
        InService,
        Accepted,
        Expired,
        Declined,
        ServiceUnavailable,
        Received,
        Sent,
    ];
    furthest.into_iter().find(|status| any(&[*status])).unwrap_or(Ready)
}

/// Who acts: the focal point's phone, and two devices of the provider.
const PHONE: usize = 0;

proptest! {
    /// Three phones act on what each of them knows, and meet at a server that takes nothing from a revoked device. Whatever
    /// the order: who has synced last knows the same, no step is lost, and a withdrawal is never undone.
    #[test]
    fn all_phones_agree_on_what_counts_whatever_was_done_offline(
        acts in prop::collection::vec((0_usize..3, 0_usize..6, any::<bool>(), 0_u8..40), 1..60)
    ) {
        let start = sent(0);
        let mut phones = [start.clone(), start.clone(), start];
        let mut server: BTreeMap<Uuid, ReferralStep> = phones[0].steps.iter().map(|s| (s.record, s.clone())).collect();
        let mut revoked = [false; 3];
        let sync = |phone: &mut Referral, server: &mut BTreeMap<Uuid, ReferralStep>, revoked: bool| {
            if !revoked {
                server.extend(phone.steps.iter().map(|step| (step.record, step.clone())));
                // in any order: by id, which says nothing of time
                server.values().cloned().for_each(|step| phone.merge(step));
            }
        };
        for (who, choice, syncs, chance) in acts {
            let may = |status: &&Status| if who == PHONE { **status != Received } else { status.is_by_provider() };
            let next: Vec<Status> = phones[who].status.next().iter().filter(may).copied().collect();
            if !next.is_empty() {
                let before = phones[who].status;
                phones[who].advance(step(next[choice % next.len()], 1)).unwrap();
                prop_assert!(phones[who].status > before);
            }
            revoked[who] |= who != PHONE && chance == 0;
            if syncs {
                sync(&mut phones[who], &mut server, revoked[who]);
                let all: Vec<Status> = server.values().map(|step| step.status).collect();
                prop_assert!(revoked[who] || phones[who].status == reference(&all));
            }
        }
        (0..3).for_each(|who| sync(&mut phones[who], &mut server, revoked[who]));
        (0..3).for_each(|who| sync(&mut phones[who], &mut server, revoked[who]));
        let all: Vec<Status> = server.values().map(|step| step.status).collect();
        for who in (0..3).filter(|who| !revoked[*who]) {
            prop_assert_eq!(phones[who].status, reference(&all));
            prop_assert_eq!(phones[who].steps.len(), server.len(), "both answers are shown, once");
        }
        prop_assert!(!all.contains(&Withdrawn) || phones[PHONE].status == Withdrawn);
    }
}
