//! What taking certificates out of their group and putting them into one have in common: a builder, a checked request and
//! the road.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::{Map, Value};

use super::CertificateGroups;
use super::many::MoveInCalls;
use super::many_outcome::ManyOutcome;
use super::outcome::MoveOutcome;
use crate::appviewx::client::Client;
use crate::appviewx::comment::{Comment, CommentRule};
use crate::appviewx::envelope::Envelope;
use crate::appviewx::error::{Error, Outcome, Request};
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::types::ResourceId;
use crate::lenient::{self, one_line};
use crate::transport::{Call, Cause, ChangeSettings, Effect, Exchange, FromFailure as _, Path, Record, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError, invalid_characters, list_characters};

/// What differs between the two moves: [`Unassign`](super::Unassign) and [`Assign`](super::Assign). Nobody else has one.
pub trait Move: Clone + PartialEq + fmt::Debug + Serialize + Send + Sync + 'static {
    /// The crate's name of the operation.
    const OPERATION: &'static str;
    /// The path of its call.
    const PATH: &'static str;

    /// The group that the certificates are put into, if the call names one.
    fn group(&self) -> Option<&str>;

    /// The request as a variant.
    fn request(request: MoveCertificates<Self>) -> Request;

    /// The outcome of one call as a variant.
    fn outcome(outcome: MoveOutcome<Self>) -> Outcome;

    /// The outcome of several calls as a variant.
    fn outcome_of_many(outcome: ManyOutcome<Self>) -> Outcome;
}

/// Builds an unassignment or an assignment; see [`CertificateGroups::unassign`] and [`CertificateGroups::assign`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct MoveCertificatesBuilder<M> {
    handle: CertificateGroups,
    target: M,
    resource_ids: Vec<ResourceId>,
    comment: Option<String>,
    comment_rule: Option<CommentRule>,
    effect: Effect,
    meta: ChangeSettings,
}

impl<M: Move> MoveCertificatesBuilder<M> {
    pub(super) fn new(handle: CertificateGroups, target: M, resource_ids: Vec<ResourceId>) -> Self {
        Self {
            handle,
            target,
            resource_ids,
            comment: None,
            comment_rule: None,
            effect: Effect::Change,
            meta: ChangeSettings::default(),
        }
    }

    /// Says why. At most 255 characters, of those that the [`CommentRule`] accepts. Without this call, no comment is
    /// sent; an empty one is refused, so that an unset variable does not lose the reason.
    ///
    /// For an assignment it is **assumed** that the server takes one: what could be read of the vendor's page lists none.
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
    /// **This is your decision.** Whether doing it twice is harmless is documented nowhere; a certificate that was moved by
    /// the first copy may make the second one fail. A refusal that follows an unanswered copy says so in
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

    /// Splits the ids over several calls, and tells what became of each id. Of a call that is refused because of a
    /// certificate in it, only that certificate stays behind. See [`MoveInCalls`].
    pub fn in_calls(self) -> MoveInCalls<M> {
        MoveInCalls::new(self)
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no id, or more than one call carries; an id that is empty or blank, or
    /// that holds a comma, white space, a control or an invisible character; a comment that its rule does not accept; a
    /// group without a name.
    pub fn build(self) -> Result<MoveCertificates<M>, ValidationError> {
        let limit = self.handle.client().max_ids_per_call();
        let mut problems = Problems::default();
        let request = self.check(limit, &mut problems);
        problems.finish()?;
        Ok(request)
    }

    /// The request, which is good if no problem was found; of at most `limit` ids.
    pub(super) fn check(self, limit: usize, problems: &mut Problems) -> MoveCertificates<M> {
        let Self { handle, target, resource_ids, comment, comment_rule, effect, meta } = self;
        let (resource_ids, repeated) = check_ids(resource_ids, limit, problems);
        if let Some(group) = target.group() {
            check_group(group, "group", problems);
        }
        let rule = comment_rule.as_ref().unwrap_or_else(|| handle.client().comment_rule());
        let comment = match comment.map(|text| Comment::with_rule(text, rule)).transpose() {
            Ok(comment) => comment,
            Err(error) => {
                problems.extend(error);
                None
            }
        };
        meta.check(problems);
        MoveCertificates { target, resource_ids, repeated, comment, effect, meta }
    }

    pub(super) fn handle(&self) -> &CertificateGroups {
        &self.handle
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<MoveOutcome<M>, Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

/// Checks each id; gives them once each, and those that were given again.
pub(super) fn check_ids(
    ids: Vec<ResourceId>,
    limit: usize,
    problems: &mut Problems,
) -> (Vec<ResourceId>, Vec<ResourceId>) {
    for (index, id) in ids.iter().enumerate() {
        id.check(&format!("resource_ids[{index}]"), problems);
    }
    let mut seen = HashSet::new();
    let (ids, repeated): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| seen.insert(id.clone()));
    problems.check_count("resource_ids", ids.len(), limit, "resource id");
    (ids, repeated)
}

/// `field` is where the name of a group stands.
pub(super) fn check_group(group: &str, field: &str, problems: &mut Problems) {
    if group.is_empty() {
        problems.add(field, Reason::Empty, "the name of a group is needed");
    } else if group.trim().is_empty() {
        problems.add(field, Reason::Blank, "it holds nothing but white space");
    }
    let found = invalid_characters(group, |it| it.is_control() || lenient::is_invisible(it));
    if !found.is_empty() {
        let sentence = format!("no control or invisible character is accepted ({})", list_characters(&found));
        problems.add(field, Reason::InvalidCharacters(found), sentence);
    }
}

/// A checked unassignment or assignment, ready to be sent by [`CertificateGroups::execute`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveCertificates<M> {
    target: M,
    resource_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    comment: Option<Comment>,
    effect: Effect,
    meta: ChangeSettings,
}

impl<M: Move> MoveCertificates<M> {
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
        let scope = self.target.group().map(|group| format!("to group {group:?}")).unwrap_or_default();
        Record { targets, scope, reason: self.meta.reason.clone() }
    }

    /// The vendor's payload, which is flat.
    fn to_json(&self) -> Value {
        let mut payload = Map::new();
        if let Some(group) = self.target.group() {
            payload.insert("groupName".to_owned(), group.into());
        }
        payload.insert("resourceIds".to_owned(), self.resource_ids.iter().map(ResourceId::as_str).collect());
        if let Some(comment) = &self.comment {
            payload.insert("comment".to_owned(), comment.as_str().into());
        }
        Value::Object(payload)
    }

    pub(super) fn target(&self) -> &M {
        &self.target
    }

    /// The ids, and those that were given again.
    pub(super) fn into_ids(self) -> (Vec<ResourceId>, Vec<ResourceId>) {
        (self.resource_ids, self.repeated)
    }

    /// The same request for these of its ids only.
    pub(super) fn for_ids(&self, ids: &[ResourceId]) -> Self {
        // Field by field: a clone of the whole would copy every id for each call.
        let Self { target, resource_ids: _, repeated: _, comment, effect, meta } = self;
        Self {
            target: target.clone(),
            resource_ids: ids.to_vec(),
            repeated: Vec::new(),
            comment: comment.clone(),
            effect: *effect,
            meta: meta.clone(),
        }
    }

    pub(super) async fn execute(self, client: Client) -> Result<MoveOutcome<M>, Error> {
        let call = Call {
            operation: M::OPERATION,
            effect: self.effect,
            method: Method::PUT,
            path: Path::fixed(M::PATH),
            query: client.query(),
            headers: HeaderMap::new(),
            body: Bytes::from(self.to_json().to_string()),
            secrets: Vec::new(),
            retry_policy: self.meta.retry_policy,
            record: self.record(),
        };
        match client.transport().execute(call).await {
            Ok(exchange) => self.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, M::request(self))),
        }
    }

    pub(crate) fn read(self, exchange: Exchange) -> Result<MoveOutcome<M>, Error> {
        let mut envelope = match Envelope::read(&exchange.answer.body) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                return Err(Error::from_failure(failure, M::request(self)));
            }
        };
        if envelope.says_failure() {
            let failure = match ErrorCode::of(envelope.code().unwrap_or_default(), None) {
                // Nobody knows that this code is a refusal, and a 2xx says that the change was carried out.
                ErrorCode::Other(code) => {
                    let code = one_line(&exchange.answer.secrets.redact(&code));
                    exchange
                        .unreadable_change(Cause::new(format!("no documented refusal has the appStatusCode {code}")))
                }
                _ => exchange.refused(),
            };
            return Err(Error::from_failure(failure, M::request(self)));
        }
        envelope.message = envelope.message.map(|message| exchange.answer.secrets.redact(&message));
        let body = exchange.answer.body;
        let outcome = MoveOutcome::new(self.target, self.resource_ids, self.repeated, envelope, &exchange.trace, body);
        let ended = if outcome.is_complete() { "done" } else { "done, with a gap" };
        exchange.audit.finish(ended, &exchange.trace, "");
        Ok(outcome)
    }
}
