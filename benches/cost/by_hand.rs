//! The calls as a competent user writes them with reqwest and serde: one client with time limits, a struct for each body
//! and each answer, `json`, `error_for_status`. The URL is put together where it is needed, as are the headers. None of what
//! the crate promises is here: nothing is checked, nothing is tried again, and an error is whatever reqwest says.
//!
//! [`Prepared`] is the same with URL and headers made once, and the body serialised to bytes: the least that a call over
//! reqwest can cost.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cases::{COMMENT, Call, Case, PASSWORD, QUERY, SESSION, USER, places, resource_ids};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveRequest {
    certificate_stores: Vec<Location>,
    schedule: Schedule,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    certificate_store_id: Uuid,
    alias: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Schedule {
    immediate: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UnassignRequest {
    resource_ids: Vec<String>,
    comment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    response: Option<T>,
    message: Option<String>,
    app_status_code: Option<String>,
}

#[derive(Deserialize)]
struct Unassigned {
    #[serde(rename = "Successful Ids")]
    successful_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JobRun {
    job_history_id: i64,
    agent_machine: Option<String>,
    job_id: Uuid,
    job_type: Option<String>,
    operation_start: Option<String>,
    operation_end: Option<String>,
    message: Option<String>,
    result: JobResult,
    status: JobStatus,
    store_path: Option<String>,
    client_machine: Option<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(from = "i64")]
enum JobResult {
    Unknown,
    Success,
    Warning,
    Failure,
}

impl From<i64> for JobResult {
    fn from(number: i64) -> Self {
        match number {
            2 => Self::Success,
            3 => Self::Warning,
            4 => Self::Failure,
            _ => Self::Unknown,
        }
    }
}

#[derive(Deserialize, PartialEq)]
#[serde(from = "i64")]
enum JobStatus {
    Unknown,
    Waiting,
    InProcess,
    Completed,
    Acknowledged,
    CompletedWillRetry,
}

impl From<i64> for JobStatus {
    fn from(number: i64) -> Self {
        match number {
            1 => Self::Waiting,
            2 => Self::InProcess,
            3 => Self::Completed,
            4 => Self::Acknowledged,
            5 => Self::CompletedWillRetry,
            _ => Self::Unknown,
        }
    }
}

fn remove_request(case: Case) -> RemoveRequest {
    let locations =
        places(case.size).map(|(certificate_store_id, alias)| Location { certificate_store_id, alias }).collect();
    RemoveRequest { certificate_stores: locations, schedule: Schedule { immediate: true } }
}

fn unassign_request(case: Case) -> UnassignRequest {
    UnassignRequest { resource_ids: resource_ids(case.size).collect(), comment: COMMENT.to_owned() }
}

/// The crate's connection policy: a change has a connection of its own.
fn client(call: Call, headers: HeaderMap) -> Client {
    let client = Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(300))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .default_headers(headers);
    let client = match call {
        Call::Remove | Call::Unassign => client.pool_max_idle_per_host(0),
        Call::History => client,
    };
    client.build().expect("a client")
}

fn check_jobs(jobs: &[Uuid], case: Case) {
    assert_eq!(jobs.len(), case.size);
}

fn check_unassigned(envelope: Envelope<Unassigned>, case: Case) {
    assert!(envelope.app_status_code.is_none() && envelope.message.is_some());
    assert_eq!(envelope.response.expect("a response").successful_ids.len(), case.size);
}

fn check_runs(runs: &[JobRun], case: Case) {
    assert_eq!(runs.len(), case.size);
    for run in runs {
        assert!(run.job_history_id > 0 && !run.job_id.is_nil());
        assert!(run.result == JobResult::Success && run.status == JobStatus::Completed);
        let texts = [&run.agent_machine, &run.job_type, &run.operation_start, &run.operation_end, &run.message];
        assert!(texts.into_iter().chain([&run.store_path, &run.client_machine]).all(Option::is_some));
    }
}

/// Typed and idiomatic.
pub struct ByHand {
    client: Client,
    base: String,
}

impl ByHand {
    pub fn new(call: Call, base: String) -> Self {
        Self { client: client(call, HeaderMap::new()), base }
    }

    pub async fn call(&self, case: Case) -> Result<(), reqwest::Error> {
        match case.call {
            Call::Remove => self.remove(case).await,
            Call::Unassign => self.unassign(case).await,
            Call::History => self.history(case).await,
        }
    }

    async fn remove(&self, case: Case) -> Result<(), reqwest::Error> {
        let jobs: Vec<Uuid> = self
            .client
            .post(format!("{}/CertificateStores/Certificates/Remove", self.base))
            .basic_auth(USER, Some(PASSWORD))
            .header("x-keyfactor-requested-with", "APIClient")
            .header("x-keyfactor-api-version", "1")
            .header(ACCEPT, "application/json")
            .json(&remove_request(case))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        check_jobs(&jobs, case);
        Ok(())
    }

    async fn unassign(&self, case: Case) -> Result<(), reqwest::Error> {
        let envelope: Envelope<Unassigned> = self
            .client
            .put(format!("{}/certificate/group/unassign?gwsource=external", self.base))
            .header("sessionId", SESSION)
            .header(ACCEPT, "application/json")
            .json(&unassign_request(case))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        check_unassigned(envelope, case);
        Ok(())
    }

    async fn history(&self, case: Case) -> Result<(), reqwest::Error> {
        let runs: Vec<JobRun> = self
            .client
            .get(format!("{}/OrchestratorJobs/JobHistory", self.base))
            .query(&[
                ("QueryString", QUERY),
                ("SortField", "JobHistoryId"),
                ("SortAscending", "1"),
                ("PageReturned", "1"),
                ("ReturnLimit", &case.size.to_string()),
            ])
            .basic_auth(USER, Some(PASSWORD))
            .header("x-keyfactor-requested-with", "APIClient")
            .header("x-keyfactor-api-version", "1")
            .header(ACCEPT, "application/json")
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        check_runs(&runs, case);
        Ok(())
    }
}

/// Everything made once that can be.
pub struct Prepared {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
}

impl Prepared {
    pub fn new(case: Case, base: &str) -> Self {
        let text = HeaderValue::from_static;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, text("application/json"));
        let (method, path) = match case.call {
            Call::Remove => (Method::POST, "CertificateStores/Certificates/Remove"),
            Call::Unassign => (Method::PUT, "certificate/group/unassign?gwsource=external"),
            Call::History => (Method::GET, "OrchestratorJobs/JobHistory"),
        };
        let mut url = Url::parse(&format!("{base}/{path}")).expect("a URL");
        if case.call == Call::History {
            url.query_pairs_mut()
                .append_pair("QueryString", QUERY)
                .append_pair("SortField", "JobHistoryId")
                .append_pair("SortAscending", "1")
                .append_pair("PageReturned", "1")
                .append_pair("ReturnLimit", &case.size.to_string());
        } else {
            headers.insert(CONTENT_TYPE, text("application/json"));
        }
        if case.call == Call::Unassign {
            headers.insert("sessionid", text(SESSION));
        } else {
            headers.insert("x-keyfactor-requested-with", text("APIClient"));
            headers.insert("x-keyfactor-api-version", text("1"));
            headers.insert(AUTHORIZATION, text("Basic RVhBTVBMRVxzdmMtY2xtOmNvcnJlY3QtaG9yc2UtYmF0dGVyeS1zdGFwbGU="));
        }
        Self { client: client(case.call, HeaderMap::new()), method, url, headers }
    }

    pub async fn call(&self, case: Case) -> Result<(), reqwest::Error> {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        let body = match case.call {
            Call::Remove => Some(serde_json::to_vec(&remove_request(case)).expect("JSON")),
            Call::Unassign => Some(serde_json::to_vec(&unassign_request(case)).expect("JSON")),
            Call::History => None,
        };
        *request.body_mut() = body.map(Into::into);
        let answer = self.client.execute(request).await?.error_for_status()?.bytes().await?;
        match case.call {
            Call::Remove => check_jobs(&serde_json::from_slice::<Vec<Uuid>>(&answer).expect("jobs"), case),
            Call::Unassign => check_unassigned(serde_json::from_slice(&answer).expect("an envelope"), case),
            Call::History => check_runs(&serde_json::from_slice::<Vec<JobRun>>(&answer).expect("runs"), case),
        }
        Ok(())
    }
}
