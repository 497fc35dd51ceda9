//! `POST /CertificateStores/Certificates/Remove`.

use std::collections::HashMap;

use http::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use super::handle::CertificateStores;
use super::inventory::still_as_expected;
use super::inventory_fields::JobFieldsFromInventory;
use super::jobs_outcome::{HOW_TO_FIND_OUT, JobsOutcome};
use super::location::{CertificateLocation, WireLocation};
use super::plan_conditions::PlanConditions;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::schedule::{Schedule, WireSchedule};
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{CallLimits, Caller, Error, Keyfactor, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, RequestBuilder, Taken};
use crate::transport::{Exchange, Path};
use crate::validation::{Problems, Reason};

impl CertificateStores {
    /// Schedules orchestrator jobs that remove certificates from certificate stores.
    ///
    /// A location names a store and an alias, and **only these two decide what is removed**: the job removes whatever
    /// certificate the alias holds when it runs. Each location becomes one job. A successful response means that the
    /// jobs are scheduled, not that a certificate has been removed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    ///
    /// let location = CertificateLocation::new(store, "www.example.com.pfx");
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .audit_note("CHG 1234")
    ///     .send()
    ///     .await?;
    /// println!("scheduled: {:?}", removal.job_ids());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /CertificateStores/Certificates/Remove`.
    /// - **Permissions:** to read certificates (system-wide, or for the collection given by
    ///   [`collection_id`](RequestBuilder::collection_id)) and to schedule on certificate stores (system-wide, or for the
    ///   stores' containers).
    /// - **Arguments:** at least one location and at most the client's
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call); a schedule, where the
    ///   four recurring kinds require [`allow_recurring`](RequestBuilder::allow_recurring). Identical locations are
    ///   sent once. The same store and alias with different job fields is another location, because an alias may have
    ///   several entries, one for each binding. The call is refused if a store id is nil, an alias is empty or blank,
    ///   a job field is not a scalar, the same store and alias is given both with and without job fields or with two
    ///   expected thumbprints, an id is not positive, or a schedule is out of range.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** whether the job ids are in the order of the locations, what happens to an
    ///   unknown alias, and whether one invalid location stops the others. To send one call, and so get one job, for
    ///   each location, see [`one_job_per_location`](RequestBuilder::one_job_per_location).
    /// - **Job fields:** some store types need them; IIS needs the binding, for example. A [plan](Self::remove)
    ///   provides them. A removal that is built from locations sends only what the caller sets.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Certificates Remove".
    pub fn remove_certificates(
        &self,
        locations: impl IntoIterator<Item: Into<CertificateLocation>>,
        schedule: Schedule,
    ) -> RequestBuilder<RemoveCertificates> {
        self.caller.request(RemoveCertificates {
            locations: locations.into_iter().map(Into::into).collect(),
            repeated: Vec::new(),
            schedule,
            recurring: Recurring::Refused,
            scope: Scope::default(),
            conditions: None,
        })
    }
}

impl RequestBuilder<RemoveCertificates> {
    /// Changes each location before the request is built, for example to set a job field that the store type needs
    /// and the inventory does not show.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let removal = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .map_locations(|location| location.job_field("ServerName", "web01"))
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn map_locations(mut self, change: impl FnMut(CertificateLocation) -> CertificateLocation) -> Self {
        let locations = &mut self.operation().locations;
        *locations = std::mem::take(locations).into_iter().map(change).collect();
        self
    }

    /// Selects which of the entry's inventory parameters are sent as job fields. This applies only to the locations
    /// of a [plan](CertificateStores::remove); other locations have no inventory parameters. The default is
    /// [`JobFieldsFromInventory::WhereNeeded`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{JobFieldsFromInventory, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let removal = stores
    ///     .remove(&plan, Schedule::Immediate)
    ///     .job_fields_from_inventory(JobFieldsFromInventory::Always)
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn job_fields_from_inventory(mut self, choice: JobFieldsFromInventory) -> Self {
        for location in &mut self.operation().locations {
            location.choose(choice);
        }
        self
    }

    /// Accepts a recurring schedule. **A recurring removal may also remove a successor**: if another certificate is
    /// later added under the same alias, the next run removes it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let every_hour = Schedule::Interval { minutes: 60 };
    /// let removal =
    ///     keyfactor.certificate_stores().remove_certificates(scene.locations(), every_hour);
    /// assert!(removal.clone().build().is_err(), "it may remove the successor too");
    /// removal.allow_recurring().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn allow_recurring(mut self) -> Self {
        self.operation().recurring = Recurring::Allowed;
        self
    }
}

/// A request to remove certificates from stores; see [`CertificateStores::remove_certificates`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, RemoveCertificates, Schedule};
///
/// scene.keyfactor.lose_answers(1);
/// let stores = keyfactor.certificate_stores();
/// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
/// if let Err(Error::OutcomeUnknown(error)) = removed
///     && let Some(request) = error.request::<RemoveCertificates>()
/// {
///     request
///         .locations()
///         .iter()
///         .for_each(|location| eprintln!("perhaps scheduled: {location}"));
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct RemoveCertificates {
    locations: Vec<CertificateLocation>,
    repeated: Vec<CertificateLocation>,
    schedule: Schedule,
    recurring: Recurring,
    scope: Scope,
    /// Of a removal that was made of a plan.
    pub(super) conditions: Option<Box<PlanConditions>>,
}

/// Whether a removal may run more than once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recurring {
    Refused,
    Allowed,
}

impl RemoveCertificates {
    /// Returns the locations to remove, without repetitions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// assert_eq!(removal.build()?.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn locations(&self) -> &[CertificateLocation] {
        &self.locations
    }

    /// Returns the locations that were given more than once with identical settings. They are sent once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let twice = [scene.locations(), scene.locations()].concat();
    /// let request = stores.remove_certificates(twice, Schedule::Immediate).build()?;
    /// assert_eq!(request.repeated().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }

    /// Returns when the jobs run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// assert_eq!(removal.build()?.schedule(), &Schedule::Immediate);
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
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// assert_eq!(removal.collection_id(4).build()?.scope().to_string(), "collection 4");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scope(&self) -> PermissionScope {
        self.scope.resolved()
    }

    /// The same removal from one location.
    pub(in crate::keyfactor) fn only(&self, location: CertificateLocation) -> Self {
        let Self { locations: _, repeated: _, schedule, recurring, scope, conditions: _ } = self;
        let (locations, repeated) = (vec![location], Vec::new());
        Self { locations, repeated, schedule: schedule.clone(), recurring: *recurring, scope: *scope, conditions: None }
    }

    /// What has to be accepted before it is sent.
    pub(in crate::keyfactor) fn on_conditions(&mut self, conditions: PlanConditions) {
        self.conditions = Some(Box::new(conditions));
    }

    /// Exact repeats would be two jobs for one removal: the first is kept, the others are given back.
    fn take_repeats_out(&mut self, problems: &mut Problems) {
        if let [location] = self.locations.as_slice() {
            return location.check("certificate_stores[0]", problems);
        }
        if self.places_differ() {
            for (index, location) in self.locations.iter().enumerate() {
                location.check(format_args!("certificate_stores[{index}]"), problems);
            }
            return;
        }
        let given = std::mem::take(&mut self.locations);
        // Of each place, the locations that differ: one for each entry of the alias.
        let mut of_place: HashMap<(CertificateStoreId, &str), Vec<(usize, &CertificateLocation)>> =
            HashMap::with_capacity(given.len());
        let mut is_repeat = Vec::with_capacity(given.len());
        for (index, location) in given.iter().enumerate() {
            location.check(format_args!("certificate_stores[{index}]"), problems);
            let earlier = of_place.entry((location.store(), location.alias())).or_default();
            is_repeat.push(earlier.iter().any(|(_, it)| it.is_like(location)));
            if is_repeat.last() == Some(&true) {
                continue;
            }
            if let Some((first, _)) = earlier.iter().find(|(_, it)| !it.goes_beside(location)) {
                let sentence = format!(
                    "has the same store and alias as certificate_stores[{first}], but only one of them has job fields, \
                     or their expected thumbprints differ; for a plan, set job fields with `map_locations`, or remove \
                     everything under the alias with `job_fields_from_inventory(Never)`"
                );
                problems.add(format_args!("certificate_stores[{index}]"), Reason::Conflict, sentence);
            }
            earlier.push((index, location));
        }
        let mut is_repeat = is_repeat.into_iter();
        let (repeated, locations): (Vec<_>, Vec<_>) = given.into_iter().partition(|_| is_repeat.next() == Some(true));
        self.locations = locations;
        self.repeated.extend(repeated);
    }

    /// Whether no store and alias stands there twice, as in most removals.
    fn places_differ(&self) -> bool {
        let mut places: Vec<_> = self.locations.iter().map(|it| (it.store(), it.alias())).collect();
        places.sort_unstable();
        places.iter().zip(places.iter().skip(1)).all(|(one, next)| one != next)
    }

    /// Checks it, for so many locations.
    pub(in crate::keyfactor) fn check_with_limit(&mut self, limit: usize, problems: &mut Problems) {
        if let Some(conditions) = &self.conditions {
            conditions.check(problems);
        }
        self.take_repeats_out(problems);
        let actual = self.locations.len();
        if actual > limit {
            let sentence = format!(
                "must have at most {limit} entries per call, has {actual}; send one call for each with \
                 `one_job_per_location()`, split the list, or raise the client's limit `max_locations_per_call`"
            );
            problems.add("certificate_stores", Reason::TooMany { limit, actual }, sentence);
        } else {
            problems.check_count("certificate_stores", actual, limit, "certificate location");
        }
        self.schedule.check_of_change(problems);
        if self.schedule.is_recurring() && self.recurring == Recurring::Refused {
            problems.add(
                "schedule",
                Reason::NeedsConsent,
                "a recurring removal may also remove the successor under the same alias; call `allow_recurring()` to \
                 accept this",
            );
        }
        self.scope.check(problems);
    }
}

impl InCollection for RemoveCertificates {
    fn scope_settings(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl InContainer for RemoveCertificates {}

impl Operation for RemoveCertificates {
    type Vendor = Keyfactor;
    type Outcome = RemoveOutcome;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(
            "keyfactor.certificate_stores.remove_certificates",
            Method::POST,
            Path::fixed("CertificateStores/Certificates/Remove"),
        )
    }

    fn check(&mut self, limits: &CallLimits, problems: &mut Problems) {
        self.check_with_limit(limits.max_locations_per_call, problems);
    }

    fn body(&self) -> Option<impl Serialize> {
        Some(WireRemoval {
            certificate_stores: self.locations.iter().map(CertificateLocation::wire).collect(),
            collection_id: self.scope.resolved().sent_collection(),
            container_id: self.scope.resolved().sent_container(),
            schedule: self.schedule.wire(),
        })
    }

    fn secrets(&self) -> Vec<SecretString> {
        // Most removals set none, and the names need not be collected.
        if !self.locations.iter().any(CertificateLocation::has_job_fields) {
            return Vec::new();
        }
        let names = self.locations.iter().flat_map(CertificateLocation::names).collect();
        self.locations.iter().flat_map(|location| location.secrets(&names)).collect()
    }

    fn audit_targets(&self) -> Value {
        self.locations.iter().map(|it| format!("{}/{}", it.store(), it.alias())).collect()
    }

    fn scope(&self) -> Option<PermissionScope> {
        Some(self.scope.resolved())
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(match self.scope.resolved() {
            PermissionScope::SystemWideOrContainers => {
                "Without a scope the account needs the permission to read certificates system-wide, and the permission \
                 to schedule on certificate stores, system-wide or for the stores' containers. If it may read \
                 certificates only in a collection, set that collection with `collection_id`."
            }
            PermissionScope::Collection { .. } => {
                "The account needs the permission to read certificates in this collection, the certificate must be in it, \
                 and it needs the permission to schedule on certificate stores, system-wide or for the stores' containers."
            }
            PermissionScope::Container { .. } => {
                "The account needs the permission to read certificates and the permission to schedule on certificate \
                 stores. `container_id` may have no effect on this call: if the account may read certificates only in \
                 a collection, set that collection with `collection_id` instead."
            }
        })
    }

    fn how_to_find_out(&self) -> &'static str {
        HOW_TO_FIND_OUT
    }

    /// Each alias must still hold the certificate that is expected there.
    async fn verify(&self, caller: &Caller) -> Result<(), Error> {
        still_as_expected(caller, &self.locations).await
    }

    fn read(&self, exchange: &Exchange) -> Result<RemoveOutcome, ReadError> {
        JobsOutcome::read(exchange, self.locations.clone(), self.repeated.clone(), self.scope.resolved())
    }

    fn is_complete(outcome: &RemoveOutcome) -> bool {
        outcome.is_complete()
    }

    fn audit_job_ids(outcome: &RemoveOutcome) -> String {
        outcome.job_ids_for_audit()
    }
}

/// The vendor's `RemoveCertificateRequest`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireRemoval<'a> {
    certificate_stores: Vec<WireLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_id: Option<i32>,
    schedule: WireSchedule,
}

impl Change for RemoveCertificates {
    const ITEM: &'static str = "location";

    /// Its jobs are scheduled.
    fn taken(&self, _: &RemoveOutcome) -> Taken {
        Taken::Accepted
    }
}

/// The outcome of a removal: the server has accepted it and scheduled its jobs. **Nothing has been removed yet.**
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{RemoveOutcome, Schedule};
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome: RemoveOutcome = removal.send().await?;
/// println!("{:?} for {} locations", outcome.job_ids(), outcome.locations().len());
/// # Ok(()) }
/// ```
pub type RemoveOutcome = JobsOutcome<CertificateLocation>;
