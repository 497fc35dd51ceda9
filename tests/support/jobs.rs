//! What the tests of orchestrator jobs share: job ids, rows of a job history, and a server that answers with them.

use std::collections::BTreeMap;
use std::time::Duration;

use clm::RetryPolicy;
use clm::keyfactor::{Client, ClientBuilder, Credentials, JobChange, JobId, JobState, JobWatch};
use clm::uuid::Uuid;
use serde_json::{Value, json};

use crate::support::Received;
use crate::support::scripted::{Answer, Scripted};

pub const HISTORY: &str = "OrchestratorJobs/JobHistory";
pub const SCHEDULED: &str = "OrchestratorJobs/ScheduledJobs";

/// A deadline that no test reaches, unless it fails.
pub const NEVER: Duration = Duration::from_secs(60);

pub fn job(number: u64) -> JobId {
    Uuid::from_u64_pair(0x6c0d_0000_0000_4000, 0x8000_0000_0000_0000 | number).into()
}

/// A row of the history as the vendor's schema has it.
pub fn row(history_id: i64, job: JobId, result: impl Into<Value>, status: impl Into<Value>) -> Value {
    json!({
        "JobHistoryId": history_id, "AgentMachine": "agent01", "JobId": job, "Schedule": {"Immediate": true},
        "JobType": "WinCertManagement", "OperationStart": "2026-03-19T21:26:35.967Z", "OperationEnd": null,
        "Message": null, "Result": result.into(), "Status": status.into(), "StorePath": "My", "ClientMachine": "web01",
    })
}

pub fn with(mut row: Value, member: &str, value: impl Into<Value>) -> Value {
    row[member] = value.into();
    row
}

pub fn rows(rows: &[Value]) -> Answer {
    Answer::json(200, &Value::from(rows.to_vec()).to_string())
}

/// With the list's length in `X-Total-Count`.
pub fn counted(rows: &[Value], total: usize) -> Answer {
    let headers = format!("content-type: application/json\r\nx-total-count: {total}\r\n");
    Answer::with(200, &headers, &Value::from(rows.to_vec()).to_string())
}

/// A client that does not try again by itself: every request is one that the watch asks for.
pub fn client(server: &Scripted) -> Client {
    builder(server).build().unwrap()
}

pub fn builder(server: &Scripted) -> ClientBuilder {
    let credentials = Credentials::basic("svc-clm", "password");
    Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none())
}

/// A watch that asks again at once, and has time.
pub fn watch(client: &Client, jobs: impl IntoIterator<Item: Into<JobId>>) -> JobWatch {
    client.orchestrator_jobs().watch(jobs).pauses(Duration::ZERO, Duration::ZERO).deadline(NEVER)
}

/// All changes of a watch, to its end.
pub async fn changes(watch: &mut JobWatch) -> Vec<(JobId, JobState)> {
    let mut changes = Vec::new();
    while let Some(change) = watch.next().await {
        let JobChange { job_id, state, .. } = change.unwrap();
        changes.push((job_id, state));
    }
    changes
}

/// The resource that a request names, below the base URL.
pub fn resource(request: &Received) -> &str {
    let target = request.request_line.split(' ').nth(1).unwrap();
    let path = target.split('?').next().unwrap();
    path.split_once("/KeyfactorAPI/").map_or(path.trim_start_matches('/'), |(_, resource)| resource)
}

/// The parameters of a request, decoded.
pub fn parameters(request: &Received) -> BTreeMap<String, String> {
    let target = request.request_line.split(' ').nth(1).unwrap();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The jobs that a query of the history names.
pub fn asked(request: &Received) -> Vec<JobId> {
    let query = parameters(request).remove("QueryString").unwrap_or_default();
    let clauses = query.split(" OR ").filter(|clause| !clause.is_empty());
    clauses
        .map(|clause| {
            let id = clause.strip_prefix("JobId -eq \"").and_then(|rest| rest.strip_suffix('"'));
            id.unwrap_or_else(|| panic!("{clause}")).parse::<Uuid>().unwrap().into()
        })
        .collect()
}

/// The page that a request asks for.
pub fn page(request: &Received) -> usize {
    parameters(request)["PageReturned"].parse().unwrap()
}

/// The requests for this resource.
pub fn requests(server: &Scripted, wanted: &str) -> Vec<Received> {
    server.received().into_iter().filter(|request| resource(request) == wanted).collect()
}
