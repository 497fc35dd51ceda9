//! Unassigns certificates from their group: the shortest complete program.
//!
//! ```text
//! APPVIEWX_SESSION_ID=… \
//!     cargo run --example unassign_certificates -- https://appviewx.example.com:31443 RESOURCE-ID...
//! ```

use std::env::{args, var};

use clm::appviewx::{Client, Credentials};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = args().skip(1);
    let url = arguments.next().ok_or("usage: unassign_certificates URL RESOURCE-ID...")?;
    let credentials = Credentials::session_id(var("APPVIEWX_SESSION_ID")?);
    let appviewx = Client::builder(url).credentials(credentials).build()?;

    let outcome = appviewx.certificate_groups().unassign(arguments).comment("Decommissioned").send().await?;
    for id in outcome.successful_ids() {
        println!("confirmed: {id}");
    }
    outcome.require_complete()?;
    Ok(())
}
