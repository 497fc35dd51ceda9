//! What the tests of the Keyfactor fake share: calls that the client does not make, or not in this form.

use std::sync::LazyLock;

use clm::keyfactor::{CertificateLocation, CertificateStoreId, JobHistoryEntry, JobId, Query, Schedule};
use clm::testing::FakeKeyfactor;
use serde_json::Value;

/// An answer of the fake.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null if there is none.
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The rows' values of this member.
    pub fn column(&self, member: &str) -> Vec<Value> {
        self.body.as_array().unwrap().iter().map(|row| row[member].clone()).collect()
    }

    /// The message of a refusal.
    pub fn message(&self) -> &str {
        self.body["Message"].as_str().unwrap_or_else(|| panic!("no message: {self:?}"))
    }
}

async fn send(fake: &FakeKeyfactor, request: reqwest::RequestBuilder) -> Answer {
    fake.accept_bearer("raw");
    ask(request.bearer_auth("raw")).await
}

/// Sends a request with credentials of its own, or none.
pub async fn ask(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.header("x-keyfactor-requested-with", "APIClient").send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, headers, body }
}

/// Building a client is slow, and a kept connection would belong to the runtime of another test.
pub static HTTP: LazyLock<reqwest::Client> =
    LazyLock::new(|| reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap());

/// `path` is below the base URL and has its query, with spaces as they are.
pub async fn get(fake: &FakeKeyfactor, path: &str) -> Answer {
    send(fake, HTTP.get(format!("{}/{}", fake.url(), path.replace(' ', "%20")))).await
}

pub async fn post(fake: &FakeKeyfactor, path: &str, body: Value) -> Answer {
    post_as(fake, path, Some("application/json"), body.to_string()).await
}

/// Sends a body with this content type, or none.
pub async fn post_as(fake: &FakeKeyfactor, path: &str, content_type: Option<&str>, body: String) -> Answer {
    let request = HTTP.post(format!("{}/{path}", fake.url())).body(body);
    let request = content_type.into_iter().fold(request, |request, it| request.header("content-type", it));
    send(fake, request).await
}

/// A GET with a body.
pub async fn get_with_body(fake: &FakeKeyfactor, path: &str, body: &'static str) -> Answer {
    send(fake, HTTP.get(format!("{}/{path}", fake.url())).body(body)).await
}

/// Asks for the removal of an alias, now.
pub async fn remove(fake: &FakeKeyfactor, store: CertificateStoreId, alias: &str) -> JobId {
    let location = CertificateLocation::new(store, alias);
    let removal = fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate);
    *removal.send().await.unwrap().job_ids().first().unwrap()
}

/// One look at the history of a job, the oldest run first.
pub async fn history(fake: &FakeKeyfactor, job: JobId) -> Vec<JobHistoryEntry> {
    let rows = fake.client().orchestrator_jobs().history(Query::field("JobId").eq(job.get())).rows().unwrap();
    let mut entries = rows.collect().await.unwrap();
    entries.sort_by_key(|entry| entry.job_history_id);
    entries
}

/// The GUIDs of the jobs that wait.
pub async fn waiting(fake: &FakeKeyfactor) -> Vec<Value> {
    get(fake, "OrchestratorJobs/ScheduledJobs").await.column("Id")
}
