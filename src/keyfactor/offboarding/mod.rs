//! Workflows built from documented calls: locate a certificate, plan its removal, remove it, follow the jobs, confirm
//! the result, and put it back.

mod add_back_each;
mod confirm;
mod confirm_store;
mod confirmation;
mod job_control;
mod job_runs;
mod jobs_for_location;
mod locate;
mod place;
mod plan;
mod poll;
mod progress;
mod remove_each;
mod report;
mod saved_schedules;
mod shown;
mod verdict;
mod watch;

pub use self::add_back_each::{AddBackEach, AddBackEachOutcome};
pub use self::confirm::{Confirm, ConfirmPutBack, ConfirmRemoved};
pub use self::confirmation::{
    Confirmation, ConfirmedLocation, PutBackVerdict, RemovalVerdict, ScheduleAfter, TriggeredInventory,
};
pub use self::jobs_for_location::{JobsForLocation, JobsSeen};
pub use self::locate::{FoundLocation, LocateCertificate, LocatedCertificate, StoreReadiness};
pub use self::plan::{
    OmissionReason, Omitted, PlanRemovalOf, PlannedCertificate, PlannedRemoval, PlannedStoreType, RemovalPlan,
    Restorability,
};
pub use self::progress::{FollowedJob, ItemProgress, Progress};
pub use self::remove_each::{RemoveEach, RemoveEachOutcome};
pub use self::report::{FinishedJob, JobChange, JobState, JobsReport, OpenJob, OpenJobPlace};
pub use self::saved_schedules::{RestoreInventorySchedules, RestoredSchedule, SavedSchedule};
pub use self::watch::JobWatch;
