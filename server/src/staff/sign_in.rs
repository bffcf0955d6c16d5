//! Signing in.

use super::accounts::recovery_hash;
use super::attempts::Key;
use super::audit_line::Action;
use super::file::Staff;
use super::password::PasswordHash;
use super::sessions::Ticket;
use super::totp::TotpSecret;
use crate::settings::addresses::client_of;
use crate::store::{self, StoreError};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tabara_protocol::envelope::Digest;
use tabara_protocol::input::{Input, typed};
use tabara_protocol::record::Code;
use zeroize::Zeroizing;

/// A browser that was not used for so long is forgotten.
const BROWSER_SECONDS: i64 = 366 * 86_400;

/// What somebody sends to sign in.
pub struct SignInRequest {
    /// None where only the address of a proxy is known.
    pub address: Option<IpAddr>,
    /// The cookie of a browser that was here before.
    pub browser: Option<Ticket>,
    pub name: String,
    pub password: Zeroizing<String>,
    pub code: String,
}

/// The cookies that a person gets.
pub struct SignedIn {
    pub session: Ticket,
    pub browser: Ticket,
}

/// Why a sign-in was refused. The page reports no more than this.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name, password or code; not which of them.
    #[error("not signed in")]
    Wrong,
    /// Name and password are right; the code is that of another time within an hour, by so many seconds.
    #[error("the clock of the authenticator is off")]
    Clock { ahead: i64 },
    #[error("too many attempts")]
    TooMany { wait: Duration },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignInRequest {
    fn name(&self) -> String {
        typed(Input::Name, &self.name).chars().take(40).collect()
    }

    /// What shows, beyond the password, that she was here before: her browser, or an unused recovery code.
    fn known(&self, staff: &Staff) -> store::Result<Option<Digest>> {
        let name = self.name();
        if let Some(browser) = &self.browser
            && staff.knows_browser(browser.kept(), &name)? == Some(true)
        {
            return Ok(Some(browser.kept()));
        }
        let recovery = self.code.parse::<Code>().ok().map(|code| recovery_hash(&code));
        recovery.map_or(Ok(None), |hash| Ok(staff.has_recovery(&name, hash)?.then_some(hash)))
    }

    /// Whether it needs no place in the queue of strangers.
    pub fn is_known(&self, staff: &Staff) -> store::Result<bool> {
        Ok(self.known(staff)?.is_some())
    }

    fn keys(&self, staff: &Staff) -> store::Result<Vec<Key>> {
        let name = self.name();
        if let Some(known) = self.known(staff)? {
            return Ok(vec![Key::Known(name, known)]);
        }
        let address = self.address.map(client_of);
        let keys = [Key::Pair(name.clone(), address), Key::Name(name)];
        Ok(keys.into_iter().chain(address.map(Key::Address)).collect())
    }
}

/// Signs a person in. Slow on purpose: call it on a blocking thread.
pub fn sign_in(staff: &Staff, now: i64, at: Instant, request: &SignInRequest) -> Result<SignedIn, SignInError> {
    let (name, code) = (request.name(), request.code.as_str());
    let keys = request.keys(staff)?;
    staff.attempts.begin(&keys, at).map_err(|wait| SignInError::TooMany { wait })?;
    let account = staff.account(&name)?;
    let fits = account.as_ref().map_or(&PasswordHash::of_nobody(), |account| &account.password).fits(&request.password);
    // for everybody, so that the time does not tell whether the password was right
    let nobody = TotpSecret::from_bytes([0; 20]);
    let (secret, used) = account.as_ref().map_or((&nobody, 0), |account| (&account.secret, account.last_step));
    let (step, ahead) = (secret.accepts(code, now, used), secret.clock_ahead(code, now));
    if account.is_none() {
        // the name of a stranger is perhaps a password that was typed into the wrong field: it is not noted
        staff.count_unknown()?;
        return Err(SignInError::Wrong);
    }
    let refused = |error| {
        staff.note(now, &name, Action::Refused, "")?;
        Err(error)
    };
    if !fits {
        return refused(SignInError::Wrong);
    }
    let action = match step {
        Some(step) if staff.use_step(&name, step, TotpSecret::newest(now))? => Action::SignedIn,
        _ => match code.parse::<Code>() {
            Ok(code) if staff.use_recovery(&name, recovery_hash(&code))? => Action::Recovered,
            _ => {
                // a code of this minute was used before; one of another time is that of a clock which is off
                let ahead = ahead.filter(|ahead| ahead.abs() > 30);
                return refused(ahead.map_or(SignInError::Wrong, |ahead| SignInError::Clock { ahead }));
            }
        },
    };
    staff.attempts.succeeded(&keys);
    staff.note(now, &name, action, "")?;
    let session = Ticket::generate();
    staff.begin_session(session.kept(), &name, now)?;
    // a cookie that nobody has signed in with is perhaps one that another planted
    let browser = match &request.browser {
        Some(browser) if staff.knows_browser(browser.kept(), &name)?.is_some() => Some(browser.clone()),
        _ => None,
    };
    let browser = browser.unwrap_or_else(Ticket::generate);
    staff.remember_browser(browser.kept(), &name, now, now - BROWSER_SECONDS)?;
    Ok(SignedIn { session, browser })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::accounts::{
        AccountError, INVITATION_SECONDS, Issued, accept, change_password, invite, set_account,
    };
    use crate::staff::role::{Permission, Role};
    use crate::staff::sessions::{SessionEnd, sessions_of, sign_out, visitor};
    use crate::staff::{audit, file};
    use crate::statistics::Scope;

    const PASSWORD: &str = "a long enough password";
    const NOW: i64 = 1_700_000_000;

    struct House {
        staff: Staff,
        issued: Issued,
        folder: tempfile::TempDir,
        begun: Instant,
    }

    fn request(from: &str, browser: Option<&Ticket>, name: &str, password: &str, code: &str) -> SignInRequest {
        let (address, password) = (Some(from.parse().unwrap()), Zeroizing::new(password.to_owned()));
        SignInRequest { address, browser: browser.cloned(), name: name.into(), password, code: code.into() }
    }

    fn house() -> House {
        let folder = tempfile::tempdir().unwrap();
        let staff = Staff::open(folder.path()).unwrap();
        let issued = set_account(&staff, NOW, "aline", Role::NationalCoordinator, PASSWORD).unwrap();
        House { staff, issued, folder, begun: Instant::now() }
    }

    impl House {
        fn ask(&self, now: i64, request: &SignInRequest) -> Result<SignedIn, SignInError> {
            let later = u64::try_from(now - NOW).unwrap();
            sign_in(&self.staff, now, self.begun + Duration::from_secs(later), request)
        }
        fn sign_in(&self, now: i64, password: &str, code: &str) -> Result<Ticket, SignInError> {
            self.ask(now, &request("192.0.2.1", None, "Aline ", password, code)).map(|signed_in| signed_in.session)
        }
        fn code(&self, now: i64) -> String {
            self.issued.secret.code(now)
        }
        fn actions(&self) -> Vec<String> {
            self.staff.audit(u64::MAX, 100).unwrap().into_iter().rev().map(|line| line.action).collect()
        }
    }

    #[test]
    fn password_and_code_open_a_session_until_it_is_closed() {
        let house = house();
        let ticket = house.sign_in(NOW, PASSWORD, &house.issued.secret.code(NOW)).unwrap();
        let read = |now| visitor(&house.staff, now, Ticket::read(&ticket.text()).unwrap()).unwrap();
        let aline = read(NOW + 60).unwrap();
        assert_eq!((aline.name.as_str(), aline.role), ("aline", Role::NationalCoordinator));
        assert!(aline.ticket.fits(&ticket.form_token()) && !aline.ticket.fits(""));
        sign_out(&house.staff, NOW + 61, &aline).unwrap();
        assert_eq!(read(NOW + 62).err(), Some(SessionEnd::Gone));
        assert_eq!(house.actions(), ["account_set", "signed_in", "signed_out"]);
    }

    #[test]
    fn a_session_ends_when_idle_and_after_a_day_of_work() {
        let house = house();
        let ticket = house.sign_in(NOW, PASSWORD, &house.issued.secret.code(NOW)).unwrap();
        let end = |now| visitor(&house.staff, now, Ticket::read(&ticket.text()).unwrap()).unwrap().err();
        assert!((0..12).all(|hour| end(NOW + hour * 3599).is_none()));
        assert_eq!(end(NOW + 12 * 3600), Some(SessionEnd::Over));
        let again = NOW + 50_000;
        let ticket = house.sign_in(again, PASSWORD, &house.issued.secret.code(again)).unwrap();
        let kept = ticket.kept();
        assert_eq!(visitor(&house.staff, again + 3601, ticket).unwrap().err(), Some(SessionEnd::Idle));
        assert!(house.staff.session(kept).unwrap().is_some(), "the page can tell so for some days");
    }

    #[test]
    fn a_code_works_once() {
        let house = house();
        let code = house.issued.secret.code(NOW);
        assert!(house.sign_in(NOW, PASSWORD, &code).is_ok());
        assert!(matches!(house.sign_in(NOW + 1, PASSWORD, &code), Err(SignInError::Wrong)));
    }

    #[test]
    fn name_password_and_code_count_as_they_are_meant_whatever_bytes_a_keyboard_makes_of_them() {
        let house = house();
        set_account(&house.staff, NOW, "chantal", Role::NationalCoordinator, "un été très long").unwrap();
        let secret = house.staff.account("chantal").unwrap().unwrap().secret;
        let code = secret.code(NOW);
        let spaced = format!("{}\u{a0}{} ", &code[..3], &code[3..]);
        let decomposed = "un e\u{301}te\u{301} tre\u{300}s\u{a0}long";
        let name = "\u{feff}Chantal\u{200b} ";
        let signed_in = house.ask(NOW, &request("192.0.2.1", None, name, decomposed, &spaced));
        assert!(signed_in.is_ok());
    }

    #[test]
    fn a_code_on_paper_replaces_the_authenticator_once() {
        let house = house();
        let code = house.issued.recovery[3].to_string().to_lowercase();
        assert!(house.sign_in(NOW, PASSWORD, &code).is_ok());
        assert!(matches!(house.sign_in(NOW, PASSWORD, &code), Err(SignInError::Wrong)));
        assert_eq!(house.actions(), ["account_set", "recovered", "refused"]);
    }

    #[test]
    fn after_five_slips_the_right_password_waits_half_a_minute_and_trying_does_not_prolong_it() {
        let house = house();
        for n in 0..5 {
            let tried = house.sign_in(NOW + n, "wrong", &house.code(NOW));
            assert!(matches!(tried, Err(SignInError::Wrong)));
        }
        let right = |now| house.sign_in(now, PASSWORD, &house.code(now));
        for second in 5..34 {
            let wait = 34 - second as u64;
            assert!(matches!(right(NOW + second), Err(SignInError::TooMany { wait: w }) if w.as_secs() == wait));
        }
        assert!(right(NOW + 34).is_ok());
        // then all is forgotten
        assert!((40..45).all(|n| matches!(house.sign_in(NOW + n, "wrong", "1"), Err(SignInError::Wrong))));
    }

    #[test]
    fn a_wait_doubles_up_to_a_quarter_of_an_hour_and_ends_by_itself() {
        let house = house();
        let (mut now, mut waits) = (NOW, Vec::new());
        while waits.len() < 8 {
            match house.sign_in(now, "wrong", "000000") {
                Err(SignInError::TooMany { wait }) => {
                    waits.push(wait.as_secs());
                    now += wait.as_secs() as i64;
                }
                tried => assert!(matches!(tried, Err(SignInError::Wrong))),
            }
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
        assert!(house.sign_in(now + 3600, PASSWORD, &house.code(now + 3600)).is_ok());
    }

    #[test]
    fn strangers_from_everywhere_slow_each_other_and_not_the_browser_or_the_sheet_of_the_owner() {
        let house = house();
        let ask = |now, from: &str, browser: Option<&Ticket>, password, code: &str| {
            house.ask(now, &request(from, browser, "aline", password, code))
        };
        let ours = ask(NOW, "192.0.2.1", None, PASSWORD, &house.code(NOW)).unwrap().browser;
        let tries: Vec<_> =
            (0..40).map(|n| ask(NOW + 40, &format!("198.51.100.{n}"), None, "wrong", "000000").err()).collect();
        assert!(tries[..20].iter().all(|e| matches!(e, Some(SignInError::Wrong))));
        assert!(tries[20..].iter().all(|e| matches!(e, Some(SignInError::TooMany { .. }))));
        let now = NOW + 60;
        let right = house.code(now);
        assert!(matches!(ask(now, "192.0.2.9", None, PASSWORD, &right), Err(SignInError::TooMany { .. })));
        assert!(matches!(
            ask(now, "192.0.2.9", Some(&Ticket::generate()), PASSWORD, &right),
            Err(SignInError::TooMany { .. })
        ));
        assert!(ask(now, "192.0.2.9", Some(&ours), PASSWORD, &right).is_ok());
        let sheet = house.issued.recovery[0].to_string();
        assert!(ask(now + 40, "192.0.2.9", None, PASSWORD, &sheet).is_ok());
        // her browser in wrong hands has no more tries than anybody
        let tried = |n: i64| ask(now + 50 + n, "192.0.2.9", Some(&ours), "wrong", "000000");
        assert!((0..5).all(|n| matches!(tried(n), Err(SignInError::Wrong))));
        assert!(matches!(tried(5), Err(SignInError::TooMany { .. })));
        // the tries that were checked, and those alone, are lines
        assert_eq!(house.actions().iter().filter(|action| *action == "refused").count(), 25);
    }

    #[test]
    fn a_browser_is_known_by_a_cookie_that_the_server_gave() {
        let house = house();
        let planted = Ticket::generate();
        let ask = |now, browser: &Ticket| {
            house.ask(now, &request("192.0.2.1", Some(browser), "aline", PASSWORD, &house.code(now))).unwrap().browser
        };
        let given = ask(NOW, &planted);
        assert_ne!(given.text(), planted.text());
        assert_eq!(ask(NOW + 60, &given).text(), given.text());
    }

    #[test]
    fn an_unknown_name_and_a_wrong_password_look_alike() {
        let house = house();
        let ask = |name, now| house.ask(now, &request("192.0.2.1", None, name, "wrong", "123456")).err();
        for name in ["nobody", "aline"] {
            assert!((0..5).all(|n| matches!(ask(name, NOW + n), Some(SignInError::Wrong))));
            assert!(matches!(ask(name, NOW + 5), Some(SignInError::TooMany { wait }) if wait.as_secs() == 29));
        }
        assert_eq!(house.actions().len(), 6, "only the account's tries are noted");
        assert_eq!(house.staff.unknown().unwrap(), 5, "the others are counted");
    }

    #[test]
    fn the_clock_of_the_authenticator_is_told_to_whoever_has_the_password() {
        let house = house();
        let early = house.code(NOW - 300);
        assert!(matches!(house.sign_in(NOW, "wrong", &early), Err(SignInError::Wrong)));
        assert!(matches!(house.sign_in(NOW, PASSWORD, &early), Err(SignInError::Clock { ahead: -300 })));
        // a code that was used is not one of a wrong clock
        let code = house.code(NOW);
        assert!(house.sign_in(NOW, PASSWORD, &code).is_ok());
        assert!(matches!(house.sign_in(NOW, PASSWORD, &code), Err(SignInError::Wrong)));
    }

    #[test]
    fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
        let house = house();
        let ticket = house.sign_in(NOW, PASSWORD, &house.code(NOW)).unwrap();
        let other = house.sign_in(NOW + 60, PASSWORD, &house.code(NOW + 60)).unwrap();
        let aline = visitor(&house.staff, NOW + 61, ticket).unwrap().unwrap();
        assert_eq!(sessions_of(&house.staff, NOW + 61, &aline).unwrap().len(), 2);
        let change = |old, new| change_password(&house.staff, NOW + 62, house.begun, &aline, old, new);
        assert!(change("wrong", "another long password").is_err() && change(PASSWORD, "short").is_err());
        change(PASSWORD, "another long password").unwrap();
        assert_eq!(sessions_of(&house.staff, NOW + 62, &aline).unwrap().len(), 1);
        assert_eq!(visitor(&house.staff, NOW + 63, other).unwrap().err(), Some(SessionEnd::Gone));
        let code = house.code(NOW + 120);
        assert!(matches!(house.sign_in(NOW + 120, PASSWORD, &code), Err(SignInError::Wrong)));
        assert!(house.sign_in(NOW + 121, "another long password", &code).is_ok());
        // the old password cannot be guessed here either
        assert!((0..5).all(|_| change("wrong", "another long password").is_err()));
        assert!(change("another long password", "one more long password").is_err());
    }

    #[test]
    fn a_province_covers_itself_only_and_each_role_may_what_its_row_says() {
        let province = |code| Scope::province(code).unwrap();
        let role = Role::read("provincial-coordinator", Some("BI-PR-04")).unwrap();
        assert!(role.covers(province("BI-PR-04")));
        assert!(!role.covers(province("BI-PR-05")) && !role.covers(Scope::Nation));
        assert!(!role.may(Permission::ExactCounts) && !role.may(Permission::Audit));
        assert_eq!(Role::read("provincial-coordinator", None), None);
        for (at, word) in Role::WORDS.into_iter().enumerate().filter(|(at, _)| *at != 1) {
            let role = Role::read(word, None).unwrap();
            assert!((role.index(), role.word()) == (at, word) && role.covers(province("BI-PR-05")));
            assert_eq!(Role::read(word, Some("BI-PR-04")), None);
            assert_eq!(role.may(Permission::ExactCounts), role == Role::NationalDataOfficer);
        }
    }

    #[test]
    fn an_invitation_makes_one_account_once_and_a_newer_one_ends_it() {
        let house = house();
        let invited = |name| invite(&house.staff, NOW, "console", name, Role::Auditor).unwrap();
        assert!(invite(&house.staff, NOW, "console", "B&C", Role::Auditor).is_err());
        let (first, second) = (invited("fanny"), invited("fanny"));
        assert!(matches!(accept(&house.staff, NOW, &second, "short"), Err(AccountError::Password)));
        assert!(accept(&house.staff, NOW, &first, PASSWORD).unwrap().is_none(), "the newer one took its place");
        assert!(accept(&house.staff, NOW + INVITATION_SECONDS, &second, PASSWORD).unwrap().is_none(), "too old");
        let issued = accept(&house.staff, NOW, &second, PASSWORD).unwrap().unwrap();
        assert!(accept(&house.staff, NOW, &second, PASSWORD).unwrap().is_none(), "used");
        let asked = request("192.0.2.1", None, "fanny", PASSWORD, &issued.secret.code(NOW));
        assert!(house.ask(NOW, &asked).is_ok());
        assert_eq!(house.actions()[1..], ["invited", "invited", "account_set", "signed_in"]);
    }

    #[test]
    fn weak_passwords_and_odd_names_make_no_account() {
        let house = house();
        let set = |name, password| set_account(&house.staff, NOW, name, Role::NationalCoordinator, password);
        assert!(matches!(set("b", PASSWORD), Err(AccountError::Name)));
        assert!(matches!(set("b&c", PASSWORD), Err(AccountError::Name)));
        assert!(matches!(set("bea", "short"), Err(AccountError::Password)));
    }

    #[test]
    fn exact_figures_are_noted_before_they_are_shown_and_lines_cannot_be_changed() {
        let house = house();
        audit::exact(&house.staff, NOW, "aline", "place=BI period=all").unwrap();
        audit::exact(&house.staff, NOW, "aline", "place=BI period=2021").unwrap();
        assert_eq!(audit::first_broken(&house.staff).unwrap(), None);
        // the owner of the file can drop its triggers; the chain of hashes reveals it
        let file = rusqlite::Connection::open(house.folder.path().join(file::FILE)).unwrap();
        assert!(file.execute("UPDATE audit SET name = 'bea' WHERE line = 2", []).is_err());
        assert!(file.execute("DELETE FROM audit WHERE line = 2", []).is_err());
        file.execute_batch("DROP TRIGGER audit_stays; UPDATE audit SET name = 'bea' WHERE line = 2").unwrap();
        assert_eq!(audit::first_broken(&house.staff).unwrap(), Some(2));
        file.execute_batch("DROP TRIGGER audit_keeps; DELETE FROM audit WHERE line = 2").unwrap();
        assert_eq!(audit::first_broken(&house.staff).unwrap(), Some(3));
    }
}
