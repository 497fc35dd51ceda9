//! Calls to endpoints without a typed operation.

mod answer;
mod builder;
mod check;
mod path;
mod segment;
mod shape;

pub use self::answer::{RawAnswer, UnreadableAnswer, UnreadableReason};

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use self::path::RawPath;
use super::{Change, DocumentedCall, Operation, ReadError, Taken, Vendor};
use crate::lenient::one_line;
use crate::transport::{Cause, Effect, Exchange, Parameters, looked_for};
use crate::validation::Problems;

/// A request to an endpoint without a typed operation; see the client's `raw`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::http::Method;
///
/// let call = keyfactor
///     .raw(Method::GET, "CertificateStores/{id}")
///     .path_value("id", scene.stores()[0])
///     .build()?;
/// assert_eq!(call.path(), "CertificateStores/{id}");
/// let answer = keyfactor.execute(call).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RawCall<V: Vendor> {
    method: Method,
    path: RawPath,
    effect: RawEffect,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// Of the vendor's own headers, what is to be sent in the place of the client's.
    own_headers: Vec<(&'static str, HeaderValue)>,
    body: RawBody,
    secrets: Vec<SecretString>,
    vendor: PhantomData<V>,
}

/// Whether a raw call can change something. This determines when it is retried; see the table in
/// [`guide::retries`](crate::guide::retries).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::RawEffect;
/// use clm::http::Method;
///
/// // A POST that only reads may be retried.
/// let call = keyfactor.raw(Method::POST, "CertificateStores/Search").effect(RawEffect::Read);
/// # call.build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RawEffect {
    /// The call only reads. It may be retried and is not audited. The default for GET and HEAD.
    Read,
    /// The call may change something. It is never retried once it may have arrived, and it is audited. The default for
    /// every other method.
    Change,
}

/// What is sent beside path, query and headers.
#[derive(Clone, PartialEq, Default)]
enum RawBody {
    #[default]
    None,
    Json(Bytes),
    /// The value could not be written as JSON.
    NotJson,
}

impl RawEffect {
    fn of(method: &Method) -> Self {
        if *method == Method::GET || *method == Method::HEAD { Self::Read } else { Self::Change }
    }
}

impl From<RawEffect> for Effect {
    fn from(effect: RawEffect) -> Self {
        match effect {
            RawEffect::Read => Self::Read,
            RawEffect::Change => Self::Change,
        }
    }
}

impl<V: Vendor> RawCall<V> {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            effect: RawEffect::of(&method),
            method,
            path: RawPath::new(path.into()),
            query: Vec::new(),
            headers: Vec::new(),
            own_headers: Vec::new(),
            body: RawBody::None,
            secrets: Vec::new(),
            vendor: PhantomData,
        }
    }

    /// The method.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let call = keyfactor.raw(Method::GET, "CertificateStores").build()?;
    /// assert_eq!(call.method(), Method::GET);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path with its placeholders.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let call = keyfactor.raw(Method::GET, "CertificateStores").build()?;
    /// assert_eq!(call.path(), "CertificateStores");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.text()
    }

    /// Whether the call can change something.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let call = keyfactor.raw(Method::GET, "CertificateStores").build()?;
    /// assert_eq!(call.effect(), clm::RawEffect::Read);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn effect(&self) -> RawEffect {
        self.effect
    }

    /// Sends one of the vendor's own headers with this value instead of the client's.
    pub(crate) fn set_own_header(&mut self, name: &'static str, value: HeaderValue) {
        self.own_headers.retain(|(set, _)| *set != name);
        self.own_headers.push((name, value));
    }

    fn set_json(&mut self, body: &(impl Serialize + ?Sized)) {
        self.body = serde_json::to_vec(body).map_or(RawBody::NotJson, |json| RawBody::Json(json.into()));
    }

    /// A text of the caller's on one line, unless one of the secrets stands in it.
    fn shown(&self, text: &str) -> String {
        if self.holds_a_secret(text) { "[redacted]".to_owned() } else { one_line(text) }
    }

    /// Whether one of the secrets stands in this text. Those too short to be looked for in an answer are not looked for here.
    fn holds_a_secret(&self, text: &str) -> bool {
        let mut secrets = self.secrets.iter().flat_map(|secret| looked_for(secret.expose_secret()));
        secrets.any(|secret| text.contains(secret))
    }
}

// The body, and the values of headers and of the query, may be secrets.
impl<V: Vendor> fmt::Debug for RawCall<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, effect, query, headers, own_headers, body, secrets, vendor: _ } = self;
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| self.shown(name)).collect::<Vec<_>>();
        f.debug_struct("RawCall")
            .field("method", method)
            .field("path", &self.shown(path.text()))
            .field("path_values", &path.values().iter().map(|(_, value)| self.shown(value)).collect::<Vec<_>>())
            .field("effect", effect)
            .field("query", &names(query))
            .field("headers", &names(headers))
            .field("own_headers", own_headers)
            .field("body", body)
            .field("secrets", &secrets.len())
            .finish()
    }
}

impl fmt::Debug for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Json(json) => write!(f, "{} bytes", json.len()),
            Self::NotJson => f.write_str("not JSON"),
        }
    }
}

impl<V: Vendor> PartialEq for RawCall<V> {
    fn eq(&self, other: &Self) -> bool {
        let Self { method, path, effect, query, headers, own_headers, body, secrets, vendor: _ } = self;
        let exposed = |secrets: &[SecretString]| -> Vec<String> {
            secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
        };
        *method == other.method
            && *path == other.path
            && *effect == other.effect
            && *query == other.query
            && *headers == other.headers
            && *own_headers == other.own_headers
            && *body == other.body
            && exposed(secrets) == exposed(&other.secrets)
    }
}

impl<V: Vendor> Operation for RawCall<V> {
    type Vendor = V;
    type Outcome = RawAnswer;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(V::RAW_CALL, self.method.clone(), self.path.filled())
            .with_effect(self.effect.into())
    }

    fn check(&mut self, settings: &V::Settings, problems: &mut Problems) {
        self.check_method(problems);
        self.check_path(problems);
        self.check_query(settings, problems);
        self.check_headers(problems);
        self.check_body(problems);
        self.check_secrets(problems);
    }

    fn query(&self) -> Parameters {
        self.query.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            // Both were checked.
            if let (Ok(name), Ok(mut header)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                header.set_sensitive(self.holds_a_secret(value));
                headers.insert(name, header);
            }
        }
        headers.extend(self.own_headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone())));
        headers
    }

    fn body_bytes(&self) -> Result<Bytes, Cause> {
        match &self.body {
            RawBody::Json(json) => Ok(json.clone()),
            RawBody::None | RawBody::NotJson => Ok(Bytes::new()),
        }
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.secrets.clone()
    }

    fn audit_targets(&self) -> Value {
        Value::Array(vec![format!("{} /{}", self.method, self.path.with_values()).into()])
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some("The account needs the permission that the vendor documents for this endpoint.")
    }

    fn how_to_find_out(&self) -> &'static str {
        "Check what the call would have changed before you send it again: this crate does not know whether calling \
         this endpoint twice is harmless."
    }

    fn read(&self, exchange: &Exchange) -> Result<RawAnswer, ReadError<V>> {
        shape::check(&exchange.answer).map_err(ReadError::Unreadable)?;
        V::check_raw_answer(exchange, self.effect)?;
        Ok(RawAnswer::of(self, exchange))
    }
}

impl<V: Vendor> Change for RawCall<V> {
    const ITEM: &'static str = "call";

    /// What a success of the endpoint means is not known here.
    fn taken(&self, _: &RawAnswer) -> Taken {
        Taken::Accepted
    }
}
