//! `tabara-desk card`: a single card.

use clap::Args;
use std::path::PathBuf;
use tabara_desk::error::{DeskError, Result, no_date};
use tabara_desk::files::write;
use tabara_desk::keys::PassphraseArgs;
use tabara_desk::{authority, card};
use tabara_protocol::catalog::{Area, DeviceRole, ServerAddress};
use tabara_protocol::clock::end_of_day;
use tabara_protocol::envelope::Digest;

#[derive(Args)]
pub struct CardArgs {
    /// The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long)]
    organisation: String,
    /// Commune of enrolment, BI-CO-NN-NN.
    #[arg(long)]
    commune: String,
    /// Last day on which the card can be used, YYYY-MM-DD.
    #[arg(long)]
    expires: String,
    /// Where the phone syncs; once for each address.
    #[arg(long, required = true)]
    server: Vec<String>,
    /// SHA-256 of the server's certificate key, base64url, for a server without a public certificate.
    #[arg(long, allow_hyphen_values = true)]
    pin: Option<String>,
    /// What its owner does: focal_point or provider.
    #[arg(long, default_value = "focal_point", value_parser = word::<DeviceRole>)]
    role: DeviceRole,
    /// Where its owner works: commune, border_post, mobile_team or hotline.
    #[arg(long, default_value = "commune", value_parser = word::<Area>)]
    area: Area,
    /// Write the QR code to this file as SVG instead of drawing it here.
    #[arg(long)]
    svg: Option<PathBuf>,
    #[command(flatten)]
    secret: PassphraseArgs,
}

/// A word of the protocol on the command line.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> std::result::Result<T, String> {
    serde_json::from_value(text.into()).map_err(|_| "not one of the words that the help lists".into())
}

impl CardArgs {
    pub fn run(&self) -> Result<()> {
        let pin = self.pin.as_deref().map(str::parse::<Digest>).transpose();
        let pin = pin.map_err(|_| DeskError::Invalid("a pin is 32 bytes in base64url".into()))?;
        let key = authority::key(&self.dir, &self.secret.get("Passphrase of the authority")?)?;
        let (card, grant) = card::issue(
            &key,
            &card::CardRequest {
                role: self.role,
                organisation: self.organisation.clone(),
                commune: self.commune.clone(),
                area: self.area,
                expires: end_of_day(&self.expires).ok_or_else(no_date)?,
                servers: self.server.iter().map(|url| ServerAddress { url: url.clone(), pin }).collect(),
            },
        )?;
        match &self.svg {
            Some(path) => write(path, card::svg(&card)?)?,
            None => println!("{}", card::terminal(&card.text())?),
        }
        println!("{}\n\ndevice       {}\nfingerprint  {}", card.text(), grant.device, key.public().fingerprint());
        for server in &grant.servers {
            println!("server       {}", server.url);
        }
        if let Some(pin) = pin {
            println!("certificate  {}", pin.aloud());
        }
        Ok(())
    }
}
