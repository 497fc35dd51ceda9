//! `PUT /certificate/group/unassign`.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::{Value, json};

use super::CertificateGroups;
use crate::appviewx::client::Client;
use crate::appviewx::comment::{Comment, CommentRule};
use crate::appviewx::error::{Envelope, Error, Outcome, Request};
use crate::appviewx::types::ResourceId;
use crate::lenient::{self, RawBody};
use crate::transport::{Call, ChangeSettings, Effect, Exchange, FromFailure as _, Path, Record, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError, invalid_characters, list_characters};

/// Builds an unassignment; see [`CertificateGroups::unassign`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct UnassignCertificatesBuilder {
    handle: CertificateGroups,
    resource_ids: Vec<ResourceId>,
    comment: Option<String>,
    comment_rule: Option<CommentRule>,
    effect: Effect,
    meta: ChangeSettings,
}

impl UnassignCertificatesBuilder {
    pub(super) fn new(handle: CertificateGroups, resource_ids: Vec<ResourceId>) -> Self {
        Self {
            handle,
            resource_ids,
            comment: None,
            comment_rule: None,
            effect: Effect::Change,
            meta: ChangeSettings::default(),
        }
    }

    /// Says why. At most 255 characters, of those that the [`CommentRule`] accepts. Without this call, no comment is
    /// sent; an empty one is refused, so that an unset variable does not lose the reason.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Which characters are accepted in this comment, instead of the client's rule.
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.comment_rule = Some(rule);
        self
    }

    /// Allows the crate to send this change again when no answer came, or one that leaves its outcome open (408, 502,
    /// 503, 504).
    ///
    /// **This is your decision.** Whether unassigning twice is harmless is documented nowhere; a certificate that was
    /// unassigned by the first copy may make the second one fail. A refusal that follows an unanswered copy says so in
    /// [`after_unanswered_copy`](crate::appviewx::ApiError::after_unanswered_copy), and a change that stays unanswered
    /// still ends as an unknown outcome.
    pub fn repeat_after_silence(mut self) -> Self {
        self.effect = Effect::RepeatableChange;
        self
    }

    /// Says why, for the audit event of this change. It stays in this program; what the server is told is the
    /// [`comment`](Self::comment).
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.meta.reason = Some(text.into());
        self
    }

    /// How often this call may be tried, instead of the client's policy.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.meta.retry_policy = Some(policy);
        self
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no id, or more than one call carries; an id that is empty or blank, or
    /// that holds a comma, white space, a control or an invisible character; a comment that its rule does not accept.
    pub fn build(self) -> Result<UnassignCertificates, ValidationError> {
        let mut problems = Problems::default();
        for (index, id) in self.resource_ids.iter().enumerate() {
            check_id(id, &format!("resource_ids[{index}]"), &mut problems);
        }
        let mut seen = HashSet::new();
        let (resource_ids, repeated): (Vec<_>, Vec<_>) =
            self.resource_ids.into_iter().partition(|id| seen.insert(id.clone()));
        problems.check_count("resource_ids", resource_ids.len(), self.handle.client.max_ids_per_call(), "resource id");
        let rule = self.comment_rule.as_ref().unwrap_or_else(|| self.handle.client.comment_rule());
        let comment = match self.comment.map(|text| Comment::with_rule(text, rule)).transpose() {
            Ok(comment) => comment,
            Err(error) => {
                problems.extend(error);
                None
            }
        };
        self.meta.check(&mut problems);
        problems.finish()?;
        let Self { effect, meta, .. } = self;
        Ok(UnassignCertificates { resource_ids, repeated, comment, effect, meta })
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<UnassignOutcome, Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

fn check_id(id: &ResourceId, field: &str, problems: &mut Problems) {
    let id = id.as_str();
    if id.is_empty() {
        problems.add(field, Reason::Empty, "a resource id is needed");
        return;
    }
    if id.trim().is_empty() {
        problems.add(field, Reason::Blank, "it holds nothing but white space");
        return;
    }
    let found =
        invalid_characters(id, |it| it == ',' || it.is_whitespace() || it.is_control() || lenient::is_invisible(it));
    if !found.is_empty() {
        let sentence = format!(
            "a resource id holds no comma, white space, control or invisible character ({}); pass several ids as separate ones",
            list_characters(&found)
        );
        problems.add(field, Reason::InvalidCharacters(found), sentence);
    }
}

/// A checked unassignment, ready to be sent by [`CertificateGroups::execute`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnassignCertificates {
    resource_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    comment: Option<Comment>,
    effect: Effect,
    meta: ChangeSettings,
}

impl UnassignCertificates {
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

    /// Why, for the audit. It is not sent.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.meta.reason.as_deref()
    }

    fn record(&self) -> Record {
        let targets = self.resource_ids.iter().map(ResourceId::as_str).collect::<Value>().to_string();
        Record { targets, scope: String::new(), reason: self.meta.reason.clone() }
    }

    /// The vendor's payload, which is flat.
    fn to_json(&self) -> Value {
        match &self.comment {
            Some(comment) => json!({"resourceIds": self.resource_ids, "comment": comment}),
            None => json!({"resourceIds": self.resource_ids}),
        }
    }

    pub(super) async fn execute(self, client: Client) -> Result<UnassignOutcome, Error> {
        let call = Call {
            operation: "appviewx.certificate_groups.unassign",
            effect: self.effect,
            method: Method::PUT,
            path: Path::fixed("certificate/group/unassign"),
            query: client.query(),
            headers: HeaderMap::new(),
            body: Bytes::from(self.to_json().to_string()),
            retry_policy: self.meta.retry_policy,
            record: self.record(),
        };
        match client.transport().execute(call).await {
            Ok(exchange) => self.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, Request::UnassignCertificates(self))),
        }
    }

    pub(crate) fn read(self, exchange: Exchange) -> Result<UnassignOutcome, Error> {
        let envelope = match Envelope::read(&exchange.answer.body) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                return Err(Error::from_failure(failure, Request::UnassignCertificates(self)));
            }
        };
        if envelope.says_failure() {
            return Err(Error::from_failure(exchange.refused(), Request::UnassignCertificates(self)));
        }
        let named = envelope.successful_ids();
        let confirmed: HashSet<&ResourceId> = named.iter().collect();
        let asked: HashSet<&ResourceId> = self.resource_ids.iter().collect();
        let unexpected_ids = named.iter().filter(|id| !asked.contains(id)).cloned().collect();
        let (successful_ids, unconfirmed_ids) =
            self.resource_ids.iter().cloned().partition(|id| confirmed.contains(id));
        let outcome = UnassignOutcome {
            successful_ids,
            unconfirmed_ids,
            unexpected_ids,
            repeated: self.repeated,
            message: envelope.message,
            attempts: exchange.trace.attempts,
            elapsed: exchange.trace.elapsed,
            body: RawBody(exchange.answer.body),
        };
        let ended = if outcome.is_complete() { "done" } else { "done, with a gap" };
        exchange.audit.finish(ended, &exchange.trace, "");
        Ok(outcome)
    }
}

/// The server took the unassignment.
///
/// Which ids it confirmed is read from a member that the vendor documents by a sample alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct UnassignOutcome {
    successful_ids: Vec<ResourceId>,
    unconfirmed_ids: Vec<ResourceId>,
    unexpected_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    message: Option<String>,
    attempts: u32,
    elapsed: Duration,
    #[serde(skip)]
    body: RawBody,
}

impl UnassignOutcome {
    /// The ids that were asked for and that the server confirmed, in the order in which they were asked for.
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.successful_ids
    }

    /// The ids that were asked for and that the answer does not name. They may have been unassigned or not.
    #[must_use]
    pub fn unconfirmed_ids(&self) -> &[ResourceId] {
        &self.unconfirmed_ids
    }

    /// What the answer names although nobody asked for it.
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
        self.message.as_deref()
    }

    /// Whether the server confirmed every id that was asked for, and no other.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unconfirmed_ids.is_empty() && self.unexpected_ids.is_empty()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server confirmed {} certificate(s), left {} unconfirmed and named {} that nobody asked for",
            self.successful_ids.len(),
            self.unconfirmed_ids.len(),
            self.unexpected_ids.len()
        );
        Err(Error::incomplete(gap, Outcome::UnassignCertificates(self)))
    }

    /// How many times the call was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long it took altogether.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The answer as it came.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body.0
    }
}
