//! The inputs of a change, matched with their jobs.

use std::collections::HashMap;
use std::fmt;

use super::report::{FinishedJob, JobsReport, OpenJob};
use crate::keyfactor::certificate_stores::{JobsOutcome, Target};
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::Keyfactor;
use crate::operation::{Change, ItemOutcome, ItemState, ManyOutcome};

impl JobsReport {
    /// Returns the entry of a job in the report, or `None` if the job was not followed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # fake.add_certificate(store, "www.example.com.pfx");
    /// # use clm::keyfactor::{CertificateLocation, Schedule};
    /// # let location = CertificateLocation::new(store, "www.example.com.pfx");
    /// # let removal = keyfactor.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for job in removal.job_ids() {
    ///     match report.of(job) {
    ///         Some(followed) => println!("{followed}"),
    ///         None => println!("job {job}: not followed"),
    ///     }
    /// }
    /// # assert!(report.of(removal.job_ids()[0]).unwrap().succeeded());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, job: impl Into<JobId>) -> Option<FollowedJob<'_>> {
        let job = job.into();
        let finished = self.finished().iter().find(|it| it.job_id == job).map(FollowedJob::Finished);
        finished.or_else(|| self.still_open().iter().find(|it| it.job_id == job).map(FollowedJob::Open))
    }

    fn by_id(&self) -> HashMap<JobId, FollowedJob<'_>> {
        let finished = self.finished().iter().map(|job| (job.job_id, FollowedJob::Finished(job)));
        finished.chain(self.still_open().iter().map(|job| (job.job_id, FollowedJob::Open(job)))).collect()
    }
}

/// A job of a [`JobsReport`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{FollowedJob, Schedule};
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
/// match report.of(removal.job_ids()[0]) {
///     Some(FollowedJob::Finished(job)) => println!("{}", job.result),
///     Some(FollowedJob::Open(job)) => println!("{}", job.place),
///     _ => println!("not followed"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum FollowedJob<'a> {
    /// The job has finished.
    Finished(&'a FinishedJob),
    /// The job had not finished when the watch ended.
    Open(&'a OpenJob),
}

impl FollowedJob<'_> {
    /// Returns the id of the job.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// let job = removal.job_ids()[0];
    /// assert_eq!(report.of(job).map(|followed| followed.job_id()), Some(job));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_id(&self) -> JobId {
        match self {
            Self::Finished(job) => job.job_id,
            Self::Open(job) => job.job_id,
        }
    }

    /// Returns whether the job has finished and succeeded, possibly with a warning.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// let succeeded = |job| report.of(job).is_some_and(|followed| followed.succeeded());
    /// assert!(removal.job_ids().iter().all(|job| succeeded(*job)));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Finished(job) if job.succeeded())
    }
}

/// One line, as for [`FinishedJob`].
impl fmt::Display for FollowedJob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished(job) => job.fmt(f),
            Self::Open(job) => job.fmt(f),
        }
    }
}

/// An input of a removal or an addition, with the progress of its job. Returned by [`with`](JobsOutcome::with).
/// `Display` writes one line.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
/// for it in removal.with(&report) {
///     println!("{it}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ItemProgress<'a, T> {
    /// The input.
    pub item: &'a T,
    /// The progress of the input.
    pub progress: Progress<'a>,
}

/// The progress of an input of a removal or an addition.
///
/// A call with several inputs returns several jobs, and **which job belongs to which input is undocumented by the
/// vendor**. This crate never assumes that they have the same order. If all jobs of the call have the same state, it
/// applies to each input; otherwise the progress is [`OneOf`](Self::OneOf). With one call for each input
/// ([`one_job_per_location`](crate::RequestBuilder::one_job_per_location)) the jobs are unambiguous.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Progress, Schedule};
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
/// for it in removal.with(&report) {
///     match &it.progress {
///         Progress::Succeeded(_) => println!("{}: removed", it.item),
///         other => println!("{}: {other}", it.item),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The job has finished and succeeded, possibly with a warning. Contains the jobs of the call.
    Succeeded(Vec<FollowedJob<'a>>),
    /// The job has finished and did not succeed. Contains the jobs of the call.
    Failed(Vec<FollowedJob<'a>>),
    /// The job had not finished when the watch ended. Contains the jobs of the call.
    Open(Vec<FollowedJob<'a>>),
    /// The job is one of these. Their states differ, or their number differs from the number of inputs. A planned
    /// certificate may have several jobs; then all of these belong to it.
    OneOf(Vec<FollowedJob<'a>>),
    /// The server accepted the call, but the report does not include these jobs, one of which may belong to the
    /// input. The list is empty if the server returned no job.
    NotFollowed(Vec<JobId>),
    /// The call was not accepted, or its outcome is unknown; see the state.
    NotTaken(&'a ItemState<Keyfactor>),
}

impl Progress<'_> {
    /// Returns whether the job of the input is known to have succeeded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// assert!(removal.with(&report).iter().all(|it| it.progress.succeeded()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Succeeded(_))
    }
}

/// How far one job is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Succeeded,
    Failed,
    Open,
}

impl Stage {
    fn of(job: FollowedJob<'_>) -> Self {
        match job {
            FollowedJob::Finished(job) if job.succeeded() => Self::Succeeded,
            FollowedJob::Finished(_) => Self::Failed,
            FollowedJob::Open(_) => Self::Open,
        }
    }
}

/// How far each input of a call is that the server took.
fn progress_of<'a, T: Target>(
    outcome: &JobsOutcome<T>,
    said_of: impl Fn(JobId) -> Option<FollowedJob<'a>>,
) -> Progress<'a> {
    let (mut jobs, mut not_followed) = (Vec::new(), Vec::new());
    for id in outcome.job_ids() {
        match said_of(*id) {
            Some(job) => jobs.push(job),
            None => not_followed.push(*id),
        }
    }
    if !not_followed.is_empty() || jobs.is_empty() {
        return Progress::NotFollowed(not_followed);
    }
    let mut stages = jobs.iter().map(|job| Stage::of(*job));
    let first = stages.next();
    match first.filter(|first| outcome.is_complete() && stages.all(|stage| stage == *first)) {
        Some(Stage::Succeeded) => Progress::Succeeded(jobs),
        Some(Stage::Failed) => Progress::Failed(jobs),
        Some(Stage::Open) => Progress::Open(jobs),
        None => Progress::OneOf(jobs),
    }
}

impl<T: Target> JobsOutcome<T> {
    /// Matches each input with the jobs of this call in a report, in the order in which the inputs were given. See
    /// [`Progress`] for calls with several inputs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (one, two, keyfactor) = (fake.add_store(), fake.add_store(), fake.client());
    /// # fake.add_certificate(one, "www.example.com.pfx");
    /// # fake.add_certificate(two, "www.example.com.pfx");
    /// # use clm::keyfactor::{CertificateLocation, Schedule};
    /// # let locations = [one, two].map(|store| CertificateLocation::new(store, "www.example.com.pfx"));
    /// let removal = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates(locations, Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// # fake.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for line in removal.with(&report) {
    ///     println!("{line}");
    /// }
    /// # assert!(removal.with(&report).iter().all(|it| it.progress.succeeded()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with<'a>(&'a self, report: &'a JobsReport) -> Vec<ItemProgress<'a, T>> {
        let report = report.by_id();
        let progress = progress_of(self, |job| report.get(&job).copied());
        self.inputs().iter().map(|item| ItemProgress { item, progress: progress.clone() }).collect()
    }
}

impl<I, T: Target, O: Change<Vendor = Keyfactor, Outcome = JobsOutcome<T>>> ManyOutcome<I, O> {
    /// Matches each input with its jobs in a report, in the order in which the inputs were given. Inputs that a
    /// stream has already returned are not included; see [`ItemOutcome::with`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (one, two, keyfactor) = (fake.add_store(), fake.add_store(), fake.client());
    /// # fake.add_certificate(one, "www.example.com.pfx");
    /// # use clm::keyfactor::{CertificateLocation, Schedule};
    /// # let locations = [one, two].map(|store| CertificateLocation::new(store, "www.example.com.pfx"));
    /// let removal =
    ///     keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate);
    /// let removals = removal.one_job_per_location().send().await?;
    /// # fake.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removals.job_ids()).finish().await?;
    /// for line in removals.with(&report) {
    ///     println!("{line}");
    /// }
    /// # let done: Vec<bool> = removals.with(&report).iter().map(|it| it.progress.succeeded()).collect();
    /// # assert_eq!(done, [true, false], "the second store has no such alias");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with<'a>(&'a self, report: &'a JobsReport) -> Vec<ItemProgress<'a, I>> {
        let report = report.by_id();
        let said_of = |job: JobId| report.get(&job).copied();
        let of =
            |outcome: &'a ItemOutcome<I, O>| ItemProgress { item: &outcome.item, progress: of_item(outcome, said_of) };
        self.items().iter().map(of).collect()
    }
}

impl<I, T: Target, O: Change<Vendor = Keyfactor, Outcome = JobsOutcome<T>>> ItemOutcome<I, O> {
    /// Matches this input with its jobs in a report.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// let outcome = removal.one_job_per_location().send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(outcome.job_ids()).finish().await?;
    /// for item in outcome.items() {
    ///     println!("{}", item.with(&report));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with<'a>(&'a self, report: &'a JobsReport) -> ItemProgress<'a, I> {
        ItemProgress { item: &self.item, progress: of_item(self, |job| report.of(job)) }
    }
}

fn of_item<'a, I, T: Target, O: Change<Vendor = Keyfactor, Outcome = JobsOutcome<T>>>(
    outcome: &'a ItemOutcome<I, O>,
    said_of: impl Fn(JobId) -> Option<FollowedJob<'a>>,
) -> Progress<'a> {
    match &outcome.answer {
        Some(answer) => progress_of(answer, said_of),
        None => Progress::NotTaken(&outcome.state),
    }
}

impl fmt::Display for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded(jobs) | Self::Failed(jobs) | Self::Open(jobs) => write_jobs(f, jobs),
            Self::OneOf(jobs) => {
                f.write_str("one or more of these jobs (it is unknown which): ")?;
                write_jobs(f, jobs)
            }
            Self::NotFollowed(jobs) if jobs.is_empty() => f.write_str("accepted by the server without a job id"),
            Self::NotFollowed(jobs) => {
                f.write_str("not followed by this report: ")?;
                let shown: Vec<String> = jobs.iter().take(SHOWN).map(|job| format!("job {job}")).collect();
                f.write_str(&shown.join(", "))?;
                write_more(f, jobs.len())
            }
            Self::NotTaken(ItemState::Unknown(error)) => write!(f, "may have been accepted: {error}"),
            Self::NotTaken(ItemState::NotSent(error)) => write!(f, "not sent: {error}"),
            Self::NotTaken(state) => match state.error() {
                Some(error) => write!(f, "refused: {error}"),
                None => f.write_str("accepted by the server without a job id"),
            },
        }
    }
}

/// How many jobs a line shows.
const SHOWN: usize = 5;

fn write_jobs(f: &mut fmt::Formatter<'_>, jobs: &[FollowedJob<'_>]) -> fmt::Result {
    let shown: Vec<String> = jobs.iter().take(SHOWN).map(FollowedJob::to_string).collect();
    f.write_str(&shown.join("; "))?;
    write_more(f, jobs.len())
}

fn write_more(f: &mut fmt::Formatter<'_>, jobs: usize) -> fmt::Result {
    match jobs.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

impl<T: fmt::Display> fmt::Display for ItemProgress<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.progress)
    }
}
