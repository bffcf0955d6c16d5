//! All of it together: the steps that may happen, and what must hold whatever happens.

use crate::phone::{Asked, Phone, Rules};
use crate::server::Log;
use stateright::{Model, Property};

/// A state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub server: Log,
    pub backups: Vec<Log>,
    /// The greatest size that the operator knows of, and more than any restore has named.
    pub known: u64,
    pub phones: Vec<Phone>,
    /// Parcels on their way: to whom, their JSON, and the log that they tell of.
    pub parcels: Vec<(usize, String, Log)>,
    /// The log of the head that each phone has.
    pub seen: Vec<Option<Log>>,
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
    /// From a backup, with a leaf that says so.
    Restore(usize),
    /// To a backup, in silence.
    SetBack(usize),
    /// The same, and the log is filled up with something else.
    Fork(usize),
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
        let phones: Vec<_> = self.records.iter().map(|records| Phone::new(records)).collect();
        let (server, backups, parcels, seen) = (Log::default(), vec![], vec![], vec![None; phones.len()]);
        vec![World { server, backups, known: 0, phones, parcels, seen, disasters: 0, lied: false }]
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
            if world.backups.len() < 2 && !world.backups.contains(&world.server) {
                steps.push(Step::BackUp);
            }
            let others = (0..world.backups.len()).filter(|at| world.backups[*at] != world.server);
            steps.extend(others.flat_map(|at| [Step::Restore(at), Step::SetBack(at), Step::Fork(at)]));
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
                let (to, parcel, log) = world.parcels.remove(at);
                world.phones[to].receive(self.rules, &serde_json::from_str(&parcel).expect("our own JSON"));
                if world.phones[to].head == Some(log.head()) {
                    world.seen[to] = Some(log);
                }
            }
            Step::Lose(at) => drop(world.parcels.remove(at)),
            Step::BackUp => world.backups.push(world.server.clone()),
            Step::Restore(at) => {
                world.disasters += 1;
                world.server.restore(&last.backups[at], last.known);
                world.known += 1;
            }
            Step::SetBack(at) => world.go_back(at),
            Step::Fork(at) => {
                world.go_back(at);
                while world.server.size() <= last.server.size() {
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
                let explained = |log: &Log| world.server.explains(log) || end.server.explains(log);
                world.seen.iter().zip(&end.phones).all(|(log, end)| log.as_ref().is_none_or(explained) || end.evidence)
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
        let json = serde_json::to_string(&parcel).expect("plain data has a JSON form");
        self.parcels.push((asked.phone, json, self.server.clone()));
        self.parcels.sort();
    }
    /// To a backup, in silence.
    fn go_back(&mut self, backup: usize) {
        self.server = self.backups[backup].clone();
        self.disasters += 1;
        self.lied = true;
    }
    /// From here on the server is honest and nothing gets lost: every phone syncs until it has nothing left to say.
    fn at_rest(&self, rules: Rules) -> Self {
        let mut world = self.clone();
        world.parcels.clear();
        world.phones.iter_mut().for_each(|phone| while phone.screen() {});
        for _ in 0..7 {
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
