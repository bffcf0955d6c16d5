//! What a developer needs to try a phone of her own against a server of this machine: a card and a sign-in.

use crate::deployment::Deployment;
use crate::sign_in::SignIn;
use std::path::Path;
use tabara_core::catalog::EnrolmentCard;
use tabara_desk::card;
use tabara_server::staff::role::Role;

/// The commune of the card: Gitega.
const COMMUNE: &str = "BI-CO-05-03";

/// Writes a new card as `card.txt` and, as a QR code, `card.svg`, and prints where they are.
pub fn hand_out_card(deployment: &Deployment, folder: &Path) -> std::io::Result<()> {
    let text = deployment.card(COMMUNE);
    let (card, _) = EnrolmentCard::parse(&text).map_err(std::io::Error::other)?;
    let picture = card::svg(&card).map_err(|error| std::io::Error::other(error.to_string()))?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("card.txt"), &text)?;
    std::fs::write(folder.join("card.svg"), picture)?;
    println!(
        "\nA card for one phone of your own (a second phone needs another): {}",
        folder.join("card.txt").display()
    );
    println!("  as a QR code   {}", folder.join("card.svg").display());
    println!("  first program  bindings/README.md, \"Your first phone\"");
    Ok(())
}

/// Makes a coordinator's account and prints how to sign in.
pub fn invite_coordinator(deployment: &Deployment) {
    let visitor = SignIn::new(deployment, "coordinator", Role::NationalCoordinator);
    println!("\nThe coordinator's page: {}", deployment.url());
    println!("  name           {}", visitor.name);
    println!("  password       {}", visitor.password);
    println!(
        "  one-time code  {} now; for an authenticator app: {}",
        visitor.code(),
        visitor.secret.uri(&visitor.name)
    );
}
