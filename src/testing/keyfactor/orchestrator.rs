//! How orchestrators behave.

use std::time::Duration;

/// Each retry is a row of the job history, and one call of `run_jobs` makes them all.
pub(super) const MOST_RETRIES: u32 = 10_000;

/// Sets how an orchestrator runs the jobs of its stores; see [`FakeKeyfactor::orchestrator`](super::FakeKeyfactor::orchestrator).
///
/// It sets when a job starts and how it ends. By default a job starts only when the test calls
/// [`run_jobs`](super::FakeKeyfactor::run_jobs), and does its work: it adds or removes the certificate. A job that finds nothing
/// under its alias fails.
///
/// A **poll** of a job is a request for the first page of the job history whose query does not exclude the job by its `JobId`. For
/// an inventory job, a request for the first page of the store's inventory is a poll as well.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use clm::keyfactor::{CertificateLocation, Schedule};
/// use clm::testing::{FakeKeyfactor, FakeOrchestrator};
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.add_certificate(store, "www.pem");
/// fake.orchestrator(
///     FakeOrchestrator::new()
///         .after_polls(1)
///         .running_for(1)
///         .warns("The service was not restarted."),
/// );
///
/// let client = fake.client();
/// let location = CertificateLocation::new(store, "www.pem");
/// let removal = client
///     .certificate_stores()
///     .remove_certificates([location], Schedule::Immediate)
///     .send()
///     .await?;
/// let millisecond = Duration::from_millis(1);
/// let watch =
///     client.orchestrator_jobs().watch(removal.job_ids()).pauses(millisecond, millisecond);
/// assert_eq!(watch.finish().await?.finished().len(), 1);
/// assert!(fake.aliases(store).is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "has no effect until it is added to the fake"]
pub struct FakeOrchestrator {
    pub(super) pick_up: PickUp,
    /// Polls that see a job run.
    pub(super) running_for: u32,
    /// Runs that end with `CompletedWillRetry` before the last one.
    pub(super) retries: u32,
    pub(super) end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PickUp {
    ByHand,
    Polls(u32),
    After(Duration),
    Never,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum End {
    Success,
    Warning(String),
    Failure(String),
    Vanishes,
}

impl Default for FakeOrchestrator {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeOrchestrator {
    /// Creates an orchestrator that runs jobs only when the test calls [`run_jobs`](super::FakeKeyfactor::run_jobs), and whose jobs
    /// succeed. See the [example](Self#example).
    pub fn new() -> Self {
        Self { pick_up: PickUp::ByHand, running_for: 0, retries: 0, end: End::Success }
    }

    /// Starts a job after this many polls have found it waiting. With 0, the first poll already finds its row.
    ///
    /// A recurring job runs again after the same number of polls, and after one at least. See the [example](Self#example).
    pub fn after_polls(mut self, polls: u32) -> Self {
        self.pick_up = PickUp::Polls(polls);
        self
    }

    /// Starts a job once it has waited for this time. The time is that of the machine's clock; the job's schedule is ignored. A
    /// recurring job runs again after the same time.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeKeyfactor, FakeOrchestrator};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.orchestrator(FakeOrchestrator::new().after(Duration::ZERO));
    ///
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// assert!(fake.aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    pub fn after(mut self, time: Duration) -> Self {
        self.pick_up = PickUp::After(time);
        self
    }

    /// Never starts a job, not even when the test calls [`run_jobs`](super::FakeKeyfactor::run_jobs). See the example of
    /// [`FakeKeyfactor::orchestrator_of`](super::FakeKeyfactor::orchestrator_of).
    pub fn offline(mut self) -> Self {
        self.pick_up = PickUp::Never;
        self
    }

    /// This many polls find the job running: in process, and without an end time. See the [example](Self#example).
    pub fn running_for(mut self, polls: u32) -> Self {
        self.running_for = polls;
        self
    }

    /// The job ends with a warning. It does its work: the store changes. See the [example](Self#example).
    pub fn warns(mut self, message: impl Into<String>) -> Self {
        self.end = End::Warning(message.into());
        self
    }

    /// The job fails, and the store does not change. See the example of
    /// [`FakeKeyfactor::orchestrator`](super::FakeKeyfactor::orchestrator).
    pub fn fails(mut self, message: impl Into<String>) -> Self {
        self.end = End::Failure(message.into());
        self
    }

    /// This many runs of a job fail before the last run, which ends as it is set to end. Each run has its own row in the job
    /// history, and the rows of the failed runs say that the job will be retried. Every poll finds one more run.
    /// The maximum is 10,000; a larger number has the same effect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Query, Schedule};
    /// use clm::testing::{FakeKeyfactor, FakeOrchestrator};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.orchestrator(FakeOrchestrator::new().retries(2));
    ///
    /// let client = fake.client();
    /// let location = CertificateLocation::new(store, "www.pem");
    /// client
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// let rows = client.orchestrator_jobs().history(Query::all()).rows()?.collect().await?;
    /// assert_eq!(rows.len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn retries(mut self, runs: u32) -> Self {
        self.retries = runs.min(MOST_RETRIES);
        self
    }

    /// The job vanishes when it starts: it is no longer among the scheduled jobs, the job history never has a row for it, and the
    /// store does not change.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeJobState, FakeKeyfactor, FakeOrchestrator};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.orchestrator(FakeOrchestrator::new().vanishes());
    ///
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert_eq!(fake.jobs()[0].state, FakeJobState::Vanished);
    /// assert_eq!(fake.aliases(store), ["www.pem"]);
    /// # Ok(()) }
    /// ```
    pub fn vanishes(mut self) -> Self {
        self.end = End::Vanishes;
        self
    }
}
