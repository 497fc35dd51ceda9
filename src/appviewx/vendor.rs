//! What is AppViewX's own about every call.

use std::time::Duration;

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::answer;
use super::comment::CommentRule;
use super::error_body::AppViewXErrorBody;
use super::error_code::ErrorCode;
use super::lookup_error::LookupError;
use super::types::ResourceId;
use crate::operation::{self, FailureScope, RawEffect, Vendor};
use crate::transport::{Answer, ConfigurationError, Exchange, Parameters};
use crate::validation::LONGEST_NAME;

/// AppViewX CERT+, as the vendor parameter of the crate's shared types: [`Error`] is `clm::Error<AppViewX>`.
///
/// ```
/// use clm::Error;
/// use clm::appviewx::AppViewX;
///
/// fn log(error: &Error<AppViewX>) {
///     eprintln!("{}", error.report());
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppViewX;

/// The error of an AppViewX call. See [`clm::Error`](crate::Error).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::Error;
///
/// match appviewx.certificate_groups().unassign(scene.resource_ids()).send().await {
///     Ok(outcome) => println!("{} confirmed", outcome.successful_ids().len()),
///     Err(Error::Api(error)) => eprintln!("refused: {:?}", error.code()),
///     Err(Error::OutcomeUnknown(error)) => {
///         eprintln!("perhaps done: {}", error.how_to_find_out())
///     }
///     Err(error) => eprintln!("nothing was done: {}", error.report()),
/// }
/// # Ok(()) }
/// ```
pub type Error = operation::Error<AppViewX>;

/// An error response of the server. See [`clm::ApiError`](crate::ApiError).
///
/// ```
/// use clm::appviewx::{ApiError, ErrorCode};
///
/// fn is_comment_refused(error: &ApiError) -> bool {
///     matches!(error.code(), Some(ErrorCode::CommentCharacters | ErrorCode::CommentTooLong))
/// }
/// ```
pub type ApiError = operation::ApiError<AppViewX>;

/// A change whose outcome is unknown. See [`clm::OutcomeUnknown`](crate::OutcomeUnknown).
///
/// ```
/// use clm::appviewx::{OutcomeUnknown, UnassignCertificates};
///
/// fn log(error: &OutcomeUnknown) {
///     if let Some(request) = error.request::<UnassignCertificates>() {
///         eprintln!("perhaps moved: {:?}", request.resource_ids());
///     }
/// }
/// ```
pub type OutcomeUnknown = operation::OutcomeUnknown<AppViewX>;

/// The rows of a list; see [`clm::Rows`](crate::Rows).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Certificate, Rows};
///
/// let mut rows: Rows<Certificate> =
///     appviewx.certificates().search().in_group("web-servers").rows()?;
/// while let Some(row) = rows.next().await {
///     println!("{:?}", row?.common_name);
/// }
/// # Ok(()) }
/// ```
pub type Rows<T> = operation::Rows<T, Error>;

/// An error that several outcomes share; see [`clm::SharedError`](crate::SharedError).
///
/// ```
/// use clm::appviewx::{Error, SharedError};
///
/// fn is_refusal(error: &SharedError) -> bool {
///     matches!(**error, Error::Api(_))
/// }
/// ```
pub type SharedError = operation::SharedError<AppViewX>;

/// A request to an endpoint without a typed operation; see [`Client::raw`](super::Client::raw).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::RequestBuilder;
/// use clm::appviewx::RawCall;
/// use clm::http::Method;
///
/// let call: RequestBuilder<RawCall> = appviewx.raw(Method::GET, "certificate/group");
/// let answer = call.query("groupName", "web-servers").send().await?;
/// println!("{}", answer.status());
/// # Ok(()) }
/// ```
pub type RawCall = operation::RawCall<AppViewX>;

pub(super) type Caller = operation::Caller<AppViewX>;
pub(super) type ReadError = operation::ReadError<AppViewX>;

/// What a client was told that concerns its calls.
#[derive(Clone, Debug)]
pub struct CallDefaults {
    pub(super) gwsource: String,
    /// No secret by itself, and yet nothing to show: `Debug` does not.
    pub(super) tenant_key: Option<SecretString>,
    pub(super) comment_rule: CommentRule,
    pub(super) default_group: String,
    pub(super) max_ids_per_call: usize,
    /// As the transport has it: a server that may wait has to answer before.
    pub(super) change_timeout: Duration,
}

impl CallDefaults {
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        if self.gwsource.trim().is_empty() {
            return Err(ConfigurationError::new("gwsource", "must not be empty: the vendor documents it as mandatory"));
        }
        if self.default_group.trim().is_empty() {
            return Err(ConfigurationError::new("default_group", "must not be empty"));
        }
        let tenant_key = self.tenant_key.as_ref().map(ExposeSecret::expose_secret);
        if tenant_key.is_some_and(|key| key.trim().is_empty()) {
            return Err(ConfigurationError::new("tenant_key", "must not be empty (possibly an unset variable)"));
        }
        if tenant_key.is_some_and(|key| key.contains(char::is_control)) {
            let problem = "must not contain control characters (for example a line end from a file)";
            return Err(ConfigurationError::new("tenant_key", problem));
        }
        let texts = [("gwsource", &*self.gwsource), ("default_group", &*self.default_group)];
        for (setting, text) in texts.into_iter().chain(tenant_key.map(|key| ("tenant_key", key))) {
            if text.chars().count() > LONGEST_NAME {
                return Err(ConfigurationError::new(setting, format!("must be at most {LONGEST_NAME} characters")));
            }
        }
        if self.max_ids_per_call == 0 {
            return Err(ConfigurationError::new("max_ids_per_call", "must be greater than zero"));
        }
        Ok(())
    }
}

impl Vendor for AppViewX {
    type Code = ErrorCode;
    type ErrorBody = AppViewXErrorBody;
    type LookupError = LookupError;
    /// The audit's words for the group that a change puts certificates into.
    type Scope = String;
    type Settings = CallDefaults;

    const CORRELATION_ID: Option<&'static str> = None;
    const PRODUCT_VERSION: Option<&'static str> = None;
    const RAW_CALL: &'static str = "appviewx.raw";
    const OWN_HEADERS: &'static [&'static str] = &["sessionid", "username", "password", "token"];

    fn query(defaults: &CallDefaults) -> Parameters {
        let tenant_key = defaults.tenant_key.as_ref().map(|key| ("gwkey".into(), key.expose_secret().to_owned()));
        std::iter::once(("gwsource".into(), defaults.gwsource.clone())).chain(tenant_key).collect()
    }

    fn error_body(answer: &Answer) -> AppViewXErrorBody {
        AppViewXErrorBody::of(answer)
    }

    fn remediation(
        status: StatusCode,
        body: &AppViewXErrorBody,
        permission_needed: Option<&'static str>,
    ) -> Option<&'static str> {
        let code = body.code.as_ref();
        let denied =
            matches!(code, Some(ErrorCode::ApiAccessDenied)) || code.is_none() && status == StatusCode::FORBIDDEN;
        // The code's own remedy names the right to change groups. A call that reads needs another one.
        if let (true, Some(permission)) = (denied, permission_needed) {
            return Some(permission);
        }
        match code.and_then(ErrorCode::remediation) {
            None if status == StatusCode::UNAUTHORIZED => ErrorCode::AuthenticationFailed.remediation(),
            None if status.is_redirection() => {
                Some("Redirects are never followed. Use the address of the server itself as the base URL.")
            }
            remediation => remediation,
        }
    }

    fn check_raw_answer(exchange: &Exchange, effect: RawEffect) -> Result<(), ReadError> {
        answer::check_raw(exchange, effect)
    }

    fn refusal_scope(status: StatusCode, body: &AppViewXErrorBody) -> FailureScope {
        let code = body.code.as_ref();
        let says_code = code.is_some_and(|code| !code.as_str().trim().is_empty());
        match code {
            // It says that it failed, and that some succeeded.
            _ if !body.ids_to_compare.is_empty() => FailureScope::Unknown,
            // The account; and the comment and the group, which all calls of one change have in common.
            Some(
                ErrorCode::AuthenticationFailed
                | ErrorCode::ApiAccessDenied
                | ErrorCode::CommentCharacters
                | ErrorCode::GroupNotFound,
            ) => FailureScope::EveryCall,
            // A proxy or gateway answered.
            _ if !says_code && (status.is_redirection() || status == StatusCode::NOT_FOUND) => FailureScope::EveryCall,
            Some(code) if code.is_about_a_certificate() => FailureScope::Item,
            _ => FailureScope::Call,
        }
    }
}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        Self::Lookup(Box::new(error))
    }
}

impl ApiError {
    /// The vendor's `tags`: additional information in an undocumented format. Null if the response has none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// if let Err(Error::Api(error)) =
    ///     appviewx.certificate_groups().assign("no such group", ids).send().await
    /// {
    ///     println!("{:?}", error.tags());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn tags(&self) -> &Value {
        &self.error_body().tags
    }

    /// Ids that the response lists as successful although it reports a failure. Which of the two is true is
    /// undocumented by the vendor, so check before you act on them. Secrets of the request are redacted in them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// if let Err(Error::Api(error)) =
    ///     appviewx.certificate_groups().assign("no such group", ids).send().await
    /// {
    ///     println!("{:?}", error.successful_ids());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.error_body().successful_ids
    }

    /// The same as they were sent, to be compared with those that were asked for.
    pub(super) fn ids_to_compare(&self) -> &[ResourceId] {
        &self.error_body().ids_to_compare
    }

    /// Whether the vendor says that there is nothing, rather than that something went wrong.
    pub(super) fn says_no_records(&self) -> bool {
        self.error_body().no_records
    }
}
