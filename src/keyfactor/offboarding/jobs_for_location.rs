//! Finding the jobs of a store after a change whose outcome is unknown.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::keyfactor::certificate_stores::{CertificateLocation, CertificateStore, CertificateStores};
use crate::keyfactor::orchestrator_jobs::{JobHistory, JobHistoryEntry, OrchestratorJobs, ScheduledJob, ScheduledJobs};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::{CertificateStoreId, JobId};
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::{Caller, Error};
use crate::lenient::one_line;
use crate::operation::{ListBuilder, Lookup};
use crate::plan_file::write_time;
use crate::validation::Problems;

impl OrchestratorJobs {
    /// Finds the jobs that change the store of a location: scheduled jobs, and the runs of jobs that an orchestrator
    /// has started. Use it after [`OutcomeUnknown`](crate::Error::OutcomeUnknown), when the response with the job ids
    /// of a removal or an addition was lost.
    ///
    /// **What it shows:** that a job for this store exists, its id and its state. Follow it with
    /// [`watch`](Self::watch).
    ///
    /// **What it cannot show:** the rows contain no alias and no certificate, and do not say whether a certificate is
    /// added or removed. Two changes of the same store are therefore indistinguishable, as are changes of two stores
    /// with the same machine and path. An empty result does not prove that no job was created: the request may still
    /// arrive, the history may have been trimmed, and the account may not be allowed to see every job.
    ///
    /// ```
    /// # use clm::keyfactor::{self, CertificateLocation, Error, RemoveCertificates, Schedule};
    /// # async fn remove(keyfactor: keyfactor::Client, location: CertificateLocation) -> Result<(), Error> {
    /// let began = jiff::Timestamp::now();
    /// let removal =
    ///     keyfactor.certificate_stores().remove_certificates([location], Schedule::Immediate);
    /// match removal.send().await {
    ///     Err(Error::OutcomeUnknown(unknown)) => {
    ///         let request = unknown.request::<RemoveCertificates>().expect("it is a removal");
    ///         for location in request.locations() {
    ///             let seen = keyfactor
    ///                 .orchestrator_jobs()
    ///                 .for_location(location)
    ///                 .since(began)
    ///                 .send()
    ///                 .await?;
    ///             println!("{seen}");
    ///         }
    ///     }
    ///     other => println!("{:?}", other?.job_ids()),
    /// }
    /// # Ok(()) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # remove(fake.client(), CertificateLocation::new(fake.add_store(), "www.example.com.pfx")).await.unwrap();
    /// # }
    /// ```
    ///
    /// - **Calls:** `GET /CertificateStores/{id}` for the store's machine and path; all pages of
    ///   `GET /OrchestratorJobs/ScheduledJobs`, then `GET /OrchestratorJobs/JobHistory`, filtered by `TargetPath`. A job
    ///   that starts between these two calls is found in the history.
    /// - **Permissions:** to read certificate stores, and to read orchestrator management, which a removal does not
    ///   require.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error); `Lookup` if a list exceeds the client's
    ///   lookup limits, or returns fewer rows than the server counts.
    /// - **Assumed:** `Target` of a scheduled job and `TargetPath` of the history are the store's path, and
    ///   `ClientMachine` is its machine. They are compared case-insensitively for ASCII letters; a row without one of
    ///   them is included. Jobs that change a store have a type with `Management` in its name; a row without a type
    ///   is included.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Scheduled Jobs", "GET Orchestrator Jobs Job History".
    pub fn for_location(&self, location: &CertificateLocation) -> JobsForLocation {
        JobsForLocation { caller: self.caller.clone(), store: location.store(), since: None }
    }
}

/// A search for the jobs that change a store; see [`OrchestratorJobs::for_location`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// # let stores = keyfactor.certificate_stores();
/// # let location = &scene.locations()[0];
/// let seen = keyfactor.orchestrator_jobs().for_location(location).send().await?;
/// println!("{seen}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct JobsForLocation {
    caller: Caller,
    store: CertificateStoreId,
    since: Option<Timestamp>,
}

/// The jobs that change a store and are visible to this account; see [`OrchestratorJobs::for_location`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, Schedule};
///
/// scene.keyfactor.lose_answers(1);
/// let stores = keyfactor.certificate_stores();
/// let location = &scene.locations()[0];
/// let removed =
///     stores.remove_certificates([location.clone()], Schedule::Immediate).send().await;
/// if let Err(Error::OutcomeUnknown(_)) = removed {
///     let seen = keyfactor.orchestrator_jobs().for_location(location).send().await?;
///     println!("{seen}");
/// # assert!(!seen.is_empty());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct JobsSeen {
    /// The store.
    pub store: CertificateStoreId,
    /// The machine of the store that jobs were compared with, if the server sent it.
    pub client_machine: Option<String>,
    /// The path of the store that jobs were compared with, if the server sent it.
    pub store_path: Option<String>,
    /// The earliest time of the search, if one was set with [`since`](JobsForLocation::since).
    #[serde(serialize_with = "write_time")]
    pub since: Option<Timestamp>,
    /// The jobs that have not started.
    pub scheduled: Vec<ScheduledJob>,
    /// The runs of jobs that have started.
    pub runs: Vec<JobHistoryEntry>,
}

impl JobsForLocation {
    /// Excludes runs that started before this time and jobs that were requested before it. Rows without a readable
    /// time are included. **The time is compared with the server's clock**, so allow for clock differences. By
    /// default, all jobs of the store are returned.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let jobs = keyfactor.orchestrator_jobs();
    /// let yesterday = "2026-03-18T21:00:00Z".parse()?;
    /// let seen = jobs.for_location(&scene.locations()[0]).since(yesterday).send().await?;
    /// println!("{seen}");
    /// # Ok(()) }
    /// ```
    pub fn since(mut self, time: Timestamp) -> Self {
        self.since = Some(time);
        self
    }

    /// Sends the requests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let jobs = keyfactor.orchestrator_jobs();
    /// let seen = jobs.for_location(&scene.locations()[0]).send().await?;
    /// println!("{seen}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`OrchestratorJobs::for_location`].
    pub async fn send(self) -> Result<JobsSeen, Error> {
        let Self { caller, store, since } = self;
        let row = CertificateStores { caller: caller.clone() }.get(store).send().await?;
        let lookup = Lookup::begin(&caller);
        let (scheduled, runs) = {
            let target = Target { store: &row, since };
            (target.scheduled(&caller, lookup).await?, target.runs(&caller, lookup).await?)
        };
        let CertificateStore { client_machine, store_path, .. } = row;
        Ok(JobsSeen { store, client_machine, store_path, since, scheduled, runs })
    }
}

/// What jobs are compared with.
#[derive(Clone, Copy)]
struct Target<'a> {
    store: &'a CertificateStore,
    since: Option<Timestamp>,
}

impl Target<'_> {
    async fn scheduled(self, caller: &Caller, lookup: Lookup) -> Result<Vec<ScheduledJob>, Error> {
        let mut rows = ListBuilder::new(caller.clone(), ScheduledJobs::all_alone()).within(lookup).rows()?;
        let mut found = Vec::new();
        while let Some(job) = rows.next().await {
            found.extend(Some(job?).filter(|job| self.has_scheduled(job)));
        }
        Ok(found)
    }

    async fn runs(self, caller: &Caller, lookup: Lookup) -> Result<Vec<JobHistoryEntry>, Error> {
        let mut rows =
            ListBuilder::new(caller.clone(), JobHistory::unsorted_alone(self.query())).within(lookup).rows()?;
        let mut found = Vec::new();
        while let Some(run) = rows.next().await {
            found.extend(Some(run?).filter(|run| self.has_run(run)));
        }
        found.sort_unstable_by_key(|run| run.job_history_id);
        Ok(found)
    }

    /// By path, where the query language can say it; else all runs.
    fn query(self) -> Query {
        let Some(path) = self.store.store_path.as_deref().filter(|path| !path.trim().is_empty()) else {
            return Query::all();
        };
        let query = Query::field("TargetPath").eq(path);
        let mut problems = Problems::default();
        query.check(&mut problems);
        if problems.finish().is_ok() { query } else { Query::all() }
    }

    fn has_scheduled(self, job: &ScheduledJob) -> bool {
        let requested = job.extra.get("Requested").and_then(|it| it.as_str().map(|it| ServerTime::from(it.to_owned())));
        self.is_of_store(job.client_machine.as_deref(), job.target.as_deref())
            && changes_stores(job.job_type.as_deref())
            && self.is_recent(requested.as_ref())
    }

    fn has_run(self, run: &JobHistoryEntry) -> bool {
        self.is_of_store(run.client_machine.as_deref(), run.store_path.as_deref())
            && changes_stores(run.job_type.as_deref())
            && self.is_recent(run.operation_start.as_ref())
    }

    fn is_of_store(self, machine: Option<&str>, path: Option<&str>) -> bool {
        fits(self.store.client_machine.as_deref(), machine) && fits(self.store.store_path.as_deref(), path)
    }

    fn is_recent(self, time: Option<&ServerTime>) -> bool {
        let time = time.and_then(ServerTime::timestamp);
        self.since.zip(time).is_none_or(|(since, time)| time >= since)
    }
}

/// What is not said may fit.
fn fits(of_store: Option<&str>, of_row: Option<&str>) -> bool {
    let said = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_ascii_lowercase);
    said(of_store).zip(said(of_row)).is_none_or(|(of_store, of_row)| of_store == of_row)
}

/// Whether jobs of this type may change what is in a store.
fn changes_stores(job_type: Option<&str>) -> bool {
    job_type.is_none_or(|it| it.trim().is_empty() || it.to_ascii_lowercase().contains("management"))
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl JobsSeen {
    /// Returns the result that a server with this store, these scheduled jobs and these runs would lead to. The rows
    /// may be of any store and time. Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{JobId, JobsSeen};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let job = JobId::from(Uuid::from_u128(1));
    /// let store = from_value(
    ///     json!({"Id": Uuid::from_u128(2), "ClientMachine": "web01", "StorePath": "/etc/tls"}),
    /// )?;
    /// let waiting = from_value(
    ///     json!({"Id": job, "ClientMachine": "WEB01", "Target": "/etc/tls", "JobType": "PEMManagement"}),
    /// )?;
    ///
    /// let seen = JobsSeen::of_rows(store, None, [waiting], []);
    ///
    /// assert_eq!(seen.job_ids(), [job]);
    /// # Ok(()) }
    /// ```
    pub fn of_rows(
        store: CertificateStore,
        since: Option<Timestamp>,
        scheduled: impl IntoIterator<Item = ScheduledJob>,
        runs: impl IntoIterator<Item = JobHistoryEntry>,
    ) -> Self {
        let target = Target { store: &store, since };
        let scheduled = scheduled.into_iter().filter(|job| target.has_scheduled(job)).collect();
        let mut runs: Vec<JobHistoryEntry> = runs.into_iter().filter(|run| target.has_run(run)).collect();
        runs.sort_unstable_by_key(|run| run.job_history_id);
        let CertificateStore { id, client_machine, store_path, .. } = store;
        Self { store: id, client_machine, store_path, since, scheduled, runs }
    }
}

impl JobsSeen {
    /// Returns the job ids without duplicates: scheduled jobs first, then jobs that have started. Pass them to
    /// [`watch`](OrchestratorJobs::watch).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let jobs = keyfactor.orchestrator_jobs();
    /// let seen = jobs.for_location(&scene.locations()[0]).send().await?;
    /// let watch = jobs.watch(seen.job_ids());
    /// # assert_eq!(seen.job_ids().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_ids(&self) -> Vec<JobId> {
        let ids = self.scheduled.iter().map(|job| job.id).chain(self.runs.iter().map(|run| run.job_id));
        let mut seen = std::collections::HashSet::new();
        ids.filter(|id| seen.insert(*id)).collect()
    }

    /// Returns whether no job was found. **This does not prove that there is none**; see
    /// [`OrchestratorJobs::for_location`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let jobs = keyfactor.orchestrator_jobs();
    /// let seen = jobs.for_location(&scene.locations()[0]).send().await?;
    /// assert!(!seen.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scheduled.is_empty() && self.runs.is_empty()
    }
}

/// One line with every job id.
impl fmt::Display for JobsSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store {}", self.store)?;
        for text in [&self.client_machine, &self.store_path].into_iter().flatten() {
            write!(f, ", {}", one_line(text))?;
        }
        if self.is_empty() {
            f.write_str(": no jobs that change it were found")?;
            if let Some(since) = self.since {
                write!(f, " since {since}")?;
            }
            return f.write_str(", which does not prove that there are none");
        }
        f.write_str(": ")?;
        let waiting = self.scheduled.iter().map(|job| format!("job {} is waiting", job.id));
        let run = self.runs.iter().map(|run| {
            format!("job {}: {}, {}", run.job_id, one_line(run.status.as_str()), one_line(run.result.as_str()))
        });
        f.write_str(&waiting.chain(run).collect::<Vec<_>>().join("; "))
    }
}
