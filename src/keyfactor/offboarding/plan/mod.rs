//! A removal plan: what is removed, what can be put back, and what is left out.

mod document;
mod make;
mod omitted;
mod only_gone;
mod plan_many;
mod restorability;
mod schedules;
mod store_type;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use self::make::{IfNothing, Planning};
pub use self::omitted::{OmissionReason, Omitted};
pub use self::plan_many::PlanRemovalOf;
pub use self::restorability::Restorability;
pub use self::store_type::PlannedStoreType;
use super::locate::{LocatedCertificate, StoreReadiness};
use super::saved_schedules::SavedSchedule;
use crate::keyfactor::certificate_stores::{
    AddCertificates, CertificateLocation, CertificateStoreEntry, CertificateStores, PlanConditions, RemoveCertificates,
};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CollectionId};
use crate::keyfactor::vendor::Error;
use crate::operation::RequestBuilder;
use crate::plan_file::{self, PlanHeader};

impl CertificateStores {
    /// Plans a removal before anything is removed: which entries are removed, and which of them can be put back.
    /// Every alias is checked against the certificate.
    ///
    /// A place that cannot be planned does not stop the others. It is in [`RemovalPlan::omitted`] with the reason:
    /// the alias holds another certificate or is no longer listed, the inventory of the store cannot be read, or the
    /// server does not say what the place holds. A place where the certificate is only part of another certificate's
    /// chain is not a place of this certificate, and is not listed as omitted.
    ///
    /// The plan includes the requirements of the store types: the job fields that are sent with the removal
    /// ([`job_fields_on_remove`](PlannedRemoval::job_fields_on_remove)), required ones that are missing, and whether
    /// the alias is sent when the entry is put back. A store type that cannot be read does not stop the plan; see
    /// [`PlannedStoreType::Unknown`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// let plan = keyfactor.certificate_stores().plan_removal(&located).await?;
    /// assert_eq!(plan.cannot_be_put_back().count(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `GET /CertificateStores/{id}/Inventory` for each store, and `GET /CertificateStoreTypes/{id}` for
    ///   each store type, once per client.
    /// - **Permissions:** to read certificate stores; optionally, to read certificate store types.
    /// - **Undocumented by the vendor:** whether an entry that does not mention a private key has one; see
    ///   [`Restorability`].
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error) that every further call would return, such as a failed
    /// connection, 401 or 429. If no place can be planned, the error of the first one: `Lookup` if its alias does not
    /// hold the certificate or its inventory exceeds the client's lookup limits; `Api` if the account may not read
    /// the store.
    pub fn plan_removal(
        &self,
        located: &LocatedCertificate,
    ) -> impl Future<Output = Result<RemovalPlan, Error>> + Send + use<> {
        let mut planning = Planning::new(self.caller.clone(), located.collection_id(), IfNothing::Error);
        planning.add(located.clone());
        planning.plan()
    }

    /// Carries out a plan: calls [`remove_certificates`](Self::remove_certificates) with its locations, each with its
    /// expected thumbprint, in the plan's collection. The inventory parameters that the store types require are sent
    /// as job fields; change this with [`job_fields_from_inventory`](RequestBuilder::job_fields_from_inventory) and
    /// [`map_locations`](RequestBuilder::map_locations). Call, permissions and errors are those of
    /// `remove_certificates`. In addition, the permission to read certificate stores is required.
    ///
    /// A plan that leaves something out is refused unless [`accept_omissions()`](RequestBuilder::accept_omissions) is
    /// called. A plan that was made for another server is refused unless
    /// [`accept_other_server()`](RequestBuilder::accept_other_server) is called. If the plan has more locations than
    /// one call allows, use [`one_job_per_location()`](RequestBuilder::one_job_per_location).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let removal = stores.remove(&plan, Schedule::Immediate).audit_note("CHG 1234").send().await?;
    /// println!("scheduled: {:?}", removal.job_ids());
    /// # Ok(()) }
    /// ```
    pub fn remove(&self, plan: &RemovalPlan, schedule: Schedule) -> RequestBuilder<RemoveCertificates> {
        let mut builder = self.remove_certificates(plan.locations(), schedule);
        builder.operation().on_conditions(PlanConditions {
            omitted: plan.omitted.iter().map(Omitted::to_string).collect(),
            other_server: plan.header.other_server(self.caller.transport().base_url()),
            certificates: None,
        });
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }

    /// Puts the certificate of a plan back into its stores: calls [`add_certificates`](Self::add_certificates) with the
    /// previous aliases, without overwriting. Entries that cannot be put back are in
    /// [`RemovalPlan::cannot_be_put_back`]. Because a plan may be an old file, Command's certificate with the plan's
    /// id is read first and must have the plan's thumbprint. Call, permissions and errors are those of
    /// `add_certificates`.
    ///
    /// The alias is omitted if the store type forbids it; the store then chooses one. The parameters that the store
    /// type requires are sent as job fields, if the inventory showed them. **Other parameters are not put back**
    /// unless [`job_fields_from_inventory`](RequestBuilder::job_fields_from_inventory) selects them. A plan contains
    /// no entry passwords; set these, and any [missing](PlannedRemoval::missing_on_add) parameters, with
    /// [`map_entries`](RequestBuilder::map_entries). If the store type is unknown, the alias is sent, but no
    /// parameters.
    ///
    /// A plan of several certificates is refused; use [`add_back_each`](Self::add_back_each). A plan that was made
    /// for another server is refused unless [`accept_other_server()`](RequestBuilder::accept_other_server) is called.
    /// What the plan [leaves out](RemovalPlan::omitted) was not removed and is ignored.
    ///
    /// Use the same plan to confirm that the certificates are back:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    /// # fake.put(store, "www.example.com.pfx", id);
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let located = keyfactor.certificates().locations_of(id).send().await?;
    /// let plan = stores.plan_removal(&located).await?;
    /// // … removed, and wanted back …
    /// # stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let gone = stores.confirm_removed(plan.locations()).was_listed().send().await?;
    /// assert!(gone.all_gone());
    ///
    /// stores.add_back(&plan, Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let back = stores.confirm_put_back(plan.locations()).was_gone().send().await?;
    /// assert!(back.all_back());
    /// # Ok(()) }
    /// ```
    pub fn add_back(&self, plan: &RemovalPlan, schedule: Schedule) -> RequestBuilder<AddCertificates> {
        let none = PlannedCertificate::none();
        let certificate = plan.certificates.first().unwrap_or(&none);
        let entries = plan.entries().remove(&certificate.thumbprint).unwrap_or_default();
        self.addition_of(plan, certificate, entries, schedule)
    }

    /// What puts one of a plan's certificates back.
    pub(super) fn addition_of(
        &self,
        plan: &RemovalPlan,
        certificate: &PlannedCertificate,
        entries: Vec<CertificateStoreEntry>,
        schedule: Schedule,
    ) -> RequestBuilder<AddCertificates> {
        let mut builder =
            self.add_certificates(certificate.id, entries, schedule).expecting_thumbprint(&certificate.thumbprint);
        builder.operation().on_conditions(PlanConditions {
            omitted: Vec::new(),
            other_server: plan.header.other_server(self.caller.transport().base_url()),
            certificates: Some(plan.certificates.len()),
        });
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }
}

/// A planned removal, and what can be put back afterwards. Created by
/// [`plan_removal`](CertificateStores::plan_removal) before anything is removed. It can be saved as JSON. It contains
/// no secrets of this program; the entries' parameters are visible to everybody who may read the store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{RemovalPlan, Schedule};
///
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let file = clm::serde_json::to_vec(&plan)?;
/// stores.remove(&plan, Schedule::Immediate).send().await?;
/// // Later, to put the certificates back.
/// let plan = RemovalPlan::read_from(&file[..])?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct RemovalPlan {
    /// The server for which the plan was made, when, and by which program.
    pub header: PlanHeader,
    /// The collection in which the certificates were found, and in which the server checks permissions.
    pub collection_id: Option<CollectionId>,
    /// The certificates.
    pub certificates: Vec<PlannedCertificate>,
    /// The entries to remove: one for each entry that the inventory lists under the aliases, if their parameters
    /// differ.
    pub removals: Vec<PlannedRemoval>,
    /// The parts that are left out, with reasons. They are not removed.
    pub omitted: Vec<Omitted>,
    /// The inventory schedules of the stores, if they were read with
    /// [`save_inventory_schedules`](Self::save_inventory_schedules). Empty in a new plan. Restore them with
    /// [`restore_inventory_schedules`](CertificateStores::restore_inventory_schedules).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inventory_schedules: Vec<SavedSchedule>,
}

/// A certificate of a [`RemovalPlan`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
/// for certificate in &plan.certificates {
///     println!("{certificate}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedCertificate {
    /// Command's id of the certificate.
    pub id: CertificateId,
    /// The thumbprint. Every alias must still hold it when the removal is sent.
    pub thumbprint: Thumbprint,
    /// The subject's common name, for display.
    pub issued_cn: String,
    /// Whether Command holds the private key.
    pub has_private_key: bool,
}

/// An entry of a store in a [`RemovalPlan`]. Several entries may have the same alias, one for each binding of the
/// certificate. They have the same thumbprint and different [`parameters`](Self::parameters).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
/// for entry in &plan.removals {
///     println!("{entry}; can be put back: {}", entry.put_back);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRemoval {
    /// The certificate, one of the plan's [`certificates`](RemovalPlan::certificates).
    pub thumbprint: Thumbprint,
    /// The store.
    pub store_id: CertificateStoreId,
    /// The machine of the store, for display.
    pub store_machine: Option<String>,
    /// The path of the store on its machine, for display.
    pub store_path: Option<String>,
    /// The alias.
    pub alias: String,
    /// The parameters of the entry in the inventory.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// Whether the alias has other entries of the certificate. In that case all inventory parameters of the entry are
    /// sent to its jobs, because only they identify it; if the store type is known, all parameters that it defines.
    /// **Entries that do not differ in any of these parameters are removed by one job, and put back by one job**;
    /// other differences between them are not put back.
    #[serde(default)]
    pub is_one_of_several: bool,
    /// The requirements of the store type.
    #[serde(default)]
    pub store_type: PlannedStoreType,
    /// The readiness of the store.
    #[serde(default)]
    pub readiness: StoreReadiness,
    /// Whether the entry can be put back.
    pub put_back: Restorability,
}

impl<'de> Deserialize<'de> for RemovalPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plan_file::deserialize(deserializer)
    }
}

impl RemovalPlan {
    /// Returns the locations, each with its expected thumbprint.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let confirmation = stores.confirm_removed(plan.locations()).look_once().send().await?;
    /// # assert_eq!(plan.locations().count(), 2);
    /// # Ok(()) }
    /// ```
    pub fn locations(&self) -> impl Iterator<Item = CertificateLocation> + '_ {
        self.removals.iter().map(PlannedRemoval::location)
    }

    /// Returns the entries that cannot be put back, or only after a decision. Review them before you remove
    /// anything.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in plan.cannot_be_put_back() {
    ///     println!("{}: {}", entry.alias, entry.put_back);
    /// }
    /// # assert_eq!(plan.cannot_be_put_back().count(), 0);
    /// # Ok(()) }
    /// ```
    pub fn cannot_be_put_back(&self) -> impl Iterator<Item = &PlannedRemoval> {
        self.removals
            .iter()
            .filter(|removal| matches!(removal.put_back, Restorability::Impossible | Restorability::Unclear))
    }

    /// Returns the certificate of an entry.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     println!("{}: {:?}", entry.alias, plan.certificate_of(entry).map(|it| &it.issued_cn));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_of(&self, removal: &PlannedRemoval) -> Option<&PlannedCertificate> {
        self.certificates.iter().find(|it| it.thumbprint == removal.thumbprint)
    }

    /// Returns the entry of a location of this plan, for example for the machine and the path of its store. If the alias
    /// has several entries, it is the one with the location's job fields, or the first one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let outcome = stores.remove(&plan, Schedule::Immediate).one_job_per_location().send().await?;
    /// for it in outcome.items() {
    ///     if let Some(entry) = plan.removal_at(&it.item) {
    ///         println!("{entry}: {}", it.state);
    ///     }
    /// #   assert!(plan.removal_at(&it.item).is_some());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn removal_at(&self, location: &CertificateLocation) -> Option<&PlannedRemoval> {
        let holds = |it: &&PlannedRemoval| {
            it.store_id == location.store()
                && it.alias == location.alias()
                && location.expected_thumbprint().is_none_or(|expected| *expected == it.thumbprint)
        };
        let mut entries = self.removals.iter().filter(holds);
        let first = entries.next()?;
        let exact = std::iter::once(first).chain(entries).find(|it| it.location() == *location);
        Some(exact.unwrap_or(first))
    }

    /// Keeps only the entries for which `keep` returns `true`. Certificates and schedules of stores that then have no
    /// entry are dropped. [`omitted`](Self::omitted) is unchanged, and still has to be accepted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let on_web01 = plan.only(|entry| entry.store_machine.as_deref() == Some("web01.example.com"));
    /// assert_eq!(on_web01.removals.len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn only(mut self, keep: impl FnMut(&PlannedRemoval) -> bool) -> Self {
        self.removals.retain(keep);
        let Self { certificates, removals, inventory_schedules, .. } = &mut self;
        let stores: HashSet<CertificateStoreId> = removals.iter().map(|removal| removal.store_id).collect();
        inventory_schedules.retain(|it| stores.contains(&it.store_id));
        let left: HashSet<&Thumbprint> = removals.iter().map(|removal| &removal.thumbprint).collect();
        certificates.retain(|it| left.contains(&it.thumbprint));
        self
    }

    /// What is added to put each certificate back.
    pub(super) fn entries(&self) -> HashMap<&Thumbprint, Vec<CertificateStoreEntry>> {
        let mut entries: HashMap<&Thumbprint, Vec<CertificateStoreEntry>> = HashMap::new();
        for removal in &self.removals {
            if let Some(entry) = removal.entry() {
                entries.entry(&removal.thumbprint).or_default().push(entry);
            }
        }
        entries
    }
}

impl PlannedCertificate {
    /// Of a plan that names no certificate: the check of the call refuses its number.
    pub(super) fn none() -> Self {
        let (id, thumbprint) = (CertificateId::from(0), Thumbprint::from(""));
        Self { id, thumbprint, issued_cn: String::new(), has_private_key: false }
    }
}

impl PlannedRemoval {
    /// Returns the store and alias, with the expected thumbprint and the job fields that the removal requires, if the
    /// inventory shows them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// assert_eq!(plan.removals[0].location().alias(), plan.removals[0].alias);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn location(&self) -> CertificateLocation {
        CertificateLocation::new(self.store_id, &self.alias)
            .expecting_thumbprint(&self.thumbprint)
            .in_store_at(self.store_path.as_deref())
            .shown_as(self.fields_on_remove())
    }

    fn entry(&self) -> Option<CertificateStoreEntry> {
        let entry = CertificateStoreEntry::new(self.store_id);
        let entry = match self.alias_on_add() {
            Some(alias) => entry.alias(alias),
            None => entry,
        };
        let entry = entry.shown_as(self.fields_on_add());
        match self.put_back {
            Restorability::WithPrivateKey => Some(entry.include_private_key()),
            Restorability::WithoutPrivateKey => Some(entry),
            Restorability::Impossible | Restorability::Unclear => None,
        }
    }
}
