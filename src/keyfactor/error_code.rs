//! The vendor's statuses and error codes, and what is known about each.

use std::fmt;

use http::StatusCode;

use crate::transport::Answer;

/// The kind of an error status.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{ErrorKind, Schedule};
///
/// scene.keyfactor.restrict_to([]);
/// let stores = keyfactor.certificate_stores();
/// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
/// if let Err(error) = removal.send().await {
///     match error.kind() {
///         Some(ErrorKind::Unauthorized) => eprintln!("check the credentials"),
///         Some(ErrorKind::Forbidden) => eprintln!("ask for the permission: {}", error.report()),
///         _ => return Err(error.into()),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400, seen: the server does not accept a value, or a business rule is violated.
    BadRequest,
    /// 401, documented: invalid credentials, or an identity provider that the server does not know.
    Unauthorized,
    /// 403, documented: a permission is missing.
    Forbidden,
    /// 404, seen: the object does not exist, or the base URL is wrong.
    NotFound,
    /// 413, seen: the request is larger than the server accepts.
    PayloadTooLarge,
    /// 429, assumed: too many requests. No vendor page mentions it, but a proxy may send it.
    TooManyRequests,
    /// 5xx, assumed: the server or a gateway failed. For a change, this leads to
    /// [`OutcomeUnknown`](super::OutcomeUnknown).
    Server,
    /// Any other status, including redirects, which are never followed.
    Other(StatusCode),
}

/// The kind in words. For [`Other`](Self::Other), the status.
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BadRequest => "bad request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::PayloadTooLarge => "payload too large",
            Self::TooManyRequests => "too many requests",
            Self::Server => "server error",
            Self::Other(status) => return status.fmt(f),
        })
    }
}

impl ErrorKind {
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::BadRequest,
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            status if status.is_server_error() => Self::Server,
            status => Self::Other(status),
        }
    }

    pub(super) fn remediation(self) -> Option<&'static str> {
        match self {
            Self::BadRequest => Some("Correct what the message names; sent again as it is, the request fails again."),
            Self::Unauthorized => Some(
                "Check user name and password (the vendor's tools send `DOMAIN\\user`) or the token and its expiry, and \
                 that the server knows the identity provider.",
            ),
            Self::NotFound => Some(
                "Check the ids that the request names, and that the base URL ends in the server's API path \
                 (`KeyfactorAPI` unless the installation chose another).",
            ),
            Self::PayloadTooLarge => Some("Send fewer locations in one call."),
            Self::TooManyRequests => Some("Wait before the next call, and make fewer at once."),
            Self::Other(status) if status.is_redirection() => {
                Some("Redirects are never followed. Use the address of the server itself as the base URL.")
            }
            Self::Other(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => Some(
                "The proxy asks for credentials: put user name and password into the URL that is given to `proxy`.",
            ),
            Self::Forbidden | Self::Server | Self::Other(_) => None,
        }
    }
}

/// The vendor's error codes. They are **not unique**: one code may have unrelated causes, so read the message as
/// well.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, ErrorCode};
/// use clm::testing::FakeAnswer;
///
/// let body = clm::serde_json::json!({"ErrorCode": "0xA0130000", "Message": "The object was not found."});
/// scene.keyfactor.refuse_next(FakeAnswer::status(404).json(body), 1);
/// let read = keyfactor.certificates().get(scene.certificate()).send().await;
/// let Err(Error::Api(error)) = read else { panic!() };
/// assert_eq!(error.code(), Some(&ErrorCode::ObjectNotFound));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `0xA0110002`, seen: no private key could be found for the certificate.
    PrivateKeyNotFound,
    /// `0xA0110007`, seen: the header that names the certificate format is missing.
    CertificateFormatMissing,
    /// `0xA0110029`, seen with two unrelated causes when a certificate authority was deleted.
    CertificateAuthorityNotDeleted,
    /// `0xA011004A`, reported by a vendor's test: the list cannot be sorted by this field.
    InvalidSortField,
    /// `0xA0130000`, seen: the object was not found.
    ObjectNotFound,
    /// `0xA0140002`, seen with 403: a permission is missing.
    PermissionDenied,
    /// Any other code, as the server sent it.
    Other(String),
}

impl ErrorCode {
    /// Returns the code in the vendor's form.
    ///
    /// ```
    /// use clm::keyfactor::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::PermissionDenied.as_str(), "0xA0140002");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::PrivateKeyNotFound => "0xA0110002",
            Self::CertificateFormatMissing => "0xA0110007",
            Self::CertificateAuthorityNotDeleted => "0xA0110029",
            Self::InvalidSortField => "0xA011004A",
            Self::ObjectNotFound => "0xA0130000",
            Self::PermissionDenied => "0xA0140002",
            Self::Other(code) => code,
        }
    }

    /// A code of this answer. It is compared as it was sent, and kept without what must not be shown.
    pub(super) fn said_in(answer: &Answer, code: &str) -> Self {
        [
            Self::PrivateKeyNotFound,
            Self::CertificateFormatMissing,
            Self::CertificateAuthorityNotDeleted,
            Self::InvalidSortField,
            Self::ObjectNotFound,
            Self::PermissionDenied,
        ]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(code.trim()))
        .unwrap_or_else(|| Self::Other(answer.said(code).into_string()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
