//! The words of a snapshot, for writing and for reading.

use super::super::certificates::Revocation;
use super::super::jobs::{
    ACKNOWLEDGED, COMPLETED, COMPLETED_WILL_RETRY, FAILURE, FakeJobKind, FakeJobState, IN_PROCESS, SUCCESS, UNKNOWN,
    WARNING,
};
use super::super::permissions::KeyfactorPermission;
use super::super::store_types::FakeCustomAlias;
use super::super::stores::{FakeAgent, Spelling};

pub(super) const REVOCATIONS: [Revocation; 3] = [Revocation::None, Revocation::Hold, Revocation::Final];

pub(super) fn revocation(it: Revocation) -> &'static str {
    match it {
        Revocation::None => "none",
        Revocation::Hold => "on_hold",
        Revocation::Final => "revoked",
    }
}

pub(super) const AGENTS: [FakeAgent; 3] = [FakeAgent::Available, FakeAgent::Unavailable, FakeAgent::Unassigned];

pub(super) fn agent(it: FakeAgent) -> &'static str {
    match it {
        FakeAgent::Available => "available",
        FakeAgent::Unavailable => "unavailable",
        FakeAgent::Unassigned => "unassigned",
    }
}

pub(super) const SPELLINGS: [Spelling; 3] = [Spelling::AsGiven, Spelling::LowerCase, Spelling::OfBindings];

pub(super) fn spelling(it: Spelling) -> &'static str {
    match it {
        Spelling::AsGiven => "as_given",
        Spelling::LowerCase => "lower_case",
        Spelling::OfBindings => "of_bindings",
    }
}

pub(super) const CUSTOM_ALIASES: [FakeCustomAlias; 3] =
    [FakeCustomAlias::Forbidden, FakeCustomAlias::Optional, FakeCustomAlias::Required];

pub(super) fn custom_alias(it: FakeCustomAlias) -> &'static str {
    match it {
        FakeCustomAlias::Forbidden => "forbidden",
        FakeCustomAlias::Optional => "optional",
        FakeCustomAlias::Required => "required",
    }
}

pub(super) const KINDS: [FakeJobKind; 3] = [FakeJobKind::Remove, FakeJobKind::Add, FakeJobKind::Inventory];

pub(in super::super) fn kind(it: FakeJobKind) -> &'static str {
    match it {
        FakeJobKind::Remove => "remove",
        FakeJobKind::Add => "add",
        FakeJobKind::Inventory => "inventory",
    }
}

pub(super) const STATES: [FakeJobState; 8] = [
    FakeJobState::Waiting,
    FakeJobState::Running,
    FakeJobState::WillRetry,
    FakeJobState::Succeeded,
    FakeJobState::Warned,
    FakeJobState::Failed,
    FakeJobState::Vanished,
    FakeJobState::Unscheduled,
];

pub(in super::super) fn state(it: FakeJobState) -> &'static str {
    match it {
        FakeJobState::Waiting => "waiting",
        FakeJobState::Running => "running",
        FakeJobState::WillRetry => "will_retry",
        FakeJobState::Succeeded => "succeeded",
        FakeJobState::Warned => "warned",
        FakeJobState::Failed => "failed",
        FakeJobState::Vanished => "vanished",
        FakeJobState::Unscheduled => "unscheduled",
    }
}

pub(super) const RESULTS: [i32; 4] = [UNKNOWN, SUCCESS, WARNING, FAILURE];

pub(super) fn result(it: i32) -> &'static str {
    match it {
        SUCCESS => "success",
        WARNING => "warning",
        FAILURE => "failure",
        _ => "unknown",
    }
}

pub(super) const STATUSES: [i32; 4] = [IN_PROCESS, COMPLETED, ACKNOWLEDGED, COMPLETED_WILL_RETRY];

pub(super) fn status(it: i32) -> &'static str {
    match it {
        COMPLETED => "completed",
        ACKNOWLEDGED => "acknowledged",
        COMPLETED_WILL_RETRY => "completed_will_retry",
        _ => "in_process",
    }
}

/// A permission, and the collection or container that it is for.
pub(super) fn permission(it: KeyfactorPermission) -> (&'static str, Option<i32>) {
    match it {
        KeyfactorPermission::ReadCertificates => ("read_certificates", None),
        KeyfactorPermission::ReadCertificatesIn(id) => ("read_certificates_in", Some(id)),
        KeyfactorPermission::RevokeCertificates => ("revoke_certificates", None),
        KeyfactorPermission::RevokeCertificatesIn(id) => ("revoke_certificates_in", Some(id)),
        KeyfactorPermission::ReadStores => ("read_stores", None),
        KeyfactorPermission::ReadStoresIn(id) => ("read_stores_in", Some(id)),
        KeyfactorPermission::ReadStoreTypes => ("read_store_types", None),
        KeyfactorPermission::ScheduleStores => ("schedule_stores", None),
        KeyfactorPermission::ScheduleStoresIn(id) => ("schedule_stores_in", Some(id)),
        KeyfactorPermission::ReadJobs => ("read_jobs", None),
        KeyfactorPermission::ModifyJobs => ("modify_jobs", None),
    }
}

/// Every permission, for this collection or container.
pub(super) fn permissions(id: i32) -> impl Iterator<Item = KeyfactorPermission> {
    let narrow = [
        KeyfactorPermission::ReadCertificatesIn(id),
        KeyfactorPermission::RevokeCertificatesIn(id),
        KeyfactorPermission::ReadStoresIn(id),
        KeyfactorPermission::ScheduleStoresIn(id),
    ];
    KeyfactorPermission::EVERYTHING.into_iter().chain(narrow)
}
