//! Each input of a change beside the jobs that it led to.

use std::collections::HashMap;
use std::fmt;

use super::plan::PlannedCertificate;
use super::report::{FinishedJob, JobsReport, OpenJob, OpenJobPlace};
use crate::keyfactor::certificate_stores::{CertificateLocation, CertificateStoreEntry, JobsOutcome, Target};
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::Keyfactor;
use crate::operation::{Change, ItemOutcome, ItemState, ManyOutcome};

impl JobsReport {
    /// What the report says of a job; `None` if it was not followed.
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
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum FollowedJob<'a> {
    /// It is over.
    Finished(&'a FinishedJob),
    /// It was not over when the watch ended.
    Open(&'a OpenJob),
}

impl FollowedJob<'_> {
    /// The job.
    #[must_use]
    pub fn job_id(&self) -> JobId {
        match self {
            Self::Finished(job) => job.job_id,
            Self::Open(job) => job.job_id,
        }
    }

    /// Whether it is over and did what it was to do, perhaps with a warning.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Finished(job) if job.succeeded())
    }
}

/// On one line, as [`FinishedJob`] is.
impl fmt::Display for FollowedJob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished(job) => job.fmt(f),
            Self::Open(OpenJob { job_id, place, .. }) => {
                let place = match place {
                    OpenJobPlace::Scheduled => "not over: it waits for its orchestrator",
                    OpenJobPlace::Begun => "not over: it has begun",
                    OpenJobPlace::Unknown => "not over: where it is is not known",
                };
                write!(f, "job {job_id}: {place}")
            }
        }
    }
}

/// An input of a removal or an addition beside the jobs of its call, as [`with`](JobsOutcome::with) gives it. `Display` says it on
/// one line.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ItemProgress<'a, T> {
    /// The input.
    pub item: &'a T,
    /// How far it is.
    pub progress: Progress<'a>,
}

/// How far an input of a removal or an addition is.
///
/// A call that named several inputs is answered with several jobs, and **which job is whose is undocumented by the vendor**: the
/// order of the answer is never taken for that of the inputs. Where all jobs of the call are equally far, that holds for each
/// input; else it is [`OneOf`](Self::OneOf). With one call for each input
/// ([`one_job_per_location`](crate::RequestBuilder::one_job_per_location)) there is no such doubt.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Its job is over and succeeded, perhaps with a warning. The jobs are those of its call.
    Succeeded(Vec<FollowedJob<'a>>),
    /// Its job is over and did not succeed. The jobs are those of its call.
    Failed(Vec<FollowedJob<'a>>),
    /// Its job was not over when the watch ended. The jobs are those of its call.
    Open(Vec<FollowedJob<'a>>),
    /// Its job is one of these, which are differently far, or more or fewer than the inputs of the call. Of a planned
    /// certificate, which may have several jobs, they are all its own.
    OneOf(Vec<FollowedJob<'a>>),
    /// The server took the call, and the report says nothing of these jobs, one of which may be its own. If there are none, the
    /// server named no job.
    NotFollowed(Vec<JobId>),
    /// The call was not taken, or may have been: the state says how it ended.
    NotTaken(&'a ItemState<Keyfactor>),
}

impl Progress<'_> {
    /// Whether the job of the input succeeded, for sure.
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
    /// Each input beside what a report says of the jobs of this call, in the order in which they were given. See [`Progress`] for
    /// what can be said where the call had several.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (one, two, keyfactor) = (fake.add_store(), fake.add_store(), fake.client());
    /// # fake.add_certificate(one, "www.example.com.pfx");
    /// # fake.add_certificate(two, "www.example.com.pfx");
    /// # use clm::keyfactor::{CertificateLocation, Schedule};
    /// # let locations = [one, two].map(|store| CertificateLocation::new(store, "www.example.com.pfx"));
    /// let removal = keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate).send().await?;
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
    /// Each input beside what a report says of its jobs, in the order in which they were given. Those that a stream handed out
    /// before are not among them; see [`ItemOutcome::with`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (one, two, keyfactor) = (fake.add_store(), fake.add_store(), fake.client());
    /// # fake.add_certificate(one, "www.example.com.pfx");
    /// # use clm::keyfactor::{CertificateLocation, Schedule};
    /// # let locations = [one, two].map(|store| CertificateLocation::new(store, "www.example.com.pfx"));
    /// let removal = keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate);
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
    /// This input beside what a report says of its jobs.
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
                f.write_str("one or several of these jobs, which cannot be told apart: ")?;
                write_jobs(f, jobs)
            }
            Self::NotFollowed(jobs) if jobs.is_empty() => f.write_str("the server took it and named no job"),
            Self::NotFollowed(jobs) => {
                f.write_str("the report does not follow ")?;
                let shown: Vec<String> = jobs.iter().take(SHOWN).map(|job| format!("job {job}")).collect();
                f.write_str(&shown.join(", "))?;
                write_more(f, jobs.len())
            }
            Self::NotTaken(ItemState::Unknown(error)) => write!(f, "it may have been taken: {error}"),
            Self::NotTaken(ItemState::NotSent(error)) => write!(f, "it was not sent: {error}"),
            Self::NotTaken(state) => match state.error() {
                Some(error) => write!(f, "it was refused: {error}"),
                None => f.write_str("the server took it and named no job"),
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

impl fmt::Display for ItemProgress<'_, CertificateLocation> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in store {}: {}", self.item.alias(), self.item.store(), self.progress)
    }
}

impl fmt::Display for ItemProgress<'_, PlannedCertificate> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}: {}", self.item.issued_cn, self.item.thumbprint, self.progress)
    }
}

impl fmt::Display for ItemProgress<'_, CertificateStoreEntry> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item.alias_asked_for() {
            Some(alias) => write!(f, "{alias:?} in store {}: {}", self.item.store(), self.progress),
            None => write!(f, "store {}: {}", self.item.store(), self.progress),
        }
    }
}
