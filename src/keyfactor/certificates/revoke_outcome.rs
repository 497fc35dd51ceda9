//! The outcome of a revocation.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error_report::counted;
use crate::keyfactor::error_body::FailedOperation;
use crate::keyfactor::types::CertificateId;
use crate::keyfactor::vendor::Keyfactor;
use crate::lenient::{self, Budget, Members, Shape};
use crate::operation::{Incomplete, Receipt};
use crate::transport::{Cause, Exchange};

/// The outcome of a revocation that the server accepted, for each certificate.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::RevocationReason;
///
/// let certificates = keyfactor.certificates();
/// let revocation = certificates
///     .revoke([scene.certificate()], RevocationReason::Superseded)
///     .comment("CHG 1234");
/// let outcome = revocation.send().await?;
/// println!("revoked: {:?}, waiting for approval: {}", outcome.revoked, outcome.suspended.len());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct RevokeOutcome {
    /// The certificates that the server reports as revoked, in the order in which they were given.
    pub revoked: Vec<CertificateId>,
    /// The revocations that wait for approval, including ones that were not requested. **These certificates are not
    /// revoked.**
    pub suspended: Vec<SuspendedRevocation>,
    /// The requested certificates that the response does not list, or lists as both revoked and suspended.
    pub unconfirmed: Vec<CertificateId>,
    /// Certificates in the response that were not requested.
    pub unexpected: Vec<CertificateId>,
    /// The failed operations, if the response lists them.
    pub failed_operations: Vec<FailedOperation>,
    /// Entries of the two lists that could not be parsed.
    pub unrecognized_entries: Vec<Value>,
    /// Whether these lists were shortened to limit memory use. The body of the receipt is complete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_abridged: bool,
    /// The raw response, the server's correlation id, and details of the request.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// A revocation that waits for approval. **The certificate is not revoked.**
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::RevocationReason;
/// use clm::testing::FakeCertificate;
///
/// let id = scene
///     .keyfactor
///     .issue(FakeCertificate::new("vip.example.com").revocation_needs_approval());
/// let revocation =
///     keyfactor.certificates().revoke([id], RevocationReason::Superseded).comment("CHG 1234");
/// for waiting in &revocation.send().await?.suspended {
///     println!(
///         "certificate {} waits for the workflow {:?}",
///         waiting.certificate_id, waiting.workflow_id
///     );
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct SuspendedRevocation {
    /// The certificate.
    pub certificate_id: CertificateId,
    /// The workflow that waits for approval, if the response names it.
    pub workflow_id: Option<Uuid>,
    /// The server's message.
    pub message: Option<String>,
}

impl SuspendedRevocation {
    fn read(entry: &Value, exchange: &Exchange) -> Option<Self> {
        Some(Self {
            certificate_id: certificate_id(lenient::member(entry, "CertId")?)?,
            workflow_id: lenient::text(entry, "WorkflowId").and_then(|id| id.trim().parse().ok()),
            message: lenient::text(entry, "Message").map(|text| exchange.answer.secrets.redact(text)),
        })
    }
}

/// A number, or a number as text.
fn certificate_id(value: &Value) -> Option<CertificateId> {
    let id = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    i32::try_from(id).ok().map(CertificateId::from)
}

/// The vendor's `RevocationResponse`, and what errors have in its place.
static SHAPE: Shape =
    Shape { names: &["RevokedIds", "SuspendedCerts", "FailedOperations", "ErrorCode", "status"], inner: None };

/// The same, read.
struct Answer {
    revoked: Vec<CertificateId>,
    suspended: Vec<SuspendedRevocation>,
    failed_operations: Vec<FailedOperation>,
    unrecognized_entries: Vec<Value>,
    is_abridged: bool,
}

impl Answer {
    fn read(exchange: &Exchange) -> Result<Self, Cause> {
        let body = exchange.answer.body.as_str();
        let budget = Budget::for_body(body);
        let mut found = lenient::members(body, &SHAPE, &budget).map_err(|error| Cause::json(&error))?;
        if !found.is_object() {
            return Err(Cause::new("expected an object with the revoked ids"));
        }
        check_for_error(&found)?;
        let mut unrecognized_entries = Vec::new();
        let suspended = |entry: &Value| SuspendedRevocation::read(entry, exchange);
        Ok(Self {
            revoked: entries(&mut found, "RevokedIds", certificate_id, exchange, &mut unrecognized_entries)?,
            suspended: entries(&mut found, "SuspendedCerts", suspended, exchange, &mut unrecognized_entries)?,
            failed_operations: FailedOperation::all_of(found.take("FailedOperations"), &exchange.answer),
            unrecognized_entries,
            is_abridged: budget.is_spent(),
        })
    }
}

/// An answer that names an error, or the status of one (RFC 7807), is no success, whatever else it names.
fn check_for_error(found: &Members) -> Result<(), Cause> {
    let code = match found.get("ErrorCode") {
        Some(Value::String(code)) => !matches!(code.trim(), "" | "0"),
        Some(code) => code.as_u64() != Some(0),
        None => false,
    };
    let status = found.get("status").and_then(Value::as_u64).is_some_and(|status| status >= 400);
    if code || status || ["ErrorCode", "FailedOperations"].iter().any(|name| found.is_disputed(name)) {
        return Err(Cause::new("the response names an error despite its success status"));
    }
    Ok(())
}

/// The entries of a list, which may be missing or null, and apart from them those that cannot be read.
fn entries<T>(
    found: &mut Members,
    name: &'static str,
    read: impl Fn(&Value) -> Option<T>,
    exchange: &Exchange,
    unrecognized: &mut Vec<Value>,
) -> Result<Vec<T>, Cause> {
    if found.is_disputed(name) {
        return Err(Cause::new(format!("the response has two different lists `{name}`")));
    }
    let list = match found.take(name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Cause::new(format!("expected a list for `{name}`"))),
    };
    let mut entries = Vec::new();
    for entry in list {
        match read(&entry) {
            Some(value) => entries.push(value),
            None => unrecognized.push(exchange.answer.secrets.redact_value(&entry)),
        }
    }
    Ok(entries)
}

impl RevokeOutcome {
    pub(super) fn read(asked: &[CertificateId], exchange: &Exchange) -> Result<Self, Cause> {
        let Answer { revoked, suspended, failed_operations, unrecognized_entries, is_abridged } =
            Answer::read(exchange)?;
        let asked_ids: HashSet<CertificateId> = asked.iter().copied().collect();
        let waiting: HashSet<CertificateId> = suspended.iter().map(|it| it.certificate_id).collect();
        // What is said to be both is not known to be revoked.
        let (both, named): (HashSet<_>, HashSet<_>) = revoked.iter().copied().partition(|id| waiting.contains(id));
        let is_left = |id: &CertificateId| !named.contains(id) && (!waiting.contains(id) || both.contains(id));
        let of = |keep: &dyn Fn(&CertificateId) -> bool| asked.iter().copied().filter(|id| keep(id)).collect();
        let mut foreign = HashSet::new();
        let all_named = revoked.iter().copied().chain(suspended.iter().map(|it| it.certificate_id));
        Ok(Self {
            revoked: of(&|id| named.contains(id)),
            unconfirmed: of(&is_left),
            unexpected: all_named.filter(|id| !asked_ids.contains(id) && foreign.insert(*id)).collect(),
            suspended,
            failed_operations,
            unrecognized_entries,
            is_abridged,
            receipt: Receipt::of::<Keyfactor>(exchange),
        })
    }

    /// Returns whether the server reports that it revoked all the requested certificates, and nothing else.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::RevocationReason;
    ///
    /// let certificates = keyfactor.certificates();
    /// let revocation = certificates
    ///     .revoke([scene.certificate()], RevocationReason::Superseded)
    ///     .comment("CHG 1234");
    /// let outcome = revocation.send().await?;
    /// if !outcome.is_complete() {
    ///     println!("wait for approval: {:?}", outcome.suspended);
    /// }
    /// # assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.suspended.is_empty() && self.only_waits()
    }

    /// Whether what waits for an approval is all that is not revoked, and nothing else is named.
    pub(super) fn only_waits(&self) -> bool {
        let nothing_else = self.unexpected.is_empty() && self.unrecognized_entries.is_empty() && !self.is_abridged;
        self.unconfirmed.is_empty() && nothing_else && self.failed_operations.is_empty()
    }

    /// Turns an incomplete outcome into an error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::RevocationReason;
    ///
    /// let certificates = keyfactor.certificates();
    /// let revocation = certificates
    ///     .revoke([scene.certificate()], RevocationReason::Superseded)
    ///     .comment("CHG 1234");
    /// let outcome = revocation.send().await?.require_complete()?;
    /// assert_eq!(outcome.revoked, [scene.certificate()]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server revoked {}; awaiting approval: {}, unconfirmed: {}, failed: {}, not requested: {}, unreadable \
             entries: {}{}",
            counted(self.revoked.len(), "certificate"),
            self.suspended.len(),
            self.unconfirmed.len(),
            self.failed_operations.len(),
            self.unexpected.len(),
            self.unrecognized_entries.len(),
            if self.is_abridged { "; the response contains more than was read" } else { "" }
        );
        Err(Incomplete::new(gap, self))
    }
}
