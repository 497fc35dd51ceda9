//! AppViewX CERT+: moving certificates between the groups that define their policy.
//!
//! **Start here:** the page `guide::start` has a first program, and the guide's page on regrouping covers the whole
//! job. Build a [`Client`] with [`Client::builder`] and use one of its handles.
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
//!
//! | for | types |
//! |---|---|
//! | signing in | [`Client`], [`ClientBuilder`], [`Credentials`], [`LoginCall`], [`LogoutOutcome`] |
//! | handles | [`CertificateGroups`], [`Certificates`] |
//! | an unassignment or an assignment | [`UnassignCertificates`], [`AssignCertificates`], [`CommentRule`], [`UnassignOutcome`], [`AssignOutcome`] |
//! | planning and reverting | [`RememberGroups`], [`GroupPlan`], [`AssignBack`], [`ConfirmGroup`], [`GroupMembership`] |
//! | rows | [`Certificate`], [`CertificateGroup`], [`Rows`] |
//! | searches | [`CertificateSearch`], [`Keyword`], [`CertificateCategory`], [`SortOrder`] |
//! | revoking | [`RevokeCertificate`], [`RevocationReason`], [`RevocationState`] |
//! | errors | [`Error`], [`ErrorCode`], [`ApiError`], [`OutcomeUnknown`], [`LookupError`] |

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
