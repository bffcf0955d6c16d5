//! All of it together: the steps that may happen, and what must hold whatever happens.

use crate::phone::{Asked, Phone, Rules};
use crate::server::Log;
use stateright::{Model, Property};

/// A state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub server: Log,
    pub backup: Option<Log>,
    /// The greatest size that the operator knows of.
    pub known: u64,
    pub phones: Vec<Phone>,
    /// Parcels on their way: to whom, and their JSON.
    pub parcels: Vec<(usize, String)>,
    pub disasters: u8,
    /// The server has gone back without a word at least once.
    pub lied: bool,
}

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An interview ends.
    Screen(usize),
    /// A phone writes down what it will send.
    Compose(usize),
    /// The server gets it, for the first time or again, and answers.
    Post(usize),
    /// A courier takes what the phone has to send.
    HandOver(usize),
    /// The courier brings it.
    Bring(usize),
    /// A parcel arrives.
    Arrive(usize),
    /// A parcel is lost; or the server crashed after it had written and before it could answer.
    Lose(usize),
    BackUp,
    /// From the backup, with a leaf that says so.
    Restore,
    /// To the backup, in silence.
    SetBack,
    /// The same, and the log is filled up with something else.
    Fork,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Protocol {
    pub rules: Rules,
    /// The records that each phone will make.
    pub records: Vec<Vec<u8>>,
    pub disasters: u8,
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let phones = self.records.iter().map(|records| Phone::new(records)).collect();
        let (server, backup, parcels) = Default::default();
        vec![World { server, backup, known: 0, phones, parcels, disasters: 0, lied: false }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        for (at, phone) in world.phones.iter().enumerate() {
            let room = world.parcels.len() < 2;
            steps.push(Step::Screen(at));
            match &phone.outstanding {
                None => steps.push(Step::Compose(at)),
                Some(_) if room => steps.push(Step::Post(at)),
                Some(_) => (),
            }
            match &phone.carried {
                None if !phone.bundle(at).records.is_empty() => steps.push(Step::HandOver(at)),
                Some(_) if room => steps.push(Step::Bring(at)),
                _ => (),
            }
        }
        for at in 0..world.parcels.len() {
            steps.extend([Step::Arrive(at), Step::Lose(at)]);
        }
        if world.disasters < self.disasters {
            match &world.backup {
                None => steps.push(Step::BackUp),
                Some(backup) if *backup != world.server => steps.extend([Step::Restore, Step::SetBack, Step::Fork]),
                Some(_) => (),
            }
        }
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let mut world = last.clone();
        match step {
            Step::Screen(at) => world.phones[at].screen().then_some(())?,
            Step::Compose(at) => world.phones[at].outstanding = Some(world.phones[at].bundle(at)),
            Step::HandOver(at) => world.phones[at].carried = Some(world.phones[at].bundle(at)),
            Step::Post(at) => world.answer(last.phones[at].outstanding.as_ref()?),
            Step::Bring(at) => world.answer(last.phones[at].carried.as_ref()?),
            Step::Arrive(at) => {
                let (to, parcel) = world.parcels.remove(at);
                world.phones[to].receive(self.rules, &serde_json::from_str(&parcel).expect("our own JSON"));
            }
            Step::Lose(at) => drop(world.parcels.remove(at)),
            Step::BackUp => world.backup = Some(world.server.clone()),
            Step::Restore => {
                world.disaster();
                world.server.restore(world.known);
            }
            Step::SetBack => {
                world.disaster();
                world.lied = true;
            }
            Step::Fork => {
                let size = world.server.size();
                world.disaster();
                world.lied = true;
                while world.server.size() <= size {
                    world.server.act(world.disasters);
                }
            }
        }
        world.known = world.known.max(world.server.size());
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no record is lost for ever, and none is counted twice", |model: &Self, world: &World| {
                let end = world.at_rest(model.rules);
                let once = |record: &u8| end.server.count(*record) == 1;
                end.phones.iter().all(Phone::rests) && model.records.iter().flatten().all(once)
            }),
            Property::always("every lie is seen at the next contact", |model: &Self, world: &World| {
                let end = world.at_rest(model.rules);
                // a bundle that is sent again may bring a log that was set back to the very same state
                let unexplained = |head| !world.server.explains(&head) && !end.server.explains(&head);
                let deceived = |phone: &Phone| phone.head.is_some_and(unexplained);
                world.phones.iter().zip(&end.phones).all(|(before, after)| !deceived(before) || after.evidence)
            }),
            Property::always("nobody is accused who has not lied", |model: &Self, world: &World| {
                let end = world.at_rest(model.rules);
                world.lied || end.phones.iter().all(|phone| !phone.evidence)
            }),
        ]
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.server.size() < 9
    }
}

impl World {
    fn answer(&mut self, asked: &Asked) {
        let parcel = self.server.take(asked);
        self.parcels.push((asked.phone, serde_json::to_string(&parcel).expect("plain data has a JSON form")));
        self.parcels.sort();
    }
    fn disaster(&mut self) {
        self.server = self.backup.take().expect("there is a backup");
        self.disasters += 1;
    }
    /// From here on the server is honest and nothing gets lost: every phone syncs until it has nothing left to say.
    fn at_rest(&self, rules: Rules) -> Self {
        let mut world = self.clone();
        world.parcels.clear();
        world.phones.iter_mut().for_each(|phone| while phone.screen() {});
        for _ in 0..6 {
            for at in 0..world.phones.len() {
                let asked = world.phones[at].outstanding.clone().unwrap_or_else(|| world.phones[at].bundle(at));
                world.phones[at].outstanding = Some(asked.clone());
                let parcel = world.server.take(&asked);
                world.phones[at].receive(rules, &parcel);
            }
        }
        world
    }
}
