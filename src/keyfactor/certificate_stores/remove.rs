//! `POST /CertificateStores/Certificates/Remove`.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::{Value, json};

use super::{CertificateLocation, CertificateStores};
use crate::keyfactor::client::Client;
use crate::keyfactor::error::{Error, Outcome, PRODUCT_VERSION, Request};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::types::{CertificateStoreId, CollectionId, ContainerId, JobId, PermissionScope};
use crate::lenient::{self, RawBody};
use crate::transport::{Call, Cause, ChangeSettings, Effect, Exchange, FromFailure as _, Path, Record, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError};

/// Builds a removal; see [`CertificateStores::remove_certificates`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct RemoveCertificatesBuilder {
    handle: CertificateStores,
    locations: Vec<CertificateLocation>,
    schedule: Schedule,
    recurring: Recurring,
    collection_id: Option<CollectionId>,
    container_id: Option<ContainerId>,
    both_scopes: BothScopes,
    meta: ChangeSettings,
}

/// Whether a removal may run more than once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recurring {
    Refused,
    Allowed,
}

/// What becomes of a container id beside a collection id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BothScopes {
    CollectionWins,
    Refused,
}

impl RemoveCertificatesBuilder {
    pub(super) fn new(handle: CertificateStores, locations: Vec<CertificateLocation>, schedule: Schedule) -> Self {
        Self {
            handle,
            locations,
            schedule,
            recurring: Recurring::Refused,
            collection_id: None,
            container_id: None,
            both_scopes: BothScopes::CollectionWins,
            meta: ChangeSettings::default(),
        }
    }

    /// Has the server check the right to read the certificates in this collection, instead of system-wide.
    ///
    /// Positive; leaving it out means "none". With a container id as well, the collection wins.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.collection_id = Some(id.into());
        self
    }

    /// Has the server check permissions in this container, says the vendor's page.
    ///
    /// The page names it beside the collection, but **no published schema of this call has such a member**: it may
    /// have no effect. Do not rely on it to narrow a removal. It is sent only when no collection is given. Positive;
    /// leaving it out means "none".
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.container_id = Some(id.into());
        self
    }

    /// Makes it a [`ValidationError`] to give both a collection and a container. Without this, the collection wins,
    /// the container is not sent, and the request's [`scope`](RemoveCertificates::scope) says so.
    pub fn deny_ambiguous_scope(mut self) -> Self {
        self.both_scopes = BothScopes::Refused;
        self
    }

    /// Takes a schedule that runs again and again. **A recurring removal may also remove the successor**: whatever is
    /// put under the same alias later goes at the next run.
    pub fn allow_recurring(mut self) -> Self {
        self.recurring = Recurring::Allowed;
        self
    }

    /// Says why, for the audit event of this change. It stays in this program: nothing of it is sent.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.meta.reason = Some(text.into());
        self
    }

    /// How often this call may be tried, instead of the client's policy. No policy repeats a removal that may have
    /// arrived.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.meta.retry_policy = Some(policy);
        self
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no location, or more than one call carries; a nil store id; an empty
    /// or blank alias; job fields that are no scalars; the same store and alias with different job fields; an id that
    /// is not positive; a schedule out of range, or a recurring one without consent.
    pub fn build(self) -> Result<RemoveCertificates, ValidationError> {
        let mut problems = Problems::default();
        let limit = self.handle.client.max_locations_per_call();
        let (locations, repeated) = checked_without_repeats(self.locations, &mut problems);
        problems.check_count("certificate_stores", locations.len(), limit, "certificate location");
        self.schedule.check(&mut problems);
        if self.schedule.is_recurring() && self.recurring == Recurring::Refused {
            problems.add(
                "schedule",
                Reason::NeedsConsent,
                "a recurring removal may also remove the successor under the same alias; say `allow_recurring()`",
            );
        }
        let scope = resolve_scope(self.collection_id, self.container_id, self.both_scopes, &mut problems);
        self.meta.check(&mut problems);
        problems.finish()?;
        if let PermissionScope::Collection { id, ignored_container: Some(container) } = scope {
            tracing::warn!(
                collection_id = id.get(),
                container_id = container.get(),
                "both a collection and a container were given: the collection decides, the container is not sent"
            );
        }
        Ok(RemoveCertificates { locations, repeated, schedule: self.schedule, scope, meta: self.meta })
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<RemoveOutcome, Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

/// Exact repeats would be two jobs for one removal: the first is kept, the others are given back.
fn checked_without_repeats(
    given: Vec<CertificateLocation>,
    problems: &mut Problems,
) -> (Vec<CertificateLocation>, Vec<CertificateLocation>) {
    let mut first_at: HashMap<(CertificateStoreId, String), (usize, _)> = HashMap::new();
    let mut locations = Vec::with_capacity(given.len());
    let mut repeated = Vec::new();
    for (index, location) in given.into_iter().enumerate() {
        let field = format!("certificate_stores[{index}]");
        location.check(&field, problems);
        let fields = location.job_fields();
        let place = (location.store(), location.alias().to_owned());
        let (first, first_fields) = first_at.entry(place).or_insert_with(|| (index, fields.clone()));
        if *first != index && *first_fields == fields {
            repeated.push(location);
            continue;
        }
        if *first != index {
            let sentence =
                format!("the same store and alias as certificate_stores[{first}], but with other job fields");
            problems.add(field, Reason::Conflict, sentence);
        }
        locations.push(location);
    }
    (locations, repeated)
}

/// The vendor's precedence rule: a collection beats a container.
fn resolve_scope(
    collection: Option<CollectionId>,
    container: Option<ContainerId>,
    both: BothScopes,
    problems: &mut Problems,
) -> PermissionScope {
    problems.check_positive("collection_id", collection.map(CollectionId::get));
    problems.check_positive("container_id", container.map(ContainerId::get));
    if both == BothScopes::Refused && collection.is_some() && container.is_some() {
        problems.add(
            "container_id",
            Reason::Conflict,
            "a collection is given as well; the vendor's rule would ignore the container",
        );
    }
    match (collection, container) {
        (Some(id), ignored_container) => PermissionScope::Collection { id, ignored_container },
        (None, Some(id)) => PermissionScope::Container { id },
        (None, None) => PermissionScope::SystemWideOrContainers,
    }
}

/// A checked removal, ready to be sent by [`CertificateStores::execute`].
#[derive(Clone, PartialEq, Debug)]
pub struct RemoveCertificates {
    locations: Vec<CertificateLocation>,
    repeated: Vec<CertificateLocation>,
    schedule: Schedule,
    scope: PermissionScope,
    meta: ChangeSettings,
}

impl RemoveCertificates {
    /// What is removed, each location once.
    #[must_use]
    pub fn locations(&self) -> &[CertificateLocation] {
        &self.locations
    }

    /// Locations that were given again, exactly alike. They are sent once.
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }

    /// When the jobs run.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Where the server is asked to look for permissions, after the precedence rule.
    #[must_use]
    pub fn scope(&self) -> &PermissionScope {
        &self.scope
    }

    /// Why, for the audit. It is not sent.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.meta.reason.as_deref()
    }

    /// What the account needs, if the server answers 403.
    pub(in crate::keyfactor) fn permission_needed(&self) -> &'static str {
        match self.scope {
            PermissionScope::SystemWideOrContainers => {
                "Without a scope the account needs the permission to read certificates system-wide, and the permission to \
                 schedule on certificate stores, system-wide or for the stores' containers. If it may read certificates \
                 only in a collection, name that collection with `collection_id`."
            }
            PermissionScope::Collection { .. } => {
                "The account needs the permission to read certificates in this collection, the certificate must be in it, \
                 and it needs the permission to schedule on certificate stores, system-wide or for the stores' containers."
            }
            PermissionScope::Container { .. } => {
                "The account needs the permission to read certificates and the permission to schedule on certificate \
                 stores. `container_id` may have no effect on this call: if the account may read certificates only in a \
                 collection, name that collection with `collection_id` instead."
            }
        }
    }

    fn record(&self) -> Record {
        let targets = self.locations.iter().map(|it| format!("{}/{}", it.store(), it.alias()));
        Record {
            targets: targets.collect::<Value>().to_string(),
            scope: self.scope.to_string(),
            reason: self.meta.reason.clone(),
        }
    }

    /// The vendor's `RemoveCertificateRequest`.
    fn to_json(&self) -> Value {
        let stores: Vec<Value> = self.locations.iter().map(CertificateLocation::to_json).collect();
        let mut body = json!({"CertificateStores": stores, "Schedule": self.schedule.to_json()});
        let scope = match self.scope {
            PermissionScope::Collection { id, ignored_container: _ } => Some(("CollectionId", id.get())),
            PermissionScope::Container { id } => Some(("ContainerId", id.get())),
            PermissionScope::SystemWideOrContainers => None,
        };
        if let (Some((name, id)), Some(members)) = (scope, body.as_object_mut()) {
            members.insert(name.to_owned(), id.into());
        }
        body
    }

    pub(super) async fn execute(self, client: Client) -> Result<RemoveOutcome, Error> {
        let call = Call {
            operation: "keyfactor.certificate_stores.remove_certificates",
            effect: Effect::Change,
            method: Method::POST,
            path: Path::fixed("CertificateStores/Certificates/Remove"),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::from(self.to_json().to_string()),
            retry_policy: self.meta.retry_policy,
            record: self.record(),
        };
        match client.transport().execute(call).await {
            Ok(exchange) => self.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, Request::RemoveCertificates(self))),
        }
    }

    pub(crate) fn read(self, exchange: Exchange) -> Result<RemoveOutcome, Error> {
        let entries = match lenient::json(&exchange.answer.body) {
            Ok(Value::Array(entries)) => entries,
            other => {
                let cause = match other {
                    Ok(_) => Cause::new("an array of job GUIDs was expected"),
                    Err(error) => Cause::json(&error),
                };
                return Err(Error::from_failure(exchange.unreadable_change(cause), Request::RemoveCertificates(self)));
            }
        };
        let mut job_ids: Vec<JobId> = Vec::with_capacity(entries.len());
        let mut unrecognized_entries = Vec::new();
        for entry in entries {
            match entry.as_str().and_then(|text| text.trim().parse().ok()) {
                Some(id) => job_ids.push(id),
                None => unrecognized_entries.push(entry),
            }
        }
        let outcome = RemoveOutcome {
            job_ids,
            unrecognized_entries,
            correlation_id: exchange.trace.correlation_id.clone(),
            product_version: exchange.answer.header(PRODUCT_VERSION).map(str::to_owned),
            scope: self.scope,
            locations: self.locations,
            repeated: self.repeated,
            attempts: exchange.trace.attempts,
            elapsed: exchange.trace.elapsed,
            body: RawBody(exchange.answer.body),
        };
        let ended = if outcome.is_complete() { "done" } else { "done, with a gap" };
        let named: Vec<String> = outcome.job_ids.iter().map(JobId::to_string).collect();
        exchange.audit.finish(ended, &exchange.trace, &named.join(", "));
        Ok(outcome)
    }
}

/// The server took the removal: its jobs are scheduled. **Nothing is removed yet.**
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct RemoveOutcome {
    job_ids: Vec<JobId>,
    unrecognized_entries: Vec<Value>,
    locations: Vec<CertificateLocation>,
    repeated: Vec<CertificateLocation>,
    scope: PermissionScope,
    correlation_id: Option<String>,
    product_version: Option<String>,
    attempts: u32,
    elapsed: Duration,
    #[serde(skip)]
    body: RawBody,
}

impl RemoveOutcome {
    /// The orchestrator jobs, in the order in which the server named them. Whether that is the order of the locations
    /// is documented nowhere. They are all here, also when their number is surprising.
    #[must_use]
    pub fn job_ids(&self) -> &[JobId] {
        &self.job_ids
    }

    /// Entries of the answer that are no GUIDs.
    #[must_use]
    pub fn unrecognized_entries(&self) -> &[Value] {
        &self.unrecognized_entries
    }

    /// What the removal was asked for, each location once.
    #[must_use]
    pub fn locations(&self) -> &[CertificateLocation] {
        &self.locations
    }

    /// Locations that were given again, exactly alike. They were sent once.
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }

    /// Where the server was asked to look for permissions.
    #[must_use]
    pub fn scope(&self) -> &PermissionScope {
        &self.scope
    }

    /// Whether there is exactly one job id for each location, all different, and nothing else.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.different_jobs() == self.locations.len()
            && self.job_ids.len() == self.locations.len()
            && self.unrecognized_entries.is_empty()
    }

    fn different_jobs(&self) -> usize {
        self.job_ids.iter().collect::<HashSet<_>>().len()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server took the removal of {} location(s), but named {} job(s) and {} entries that are no job ids; {} of \
             the jobs are different",
            self.locations.len(),
            self.job_ids.len(),
            self.unrecognized_entries.len(),
            self.different_jobs()
        );
        Err(Error::incomplete(gap, Outcome::RemoveCertificates(self)))
    }

    /// The server's `X-Keyfactor-Correlation-Id`, for the vendor's support and the server's log.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The server's `X-Keyfactor-Product-Version` as it was sent, for example `25.4.1+` and a commit.
    #[must_use]
    pub fn product_version(&self) -> Option<&str> {
        self.product_version.as_deref()
    }

    /// How many times the call was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long it took altogether.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The answer as it came.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body.0
    }
}
