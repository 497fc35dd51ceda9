//! Certificate store rows.

use serde_json::Value;
use uuid::Uuid;

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::types::{CertificateStoreId, CertificateStoreTypeId, ContainerId, JobId};
use crate::rows::{RawJson, row};

/// What an account needs to read certificate stores.
pub(in crate::keyfactor) const PERMISSION: &str = "The account needs the permission to read certificate stores, system-wide or for their \
     containers (`/certificate_stores/read/`).";

/// A certificate store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// for store in keyfactor.certificate_stores().list(Query::all()).rows()?.collect().await? {
///     println!(
///         "{} on {:?}, inventory: {}",
///         store.id, store.client_machine, store.inventory_schedule
///     );
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStore {
    /// The store's GUID.
    pub id: CertificateStoreId,
    /// The machine that hosts the store.
    pub client_machine: Option<String>,
    /// The path of the store on its machine. The server spells this member `Storepath`.
    pub store_path: Option<String>,
    /// The container of the store.
    pub container_id: Option<ContainerId>,
    /// The id of the store type; see [`CertificateStoreTypes::get`](crate::keyfactor::CertificateStoreTypes::get).
    pub cert_store_type: Option<CertificateStoreTypeId>,
    /// Whether the store is approved. Discovered stores that are not yet approved are listed as well.
    pub approved: Option<bool>,
    /// The orchestrator that manages the store.
    pub agent_id: Option<Uuid>,
    /// Whether an orchestrator is assigned to the store.
    pub agent_assigned: bool,
    /// The inventory schedule. Only [`get`](crate::keyfactor::CertificateStores::get) returns it; the list does not.
    pub inventory_schedule: ServerSchedule,
    /// The job that inventories the store; `None` without a schedule.
    pub cert_store_inventory_job_id: Option<JobId>,
    /// The properties of the store type, as JSON in a string; see [`properties`](Self::properties).
    pub properties_text: Option<String>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(CertificateStore: "a certificate store", Refused {
    id: Needed "Id",
    client_machine: Plain "ClientMachine",
    store_path: Plain "Storepath",
    container_id: Plain "ContainerId",
    cert_store_type: Plain "CertStoreType",
    approved: Plain "Approved",
    agent_id: Plain "AgentId",
    agent_assigned: Plain "AgentAssigned",
    inventory_schedule: Once "InventorySchedule",
    cert_store_inventory_job_id: Once "CertStoreInventoryJobId",
    properties_text: Plain "Properties",
});

impl CertificateStore {
    /// Returns the parsed properties of the store type, or `None` if there are none or they are not valid JSON.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let store = keyfactor.certificate_stores().get(scene.stores()[0]).send().await?;
    /// if let Some(properties) = store.properties() {
    ///     println!("{properties}");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn properties(&self) -> Option<Value> {
        serde_json::from_str(self.properties_text.as_deref()?).ok()
    }
}

impl CertificateStore {
    /// Returns whether the store is inventoried on a schedule. The answer is reliable only for a store that was read
    /// with [`get`](crate::keyfactor::CertificateStores::get), because the list never includes the schedule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let store = keyfactor.certificate_stores().get(scene.stores()[0]).send().await?;
    /// assert!(store.has_inventory_schedule());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn has_inventory_schedule(&self) -> bool {
        self.inventory_schedule.is_set() || self.cert_store_inventory_job_id.is_some()
    }
}

impl Row for CertificateStore {
    type Id = CertificateStoreId;

    fn id(&self) -> CertificateStoreId {
        self.id
    }
}
