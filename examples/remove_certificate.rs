//! Removes one certificate from one certificate store: the shortest complete program.
//!
//! ```text
//! KEYFACTOR_USERNAME='EXAMPLE\svc-clm' KEYFACTOR_PASSWORD=… \
//!     cargo run --example remove_certificate -- https://keyfactor.example.com/KeyfactorAPI STORE-GUID ALIAS
//! ```

use std::env::{args, var};

use clm::keyfactor::{CertificateLocation, CertificateStoreId, Client, Credentials, Schedule};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [url, store, alias] =
        args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: remove_certificate URL STORE ALIAS")?;
    let credentials = Credentials::basic(var("KEYFACTOR_USERNAME")?, var("KEYFACTOR_PASSWORD")?);
    let keyfactor = Client::builder(url).credentials(credentials).build()?;

    let location = CertificateLocation::new(store.parse::<CertificateStoreId>()?, alias);
    let removal = keyfactor.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await?;
    for job in removal.job_ids() {
        println!("scheduled: job {job}");
    }
    removal.require_complete()?;
    Ok(())
}
