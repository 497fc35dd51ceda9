//! The inventory schedules of a plan's stores.

use std::collections::BTreeSet;

use super::RemovalPlan;
use crate::keyfactor::certificate_stores::CertificateStores;
use crate::keyfactor::offboarding::saved_schedules::is_at_risk;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::Error;

impl RemovalPlan {
    /// Reads the inventory schedules of the plan's stores into [`inventory_schedules`](Self::inventory_schedules).
    /// Call it before [`trigger_inventory`](crate::keyfactor::Confirm::trigger_inventory), which very likely replaces
    /// them. **Then write the plan to its file before the trigger**, so that the schedules can be restored even if
    /// the program ends in between.
    ///
    /// Schedules that the plan already has are kept, so that a second run does not save what a trigger has left
    /// behind. A store is read again if the plan has no schedule for it, or one that cannot be lost.
    ///
    /// - **Call:** `GET /CertificateStores/{id}` for each store.
    /// - **Permissions:** to read certificate stores.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (id, store) = (fake.issue(FakeCertificate::new("www.example.com").private_key()), fake.add_store());
    /// # fake.put(store, "www.example.com.pfx", id);
    /// # fake.set_store(store, |it| it.inventory_schedule(clm::serde_json::json!({"Interval": {"Minutes": 60}})));
    /// # let (stores, thumbprint) = (fake.client().certificate_stores(), fake.thumbprint(id));
    /// use clm::keyfactor::{RemovalPlan, Schedule, ScheduleAfter};
    ///
    /// let mut plan = stores.plan_removal_of([thumbprint]).send().await?;
    /// plan.save_inventory_schedules(&stores).await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    ///
    /// // It ends after a trigger, and is begun again.
    /// stores.schedule_inventory([store], Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let plan = RemovalPlan::from_json(&file)?;
    /// let restored = stores.restore_inventory_schedules(&plan.inventory_schedules).send().await?;
    /// assert!(matches!(restored[0].now, ScheduleAfter::Restored));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`get`](CertificateStores::get) for the first store that cannot be read. The plan is then unchanged.
    pub async fn save_inventory_schedules(&mut self, stores: &CertificateStores) -> Result<(), Error> {
        let kept = self.inventory_schedules.iter().filter(|it| is_at_risk(&it.schedule)).map(|it| it.store_id);
        let kept: BTreeSet<CertificateStoreId> = kept.collect();
        let unread = self.removals.iter().map(|it| it.store_id).filter(|it| !kept.contains(it));
        let read = stores.inventory_schedules(unread).await?;
        self.inventory_schedules.retain(|it| kept.contains(&it.store_id));
        self.inventory_schedules.extend(read);
        Ok(())
    }
}
