//! The certificate while the server runs: read again when its files change, copied for `doctor`, and its end told in
//! time.

use super::doctor::{Grade, certificate_finding};
use crate::settings::certificate::{SERVED, TlsCertificate};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tabara_protocol::clock::{Clock as _, SystemClock};

const EACH: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Looks each minute whether the files have changed. Each day, and after each change, the log says how long the
/// certificate lasts if that is not long.
pub async fn watch(certificate: Option<Arc<TlsCertificate>>, data: PathBuf) {
    let Some(certificate) = certificate else {
        // of an earlier start
        let _ = std::fs::remove_file(data.join(SERVED));
        return;
    };
    let (mut minutes, mut told) = (tokio::time::interval(EACH), None::<tokio::time::Instant>);
    loop {
        minutes.tick().await;
        if certificate.has_changed() {
            reload(&certificate);
            told = None;
        }
        // a reload by SIGHUP, too, gets its copy
        let der = certificate.der();
        let copy = data.join(SERVED);
        if std::fs::read(&copy).ok().as_ref() != Some(&der)
            && let Err(e) = std::fs::write(&copy, &der)
        {
            tracing::warn!("{}: {e}", copy.display());
        }
        if told.is_none_or(|at| at.elapsed() >= DAY) {
            told = Some(tokio::time::Instant::now());
            let finding = certificate_finding(Some(&der), SystemClock::default().unix());
            if finding.grade != Grade::Well {
                tracing::warn!("{}", finding.text);
            }
        }
    }
}

/// Reads the files again. What cannot be used leaves the earlier certificate in force.
pub fn reload(certificate: &TlsCertificate) {
    match certificate.reload() {
        Ok(()) => tracing::info!("the TLS certificate was read again"),
        Err(e) => tracing::error!("the TLS certificate stays the earlier one: {e}"),
    }
}
