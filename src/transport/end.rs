//! How calls end, before a vendor makes its own error of it.

use std::fmt;
use std::time::Duration;

use http::header::{AsHeaderName, CONTENT_ENCODING, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};

use super::audit::{Audit, AuditEnd, no_jobs};
use super::authentication::{AuthenticationError, NoCredential, ProviderSaid, Silence};
use super::cause::Cause;
use super::error::{DecodeError, TransportError};
use super::raw_body::RawBody;
use super::request::CallName;
use super::secrets::{Secrets, ServerText};
use crate::lenient::{clause, message_of_text, one_line};

/// Which call it was, and what was spent on it.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) call: CallName,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// The server's, of the last answer.
    pub(crate) correlation_id: Option<ServerText>,
}

impl Trace {
    /// How often the call was sent, to be put behind what happened. Nothing for a call that never was.
    pub(super) fn attempts_made(&self) -> String {
        match self.attempts {
            0 => String::new(),
            1 => " (1 attempt)".to_owned(),
            more => format!(" ({more} attempts)"),
        }
    }
}

/// What an error has to show, whichever variant it is. The vendors' accessors are all read from here.
pub(crate) struct Evidence<'a, Code> {
    pub(crate) trace: Option<&'a Trace>,
    pub(crate) answer: Option<&'a Answer>,
    pub(crate) code: Option<&'a Code>,
    pub(crate) message: Option<&'a str>,
}

impl<Code> Evidence<'_, Code> {
    pub(crate) const NONE: Self = Self { trace: None, answer: None, code: None, message: None };
}

impl<Code: fmt::Display> Evidence<'_, Code> {
    /// What the server answered, as `Display` says it: status, code and message, on one line.
    pub(crate) fn write_answer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(answer) = self.answer {
            write!(f, "the server returned {}", answer.status)?;
        }
        if let Some(code) = self.code {
            write!(f, " ({})", one_line(&code.to_string()))?;
        }
        if let Some(message) = self.message {
            write!(f, ": {}", clause(message))?;
        }
        Ok(())
    }
}

/// What a server answered, as far as it came.
#[derive(Clone)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Bounded by the client's answer limits.
    pub(crate) body: RawBody,
    /// What the request carried in confidence.
    pub(crate) secrets: Secrets,
}

impl Answer {
    /// A header, to be read or compared; for one that is shown, see [`said_in`](Self::said_in).
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header as it can be shown.
    pub(crate) fn said_in(&self, name: impl AsHeaderName) -> Option<ServerText> {
        self.header(name).map(|value| self.said(value))
    }

    /// A text of this answer as it can be shown. Whatever of an answer becomes part of an error, an outcome or an event goes
    /// through here; what is compared does not.
    pub(crate) fn said(&self, text: &str) -> ServerText {
        self.secrets.text(text)
    }

    /// What a body that is no JSON object or array says to people.
    pub(crate) fn said_as_text(&self) -> Option<ServerText> {
        message_of_text(self.body.as_str()).map(|text| self.secrets.beginning_of(&text))
    }

    /// The encodings of the body, on one line, if there are any: none is asked for, so that such a body cannot be read.
    pub(crate) fn encoding(&self) -> Option<String> {
        let mut encodings = Vec::new();
        // The content's before that of its transfer.
        for (header, plain) in [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")] {
            // Answers have few headers: to compare them is cheaper than to hash the name.
            for (_, value) in self.headers.iter().filter(|(name, _)| **name == header) {
                let value = String::from_utf8_lossy(value.as_bytes());
                let named = value.split(',').map(str::trim);
                let is_plain = |it: &&str| it.is_empty() || it.eq_ignore_ascii_case(plain);
                encodings.extend(named.filter(|it| !is_plain(it)).map(str::to_owned));
            }
        }
        let is_encoded = !encodings.is_empty() && !self.body.as_bytes().is_empty();
        is_encoded.then(|| one_line(&self.secrets.redact(&encodings.join(", "))))
    }

    /// The same for people, to be put behind the status.
    pub(crate) fn in_encoding(&self) -> String {
        self.encoding().map(|encoding| format!(" encoded as {encoding:?}")).unwrap_or_default()
    }
}

// A header may set a cookie and a body may carry a token, so neither is shown.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body, secrets } = self;
        f.debug_struct("Answer")
            .field("status", status)
            .field("headers", &secrets.redact_names(headers.keys().map(HeaderName::as_str)))
            .field("body", body)
            .finish()
    }
}

/// A complete 2xx answer, and what it took to get it.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) answer: Answer,
    pub(crate) trace: Trace,
    pub(crate) audit: Audit,
    /// An earlier copy of this change went unanswered.
    pub(crate) after_unanswered_copy: bool,
}

/// A call that did not end in a complete 2xx answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) end: Box<FailureKind>,
    pub(crate) trace: Trace,
    pub(crate) audit: Audit,
}

/// How a failed call ended.
#[derive(Debug)]
pub(crate) enum FailureKind {
    /// Nothing of a change can have arrived, or a read got no answer.
    NotDone { what: &'static str, cause: Cause, remedy: Option<&'static str> },
    /// The server refused, with a status that says so; perhaps a second copy, after a first that it never answered.
    Refused { answer: Answer, after_unanswered_copy: bool },
    /// The credential could not be had or renewed.
    NotAuthenticated { error: NoCredential, refused: Option<Answer> },
    /// A change may have arrived.
    Unknown { answer: Option<Answer>, cause: Option<Cause> },
    /// A read was answered 2xx in a way that cannot be taken.
    Unreadable { answer: Answer, cause: Cause },
}

impl Exchange {
    /// The same answer, which is not audited: of a read.
    pub(crate) fn without_audit(&self) -> Self {
        let Self { answer, trace, audit: _, after_unanswered_copy } = self;
        Self {
            answer: answer.clone(),
            trace: trace.clone(),
            audit: Audit::none(),
            after_unanswered_copy: *after_unanswered_copy,
        }
    }

    /// A 2xx answer to a change in a shape that nobody expected: it may well have been carried out.
    pub(crate) fn unreadable_change(self, cause: Cause) -> Failure {
        let Self { answer, trace, audit, .. } = self;
        Failure { end: Box::new(FailureKind::Unknown { answer: Some(answer), cause: Some(cause) }), trace, audit }
    }

    /// A 2xx answer to a read in a shape that cannot be taken.
    pub(crate) fn unreadable_read(self, cause: Cause) -> Failure {
        let Self { answer, trace, audit, .. } = self;
        Failure { end: Box::new(FailureKind::Unreadable { answer, cause }), trace, audit }
    }

    /// What a part of the answer to a read that cannot be taken comes to. The other part was taken.
    pub(crate) fn unreadable_part(&self, cause: Cause) -> DecodeError {
        DecodeError { answer: self.answer.clone(), trace: self.trace.clone(), cause, is_of_row: true }
    }

    /// A 2xx answer whose content says that the call was refused.
    pub(crate) fn refused(self) -> Failure {
        let Self { answer, trace, audit, after_unanswered_copy } = self;
        Failure { end: Box::new(FailureKind::Refused { answer, after_unanswered_copy }), trace, audit }
    }
}

impl Failure {
    /// The call could not even be written down.
    pub(crate) fn nothing_sent(call: CallName, cause: Cause) -> Self {
        let trace = Trace { call, attempts: 0, elapsed: Duration::ZERO, correlation_id: None };
        let end = Box::new(FailureKind::NotDone { what: "nothing was sent", cause, remedy: None });
        Self { end, trace, audit: Audit::none() }
    }

    /// The caller gave the call up after this time: its result by then is in the call's own audit event. It
    /// counts as sent once.
    pub(crate) fn given_up(call: CallName, elapsed: Duration) -> Self {
        Self::without_answer(call, elapsed, "no response was received within the remaining time")
    }

    /// Nobody read the answer to the call, for this reason. It counts as sent once.
    pub(crate) fn without_answer(call: CallName, elapsed: Duration, why: &'static str) -> Self {
        let cause = Cause::new(why);
        let trace = Trace { call, attempts: 1, elapsed, correlation_id: None };
        Self { end: Box::new(FailureKind::Unknown { answer: None, cause: Some(cause) }), trace, audit: Audit::none() }
    }

    /// The call that should have brought a credential failed. `said` reads what its answer says about that.
    pub(crate) fn into_no_credential(
        self,
        what: &'static str,
        said: impl FnOnce(&Answer) -> ProviderSaid,
    ) -> NoCredential {
        let Self { end, trace, audit } = self;
        audit.finish(|| end.for_audit(), &trace, no_jobs);
        let (answer, cause) = match *end {
            FailureKind::NotDone { what: problem, cause, remedy } => {
                let cause = cause.below(problem);
                return NoCredential { remedy, ..NoCredential::new(what, Some(cause)) }.not_arrived();
            }
            FailureKind::Refused { answer, .. } => (Some(answer), None),
            FailureKind::Unknown { answer, cause } => (answer, cause),
            FailureKind::Unreadable { answer, cause } => (Some(answer), Some(cause)),
            FailureKind::NotAuthenticated { error, .. } => return error,
        };
        let answered = answer.as_ref().map(|answer| Cause {
            source: cause.clone().map(Box::new),
            ..Cause::new(format!("{}: the server returned {}{}", trace.call, answer.status, answer.in_encoding()))
        });
        let status = answer.as_ref().map(|answer| answer.status);
        let silent = if status.is_none() { Silence::NoAnswer } else { Silence::NotKnown };
        let said = answer.as_ref().filter(|answer| answer.encoding().is_none()).map(said).unwrap_or_default();
        NoCredential::new(what, answered.or(cause)).said(ProviderSaid { status, silent, ..said })
    }
}

/// How a failed call ended, as errors where there is nothing to add to them.
pub(crate) enum Ended {
    NotDone(TransportError),
    NotAuthenticated(AuthenticationError),
    Unreadable(DecodeError),
    Refused(Refusal),
    Unknown(Unknown),
}

/// A change may have arrived, or a read was left open.
pub(crate) struct Unknown {
    pub(crate) answer: Option<Answer>,
    pub(crate) trace: Trace,
    pub(crate) cause: Option<Cause>,
}

impl Unknown {
    /// Of a call that only reads, nothing can have changed.
    pub(crate) fn of_read(self) -> TransportError {
        let Self { answer: _, trace, cause } = self;
        let cause = cause.unwrap_or_else(|| Cause::new("the response does not state the outcome"));
        TransportError { what: "no conclusive response was received", trace, cause, remedy: None }
    }
}

impl Failure {
    /// Tells the audit, too.
    pub(crate) fn ended(self) -> Ended {
        let Self { end, trace, audit } = self;
        audit.finish(|| end.for_audit(), &trace, no_jobs);
        match *end {
            FailureKind::NotDone { what, cause, remedy } => {
                Ended::NotDone(TransportError { what, trace, cause, remedy })
            }
            FailureKind::Refused { answer, after_unanswered_copy } => {
                Ended::Refused(Refusal { answer, trace, after_unanswered_copy })
            }
            FailureKind::NotAuthenticated { error, refused } => {
                let NoCredential { what, said, cause, tried, remedy } = error;
                Ended::NotAuthenticated(AuthenticationError { what, said, tried, refused, trace, cause, remedy })
            }
            FailureKind::Unreadable { answer, cause } => {
                Ended::Unreadable(DecodeError { answer, trace, cause, is_of_row: false })
            }
            FailureKind::Unknown { answer, cause } => Ended::Unknown(Unknown { answer, trace, cause }),
        }
    }
}

/// What the vendors' `ApiError` is made of.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) answer: Answer,
    pub(crate) trace: Trace,
    pub(crate) after_unanswered_copy: bool,
}

impl FailureKind {
    fn for_audit(&self) -> AuditEnd {
        match self {
            Self::NotDone { .. } => AuditEnd::NotSent,
            Self::Refused { after_unanswered_copy: false, .. } => AuditEnd::Refused,
            Self::Refused { after_unanswered_copy: true, .. } => AuditEnd::RefusedAfterUnansweredCopy,
            Self::NotAuthenticated { .. } => AuditEnd::NotAuthenticated,
            // Only a call that reads ends as unreadable, and none of them is audited.
            Self::Unknown { .. } | Self::Unreadable { .. } => AuditEnd::OutcomeUnknown,
        }
    }
}
