//! The four calls of the wire twins by this crate's own client, with the settings of the environment. `twins.py` compares what
//! arrives with what the vendor's clients send.

use clm::keyfactor::{CertificateLocation, CertificateStoreEntry, CertificateStoreId, ClientBuilder, Query, Schedule};

/// What `twin_calls.py` uses too.
const STORE: &str = "57070000-0000-4000-8000-000000000003";
const ALIAS: &str = "more-0";
const JOB: &str = "10b00000-0000-4000-8000-000000000001";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keyfactor = ClientBuilder::from_env()?.build()?;
    let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    let store: CertificateStoreId = STORE.parse()?;

    stores.remove_certificates([CertificateLocation::new(store, ALIAS)], Schedule::Immediate).send().await?;
    let entry = CertificateStoreEntry::new(store).alias("twin").include_private_key();
    stores.add_certificates(10, [entry], Schedule::Immediate).send().await?;
    stores.schedule_inventory([store], Schedule::Interval { minutes: 90 }).send().await?;
    jobs.history(Query::field("JobId").eq(JOB)).page_size(100).rows()?.collect().await?;
    Ok(())
}
