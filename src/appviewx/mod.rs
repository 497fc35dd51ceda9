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

mod certificate_groups;
mod certificates;
mod client;
mod comment;
mod credentials;
mod envelope;
mod error;
mod error_code;
mod logout;
mod lookup;
mod read;
mod sessions;
mod types;

pub use self::certificate_groups::{
    Assign, AssignBack, AssignBackOutcome, AssignBackState, AssignCertificates, AssignCertificatesBuilder,
    AssignInCalls, AssignManyOutcome, AssignOutcome, CertificateGroup, CertificateGroups, ConfirmGroup,
    GroupConfirmation, GroupList, GroupPlan, IdOutcome, ManyOutcome, MoveCertificates, MoveCertificatesBuilder,
    MoveInCalls, MoveOutcome, NotRemembered, Place, RememberGroups, RememberedGroup, SharedError, Then, Unassign,
    UnassignCertificates, UnassignCertificatesBuilder, UnassignInCalls, UnassignManyOutcome, UnassignOutcome,
};
pub use self::certificates::{Certificate, CertificateCategory, CertificateSearch, Certificates, Keyword, SortOrder};
pub use self::client::{Client, ClientBuilder, Settings};
pub use self::comment::{Comment, CommentRule};
pub use self::credentials::Credentials;
pub use self::error::{ApiError, Error, Incomplete, Outcome, OutcomeUnknown, Request};
pub use self::error_code::ErrorCode;
pub use self::logout::{LoggedOut, LogoutOutcome};
pub use self::lookup::{LookupError, Rows};
pub use self::read::ServerTime;
pub use self::sessions::LoginCall;
pub use self::types::ResourceId;
