//! The same calls with this crate, as its documentation shows them.

use clm::appviewx;
use clm::keyfactor::{self, CertificateLocation, JobResult, JobStatus, Query, Schedule};

use crate::cases::{COMMENT, Call, Case, PASSWORD, QUERY, SESSION, USER, places, resource_ids};

pub enum WithCrate {
    Keyfactor(keyfactor::Client),
    AppViewX(appviewx::Client),
}

impl WithCrate {
    pub fn new(call: Call, base: String) -> Self {
        match call {
            Call::Remove | Call::History => {
                let credentials = keyfactor::Credentials::basic(USER, PASSWORD);
                Self::Keyfactor(keyfactor::Client::builder(base).credentials(credentials).build().expect("a client"))
            }
            Call::Unassign => {
                let credentials = appviewx::Credentials::session_id(SESSION);
                Self::AppViewX(appviewx::Client::builder(base).credentials(credentials).build().expect("a client"))
            }
        }
    }

    pub async fn call(&self, case: Case) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Keyfactor(client) if case.call == Call::Remove => remove(client, case).await?,
            Self::Keyfactor(client) => history(client, case).await?,
            Self::AppViewX(client) => unassign(client, case).await?,
        }
        Ok(())
    }
}

async fn remove(client: &keyfactor::Client, case: Case) -> Result<(), keyfactor::Error> {
    let locations = places(case.size).map(|(store, alias)| CertificateLocation::new(store, alias));
    let removal = client.certificate_stores().remove_certificates(locations, Schedule::Immediate).send().await?;
    assert_eq!(removal.job_ids().len(), case.size);
    Ok(())
}

async fn unassign(client: &appviewx::Client, case: Case) -> Result<(), appviewx::Error> {
    let outcome = client.certificate_groups().unassign(resource_ids(case.size)).comment(COMMENT).send().await?;
    assert!(outcome.message().is_some());
    assert_eq!(outcome.successful_ids().len(), case.size);
    Ok(())
}

async fn history(client: &keyfactor::Client, case: Case) -> Result<(), keyfactor::Error> {
    let mut runs = client.orchestrator_jobs().history(Query::raw(QUERY)).page_size(case.size as u32).rows()?;
    // Not the row after the last one: it would ask for another page.
    for _ in 0..case.size {
        let run = runs.next().await.expect("a row")?;
        assert!(run.job_history_id.get() > 0 && !run.job_id.get().is_nil());
        assert!(run.result == JobResult::Success && run.status == JobStatus::Completed);
        assert!(run.operation_start.is_some() && run.operation_end.is_some());
        let texts = [&run.agent_machine, &run.job_type, &run.message, &run.store_path, &run.client_machine];
        assert!(texts.into_iter().all(Option::is_some));
    }
    Ok(())
}
