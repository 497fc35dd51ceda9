//! `POST /CertificateStores/Certificates/Add`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::outcome::{Asked, JobIds, JobsOutcome};
use super::request::{Run, StoreRequest};
use super::{CertificateStoreEntry, CertificateStores};
use crate::keyfactor::change::post;
use crate::keyfactor::client::Client;
use crate::keyfactor::error::{Error, Request};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::scope::{BothScopes, ScopeSettings};
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CollectionId, ContainerId, PermissionScope};
use crate::transport::{ChangeSettings, Exchange, FromFailure as _, Record, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError};

/// Builds an addition; see [`CertificateStores::add_certificates`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct AddCertificatesBuilder {
    handle: CertificateStores,
    certificate: CertificateId,
    entries: Vec<CertificateStoreEntry>,
    schedule: Schedule,
    scope: ScopeSettings,
    expected: Option<Thumbprint>,
    meta: ChangeSettings,
}

impl AddCertificatesBuilder {
    pub(super) fn new(
        handle: CertificateStores,
        certificate: CertificateId,
        entries: Vec<CertificateStoreEntry>,
        schedule: Schedule,
    ) -> Self {
        let (scope, meta) = (ScopeSettings::default(), ChangeSettings::default());
        Self { handle, certificate, entries, schedule, scope, expected: None, meta }
    }

    /// Refuses the addition unless the certificate has this thumbprint: an id that was kept may be another certificate's by
    /// now. Just before it is sent, the certificate is read, in the collection that is given; if it is another one, nothing
    /// is sent and the call ends as [`LookupError::NotAsked`](crate::keyfactor::LookupError::NotAsked).
    pub fn expecting_thumbprint(mut self, thumbprint: impl Into<Thumbprint>) -> Self {
        self.expected = Some(thumbprint.into());
        self
    }

    /// Has the server check the right to read the certificate in this collection, instead of system-wide. Positive;
    /// leaving it out means "none". With a container id as well, the collection wins.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.scope.collection = Some(id.into());
        self
    }

    /// Has the server check permissions in this container, says the vendor's page. **No published schema of this call has
    /// such a member**: it may have no effect. It is sent only when no collection is given. Positive.
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.scope.container = Some(id.into());
        self
    }

    /// Makes it a [`ValidationError`] to give both a collection and a container.
    pub fn deny_ambiguous_scope(mut self) -> Self {
        self.scope.both = BothScopes::Refused;
        self
    }

    /// Changes each entry before the request is built, for example to give it a password: those of
    /// [`add_back`](CertificateStores::add_back) come without.
    pub fn map_entries(mut self, change: impl FnMut(CertificateStoreEntry) -> CertificateStoreEntry) -> Self {
        self.entries = self.entries.into_iter().map(change).collect();
        self
    }

    /// Says why, for the audit event of this change. It stays in this program: nothing of it is sent.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.meta.reason = Some(text.into());
        self
    }

    /// How often this call may be tried, instead of the client's policy.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.meta.retry_policy = Some(policy);
        self
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no entry, or more than one call carries; a certificate id that is not
    /// positive; a nil store id; a blank alias; an empty password; job fields that are no scalars; the same store and
    /// alias twice; an id that is not positive; a schedule that is out of range, or that recurs.
    pub fn build(self) -> Result<AddCertificates, ValidationError> {
        let mut problems = Problems::default();
        problems.check_positive("certificate_id", Some(self.certificate.get()));
        let limit = self.handle.client.max_locations_per_call();
        problems.check_count("certificate_stores", self.entries.len(), limit, "certificate store");
        let mut places: HashSet<(CertificateStoreId, Option<&str>)> = HashSet::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let field = format!("certificate_stores[{index}]");
            entry.check(&field, &mut problems);
            if !places.insert((entry.store(), entry.alias_asked_for())) {
                problems.add(field, Reason::Conflict, "the same store and alias stand further up in the list");
            }
        }
        self.schedule.check(&mut problems);
        if self.schedule.is_recurring() {
            problems.add("schedule", Reason::Conflict, "a certificate is added once: `Immediate` or `ExactlyOnce`");
        }
        if let Some(expected) = &self.expected {
            expected.check("expected_thumbprint", &mut problems);
        }
        let scope = self.scope.resolve(&mut problems);
        self.meta.check(&mut problems);
        problems.finish()?;
        scope.warn_of_ignored_container();
        let Self { certificate, entries, schedule, expected, meta, .. } = self;
        Ok(AddCertificates { certificate, entries, schedule, scope, expected, meta })
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<AddOutcome, Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

/// A checked addition, ready to be sent by [`CertificateStores::execute`].
#[derive(Clone, PartialEq, Debug)]
pub struct AddCertificates {
    certificate: CertificateId,
    entries: Vec<CertificateStoreEntry>,
    schedule: Schedule,
    scope: PermissionScope,
    expected: Option<Thumbprint>,
    meta: ChangeSettings,
}

impl AddCertificates {
    /// The certificate.
    #[must_use]
    pub fn certificate_id(&self) -> CertificateId {
        self.certificate
    }

    /// Where it is put.
    #[must_use]
    pub fn entries(&self) -> &[CertificateStoreEntry] {
        &self.entries
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

    /// What the account needs, if the server answers 403.
    pub(in crate::keyfactor) fn permission_needed() -> &'static str {
        "The account needs the permission to read the certificate, system-wide or, with `collection_id`, in that collection, \
         and the permission to schedule on certificate stores, system-wide or for the stores' containers."
    }

    fn record(&self) -> Record {
        let targets =
            self.entries.iter().map(|it| format!("{}/{}", it.store(), it.alias_asked_for().unwrap_or_default()));
        Record {
            targets: targets.collect::<Value>().to_string(),
            scope: self.scope.to_string(),
            reason: self.meta.reason.clone(),
        }
    }

    /// The vendor's `AddCertificateRequest`.
    fn to_json(&self) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(CertificateStoreEntry::to_json).collect();
        let mut body = json!({
            "CertificateId": self.certificate,
            "CertificateStores": entries,
            "Schedule": self.schedule.to_json(),
        });
        self.scope.put_into(&mut body);
        body
    }

    /// The thumbprint that the certificate must have.
    #[must_use]
    pub fn expected_thumbprint(&self) -> Option<&Thumbprint> {
        self.expected.as_ref()
    }

    async fn still_as_expected(&self, client: &Client) -> Result<(), Error> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let mut get = client.certificates().get(self.certificate);
        if let PermissionScope::Collection { id, .. } = self.scope {
            get = get.collection_id(id);
        }
        let found = get.send().await?.thumbprint;
        if expected.is(&found) {
            return Ok(());
        }
        Err(LookupError::not_asked("certificate with the thumbprint", found, expected).into())
    }

    async fn send(self, client: Client) -> Result<AddOutcome, Error> {
        self.still_as_expected(&client).await?;
        let operation = "keyfactor.certificate_stores.add_certificates";
        let path = "CertificateStores/Certificates/Add";
        let secrets = self.entries.iter().flat_map(CertificateStoreEntry::secrets).collect();
        let call = post(operation, path, &self.to_json(), secrets, &self.meta, self.record());
        match client.transport().execute(call).await {
            Ok(exchange) => self.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, Request::AddCertificates(self))),
        }
    }

    fn read(self, exchange: Exchange) -> Result<AddOutcome, Error> {
        match JobIds::read(&exchange.answer.body) {
            Ok(jobs) => {
                let asked = Asked { locations: self.entries, repeated: Vec::new(), scope: self.scope };
                Ok(JobsOutcome::new(asked, jobs, exchange))
            }
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                Err(Error::from_failure(failure, Request::AddCertificates(self)))
            }
        }
    }
}

impl StoreRequest for AddCertificates {}

impl Run for AddCertificates {
    type Outcome = AddOutcome;

    fn run(self, client: Client) -> impl Future<Output = Result<AddOutcome, Error>> + Send {
        self.send(client)
    }
}

/// The server took the addition: its jobs are scheduled. **Nothing is added yet.**
pub type AddOutcome = JobsOutcome<CertificateStoreEntry>;
