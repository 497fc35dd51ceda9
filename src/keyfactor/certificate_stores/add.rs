//! `POST /CertificateStores/Certificates/Add`.

use std::collections::{HashMap, VecDeque};

use http::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use super::entry::{CertificateStoreEntry, WireEntry};
use super::handle::CertificateStores;
use super::inventory_fields::JobFieldsFromInventory;
use super::jobs_outcome::{HOW_TO_FIND_OUT, JobsOutcome};
use super::plan_conditions::PlanConditions;
use crate::keyfactor::certificates::GetCertificate;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::schedule::{Schedule, WireSchedule};
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::vendor::{CallLimits, Caller, Error, Keyfactor, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, RequestBuilder, Taken};
use crate::transport::{Exchange, Path};
use crate::validation::{Problems, Reason};

impl CertificateStores {
    /// Schedules orchestrator jobs that add a certificate to certificate stores. Each entry becomes one job. A
    /// successful response means that the jobs are scheduled, not that the certificate has been added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let store = scene.keyfactor.add_store();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let entry = CertificateStoreEntry::new(store).alias("www.example.com.pem");
    /// let addition = keyfactor
    ///     .certificate_stores()
    ///     .add_certificates(scene.certificate(), [entry], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// println!("scheduled: {:?}", addition.job_ids());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /CertificateStores/Certificates/Add`.
    /// - **Permissions:** to read the certificate (system-wide, or for the collection given by
    ///   [`collection_id`](RequestBuilder::collection_id)) and to schedule on certificate stores.
    /// - **Arguments:** the certificate's id; at least one entry and at most the client's
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call); a schedule that does
    ///   not recur. The call is refused if an id is not positive, a store id is nil, an alias is blank, a password is
    ///   empty, or a job field is not a scalar. The same store and alias may be given twice only if both entries have
    ///   job fields and these differ, because an alias may have several entries, one for each binding.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** whether the job ids are in the order of the entries, and how one invalid
    ///   entry affects the others.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Certificates Add".
    pub fn add_certificates(
        &self,
        certificate: impl Into<CertificateId>,
        entries: impl IntoIterator<Item = CertificateStoreEntry>,
        schedule: Schedule,
    ) -> RequestBuilder<AddCertificates> {
        self.caller.request(AddCertificates {
            certificate: certificate.into(),
            entries: entries.into_iter().collect(),
            schedule,
            scope: Scope::default(),
            expected: None,
            conditions: None,
        })
    }
}

impl RequestBuilder<AddCertificates> {
    /// Selects which of the entry's inventory parameters are sent as job fields. This applies only to the entries of
    /// a [plan](CertificateStores::add_back); other entries have no inventory parameters. The default is
    /// [`JobFieldsFromInventory::WhereNeeded`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{JobFieldsFromInventory, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back(&plan, Schedule::Immediate);
    /// addition.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn job_fields_from_inventory(mut self, choice: JobFieldsFromInventory) -> Self {
        self.operation().choose(choice);
        self
    }

    /// Refuses the addition unless the certificate has this thumbprint. Use it with an id that was stored earlier and
    /// may now belong to another certificate. The certificate is read just before the request is sent, in the given
    /// collection if there is one. If the thumbprint differs, nothing is sent and the call fails with
    /// [`LookupError::NotAsked`](crate::keyfactor::LookupError::NotAsked).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let store = scene.keyfactor.add_store();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let addition = keyfactor
    ///     .certificate_stores()
    ///     .add_certificates(
    ///         scene.certificate(),
    ///         [CertificateStoreEntry::new(store)],
    ///         Schedule::Immediate,
    ///     )
    ///     .expecting_thumbprint(scene.thumbprint())
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn expecting_thumbprint(mut self, thumbprint: impl Into<Thumbprint>) -> Self {
        self.operation().expected = Some(thumbprint.into());
        self
    }

    /// Changes each entry before the request is built, for example to set a password: the entries of
    /// [`add_back`](CertificateStores::add_back) have none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back(&plan, Schedule::Immediate);
    /// addition.map_entries(|entry| entry.pfx_password("a password")).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn map_entries(mut self, change: impl FnMut(CertificateStoreEntry) -> CertificateStoreEntry) -> Self {
        self.operation().change_entries(change);
        self
    }
}

/// A request to add a certificate to stores; see [`CertificateStores::add_certificates`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::{AddCertificates, CertificateStoreEntry, Schedule};
///
/// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com-2.pem");
/// let addition = keyfactor.certificate_stores().add_certificates(
///     scene.certificate(),
///     [entry],
///     Schedule::Immediate,
/// );
/// let request: Request<AddCertificates> = addition.build()?;
/// println!("{} entries", request.entries().len());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct AddCertificates {
    certificate: CertificateId,
    entries: Vec<CertificateStoreEntry>,
    schedule: Schedule,
    scope: Scope,
    expected: Option<Thumbprint>,
    /// Of an addition that was made of a plan.
    pub(in crate::keyfactor) conditions: Option<Box<PlanConditions>>,
}

impl AddCertificates {
    /// Takes from the inventory what is to be taken.
    pub(in crate::keyfactor) fn choose(&mut self, choice: JobFieldsFromInventory) {
        for entry in &mut self.entries {
            entry.choose(choice);
        }
    }

    /// Returns the id of the certificate to add.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com.pem");
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// assert_eq!(addition.build()?.certificate_id(), scene.certificate());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_id(&self) -> CertificateId {
        self.certificate
    }

    /// Returns the entries to create.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com.pem");
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// assert_eq!(addition.build()?.entries()[0].store(), scene.stores()[0]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[CertificateStoreEntry] {
        &self.entries
    }

    /// Returns when the jobs run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com.pem");
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// assert_eq!(addition.build()?.schedule(), &Schedule::Immediate);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Returns the scope in which the server checks permissions, after the precedence rule has been applied.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com.pem");
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// assert_eq!(addition.collection_id(4).build()?.scope().to_string(), "collection 4");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scope(&self) -> PermissionScope {
        self.scope.resolved()
    }

    /// Returns the thumbprint that the certificate must have, if one was set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com.pem");
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// let request = addition.expecting_thumbprint(scene.thumbprint()).build()?;
    /// assert!(request.expected_thumbprint().is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn expected_thumbprint(&self) -> Option<&Thumbprint> {
        self.expected.as_ref()
    }

    /// Entries of a plan that differ in nothing that is sent are added once: those of one alias that nothing tells apart.
    fn take_repeats_out(&mut self) {
        let mut earlier: HashMap<(CertificateStoreId, Option<&str>), Vec<&CertificateStoreEntry>> = HashMap::new();
        let mut is_repeat = VecDeque::with_capacity(self.entries.len());
        for entry in &self.entries {
            let earlier = earlier.entry((entry.store(), entry.alias_asked_for())).or_default();
            is_repeat.push_back(entry.is_of_inventory() && earlier.contains(&entry));
            earlier.push(entry);
        }
        self.entries.retain(|_| is_repeat.pop_front() != Some(true));
    }

    pub(in crate::keyfactor) fn change_entries(
        &mut self,
        change: impl FnMut(CertificateStoreEntry) -> CertificateStoreEntry,
    ) {
        self.entries = std::mem::take(&mut self.entries).into_iter().map(change).collect();
    }

    /// What has to be accepted before it is sent.
    pub(in crate::keyfactor) fn on_conditions(&mut self, conditions: PlanConditions) {
        self.conditions = Some(Box::new(conditions));
    }

    /// The plan that it was made of may have any number of certificates.
    pub(in crate::keyfactor) fn of_any_number(&mut self) {
        if let Some(conditions) = &mut self.conditions {
            conditions.certificates = None;
        }
    }

    pub(in crate::keyfactor) fn check_conditions(&self, problems: &mut Problems) {
        if let Some(conditions) = &self.conditions {
            conditions.check(problems);
        }
    }
}

impl InCollection for AddCertificates {
    fn scope_settings(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl InContainer for AddCertificates {}

impl Operation for AddCertificates {
    type Vendor = Keyfactor;
    type Outcome = AddOutcome;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(
            "keyfactor.certificate_stores.add_certificates",
            Method::POST,
            Path::fixed("CertificateStores/Certificates/Add"),
        )
    }

    fn check(&mut self, limits: &CallLimits, problems: &mut Problems) {
        self.check_conditions(problems);
        self.take_repeats_out();
        problems.check_positive("certificate_id", Some(self.certificate.get()));
        let limit = limits.max_locations_per_call;
        problems.check_count("certificate_stores", self.entries.len(), limit, "certificate store");
        let mut of_place: HashMap<(CertificateStoreId, Option<&str>), Vec<&CertificateStoreEntry>> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let field = format_args!("certificate_stores[{index}]");
            entry.check(field, problems);
            let earlier = of_place.entry((entry.store(), entry.alias_asked_for())).or_default();
            if !earlier.iter().all(|it| it.goes_beside(entry)) {
                let sentence = "repeats the store and alias of an earlier entry without different job fields; set \
                                different job fields on each (for a plan, with `map_entries`)";
                problems.add(field, Reason::Conflict, sentence);
            }
            earlier.push(entry);
        }
        self.schedule.check_of_change(problems);
        if self.schedule.is_recurring() {
            problems.add(
                "schedule",
                Reason::Conflict,
                "must be `Immediate` or `ExactlyOnce`: a certificate is added \
                                                        once",
            );
        }
        if let Some(expected) = &self.expected {
            expected.check("expected_thumbprint", problems);
        }
        self.scope.check(problems);
    }

    /// The vendor's `AddCertificateRequest`.
    fn body(&self) -> Option<impl Serialize> {
        Some(WireAddition {
            certificate_id: self.certificate,
            certificate_stores: self.entries.iter().map(CertificateStoreEntry::wire).collect(),
            collection_id: self.scope.resolved().sent_collection(),
            container_id: self.scope.resolved().sent_container(),
            schedule: self.schedule.wire(),
        })
    }

    fn secrets(&self) -> Vec<SecretString> {
        let names = self.entries.iter().filter_map(CertificateStoreEntry::alias_asked_for).collect();
        self.entries.iter().flat_map(|entry| entry.secrets(&names)).collect()
    }

    fn audit_targets(&self) -> Value {
        let target =
            |it: &CertificateStoreEntry| format!("{}/{}", it.store(), it.alias_asked_for().unwrap_or_default());
        self.entries.iter().map(target).collect()
    }

    fn scope(&self) -> Option<PermissionScope> {
        Some(self.scope.resolved())
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(
            "The account needs the permission to read the certificate, system-wide or, with `collection_id`, in that collection, \
             and the permission to schedule on certificate stores, system-wide or for the stores' containers.",
        )
    }

    fn how_to_find_out(&self) -> &'static str {
        HOW_TO_FIND_OUT
    }

    /// The certificate must still be the expected one.
    async fn verify(&self, caller: &Caller) -> Result<(), Error> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let mut get = caller.request(GetCertificate::new(self.certificate));
        if let PermissionScope::Collection { id, .. } = self.scope.resolved() {
            get = get.collection_id(id);
        }
        let found = get.send().await?.thumbprint;
        if expected.is(&found) {
            return Ok(());
        }
        Err(LookupError::not_asked("certificate with the thumbprint", found, expected).into())
    }

    fn read(&self, exchange: &Exchange) -> Result<AddOutcome, ReadError> {
        JobsOutcome::read(exchange, self.entries.clone(), Vec::new(), self.scope.resolved())
    }

    fn is_complete(outcome: &AddOutcome) -> bool {
        outcome.is_complete()
    }

    fn audit_job_ids(outcome: &AddOutcome) -> String {
        outcome.job_ids_for_audit()
    }
}

/// The vendor's `AddCertificateRequest`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireAddition<'a> {
    certificate_id: CertificateId,
    certificate_stores: Vec<WireEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_id: Option<i32>,
    schedule: WireSchedule,
}

impl Change for AddCertificates {
    const ITEM: &'static str = "certificate store";

    /// Its jobs are scheduled.
    fn taken(&self, _: &AddOutcome) -> Taken {
        Taken::Accepted
    }
}

/// The outcome of an addition: the server has accepted it and scheduled its jobs. **Nothing has been added yet.**
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{AddOutcome, CertificateStoreEntry, Schedule};
///
/// let entry = CertificateStoreEntry::new(scene.stores()[0]).alias("www.example.com-2.pem");
/// let addition = keyfactor.certificate_stores().add_certificates(
///     scene.certificate(),
///     [entry],
///     Schedule::Immediate,
/// );
/// let outcome: AddOutcome = addition.send().await?;
/// println!("{:?} for {} entries", outcome.job_ids(), outcome.entries().len());
/// # Ok(()) }
/// ```
pub type AddOutcome = JobsOutcome<CertificateStoreEntry>;
