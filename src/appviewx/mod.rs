//! AppViewX CERT+: moving certificates between the groups that define their policy.
//!
//! **Start here:** [the first program](crate::guide::start), then [a complete move](crate::guide::regrouping). Build a
//! [`Client`] with [`Client::builder`], then call the methods of its handles.
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
//! # Handles
//!
//! | handle | to |
//! |---|---|
//! | [`CertificateGroups`] | [`list`](CertificateGroups::list), [`view`](CertificateGroups::view), [`unassign`](CertificateGroups::unassign), [`assign`](CertificateGroups::assign), plan with [`remember_groups`](CertificateGroups::remember_groups), put back with [`assign_back`](CertificateGroups::assign_back), confirm with [`confirm_group`](CertificateGroups::confirm_group) |
//! | [`Certificates`] | [`search`](Certificates::search), [`revoke`](Certificates::revoke) |
//! | [`Client::raw`] | call an endpoint that has no method here |
//!
//! # Requests
//!
//! | for | types |
//! |---|---|
//! | signing in | [`ClientBuilder`], [`Credentials`], [`LoginCall`] |
//! | ids and comments | [`ResourceId`], [`Comment`], [`CommentRule`] |
//! | a plan | [`GroupPlan`], [`RememberedGroup`], [`NotRemembered`] |
//! | searches | [`CertificateSearch`], [`Keyword`], [`CertificateCategory`], [`SortOrder`] |
//! | a built request | [`UnassignCertificates`], [`AssignCertificates`], [`RevokeCertificate`], [`RevocationReason`], [`RawCall`] |
//!
//! # Outcomes
//!
//! | of | types |
//! |---|---|
//! | an unassignment or an assignment | [`UnassignOutcome`], [`AssignOutcome`]; in several calls: [`ManyOutcome`](crate::ManyOutcome), [`ItemState`](crate::ItemState) |
//! | putting back | [`AssignBackOutcome`], [`AssignBackState`] |
//! | confirming | [`GroupConfirmation`], [`GroupMembership`] |
//! | a revocation | [`RevokeOutcome`], [`RevocationState`] |
//! | a logout | [`LogoutOutcome`], [`LoggedOut`] |
//!
//! # Rows
//!
//! Lists return [`Rows`] of [`Certificate`] and [`CertificateGroup`]. Members that this crate does not know are in
//! [`RawJson`].
//!
//! # Errors
//!
//! The error of every call is [`Error`]. A refusal is an [`ApiError`], perhaps with an [`ErrorCode`]. A change that may have been
//! carried out is [`OutcomeUnknown`]. A read that cannot be relied on is a [`LookupError`]. See
//! [the guide's page on errors](crate::guide::errors).

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
