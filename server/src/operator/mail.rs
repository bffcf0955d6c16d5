//! Ways out for [`super::notify`]: mail by SMTP and web addresses, both with TLS by ring.

use super::CommandResult;
use crate::settings::messages::{Mail, Security};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message, SmtpTransport, Transport as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tabara_protocol::record::Uuid;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest time for a connection to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends mail.
pub struct Mailer {
    transport: SmtpTransport,
    from: Address,
}

/// Whether a message can go there: an e-mail address, HTTPS, or HTTP to this machine.
pub fn is_address(to: &str) -> bool {
    if to.contains("://") { web_address(to).is_ok() } else { to.parse::<Address>().is_ok() }
}

fn web_address(to: &str) -> CommandResult<reqwest::Url> {
    let url: reqwest::Url = to.parse()?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || here { Ok(url) } else { Err("a web address begins with https://".into()) }
}

impl Mailer {
    pub fn new(mail: &Mail) -> CommandResult<Self> {
        let here =
            mail.server == "localhost" || mail.server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let parameters = || -> CommandResult<TlsParameters> {
            let mut parameters = TlsParameters::builder(mail.server.clone());
            if let Some(pem) = &mail.issuer {
                parameters = parameters.add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
            }
            Ok(parameters.build()?)
        };
        let (port, tls) = match mail.security {
            Security::Tls => (465, Tls::Wrapper(parameters()?)),
            Security::Starttls => (587, Tls::Required(parameters()?)),
            Security::None if here => (25, Tls::None),
            Security::None => return Err("mail leaves this machine by TLS alone: --security tls or starttls".into()),
        };
        let from: Address = mail.from.parse()?;
        let name = ClientId::Domain(from.domain().to_owned());
        let mut transport = SmtpTransport::builder_dangerous(&mail.server).port(mail.port.unwrap_or(port)).tls(tls);
        transport = transport.hello_name(name).timeout(Some(PATIENCE));
        if let Some((user, password)) = &mail.login {
            transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: transport.build(), from })
    }

    pub fn send(&self, to: &str, subject: &str, text: String) -> CommandResult {
        let id = format!("<{}@{}>", Uuid::new_v4(), self.from.domain());
        let message = Message::builder().from(self.from.clone().into()).to(to.parse()?).subject(subject);
        let mut message = message.message_id(Some(id)).header(ContentType::TEXT_PLAIN).body(text)?;
        // no machine answers it
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".into()));
        self.transport.send(&message)?;
        Ok(())
    }
}

/// Posts to web addresses.
pub struct Webhooks(reqwest::Client);

impl Webhooks {
    pub fn new() -> CommandResult<Self> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(PATIENCE);
        Ok(Self(http.redirect(reqwest::redirect::Policy::none()).build()?))
    }

    pub fn post(&self, to: &str, body: &serde_json::Value) -> CommandResult {
        let url = web_address(to)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let request = self.0.post(url).header("content-type", "application/json").body(serde_json::to_vec(body)?);
        let answer = runtime.block_on(async { request.send().await }).map_err(reqwest::Error::without_url)?;
        Ok(answer.error_for_status().map(drop).map_err(reqwest::Error::without_url)?)
    }
}
