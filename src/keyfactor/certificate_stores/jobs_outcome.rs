//! The outcome of calls that create orchestrator jobs. The response is an array of job GUIDs.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use super::entry::CertificateStoreEntry;
use super::location::CertificateLocation;
use crate::error_report::counted;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::{Keyfactor, ReadError};
use crate::lenient::{self, Budget, Kept};
use crate::operation::{Incomplete, Receipt};
use crate::transport::{Cause, Exchange};

/// Where to look when it is unknown whether jobs were created.
pub(super) const HOW_TO_FIND_OUT: &str = "Look for jobs on these stores before you send the request again: \
                                          `orchestrator_jobs().for_location(..)` lists scheduled jobs (GET \
                                          /OrchestratorJobs/ScheduledJobs) and past runs (GET \
                                          /OrchestratorJobs/JobHistory). The inventory shows what is in the stores, \
                                          but only as of its last run.";

/// The outcome of a call that schedules orchestrator jobs. The server has accepted the call and scheduled the jobs.
/// **Nothing has been done in the stores yet.** See [`RemoveOutcome`] and [`AddOutcome`].
///
/// [`RemoveOutcome`]: crate::keyfactor::RemoveOutcome
/// [`AddOutcome`]: crate::keyfactor::AddOutcome
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome = removal.send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(outcome.job_ids()).finish().await?;
/// # assert!(report.still_open().is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct JobsOutcome<T> {
    job_ids: Vec<JobId>,
    unrecognized_entries: Vec<Value>,
    /// Of the entries that are no GUIDs, how many are not kept.
    #[serde(skip_serializing_if = "is_zero")]
    entries_left_out: usize,
    locations: Vec<T>,
    repeated: Vec<T>,
    scope: PermissionScope,
    #[serde(flatten)]
    receipt: Receipt,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How many job ids an error shows.
const SHOWN: usize = 20;

/// The target of an orchestrator job.
pub trait Target {
    /// The call, for people.
    const WHAT: &'static str;
}

impl Target for CertificateLocation {
    const WHAT: &'static str = "removal";
}

impl Target for CertificateStoreEntry {
    const WHAT: &'static str = "addition";
}

/// The job ids of an answer, and what else stands in it.
#[derive(Default)]
struct JobEntries {
    job_ids: Vec<JobId>,
    unrecognized_entries: Vec<Value>,
    left_out: usize,
}

impl JobEntries {
    fn read(body: &str) -> Result<Self, Cause> {
        lenient::read_seed(body, EntriesOf(&Budget::for_body(body))).map_err(|error| {
            if error.is_data() { Cause::new("expected an array of job GUIDs") } else { Cause::json(&error) }
        })
    }

    fn add(&mut self, entry: Option<Value>, budget: &Budget) {
        let text = entry.as_ref().and_then(Value::as_str);
        // The nil GUID names no job.
        match text.and_then(|text| text.trim().parse::<JobId>().ok()).filter(|id| !id.get().is_nil()) {
            Some(id) => self.job_ids.push(id),
            None => match entry.filter(|entry| budget.takes(entry)) {
                Some(entry) => self.unrecognized_entries.push(entry),
                None => self.left_out += 1,
            },
        }
    }
}

/// Reads them: every job id, and of what is none no more than the budget allows.
struct EntriesOf<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for EntriesOf<'_> {
    type Value = JobEntries;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<JobEntries, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EntriesOf<'_> {
    type Value = JobEntries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of job GUIDs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<JobEntries, A::Error> {
        let mut found = JobEntries::default();
        while let Some(entry) = entries.next_element_seed(Kept::member(self.0))? {
            found.add(entry, self.0);
        }
        Ok(found)
    }
}

impl<T: Target> JobsOutcome<T> {
    /// `locations` are what was asked for, each once, and `repeated` what was given again.
    pub(super) fn read(
        exchange: &Exchange,
        locations: Vec<T>,
        repeated: Vec<T>,
        scope: PermissionScope,
    ) -> Result<Self, ReadError> {
        let JobEntries { job_ids, unrecognized_entries, left_out: entries_left_out } =
            JobEntries::read(exchange.answer.body.as_str()).map_err(ReadError::Unreadable)?;
        let unrecognized_entries = exchange.answer.secrets.redact_values(&unrecognized_entries);
        let receipt = Receipt::of::<Keyfactor>(exchange);
        Ok(Self { job_ids, unrecognized_entries, entries_left_out, locations, repeated, scope, receipt })
    }

    /// What was asked for, each once.
    pub(in crate::keyfactor) fn inputs(&self) -> &[T] {
        &self.locations
    }

    pub(super) fn job_ids_for_audit(&self) -> String {
        self.job_ids.iter().map(JobId::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Returns the ids of the orchestrator jobs, in the order in which the server returned them. Whether this is the
    /// order of the locations is undocumented by the vendor. All ids are returned, even if there are more or fewer
    /// than expected.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// # assert_eq!(removal.job_ids().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_ids(&self) -> &[JobId] {
        &self.job_ids
    }

    /// Returns the entries of the response that are not GUIDs, or are the nil GUID. If there are very many, only the
    /// first ones are kept. Secrets of the request are redacted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// for entry in removal.unrecognized_entries() {
    ///     println!("not a job id: {entry}");
    /// }
    /// # assert!(removal.unrecognized_entries().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unrecognized_entries(&self) -> &[Value] {
        &self.unrecognized_entries
    }

    /// Returns how many unrecognized entries were left out of [`unrecognized_entries`](Self::unrecognized_entries) to
    /// limit memory use. The body of the [`receipt`](Self::receipt) contains all of them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// if removal.entries_left_out() > 0 {
    ///     println!("{} more", removal.entries_left_out());
    /// }
    /// # assert_eq!(removal.entries_left_out(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn entries_left_out(&self) -> usize {
        self.entries_left_out
    }

    fn unrecognized(&self) -> usize {
        self.unrecognized_entries.len() + self.entries_left_out
    }

    /// Returns the scope in which the server was asked to check permissions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .collection_id(4)
    ///     .send()
    ///     .await?;
    /// assert_eq!(removal.scope().to_string(), "collection 4");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scope(&self) -> PermissionScope {
        self.scope
    }

    /// Returns whether the response has exactly one job id for each location, all different, and nothing else.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// if !removal.is_complete() {
    ///     println!("{} jobs for {} locations", removal.job_ids().len(), removal.locations().len());
    /// }
    /// # assert!(removal.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let asked = self.locations.len();
        self.different_jobs() == asked && self.job_ids.len() == asked && self.unrecognized() == 0
    }

    fn different_jobs(&self) -> usize {
        if self.job_ids.len() < 2 {
            return self.job_ids.len();
        }
        let mut job_ids = self.job_ids.clone();
        job_ids.sort_unstable();
        job_ids.dedup();
        job_ids.len()
    }

    /// Turns an incomplete outcome into an error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        // Whoever only prints the error has the jobs all the same.
        let shown: Vec<String> = self.job_ids.iter().take(SHOWN).map(JobId::to_string).collect();
        let named = if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) };
        let more = self.job_ids.len().saturating_sub(SHOWN);
        let gap = format!(
            "the server accepted the {} of {}, but returned {} ({} distinct) and {} unreadable entries{named}{}",
            T::WHAT,
            counted(self.locations.len(), "location"),
            counted(self.job_ids.len(), "job id"),
            self.different_jobs(),
            self.unrecognized(),
            if more > 0 { format!(" and {more} more") } else { String::new() }
        );
        Err(Incomplete::new(gap, self))
    }

    /// Returns the receipt: the raw response, the server's correlation id, and details of the request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// println!("{} attempt(s)", removal.receipt().attempts());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

impl JobsOutcome<CertificateLocation> {
    /// Returns the locations of the removal, without repetitions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// assert_eq!(removal.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn locations(&self) -> &[CertificateLocation] {
        &self.locations
    }

    /// Returns the locations that were given more than once with identical settings. They were sent once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let twice = [scene.locations(), scene.locations()].concat();
    /// let removal = stores.remove_certificates(twice, Schedule::Immediate).send().await?;
    /// assert_eq!((removal.locations().len(), removal.repeated().len()), (2, 2));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }
}

impl JobsOutcome<CertificateStoreEntry> {
    /// Returns the entries of the addition.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let store = scene.keyfactor.add_store();
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(store).alias("www.example.com.pem");
    /// let addition =
    ///     stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate).send().await?;
    /// assert_eq!(addition.entries().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[CertificateStoreEntry] {
        &self.locations
    }
}
