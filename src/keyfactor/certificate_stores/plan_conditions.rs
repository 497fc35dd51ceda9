//! What has to be accepted before a plan is acted on.

use crate::operation::RequestBuilder;
use crate::plan_file::OtherServer;
use crate::validation::{Problems, Reason};

use super::add::AddCertificates;
use super::remove::RemoveCertificates;

impl RequestBuilder<RemoveCertificates> {
    /// Accepts a plan that leaves certificates or places out. They are listed in
    /// [`omitted`](crate::keyfactor::RemovalPlan::omitted) and stay as they are. Without this call, such a plan is
    /// refused with an error that lists them. It has no effect on a removal that was not made from a plan.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let nobodys = "0".repeat(40);
    /// let plan = stores.plan_removal_of([scene.thumbprint(), nobodys.as_str()]).send().await?;
    /// for left_out in &plan.omitted {
    ///     println!("{left_out}");
    /// }
    /// let removal = stores.remove(&plan, Schedule::Immediate).accept_omissions().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_omissions(mut self) -> Self {
        if let Some(conditions) = &mut self.operation().conditions {
            conditions.omitted.clear();
        }
        self
    }

    /// Accepts a plan that was made for another server, for example because the server was renamed or copied. Without
    /// this call, such a plan is refused. It has no effect on a removal that was not made from a plan.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// // The server was renamed since the plan was saved.
    /// stores.remove(&plan, Schedule::Immediate).accept_other_server().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_other_server(mut self) -> Self {
        if let Some(conditions) = &mut self.operation().conditions {
            conditions.other_server = None;
        }
        self
    }
}

impl RequestBuilder<AddCertificates> {
    /// Accepts a plan that was made for another server, for example because the server was renamed or copied. Without
    /// this call, such a plan is refused. It has no effect on an addition that was not made from a plan.
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
    /// // The server was renamed since the plan was saved.
    /// stores.add_back(&plan, Schedule::Immediate).accept_other_server().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_other_server(mut self) -> Self {
        if let Some(conditions) = &mut self.operation().conditions {
            conditions.other_server = None;
        }
        self
    }
}

/// What a request that was made of a plan is refused for, unless it is accepted.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::keyfactor) struct PlanConditions {
    /// What the plan leaves out, each with its reason.
    pub(in crate::keyfactor) omitted: Vec<String>,
    pub(in crate::keyfactor) other_server: Option<OtherServer>,
    /// How many certificates it has, where one call takes one.
    pub(in crate::keyfactor) certificates: Option<usize>,
}

impl PlanConditions {
    pub(super) fn check(&self, problems: &mut Problems) {
        let Self { omitted, other_server, certificates } = self;
        if let Some(other) = other_server {
            other.add_to(problems);
        }
        for (index, omitted) in omitted.iter().enumerate() {
            let sentence = format!("omitted from the plan: {omitted}; call `accept_omissions()` to act on the rest");
            problems.add(format_args!("plan.omitted[{index}]"), Reason::NeedsConsent, sentence);
        }
        match certificates {
            None | Some(1) => {}
            Some(0) => problems.add("plan.certificates", Reason::Empty, "must contain a certificate"),
            Some(actual) => problems.add(
                "plan.certificates",
                Reason::TooMany { limit: 1, actual: *actual },
                format!(
                    "must contain exactly one certificate, has {actual}; use `add_back_each` to send one call for \
                         each"
                ),
            ),
        }
    }
}
