//! An HTTP service that removes certificates from their stores: `POST /certificates/{thumbprint}/offboard`.
//!
//! The client is cloned into each handler. The status of the response depends on the variant of the error. A removal whose
//! outcome is unknown is never reported as a failure.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use clm::keyfactor::{Client, Error, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde::Serialize;
use serde_json::json;

fn service(keyfactor: Client) -> Router {
    Router::new().route("/certificates/{thumbprint}/offboard", post(offboard)).with_state(keyfactor)
}

/// The scheduled jobs. The removal is not done until they have run.
#[derive(Serialize)]
struct Scheduled {
    job_ids: Vec<String>,
    locations: usize,
}

async fn offboard(
    State(keyfactor): State<Client>,
    Path(thumbprint): Path<String>,
) -> Result<(StatusCode, Json<Scheduled>), Refusal> {
    let stores = keyfactor.certificate_stores();
    let located = keyfactor.certificates().locations_of(thumbprint).send().await?;
    let plan = stores.plan_removal(&located).await?;
    let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
    let job_ids = removal.job_ids().iter().map(ToString::to_string).collect();
    Ok((StatusCode::ACCEPTED, Json(Scheduled { job_ids, locations: plan.removals.len() })))
}

struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = match &error {
            Error::Validation(_) => StatusCode::BAD_REQUEST,
            Error::Lookup(_) => StatusCode::CONFLICT,
            // The caller cannot fix these.
            Error::Authentication(_) | Error::Configuration(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Error::OutcomeUnknown(_) => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let look = match &error {
            Error::OutcomeUnknown(unknown) => Some(unknown.how_to_find_out()),
            _ => None,
        };
        // `Display` is one line without secrets. The report, with causes and remediation, goes to the log of the service.
        eprintln!("{}", error.report());
        (status, Json(json!({"error": error.to_string(), "before_you_try_again": look}))).into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = FakeKeyfactor::start().await;
    let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    fake.put(fake.add_store(), "www.example.com.pfx", certificate);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -X POST http://{}/certificates/{}/offboard", listener.local_addr()?, fake.thumbprint(certificate));
    Ok(axum::serve(listener, service(fake.client())).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use clm::testing::KeyfactorCall;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use tower::ServiceExt as _;

    async fn answered(fake: &FakeKeyfactor, thumbprint: &str) -> (StatusCode, Value) {
        let request = Request::post(format!("/certificates/{thumbprint}/offboard")).body(Body::empty()).unwrap();
        let response = service(fake.client()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn fake() -> (FakeKeyfactor, String) {
        let fake = FakeKeyfactor::start().await;
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(fake.add_store(), "www.example.com.pfx", certificate);
        let thumbprint = fake.thumbprint(certificate).to_string();
        (fake, thumbprint)
    }

    #[tokio::test]
    async fn a_removal_is_accepted() {
        let (fake, thumbprint) = fake().await;
        let (status, body) = answered(&fake, &thumbprint).await;
        assert_eq!((status, &body["locations"]), (StatusCode::ACCEPTED, &json!(1)));
        assert_eq!(body["job_ids"], json!([fake.jobs()[0].id.to_string()]));
    }

    #[tokio::test]
    async fn what_is_no_thumbprint_and_what_is_nowhere() {
        let (fake, _) = fake().await;
        assert_eq!(answered(&fake, "xyz").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(answered(&fake, &"0".repeat(40)).await.0, StatusCode::CONFLICT);
    }

    #[tokio::test]
    async fn an_unknown_outcome_says_where_to_look_and_is_not_sent_again() {
        let (fake, thumbprint) = fake().await;
        fake.lose_answers(1).of(KeyfactorCall::RemoveCertificates);
        let (status, body) = answered(&fake, &thumbprint).await;
        assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
        assert!(body["before_you_try_again"].as_str().unwrap().contains("job"), "{body}");
        assert_eq!(fake.jobs().len(), 1);
    }
}
