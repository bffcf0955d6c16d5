//! Signing in and out, and who is signed in.

use super::accounts::recovery_hash;
use super::audit_line::Action;
use super::file::Staff;
use super::password::PasswordHash;
use super::role::Role;
use super::totp;
use crate::store::{self, StoreError};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::input::{Input, typed};
use tabara_protocol::record::Code;
use zeroize::Zeroizing;

/// Failed attempts within this time are counted.
const FAILURE_SECONDS: i64 = 900;
/// By name and address, by name, by address.
const FAILURES: [u32; 3] = [5, 20, 30];
const SESSION_SECONDS: i64 = 12 * 3600;
const IDLE_SECONDS: i64 = 3600;

/// Why a sign-in was refused. The page reports no more than this.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name, password or code; not which of them.
    #[error("not signed in")]
    Wrong,
    #[error("too many attempts")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The secret of a session, as the cookie holds it.
pub struct Ticket(Zeroizing<[u8; 32]>);

impl Ticket {
    pub fn text(&self) -> String {
        Digest(*self.0).to_string()
    }
    pub fn read(text: &str) -> Option<Self> {
        text.parse::<Digest>().ok().map(|digest| Self(Zeroizing::new(digest.0)))
    }
    fn kept(&self) -> Digest {
        sha256(&*self.0)
    }
    /// The CSRF token of the forms of this session.
    pub fn form_token(&self) -> String {
        sha256(&[b"form".as_slice(), &*self.0].concat()).to_string()
    }
    /// Whether a form carries the token of this session.
    pub fn fits(&self, form_token: &str) -> bool {
        totp::same(form_token.as_bytes(), self.form_token().as_bytes())
    }
}

/// Signs a person in. Slow on purpose: call it on a blocking thread.
pub fn sign_in(
    staff: &Staff,
    now: i64,
    address: &str,
    name: &str,
    password: &str,
    code: &str,
) -> Result<Ticket, SignInError> {
    let name: String = typed(Input::Name, name).chars().take(40).collect();
    let (by_name, by_address) = (format!("name {name}"), format!("address {address}"));
    let by_both = format!("{by_name} {by_address}");
    let keys = [by_both.as_str(), &by_name, &by_address];
    // counted before the password is checked, so that parallel attempts do not pass the limit
    let attempts = staff.note_attempt(&keys, now, now - FAILURE_SECONDS)?;
    if attempts.iter().zip(FAILURES).any(|(attempts, most)| *attempts > most) {
        return Err(SignInError::TooMany);
    }
    let account = staff.account(&name)?;
    let fits = account.as_ref().map_or(&PasswordHash::of_nobody(), |account| &account.password).fits(password);
    let Some(account) = account.filter(|_| fits) else { return refuse(staff, now, &name) };
    let action = match account.secret.accepts(code, now, account.last_step) {
        Some(step) if staff.use_step(&name, step)? => Action::SignedIn,
        _ => match code.parse::<Code>() {
            Ok(code) if staff.use_recovery(&name, recovery_hash(&code))? => Action::Recovered,
            _ => return refuse(staff, now, &name),
        },
    };
    staff.forget_attempts(&keys)?;
    staff.note(now, &name, action, "")?;
    let ticket = Ticket(Zeroizing::new(tabara_protocol::envelope::random()));
    staff.begin_session(ticket.kept(), &name, now)?;
    Ok(ticket)
}

fn refuse<T>(staff: &Staff, now: i64, name: &str) -> Result<T, SignInError> {
    staff.note(now, name, Action::Refused, "")?;
    Err(SignInError::Wrong)
}

/// A person who is signed in.
pub struct Visitor {
    pub name: String,
    pub role: Role,
    pub ticket: Ticket,
}

/// The person who holds this ticket, while its session lasts.
pub fn visitor(staff: &Staff, now: i64, ticket: Ticket) -> store::Result<Option<Visitor>> {
    let name = staff.session(ticket.kept(), now, now - SESSION_SECONDS, now - IDLE_SECONDS)?;
    let account = name.map(|name| staff.account(&name)).transpose()?.flatten();
    Ok(account.map(|account| Visitor { name: account.name, role: account.role, ticket }))
}

pub fn sign_out(staff: &Staff, now: i64, visitor: &Visitor) -> store::Result<()> {
    staff.end_session(visitor.ticket.kept())?;
    staff.note(now, &visitor.name, Action::SignedOut, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::accounts::{AccountError, Issued, set_account};
    use crate::staff::{audit, file};
    use crate::statistics::Scope;

    const PASSWORD: &str = "a long enough password";
    const NOW: i64 = 1_700_000_000;

    struct House {
        staff: Staff,
        issued: Issued,
        folder: tempfile::TempDir,
    }

    fn house() -> House {
        let folder = tempfile::tempdir().unwrap();
        let staff = Staff::open(folder.path()).unwrap();
        let issued = set_account(&staff, NOW, "aline", Role::Coordinator, PASSWORD).unwrap();
        House { staff, issued, folder }
    }

    impl House {
        fn sign_in(&self, now: i64, password: &str, code: &str) -> Result<Ticket, SignInError> {
            sign_in(&self.staff, now, "192.0.2.1", "Aline ", password, code)
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
        assert_eq!((aline.name.as_str(), aline.role), ("aline", Role::Coordinator));
        assert!(aline.ticket.fits(&ticket.form_token()) && !aline.ticket.fits(""));
        sign_out(&house.staff, NOW + 61, &aline).unwrap();
        assert!(read(NOW + 62).is_none());
        assert_eq!(house.actions(), ["account_set", "signed_in", "signed_out"]);
    }

    #[test]
    fn a_session_ends_when_idle_and_after_a_day_of_work() {
        let house = house();
        let ticket = house.sign_in(NOW, PASSWORD, &house.issued.secret.code(NOW)).unwrap();
        let alive = |now| visitor(&house.staff, now, Ticket::read(&ticket.text()).unwrap()).unwrap().is_some();
        assert!((0..12).all(|hour| alive(NOW + hour * 3599)));
        assert!(!alive(NOW + 12 * 3600));
        let again = NOW + 50_000;
        let ticket = house.sign_in(again, PASSWORD, &house.issued.secret.code(again)).unwrap();
        assert!(visitor(&house.staff, again + 3601, ticket).unwrap().is_none());
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
        set_account(&house.staff, NOW, "chantal", Role::Coordinator, "un été très long").unwrap();
        let secret = house.staff.account("chantal").unwrap().unwrap().secret;
        let code = secret.code(NOW);
        let spaced = format!("{}\u{a0}{} ", &code[..3], &code[3..]);
        let decomposed = "un e\u{301}te\u{301} tre\u{300}s\u{a0}long";
        let signed_in = sign_in(&house.staff, NOW, "192.0.2.1", "\u{feff}Chantal\u{200b} ", decomposed, &spaced);
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
    fn after_five_attempts_even_the_right_password_waits() {
        let house = house();
        for n in 0..5 {
            let tried = house.sign_in(NOW + n, "wrong", &house.issued.secret.code(NOW));
            assert!(matches!(tried, Err(SignInError::Wrong)));
        }
        let right = |now| house.sign_in(now, PASSWORD, &house.issued.secret.code(now));
        assert!(matches!(right(NOW + 6), Err(SignInError::TooMany)));
        // from another address a sign-in is possible, up to a wider limit
        let elsewhere =
            |now, password| sign_in(&house.staff, now, "192.0.2.2", "aline", password, &house.issued.secret.code(now));
        assert!(matches!(elsewhere(NOW + 7, "wrong"), Err(SignInError::Wrong)));
        assert!(right(NOW + 1000).is_ok());
        for n in 0..4 {
            let from = format!("192.0.2.{}", 10 + n);
            for _ in 0..5 {
                sign_in(&house.staff, NOW + 2000, &from, "aline", "wrong", "123456").err();
            }
        }
        assert!(matches!(elsewhere(NOW + 2001, PASSWORD), Err(SignInError::TooMany)));
    }

    #[test]
    fn an_unknown_name_and_a_wrong_password_look_alike() {
        let house = house();
        let unknown = sign_in(&house.staff, NOW, "192.0.2.1", "nobody", PASSWORD, "123456");
        assert!(matches!(unknown, Err(SignInError::Wrong)));
    }

    #[test]
    fn a_province_sees_itself_only() {
        let province = |code| Scope::province(code).unwrap();
        let role = Role::read("provincial-coordinator", Some("BI-PR-04")).unwrap();
        assert!(role.may_see(province("BI-PR-04")));
        assert!(!role.may_see(province("BI-PR-05")) && !role.may_see(Scope::Nation));
        assert!(!role.sees_exact_counts() && !role.sees_audit());
        assert_eq!(Role::read("provincial-coordinator", None), None);
        assert_eq!(Role::read("coordinator", Some("BI-PR-04")), None);
    }

    #[test]
    fn weak_passwords_and_odd_names_make_no_account() {
        let house = house();
        let set = |name, password| set_account(&house.staff, NOW, name, Role::Coordinator, password);
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
