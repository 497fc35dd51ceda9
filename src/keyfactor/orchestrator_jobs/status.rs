//! The vendor's enumerations of a job, which servers write as numbers or as names.

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, Scalar, Taken, text_of_number};

/// How a job ended. Servers write it as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobResult {
    /// 0: not known, or not yet.
    Unknown,
    /// 2.
    Success,
    /// 3: it succeeded, and there is something to look at.
    Warning,
    /// 4.
    Failure,
    /// Anything else, as it was sent.
    Other(String),
}

/// How far a job is. Servers write it as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobStatus {
    /// 0.
    Unknown,
    /// 1.
    Waiting,
    /// 2.
    InProcess,
    /// 3: it is over.
    Completed,
    /// 4: it is over, and somebody has taken note.
    Acknowledged,
    /// 5: this run is over, and another one follows.
    CompletedWillRetry,
    /// Anything else, as it was sent.
    Other(String),
}

impl JobResult {
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::Unknown), (2, Self::Success), (3, Self::Warning), (4, Self::Failure)];

    /// The vendor's name, or what was sent instead.
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
    /// Whether the job did what it was to do, perhaps with a warning.
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

    /// The vendor's name, or what was sent instead.
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
