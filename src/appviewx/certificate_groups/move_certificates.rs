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
use crate::operation::{Change, DocumentedCall, Incomplete, Operation, Receipt, RequestBuilder, Taken};
use crate::transport::{Effect, Exchange, Path, ServerText};
use crate::validation::Problems;

/// What differs between the two moves: `Unassign` and `Assign`. Nobody else has one.
pub trait Move: Clone + PartialEq + fmt::Debug + Serialize + Send + Sync + 'static {
    /// The crate's name of the operation.
    const NAME: &'static str;
    /// The path of its call.
    const PATH: &'static str;
    /// Where to look when the outcome is unknown.
    const HOW_TO_FIND_OUT: &'static str;

    /// The group that the certificates are put into, if the call names one.
    fn group(&self) -> Option<&str>;
}

impl<M: Move> RequestBuilder<MoveCertificates<M>> {
    /// Says why. At most 255 characters, of those that the [`CommentRule`] accepts. Without this call, no comment is
    /// sent; an empty one is refused, so that an unset variable does not lose the reason.
    ///
    /// For an assignment it is **assumed** that the server takes one: what could be read of the vendor's page lists
    /// none.
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

    /// Which characters are accepted in this comment, instead of the client's rule.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CommentRule;
    ///
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids()).comment("CHG-1234");
    /// assert!(unassign.clone().build().is_err(), "a hyphen is not taken by default");
    /// let request = unassign.comment_rule(CommentRule::allowing("-")).build()?;
    /// # Ok(()) }
    /// ```
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.operation().comment_rule = Some(rule);
        self
    }

    /// Allows the crate to send this change again when no answer came, or one that leaves its outcome open (408, 502,
    /// 503, 504).
    ///
    /// **This is your decision.** Whether doing it twice is harmless is undocumented by the vendor; a certificate that
    /// was moved by the first copy may make the second one fail. A refusal that follows an unanswered copy says so in
    /// [`after_unanswered_copy`](crate::ApiError::after_unanswered_copy), and a change that stays unanswered still ends
    /// as an unknown outcome.
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

/// An unassignment or an assignment.
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

    /// The certificates, each once.
    #[must_use]
    pub fn resource_ids(&self) -> &[ResourceId] {
        &self.resource_ids
    }

    /// Ids that were given again. They are sent once.
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// The comment.
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
    const ITEMS: &'static str = "certificate(s)";

    fn taken(&self, _: &MoveOutcome<M>) -> Taken {
        Taken::Done
    }
}

/// The server took the unassignment or the assignment.
///
/// Which ids it confirmed is read from a member, `Successful Ids`, that the vendor documents by a sample of the
/// unassignment alone. That an assignment is answered alike is **assumed**: where it is not, every id is unconfirmed.
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

    /// The ids that were asked for and that the server confirmed, in the order in which they were asked for.
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.successful_ids
    }

    /// The ids that were asked for and that the answer does not name. They may have been moved or not.
    #[must_use]
    pub fn unconfirmed_ids(&self) -> &[ResourceId] {
        &self.unconfirmed_ids
    }

    /// What the answer names although nobody asked for it. A secret of the request in them is redacted.
    #[must_use]
    pub fn unexpected_ids(&self) -> &[ResourceId] {
        &self.unexpected_ids
    }

    /// Ids that were given again. They were sent once.
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// What the server said.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(ServerText::as_str)
    }

    /// The answer as it came, and what it took to get it.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Whether the answer holds more than is kept here, because it would take too much memory: then there may be more
    /// unexpected ids, and ids that are unconfirmed here may stand in the body of the [`receipt`](Self::receipt).
    #[must_use]
    pub fn is_abridged(&self) -> bool {
        self.is_abridged
    }

    /// Whether the server confirmed every id that was asked for, and no other, and the answer was read as a whole.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unconfirmed_ids.is_empty() && self.unexpected_ids.is_empty() && !self.is_abridged
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
            "the server confirmed {} certificate(s), left {} unconfirmed and named {} that nobody asked for{}",
            self.successful_ids.len(),
            self.unconfirmed_ids.len(),
            self.unexpected_ids.len(),
            if self.is_abridged { "; its answer holds more than was read" } else { "" }
        );
        Err(Incomplete::new(gap, self))
    }

    pub(super) fn target(&self) -> &M {
        &self.target
    }
}
