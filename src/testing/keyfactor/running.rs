//! Orchestrators at work.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::FakeKeyfactor;
use super::jobs::{
    COMPLETED, COMPLETED_WILL_RETRY, Ended, FAILURE, FakeJob, FakeJobState, Job, SUCCESS, Schedule, Stage, Target,
    WARNING, Work,
};
use super::orchestrator::{End, FakeOrchestrator, PickUp};
use super::state::State;
use super::stores::{Entry, FakeAgent};

/// What makes jobs go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drive {
    Poll,
    Time,
    ToTheEnd,
}

/// Whether a job has to be driven again to come to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Again,
    Later,
}

impl FakeOrchestrator {
    pub(super) fn goes_by_clock(&self) -> bool {
        matches!(self.pick_up, PickUp::After(_))
    }

    /// Whether it takes a job that waits.
    fn picks_up(&self, job: &Job, drive: Drive) -> bool {
        match (drive, self.pick_up) {
            (Drive::ToTheEnd, _) => true,
            (Drive::Poll, _) if job.stage == Stage::WillRetry => true,
            (Drive::Poll, PickUp::Polls(polls)) => job.polls >= polls.max(u32::from(!job.runs.is_empty())),
            (_, PickUp::After(time)) => job.stage == Stage::Waiting && job.waiting_since.elapsed() >= time,
            _ => false,
        }
    }
}

impl State {
    pub(super) fn schedule_job(&mut self, target: Target, schedule: Schedule) -> Uuid {
        let requested = self.next_moment();
        self.jobs.push(target, schedule, requested)
    }

    /// Gives the store this inventory schedule, and the job for it; null is none.
    pub(super) fn schedule_inventory(&mut self, id: Uuid, object: Value) {
        let store = self.store(id);
        store.shown.inventory_schedule = object.clone();
        let before = store.inventory_job.take().and_then(|job| self.jobs.find(job));
        if let Some(index) = before {
            self.jobs.close(index, FakeJobState::Unscheduled);
        }
        if !object.is_null() {
            let schedule = Schedule { object, recurring: true };
            let job = self.schedule_job(Target::inventory(id), schedule);
            self.store(id).inventory_job = Some(job);
        }
    }

    /// Somebody looks at the job history: at these jobs, or at all.
    pub(super) fn poll(&mut self, named: Option<&BTreeSet<usize>>) {
        let polled = match named {
            Some(named) => named.iter().copied().filter(|index| self.jobs.is_open(*index)).collect(),
            None => self.jobs.open(),
        };
        for index in polled {
            self.advance(index, Drive::Poll);
        }
    }

    /// Somebody looks at the inventory of a store.
    pub(super) fn poll_inventory_of(&mut self, store: Uuid) {
        let concerns =
            |index: &usize| self.jobs.get(*index).is_some_and(|job| job.store == store && job.work == Work::Inventory);
        let polled: BTreeSet<usize> = self.jobs.open().into_iter().filter(concerns).collect();
        self.poll(Some(&polled));
    }

    /// Runs what the orchestrators run by the clock.
    pub(super) fn run_due(&mut self) {
        if self.orchestrator.goes_by_clock() || !self.going_by_clock.is_empty() {
            for index in self.jobs.open() {
                self.advance(index, Drive::Time);
            }
        }
    }

    /// Runs everything to its end.
    pub(super) fn run_all(&mut self) {
        for index in self.jobs.open() {
            while self.advance(index, Drive::ToTheEnd) == Next::Again {}
        }
    }

    /// The orchestrator that looks after a store; none if it is away.
    fn orchestrator_of(&self, store: Uuid) -> Option<&FakeOrchestrator> {
        let store = self.stores.get(&store)?;
        let orchestrator = store.orchestrator().unwrap_or(&self.orchestrator);
        (store.shown.agent == FakeAgent::Available && orchestrator.pick_up != PickUp::Never).then_some(orchestrator)
    }

    /// Lets a job go on by one step: to the end of a run, or until it has to wait.
    fn advance(&mut self, index: usize, drive: Drive) -> Next {
        let Some(job) = self.jobs.get(index) else { return Next::Later };
        let Some(orchestrator) = self.orchestrator_of(job.store) else { return Next::Later };
        let goes_on = match job.stage {
            Stage::Over => return Next::Later,
            Stage::Running => true,
            Stage::Waiting | Stage::WillRetry => orchestrator.picks_up(job, drive),
        };
        let running_for = orchestrator.running_for;
        if goes_on && job.stage != Stage::Running {
            if orchestrator.end == End::Vanishes {
                self.jobs.close(index, FakeJobState::Vanished);
                return Next::Later;
            }
            let start = self.next_moment();
            self.jobs.begin(index, start);
        }
        let runs_on = self.jobs.get(index).is_some_and(|job| job.polls < running_for);
        if !goes_on || (runs_on && drive != Drive::ToTheEnd) {
            if drive == Drive::Poll {
                self.jobs.count_poll(index);
            }
            return Next::Later;
        }
        self.finish(index)
    }

    fn finish(&mut self, index: usize) -> Next {
        let Some(job) = self.jobs.get(index) else { return Next::Later };
        let Some(orchestrator) = self.orchestrator_of(job.store) else { return Next::Later };
        let (recurring, job_id, store) = (job.recurring, job.id, job.store);
        if job.retried < orchestrator.retries {
            let message = Some(format!("Attempt {} failed.", job.retried + 1));
            let end = self.next_moment();
            self.jobs.end(index, end, Ended { result: FAILURE, status: COMPLETED_WILL_RETRY, message });
            self.jobs.retry(index);
            return Next::Again;
        }
        let done = match orchestrator.end.clone() {
            End::Failure(message) => Err(message),
            End::Warning(message) => self.act(index).map(|()| Some(message)),
            End::Success | End::Vanishes => self.act(index).map(|()| None),
        };
        let (result, state, message) = match done {
            Ok(None) => (SUCCESS, FakeJobState::Succeeded, None),
            Ok(Some(warning)) => (WARNING, FakeJobState::Warned, Some(warning)),
            Err(failure) => (FAILURE, FakeJobState::Failed, Some(failure)),
        };
        let end = self.next_moment();
        self.jobs.end(index, end, Ended { result, status: COMPLETED, message });
        if recurring {
            self.jobs.wait(index, state);
        } else {
            self.jobs.close(index, state);
            let store = self.store(store);
            if store.inventory_job == Some(job_id) {
                store.inventory_job = None;
                store.shown.inventory_schedule = Value::Null;
            }
        }
        Next::Later
    }

    /// Does what the job is for, or says why not.
    fn act(&mut self, index: usize) -> Result<(), String> {
        let Some(job) = self.jobs.get(index) else { return Ok(()) };
        let (work, id, mut alias, mut job_fields) = (job.work, job.store, job.alias.clone(), job.fields.clone());
        // A state that was loaded may not have their values.
        job_fields.retain(|_, value| !value.is_null());
        if let Some(store) = self.stores.get(&id) {
            self.type_of(&store.shown).check_job(work.kind(), &job_fields)?;
        }
        let store = self.store(id);
        if !store.shown.supports(work.kind()) {
            return Err(format!("The store does not support {:?}.", work.kind()));
        }
        match work {
            Work::Remove => store.take_out(&alias, &job_fields)?,
            Work::Add { certificate, overwrite } => {
                alias = store.spelt(alias);
                let entry = Entry::of(certificate).with(job_fields);
                store.put_in(&alias, entry, overwrite)?;
            }
            Work::Inventory => {
                self.take_inventory(id);
                return Ok(());
            }
        }
        self.notice(id, &alias);
        Ok(())
    }
}

impl FakeKeyfactor {
    /// Returns all jobs, oldest first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeJobKind, FakeJobState, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    ///
    /// let job = &fake.jobs()[0];
    /// assert_eq!((job.kind, job.state), (FakeJobKind::Remove, FakeJobState::Waiting));
    /// assert_eq!((job.store, job.alias.as_str()), (store, "www.pem"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn jobs(&self) -> Vec<FakeJob> {
        let shown = |job: &Job| FakeJob {
            id: job.id.into(),
            kind: job.work.kind(),
            store: job.store.into(),
            alias: job.alias.clone(),
            recurring: job.recurring,
            state: job.state,
        };
        self.state(|state| state.jobs.iter().map(shown).collect())
    }

    /// Runs every waiting or running job to its end. The fake ignores the times of schedules. A recurring job runs again with the
    /// next call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert!(fake.aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    pub fn run_jobs(&self) {
        self.state(State::run_all);
    }
}
