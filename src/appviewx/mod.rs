//! AppViewX CERT+: certificates in the groups that carry their policy.
//!
//! A [`Client`] hands out one handle for each of the vendor's resources: [`CertificateGroups`], and [`Certificates`] to
//! search.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = clm::testing::FakeAppViewX::start().await;
//! # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
//! # let appviewx = fake.client();
//! let outcome = appviewx
//!     .certificate_groups()
//!     .unassign(["67bc2ca76a105e1a05691c1c"])
//!     .comment("Decommissioned with CHG 1234")
//!     .send()
//!     .await?;
//! assert_eq!(outcome.successful_ids(), ["67bc2ca76a105e1a05691c1c"]);
//! # Ok(()) }
//! ```

mod answer;
mod certificate_groups;
mod certificates;
mod client;
mod comment;
mod credentials;
mod envelope;
mod error_body;
mod error_code;
mod lists_apart;
mod lookup_error;
mod outline;
mod regrouping;
mod sessions;
mod short_envelope;
mod types;
mod values;
mod vendor;

pub use self::certificate_groups::{
    Assign, AssignCertificates, AssignOutcome, CertificateGroup, CertificateGroups, GroupList, MoveCertificates,
    MoveOutcome, Unassign, UnassignCertificates, UnassignOutcome, ViewGroup,
};
pub use self::certificates::{
    Certificate, CertificateCategory, CertificateSearch, Certificates, Keyword, RevocationReason, RevocationState,
    RevokeCertificate, RevokeOutcome, SortOrder,
};
pub use self::client::{Client, ClientBuilder, Settings};
pub use self::comment::{Comment, CommentRule};
pub use self::credentials::Credentials;
pub use self::error_code::ErrorCode;
pub use self::lookup_error::LookupError;
pub use self::regrouping::{
    AssignBack, AssignBackOutcome, AssignBackState, ConfirmGroup, GroupConfirmation, GroupMembership, GroupPlan,
    MoveInCalls, NotRemembered, RememberGroups, RememberedGroup,
};
pub use self::sessions::{LoggedOut, LoginCall, LogoutOutcome};
pub use self::types::ResourceId;
pub use self::values::ServerTime;
pub use self::vendor::{ApiError, AppViewX, Error, OutcomeUnknown, RawCall, Rows, SharedError};
pub use crate::rows::RawJson;
