//! The part of a plan that was carried out, for an undo.

use std::collections::HashMap;

use super::RemovalPlan;
use crate::keyfactor::certificate_stores::CertificateLocation;
use crate::keyfactor::offboarding::confirmation::{Confirmation, RemovalVerdict};
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;

impl RemovalPlan {
    /// Keeps only the entries that a confirmation found [`Gone`](RemovalVerdict::Gone), to add these back. A job that
    /// adds an entry to an alias that still has one fails. Use it when a part of a removal failed, or for a plan from
    /// a file. Afterwards, [`was_gone`](crate::keyfactor::Confirm::was_gone) holds for the entries that are left.
    ///
    /// An entry that the inventory still lists is left out, even if it was removed since the last inventory: repeat
    /// the call after the next one. An alias that now holds another certificate is left out as well. The confirmation
    /// does not show who removed an entry.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::partly_failing(3).await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
    /// let report = jobs.watch(removal.job_ids()).finish().await?;
    /// assert_eq!(report.unsuccessful().count(), 3);
    ///
    /// let now = stores.confirm_removed(plan.locations()).was_listed().look_once().send().await?;
    /// let gone = plan.only_gone(&now);
    /// assert_eq!(gone.removals.len(), 7);
    /// let addition = stores.add_back_each(&gone, Schedule::Immediate).send().await?;
    /// jobs.watch(addition.job_ids()).finish().await?.require_success()?;
    /// assert!(stores.confirm_put_back(gone.locations()).was_gone().send().await?.all_back());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn only_gone(self, confirmation: &Confirmation) -> Self {
        // Several entries of an alias are several locations that are equal here. All of them have to be gone.
        let mut gone: HashMap<Key<'_>, bool> = HashMap::new();
        for it in confirmation.locations() {
            let is_gone = matches!(it.verdict, RemovalVerdict::Gone);
            gone.entry(key(&it.location)).and_modify(|so_far| *so_far &= is_gone).or_insert(is_gone);
        }
        self.only(|entry| gone.get(&(entry.store_id, &entry.alias, Some(&entry.thumbprint))) == Some(&true))
    }
}

/// What a location and an entry of a plan have in common.
type Key<'a> = (CertificateStoreId, &'a str, Option<&'a Thumbprint>);

fn key(location: &CertificateLocation) -> Key<'_> {
    (location.store(), location.alias(), location.expected_thumbprint())
}
