//! Job results and statuses, which servers send as numbers or names.

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, Scalar, Taken, text_of_number};

/// The result of a job. Servers send a number or a name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{JobResult, Query};
///
/// for run in keyfactor.orchestrator_jobs().history(Query::all()).rows()?.collect().await? {
///     match run.result {
///         JobResult::Success => println!("job {}: done", run.job_id),
///         other => println!("job {}: {other}: {:?}", run.job_id, run.message),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobResult {
    /// 0: unknown, or not yet known.
    Unknown,
    /// 2: success.
    Success,
    /// 3: success that needs attention.
    Warning,
    /// 4: failure.
    Failure,
    /// Any other value, as the server sent it.
    Other(String),
}

/// The status of a job. Servers send a number or a name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{JobStatus, Query};
///
/// let runs = keyfactor.orchestrator_jobs().history(Query::all()).rows()?.collect().await?;
/// let running = runs.iter().filter(|run| run.status == JobStatus::InProcess);
/// println!("{} run now", running.count());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobStatus {
    /// 0: unknown.
    Unknown,
    /// 1: waiting.
    Waiting,
    /// 2: in process.
    InProcess,
    /// 3: finished.
    Completed,
    /// 4: finished and acknowledged.
    Acknowledged,
    /// 5: this run is finished, and the job will be retried.
    CompletedWillRetry,
    /// Any other value, as the server sent it.
    Other(String),
}

impl JobResult {
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::Unknown), (2, Self::Success), (3, Self::Warning), (4, Self::Failure)];

    /// Returns the vendor's name, or the value that the server sent.
    ///
    /// ```
    /// use clm::keyfactor::JobResult;
    ///
    /// assert_eq!(JobResult::Failure.as_str(), "Failure");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::Success => "Success",
            Self::Warning => "Warning",
            Self::Failure => "Failure",
            Self::Other(sent) => sent,
        }
    }
}

impl JobResult {
    /// Returns whether the job succeeded, possibly with a warning.
    ///
    /// ```
    /// use clm::keyfactor::JobResult;
    ///
    /// assert!(JobResult::Warning.is_success());
    /// assert!(!JobResult::Failure.is_success());
    /// ```
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success | Self::Warning)
    }
}

impl JobStatus {
    const TABLE: &'static [(i64, Self)] = &[
        (0, Self::Unknown),
        (1, Self::Waiting),
        (2, Self::InProcess),
        (3, Self::Completed),
        (4, Self::Acknowledged),
        (5, Self::CompletedWillRetry),
    ];

    /// Returns the vendor's name, or the value that the server sent.
    ///
    /// ```
    /// use clm::keyfactor::JobStatus;
    ///
    /// assert_eq!(JobStatus::CompletedWillRetry.as_str(), "CompletedWillRetry");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::Waiting => "Waiting",
            Self::InProcess => "InProcess",
            Self::Completed => "Completed",
            Self::Acknowledged => "Acknowledged",
            Self::CompletedWillRetry => "CompletedWillRetry",
            Self::Other(sent) => sent,
        }
    }
}

enumeration!(JobResult);
enumeration!(JobStatus);
