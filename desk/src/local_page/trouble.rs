//! The core's errors in the words of the page. Reasons are enums whose names are the ids of their texts.

use crate::texts::Texts;
use std::fmt::Debug;
use std::time::Duration;
use tabara_core::Error;
use tabara_core::error::{AnswerReason, DestructionReason, UntrustedReason};

/// `card-used-already` of `UsedAlready`, where there is such a text; else the general one.
pub(super) fn coded(texts: &Texts, kind: &str, reason: &dyn Debug) -> String {
    let mut id = kind.to_owned();
    for c in format!("{reason:?}").chars().take_while(|c| c.is_alphanumeric()) {
        if c.is_uppercase() {
            id.push('-');
        }
        id.push(c.to_ascii_lowercase());
    }
    texts.say(if texts.has(&id) { &id } else { kind })
}

/// What the focal point should know and do about an error.
pub(super) fn trouble(error: &Error, texts: &Texts) -> String {
    match error {
        Error::WrongPin { attempts_left, retry_after } => {
            let left = texts.get("wrong-pin", &[("left", (*attempts_left).into())]);
            if retry_after.is_zero() { left } else { format!("{left} {}", wait(*retry_after, texts)) }
        }
        Error::TooSoon { retry_after } => format!("{} {}", texts.say("too-soon"), wait(*retry_after, texts)),
        Error::PinTooShort { least } => texts.get("pin-too-short", &[("least", (*least).into())]),
        Error::VaultDestroyed { reason } => destroyed(*reason, texts),
        Error::Damaged { file } => texts.get("damaged", &[("file", file.name().into())]),
        Error::Card { reason: why } => coded(texts, "card", why),
        Error::NotFound { what } => coded(texts, "not-found", what),
        Error::Answer { reason: why } => coded(texts, "answer", why),
        Error::Untrusted { reason } => texts.get("untrusted", &[("why", untrusted(*reason, texts).into())]),
        Error::Offline { reason: why } => coded(texts, "offline", why),
        Error::Refused { reason: why } => coded(texts, "refused", why),
        Error::Internal { reason } => texts.get("internal", &[("why", reason.to_string().into())]),
        other => coded(texts, "trouble", other),
    }
}

pub(super) fn answer_trouble(why: AnswerReason, texts: &Texts) -> String {
    coded(texts, "answer", &why)
}

pub(super) fn destroyed(why: DestructionReason, texts: &Texts) -> String {
    coded(texts, "destroyed", &why)
}

pub(super) fn untrusted(why: UntrustedReason, texts: &Texts) -> String {
    coded(texts, "untrusted", &why)
}

/// How long to wait, in words.
pub(super) fn wait(time: Duration, texts: &Texts) -> String {
    match time.as_secs() + u64::from(time.subsec_nanos() > 0) {
        seconds @ 0..=90 => texts.get("wait-seconds", &[("n", seconds.into())]),
        seconds => texts.get("wait-minutes", &[("n", seconds.div_ceil(60).into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_core::error::{CardReason, NotFoundItem, OfflineReason, RefusedReason};

    #[test]
    fn every_reason_that_a_person_can_act_on_has_its_own_words() {
        let english = Texts::of("en").unwrap();
        let general: Vec<String> = ["card", "not-found", "answer", "refused", "destroyed", "untrusted", "trouble"]
            .map(|id| english.say(id))
            .into();
        let answers =
            [AnswerReason::NotInteger, AnswerReason::NotDate, AnswerReason::NotPlace, AnswerReason::OutOfRange];
        let mut errors: Vec<Error> = answers.map(|reason| Error::Answer { reason }).into();
        errors.extend([CardReason::Unreadable, CardReason::UsedAlready].map(|reason| Error::Card { reason }));
        errors.extend(
            [NotFoundItem::Code, NotFoundItem::SecondCode, NotFoundItem::HandOverKey]
                .map(|what| Error::NotFound { what }),
        );
        errors.push(Error::Refused { reason: RefusedReason::CardRevoked });
        let weather =
            [OfflineReason::Portal, OfflineReason::ChangedOnTheWay, OfflineReason::NotTheServer, OfflineReason::Later];
        errors.extend(weather.map(|reason| Error::Offline { reason }));
        let destroyed = [DestructionReason::TooManyWrongPins, DestructionReason::WipeOrder];
        errors.extend(destroyed.map(|reason| Error::VaultDestroyed { reason }));
        errors.extend([Error::NoConsent, Error::Storage, Error::KeyStoreLost, Error::NotEnrolled]);
        for error in &errors {
            let said = trouble(error, english);
            assert!(!general.contains(&said), "{error:?}: {said}");
            assert_ne!(trouble(error, Texts::of("fr").unwrap()), said, "{error:?}");
        }
        for why in [UntrustedReason::HandOver, UntrustedReason::Parcel] {
            assert!(!general.contains(&untrusted(why, english)), "{why:?}");
        }
        let reason = UntrustedReason::CatalogNeedsNewerApp;
        assert!(trouble(&Error::Untrusted { reason }, english).contains("update this program"));
    }
}
