//! Sends one call per location, so that the location of each job is known.

use std::collections::BTreeMap;

use clm::Request;
use clm::keyfactor::{
    AddOutcome, CertificateLocation, CollectionId, Error, JobId, PermissionScope, PlannedRemoval, RemoveCertificates,
    RemoveOutcome,
};
use serde_json::{Value, json};

use super::KeyfactorJob;
use super::record::Record;
use super::step::{Place, Sent, Step};
use crate::interrupt::Listening;
use crate::report::{Report, shown};

/// A checked change of one location, ready to be sent.
pub(super) struct Order<Op> {
    pub(super) place: Place,
    pub(super) request: Request<Op>,
    /// The call, for a dry run.
    pub(super) call: Call,
}

/// A POST call, for a dry run.
pub(super) struct Call {
    pub(super) path: &'static str,
    pub(super) body: Value,
}

impl Call {
    pub(super) fn show(&self, report: &Report) {
        report.line(format!("    POST /{} {}", self.path, self.body));
    }

    /// Adds the scope.
    pub(super) fn in_collection(mut self, id: Option<CollectionId>) -> Self {
        if let (Some(id), Some(members)) = (id, self.body.as_object_mut()) {
            members.insert("CollectionId".to_owned(), json!(id));
        }
        self
    }
}

/// Shown instead of a value of `--job-field`.
const SET: &str = "<set>";

/// The fields of an entry for a dry run, without the values of `--job-field`.
pub(super) fn shown_fields(from_inventory: BTreeMap<String, Value>, job: &KeyfactorJob) -> BTreeMap<String, Value> {
    let given = job.settings.job_fields.iter().map(|(name, _)| (name.clone(), json!(SET)));
    from_inventory.into_iter().chain(given).collect()
}

/// A removal for a dry run, without the values of `--job-field`.
pub(super) fn removal_call(request: &RemoveCertificates, entries: &[PlannedRemoval], job: &KeyfactorJob) -> Call {
    let location = |it: &CertificateLocation, fields: BTreeMap<String, Value>| {
        let mut location = json!({"CertificateStoreId": it.store(), "Alias": it.alias()});
        if let (Some(members), false) = (location.as_object_mut(), fields.is_empty()) {
            members.insert("JobFields".to_owned(), json!(fields));
        }
        location
    };
    // Entries with the same content are sent once.
    let mut planned: Vec<Value> =
        entries.iter().map(|it| location(&it.location(), shown_fields(it.job_fields_on_remove(), job))).collect();
    planned.dedup();
    if planned.is_empty() {
        planned = request.locations().iter().map(|it| location(it, shown_fields(BTreeMap::new(), job))).collect();
    }
    let body = json!({
        "CertificateStores": planned,
        "Schedule": {"Immediate": true},
    });
    let collection = match request.scope() {
        PermissionScope::Collection { id, .. } => Some(id),
        _ => None,
    };
    Call { path: "CertificateStores/Certificates/Remove", body }.in_collection(collection)
}

/// The common part of both outcomes.
pub(super) struct Answer {
    jobs: Vec<JobId>,
    complete: bool,
    unrecognized: Vec<Value>,
    correlation_id: Option<String>,
}

impl From<RemoveOutcome> for Answer {
    fn from(outcome: RemoveOutcome) -> Self {
        Self {
            jobs: outcome.job_ids().to_vec(),
            complete: outcome.is_complete(),
            unrecognized: outcome.unrecognized_entries().to_vec(),
            correlation_id: outcome.receipt().correlation_id().map(str::to_owned),
        }
    }
}

impl From<AddOutcome> for Answer {
    fn from(outcome: AddOutcome) -> Self {
        Self {
            jobs: outcome.job_ids().to_vec(),
            complete: outcome.is_complete(),
            unrecognized: outcome.unrecognized_entries().to_vec(),
            correlation_id: outcome.receipt().correlation_id().map(str::to_owned),
        }
    }
}

/// Every job id is printed as soon as it is known, so that it is not lost if this program is stopped. A refusal applies to
/// one location only. After any other error, and after an interruption, the remaining calls are not sent.
pub(super) async fn one_by_one<Op>(
    orders: Vec<Order<Op>>,
    record: &mut Record,
    interrupt: &mut Listening,
    report: &Report,
    execute: impl AsyncFn(Request<Op>) -> Result<Answer, Error>,
) -> Vec<Step> {
    let mut steps = Vec::with_capacity(orders.len());
    let mut stopped = false;
    report.line("  sending one call per location; each schedules a job, which an orchestrator runs later:");
    for Order { place, request, .. } in orders {
        if stopped || interrupt.came().await {
            steps.push(Step::new(place, Sent::Withheld));
            continue;
        }
        record.sending(&place);
        let at_once = || report.complain("  Interrupted. The current call completes, and no further call is sent.");
        let sent = match interrupt.finishing(execute(request), at_once).await {
            Ok(answer) => show_answer(answer, &place, report),
            Err(error) => {
                report.complain(format!("  {}:", shown(place.label())));
                report.keyfactor_error(&error);
                // A wrong password is wrong for the next location too, and accounts lock.
                let of_the_caller = error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 429));
                stopped = of_the_caller || !matches!(error, Error::Api(_) | Error::Lookup(_));
                match error {
                    Error::OutcomeUnknown(_) => Sent::Unknown,
                    Error::Api(_) | Error::Lookup(_) => Sent::Refused,
                    _ => Sent::Withheld,
                }
            }
        };
        match &sent {
            Sent::Scheduled(jobs) => record.sent(&place, jobs, true),
            Sent::Oddly(jobs) => record.sent(&place, jobs, false),
            Sent::Refused | Sent::Withheld => record.not_done(&place),
            Sent::Unknown => {}
        }
        steps.push(Step::new(place, sent));
    }
    steps
}

fn show_answer(answer: Answer, place: &Place, report: &Report) -> Sent {
    let correlation = answer.correlation_id.map(|id| format!("  correlation id {}", shown(id))).unwrap_or_default();
    for job in &answer.jobs {
        report.job(format!("    job {job}  {}{correlation}", shown(place.label())));
    }
    for entry in &answer.unrecognized {
        report.complain(format!("    not a job id: {}  {}", shown(entry), shown(place.label())));
    }
    if answer.complete {
        return Sent::Scheduled(answer.jobs);
    }
    report.complain(format!("    NOT EXACTLY ONE JOB was returned for {}: check this location", shown(place.label())));
    Sent::Oddly(answer.jobs)
}
