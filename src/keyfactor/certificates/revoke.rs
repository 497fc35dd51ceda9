//! `POST /Certificates/Revoke`.

use std::collections::HashSet;
use std::fmt;

use http::Method;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::handle::Certificates;
use super::revoke_outcome::RevokeOutcome;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::schedule::utc;
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::types::CertificateId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, RequestBuilder, Taken};
use crate::transport::{Exchange, Path};
use crate::validation::{LONGEST_TEXT, Problems, Reason};

impl Certificates {
    /// Revokes certificates. **This cannot be undone**, except for a [hold](RevocationReason::CertificateHold), which
    /// [`RemoveFromHold`](RevocationReason::RemoveFromHold) lifts.
    ///
    /// A revocation may require approval. The response then lists the certificate as
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
    /// - **Permissions:** to revoke certificates (`/certificates/collections/revoke/`, optionally followed by a
    ///   collection id), or to revoke in certificate stores (`/certificate_stores/revoke/`, optionally followed by a
    ///   container id).
    /// - **Arguments:** at least one id and at most the client's
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call); ids must be positive,
    ///   and duplicates are ignored. A `comment` is required by the vendor's manual. Both a collection and a
    ///   container may be given; the body contains both, and by the vendor's rule the collection takes precedence.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** the form in which failed ids are returned; whether one failure stops the
    ///   others; and the response for a certificate that is already revoked. It is **assumed** that a lifted hold is
    ///   returned among the revoked ids.
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
    /// Sets the comment that Command records. Required. For a note in this program's audit events, use
    /// [`audit_note`](Self::audit_note).
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
    /// revocation.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.operation().comment = Some(text.into());
        self
    }

    /// Sets the time from which the certificates are considered revoked. The default is the server's current time.
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
    /// revocation.effective_date("2026-03-19T21:26:35Z".parse()?).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn effective_date(mut self, time: Timestamp) -> Self {
        self.operation().effective_date = Some(time);
        self
    }

    /// Requests the publication of a new certificate revocation list. The vendor's member is `PublishCRL`. When the
    /// list is published is undocumented by the vendor.
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
    /// revocation.publish_crl().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn publish_crl(mut self) -> Self {
        self.operation().crl = Crl::Published;
        self
    }
}

/// A request to revoke certificates; see [`Certificates::revoke`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::{RevocationReason, RevokeCertificates};
///
/// let certificates = keyfactor.certificates();
/// let revocation = certificates
///     .revoke([scene.certificate()], RevocationReason::Superseded)
///     .comment("CHG 1234");
/// let request: Request<RevokeCertificates> = revocation.build()?;
/// println!("{:?}: {}", request.certificate_ids(), request.reason());
/// # Ok(()) }
/// ```
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

/// The reason for a revocation. The vendor's `RevokeCode`.
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
/// revocation.send().await?.require_complete()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RevocationReason {
    /// 0: unspecified.
    Unspecified,
    /// 1: the private key is or may be compromised.
    KeyCompromised,
    /// 2: the key of the certificate authority is or may be compromised.
    CaCompromised,
    /// 3: the affiliation has changed.
    AffiliationChanged,
    /// 4: another certificate replaces it.
    Superseded,
    /// 5: the subject has ceased operation.
    CessationOfOperation,
    /// 6: temporarily on hold. This is the only revocation that can be lifted.
    CertificateHold,
    /// -1: lifts a hold.
    RemoveFromHold,
    /// Any other code, sent unchanged. The vendor lists 7 (remove from CRL), 8 (no name given) and 999 (unknown).
    Other(i32),
}

impl RevocationReason {
    /// Returns the vendor's numeric code.
    ///
    /// ```
    /// use clm::keyfactor::RevocationReason;
    ///
    /// assert_eq!(RevocationReason::Superseded.code(), 4);
    /// ```
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

/// The reason in words, or the code.
impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromised => "key compromised",
            Self::CaCompromised => "CA compromised",
            Self::AffiliationChanged => "affiliation changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation of operation",
            Self::CertificateHold => "certificate hold",
            Self::RemoveFromHold => "remove from hold",
            Self::Other(code) => return write!(f, "code {code}"),
        })
    }
}

impl RevokeCertificates {
    /// Returns the certificates, without duplicates.
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
    /// assert_eq!(revocation.build()?.certificate_ids(), [scene.certificate()]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_ids(&self) -> &[CertificateId] {
        &self.ids
    }

    /// Returns the reason.
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
    /// assert_eq!(revocation.build()?.reason(), RevocationReason::Superseded);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reason(&self) -> RevocationReason {
        self.reason
    }

    /// Returns the comment.
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
    /// assert_eq!(revocation.build()?.comment(), Some("CHG 1234"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// Returns the scope in which the server checks permissions, after the precedence rule has been applied.
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
    /// assert_eq!(revocation.collection_id(4).build()?.scope().to_string(), "collection 4");
    /// # Ok(()) }
    /// ```
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
        DocumentedCall::change::<Self>("keyfactor.certificates.revoke", Method::POST, path)
    }

    fn check(&mut self, limits: &CallLimits, problems: &mut Problems) {
        for (index, id) in self.ids.iter().enumerate() {
            problems.check_positive(format_args!("certificate_ids[{index}]"), Some(id.get()));
        }
        let mut seen = HashSet::new();
        self.ids.retain(|id| seen.insert(*id));
        problems.check_count("certificate_ids", self.ids.len(), limits.max_locations_per_call, "certificate id");
        match self.comment.as_deref().map(str::trim) {
            None => problems.add("comment", Reason::Empty, "must be set: the vendor's manual requires a comment"),
            Some("") => problems.add("comment", Reason::Blank, "must not be empty (possibly an unset variable)"),
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
             (`/certificates/collections/revoke/`), or to revoke in their stores (`/certificate_stores/revoke/`). If \
             it may revoke only in a collection or container, set that with `collection_id` or `container_id`.",
        )
    }

    fn how_to_find_out(&self) -> &'static str {
        "Read the certificates: GET /Certificates/{id} shows the state and the date of a revocation. Whether it shows \
         a revocation that awaits approval is undocumented by the vendor: also check the workflows in the portal."
    }

    fn read(&self, exchange: &Exchange) -> Result<RevokeOutcome, ReadError> {
        RevokeOutcome::read(&self.ids, exchange).map_err(ReadError::Unreadable)
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
    const ITEM: &'static str = "certificate";

    /// Where nothing is revoked and something waits for an approval, nothing is done.
    fn taken(&self, outcome: &RevokeOutcome) -> Taken {
        match (outcome.revoked.is_empty(), outcome.suspended.is_empty()) {
            (true, false) if outcome.only_waits() => Taken::Waiting,
            (true, false) => Taken::Accepted,
            _ => Taken::Done,
        }
    }
}
