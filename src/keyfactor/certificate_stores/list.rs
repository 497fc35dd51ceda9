//! `GET /CertificateStores`, and one store.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::CertificateStores;
use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup::{PAGE_SIZE, Paged, Read, Row, Rows};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::query::Query;
use crate::keyfactor::read::{blank_as_none, null_as_default};
use crate::keyfactor::types::{CertificateStoreId, ContainerId, JobId};
use crate::transport::Path;
use crate::validation::{Problems, ValidationError};

/// What an account needs to read certificate stores.
pub(super) const PERMISSION: &str = "The account needs the permission to read certificate stores, system-wide or for their \
                                     containers (`/certificate_stores/read/`).";

/// A certificate store as Command knows it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CertificateStore {
    /// Its GUID.
    pub id: CertificateStoreId,
    /// The machine on which it is.
    pub client_machine: Option<String>,
    /// Its path there. The server spells the member `Storepath`.
    #[serde(rename = "Storepath", alias = "StorePath")]
    pub store_path: Option<String>,
    /// The container that it is in.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub container_id: Option<ContainerId>,
    /// The number of its type.
    pub cert_store_type: Option<i32>,
    /// Whether it was approved; discovered stores are listed as well.
    pub approved: Option<bool>,
    /// The orchestrator that manages it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub agent_id: Option<Uuid>,
    /// Whether an orchestrator manages it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub agent_assigned: bool,
    /// When its inventory is read, as the server shows it: [`get`](CertificateStores::get) shows it, the list does not.
    pub inventory_schedule: Option<Value>,
    /// The job that reads its inventory; none without a schedule.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub cert_store_inventory_job_id: Option<JobId>,
    /// The properties of its type, as JSON inside a text; see [`properties`](Self::properties).
    #[serde(rename = "Properties")]
    pub properties_text: Option<String>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl CertificateStore {
    /// The properties of its type. `None` if there are none, or if they are no JSON.
    #[must_use]
    pub fn properties(&self) -> Option<Value> {
        serde_json::from_str(self.properties_text.as_deref()?).ok()
    }
}

impl CertificateStore {
    /// Whether the inventory is read again on its own. Only a store that was read by [`get`](CertificateStores::get) can
    /// tell: the list shows no schedule even where there is one.
    #[must_use]
    pub fn has_inventory_schedule(&self) -> bool {
        let scheduled = matches!(meaning(self.inventory_schedule.as_ref()), Some(Value::Object(_)));
        scheduled || self.cert_store_inventory_job_id.is_some()
    }
}

/// What a schedule says. Null, `{}` and kinds that are not set say nothing.
pub(super) fn meaning(schedule: Option<&Value>) -> Option<Value> {
    let says_nothing = |value: &Value| value.is_null() || *value == Value::Bool(false) || *value == "";
    match schedule? {
        Value::Object(kinds) => {
            let mut set = kinds.clone();
            set.retain(|name, kind| !says_nothing(kind) && !name.eq_ignore_ascii_case("IsEmpty"));
            (!set.is_empty()).then_some(Value::Object(set))
        }
        other => (!says_nothing(other)).then(|| other.clone()),
    }
}

impl Row for CertificateStore {
    type Id = CertificateStoreId;

    fn id(&self) -> CertificateStoreId {
        self.id
    }
}

/// The stores that a checked query finds.
pub(in crate::keyfactor) fn stores_where(client: &Client, query: Query) -> Rows<CertificateStore> {
    let paged = Paged {
        operation: "keyfactor.certificate_stores.list",
        path: Path::fixed("CertificateStores"),
        // The server's own order: by machine. Which fields it can be sorted by is documented nowhere.
        query: query.parameter(),
        page_size: PAGE_SIZE,
        permission_needed: PERMISSION,
    };
    paged.rows(client.clone())
}

impl CertificateStores {
    /// Lists certificate stores, those that were discovered and not yet approved among them.
    ///
    /// - **Call:** `GET /CertificateStores`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for their containers.
    /// - **Arguments:** a query; documented fields are `AgentAvailable`, `AgentId`, `Approved`, `Category`,
    ///   `CertificateId`, `ClientMachine`, `Container`, `ContainerId`, `StorePath` and others, but not `Id`.
    /// - **Order:** the server's own, by machine; by which other fields it can be sorted is documented nowhere.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores".
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written. The rows give the errors of the calls.
    pub fn list(&self, query: Query) -> Result<Rows<CertificateStore>, ValidationError> {
        let mut problems = Problems::default();
        query.check(&mut problems);
        problems.finish()?;
        Ok(stores_where(&self.client, query))
    }

    /// Reads one certificate store.
    ///
    /// - **Call:** `GET /CertificateStores/{id}`.
    /// - **Permissions:** to read certificate stores, system-wide or for its container.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error); `Api` with 404 for an unknown id.
    pub fn get<I: Into<CertificateStoreId>>(
        &self,
        id: I,
    ) -> impl Future<Output = Result<CertificateStore, Error>> + Send + use<I> {
        read_store(self.client.clone(), id.into())
    }
}

async fn read_store(client: Client, id: CertificateStoreId) -> Result<CertificateStore, Error> {
    let mut problems = Problems::default();
    let path = Path::filled("CertificateStores/{id}", &[("id", &id.to_string())], &mut problems);
    problems.finish()?;
    let read =
        Read { operation: "keyfactor.certificate_stores.get", path, query: Vec::new(), permission_needed: PERMISSION };
    let store: CertificateStore = read.send(&client).await?.value;
    if store.id != id {
        return Err(LookupError::not_asked("certificate store", store.id, id).into());
    }
    Ok(store)
}
