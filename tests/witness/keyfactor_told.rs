//! What the witness asks of a Keyfactor error or outcome. **A thin layer: only the files
//! `*_api*.rs` and `*_told.rs` name the crate's API.**

use std::error::Error as StdError;
use std::fmt::{self, Debug, Display};

use clm::ItemState;
use clm::keyfactor::{
    AddCertificates, AddOutcome, CertificateLocation, CertificateStoreEntry, Confirmation, ControlJobs, Error,
    ErrorCode, ErrorKind, JobState, JobsOutcome, JobsReport, LocatedCertificate, LookupError, OpenJobPlace,
    PermissionScope, RemovalPlan, RemovalVerdict, RemoveCertificates, RemoveEachOutcome, RemoveOutcome, Restorability,
    Rows, ScheduleAfter, ScheduleInventory, SharedError, StoreReadiness,
};
use serde::Serialize;

use crate::shared_told::{agree, as_json, as_json_without_time, validation};
use crate::told::Told;

pub(crate) fn describe_keyfactor_error(error: &Error) -> Told {
    let kind = match error {
        Error::Configuration(_) => "Configuration",
        Error::Validation(_) => "Validation",
        Error::Authentication(_) => "Authentication",
        Error::Transport(_) => "Transport",
        Error::Api(_) => "Api",
        Error::OutcomeUnknown(_) => "OutcomeUnknown",
        Error::Decode(_) => "Decode",
        Error::Lookup(error) => match **error {
            LookupError::UnsupportedVersion { .. } => "Lookup, UnsupportedVersion",
            LookupError::RepeatedPage { .. } => "Lookup, RepeatedPage",
            LookupError::TooManyRows { .. } => "Lookup, TooManyRows",
            LookupError::NotAsked { .. } => "Lookup, NotAsked",
            LookupError::NothingVisible { .. } => "Lookup, NothingVisible",
            LookupError::InNoStore { .. } => "Lookup, InNoStore",
            LookupError::Ambiguous { .. } => "Lookup, Ambiguous",
            LookupError::NoThumbprint { .. } => "Lookup, NoThumbprint",
            LookupError::AliasHoldsAnother { .. } => "Lookup, AliasHoldsAnother",
            _ => "Lookup",
        },
        Error::Incomplete(_) => "Incomplete",
        _ => "a variant that the witness does not know",
    };
    let mut told = Told::new(format!("Err {kind}"));
    told.chain(error);
    told.show(error);
    told.some("status", error.status());
    told.some("kind", error.kind().map(kind_of));
    told.some("code", error.code().map(code_of));
    told.some("message", error.message());
    told.some("remediation", error.remediation());
    told.some("attempts", error.attempts());
    told.some("correlation id", error.correlation_id());
    told.some("body", error.body());
    if let Some(message) = error.message() {
        told.shown.push(message.to_owned());
    }
    match error {
        Error::Validation(error) => validation(&mut told, error),
        Error::Configuration(error) => {
            told.say("setting", error.setting());
            told.say("problem", error.problem());
        }
        Error::Authentication(error) => {
            told.say("problem", error.problem());
            told.some("provider's status", error.provider_status());
            told.some("provider's code", error.code());
            told.some("provider's message", error.message());
            told.some("remaining attempts", error.remaining_attempts());
            told.say("stands for a time", error.stands_for().is_some());
            told.some("status of the refusal", error.status());
            told.say("attempts of the operation", error.attempts());
        }
        Error::Transport(it) => agree(Some(it.attempts()), error.attempts()),
        Error::Decode(it) => {
            let own = (Some(it.status()), Some(it.body()), Some(it.attempts()));
            agree(own, (error.status(), error.body(), error.attempts()));
        }
        Error::Api(it) => {
            let own = (Some(it.status()), Some(it.kind()), it.code(), it.message(), it.remediation());
            agree(own, (error.status(), error.kind(), error.code(), error.message(), error.remediation()));
            let own = (Some(it.body()), Some(it.attempts()), it.correlation_id());
            agree(own, (error.body(), error.attempts(), error.correlation_id()));
            told.say("after an unanswered copy", it.after_unanswered_copy());
            told.some("scope", it.scope());
            for failed in it.failed_operations() {
                told.say("failed operation", failed.reason().unwrap_or("(no reason)"));
                told.say("failed operation, raw", failed.raw());
                told.show(failed);
            }
        }
        Error::OutcomeUnknown(it) => {
            agree(
                (it.status(), it.code(), it.message(), it.body(), Some(it.attempts())),
                (error.status(), error.code(), error.message(), error.body(), error.attempts()),
            );
            agree(Some(it.how_to_find_out()), error.remediation());
            let names = it.headers().map(|headers| {
                let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
                names.sort();
                names.join(", ")
            });
            told.some("headers", names);
            told.show(&it.request::<RemoveCertificates>());
            told.show(&it.request::<AddCertificates>());
            told.show(&it.request::<ScheduleInventory>());
            told.show(&it.request::<ControlJobs>());
        }
        Error::Incomplete(_) => {
            let outcome = if error.incomplete::<RemoveOutcome>().is_some() {
                "of a removal"
            } else if error.incomplete::<AddOutcome>().is_some() {
                "of an addition"
            } else if error.incomplete::<JobsReport>().is_some() {
                "of jobs"
            } else {
                "another"
            };
            told.say("outcome", outcome);
        }
        _ => {}
    }
    told
}

fn kind_of(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::BadRequest => "BadRequest".to_owned(),
        ErrorKind::Unauthorized => "Unauthorized".to_owned(),
        ErrorKind::Forbidden => "Forbidden".to_owned(),
        ErrorKind::NotFound => "NotFound".to_owned(),
        ErrorKind::PayloadTooLarge => "PayloadTooLarge".to_owned(),
        ErrorKind::TooManyRequests => "TooManyRequests".to_owned(),
        ErrorKind::Server => "Server".to_owned(),
        ErrorKind::Other(status) => format!("Other {status}"),
        _ => "a kind that the witness does not know".to_owned(),
    }
}

fn code_of(code: &ErrorCode) -> String {
    let known = if matches!(code, ErrorCode::Other(_)) { "unknown" } else { "known" };
    assert_eq!(code.as_str(), code.to_string());
    format!("{code} ({known})")
}

/// What the outcomes of removals and additions have in common; then what `require_complete` makes of it.
macro_rules! describe_jobs {
    ($told:ident, $outcome:ident) => {
        $told.show(&$outcome);
        $told.list("job ids", $outcome.job_ids());
        $told.list("unrecognized entries", $outcome.unrecognized_entries());
        $told.say("scope", scope(&$outcome.scope()));
        $told.say("is complete", $outcome.is_complete());
        $told.some("correlation id", $outcome.receipt().correlation_id());
        $told.some("product version", $outcome.receipt().product_version());
        $told.say("attempts", $outcome.receipt().attempts());
        $told.say("body", $outcome.receipt().body());
        $told.serialised(as_json_without_time(&$outcome));
        if let Err(error) = $outcome.require_complete() {
            $told.inside("require_complete", describe_keyfactor_error(&error.into()));
        }
    };
}

pub(crate) fn describe_removal(outcome: JobsOutcome<CertificateLocation>) -> Told {
    let mut told = Told::new("Ok RemoveOutcome");
    told.list("locations", outcome.locations().iter().map(location));
    told.list("repeated", outcome.repeated().iter().map(location));
    describe_jobs!(told, outcome);
    told
}

pub(crate) fn describe_addition(outcome: JobsOutcome<CertificateStoreEntry>) -> Told {
    let mut told = Told::new("Ok AddOutcome");
    told.list("entries", outcome.entries().iter().map(as_json));
    describe_jobs!(told, outcome);
    told
}

/// A location as text: its job fields by name.
pub(crate) fn location(location: &CertificateLocation) -> String {
    let fields: Vec<&str> = location.job_field_names().collect();
    let fields = if fields.is_empty() { String::new() } else { format!(" with {}", fields.join(" and ")) };
    let expected = location.expected_thumbprint().map(|it| format!(" expecting {it}")).unwrap_or_default();
    format!("{}/{}{fields}{expected}", location.store(), location.alias())
}

fn scope(scope: &PermissionScope) -> String {
    let kind = match scope {
        PermissionScope::SystemWideOrContainers => "SystemWideOrContainers",
        PermissionScope::Collection { .. } => "Collection",
        PermissionScope::Container { .. } => "Container",
        _ => "a scope that the witness does not know",
    };
    format!("{kind}: {scope}: {}", as_json(scope))
}

pub(crate) fn describe_one_by_one(outcome: &RemoveEachOutcome) -> Told {
    let mut told = Told::new("Ok OneByOneOutcome");
    told.show(outcome);
    told.list("job ids", outcome.job_ids());
    told.list("repeated", outcome.repeated().iter().map(location));
    told.say("is complete", outcome.is_complete());
    for it in outcome.items() {
        let place = location(&it.item);
        match (&it.state, it.answer.as_deref()) {
            (ItemState::Confirmed, Some(answer)) => {
                let [job] = answer.job_ids() else { panic!("not one job: {answer:?}") };
                told.say(&place, format!("Scheduled {job}"));
            }
            (ItemState::Unconfirmed, Some(answer)) => {
                told.say(&place, "ScheduledOddly");
                told.inside("outcome", describe_removal(answer.clone()));
            }
            (ItemState::Refused(error), None) => {
                told.inside(&format!("{place}: Refused"), describe_keyfactor_error(error));
            }
            (ItemState::Unknown(error), None) => {
                told.inside(&format!("{place}: Unknown"), describe_keyfactor_error(error));
            }
            (ItemState::NotSent(error), None) => {
                told.inside(&format!("{place}: NotSent"), describe_keyfactor_error(error));
            }
            _ => told.say(&place, "an end that the witness does not know"),
        }
    }
    told
}

/// Every row as it is serialised, and how the list ended.
pub(crate) async fn describe_rows<T: Serialize + Debug>(rows: Result<Rows<T>, Error>) -> Told {
    let mut rows = match rows {
        Ok(rows) => rows,
        Err(error) => return describe_keyfactor_error(&error),
    };
    let mut told = Told::new("Ok Rows");
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => told.say("row", as_json(&row)),
            Err(error) => told.inside("in the place of a row", describe_keyfactor_error(&error)),
        }
    }
    told.some("total", rows.total());
    told
}

pub(crate) fn describe_value<T: Serialize + Debug>(kind: &str, read: Result<T, Error>) -> Told {
    match read {
        Ok(value) => {
            let mut told = Told::new(format!("Ok {kind}"));
            told.show(&value);
            told.say("value", as_json(&value));
            told
        }
        Err(error) => describe_keyfactor_error(&error),
    }
}

fn readiness(readiness: StoreReadiness) -> String {
    let known = |it: Option<bool>| it.map_or("unknown".to_owned(), |it| it.to_string());
    let StoreReadiness { agent_available, approved, supports_removal, .. } = readiness;
    let [agent, approved, removal] = [agent_available, approved, supports_removal].map(known);
    let against = readiness.has_obstacle();
    format!("agent available {agent}, approved {approved}, supports removal {removal}, speaks against {against}")
}

pub(crate) fn describe_located(located: &LocatedCertificate) -> Told {
    let mut told = Told::new("Ok LocatedCertificate");
    told.show(located);
    told.say("certificate", as_json(located.certificate()));
    told.say("thumbprint", located.thumbprint());
    told.some("collection", located.collection_id());
    for found in located.locations() {
        let [machine, path] = [found.store_machine(), found.store_path()].map(|it| it.unwrap_or("(unknown)"));
        told.say("location", format!("{} on {machine} at {path}", location(found.location())));
        told.say("readiness", readiness(found.readiness()));
    }
    told.list("excluded", located.excluded().iter().map(as_json));
    if let Some(error) = located.readiness_error() {
        told.inside("readiness error", describe_keyfactor_error(error));
    }
    told
}

pub(crate) fn describe_plan(plan: &RemovalPlan) -> Told {
    let mut told = Told::new("Ok RemovalPlan");
    told.show(plan);
    told.serialised(as_json_without_time(plan));
    told.list("locations", plan.locations().map(|it| location(&it)));
    told.list("cannot be put back", plan.cannot_be_put_back().map(|it| &it.alias));
    for removal in &plan.removals {
        let back = match removal.put_back {
            Restorability::WithPrivateKey => "WithPrivateKey",
            Restorability::WithoutPrivateKey => "WithoutPrivateKey",
            Restorability::Unclear => "Unclear",
            Restorability::Impossible => "Impossible",
            _ => "a way that the witness does not know",
        };
        told.say("put back", format!("{}: {back}", removal.alias));
    }
    told
}

pub(crate) fn describe_confirmation(confirmation: &Confirmation) -> Told {
    let mut told = Told::new("Ok Confirmation");
    told.show(confirmation);
    told.say("all gone", confirmation.all_gone());
    for it in confirmation.locations() {
        let place = location(&it.location);
        match &it.verdict {
            RemovalVerdict::Gone => told.say(&place, "Gone"),
            RemovalVerdict::AliasGone => told.say(&place, "AliasGone"),
            RemovalVerdict::UnderAnotherAlias { alias, .. } => told.say(&place, format!("UnderAnotherAlias, {alias}")),
            RemovalVerdict::HoldsAnother { thumbprint } => told.say(&place, format!("HoldsAnother, {thumbprint}")),
            RemovalVerdict::StillThere => told.say(&place, "StillThere"),
            RemovalVerdict::NeverListed => told.say(&place, "NeverListed"),
            RemovalVerdict::NotInventoried { listed } => told.say(&place, format!("NotInventoried, listed {listed}")),
            RemovalVerdict::NotRead => told.say(&place, "NotRead"),
            RemovalVerdict::Unreadable(error) => {
                told.inside(&format!("{place}: Unreadable"), describe_keyfactor_error(error));
            }
            _ => told.say(&place, "a verdict that the witness does not know"),
        }
        told.some("inventoried at", it.inventoried_at.as_ref());
    }
    for it in confirmation.triggered() {
        told.say("triggered", it.store_id);
        told.say("schedule before", as_json(&it.schedule_before));
        match &it.schedule_after {
            ScheduleAfter::NoneBefore => told.say("schedule after", "NoneBefore"),
            ScheduleAfter::Unchanged => told.say("schedule after", "Unchanged"),
            ScheduleAfter::Restored => told.say("schedule after", "Restored"),
            ScheduleAfter::Gone { was, error, .. } => {
                told.say("schedule after: Gone, was", as_json(was));
                told.inside("schedule after: Gone", describe_keyfactor_error(error));
            }
            ScheduleAfter::ChangedSince { now, .. } => told.say("schedule after: ChangedSince", as_json(now)),
            ScheduleAfter::Over => told.say("schedule after", "Over"),
            ScheduleAfter::Unreadable(error) => {
                told.inside("schedule after: Unreadable", describe_keyfactor_error(error));
            }
            ScheduleAfter::NotAsked => told.say("schedule after", "NotAsked"),
            _ => told.say("schedule after", "unknown to the witness"),
        }
        told.say("schedule changed", it.schedule_changed());
        if let Some(error) = &it.error {
            told.inside("not triggered", describe_keyfactor_error(error));
        }
    }
    told
}

pub(crate) fn state(state: &JobState) -> String {
    match state {
        JobState::Pending => "Pending".to_owned(),
        JobState::Running => "Running".to_owned(),
        JobState::WillRetry => "WillRetry".to_owned(),
        JobState::Done(result) => format!("Done, {} (success {})", result.as_str(), result.is_success()),
        JobState::Other(sent) => format!("Other, {sent}"),
        _ => "a state that the witness does not know".to_owned(),
    }
}

/// What ended a watch early. If it was no validation, it used to be an error of its own, with what was known.
pub(crate) fn describe_stop(error: &SharedError, report: &JobsReport) -> Told {
    assert!(report.stopped_by().is_some_and(|it| std::ptr::eq(it, &raw const **error)), "{report:?}");
    if matches!(**error, Error::Validation(_)) {
        return describe_keyfactor_error(error);
    }
    let mut told = Told::new("Err WatchStopped");
    told.chain(&Stopped(error.clone()));
    told.show(error);
    told.some("status", error.status());
    told.some("kind", error.kind().map(kind_of));
    told.some("code", error.code().map(code_of));
    told.some("message", error.message());
    told.some("remediation", error.remediation());
    told.some("attempts", error.attempts());
    told.some("correlation id", error.correlation_id());
    told.some("body", error.body());
    told.inside("report", describe_report(report));
    told.inside("error", describe_keyfactor_error(error));
    told
}

/// The words of the texts.
#[derive(Debug)]
struct Stopped(SharedError);

impl Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the jobs could not be followed to the end; the report holds their ids and what was known of them")
    }
}

impl StdError for Stopped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

pub(crate) fn describe_report(report: &JobsReport) -> Told {
    let mut told = Told::new("JobsReport");
    told.show(report);
    told.list("finished", report.finished());
    told.list("unsuccessful", report.unsuccessful().map(|it| it.job_id));
    for open in report.still_open() {
        let place = match open.place {
            OpenJobPlace::Scheduled => "Scheduled",
            OpenJobPlace::Begun => "Begun",
            OpenJobPlace::Unknown => "Unknown",
            _ => "a place that the witness does not know",
        };
        told.say("still open", format!("{}: {place}", open.job_id));
    }
    told.say("all succeeded", report.all_succeeded());
    told.some("last trouble", report.last_trouble());
    told.serialised(as_json(report));
    told
}

pub(crate) fn describe_plain<T: Display>(read: Result<T, Error>) -> Told {
    match read {
        Ok(value) => Told::new(format!("Ok {value}")),
        Err(error) => describe_keyfactor_error(&error),
    }
}
