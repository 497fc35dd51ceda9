//! Everything that is sent goes through here. It knows no vendor, and nothing else in the crate names reqwest.

mod address;
mod audit;
mod authentication;
mod basic;
mod cause;
mod connections;
mod end;
mod error;
mod options;
mod raw_body;
mod received;
mod redaction;
#[cfg(any(fuzzing, test, feature = "testing"))]
mod reply;
mod request;
mod request_body;
mod retry;
mod runtime;
mod secrets;
#[cfg(test)]
mod tests;
#[cfg(feature = "rustls")]
mod tls;
mod token;
mod unreachable;
mod untrusted;
mod urls;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::error::Elapsed;
use tracing::Instrument as _;
use url::Url;

#[cfg(all(feature = "keyfactor", feature = "rustls"))]
pub(crate) use self::address::is_loopback;
pub(crate) use self::address::{base_path, shown, token_url};
pub(crate) use self::audit::{AuditEnd, Audited, no_jobs};
pub use self::authentication::AuthenticationError;
pub(crate) use self::authentication::{NoCredential, ProviderSaid};
pub(crate) use self::basic::{base64_of_pair, basic_authorization};
pub(crate) use self::cause::Cause;
pub(crate) use self::connections::Connection;
pub(crate) use self::end::{Answer, Ended, Evidence, Exchange, Failure, Refusal, Trace, Unknown};
pub use self::error::{ConfigurationError, DecodeError, TransportError};
pub use self::options::ClientBuilder;
pub(crate) use self::options::Options;
pub(crate) use self::raw_body::RawBody;
#[cfg(feature = "testing")]
pub(crate) use self::reply::Unsent;
#[cfg(any(fuzzing, test))]
pub(crate) use self::reply::answered;
pub(crate) use self::request::{Call, CallName, Effect, Parameters, Path, encoded_query, percent_encoded};
pub use self::retry::RetryPolicy;
pub(crate) use self::secrets::{Secrets, ServerText, looked_for};
#[cfg(feature = "rustls")]
pub(crate) use self::tls::check_roots;
pub(crate) use self::token::{Attempts, Credential, NewCredential, Renew};

use self::audit::Audit;
use self::connections::{Connections, Route};
use self::end::FailureKind;
use self::received::Received;
use self::request_body::{Begun, request_body};
use self::retry::{Body, Limits, Try, TryDriver, run};
use self::secrets::Confidence;
use self::token::Issued;
use self::urls::Urls;

/// What a vendor's client tells the transport about itself.
pub(crate) struct Identity {
    /// Sent with every call, beside the credential.
    pub(crate) headers: HeaderMap,
    /// The query that every call carries.
    pub(crate) query: Parameters,
    pub(crate) credential: Credential,
    /// Who acts, for the audit. Never a secret.
    pub(crate) principal: String,
    /// The response header with the server's correlation id, if the vendor has one.
    pub(crate) correlation_header: Option<&'static str>,
}

/// Everything that this crate sends passes through [`Transport::execute`].
pub(crate) struct Transport {
    connections: Connections,
    route: Route,
    urls: Urls,
    credential: Credential,
    principal: Arc<str>,
    correlation_header: Option<HeaderName>,
    options: Options,
    permits: Semaphore,
}

// The headers may hold what a caller would not print; the credential shows its kind only.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections: _, route: _, urls, credential, principal, correlation_header: _, options, permits: _ } =
            self;
        f.debug_struct("Transport")
            .field("base_url", &shown(urls.base().as_str()))
            .field("principal", principal)
            .field("credential", credential)
            .field("options", options)
            .finish()
    }
}

impl Transport {
    pub(crate) fn new(base_url: Url, mut identity: Identity, options: Options) -> Result<Self, ConfigurationError> {
        options.check()?;
        identity.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        // reqwest adds it to every request that has none.
        identity.headers.insert(USER_AGENT, connections::USER_AGENT);
        let (connections, route) = Connections::new(&base_url, &options)?;
        let permits = Semaphore::new(options.max_concurrent_tries);
        let Identity { headers, query, credential, principal, correlation_header } = identity;
        let urls = Urls::new(base_url, &query);
        let credential = credential.beside(headers);
        let principal = principal.into();
        let correlation_header = correlation_header.map(HeaderName::from_static);
        Ok(Self { connections, route, urls, credential, principal, correlation_header, options, permits })
    }

    pub(crate) fn base_url(&self) -> &Url {
        self.urls.base()
    }

    /// How long the URL of a call is, in bytes.
    pub(crate) fn url_length(&self, path: &Path, query: &Parameters) -> usize {
        self.urls.of(path, query).map_or(0, |url| url.as_str().len())
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Sends a call, again where that is harmless, and says how it ended.
    pub(crate) async fn execute(&self, call: Call) -> Result<Exchange, Failure> {
        let span = tracing::info_span!(
            "clm.call",
            clm.operation = call.operation,
            http.request.method = call.method.as_str(),
            server.address = self.base_url().host_str(),
            url.template = call.path.template(),
        );
        self.execute_in_span(call).instrument(span).await
    }

    async fn execute_in_span(&self, mut call: Call) -> Result<Exchange, Failure> {
        let name = call.name();
        let effect = call.effect;
        let audit = match effect {
            Effect::Read => Audit::none(),
            Effect::Change | Effect::RepeatableChange => {
                Audit::of_change(call.operation, Arc::clone(&self.principal), call.audited.take())
            }
        };
        let mut trace = Trace { call: name, attempts: 0, elapsed: Duration::ZERO, correlation_id: None };
        let url = self.connections.check_runtime().and_then(|()| self.urls.of(&call.path, &call.query));
        let url = match url {
            Ok(url) => url,
            Err(cause) => {
                let end = Box::new(FailureKind::NotDone { what: "nothing was sent", cause, remedy: None });
                return Err(Failure { end, trace, audit });
            }
        };
        let limits = self.limits(effect, call.retry_policy.unwrap_or(self.options.retry_policy));
        let current = if let Some(given) = self.credential.given() {
            Ok(given)
        } else {
            let current = tokio::time::timeout(limits.budget, self.credential.current());
            current.await.unwrap_or_else(|_| Err(too_late()))
        };
        let issued = match current {
            Ok(issued) => issued,
            Err(error) => {
                let end = Box::new(FailureKind::NotAuthenticated { error, refused: None });
                return Err(Failure { end, trace, audit });
            }
        };
        let secrets = Confidence::of(&call.headers, std::mem::take(&mut call.secrets));
        let mut driver = Network { transport: self, call, url, issued, secrets, audit, correlation_id: None };
        let ended = run(effect, limits, &mut driver).await;
        trace.attempts = ended.attempts;
        trace.elapsed = ended.elapsed;
        trace.correlation_id = driver.correlation_id;
        match ended.result {
            Ok(answer) => Ok(Exchange { answer, trace, audit: driver.audit, after_unanswered_copy: ended.unanswered }),
            Err(end) => Err(Failure { end, trace, audit: driver.audit }),
        }
    }

    /// `Err` if no call can be made from where this is called: there is no tokio runtime that can carry it.
    pub(crate) fn check_runtime(&self) -> Result<(), Cause> {
        self.connections.check_runtime()
    }

    /// How long a look-up may take, and how many pages of a list it may read.
    pub(crate) fn lookup_limits(&self) -> (Duration, u32) {
        (self.options.lookup_deadline, self.options.max_lookup_pages)
    }

    fn limits(&self, effect: Effect, policy: RetryPolicy) -> Limits {
        let Options { connect_timeout, read_timeout, read_budget, change_timeout, .. } = self.options;
        let (one_try, budget) = match effect {
            Effect::Read => (read_timeout, read_budget),
            Effect::Change | Effect::RepeatableChange => (change_timeout, change_timeout),
        };
        Limits { policy, one_try, budget, connect: connect_timeout }
    }
}

/// One call on its way over the network.
struct Network<'a> {
    transport: &'a Transport,
    call: Call,
    url: Url,
    issued: Issued,
    /// Of the call itself.
    secrets: Option<Arc<Confidence>>,
    audit: Audit,
    correlation_id: Option<ServerText>,
}

impl<'a> TryDriver for Network<'a> {
    type Permit = Option<SemaphorePermit<'a>>;

    async fn permit(&mut self) -> Self::Permit {
        // The semaphore is never closed.
        self.transport.permits.acquire().await.ok()
    }

    async fn credential(&mut self, limit: Duration) -> Result<(), NoCredential> {
        let credential = &self.transport.credential;
        if let Some(in_use) = credential.in_use() {
            self.issued = self.issued.replaced_by(in_use);
            return Ok(());
        }
        // It was ended meanwhile. As after a renewal, a try with too little time left is not begun.
        let limit = limit.saturating_sub(self.transport.options.connect_timeout);
        let fetched = tokio::time::timeout(limit, credential.current()).await;
        self.issued = fetched.unwrap_or_else(|_| Err(too_late()))?;
        Ok(())
    }

    async fn attempt(&mut self, number: u32, limit: Duration) -> Try {
        self.audit.try_begins();
        let tried = self.send(limit).await;
        self.audit.try_ended();
        if matches!(&tried, Try::Head(answer, _) if answer.status.is_success()) {
            self.issued.works();
        }
        let resends = number - 1;
        match &tried {
            Try::NotConnected(cause) | Try::NoHead(cause) | Try::Untrusted { cause, .. } => {
                tracing::debug!(http.request.resend_count = resends, error = %cause.whole(), "no response received");
            }
            Try::Head(answer, _) | Try::TooEarly(answer, _) | Try::Expired(answer) => {
                let correlation_id = self.transport.correlation_header.as_ref().and_then(|name| answer.said_in(name));
                tracing::debug!(
                    http.request.resend_count = resends,
                    http.response.status_code = answer.status.as_u16(),
                    clm.correlation_id = correlation_id.as_ref().map(ServerText::as_str),
                    "response received"
                );
                self.correlation_id = correlation_id;
            }
        }
        tried
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    async fn renew(&mut self, limit: Duration) -> Option<Result<(), NoCredential>> {
        let newer = tokio::time::timeout(limit, self.transport.credential.newer(&self.issued));
        let renewed = newer.await.unwrap_or_else(|_| Some(Err(too_late())))?;
        Some(renewed.map(|issued| self.issued = issued))
    }

    fn left_unanswered(&mut self) {
        self.audit.left_unanswered();
    }
}

impl Network<'_> {
    async fn send(&self, limit: Duration) -> Try {
        let Self { transport, call, url, issued, secrets, .. } = self;
        let mut headers = HeaderMap::clone(&issued.request_headers);
        for (name, value) in &call.headers {
            headers.insert(name.clone(), value.clone());
        }
        let secrets = Secrets { of_credential: issued.secrets.clone(), of_call: secrets.clone() };
        let (body, progress) = request_body(call.body.clone());
        let mut request = reqwest::Request::new(call.method.clone(), url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body);
        *request.timeout_mut() = Some(limit);
        match transport.connections.client(call.connection).execute(request).await {
            Ok(response) => {
                let begun = progress.answer_begins();
                let tried = transport.receive(response, call.effect, secrets).await;
                if begun == Begun::TooEarly { tried.too_early() } else { tried }
            }
            Err(error) => {
                let not_connected = error.is_connect();
                let remedy = untrusted::remedy(&error).filter(|_| not_connected);
                let unreachable = unreachable::remedy(&error, transport.route);
                let cause = Cause::of(&error.without_url()).with_remedy(unreachable);
                match remedy {
                    Some(remedy) => Try::Untrusted { cause, remedy },
                    None if not_connected => Try::NotConnected(cause),
                    None => Try::NoHead(cause),
                }
            }
        }
    }
}

impl Transport {
    /// Reads the body as it streams in, no further than the limit, and no longer than bytes keep coming.
    async fn receive(&self, mut response: reqwest::Response, effect: Effect, secrets: Secrets) -> Try {
        let between_bytes_timeout = self.options.between_bytes_timeout;
        let status = response.status();
        let limit = self.options.largest_answer(effect, status);
        let headers = std::mem::take(response.headers_mut());
        // What is announced may not come.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let mut body = Received::of(effect, status, announced.min(limit));
        let end = loop {
            match in_time(response.chunk(), between_bytes_timeout).await {
                Ok(Ok(None)) => break Body::Complete,
                Ok(Ok(Some(mut chunk))) => {
                    let room = limit - body.len();
                    let is_too_large = chunk.len() > room;
                    chunk.truncate(room);
                    body.add(chunk);
                    if is_too_large {
                        break Body::TooLarge(Cause::new(format!("the response is larger than {limit} bytes")));
                    }
                }
                Ok(Err(error)) => break Body::Cut(Cause::of(&error.without_url())),
                Err(_) => {
                    break Body::Cut(Cause::new(format!(
                        "no data was received for {between_bytes_timeout:?} \
                                                        (`between_bytes_timeout`)"
                    )));
                }
            }
        };
        let answer = Answer { status, headers, body: body.into(), secrets };
        let end = end.unless_encoded(&answer);
        // A proxy may answer for itself.
        let expired = self.route == Route::Direct && self.credential.expires_with(status);
        if expired { Try::Expired(answer) } else { Try::Head(answer, end) }
    }
}

/// The same as `tokio::time::timeout`, without a timer for what is there already.
async fn in_time<F: Future>(work: F, limit: Duration) -> Result<F::Output, Elapsed> {
    let mut work = pin!(work);
    match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => tokio::time::timeout(limit, work).await,
    }
}

/// A credential that does not come in time must not hold the call, nor those that wait for the same renewal.
fn too_late() -> NoCredential {
    NoCredential::new("not received within the time limit of the call", None)
}
