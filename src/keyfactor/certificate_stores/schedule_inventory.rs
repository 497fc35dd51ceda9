//! `POST /CertificateStores/Schedule`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::CertificateStores;
use super::request::{Run, StoreRequest};
use crate::keyfactor::change::Silent;
use crate::keyfactor::client::Client;
use crate::keyfactor::error::{Error, Request};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::transport::{ChangeSettings, RetryPolicy};
use crate::validation::{Problems, ValidationError};

/// Builds an inventory schedule; see [`CertificateStores::schedule_inventory`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ScheduleInventoryBuilder {
    handle: CertificateStores,
    stores: Vec<CertificateStoreId>,
    schedule: Schedule,
    meta: ChangeSettings,
}

impl ScheduleInventoryBuilder {
    pub(super) fn new(handle: CertificateStores, stores: Vec<CertificateStoreId>, schedule: Schedule) -> Self {
        Self { handle, stores, schedule, meta: ChangeSettings::default() }
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
    /// [`ValidationError`] with every problem: no store, or more than one call carries; a nil store id; a schedule out of
    /// range.
    pub fn build(self) -> Result<ScheduleInventory, ValidationError> {
        let mut problems = Problems::default();
        for (index, store) in self.stores.iter().enumerate() {
            problems.check_guid(&format!("store_ids[{index}]"), store.get(), "store");
        }
        let mut seen = HashSet::new();
        let stores: Vec<_> = self.stores.into_iter().filter(|store| seen.insert(*store)).collect();
        problems.check_count("store_ids", stores.len(), self.handle.client.max_locations_per_call(), "store");
        self.schedule.check(&mut problems);
        self.meta.check(&mut problems);
        problems.finish()?;
        Ok(ScheduleInventory { stores, schedule: self.schedule, meta: self.meta })
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<(), Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

/// A checked inventory schedule, ready to be sent by [`CertificateStores::execute`].
#[derive(Clone, PartialEq, Debug)]
pub struct ScheduleInventory {
    stores: Vec<CertificateStoreId>,
    schedule: Schedule,
    meta: ChangeSettings,
}

impl ScheduleInventory {
    /// The stores, each once.
    #[must_use]
    pub fn store_ids(&self) -> &[CertificateStoreId] {
        &self.stores
    }

    /// When they are read.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What the account needs, if the server answers 403.
    pub(in crate::keyfactor) fn permission_needed() -> &'static str {
        "The account needs the permission to schedule on certificate stores, system-wide or for the stores' containers."
    }
}

impl StoreRequest for ScheduleInventory {}

impl Run for ScheduleInventory {
    type Outcome = ();

    async fn run(self, client: Client) -> Result<(), Error> {
        let change = Silent {
            operation: "keyfactor.certificate_stores.schedule_inventory",
            path: "CertificateStores/Schedule",
            body: json!({"StoreIds": self.stores, "Schedule": self.schedule.to_json()}),
            targets: self.stores.iter().map(ToString::to_string).collect::<Value>(),
            meta: self.meta.clone(),
        };
        change.send(&client, Request::ScheduleInventory(self)).await
    }
}
