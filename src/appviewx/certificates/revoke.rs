//! `PUT /certificate/revoke`, and `PUT /certificate/action` with the action `Revoke`.

use std::fmt;
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::handle::Certificates;
use crate::appviewx::answer::taken;
use crate::appviewx::short_envelope::ShortEnvelope;
use crate::appviewx::types::ResourceId;
use crate::appviewx::vendor::{AppViewX, CallDefaults, ReadError};
use crate::lenient::one_line;
use crate::operation::{Change, DocumentedCall, Incomplete, Operation, Receipt, RequestBuilder, Taken};
use crate::transport::{Exchange, Parameters, Path};
use crate::validation::{LONGEST_NAME, LONGEST_TEXT, Problems, Reason};

impl Certificates {
    /// Revokes a certificate. **This cannot be undone.**
    ///
    /// By default the server responds once the certificate is revoked, within its own time limit,
    /// [`ttl`](RequestBuilder::ttl). With [`in_background`](RequestBuilder::in_background) it responds immediately with
    /// a request id, and **the certificate is not revoked yet**.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// # let appviewx = fake.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let revocation = appviewx
    ///     .certificates()
    ///     .revoke("67bc2ca76a105e1a05691c1c", RevocationReason::Superseded)
    ///     .comments("Replaced with CHG 1234")
    ///     .send()
    ///     .await?;
    /// assert!(revocation.is_revoked());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `PUT /certificate/revoke` with `isSync=true`; in the background `PUT /certificate/action`.
    /// - **Permissions:** the right to revoke in the category of the certificate, and read-write access to its group.
    /// - **Arguments:** one resource id; a reason; a [`ttl`](RequestBuilder::ttl) below the client's
    ///   [`change_timeout`](crate::ClientBuilder::change_timeout), by default five sixths of it. The certificate must
    ///   not already be revoked or monitored, must have no open work order, and must have a CRL distribution point. The
    ///   connector of its certificate authority must be available.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error).
    /// - **Assumed**, because part of the vendor's pages could not be read: a success in sync mode, with automatic
    ///   approval and without a request id, means that the certificate is revoked; the name of the request id; the
    ///   error codes are those of other pages. Every other success is treated as an accepted request.
    /// - **Source:** AppViewX CERT+ API reference, "Revoke a Certificate in Sync Mode" and "… in Async Mode".
    pub fn revoke(&self, id: impl Into<ResourceId>, reason: RevocationReason) -> RequestBuilder<RevokeCertificate> {
        let id = id.into();
        self.caller.request(RevokeCertificate {
            id,
            reason,
            comments: None,
            mode: Mode::Sync,
            ttl: None,
            approval: Approval::Automatic,
        })
    }
}

impl RequestBuilder<RevokeCertificate> {
    /// Sets the comments that AppViewX records. Some certificate authorities require them for some reasons. The allowed
    /// characters are undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let revocation = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .comments("CHG 1234")
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn comments(mut self, text: impl Into<String>) -> Self {
        self.operation().comments = Some(text.into());
        self
    }

    /// Sets how long the server may wait for the certificate authority. The value is rounded up to whole seconds. It
    /// must be less than the client's [`change_timeout`](crate::ClientBuilder::change_timeout), so that the server
    /// responds first. Default: five sixths of that timeout, which is 250 s for the default of 300 s. It cannot be
    /// combined with [`in_background`](Self::in_background).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use std::time::Duration;
    ///
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let revocation = appviewx.certificates().revoke(id, RevocationReason::Superseded);
    /// let outcome = revocation.ttl(Duration::from_secs(60)).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn ttl(mut self, limit: Duration) -> Self {
        self.operation().ttl = Some(limit);
        self
    }

    /// Requests that the server responds immediately and revokes the certificate later.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let outcome = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .in_background()
    ///     .send()
    ///     .await?;
    /// assert!(!outcome.is_revoked());
    /// # Ok(()) }
    /// ```
    pub fn in_background(mut self) -> Self {
        self.operation().mode = Mode::Async;
        self
    }

    /// Requires manual approval before the revocation. The vendor's default is automatic approval.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let revocation = appviewx.certificates().revoke(id, RevocationReason::Superseded);
    /// let outcome = revocation.with_manual_approval().send().await?;
    /// assert!(!outcome.is_revoked());
    /// # Ok(()) }
    /// ```
    pub fn with_manual_approval(mut self) -> Self {
        self.operation().approval = Approval::Manual;
        self
    }
}

/// A request to revoke a certificate; see [`Certificates::revoke`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::Request;
/// use clm::appviewx::{RevocationReason, RevokeCertificate};
///
/// let id = &scene.resource_ids()[0];
/// let revocation =
///     appviewx.certificates().revoke(id, RevocationReason::KeyCompromise).comments("CHG 1234");
/// let request: Request<RevokeCertificate> = revocation.build()?;
/// assert_eq!(request.comments(), Some("CHG 1234"));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevokeCertificate {
    id: ResourceId,
    reason: RevocationReason,
    comments: Option<String>,
    mode: Mode,
    ttl: Option<Duration>,
    approval: Approval,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Sync,
    Async,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Approval {
    Automatic,
    Manual,
}

/// Why a certificate is revoked, in the spelling that one of the vendor's own tools lists.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::RevocationReason;
///
/// let id = &scene.resource_ids()[0];
/// let revocation =
///     appviewx.certificates().revoke(id, RevocationReason::Superseded).comments("CHG 1234");
/// # revocation.build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RevocationReason {
    /// `Unspecified`.
    Unspecified,
    /// `Key compromise`: the private key is, or may be, in the hands of someone else.
    KeyCompromise,
    /// `CA compromise`: the certificate authority's private key is, or may be, compromised.
    CaCompromise,
    /// `Affiliation Changed`.
    AffiliationChanged,
    /// `Superseded`: another certificate replaces it.
    Superseded,
    /// `Cessation of operation`.
    CessationOfOperation,
    /// Any other reason, sent unchanged.
    Other(String),
}

impl RevocationReason {
    /// The vendor's spelling.
    ///
    /// ```
    /// use clm::appviewx::RevocationReason;
    ///
    /// assert_eq!(RevocationReason::KeyCompromise.as_str(), "Key compromise");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unspecified => "Unspecified",
            Self::KeyCompromise => "Key compromise",
            Self::CaCompromise => "CA compromise",
            Self::AffiliationChanged => "Affiliation Changed",
            Self::Superseded => "Superseded",
            Self::CessationOfOperation => "Cessation of operation",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl RevokeCertificate {
    /// The resource id of the certificate.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let request = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .comments("CHG 1234")
    ///     .build()?;
    /// assert_eq!(request.resource_id(), id.as_str());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn resource_id(&self) -> &ResourceId {
        &self.id
    }

    /// The reason for the revocation.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let request = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .comments("CHG 1234")
    ///     .build()?;
    /// assert_eq!(*request.reason(), RevocationReason::Superseded);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reason(&self) -> &RevocationReason {
        &self.reason
    }

    /// The comments, if any were set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let request = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .comments("CHG 1234")
    ///     .build()?;
    /// assert_eq!(request.comments(), Some("CHG 1234"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn comments(&self) -> Option<&str> {
        self.comments.as_deref()
    }

    fn check_ttl(&mut self, change_timeout: Duration, problems: &mut Problems) {
        match (self.mode, self.ttl) {
            (Mode::Async, Some(_)) => {
                problems.add(
                    "ttl",
                    Reason::Conflict,
                    "must not be set for a revocation in the background: the server \
                                                       does not wait for it",
                );
            }
            (Mode::Sync, None) => self.ttl = Some(change_timeout * 5 / 6),
            (Mode::Sync, Some(ttl)) if ttl.is_zero() => {
                problems.add("ttl", Reason::OutOfRange, "must be a positive number of seconds");
            }
            (Mode::Sync, Some(ttl)) if whole_seconds(ttl) >= change_timeout.as_secs() => {
                let sentence = format!(
                    "must be shorter than the client's `change_timeout` of {change_timeout:?}, is \
                                        {ttl:?}"
                );
                problems.add("ttl", Reason::OutOfRange, sentence);
            }
            (Mode::Async, None) | (Mode::Sync, Some(_)) => {}
        }
    }
}

/// A part of a second counts as one.
fn whole_seconds(ttl: Duration) -> u64 {
    ttl.as_secs().saturating_add(u64::from(ttl.subsec_nanos() > 0))
}

impl Operation for RevokeCertificate {
    type Vendor = AppViewX;
    type Outcome = RevokeOutcome;

    fn call(&self) -> DocumentedCall {
        let path = match self.mode {
            Mode::Sync => "certificate/revoke",
            Mode::Async => "certificate/action",
        };
        DocumentedCall::change::<Self>("appviewx.certificates.revoke", Method::PUT, Path::fixed(path))
    }

    fn check(&mut self, defaults: &CallDefaults, problems: &mut Problems) {
        self.id.check("resource_id", problems);
        if self.reason.as_str().trim().is_empty() {
            problems.add("reason", Reason::Blank, "must not be blank");
        }
        problems.check_length("reason", self.reason.as_str(), LONGEST_NAME);
        if let Some(text) = &self.comments {
            problems.check_length("comments", text, LONGEST_TEXT);
        }
        if self.comments.as_ref().is_some_and(|text| text.trim().is_empty()) {
            let sentence = "must not be empty (possibly an unset variable); omit it to send none";
            problems.add("comments", Reason::Blank, sentence);
        }
        self.check_ttl(defaults.change_timeout, problems);
    }

    fn query(&self) -> Parameters {
        let mut query = Vec::new();
        if self.mode == Mode::Sync {
            query.push(("isSync".into(), "true".to_owned()));
        }
        query.extend(self.ttl.map(|ttl| ("ttl".into(), whole_seconds(ttl).to_string())));
        if self.approval == Approval::Manual {
            query.push(("autoApproval".into(), "false".to_owned()));
        }
        query
    }

    fn body(&self) -> Option<impl Serialize> {
        Some(WireRevocation {
            action: (self.mode == Mode::Async).then_some("Revoke"),
            comments: self.comments.as_deref(),
            reason: self.reason.as_str(),
            resource_id: self.id.as_str(),
        })
    }

    fn audit_targets(&self) -> Value {
        Value::Array(vec![self.id.as_str().into()])
    }

    fn how_to_find_out(&self) -> &'static str {
        "Check the certificate before you send the revocation again: POST /certificate/search by resource id shows a \
         revoked certificate in its expiry status, and the open requests of the certificate."
    }

    fn read(&self, exchange: &Exchange) -> Result<RevokeOutcome, ReadError> {
        Ok(RevokeOutcome::new(self, &taken(exchange)?, exchange))
    }

    fn is_complete(outcome: &RevokeOutcome) -> bool {
        outcome.is_revoked()
    }
}

/// The payload of both calls.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRevocation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<&'a str>,
    reason: &'a str,
    resource_id: &'a str,
}

impl Change for RevokeCertificate {
    const ITEM: &'static str = "certificate";

    fn taken(&self, outcome: &RevokeOutcome) -> Taken {
        if outcome.is_revoked() { Taken::Done } else { Taken::Waiting }
    }
}

/// The outcome of a revocation that the server accepted.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::RevocationReason;
///
/// let id = &scene.resource_ids()[0];
/// let outcome = appviewx
///     .certificates()
///     .revoke(id, RevocationReason::Superseded)
///     .comments("CHG 1234")
///     .send()
///     .await?;
/// println!("{}: {}", outcome.state, outcome.message.as_deref().unwrap_or_default());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct RevokeOutcome {
    /// The state of the revocation.
    pub state: RevocationState,
    /// The server's message.
    pub message: Option<String>,
    /// The response as received, with its attempts and duration.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// The state of a revocation.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{RevocationReason, RevocationState};
///
/// let id = &scene.resource_ids()[0];
/// let outcome = appviewx
///     .certificates()
///     .revoke(id, RevocationReason::Superseded)
///     .comments("CHG 1234")
///     .send()
///     .await?;
/// match &outcome.state {
///     RevocationState::Revoked => println!("{id} is revoked"),
///     waiting => println!("{id}: {waiting}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[non_exhaustive]
pub enum RevocationState {
    /// The server reports the certificate as revoked.
    Revoked,
    /// The server accepted the request. **The certificate is not revoked yet.**
    #[non_exhaustive]
    Requested {
        /// The request id, if the response contains it.
        request_id: Option<String>,
    },
    /// The server accepted a request that needs approval. **The certificate is not revoked.**
    #[non_exhaustive]
    AwaitingApproval {
        /// The request id, if the response contains it.
        request_id: Option<String>,
    },
}

/// The state in words, with the request id if there is one.
impl fmt::Display for RevocationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, request_id) = match self {
            Self::Revoked => ("revoked", &None),
            Self::Requested { request_id } => ("requested, not revoked yet", request_id),
            Self::AwaitingApproval { request_id } => ("awaiting approval, not revoked", request_id),
        };
        match request_id {
            Some(id) => write!(f, "{state} (request {})", one_line(id)),
            None => f.pad(state),
        }
    }
}

impl RevokeOutcome {
    fn new(asked: &RevokeCertificate, envelope: &ShortEnvelope, exchange: &Exchange) -> Self {
        let redact = |text: &str| exchange.answer.secrets.redact(text);
        let request_id = request_id(envelope).map(|id| redact(&id));
        let says_something = envelope.code().is_some() || envelope.message().is_some() || envelope.has_response();
        let state = match (asked.mode, asked.approval) {
            (_, Approval::Manual) => RevocationState::AwaitingApproval { request_id },
            (Mode::Sync, Approval::Automatic) if request_id.is_none() && says_something => RevocationState::Revoked,
            (Mode::Sync | Mode::Async, Approval::Automatic) => RevocationState::Requested { request_id },
        };
        let message = envelope.message().map(redact);
        Self { state, message, receipt: Receipt::of::<AppViewX>(exchange) }
    }

    /// Whether the server reports the certificate as revoked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let outcome = appviewx.certificates().revoke(id, RevocationReason::Superseded).send().await?;
    /// assert!(outcome.is_revoked());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.state == RevocationState::Revoked
    }

    /// The request id, if the certificate is not revoked yet and the response contains it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let outcome = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .in_background()
    ///     .send()
    ///     .await?;
    /// println!("{:?}", outcome.request_id());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match &self.state {
            RevocationState::Revoked => None,
            RevocationState::Requested { request_id } | RevocationState::AwaitingApproval { request_id } => {
                request_id.as_deref()
            }
        }
    }

    /// Returns an error if the certificate is not revoked yet.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::RevocationReason;
    ///
    /// let id = &scene.resource_ids()[0];
    /// let outcome = appviewx
    ///     .certificates()
    ///     .revoke(id, RevocationReason::Superseded)
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this outcome, if [`is_revoked`](Self::is_revoked) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        let gap = match &self.state {
            RevocationState::Revoked => return Ok(self),
            RevocationState::Requested { .. } => "the server accepted a request: the certificate is not revoked yet",
            RevocationState::AwaitingApproval { .. } => {
                "the revocation awaits approval: the certificate is not revoked"
            }
        };
        Err(Incomplete::new(gap.to_owned(), self))
    }
}

/// Text or a number, alone or as the first of a list.
fn request_id(envelope: &ShortEnvelope) -> Option<String> {
    let id = envelope.inner("requestId").or_else(|| envelope.inner("requestIds"))?;
    match id.as_array().map_or(Some(id), |ids| ids.first())? {
        Value::String(id) if !id.trim().is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
