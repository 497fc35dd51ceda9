//! `POST /CertificateStores/Schedule`.

use std::collections::HashSet;

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::handle::CertificateStores;
use crate::keyfactor::answer::no_content;
use crate::keyfactor::schedule::{Schedule, WireSchedule};
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, Receipt, RequestBuilder, Taken};
use crate::transport::{Exchange, Path};
use crate::validation::Problems;

impl CertificateStores {
    /// Schedules inventories of certificate stores, either immediately or on a schedule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// stores.schedule_inventory(scene.stores().iter().copied(), Schedule::Immediate).send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /CertificateStores/Schedule`, which returns 204.
    /// - **Permissions:** to schedule on certificate stores, system-wide or for the stores' containers (assumed).
    /// - **Arguments:** at least one store id and at most the client's
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call). Duplicate ids are
    ///   ignored. A nil id or a schedule out of range is refused.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **An immediate inventory very likely replaces a recurring schedule**, which is then lost. This is
    ///   undocumented by the vendor for stores, but documented for containers, and the vendor's own code does it.
    ///   Read the schedules first, with [`inventory_schedules`](Self::inventory_schedules), and restore them
    ///   afterwards, with [`restore_inventory_schedules`](Self::restore_inventory_schedules).
    /// - **`Schedule::Off`:** its JSON form is assumed. A 400 may mean that the server expects another form; the
    ///   error's [`remediation`](crate::keyfactor::Error::remediation) says so. In that case turn the schedule off in
    ///   the portal, or set another schedule.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Schedule".
    pub fn schedule_inventory(
        &self,
        store_ids: impl IntoIterator<Item: Into<CertificateStoreId>>,
        schedule: Schedule,
    ) -> RequestBuilder<ScheduleInventory> {
        let stores = store_ids.into_iter().map(Into::into).collect();
        self.caller.request(ScheduleInventory { stores, schedule })
    }
}

/// A request to schedule inventories; see [`CertificateStores::schedule_inventory`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::{Schedule, ScheduleInventory};
///
/// let stores = keyfactor.certificate_stores();
/// let inventory = stores.schedule_inventory([scene.stores()[0]], Schedule::Immediate);
/// let request: Request<ScheduleInventory> = inventory.build()?;
/// println!("{:?}: {}", request.store_ids(), request.schedule());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct ScheduleInventory {
    stores: Vec<CertificateStoreId>,
    schedule: Schedule,
}

impl ScheduleInventory {
    /// Returns the stores, without duplicates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let request =
    ///     stores.schedule_inventory(scene.stores().iter().copied(), Schedule::Immediate).build()?;
    /// assert_eq!(request.store_ids(), scene.stores());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn store_ids(&self) -> &[CertificateStoreId] {
        &self.stores
    }

    /// Returns the schedule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let request =
    ///     stores.schedule_inventory(scene.stores().iter().copied(), Schedule::Immediate).build()?;
    /// assert_eq!(request.schedule(), &Schedule::Immediate);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }
}

impl Operation for ScheduleInventory {
    type Vendor = Keyfactor;
    type Outcome = Receipt;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(
            "keyfactor.certificate_stores.schedule_inventory",
            Method::POST,
            Path::fixed("CertificateStores/Schedule"),
        )
    }

    fn check(&mut self, limits: &CallLimits, problems: &mut Problems) {
        for (index, store) in self.stores.iter().enumerate() {
            problems.check_guid(format_args!("store_ids[{index}]"), store.get(), "store");
        }
        let mut seen = HashSet::new();
        self.stores.retain(|store| seen.insert(*store));
        problems.check_count("store_ids", self.stores.len(), limits.max_locations_per_call, "store");
        self.schedule.check(problems);
    }

    fn body(&self) -> Option<impl Serialize> {
        Some(WireInventorySchedule { schedule: self.schedule.wire(), store_ids: &self.stores })
    }

    fn audit_targets(&self) -> Value {
        self.stores.iter().map(ToString::to_string).collect()
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(
            "The account needs the permission to schedule on certificate stores, system-wide or for the stores' containers.",
        )
    }

    fn remedy_of(&self, status: StatusCode) -> Option<&'static str> {
        (status == StatusCode::BAD_REQUEST && self.schedule == Schedule::Off).then_some(
            "The vendor documents no JSON format for `Off`; this crate assumes `{\"Off\":true}`, which this server may \
             not accept. Turn the inventory schedule off in Command's portal, or set another schedule.",
        )
    }

    fn how_to_find_out(&self) -> &'static str {
        "Read the stores again: GET /CertificateStores/{id} shows the inventory schedule. Requesting an inventory \
         twice is harmless, unless it replaces a schedule."
    }

    fn read(&self, exchange: &Exchange) -> Result<Receipt, ReadError> {
        no_content(exchange)
    }
}

/// The vendor's `ScheduleRequest`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireInventorySchedule<'a> {
    schedule: WireSchedule,
    store_ids: &'a [CertificateStoreId],
}

impl Change for ScheduleInventory {
    const ITEM: &'static str = "store";

    /// The inventories are scheduled.
    fn taken(&self, _: &Receipt) -> Taken {
        Taken::Accepted
    }
}
