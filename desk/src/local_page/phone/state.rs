//! What outlives one request: the open core, and in memory the language, a message for the next page, answers that were not
//! taken, a running sync, the codes of a slip.

use super::story::Story;
use crate::local_page::door::Door;
use crate::local_page::posted::Refused;
use crate::texts::Texts;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tabara_core::clock::Clock;
use tabara_core::focal_point::{Finished, FocalPoint, Labels, State};
use tabara_core::sync::{Progress, Step, SyncReport};
use tabara_core::vault::DeviceSecret;
use tabara_core::{Error, Result};

/// How far a sync is.
#[derive(Default)]
pub(super) enum SyncRun {
    #[default]
    None,
    Running(Arc<Progress>, Step),
    Done(Result<SyncReport, Error>),
}

/// The phone: its folder, and the core once it could be opened.
pub struct Phone {
    pub(super) door: Arc<Door>,
    pub(super) folder: PathBuf,
    pub(super) secret: Arc<dyn DeviceSecret>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) warned: bool,
    /// The phone to practise on; none on that phone itself.
    pub(super) practice: Option<Arc<Self>>,
    pub(super) core: Mutex<Option<Arc<FocalPoint>>>,
    pub(super) memory: Mutex<Memory>,
}

/// What is kept from one request to the next, in memory alone.
pub(super) struct Memory {
    pub(super) texts: Option<&'static Texts>,
    pub(super) notice: Option<String>,
    pub(super) card: Option<String>,
    pub(super) refused: Refused,
    pub(super) sealed: Option<Sealed>,
    pub(super) sync: SyncRun,
    /// Whom a practice is about.
    pub(super) story: Option<&'static Story>,
    /// By the clock that stops while the computer sleeps, and by the one that does not.
    pub(super) used: (Instant, SystemTime),
}

/// What sealing gave, until the codes are written down. `hushed`: the interview was stopped, somebody may be looking.
pub(super) struct Sealed {
    pub(super) finished: Finished,
    pub(super) labels: Labels,
    pub(super) hushed: bool,
}

impl Phone {
    pub fn new(
        door: Arc<Door>,
        folder: PathBuf,
        secret: Arc<dyn DeviceSecret>,
        clock: Arc<dyn Clock>,
        warned: bool,
    ) -> Self {
        let beside = folder.with_extension("practice");
        let phone = |folder, warned, practice| {
            let used = (Instant::now(), SystemTime::now());
            let (texts, notice, card, refused, sealed, sync, story) = Default::default();
            let memory = Mutex::new(Memory { texts, notice, card, refused, sealed, sync, story, used });
            let (door, secret, clock) = (door.clone(), secret.clone(), clock.clone());
            Self { door, folder, secret, clock, warned, practice, core: Mutex::default(), memory }
        };
        let practice = phone(beside, false, None);
        phone(folder, warned, Some(Arc::new(practice)))
    }

    pub(super) fn is_practice(&self) -> bool {
        self.practice.is_none()
    }

    /// What all its addresses begin with, below the door.
    pub(super) fn prefix(&self) -> &'static str {
        if self.is_practice() { "practice/" } else { "" }
    }

    /// Puts another core in the place of this one, which goes.
    pub(super) fn hold(&self, core: Option<Arc<FocalPoint>>) {
        *self.core.lock().unwrap_or_else(PoisonError::into_inner) = core;
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core; opened by the first call that succeeds.
    pub(super) fn core(&self) -> Result<Arc<FocalPoint>> {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        if core.is_none() && !self.is_practice() {
            let opened = FocalPoint::open(&self.folder, self.secret.clone(), self.clock.clone())?;
            *core = Some(Arc::new(opened));
        }
        core.clone().ok_or(Error::Locked)
    }

    /// The core, if it was opened. What is not open is locked.
    pub(super) fn opened(&self) -> Option<Arc<FocalPoint>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Locks the vault, and forgets what was on the screen.
    pub(super) fn lock(&self) {
        if let Some(core) = self.opened() {
            core.lock();
        }
        let mut memory = self.memory();
        memory.refused = Refused::new();
        memory.sealed = None;
        memory.card = None;
    }

    /// Locks when nobody used the page for as long as the policy allows.
    pub(super) fn lock_if_idle(&self) -> Result<()> {
        let Some(core) = self.opened() else { return Ok(()) };
        let (used, asleep) = self.memory().used;
        let idle = used.elapsed().max(asleep.elapsed().unwrap_or_default());
        if core.state()? == State::Unlocked && idle > core.lock_after()? {
            self.lock();
        }
        Ok(())
    }
}

/// Locks in time, as long as somebody holds the phone.
pub(super) async fn watch(phone: std::sync::Weak<Phone>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let Some(phone) = phone.upgrade() else { return };
        // what fails here fails at the next request too, which says so
        let _ = tokio::task::spawn_blocking(move || phone.lock_if_idle()).await;
    }
}
