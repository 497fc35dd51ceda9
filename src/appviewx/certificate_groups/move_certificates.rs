//! What taking certificates out of their group and putting them into one have in common: request, checks, call,
//! outcome.

use std::collections::HashSet;
use std::fmt;

use http::Method;
use serde::Serialize;
use serde_json::Value;

use crate::appviewx::answer::taken;
use crate::appviewx::comment::{Comment, CommentRule};
use crate::appviewx::short_envelope::ShortEnvelope;
use crate::appviewx::types::{ResourceId, check_group_name, check_resource_ids};
use crate::appviewx::vendor::{AppViewX, CallDefaults, ReadError};
use crate::error_report::counted;
use crate::operation::{Change, DocumentedCall, Incomplete, Operation, Receipt, RequestBuilder, Taken};
use crate::transport::{Effect, Exchange, Path, ServerText};
use crate::validation::Problems;

/// What differs between the two moves. Implemented by `Unassign` and `Assign` only.
pub trait Move: Clone + PartialEq + fmt::Debug + Serialize + Send + Sync + 'static {
    /// The crate's name for the operation.
    const NAME: &'static str;
    /// The path of its call.
    const PATH: &'static str;
    /// Where to look when the outcome is unknown.
    const HOW_TO_FIND_OUT: &'static str;

    /// The target group, if the call names one.
    fn group(&self) -> Option<&str>;
}

impl<M: Move> RequestBuilder<MoveCertificates<M>> {
    /// Sets the comment: at most 255 characters, all of them accepted by the [`CommentRule`]. By default no comment is
    /// sent. An empty comment is a validation error, which catches an unset variable.
    ///
    /// For an assignment it is **assumed** that the server accepts a comment: the readable part of the vendor's page
    /// does not list one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// groups.unassign(scene.resource_ids()).comment("Decommissioned with CHG 1234").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.operation().comment_text = Some(text.into());
        self
    }

    /// Sets which characters are accepted in this comment. Overrides the client's rule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CommentRule;
    ///
    /// let unassign =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).comment("CHG-1234");
    /// assert!(unassign.clone().build().is_err(), "a hyphen is not taken by default");
    /// let request = unassign.comment_rule(CommentRule::allowing("-")).build()?;
    /// # Ok(()) }
    /// ```
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.operation().comment_rule = Some(rule);
        self
    }

    /// Allows the crate to retry this change when no response arrived, or a response that leaves the outcome open (408,
    /// 502, 503, 504).
    ///
    /// **This is your decision.** Whether repeating the change is harmless is undocumented by the vendor. If the first
    /// copy moved a certificate, the second may fail. If an earlier copy got no response, a later error reports it in
    /// [`after_unanswered_copy`](crate::ApiError::after_unanswered_copy). A change that never gets a response still
    /// ends as an unknown outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// scene.appviewx.lose_answers(1);
    /// let outcome = groups.unassign(scene.resource_ids()).repeat_after_silence().send().await?;
    /// assert_eq!(outcome.receipt().attempts(), 2);
    /// # Ok(()) }
    /// ```
    pub fn repeat_after_silence(mut self) -> Self {
        self.operation().effect = Effect::RepeatableChange;
        self
    }
}

/// A request to unassign or assign certificates.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// let request = groups.unassign(scene.resource_ids()).comment("CHG 1234").build()?;
/// assert_eq!(request.resource_ids().len(), 3);
/// assert_eq!(request.comment().map(|it| it.as_str()), Some("CHG 1234"));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveCertificates<M> {
    target: M,
    resource_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    /// As it was given. Checked, it is in `comment`.
    comment_text: Option<String>,
    /// Instead of the client's.
    comment_rule: Option<CommentRule>,
    comment: Option<Comment>,
    effect: Effect,
}

impl<M: Move> MoveCertificates<M> {
    pub(super) fn new(target: M, resource_ids: Vec<ResourceId>) -> Self {
        Self {
            target,
            resource_ids,
            repeated: Vec::new(),
            comment_text: None,
            comment_rule: None,
            comment: None,
            effect: Effect::Change,
        }
    }

    /// The resource ids of the certificates, without duplicates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx
    ///     .certificate_groups()
    ///     .unassign(scene.resource_ids())
    ///     .comment("CHG 1234")
    ///     .build()?;
    /// assert_eq!(request.resource_ids().len(), 3);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn resource_ids(&self) -> &[ResourceId] {
        &self.resource_ids
    }

    /// Ids that were given more than once. Each is sent once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let id = &scene.resource_ids()[0];
    /// let request = appviewx.certificate_groups().unassign([id, id]).build()?;
    /// assert_eq!(request.repeated(), [id.as_str()]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// The comment, if one was set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx
    ///     .certificate_groups()
    ///     .unassign(scene.resource_ids())
    ///     .comment("CHG 1234")
    ///     .build()?;
    /// assert_eq!(request.comment().map(|it| it.as_str()), Some("CHG 1234"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn comment(&self) -> Option<&Comment> {
        self.comment.as_ref()
    }

    pub(super) fn target(&self) -> &M {
        &self.target
    }

    /// The same move of these certificates only.
    pub(in crate::appviewx) fn of_ids(&self, resource_ids: Vec<ResourceId>) -> Self {
        // Field by field: a clone of the whole would copy every id for each call.
        Self {
            target: self.target.clone(),
            resource_ids,
            repeated: Vec::new(),
            comment_text: self.comment_text.clone(),
            comment_rule: self.comment_rule.clone(),
            comment: self.comment.clone(),
            effect: self.effect,
        }
    }

    /// Checks it, for so many ids.
    pub(in crate::appviewx) fn check_with_limit(
        &mut self,
        limit: usize,
        defaults: &CallDefaults,
        problems: &mut Problems,
    ) {
        let given = std::mem::take(&mut self.resource_ids);
        let (resource_ids, repeated) = check_resource_ids(given, limit, problems);
        self.resource_ids = resource_ids;
        self.repeated.extend(repeated);
        if let Some(group) = self.target.group() {
            check_group_name(group, "group", problems);
        }
        self.check_comment(defaults, problems);
    }

    fn check_comment(&mut self, defaults: &CallDefaults, problems: &mut Problems) {
        let rule = self.comment_rule.take();
        let Some(text) = self.comment_text.take() else { return };
        match Comment::with_rule(text, rule.as_ref().unwrap_or(&defaults.comment_rule)) {
            Ok(comment) => self.comment = Some(comment),
            Err(error) => problems.extend(error),
        }
    }
}

impl<M: Move> Operation for MoveCertificates<M> {
    type Vendor = AppViewX;
    type Outcome = MoveOutcome<M>;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(M::NAME, Method::PUT, Path::fixed(M::PATH)).with_effect(self.effect)
    }

    fn check(&mut self, defaults: &CallDefaults, problems: &mut Problems) {
        self.check_with_limit(defaults.max_ids_per_call, defaults, problems);
    }

    fn body(&self) -> Option<impl Serialize> {
        Some(WireMove {
            comment: self.comment.as_ref().map(Comment::as_str),
            group_name: self.target.group(),
            resource_ids: &self.resource_ids,
        })
    }

    fn audit_targets(&self) -> Value {
        self.resource_ids.iter().map(ResourceId::as_str).collect()
    }

    fn scope(&self) -> Option<String> {
        self.target.group().map(|group| format!("to group {group:?}"))
    }

    fn how_to_find_out(&self) -> &'static str {
        M::HOW_TO_FIND_OUT
    }

    fn read(&self, exchange: &Exchange) -> Result<MoveOutcome<M>, ReadError> {
        Ok(MoveOutcome::new(self, taken(exchange)?, exchange))
    }

    fn is_complete(outcome: &MoveOutcome<M>) -> bool {
        outcome.is_complete()
    }
}

/// The vendor's payload, which is flat.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireMove<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'a str>,
    resource_ids: &'a [ResourceId],
}

impl<M: Move> Change for MoveCertificates<M> {
    const ITEM: &'static str = "certificate";

    fn taken(&self, _: &MoveOutcome<M>) -> Taken {
        Taken::Done
    }
}

/// The outcome of an unassignment or an assignment that the server accepted.
///
/// The confirmed ids are read from the member `Successful Ids`, which the vendor documents only in a sample response of
/// the unassignment. It is **assumed** that an assignment returns it too. Otherwise every id is unconfirmed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
/// println!("{}", outcome.message().unwrap_or_default());
/// let outcome = outcome.require_complete()?;
/// assert_eq!(outcome.successful_ids().len(), 3);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct MoveOutcome<M> {
    #[serde(flatten)]
    target: M,
    successful_ids: Vec<ResourceId>,
    unconfirmed_ids: Vec<ResourceId>,
    unexpected_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_abridged: bool,
    message: Option<ServerText>,
    #[serde(flatten)]
    receipt: Receipt,
}

/// Which ids an answer confirms.
struct Confirmed {
    successful: Vec<ResourceId>,
    unconfirmed: Vec<ResourceId>,
    unexpected: Vec<ResourceId>,
}

impl Confirmed {
    /// `shown` is what is kept of an id that nobody asked for.
    fn of(asked: &[ResourceId], named: Vec<ResourceId>, shown: impl Fn(&ResourceId) -> ResourceId) -> Self {
        // What a server answers when all is well, mostly. Nothing is asked for twice.
        if named == asked {
            return Self { successful: named, unconfirmed: Vec::new(), unexpected: Vec::new() };
        }
        let confirmed: HashSet<&ResourceId> = named.iter().collect();
        let (successful, unconfirmed) = asked.iter().cloned().partition(|id| confirmed.contains(id));
        let asked: HashSet<&ResourceId> = asked.iter().collect();
        let unexpected = named.iter().filter(|id| !asked.contains(id)).map(shown).collect();
        Self { successful, unconfirmed, unexpected }
    }
}

impl<M: Move> MoveOutcome<M> {
    fn new(request: &MoveCertificates<M>, mut envelope: ShortEnvelope, exchange: &Exchange) -> Self {
        let secrets = &exchange.answer.secrets;
        let shown = |id: &ResourceId| ResourceId::from(secrets.redact(id.as_str()));
        let Confirmed { successful, unconfirmed, unexpected } =
            Confirmed::of(&request.resource_ids, envelope.take_successful_ids(), shown);
        Self {
            target: request.target.clone(),
            successful_ids: successful,
            unconfirmed_ids: unconfirmed,
            unexpected_ids: unexpected,
            repeated: request.repeated.clone(),
            is_abridged: envelope.is_abridged(),
            message: envelope.take_message().map(|message| secrets.text(message)),
            receipt: Receipt::of::<AppViewX>(exchange),
        }
    }

    /// The requested ids that the server confirmed, in request order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert_eq!(outcome.successful_ids().len(), 3);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.successful_ids
    }

    /// The requested ids that the response does not name. They may or may not have been moved.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert!(outcome.unconfirmed_ids().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unconfirmed_ids(&self) -> &[ResourceId] {
        &self.unconfirmed_ids
    }

    /// Ids that the response names although they were not requested. Secrets of the request are redacted in them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert!(outcome.unexpected_ids().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unexpected_ids(&self) -> &[ResourceId] {
        &self.unexpected_ids
    }

    /// Ids that were given more than once. Each was sent once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert!(outcome.repeated().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// The server's message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// println!("{}", outcome.message().unwrap_or_default());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(ServerText::as_str)
    }

    /// The response as received, with its attempts and duration.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert_eq!(outcome.receipt().attempts(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Whether the response contains more than this outcome keeps, to limit memory use. If so, there may be more
    /// unexpected ids, and ids that are unconfirmed here may be named in the body of the [`receipt`](Self::receipt).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert!(!outcome.is_abridged());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_abridged(&self) -> bool {
        self.is_abridged
    }

    /// Whether the server confirmed every requested id and no other, and the whole response was read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unconfirmed_ids.is_empty() && self.unexpected_ids.is_empty() && !self.is_abridged
    }

    /// Returns an error if the outcome is incomplete.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx
    ///     .certificate_groups()
    ///     .unassign(scene.resource_ids())
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server confirmed {}; unconfirmed: {}, not requested: {}{}",
            counted(self.successful_ids.len(), "certificate"),
            self.unconfirmed_ids.len(),
            self.unexpected_ids.len(),
            if self.is_abridged { "; the response contains more than was read" } else { "" }
        );
        Err(Incomplete::new(gap, self))
    }

    pub(super) fn target(&self) -> &M {
        &self.target
    }
}
