//! Certificate stores as Command shows them.

use serde_json::Value;
use uuid::Uuid;

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::types::{CertificateStoreId, CertificateStoreTypeId, ContainerId, JobId};
use crate::rows::{RawJson, row};

/// What an account needs to read certificate stores.
pub(in crate::keyfactor) const PERMISSION: &str = "The account needs the permission to read certificate stores, system-wide or for their \
     containers (`/certificate_stores/read/`).";

/// A certificate store as Command knows it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStore {
    /// Its GUID.
    pub id: CertificateStoreId,
    /// The machine on which it is.
    pub client_machine: Option<String>,
    /// Its path there. The server spells the member `Storepath`.
    pub store_path: Option<String>,
    /// The container that it is in.
    pub container_id: Option<ContainerId>,
    /// The number of its type; see [`CertificateStoreTypes::get`](crate::keyfactor::CertificateStoreTypes::get).
    pub cert_store_type: Option<CertificateStoreTypeId>,
    /// Whether it was approved; discovered stores are listed as well.
    pub approved: Option<bool>,
    /// The orchestrator that manages it.
    pub agent_id: Option<Uuid>,
    /// Whether an orchestrator manages it.
    pub agent_assigned: bool,
    /// When its inventory is read: [`get`](crate::keyfactor::CertificateStores::get) shows it, the list does not.
    pub inventory_schedule: ServerSchedule,
    /// The job that reads its inventory; none without a schedule.
    pub cert_store_inventory_job_id: Option<JobId>,
    /// The properties of its type, as JSON inside a text; see [`properties`](Self::properties).
    pub properties_text: Option<String>,
    /// What else the server said about it.
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
    /// The properties of its type. `None` if there are none, or if they are no JSON.
    #[must_use]
    pub fn properties(&self) -> Option<Value> {
        serde_json::from_str(self.properties_text.as_deref()?).ok()
    }
}

impl CertificateStore {
    /// Whether the inventory is read again on its own. Only a store that was read by [`get`](crate::keyfactor::CertificateStores::get) can
    /// tell: the list shows no schedule even where there is one.
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
