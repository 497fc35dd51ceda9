//! Types of certificate stores. Each documented call is a file.

mod allowance;
mod cache;
mod entry_parameter;
mod get;
mod handle;
mod list;
mod needs;
mod store_type;

pub use self::allowance::{CustomAlias, PrivateKeyAllowed};
pub(super) use self::cache::StoreTypeCache;
pub use self::entry_parameter::{EntryParameter, EntryParameterType};
pub use self::get::GetStoreType;
pub use self::handle::CertificateStoreTypes;
pub use self::list::ListStoreTypes;
pub use self::needs::StoreTypeNeeds;
pub use self::store_type::CertificateStoreType;
