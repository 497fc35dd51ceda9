//! Certificate stores. Each documented call is a file.

mod add;
mod entry;
mod get;
mod handle;
mod inventory;
mod inventory_entry;
mod inventory_fields;
mod job_fields;
mod jobs_outcome;
mod list;
mod location;
mod plan_conditions;
mod remove;
mod schedule_inventory;
mod store;

pub use self::add::{AddCertificates, AddOutcome};
pub use self::entry::CertificateStoreEntry;
pub use self::get::GetStore;
pub use self::handle::CertificateStores;
pub use self::inventory::Inventory;
pub(super) use self::inventory::{Listed, Reading, Sought, entries_under, holding, spelling};
pub use self::inventory_entry::{InventoryCertificate, InventoryEntry};
pub use self::inventory_fields::JobFieldsFromInventory;
pub(super) use self::inventory_fields::{InventoryFields, only_value, shown};
pub use self::jobs_outcome::JobsOutcome;
pub(super) use self::jobs_outcome::Target;
pub use self::list::ListStores;
pub use self::location::CertificateLocation;
pub(super) use self::plan_conditions::PlanConditions;
pub use self::remove::{RemoveCertificates, RemoveOutcome};
pub use self::schedule_inventory::ScheduleInventory;
pub use self::store::CertificateStore;
