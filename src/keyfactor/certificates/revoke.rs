//! `POST /Certificates/Revoke`.

use std::collections::HashSet;

use http::Method;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::handle::Certificates;
use crate::keyfactor::error_body::FailedOperation;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::schedule::utc;
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::types::CertificateId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::lenient::{self, Budget, Members, Shape};
use crate::operation::{Change, DocumentedCall, Incomplete, Operation, Receipt, RequestBuilder};
use crate::transport::{Cause, Exchange, Path};
use crate::validation::{LONGEST_TEXT, Problems, Reason};

impl Certificates {
    /// Revokes certificates. **This cannot be undone**, except for a [hold](RevocationReason::CertificateHold), which
    /// [`RemoveFromHold`](RevocationReason::RemoveFromHold) takes back.
    ///
    /// A revocation can need somebody's approval first: then the answer names the certificate as
    /// [suspended](RevokeOutcome::suspended), and **it is not revoked**.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let id = fake.issue(clm::testing::FakeCertificate::new("www.example.com"));
    /// # let keyfactor = fake.client();
    /// use clm::keyfactor::RevocationReason;
    ///
    /// let revocation = keyfactor
    ///     .certificates()
    ///     .revoke([id], RevocationReason::Superseded)
    ///     .comment("Replaced with CHG 1234")
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// assert_eq!(revocation.revoked, [id]);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /Certificates/Revoke`.
    /// - **Permissions:** to revoke certificates (`/certificates/collections/revoke/`, or with the number of a collection), or
    ///   to revoke in certificate stores (`/certificate_stores/revoke/`, or with the number of a container).
    /// - **Arguments:** at least one id, each positive, and at most the client's
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call); the same id twice counts once.
    ///   A [`comment`](RequestBuilder::comment) is required by the vendor's manual. Both a collection and a container may be
    ///   given: this body has both, and the vendor's rule is that the collection wins.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** in which shape the ids that failed are answered; whether one that fails stops the
    ///   others; what an id that is revoked already is answered. That a hold which is taken back is answered among the revoked
    ///   ids is **assumed**.
    /// - **Source:** Keyfactor Command reference, "POST Certificates Revoke".
    pub fn revoke(
        &self,
        ids: impl IntoIterator<Item: Into<CertificateId>>,
        reason: RevocationReason,
    ) -> RequestBuilder<RevokeCertificates> {
        self.caller.request(RevokeCertificates {
            ids: ids.into_iter().map(Into::into).collect(),
            reason,
            comment: None,
            effective_date: None,
            crl: Crl::AsScheduled,
            scope: Scope::default(),
        })
    }
}

impl RequestBuilder<RevokeCertificates> {
    /// Why, for Command's own records. Required. What the audit of this program is told is
    /// [`audit_note`](Self::audit_note).
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.operation().comment = Some(text.into());
        self
    }

    /// From when on the certificates count as revoked. Without this call, it is the server's present time.
    pub fn effective_date(mut self, time: Timestamp) -> Self {
        self.operation().effective_date = Some(time);
        self
    }

    /// Asks for a new certificate revocation list to be published. The vendor's member is `PublishCRL`; when the list appears
    /// is undocumented by the vendor.
    pub fn publish_crl(mut self) -> Self {
        self.operation().crl = Crl::Published;
        self
    }
}

/// A revocation; see [`Certificates::revoke`].
#[derive(Clone, PartialEq, Debug)]
pub struct RevokeCertificates {
    ids: Vec<CertificateId>,
    reason: RevocationReason,
    comment: Option<String>,
    effective_date: Option<Timestamp>,
    crl: Crl,
    scope: Scope,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Crl {
    AsScheduled,
    Published,
}

/// Why certificates are revoked. The vendor's `RevokeCode`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RevocationReason {
    /// 0.
    Unspecified,
    /// 1: somebody else has or may have the private key.
    KeyCompromised,
    /// 2: the same of the authority's key.
    CaCompromised,
    /// 3.
    AffiliationChanged,
    /// 4: another certificate takes its place.
    Superseded,
    /// 5.
    CessationOfOperation,
    /// 6: suspended for a time. The only revocation that can be taken back.
    CertificateHold,
    /// -1: takes a hold back.
    RemoveFromHold,
    /// Any other, sent as it is. The vendor lists 7 (remove from CRL), 8 (no name given) and 999 (unknown).
    Other(i32),
}

impl RevocationReason {
    /// As the vendor writes it.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromised => 1,
            Self::CaCompromised => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromHold => -1,
            Self::Other(code) => code,
        }
    }
}

impl RevokeCertificates {
    /// The certificates, each once.
    #[must_use]
    pub fn certificate_ids(&self) -> &[CertificateId] {
        &self.ids
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> RevocationReason {
        self.reason
    }

    /// The comment.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// Where the server is asked to look for permissions, after the precedence rule.
    #[must_use]
    pub fn scope(&self) -> PermissionScope {
        self.scope.resolved()
    }
}

impl InCollection for RevokeCertificates {
    fn scope_settings(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl InContainer for RevokeCertificates {}

impl Operation for RevokeCertificates {
    type Vendor = Keyfactor;
    type Outcome = RevokeOutcome;

    fn call(&self) -> DocumentedCall {
        let path = Path::fixed("Certificates/Revoke");
        DocumentedCall::change("keyfactor.certificates.revoke", Method::POST, path)
    }

    fn check(&mut self, limits: &CallLimits, problems: &mut Problems) {
        for (index, id) in self.ids.iter().enumerate() {
            problems.check_positive(format_args!("certificate_ids[{index}]"), Some(id.get()));
        }
        let mut seen = HashSet::new();
        self.ids.retain(|id| seen.insert(*id));
        problems.check_count("certificate_ids", self.ids.len(), limits.max_locations_per_call, "certificate id");
        match self.comment.as_deref().map(str::trim) {
            None => problems.add("comment", Reason::Empty, "the vendor's manual requires a comment"),
            Some("") => problems.add("comment", Reason::Blank, "it is empty (an unset variable, perhaps)"),
            Some(text) => problems.check_length("comment", text, LONGEST_TEXT),
        }
        self.scope.check(problems);
    }

    /// The vendor's `RevokeCertificateRequest`.
    fn body(&self) -> Option<impl Serialize> {
        Some(WireRevocation {
            certificate_ids: &self.ids,
            collection_id: self.scope.resolved().sent_collection(),
            comment: self.comment.as_deref(),
            container_id: self.scope.resolved().sent_container(),
            effective_date: self.effective_date.map(utc),
            publish_crl: (self.crl == Crl::Published).then_some(true),
            reason: self.reason.code(),
        })
    }

    fn audit_targets(&self) -> Value {
        json!(self.ids)
    }

    fn scope(&self) -> Option<PermissionScope> {
        Some(self.scope.resolved())
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(
            "The account needs the permission to revoke certificates, system-wide or in their collection \
             (`/certificates/collections/revoke/`), or to revoke in their stores (`/certificate_stores/revoke/`). If it may \
             revoke only in a collection or container, name that with `collection_id` or `container_id`.",
        )
    }

    fn how_to_find_out(&self) -> &'static str {
        "Read the certificates: GET /Certificates/{id} shows the state and the date of a revocation. Whether it shows one that \
         waits for an approval is undocumented by the vendor: look at the workflows in the portal, too."
    }

    fn read(&self, exchange: &Exchange) -> Result<RevokeOutcome, ReadError> {
        RevokeOutcome::read(self, exchange).map_err(ReadError::Unreadable)
    }

    fn is_complete(outcome: &RevokeOutcome) -> bool {
        outcome.is_complete()
    }
}

/// The vendor's `RevokeCertificateRequest`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireRevocation<'a> {
    certificate_ids: &'a [CertificateId],
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_id: Option<i32>,
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date: Option<String>,
    #[serde(rename = "PublishCRL", skip_serializing_if = "Option::is_none")]
    publish_crl: Option<bool>,
    reason: i32,
}

impl Change for RevokeCertificates {
    const ITEMS: &'static str = "certificate(s)";
}

/// The server took the revocation. Whether it revoked each certificate is here, one by one.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct RevokeOutcome {
    /// The certificates that the server says it revoked, in the order in which they were asked for.
    pub revoked: Vec<CertificateId>,
    /// The revocations that wait for an approval, those that nobody asked for among them. **These certificates are not
    /// revoked.**
    pub suspended: Vec<SuspendedRevocation>,
    /// The certificates that were asked for and that the answer does not name, or names as revoked and suspended at once.
    pub unconfirmed: Vec<CertificateId>,
    /// What the answer names although nobody asked for it.
    pub unexpected: Vec<CertificateId>,
    /// What failed, one by one, if the answer says so.
    pub failed_operations: Vec<FailedOperation>,
    /// Entries of the two lists that could not be read.
    pub unrecognized_entries: Vec<Value>,
    /// Whether the answer holds more than is kept in these lists, because it would take too much memory. All of it is in the
    /// body of the receipt.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_abridged: bool,
    /// The answer as it came, the server's correlation id, and what it took to get it.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// A revocation that waits for an approval. **The certificate is not revoked.**
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct SuspendedRevocation {
    /// The certificate.
    pub certificate_id: CertificateId,
    /// The workflow that waits, if the answer names it.
    pub workflow_id: Option<Uuid>,
    /// What the server says about it.
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
            return Err(Cause::new("an object with the revoked ids was expected"));
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
        return Err(Cause::new("it names an error although its status is a success"));
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
        return Err(Cause::new(format!("it has two different lists {name}")));
    }
    let list = match found.take(name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Cause::new(format!("a list was expected as {name}"))),
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
    fn read(asked: &RevokeCertificates, exchange: &Exchange) -> Result<Self, Cause> {
        let Answer { revoked, suspended, failed_operations, unrecognized_entries, is_abridged } =
            Answer::read(exchange)?;
        let asked_ids: HashSet<CertificateId> = asked.ids.iter().copied().collect();
        let waiting: HashSet<CertificateId> = suspended.iter().map(|it| it.certificate_id).collect();
        // What is said to be both is not known to be revoked.
        let (both, named): (HashSet<_>, HashSet<_>) = revoked.iter().copied().partition(|id| waiting.contains(id));
        let is_left = |id: &CertificateId| !named.contains(id) && (!waiting.contains(id) || both.contains(id));
        let of = |keep: &dyn Fn(&CertificateId) -> bool| asked.ids.iter().copied().filter(|id| keep(id)).collect();
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

    /// Whether the server says that it revoked every certificate that was asked for, and nothing else.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let nothing_waits = self.suspended.is_empty() && self.unconfirmed.is_empty();
        let nothing_else = self.unexpected.is_empty() && self.unrecognized_entries.is_empty() && !self.is_abridged;
        nothing_waits && nothing_else && self.failed_operations.is_empty()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server revoked {} certificate(s); {} wait for an approval, {} are unconfirmed, {} failed, {} were not \
             asked for, {} entries could not be read{}",
            self.revoked.len(),
            self.suspended.len(),
            self.unconfirmed.len(),
            self.failed_operations.len(),
            self.unexpected.len(),
            self.unrecognized_entries.len(),
            if self.is_abridged { "; its answer holds more than was read" } else { "" }
        );
        Err(Incomplete::new(gap, self))
    }
}
