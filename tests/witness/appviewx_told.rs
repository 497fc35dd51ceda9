//! What the witness asks of an AppViewX error or outcome. **A thin layer: only the files
//! `*_api*.rs` and `*_told.rs` name the crate's API.**

use std::fmt::Debug;

use clm::appviewx::{
    AppViewX, AssignBackOutcome, AssignBackState, AssignCertificates, AssignOutcome, Error, ErrorCode,
    GroupConfirmation, GroupMembership, GroupPlan, LogoutOutcome, LookupError, ResourceId, Rows, UnassignCertificates,
    UnassignOutcome,
};
use clm::{ItemState, ManyOutcome};
use serde::Serialize;

use crate::shared_told::{agree, as_json, as_json_without_time, validation};
use crate::told::Told;

pub(crate) fn describe_appviewx_error(error: &Error) -> Told {
    let kind = match error {
        Error::Configuration(_) => "Configuration",
        Error::Validation(_) => "Validation",
        Error::Authentication(_) => "Authentication",
        Error::Transport(_) => "Transport",
        Error::Api(_) => "Api",
        Error::OutcomeUnknown(_) => "OutcomeUnknown",
        Error::Decode(_) => "Decode",
        Error::Lookup(error) => match **error {
            LookupError::RepeatedPage { .. } => "Lookup, RepeatedPage",
            LookupError::OtherRange { .. } => "Lookup, OtherRange",
            LookupError::OtherTotal { .. } => "Lookup, OtherTotal",
            LookupError::RepeatedRows { .. } => "Lookup, RepeatedRows",
            LookupError::RepeatedToken { .. } => "Lookup, RepeatedToken",
            LookupError::TooManyRows { .. } => "Lookup, TooManyRows",
            LookupError::TwoGroups { .. } => "Lookup, TwoGroups",
            LookupError::OtherGroup { .. } => "Lookup, OtherGroup",
            _ => "Lookup",
        },
        Error::Incomplete(_) => "Incomplete",
        _ => "a variant that the witness does not know",
    };
    let mut told = Told::new(format!("Err {kind}"));
    told.chain(error);
    told.show(error);
    told.some("status", error.status());
    told.some("code", error.code().map(code_of));
    told.some("message", error.message());
    told.some("remediation", error.remediation());
    told.some("attempts", error.attempts());
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
            let own = (Some(it.status()), it.code(), it.message(), it.remediation());
            agree(own, (error.status(), error.code(), error.message(), error.remediation()));
            agree((Some(it.body()), Some(it.attempts())), (error.body(), error.attempts()));
            told.say("after an unanswered copy", it.after_unanswered_copy());
            told.say("tags", it.tags());
            told.list("successful ids", it.successful_ids());
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
            told.show(&it.request::<UnassignCertificates>());
            told.show(&it.request::<AssignCertificates>());
        }
        Error::Incomplete(_) => {
            let outcomes = [
                (error.incomplete::<UnassignOutcome>().is_some(), "of an unassignment"),
                (error.incomplete::<AssignOutcome>().is_some(), "of an assignment"),
                (error.incomplete::<UnassignManyOutcome>().is_some(), "of an unassignment in calls"),
                (error.incomplete::<AssignManyOutcome>().is_some(), "of an assignment in calls"),
                (error.incomplete::<GroupConfirmation>().is_some(), "of a confirmation"),
                (error.incomplete::<GroupPlan>().is_some(), "of remembering"),
                (error.incomplete::<AssignBackOutcome>().is_some(), "of the way back"),
            ];
            told.say("outcome", outcomes.iter().find(|(is_it, _)| *is_it).map_or("another", |(_, name)| name));
        }
        _ => {}
    }
    told
}

fn code_of(code: &ErrorCode) -> String {
    assert_eq!(code.as_str(), code.to_string());
    let status = code.documented_status().map_or("no documented status".to_owned(), |it| format!("documented as {it}"));
    let known = if matches!(code, ErrorCode::Other(_)) { "unknown" } else { "known" };
    format!("{code} ({known}, {status}, {})", code.remediation().unwrap_or("no remediation"))
}

macro_rules! describe_move {
    ($told:ident, $outcome:ident) => {
        $told.show(&$outcome);
        $told.list("successful ids", $outcome.successful_ids());
        $told.list("unconfirmed ids", $outcome.unconfirmed_ids());
        $told.list("unexpected ids", $outcome.unexpected_ids());
        $told.list("repeated", $outcome.repeated());
        $told.some("message", $outcome.message());
        $told.say("is complete", $outcome.is_complete());
        $told.say("attempts", $outcome.receipt().attempts());
        $told.say("body", $outcome.receipt().body());
        $told.serialised(as_json_without_time(&$outcome));
        $told.shown.extend($outcome.message().map(str::to_owned));
        if let Err(error) = $outcome.require_complete() {
            $told.inside("require_complete", describe_appviewx_error(&error.into()));
        }
    };
}

pub(crate) fn describe_unassignment(outcome: UnassignOutcome) -> Told {
    let mut told = Told::new("Ok UnassignOutcome");
    describe_move!(told, outcome);
    told
}

pub(crate) fn describe_assignment(outcome: AssignOutcome) -> Told {
    let mut told = Told::new("Ok AssignOutcome");
    told.say("group", outcome.group());
    describe_move!(told, outcome);
    told
}

type UnassignManyOutcome = ManyOutcome<ResourceId, UnassignCertificates>;
type AssignManyOutcome = ManyOutcome<ResourceId, AssignCertificates>;

fn describe_id(told: &mut Told, id: &ResourceId, outcome: &ItemState<AppViewX>) {
    let state = match outcome {
        ItemState::Confirmed => "Confirmed",
        ItemState::Unconfirmed => "Unconfirmed",
        ItemState::Refused(_) => "Refused",
        ItemState::RefusedTogether(_) => "RefusedTogether",
        ItemState::Unknown(_) => "Unknown",
        ItemState::NotSent(_) => "NotSent",
        _ => "a state that the witness does not know",
    };
    match outcome.error() {
        None => told.say(id.as_str(), state),
        Some(error) => told.inside(&format!("{id}: {state}"), describe_appviewx_error(error)),
    }
}

macro_rules! describe_many {
    ($told:ident, $outcome:ident, $answer:ident) => {
        $told.show(&$outcome);
        for it in $outcome.items() {
            describe_id(&mut $told, &it.item, &it.state);
        }
        $told.list("confirmed ids", $outcome.confirmed());
        $told.list("possibly moved ids", $outcome.possibly_done());
        $told.list("repeated", $outcome.repeated());
        $told.say("calls", $outcome.calls());
        $told.say("is complete", $outcome.is_complete());
        for error in $outcome.split_calls() {
            $told.say("split because of", error);
        }
        $told.some("ended by", $outcome.ended_by());
        $told.serialised(as_json_without_time(&$outcome));
        for answer in $outcome.answers() {
            $told.inside("answer", $answer(answer.clone()));
        }
        if let Err(error) = $outcome.require_complete() {
            $told.inside("require_complete", describe_appviewx_error(&error.into()));
        }
    };
}

pub(crate) fn describe_unassignments(outcome: UnassignManyOutcome) -> Told {
    let mut told = Told::new("Ok UnassignManyOutcome");
    describe_many!(told, outcome, describe_unassignment);
    told
}

pub(crate) fn describe_assignments(outcome: AssignManyOutcome) -> Told {
    let mut told = Told::new("Ok AssignManyOutcome");
    describe_many!(told, outcome, describe_assignment);
    told
}

pub(crate) fn describe_confirmation(confirmation: GroupConfirmation) -> Told {
    let mut told = Told::new("Ok GroupConfirmation");
    told.show(&confirmation);
    told.say("group", confirmation.group());
    for (id, place) in confirmation.memberships() {
        match place {
            GroupMembership::Group(group) => told.say(id.as_str(), format!("Group {group}")),
            GroupMembership::GroupNotNamed => told.say(id.as_str(), "GroupNotNamed"),
            GroupMembership::NotFound => told.say(id.as_str(), "NotFound"),
            GroupMembership::Unreadable(error) => {
                told.inside(&format!("{id}: Unreadable"), describe_appviewx_error(error));
            }
            _ => told.say(id.as_str(), "a place that the witness does not know"),
        }
    }
    told.list("ids in the group", confirmation.ids_in_group());
    told.list("others", confirmation.others().map(|(id, _)| id));
    told.say("is complete", confirmation.is_complete());
    told.serialised(as_json_without_time(&confirmation));
    if let Err(error) = confirmation.require_complete() {
        told.inside("require_complete", describe_appviewx_error(&error.into()));
    }
    told
}

pub(crate) fn describe_group_plan(plan: GroupPlan) -> Told {
    let mut told = Told::new("Ok GroupPlan");
    told.show(&plan);
    told.list("remembered", plan.remembered().iter().map(|it| format!("{} in {}", it.resource_id, it.group)));
    told.list("not remembered", plan.not_remembered().iter().map(|it| format!("{} since {}", it.resource_id, it.why)));
    told.say("is complete", plan.is_complete());
    told.serialised(as_json_without_time(&plan));
    if let Err(error) = plan.require_complete() {
        told.inside("require_complete", describe_appviewx_error(&error.into()));
    }
    told
}

pub(crate) fn describe_way_back(outcome: AssignBackOutcome) -> Told {
    let mut told = Told::new("Ok AssignBackOutcome");
    told.show(&outcome);
    for (id, state) in outcome.ids() {
        let back = if state.is_back() { "back" } else { "not back" };
        match state {
            AssignBackState::Sent(of) => {
                told.say(id.as_str(), format!("Sent ({back})"));
                describe_id(&mut told, id, of);
            }
            AssignBackState::AlreadyThere => told.say(id.as_str(), format!("AlreadyThere ({back})")),
            AssignBackState::NotSeenYet => told.say(id.as_str(), format!("NotSeenYet ({back})")),
            AssignBackState::MovedOn(to) => {
                told.say(id.as_str(), format!("MovedOn to {} ({back})", to.as_deref().unwrap_or("no named group")));
            }
            AssignBackState::NotFound => told.say(id.as_str(), format!("NotFound ({back})")),
            AssignBackState::Unreadable(error) => {
                told.inside(&format!("{id}: Unreadable ({back})"), describe_appviewx_error(error));
            }
            AssignBackState::NotRemembered(why) => told.say(id.as_str(), format!("NotRemembered: {why} ({back})")),
            _ => told.say(id.as_str(), "a state that the witness does not know"),
        }
    }
    for answer in outcome.answers() {
        told.inside("answer", describe_assignments(answer.clone()));
    }
    told.say("is complete", outcome.is_complete());
    told.serialised(as_json_without_time(&outcome));
    if let Err(error) = outcome.require_complete() {
        told.inside("require_complete", describe_appviewx_error(&error.into()));
    }
    told
}

/// Every row as it is serialised, and how the list ended.
pub(crate) async fn describe_rows<T: Serialize + Debug>(rows: Result<Rows<T>, Error>) -> Told {
    let mut rows = match rows {
        Ok(rows) => rows,
        Err(error) => return describe_appviewx_error(&error),
    };
    let mut told = Told::new("Ok Rows");
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => told.say("row", as_json(&row)),
            Err(error) => told.inside("in the place of a row", describe_appviewx_error(&error)),
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
        Err(error) => describe_appviewx_error(&error),
    }
}

pub(crate) fn describe_logout(outcome: &LogoutOutcome) -> Told {
    let mut told = match outcome {
        LogoutOutcome::LoggedOut(out) => {
            let mut told = Told::new("Ok LoggedOut");
            told.some("message", out.message());
            told.say("attempts", out.receipt().attempts());
            told.say("body", out.receipt().body());
            told.shown.extend(out.message().map(str::to_owned));
            told
        }
        LogoutOutcome::NoSession => Told::new("Ok NoSession"),
        _ => Told::new("an outcome that the witness does not know"),
    };
    told.show(outcome);
    told.serialised(as_json_without_time(outcome));
    told
}
