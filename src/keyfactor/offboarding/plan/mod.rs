//! A removal as a plan: what goes, what can be put back, and what is left out.

mod document;
mod make;
mod omitted;
mod plan_many;
mod restorability;
mod schedules;
mod store_type;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use self::make::Planning;
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
    /// Makes a plan of a removal before anything is removed: what goes, and what of it can be put back. Every alias is
    /// compared with the certificate.
    ///
    /// A place that cannot be planned does not stop the others: it is in [`RemovalPlan::omitted`], with the reason. That an
    /// alias holds another certificate or is not listed any more, that a store's inventory cannot be read, and that the server
    /// does not say what a place holds are such reasons. A place where the certificate only stands in another one's chain is none
    /// of its places, and no omission.
    ///
    /// The plan knows what the types of the stores ask for: which job fields the removal is given
    /// ([`job_fields_on_remove`](PlannedRemoval::job_fields_on_remove)), which of them are missing, and whether the alias is given
    /// on the way back. A type that cannot be read stops no plan; see [`PlannedStoreType::Unknown`].
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
    /// - **Calls:** `GET /CertificateStores/{id}/Inventory` for each store, and `GET /CertificateStoreTypes/{id}` for each type,
    ///   once for a client.
    /// - **Permissions:** to read certificate stores; for the types, to read types of stores, which is not needed for a plan.
    /// - **Undocumented by the vendor:** whether an entry that says nothing about a private key has one; see [`Restorability`].
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error) that every further call would meet, such as no connection, 401 and
    /// 429. If no place is left, the error of the first one: `Lookup` if its alias does not hold the certificate, or its
    /// inventory does not end within the client's limits of look-ups; `Api` if the account may not read the store.
    pub fn plan_removal(
        &self,
        located: &LocatedCertificate,
    ) -> impl Future<Output = Result<RemovalPlan, Error>> + Send + use<> {
        let mut planning = Planning::new(self.caller.clone(), located.collection_id());
        planning.add(located.clone());
        planning.plan()
    }

    /// Carries out a plan: [`remove_certificates`](Self::remove_certificates) of its locations, each with the thumbprint
    /// that is expected there, in the plan's collection. Jobs are given as job fields what the types of their stores ask for and
    /// the inventory shows; [`job_fields_from_inventory`](RequestBuilder::job_fields_from_inventory) and
    /// [`map_locations`](RequestBuilder::map_locations) change that. Call, permissions and errors are those of that call, and to read
    /// certificate stores is needed as well.
    ///
    /// A plan that leaves something out is refused, unless
    /// [`accept_omissions()`](RequestBuilder::accept_omissions) is said; so is one that was made for another server, unless
    /// [`accept_other_server()`](RequestBuilder::accept_other_server) is said. A plan of more places than one call carries
    /// can be carried out with [`one_job_per_location()`](RequestBuilder::one_job_per_location).
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

    /// Puts back what a plan of one certificate can put back: [`add_certificates`](Self::add_certificates) under the old
    /// aliases, without overwriting. What it cannot put back is in [`RemovalPlan::cannot_be_put_back`]. The certificate that
    /// Command has under the plan's id is read first, and must have the plan's thumbprint: a plan is a file, and may be old.
    /// Call, permissions and errors are those of `add_certificates`.
    ///
    /// An alias is left out where the type of the store forbids it: the store chooses one. The parameters of an entry that the
    /// type asks for are given as job fields, as far as the inventory showed them; **others are not put back**, unless
    /// [`job_fields_from_inventory`](RequestBuilder::job_fields_from_inventory) says so. Passwords of entries are not in the plan;
    /// give them, and what [is missing](PlannedRemoval::missing_on_add), with [`map_entries`](RequestBuilder::map_entries). Where
    /// the plan does not know the type, the alias is given and no parameter is.
    ///
    /// A plan of several certificates is refused: see [`add_back_each`](Self::add_back_each). So is one that was made for
    /// another server, unless [`accept_other_server()`](RequestBuilder::accept_other_server) is said. What a plan
    /// [leaves out](RemovalPlan::omitted) was not removed, and does not matter.
    ///
    /// Whether they are back is asked with the same plan:
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

/// What is to be removed, and what of it can be put back. Made before the act by
/// [`plan_removal`](CertificateStores::plan_removal); it can be kept as JSON. It holds no secret of this program; the
/// parameters of the entries are those that the server shows to everybody who may read the store.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct RemovalPlan {
    /// For which server it was made, when, and by what.
    pub header: PlanHeader,
    /// The collection in which the certificates were found, and in which the server is to check permissions.
    pub collection_id: Option<CollectionId>,
    /// The certificates.
    pub certificates: Vec<PlannedCertificate>,
    /// The entries: one for each that the inventory lists under the aliases, of those that differ in their parameters.
    pub removals: Vec<PlannedRemoval>,
    /// What is left out, and why. Nothing of it is removed.
    pub omitted: Vec<Omitted>,
    /// The inventory schedules of its stores, where [`save_inventory_schedules`](Self::save_inventory_schedules) has read them:
    /// none of a new plan. Put them back with
    /// [`restore_inventory_schedules`](CertificateStores::restore_inventory_schedules).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inventory_schedules: Vec<SavedSchedule>,
}

/// A certificate of a [`RemovalPlan`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedCertificate {
    /// Command's number for it.
    pub id: CertificateId,
    /// Its thumbprint. Every alias must still hold it when the removal is sent.
    pub thumbprint: Thumbprint,
    /// The subject's common name, for people.
    pub issued_cn: String,
    /// Whether Command holds the private key.
    pub has_private_key: bool,
}

/// One entry of a store in a [`RemovalPlan`]. Several may have one alias: one for each binding of the certificate, with
/// the same thumbprint and other [`parameters`](Self::parameters).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRemoval {
    /// The certificate, one of the plan's [`certificates`](RemovalPlan::certificates).
    pub thumbprint: Thumbprint,
    /// The store.
    pub store_id: CertificateStoreId,
    /// The machine of the store, for people.
    pub store_machine: Option<String>,
    /// The store's path there, for people.
    pub store_path: Option<String>,
    /// The alias.
    pub alias: String,
    /// The entry's parameters as the inventory shows them.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// Whether the alias has other entries of the certificate. All that is shown of such an entry is then given to its jobs, since
    /// that alone tells it from the others; of a type that is known, all parameters that it has. **Entries that differ in none of
    /// these are removed by one job, and put back by one**: what else the inventory shows of them is not put back.
    #[serde(default)]
    pub is_one_of_several: bool,
    /// What the type of the store asks for.
    #[serde(default)]
    pub store_type: PlannedStoreType,
    /// What is known about the store.
    #[serde(default)]
    pub readiness: StoreReadiness,
    /// Whether it can be put back.
    pub put_back: Restorability,
}

impl<'de> Deserialize<'de> for RemovalPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plan_file::deserialize(deserializer)
    }
}

impl RemovalPlan {
    /// The places, each with the thumbprint that is expected there.
    pub fn locations(&self) -> impl Iterator<Item = CertificateLocation> + '_ {
        self.removals.iter().map(PlannedRemoval::location)
    }

    /// The places that cannot be put back, or of which it is unclear how: look at them before you remove anything.
    pub fn cannot_be_put_back(&self) -> impl Iterator<Item = &PlannedRemoval> {
        self.removals
            .iter()
            .filter(|removal| matches!(removal.put_back, Restorability::Impossible | Restorability::Unclear))
    }

    /// The certificate of one of the plan's places.
    #[must_use]
    pub fn certificate_of(&self, removal: &PlannedRemoval) -> Option<&PlannedCertificate> {
        self.certificates.iter().find(|it| it.thumbprint == removal.thumbprint)
    }

    /// The plan for some of its places alone: those that `keep` picks. Certificates without a place, and schedules of stores
    /// without one, are not in it; what the plan leaves out stays named, and has to be accepted.
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
    /// Store and alias, with the thumbprint that is expected there, and with the job fields that the removal needs, as far as the
    /// inventory shows them.
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
