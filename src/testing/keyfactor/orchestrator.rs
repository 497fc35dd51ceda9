//! How orchestrators behave.

use std::time::Duration;

/// How an orchestrator treats the jobs of its stores; see [`FakeKeyfactor::orchestrator`](super::FakeKeyfactor::orchestrator).
///
/// Two questions: when it picks a job up, and how the job ends. Without anything set it picks jobs up only at
/// [`run_jobs`](super::FakeKeyfactor::run_jobs), and they end as they should: the certificate is there or is gone, and a
/// job that finds nothing under its alias fails.
///
/// A **poll** of a job is a request for the first page of the job history whose query does not rule the job out by its
/// `JobId`; for inventory jobs also a request for the first page of the store's inventory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "the fake uses it once it is given to it"]
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
    /// Runs jobs only at [`run_jobs`](super::FakeKeyfactor::run_jobs), and well.
    pub fn new() -> Self {
        Self { pick_up: PickUp::ByHand, running_for: 0, retries: 0, end: End::Success }
    }

    /// Picks a job up once this many polls have found nothing: with 0, the first poll already sees its row.
    ///
    /// A recurring job runs again after as many polls, at least one.
    pub fn after_polls(mut self, polls: u32) -> Self {
        self.pick_up = PickUp::Polls(polls);
        self
    }

    /// Picks a job up once it has waited for so long, on the machine's clock and whatever the job's schedule says. A
    /// recurring job runs again after as long.
    pub fn after(mut self, time: Duration) -> Self {
        self.pick_up = PickUp::After(time);
        self
    }

    /// Never picks anything up, not even at [`run_jobs`](super::FakeKeyfactor::run_jobs).
    pub fn offline(mut self) -> Self {
        self.pick_up = PickUp::Never;
        self
    }

    /// A job is seen running, in process and without an end, by this many polls.
    pub fn running_for(mut self, polls: u32) -> Self {
        self.running_for = polls;
        self
    }

    /// The job is done, with a warning: the store changes.
    pub fn warns(mut self, message: impl Into<String>) -> Self {
        self.end = End::Warning(message.into());
        self
    }

    /// The job fails: the store does not change.
    pub fn fails(mut self, message: impl Into<String>) -> Self {
        self.end = End::Failure(message.into());
        self
    }

    /// So many runs of a job fail and will be retried, each with a row of its own in the job history, before the last run
    /// ends as it should or as it was set. Every poll sees one run.
    pub fn retries(mut self, runs: u32) -> Self {
        self.retries = runs;
        self
    }

    /// The job vanishes when it is picked up: it leaves the scheduled jobs, no row ever tells of it, and the store does not
    /// change.
    pub fn vanishes(mut self) -> Self {
        self.end = End::Vanishes;
        self
    }
}
