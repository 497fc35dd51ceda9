//! Adding the certificates of a plan back, with one call for each.

use std::collections::VecDeque;

use super::plan::{PlannedCertificate, RemovalPlan};
use super::remove_each::state_of;
use crate::keyfactor::certificate_stores::{
    AddCertificates, AddOutcome, CertificateStoreEntry, CertificateStores, JobFieldsFromInventory,
};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::Caller;
use crate::operation::{
    Batch, BatchBuilder, CallEnd, Calls, ManyOutcome, Numbered, NumberedState, OnFailure, Operation as _, PlannedCall,
    Request,
};
use crate::validation::{Problems, Reason};

impl CertificateStores {
    /// Puts the certificates of a plan back into their stores, with one call for each certificate. It is
    /// [`add_back`](Self::add_back) for a plan of any number of certificates. A certificate is skipped if none of its
    /// entries can be put back; see [`RemovalPlan::cannot_be_put_back`]. All calls are validated before the first
    /// one is sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # let ids = ["one", "two"].map(|cn| fake.issue(FakeCertificate::new(cn).private_key()));
    /// # for id in ids { fake.put(store, &fake.thumbprint(id), id); }
    /// # let thumbprints = ids.map(|id| fake.thumbprint(id));
    /// use clm::OnFailure;
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of(thumbprints).send().await?;
    /// // … removed, and wanted back …
    /// # stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let mut each = stores
    ///     .add_back_each(&plan, Schedule::Immediate)
    ///     .on_failure(OnFailure::ContinueAfterRefusal)
    ///     .start()?;
    /// while let Some(outcome) = each.next().await {
    ///     println!("{}: {}", outcome.item.issued_cn, outcome.state);
    /// }
    /// # assert_eq!(each.calls(), 2);
    /// # Ok(()) }
    /// ```
    pub fn add_back_each(&self, plan: &RemovalPlan, schedule: Schedule) -> BatchBuilder<AddBackEach> {
        let mut entries = plan.entries();
        let of_one = |certificate: &PlannedCertificate| {
            let entries = entries.remove(&certificate.thumbprint)?;
            let (_, request) = self.addition_of(plan, certificate, entries, schedule.clone()).into_parts();
            Some((certificate.clone(), request))
        };
        let additions = plan.certificates.iter().filter_map(of_one).collect();
        let (_, mut common) = self.addition_of(plan, &PlannedCertificate::none(), Vec::new(), schedule).into_parts();
        common.operation_mut().of_any_number();
        BatchBuilder::new(self.caller.clone(), AddBackEach { common, additions })
    }
}

/// A batch that adds the certificates of a plan back, one call for each; see [`CertificateStores::add_back_each`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let outcome = stores.add_back_each(&plan, Schedule::Immediate).send().await?;
/// println!("{} jobs", outcome.job_ids().count());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AddBackEach {
    common: Request<AddCertificates>,
    additions: VecDeque<(PlannedCertificate, Request<AddCertificates>)>,
}

/// The outcome for each certificate that is put back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{AddBackEachOutcome, Schedule};
///
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let outcome: AddBackEachOutcome =
///     stores.add_back_each(&plan, Schedule::Immediate).send().await?;
/// for it in outcome.items() {
///     println!("{it}");
/// }
/// # Ok(()) }
/// ```
pub type AddBackEachOutcome = ManyOutcome<PlannedCertificate, AddCertificates>;

impl BatchBuilder<AddBackEach> {
    /// Changes each entry before the calls are sent, for example to set a password; see
    /// [`map_entries`](crate::RequestBuilder::map_entries).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back_each(&plan, Schedule::Immediate);
    /// let outcome = addition.map_entries(|_, entry| entry.pfx_password("a password")).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn map_entries(
        mut self,
        mut change: impl FnMut(&PlannedCertificate, CertificateStoreEntry) -> CertificateStoreEntry,
    ) -> Self {
        for (certificate, request) in &mut self.batch().additions {
            request.operation_mut().change_entries(|entry| change(certificate, entry));
        }
        self
    }

    /// Selects which of the entries' inventory parameters are sent as job fields; see
    /// [`job_fields_from_inventory`](crate::RequestBuilder::job_fields_from_inventory).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{JobFieldsFromInventory, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back_each(&plan, Schedule::Immediate);
    /// let outcome =
    ///     addition.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn job_fields_from_inventory(mut self, choice: JobFieldsFromInventory) -> Self {
        for (_, request) in &mut self.batch().additions {
            request.operation_mut().choose(choice);
        }
        self
    }

    /// Accepts a plan that was made for another server; see
    /// [`accept_other_server`](crate::RequestBuilder::accept_other_server).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back_each(&plan, Schedule::Immediate);
    /// // The server was renamed since the plan was saved.
    /// let outcome = addition.accept_other_server().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_other_server(mut self) -> Self {
        let AddBackEach { common, additions } = self.batch();
        common.operation_mut().conditions = None;
        for (_, request) in additions {
            request.operation_mut().conditions = None;
        }
        self
    }
}

impl Batch for AddBackEach {
    type Operation = AddCertificates;
    type Item = PlannedCertificate;
    type Calls = AdditionsLeft;

    fn calls(mut self, caller: &Caller, _: OnFailure, problems: &mut Problems) -> AdditionsLeft {
        if self.additions.is_empty() {
            problems.add("plan.removals", Reason::Empty, "contains nothing that can be added back");
        }
        self.common.operation_mut().check_conditions(problems);
        for (index, (_, request)) in self.additions.iter_mut().enumerate() {
            // What is wrong with the plan as a whole was said above.
            request.operation_mut().conditions = None;
            let mut of_one = Problems::default();
            request.operation_mut().check(caller.settings(), &mut of_one);
            if let Err(of_one) = of_one.finish() {
                problems.extend_below(format_args!("certificates[{index}]"), of_one);
            }
        }
        let additions = self.additions.into_iter().enumerate();
        let additions = additions.map(|(number, (item, request))| ((number, item), request)).collect();
        AdditionsLeft { common: self.common, additions }
    }
}

/// The certificates whose calls are still to be sent.
#[derive(Debug)]
pub struct AdditionsLeft {
    common: Request<AddCertificates>,
    additions: VecDeque<(Numbered<PlannedCertificate>, Request<AddCertificates>)>,
}

impl Calls for AdditionsLeft {
    type Operation = AddCertificates;
    type Item = PlannedCertificate;

    fn common(&self) -> &Request<AddCertificates> {
        &self.common
    }

    fn count(&self) -> usize {
        self.additions.len()
    }

    fn next_call(&mut self) -> Option<PlannedCall<AddCertificates, PlannedCertificate>> {
        let (item, request) = self.additions.pop_front()?;
        Some(PlannedCall { items: vec![item], request, refused: None })
    }

    fn settle(
        &mut self,
        items: Vec<Numbered<PlannedCertificate>>,
        ended: CallEnd<AddCertificates>,
    ) -> Vec<NumberedState<PlannedCertificate, AddCertificates>> {
        let state = state_of(ended.map(|outcome| outcome.is_complete()));
        items.into_iter().map(|item| (item, state.clone())).collect()
    }

    fn repeated(&self) -> Vec<PlannedCertificate> {
        Vec::new()
    }
}

impl AddBackEachOutcome {
    /// Returns the ids of the jobs that the server created for these [`items`](Self::items). Outcomes that a stream
    /// has already returned are not included; their job ids are in their `answer`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let addition = stores.add_back_each(&plan, Schedule::Immediate);
    /// let outcome = addition.send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(outcome.job_ids());
    /// # assert_eq!(outcome.job_ids().count(), 2);
    /// # Ok(()) }
    /// ```
    pub fn job_ids(&self) -> impl Iterator<Item = JobId> + '_ {
        self.answers().flat_map(AddOutcome::job_ids).copied()
    }
}
