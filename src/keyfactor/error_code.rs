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
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorKind;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400), 1);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && error.kind() == Some(ErrorKind::BadRequest)
    /// {
    ///     eprintln!("correct the request: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    BadRequest,
    /// 401, documented: invalid credentials, or an identity provider that the server does not know.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Client, Credentials, ErrorKind};
    ///
    /// let credentials = Credentials::basic(scene.keyfactor.user(), "an old password");
    /// let keyfactor = Client::builder(scene.keyfactor.url()).credentials(credentials).build()?;
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && error.kind() == Some(ErrorKind::Unauthorized)
    /// {
    ///     eprintln!("check the user and the password: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Unauthorized,
    /// 403, documented: a permission is missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorKind;
    ///
    /// scene.keyfactor.restrict_to([]);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && error.kind() == Some(ErrorKind::Forbidden)
    /// {
    ///     eprintln!("ask for the permission: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Forbidden,
    /// 404, seen: the object does not exist, or the base URL is wrong.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorKind;
    ///
    /// if let Err(error) = keyfactor.certificates().get(4711).send().await
    ///     && error.kind() == Some(ErrorKind::NotFound)
    /// {
    ///     eprintln!("no such certificate, or the base URL is wrong: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    NotFound,
    /// 413, seen: the request is larger than the server accepts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{ErrorKind, Schedule};
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(413), 1);
    /// let removal = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates(scene.locations(), Schedule::Immediate);
    /// if let Err(error) = removal.clone().send().await
    ///     && error.kind() == Some(ErrorKind::PayloadTooLarge)
    /// {
    ///     let outcome = removal.one_job_per_location().send().await?;
    ///     assert_eq!(outcome.calls(), 2);
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    PayloadTooLarge,
    /// 429, assumed: too many requests. No vendor page mentions it, but a proxy may send it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::ErrorKind;
    /// use clm::testing::FakeAnswer;
    ///
    /// let answer = FakeAnswer::status(429).retry_after(Duration::from_secs(30));
    /// scene.keyfactor.refuse_next(answer, 1);
    /// let read = keyfactor.certificates().get(scene.certificate()).retry_policy(RetryPolicy::none());
    /// if let Err(error) = read.send().await
    ///     && error.kind() == Some(ErrorKind::TooManyRequests)
    /// {
    ///     eprintln!("a proxy refuses further requests; try again later: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    TooManyRequests,
    /// 5xx, assumed: the server or a gateway failed. For a change, this leads to
    /// [`OutcomeUnknown`](super::OutcomeUnknown).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::ErrorKind;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(503), 1);
    /// let read =
    ///     keyfactor.certificates().get(scene.certificate()).retry_policy(RetryPolicy::none());
    /// if let Err(error) = read.send().await
    ///     && error.kind() == Some(ErrorKind::Server)
    /// {
    ///     eprintln!("the server or a gateway failed: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Server,
    /// Any other status, including redirects, which are never followed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorKind;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(302), 1);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && let Some(ErrorKind::Other(status)) = error.kind()
    /// {
    ///     eprintln!("{status}: redirects are not followed; correct the base URL");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
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
            Self::BadRequest => Some("Correct what the message names; the same request would fail again."),
            Self::Unauthorized => Some(
                "Check the user name and password (the vendor's tools send `DOMAIN\\user`), or the token and its \
                 expiry, and that the server knows the identity provider.",
            ),
            Self::NotFound => Some(
                "Check the ids that the request names, and that the base URL ends in the server's API path \
                 (`KeyfactorAPI` unless the installation chose another).",
            ),
            Self::PayloadTooLarge => Some("Send fewer locations in one call."),
            Self::TooManyRequests => Some("Wait before the next call, and send fewer calls at once."),
            Self::Other(status) if status.is_redirection() => {
                Some("Redirects are never followed. Use the address of the server itself as the base URL.")
            }
            Self::Other(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                Some("The proxy requires credentials: put the user name and password into the URL passed to `proxy`.")
            }
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
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, ErrorCode, Schedule};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"ErrorCode": "0xA0110002", "Message": "No private key."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let entry = CertificateStoreEntry::new(scene.stores()[0])
    ///     .alias("www.example.com.pem")
    ///     .include_private_key();
    /// let addition = keyfactor.certificate_stores().add_certificates(
    ///     scene.certificate(),
    ///     [entry],
    ///     Schedule::Immediate,
    /// );
    /// if let Err(error) = addition.send().await
    ///     && error.code() == Some(&ErrorCode::PrivateKeyNotFound)
    /// {
    ///     eprintln!(
    ///         "Command does not hold the key; add the certificate alone, or not at all: {error}"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    PrivateKeyNotFound,
    /// `0xA0110007`, seen: the header that names the certificate format is missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    /// use clm::keyfactor::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body =
    ///     clm::serde_json::json!({"ErrorCode": "0xA0110007", "Message": "The format is missing."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// if let Err(error) = keyfactor.raw(Method::POST, "Certificates/Download").send().await
    ///     && error.code() == Some(&ErrorCode::CertificateFormatMissing)
    /// {
    ///     eprintln!("set the header that names the format: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CertificateFormatMissing,
    /// `0xA0110029`, seen with two unrelated causes when a certificate authority was deleted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    /// use clm::keyfactor::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"ErrorCode": "0xA0110029", "Message": "It is in use."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let call = keyfactor.raw(Method::DELETE, "CertificateAuthority/{id}").path_value("id", "7");
    /// if let Err(error) = call.send().await
    ///     && error.code() == Some(&ErrorCode::CertificateAuthorityNotDeleted)
    /// {
    ///     eprintln!("the code has several causes, so the message decides: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    CertificateAuthorityNotDeleted,
    /// `0xA011004A`, reported by a vendor's test: the list cannot be sorted by this field.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{ErrorCode, Query};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body =
    ///     clm::serde_json::json!({"ErrorCode": "0xA011004A", "Message": "Invalid sort field."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let read = keyfactor.certificates().search(Query::all()).rows()?.collect().await;
    /// if let Err(error) = read
    ///     && error.code() == Some(&ErrorCode::InvalidSortField)
    /// {
    ///     eprintln!("this server cannot sort by the certificate's id: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    InvalidSortField,
    /// `0xA0130000`, seen: the object was not found.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"ErrorCode": "0xA0130000", "Message": "The object was not found."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(404).json(body), 1);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && error.code() == Some(&ErrorCode::ObjectNotFound)
    /// {
    ///     eprintln!("it was deleted in the meantime: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    ObjectNotFound,
    /// `0xA0140002`, seen with 403: a permission is missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorCode;
    ///
    /// scene.keyfactor.restrict_to([]);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && error.code() == Some(&ErrorCode::PermissionDenied)
    /// {
    ///     eprintln!("ask for the permission: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    PermissionDenied,
    /// Any other code, as the server sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::ErrorCode;
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"ErrorCode": "0xA0119999", "Message": "Something else."});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// if let Err(error) = keyfactor.certificates().get(scene.certificate()).send().await
    ///     && let Some(ErrorCode::Other(code)) = error.code()
    /// {
    ///     eprintln!("{code}, which this crate does not know: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
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
