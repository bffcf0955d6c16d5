//! Notes from one shift to the next: sealed to the case workers of the catalog, and signed for each of them by the key of who writes.
//!
//! A case worker has one key, an age identity (X25519), which cannot sign for everybody. But two such keys have a secret together; with
//! it the writer makes a tag (HMAC-SHA-256) for each reader, whose own key checks it. So a reader knows that the note is of the case
//! worker whom the catalog names, and nobody else, not even another reader, could have made it.

use super::here::{Here, keep};
use crate::error::invalid;
use crate::local_page::door::HOME;
use crate::local_page::posted::{Posted, field};
use crate::review;
use axum::Form;
use axum::response::Response;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use maud::{Markup, html};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tabara_core::catalog::{Recipient, RecipientRole, Uuid};
use tabara_core::clock::civil_date;
use tabara_core::seal;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// What one shift tells the next.
#[derive(Serialize, Deserialize)]
struct ShiftNote {
    at: i64,
    text: String,
    /// The public key of who writes, age1...
    #[serde(default)]
    from: String,
    /// For each reader's public key a tag, base64url without padding.
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// A note, and who wrote it; none if nobody can tell.
pub(super) struct OpenedNote {
    note: ShiftNote,
    by: Option<String>,
}

/// The 32 bytes of a key, secret or public, as age writes it.
fn bytes(key: &str) -> Option<Zeroizing<[u8; 32]>> {
    let (_, bytes) = bech32::decode(key.trim()).ok()?;
    let bytes = Zeroizing::new(bytes);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

impl ShiftNote {
    /// What a tag is made of, and the secret of two keys for it.
    fn tagged(&self, mine: &StaticSecret, theirs: &str, to: &str) -> Option<(hmac::Key, Vec<u8>)> {
        let shared = mine.diffie_hellman(&PublicKey::from(*bytes(theirs)?));
        let said = serde_json::to_vec(&("tabara shift note", self.at, &self.text, &self.from, to)).ok()?;
        shared.was_contributory().then(|| (hmac::Key::new(hmac::HMAC_SHA256, shared.as_bytes()), said))
    }

    fn written(at: i64, text: String, identity: &str, readers: &[String]) -> Option<Self> {
        let mine = StaticSecret::from(*bytes(identity)?);
        let mut note = Self { at, text, from: seal::recipient_of(identity)?, tags: BTreeMap::new() };
        for reader in readers {
            let (key, said) = note.tagged(&mine, reader, reader)?;
            note.tags.insert(reader.clone(), B64.encode(hmac::sign(&key, &said)));
        }
        Some(note)
    }

    /// The case worker whom the catalog names, if the reader's key says that she wrote it.
    fn author<'c>(&self, identity: &str, named: &'c [Recipient]) -> Option<&'c str> {
        let worker = |one: &&Recipient| one.role == RecipientRole::CaseWorker && one.age == self.from;
        let author = named.iter().find(worker)?;
        let mine = StaticSecret::from(*bytes(identity)?);
        let me = seal::recipient_of(identity)?;
        let (key, said) = self.tagged(&mine, &self.from, &me)?;
        let tag = B64.decode(self.tags.get(&me)?).ok()?;
        hmac::verify(&key, &said, &tag).ok().map(|()| author.name.as_str())
    }
}

/// How many notes there are, and those that her key opens, the newest first.
pub(super) fn notes(here: &Here) -> (usize, Vec<OpenedNote>) {
    let (desk, key) = (&here.office.desk, here.office.key());
    let folder = std::fs::read_dir(desk.folder.join("notes"));
    let files: Vec<_> = folder.into_iter().flatten().flatten().map(|file| file.path()).collect();
    let open = |path: &PathBuf| {
        let key = key.as_deref()?;
        let plain = Zeroizing::new(seal::unseal(&std::fs::read(path).ok()?, key).ok()?);
        let note: ShiftNote = serde_json::from_slice(&plain).ok()?;
        let by = desk.catalog.as_ref().and_then(|catalog| note.author(key, &catalog.recipients)).map(str::to_owned);
        Some(OpenedNote { note, by })
    };
    let mut opened: Vec<OpenedNote> = files.iter().filter_map(open).collect();
    opened.sort_by_key(|opened| std::cmp::Reverse(opened.note.at));
    (files.len(), opened)
}

pub(super) fn show_notes(here: &Here, (count, opened): &(usize, Vec<OpenedNote>)) -> Markup {
    let open = here.office.key().is_some();
    let writes = open && here.office.desk.catalog.is_some();
    html! {
        @if writes || *count > 0 {
            section {
                h2 { (here.say("inbox-notes")) }
                @if !open { p { (here.texts.get("inbox-notes-closed", &[("n", (*count).into())])) } }
                @for OpenedNote { note, by } in opened {
                    div.case {
                        p.status { (civil_date(note.at)) @if let Some(by) = by { ", " (by) } }
                        @if by.is_none() { p.wrong { (here.say("inbox-note-unsigned")) } }
                        p { (note.text) }
                    }
                }
                @if writes {
                    form method="post" action="note" autocomplete="off" {
                        div.question { label.label for="note" { (here.say("inbox-note")) } p.hint { (here.say("inbox-notes-explain")) }
                            textarea #note name="note" maxlength="2000" required {} }
                        div.steps { button.second { (here.say("inbox-seal-note")) } }
                    }
                }
            }
        }
    }
}

pub(super) async fn leave_note(here: Here, Form(posted): Form<Posted>) -> Response {
    let text = field(&posted, "note").unwrap_or_default().trim().to_owned();
    let kept = here.work(HOME, move |here| {
        let desk = &here.office.desk;
        let (Some(key), Some(catalog)) = (here.office.key(), desk.catalog.as_ref()) else { return Ok(()) };
        if text.is_empty() {
            return Ok(());
        }
        let readers = review::readers(catalog);
        let note = ShiftNote::written(desk.clock.unix(), text, &key, &readers);
        let note = note.ok_or_else(|| invalid("the key, or one of the catalog, is not an age X25519 key"))?;
        let plain = Zeroizing::new(serde_json::to_vec(&note).map_err(|e| invalid(e.to_string()))?);
        let sealed = seal::seal(&plain, &readers)?;
        keep(&desk.folder.join("notes").join(format!("{}.age", Uuid::new_v4())), &sealed)?;
        here.notice(here.say("inbox-note-kept"));
        Ok(())
    });
    kept.await.map_or_else(|refused| refused, |()| here.go(HOME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_knows_who_wrote_a_note_and_no_other_reader_could_have_made_it() {
        let [aline, beata, other] = [(); 3].map(|()| seal::new_identity());
        let hers = StaticSecret::from(*bytes(&aline.0).unwrap());
        assert_eq!(PublicKey::from(&hers).as_bytes(), &*bytes(&aline.1).unwrap());
        let named = [("aline", &aline), ("beata", &beata)].map(|(name, key)| Recipient {
            name: name.into(),
            role: RecipientRole::CaseWorker,
            age: key.1.clone(),
        });
        let readers = [aline.1.clone(), beata.1.clone()];
        let note = || ShiftNote::written(5, "call Benite".into(), &aline.0, &readers).unwrap();
        assert_eq!((note().author(&beata.0, &named), note().author(&aline.0, &named)), (Some("aline"), Some("aline")));
        // another text, another time, another name, somebody whom the catalog does not name
        assert_eq!(ShiftNote { text: "do not call".into(), ..note() }.author(&beata.0, &named), None);
        assert_eq!(ShiftNote { at: 6, ..note() }.author(&beata.0, &named), None);
        let forged = ShiftNote::written(5, "call Benite".into(), &beata.0, &readers).unwrap();
        assert_eq!(ShiftNote { from: aline.1.clone(), ..forged }.author(&beata.0, &named), None);
        let stranger = ShiftNote::written(5, "call Benite".into(), &other.0, &readers).unwrap();
        assert_eq!(stranger.author(&beata.0, &named), None);
        assert_eq!(ShiftNote { tags: BTreeMap::new(), ..note() }.author(&beata.0, &named), None);
    }
}
