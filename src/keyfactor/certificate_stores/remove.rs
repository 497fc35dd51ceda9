//! `POST /CertificateStores/Certificates/Remove`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::inventory::still_as_expected;
use super::outcome::{Asked, JobIds, JobsOutcome};
use super::request::{Run, StoreRequest};
use super::{CertificateLocation, CertificateStores, RemoveOneByOne};
use crate::keyfactor::change::post;
use crate::keyfactor::client::Client;
use crate::keyfactor::error::{Error, Request};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::scope::{BothScopes, ScopeSettings};
use crate::keyfactor::types::{CertificateStoreId, CollectionId, ContainerId, PermissionScope};
use crate::transport::{ChangeSettings, Exchange, FromFailure as _, Record, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError};

/// Builds a removal; see [`CertificateStores::remove_certificates`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct RemoveCertificatesBuilder {
    handle: CertificateStores,
    locations: Vec<CertificateLocation>,
    schedule: Schedule,
    recurring: Recurring,
    scope: ScopeSettings,
    meta: ChangeSettings,
}

/// Whether a removal may run more than once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recurring {
    Refused,
    Allowed,
}

impl RemoveCertificatesBuilder {
    pub(super) fn new(handle: CertificateStores, locations: Vec<CertificateLocation>, schedule: Schedule) -> Self {
        Self {
            handle,
            locations,
            schedule,
            recurring: Recurring::Refused,
            scope: ScopeSettings::default(),
            meta: ChangeSettings::default(),
        }
    }

    /// Has the server check the right to read the certificates in this collection, instead of system-wide.
    ///
    /// Positive; leaving it out means "none". With a container id as well, the collection wins.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.scope.collection = Some(id.into());
        self
    }

    /// Has the server check permissions in this container, says the vendor's page.
    ///
    /// The page names it beside the collection, but **no published schema of this call has such a member**: it may
    /// have no effect. Do not rely on it to narrow a removal. It is sent only when no collection is given. Positive;
    /// leaving it out means "none".
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.scope.container = Some(id.into());
        self
    }

    /// Makes it a [`ValidationError`] to give both a collection and a container. Without this, the collection wins,
    /// the container is not sent, and the request's [`scope`](RemoveCertificates::scope) says so.
    pub fn deny_ambiguous_scope(mut self) -> Self {
        self.scope.both = BothScopes::Refused;
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

    /// Sends one call for each location instead of one for all, so that each location is known by its job: the order of
    /// the job ids in an answer is documented nowhere.
    pub fn one_job_per_location(self) -> RemoveOneByOne {
        RemoveOneByOne { handle: self.handle.clone(), builder: self }
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no location, or more than one call carries; a nil store id; an empty
    /// or blank alias; job fields that are no scalars; the same store and alias with different job fields; an id that
    /// is not positive; a schedule out of range, or a recurring one without consent.
    pub fn build(self) -> Result<RemoveCertificates, ValidationError> {
        let limit = self.handle.client.max_locations_per_call();
        self.checked(limit)
    }

    /// `limit` is the most locations that it may name.
    pub(super) fn checked(self, limit: usize) -> Result<RemoveCertificates, ValidationError> {
        let mut problems = Problems::default();
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
        let scope = self.scope.resolve(&mut problems);
        self.meta.check(&mut problems);
        problems.finish()?;
        scope.warn_of_ignored_container();
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
    let mut first_at: HashMap<(CertificateStoreId, String), (usize, CertificateLocation)> = HashMap::new();
    let mut locations = Vec::with_capacity(given.len());
    let mut repeated = Vec::new();
    for (index, location) in given.into_iter().enumerate() {
        let field = format!("certificate_stores[{index}]");
        location.check(&field, problems);
        let place = (location.store(), location.alias().to_owned());
        let (first, first_location) = first_at.entry(place).or_insert_with(|| (index, location.clone()));
        if *first != index && first_location.is_like(&location) {
            repeated.push(location);
            continue;
        }
        if *first != index {
            let sentence = format!(
                "the same store and alias as certificate_stores[{first}], but with other job fields or another thumbprint"
            );
            problems.add(field, Reason::Conflict, sentence);
        }
        locations.push(location);
    }
    (locations, repeated)
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

    /// The same request for one location.
    pub(super) fn only(&self, location: CertificateLocation) -> Self {
        let Self { schedule, scope, meta, .. } = self;
        let (locations, repeated) = (vec![location], Vec::new());
        Self { locations, repeated, schedule: schedule.clone(), scope: *scope, meta: meta.clone() }
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
        self.scope.put_into(&mut body);
        body
    }

    async fn send(self, client: Client) -> Result<RemoveOutcome, Error> {
        still_as_expected(&client, &self.locations).await?;
        let operation = "keyfactor.certificate_stores.remove_certificates";
        let path = "CertificateStores/Certificates/Remove";
        let secrets = self.locations.iter().flat_map(CertificateLocation::secrets).collect();
        let call = post(operation, path, &self.to_json(), secrets, &self.meta, self.record());
        match client.transport().execute(call).await {
            Ok(exchange) => self.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, Request::RemoveCertificates(self))),
        }
    }

    pub(crate) fn read(self, exchange: Exchange) -> Result<RemoveOutcome, Error> {
        match JobIds::read(&exchange.answer.body) {
            Ok(jobs) => {
                let Self { locations, repeated, scope, .. } = self;
                Ok(JobsOutcome::new(Asked { locations, repeated, scope }, jobs, exchange))
            }
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                Err(Error::from_failure(failure, Request::RemoveCertificates(self)))
            }
        }
    }
}

impl StoreRequest for RemoveCertificates {}

impl Run for RemoveCertificates {
    type Outcome = RemoveOutcome;

    fn run(self, client: Client) -> impl Future<Output = Result<RemoveOutcome, Error>> + Send {
        self.send(client)
    }
}

/// The server took the removal: its jobs are scheduled. **Nothing is removed yet.**
pub type RemoveOutcome = JobsOutcome<CertificateLocation>;
