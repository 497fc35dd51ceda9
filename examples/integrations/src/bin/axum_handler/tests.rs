use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use clm::keyfactor::RemovalPlan;
use clm::testing::KeyfactorCall;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

/// A fake, a certificate in a store of it, and the service with a folder of its own, which goes with it.
struct Site {
    fake: FakeKeyfactor,
    thumbprint: String,
    service: Service,
}

impl Site {
    async fn start() -> Self {
        let fake = FakeKeyfactor::start().await;
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(fake.add_store(), "www.example.com.pfx", certificate);
        let thumbprint = fake.thumbprint(certificate);
        let port = fake.url().rsplit(':').next().unwrap().replace('/', "-");
        let plans = std::env::temp_dir().join(format!("clm-axum-{}-{port}", std::process::id()));
        std::fs::create_dir(&plans).unwrap();
        let service = Service { keyfactor: fake.client(), plans };
        Self { fake, thumbprint, service }
    }

    fn plans(&self) -> &Path {
        &self.service.plans
    }

    async fn response(&self, thumbprint: &str) -> (StatusCode, Value) {
        let request = Request::post(format!("/certificates/{thumbprint}/offboard")).body(Body::empty()).unwrap();
        let response = router(self.service.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.plans());
    }
}

#[tokio::test]
async fn a_removal_is_accepted_and_its_plan_is_kept() {
    let site = Site::start().await;
    let (status, body) = site.response(&site.thumbprint).await;
    assert_eq!((status, &body["locations"]), (StatusCode::ACCEPTED, &json!(1)));
    assert_eq!(body["job_ids"], json!([site.fake.jobs()[0].id.to_string()]));
    let plan = RemovalPlan::load(site.plans().join(body["plan"].as_str().unwrap())).unwrap();
    assert_eq!(plan.removals[0].thumbprint.as_str(), site.thumbprint);
}

#[tokio::test]
async fn an_invalid_thumbprint_an_unknown_one_and_one_in_no_store() {
    let site = Site::start().await;
    let in_no_store = site.fake.thumbprint(site.fake.issue(FakeCertificate::new("mail.example.com")));
    for (thumbprint, status) in [
        ("xyz", StatusCode::BAD_REQUEST),
        (&"0".repeat(40), StatusCode::NOT_FOUND),
        (&in_no_store, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(site.response(thumbprint).await.0, status, "{thumbprint}");
    }
    let _ = site.fake.issue(FakeCertificate::new("copy.example.com").thumbprint(site.thumbprint.as_str()));
    assert_eq!(site.response(&site.thumbprint).await.0, StatusCode::CONFLICT);
    assert_eq!(std::fs::read_dir(site.plans()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_unknown_outcome_says_where_to_look_and_is_not_sent_again() {
    let site = Site::start().await;
    site.fake.lose_answers(1).of(KeyfactorCall::RemoveCertificates);
    let (status, body) = site.response(&site.thumbprint).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert!(body["before_you_try_again"].as_str().unwrap().contains("job"), "{body}");
    assert_eq!(site.fake.jobs().len(), 1);
}

#[tokio::test]
async fn without_a_plan_on_the_disk_nothing_is_removed() {
    let site = Site::start().await;
    std::fs::remove_dir(site.plans()).unwrap();
    assert_eq!(site.response(&site.thumbprint).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(site.fake.jobs().is_empty());
}

#[tokio::test]
async fn a_caller_that_disconnects_does_not_interrupt_a_removal() {
    let site = Site::start().await;
    {
        // The first poll starts the task. Then the future is dropped, as axum does.
        let response = std::pin::pin!(site.response(&site.thumbprint));
        assert!(tokio::time::timeout(Duration::ZERO, response).await.is_err());
    }
    let scheduled = async {
        while site.fake.jobs().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), scheduled).await.expect("the removal was interrupted");
    site.fake.assert_sent_once(KeyfactorCall::RemoveCertificates);
}
