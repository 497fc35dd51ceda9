//! Orchestrator jobs. Each documented call is a file.

mod control;
mod handle;
mod history;
mod history_entry;
mod scheduled;
mod status;

pub use self::control::{ControlJobs, JobAction, JobSelection};
pub use self::handle::OrchestratorJobs;
pub(super) use self::handle::PERMISSION as READ_JOBS;
pub use self::history::JobHistory;
pub(super) use self::history::LATEST_FIRST;
pub use self::history_entry::JobHistoryEntry;
pub use self::scheduled::{ScheduledJob, ScheduledJobs};
pub use self::status::{JobResult, JobStatus};
