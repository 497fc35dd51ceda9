//! The vendor's codes, with what its page says about each.

use std::fmt;

use http::StatusCode;

use crate::transport::Answer;

/// The vendor's `appStatusCode`. It has one variant for each row of the status table on the page of the unassign call,
/// and for four codes documented for other calls. It is **assumed** that these four have the same meaning for group
/// changes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{CommentRule, ErrorCode};
///
/// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
/// let unassign = unassign.comment("CHG-1234").comment_rule(CommentRule::ServerDecides);
/// if let Err(error) = unassign.send().await {
///     match error.code() {
///         Some(ErrorCode::CommentCharacters) => eprintln!("change the comment"),
///         Some(ErrorCode::OpenWorkOrders) => eprintln!("finish the open work orders"),
///         Some(code) => eprintln!("{code}: {}", code.remediation().unwrap_or_default()),
///         None => eprintln!("{}", error.report()),
///     }
/// # } else { panic!("it was accepted");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `AVX_GW_003`, 401: the credentials are not valid.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Client, Credentials, ErrorCode};
    ///
    /// let credentials = Credentials::session_id("an-expired-session");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::AuthenticationFailed)
    /// {
    ///     eprintln!("log in again for a new session id: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    AuthenticationFailed,
    /// `VALIDATION_ERROR_0004`, 400: a mandatory field is missing or has an invalid value.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    ///
    /// scene.appviewx.require_comment();
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
    /// if let Err(error) = unassign.clone().send().await
    ///     && error.code() == Some(&ErrorCode::MandatoryFieldMissingOrInvalid)
    /// {
    ///     eprintln!("this server requires a comment: {error}");
    ///     unassign.comment("CHG 1234").send().await?;
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    MandatoryFieldMissingOrInvalid,
    /// `VALIDATION_ERROR_0004`, 400: the comment is longer than 255 characters. It shares its code with
    /// [`MandatoryFieldMissingOrInvalid`](Self::MandatoryFieldMissingOrInvalid), and the message distinguishes the two.
    /// An unrecognised message is reported as the latter.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    ///
    /// scene.appviewx.set_comment_limit(20);
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
    /// if let Err(error) = unassign.clone().comment("Decommissioned with CHG 1234").send().await
    ///     && error.code() == Some(&ErrorCode::CommentTooLong)
    /// {
    ///     unassign.comment("CHG 1234").send().await?;
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CommentTooLong,
    /// `CERT-GEN-0033`, 400: the comment contains characters that the server does not accept.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{CommentRule, ErrorCode};
    ///
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
    /// let commented = unassign.clone().comment("CHG-1234").comment_rule(CommentRule::ServerDecides);
    /// if let Err(error) = commented.send().await
    ///     && error.code() == Some(&ErrorCode::CommentCharacters)
    /// {
    ///     unassign.comment("CHG 1234").send().await?;
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CommentCharacters,
    /// `AVX_GW_005`, 403: the user has no access to this API call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::AppViewXPermission;
    ///
    /// scene.appviewx.deny(AppViewXPermission::AssignGroups);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::ApiAccessDenied)
    /// {
    ///     eprintln!("ask for the right to assign groups: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    ApiAccessDenied,
    /// `CERT-ACL-0006`, 403: the user may not update certificates. Adding a comment is an update.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::AppViewXPermission;
    ///
    /// scene.appviewx.deny(AppViewXPermission::UpdateCertificates);
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
    /// if let Err(error) = unassign.clone().comment("CHG 1234").send().await
    ///     && error.code() == Some(&ErrorCode::CertificateUpdateDenied)
    /// {
    ///     eprintln!("sending it again without the comment: {error}");
    ///     unassign.send().await?;
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CertificateUpdateDenied,
    /// `CERT-ACF-0058`, 403: the user lacks a permission for the certificates' category.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::{AppViewXPermission, FakeCategory};
    ///
    /// scene.appviewx.deny(AppViewXPermission::UseCategory(FakeCategory::Client));
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::CategoryDenied)
    /// {
    ///     eprintln!("ask for the permissions for client certificates, or leave them out: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CategoryDenied,
    /// `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`, 403: the user has no read-write permission for the group that a
    /// certificate is in.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::AppViewXPermission;
    ///
    /// scene.appviewx.deny(AppViewXPermission::WriteGroup("agents".to_owned()));
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::CurrentGroupDenied)
    /// {
    ///     eprintln!("leave out the certificates of groups that are not yours: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CurrentGroupDenied,
    /// `ACF_NOT_AVAILABLE_FOR_SERVER_CERT`, 403: the user may not view the server certificate inventory.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::{AppViewXPermission, FakeCategory};
    ///
    /// scene.appviewx.deny(AppViewXPermission::ViewInventory(FakeCategory::Server));
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::ServerInventoryDenied)
    /// {
    ///     eprintln!("ask for the permission to view server certificates: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    ServerInventoryDenied,
    /// `ACF_NOT_AVAILABLE_FOR_CLIENT_CERT`, 403: the user may not view the client certificate inventory.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::{AppViewXPermission, FakeCategory};
    ///
    /// scene.appviewx.deny(AppViewXPermission::ViewInventory(FakeCategory::Client));
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::ClientInventoryDenied)
    /// {
    ///     eprintln!("ask for the permission to view client certificates: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    ClientInventoryDenied,
    /// `ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT`, 403: the user may not view the code signing certificate inventory.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::{AppViewXPermission, FakeCategory};
    ///
    /// # let id = "67bc2ca76a105e1a05691fff";
    /// # scene.appviewx.add_certificate_of(FakeCategory::CodeSigning, id, "web-servers");
    /// scene.appviewx.deny(AppViewXPermission::ViewInventory(FakeCategory::CodeSigning));
    /// if let Err(error) = appviewx.certificate_groups().unassign([id]).send().await
    ///     && error.code() == Some(&ErrorCode::CodeSigningInventoryDenied)
    /// {
    ///     eprintln!("ask for the permission to view code signing certificates: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CodeSigningInventoryDenied,
    /// `DEFAULT_CERT_GROUP_PERMISSION_DENIED`, 404: the user has no read-write permission for the default group. This
    /// is a missing permission, although the status means "not found".
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::AppViewXPermission;
    ///
    /// scene.appviewx.deny(AppViewXPermission::WriteDefaultGroup);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::DefaultGroupDenied)
    /// {
    ///     eprintln!("ask for write permission for the default group: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    DefaultGroupDenied,
    /// `READ_GROUP`, 417, documented for other calls: the group is read-only.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"appStatusCode": "READ_GROUP"});
    /// scene.appviewx.refuse_next(FakeAnswer::status(417).json(body), 1);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::GroupReadOnly)
    /// {
    ///     eprintln!("ask for write permission for the group: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    GroupReadOnly,
    /// `GROUP_NOT_FOUND`, 404, documented for other calls: no group has this name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    ///
    /// let assign = appviewx.certificate_groups().assign("no-such-group", scene.resource_ids());
    /// if let Err(error) = assign.send().await
    ///     && error.code() == Some(&ErrorCode::GroupNotFound)
    /// {
    ///     eprintln!("check the name of the group: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    GroupNotFound,
    /// `NO_RECORDS_FOUND`, 404, documented for other calls: nothing matches.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"appStatusCode": "NO_RECORDS_FOUND"});
    /// scene.appviewx.refuse_next(FakeAnswer::status(404).json(body), 1);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::NoRecords)
    /// {
    ///     eprintln!("check the ids: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    NoRecords,
    /// `OPEN_WORK_ORDERS_FOUND`, 417, documented for other calls: a certificate has another open work order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"appStatusCode": "OPEN_WORK_ORDERS_FOUND"});
    /// scene.appviewx.refuse_next(FakeAnswer::status(417).json(body), 1);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && error.code() == Some(&ErrorCode::OpenWorkOrders)
    /// {
    ///     eprintln!("finish or cancel the open work orders, then run again: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    OpenWorkOrders,
    /// Any other code, unchanged.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"appStatusCode": "A_CODE_OF_A_LATER_VERSION"});
    /// scene.appviewx.refuse_next(FakeAnswer::status(403).json(body), 1);
    /// if let Err(error) = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await
    ///     && let Some(ErrorCode::Other(code)) = error.code()
    /// {
    ///     eprintln!("{code}, which this crate does not know: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Other(String),
}

/// A row of the vendor's status tables, the remedy in our words.
struct Row {
    code: &'static str,
    status: StatusCode,
    remediation: &'static str,
}

/// The two rows that share a code.
const VALIDATION_ERROR: &str = "VALIDATION_ERROR_0004";

impl ErrorCode {
    const DOCUMENTED: [Self; 16] = [
        Self::AuthenticationFailed,
        Self::MandatoryFieldMissingOrInvalid,
        Self::CommentTooLong,
        Self::CommentCharacters,
        Self::ApiAccessDenied,
        Self::CertificateUpdateDenied,
        Self::CategoryDenied,
        Self::CurrentGroupDenied,
        Self::ServerInventoryDenied,
        Self::ClientInventoryDenied,
        Self::CodeSigningInventoryDenied,
        Self::DefaultGroupDenied,
        Self::GroupReadOnly,
        Self::GroupNotFound,
        Self::NoRecords,
        Self::OpenWorkOrders,
    ];

    fn row(&self) -> Option<Row> {
        let (code, status, remediation) = match self {
            Self::AuthenticationFailed => (
                "AVX_GW_003",
                StatusCode::UNAUTHORIZED,
                "Check the user name and password, or obtain a new session id: the current one may have expired.",
            ),
            Self::MandatoryFieldMissingOrInvalid => {
                (VALIDATION_ERROR, StatusCode::BAD_REQUEST, "Set the field that the message names to a valid value.")
            }
            Self::CommentTooLong => {
                (VALIDATION_ERROR, StatusCode::BAD_REQUEST, "Shorten the comment to at most 255 characters.")
            }
            Self::CommentCharacters => (
                "CERT-GEN-0033",
                StatusCode::BAD_REQUEST,
                "Remove special characters and HTML tags from the comment. Which characters this deployment accepts is \
                 undocumented by the vendor; letters, digits and spaces are safe.",
            ),
            Self::ApiAccessDenied => (
                "AVX_GW_005",
                StatusCode::FORBIDDEN,
                "Ask an administrator to grant the user's role the right to assign groups: CERT+ > Groups & Policies > \
                 Group > Assign Group.",
            ),
            Self::CertificateUpdateDenied => (
                "CERT-ACL-0006",
                StatusCode::FORBIDDEN,
                "Adding a comment updates the certificates, and the user lacks the ACL resource permissions for that. \
                 The same call without a comment may be allowed.",
            ),
            Self::CategoryDenied => (
                "CERT-ACF-0058",
                StatusCode::FORBIDDEN,
                "Ask an administrator to grant the user the permissions for the category of these certificates.",
            ),
            Self::CurrentGroupDenied => (
                "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
                StatusCode::FORBIDDEN,
                "Grant the user read-write permission for every group that these certificates are currently in, or \
                 leave those certificates out.",
            ),
            Self::ServerInventoryDenied => (
                "ACF_NOT_AVAILABLE_FOR_SERVER_CERT",
                StatusCode::FORBIDDEN,
                "Grant the user the permissions to view the server certificate inventory.",
            ),
            Self::ClientInventoryDenied => (
                "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT",
                StatusCode::FORBIDDEN,
                "Grant the user the permissions to view the client certificate inventory.",
            ),
            Self::CodeSigningInventoryDenied => (
                "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT",
                StatusCode::FORBIDDEN,
                "Grant the user the permissions to view the code signing certificate inventory.",
            ),
            Self::DefaultGroupDenied => (
                "DEFAULT_CERT_GROUP_PERMISSION_DENIED",
                StatusCode::NOT_FOUND,
                "Grant the user read-write permission for the default certificate group: unassigned certificates are \
                 moved there.",
            ),
            Self::Other(_) => return None,
            elsewhere => return elsewhere.row_of_other_pages(),
        };
        Some(Row { code, status, remediation })
    }

    /// The rows that the page of the unassign call lacks.
    fn row_of_other_pages(&self) -> Option<Row> {
        let (code, status, remediation) = match self {
            Self::GroupReadOnly => (
                "READ_GROUP",
                StatusCode::EXPECTATION_FAILED,
                "Grant the user read-write permission for the target group and for the current groups of the \
                 certificates (assumed: which of them the code refers to is undocumented by the vendor), or leave \
                 those certificates out.",
            ),
            Self::GroupNotFound => (
                "GROUP_NOT_FOUND",
                StatusCode::NOT_FOUND,
                "Check the exact name of the group, or create the group first (assumed: the code is documented for \
                 other calls).",
            ),
            Self::NoRecords => (
                "NO_RECORDS_FOUND",
                StatusCode::NOT_FOUND,
                "Check the ids and names: nothing was found for them, or it is not visible to the user (assumed: the \
                 code is documented for other calls).",
            ),
            Self::OpenWorkOrders => (
                "OPEN_WORK_ORDERS_FOUND",
                StatusCode::EXPECTATION_FAILED,
                "Complete or cancel the open work orders of the certificates, or leave those certificates out \
                 (assumed: the code is documented for other calls).",
            ),
            _ => return None,
        };
        Some(Row { code, status, remediation })
    }

    /// The vendor's spelling of the code.
    ///
    /// ```
    /// assert_eq!(clm::appviewx::ErrorCode::GroupNotFound.as_str(), "GROUP_NOT_FOUND");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(code) => code,
            documented => documented.row().map_or("", |row| row.code),
        }
    }

    /// The HTTP status that the vendor documents for this code. The actual status is the error's `status()`.
    ///
    /// ```
    /// let status = clm::appviewx::ErrorCode::GroupNotFound.documented_status();
    /// assert_eq!(status.map(|it| it.as_u16()), Some(404));
    /// ```
    #[must_use]
    pub fn documented_status(&self) -> Option<StatusCode> {
        self.row().map(|row| row.status)
    }

    /// What to do about the error. The text follows the page of the unassign call. It is **assumed** that a code has
    /// the same meaning for other calls.
    ///
    /// ```
    /// if let Some(remediation) = clm::appviewx::ErrorCode::CategoryDenied.remediation() {
    ///     eprintln!("{remediation}");
    /// }
    /// ```
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.row().map(|row| row.remediation)
    }

    /// Whether a change that names other certificates may be taken.
    pub(super) fn is_about_a_certificate(&self) -> bool {
        match self {
            Self::CurrentGroupDenied | Self::GroupReadOnly | Self::OpenWorkOrders => true,
            code => code.is_about_a_category(),
        }
    }

    /// Whether a call on certificates of another category may be taken.
    pub(super) fn is_about_a_category(&self) -> bool {
        match self {
            Self::CategoryDenied
            | Self::ServerInventoryDenied
            | Self::ClientInventoryDenied
            | Self::CodeSigningInventoryDenied => true,
            Self::Other(code) => code.trim().starts_with("ACF_NOT_AVAILABLE_"),
            _ => false,
        }
    }

    /// A code of this answer, with the help of the message where two rows share a code. Both are compared as they were sent;
    /// an unknown code is kept without what must not be shown.
    pub(super) fn said_in(answer: &Answer, code: &str, message: Option<&str>) -> Self {
        let known = Self::DOCUMENTED.into_iter().find(|known| known.as_str() == code.trim());
        match known {
            Some(Self::MandatoryFieldMissingOrInvalid) if message.is_some_and(is_about_comment_length) => {
                Self::CommentTooLong
            }
            Some(known) => known,
            None => Self::Other(answer.said(code).into_string()),
        }
    }
}

/// The vendor's sentence is "comment exceeds the 255-character limit."
fn is_about_comment_length(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let mut words = message.split(|it: char| !it.is_alphanumeric());
    message.contains("comment") && (message.contains("exceed") || words.any(|word| word == "255"))
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
