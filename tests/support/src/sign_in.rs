//! Accounts for journeys and the demo. Signing in always uses the real time.

use crate::coordinator::Coordinator;
use crate::deployment::Deployment;
use std::time::{SystemTime, UNIX_EPOCH};
use tabara_core::record::Code;
use tabara_server::staff::accounts::set_account;
use tabara_server::staff::file::Staff;
use tabara_server::staff::role::Role;
use tabara_server::staff::totp::TotpSecret;

/// A name, a password and the secret of the one-time codes.
pub struct SignIn {
    pub name: String,
    pub password: String,
    pub secret: TotpSecret,
}

fn real_time() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}

impl SignIn {
    /// Makes an account on a running server.
    pub fn new(deployment: &Deployment, name: &str, role: Role) -> Self {
        let password = format!("{}-{}", Code::generate(), Code::generate());
        let staff = Staff::open(&deployment.data()).expect("the server's folder");
        let issued = set_account(&staff, real_time(), name, role, &password);
        let secret = issued.expect("the account is in order").secret;
        Self { name: name.to_owned(), password, secret }
    }

    /// The code of this half minute.
    pub fn code(&self) -> String {
        self.secret.code(real_time())
    }

    /// Signs in over HTTP.
    pub async fn enter(&self, url: &str) -> Result<Coordinator, String> {
        let entered = Coordinator::sign_in(url, &self.name, &self.password, &self.code()).await;
        entered.map_err(|status| format!("signing in answered {status}"))
    }
}
