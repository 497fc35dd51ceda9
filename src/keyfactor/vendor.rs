//! The vendor-specific parts of the shared types.

use http::StatusCode;

use super::certificate_store_types::StoreTypeCache;
use super::error_body::{FailedOperation, KeyfactorErrorBody};
use super::error_code::{ErrorCode, ErrorKind};
use super::lookup_error::LookupError;
use super::permission_scope::PermissionScope;
use crate::operation::{self, FailureScope, Vendor};
use crate::transport::{Answer, Parameters};

/// Keyfactor Command as the vendor of the crate's shared types: [`Error`] is `clm::Error<Keyfactor>`.
///
/// ```
/// use clm::Error;
/// use clm::keyfactor::Keyfactor;
///
/// fn log(error: &Error<Keyfactor>) {
///     eprintln!("{}", error.report());
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyfactor;

/// The error of a Keyfactor call. See [`clm::Error`](crate::Error).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, Schedule};
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// match removal.send().await {
///     Ok(outcome) => println!("scheduled: {:?}", outcome.job_ids()),
///     Err(Error::Api(error)) => eprintln!("refused: {}", error.status()),
///     Err(Error::OutcomeUnknown(error)) => {
///         eprintln!("perhaps done: {}", error.how_to_find_out())
///     }
///     Err(error) => eprintln!("nothing was done: {}", error.report()),
/// }
/// # Ok(()) }
/// ```
pub type Error = operation::Error<Keyfactor>;

/// An error response of the server. See [`clm::ApiError`](crate::ApiError).
///
/// ```
/// use clm::keyfactor::{ApiError, ErrorKind};
///
/// fn is_permission_missing(error: &ApiError) -> bool {
///     error.kind() == ErrorKind::Forbidden
/// }
/// ```
pub type ApiError = operation::ApiError<Keyfactor>;

/// A change that may have reached the server and was not clearly refused. See
/// [`clm::OutcomeUnknown`](crate::OutcomeUnknown).
///
/// ```
/// use clm::keyfactor::{OutcomeUnknown, RemoveCertificates};
///
/// fn log(error: &OutcomeUnknown) {
///     if let Some(request) = error.request::<RemoveCertificates>() {
///         request
///             .locations()
///             .iter()
///             .for_each(|location| eprintln!("perhaps scheduled: {location}"));
///     }
/// }
/// ```
pub type OutcomeUnknown = operation::OutcomeUnknown<Keyfactor>;

/// The rows of a list; see [`clm::Rows`](crate::Rows). A row that was already on one of the two previous pages is not
/// returned again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{CertificateStore, Query, Rows};
///
/// let mut rows: Rows<CertificateStore> =
///     keyfactor.certificate_stores().list(Query::all()).rows()?;
/// while let Some(store) = rows.next().await {
///     println!("{}", store?.id);
/// }
/// # Ok(()) }
/// ```
pub type Rows<T> = operation::Rows<T, Error>;

/// An error that is shared by several outcomes. See [`clm::SharedError`](crate::SharedError).
///
/// ```
/// use clm::keyfactor::{Error, SharedError};
///
/// fn is_refusal(error: &SharedError) -> bool {
///     matches!(**error, Error::Api(_))
/// }
/// ```
pub type SharedError = operation::SharedError<Keyfactor>;

/// A request to an endpoint for which this crate has no typed operation; see [`Client::raw`](super::Client::raw).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::RequestBuilder;
/// use clm::http::Method;
/// use clm::keyfactor::RawCall;
///
/// let call: RequestBuilder<RawCall> = keyfactor.raw(Method::GET, "CertificateStores");
/// let answer = call.send().await?;
/// println!("{}", answer.status());
/// # Ok(()) }
/// ```
pub type RawCall = operation::RawCall<Keyfactor>;

pub(super) type Caller = operation::Caller<Keyfactor>;
pub(super) type ReadError = operation::ReadError<Keyfactor>;

/// The settings and the cached facts of a client that its calls use.
#[derive(Debug)]
pub struct CallLimits {
    pub(super) max_locations_per_call: usize,
    pub(super) store_types: StoreTypeCache,
}

impl Vendor for Keyfactor {
    type Code = ErrorCode;
    type ErrorBody = KeyfactorErrorBody;
    type LookupError = LookupError;
    type Scope = PermissionScope;
    type Settings = CallLimits;

    const CORRELATION_ID: Option<&'static str> = Some("x-keyfactor-correlation-id");
    const PRODUCT_VERSION: Option<&'static str> = Some("x-keyfactor-product-version");
    const RAW_CALL: &'static str = "keyfactor.raw";
    const OWN_HEADERS: &'static [&'static str] = &["x-keyfactor-api-version", "x-keyfactor-requested-with"];

    fn query(_: &CallLimits) -> Parameters {
        Vec::new()
    }

    fn error_body(answer: &Answer) -> KeyfactorErrorBody {
        KeyfactorErrorBody::of(answer)
    }

    fn remediation(
        status: StatusCode,
        _: &KeyfactorErrorBody,
        permission_needed: Option<&'static str>,
    ) -> Option<&'static str> {
        match ErrorKind::of(status) {
            ErrorKind::Forbidden => permission_needed,
            kind => kind.remediation(),
        }
    }

    fn refusal_scope(status: StatusCode, _: &KeyfactorErrorBody) -> FailureScope {
        if status.is_redirection() { FailureScope::EveryCall } else { FailureScope::Item }
    }

    fn lookup_scope(error: &LookupError) -> FailureScope {
        match error {
            // Read again, the list may be whole.
            LookupError::FewerRowsThanCounted { .. } => FailureScope::ServerTrouble,
            _ => FailureScope::Item,
        }
    }

    fn note_scope(scope: &PermissionScope) {
        scope.warn_of_ignored_container();
    }
}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        Self::Lookup(Box::new(error))
    }
}

impl Error {
    /// Returns the HTTP status as an [`ErrorKind`], if a response with an error status was received.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, ErrorKind, Schedule};
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(error) = removed else { panic!() };
    /// assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        self.status().filter(|status| !status.is_success()).map(ErrorKind::of)
    }
}

impl ApiError {
    /// Returns the HTTP status as an [`ErrorKind`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, ErrorKind, Schedule};
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::Api(error)) = removed else { panic!() };
    /// assert_eq!(error.kind(), ErrorKind::Forbidden);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(self.status())
    }

    /// Returns the failed operations, if the response lists them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"Message": "no", "FailedOperations": [{"Reason": "the alias is unknown"}]});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::Api(error)) = removed else { panic!() };
    /// assert_eq!(error.failed_operations()[0].reason(), Some("the alias is unknown"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn failed_operations(&self) -> &[FailedOperation] {
        &self.error_body().failed_operations
    }
}
