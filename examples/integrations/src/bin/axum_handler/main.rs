//! An HTTP service that removes certificates from their stores: `POST /certificates/{thumbprint}/offboard`.
//!
//! The client is cloned into each handler. The status of the response depends on the variant of the error. A removal whose
//! outcome is unknown is never reported as a failure. A caller that disconnects does not interrupt a removal.
//!
//! ```text
//! cargo run --manifest-path examples/integrations/Cargo.toml --bin axum_handler
//! ```

use std::path::PathBuf;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use clm::jiff::Timestamp;
use clm::keyfactor::{Client, Error, LookupError, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde::Serialize;
use serde_json::json;

#[derive(Clone)]
struct Service {
    keyfactor: Client,
    /// The folder for the plans, which are needed to undo a removal.
    plans: PathBuf,
}

fn router(service: Service) -> Router {
    Router::new().route("/certificates/{thumbprint}/offboard", post(offboard)).with_state(service)
}

/// The scheduled jobs. The removal is not done until they have run.
#[derive(Serialize)]
struct Scheduled {
    job_ids: Vec<String>,
    locations: usize,
    /// The file of the plan, for `RemovalPlan::load` and `add_back`.
    plan: String,
}

async fn offboard(
    State(service): State<Service>,
    Path(thumbprint): Path<String>,
) -> Result<(StatusCode, Json<Scheduled>), Refusal> {
    // axum drops the future of a handler when its caller disconnects. A task continues, and logs the job ids.
    let task = tokio::spawn(async move { service.schedule(thumbprint).await });
    let scheduled = task.await.map_err(Refusal::own)??;
    Ok((StatusCode::ACCEPTED, Json(scheduled)))
}

impl Service {
    async fn schedule(&self, thumbprint: String) -> Result<Scheduled, Refusal> {
        let stores = self.keyfactor.certificate_stores();
        let located = self.keyfactor.certificates().locations_of(thumbprint).send().await?;
        let plan = stores.plan_removal(&located).await?;
        let name = format!("{}.json", Timestamp::now().as_nanosecond());
        let file = self.plans.join(&name);
        let saved = tokio::task::spawn_blocking(move || plan.save_new(file).map(|()| plan));
        let plan = saved.await.map_err(Refusal::own)?.map_err(Refusal::own)?;
        let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
        let job_ids: Vec<String> = removal.job_ids().iter().map(ToString::to_string).collect();
        eprintln!("scheduled: {job_ids:?}, plan {name}");
        Ok(Scheduled { job_ids, locations: plan.removals.len(), plan: name })
    }
}

enum Refusal {
    Keyfactor(Error),
    /// A failure of this service, for example of its disk.
    Own(Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    fn own(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Own(Box::new(error))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Keyfactor(error)
    }
}

/// The status for the caller of this service.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Validation(_) => StatusCode::BAD_REQUEST,
        Error::Lookup(error) => match **error {
            LookupError::NothingVisible { .. } | LookupError::InNoStore { unclear: 0, .. } => StatusCode::NOT_FOUND,
            LookupError::Ambiguous { .. } | LookupError::AliasHoldsAnother { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_GATEWAY,
        },
        // The caller cannot correct these.
        Error::Authentication(_) | Error::Configuration(_) => StatusCode::INTERNAL_SERVER_ERROR,
        // The removal may have been scheduled. The body says where to look before another attempt.
        Error::OutcomeUnknown(_) => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Keyfactor(error) => error,
            Self::Own(error) => {
                eprintln!("{error}");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let look = match &error {
            Error::OutcomeUnknown(unknown) => Some(unknown.how_to_find_out()),
            _ => None,
        };
        // `Display` is one line without secrets. The report with causes and remedy is for the log of this service.
        eprintln!("{}", error.report());
        (status(&error), Json(json!({"error": error.to_string(), "before_you_try_again": look}))).into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = FakeKeyfactor::start().await;
    let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    fake.put(fake.add_store(), "www.example.com.pfx", certificate);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -X POST http://{}/certificates/{}/offboard", listener.local_addr()?, fake.thumbprint(certificate));
    let service = Service { keyfactor: fake.client(), plans: std::env::temp_dir() };
    Ok(axum::serve(listener, router(service)).await?)
}

#[cfg(test)]
mod tests;
