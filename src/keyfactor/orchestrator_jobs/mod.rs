//! The handle for orchestrator jobs. Each operation is a file.

mod history;

pub use self::history::{JobHistoryEntry, JobResult, JobStatus, ScheduledJob};

use super::client::Client;

/// What an account needs to read jobs.
const PERMISSION: &str = "The account needs the permission to read orchestrator management (`/agents/management/read/`). \
                          Removing certificates does not need it, so an account may be allowed to remove and not to follow.";

/// The operations on orchestrator jobs. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct OrchestratorJobs {
    client: Client,
}

impl OrchestratorJobs {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}
