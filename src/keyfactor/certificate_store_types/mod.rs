//! Types of certificate stores. Each documented call is a file.

mod entry_parameter;
mod get;
mod handle;
mod list;
mod store_type;

pub use self::entry_parameter::{EntryParameter, EntryParameterType};
pub use self::get::GetStoreType;
pub use self::handle::CertificateStoreTypes;
pub use self::list::ListStoreTypes;
pub use self::store_type::{CertificateStoreType, CustomAlias, PrivateKeyAllowed};
