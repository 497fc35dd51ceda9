//! What every documented call has in common, for both vendors.
//!
//! An [`Operation`] says only what is its own: method and path, what is checked, the body, and how its answer is read. Everything
//! else is here, once: the [`RequestBuilder`] that users see, sending, the [`Error`], the [`Receipt`], lists, and many calls
//! at once. What differs between the vendors is in [`Vendor`].

mod batch;
mod caller;
mod erased;
mod error;
mod failure_scope;
mod incomplete;
mod list;
mod lookup;
mod many;
mod many_outcome;
mod outcome_unknown;
mod raw;
mod reading;
mod receipt;
#[cfg(feature = "testing")]
mod reply;
mod request;
mod rows;
mod shared_error;

pub(crate) use self::batch::{Batch, CallEnd, Calls, Numbered, NumberedState, PlannedCall};
pub(crate) use self::caller::Caller;
pub use self::error::{ApiError, Error};
pub(crate) use self::failure_scope::FailureScope;
pub(crate) use self::incomplete::FirstCase;
pub use self::incomplete::{Incomplete, IncompleteOutcome};
pub use self::list::ListBuilder;
pub(crate) use self::list::{List, PageCaller, PageSettings};
pub(crate) use self::lookup::Lookup;
pub use self::lookup::{LookupLimit, LookupLimitReached};

pub use self::many::{BatchBuilder, OnFailure, Outcomes};
pub use self::many_outcome::{ItemOutcome, ItemState, ManyOutcome};
pub use self::outcome_unknown::OutcomeUnknown;
pub use self::raw::{RawAnswer, RawCall, RawEffect, UnreadableAnswer, UnreadableReason};
pub use self::receipt::Receipt;
pub(crate) use self::request::check_audit_note;
pub use self::request::{Request, RequestBuilder};
pub use self::rows::Rows;
pub(crate) use self::rows::{Announced, Count, Pages};
pub use self::shared_error::SharedError;

use std::any::Any;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use crate::transport::{Answer, AuditEnd, Cause, Connection, Effect, Exchange, Parameters, Path, ServerText};
use crate::validation::Problems;

/// One documented call: its content and everything specific to it.
///
/// A [`RequestBuilder`] collects a value of this type, which is checked and then sent. The trait is sealed.
///
/// ```
/// use clm::keyfactor::Keyfactor;
/// use clm::{Operation, RequestBuilder};
///
/// /// Sends a call of Keyfactor Command and logs its error.
/// async fn logged<O: Operation<Vendor = Keyfactor>>(
///     call: RequestBuilder<O>,
/// ) -> Option<O::Outcome> {
///     call.send().await.inspect_err(|error| eprintln!("{}", error.report())).ok()
/// }
/// ```
pub trait Operation: Clone + fmt::Debug + Send + Sync + 'static {
    /// The vendor of the call.
    type Vendor: Vendor;
    /// The outcome of the call.
    type Outcome: Send + 'static;

    /// Which call it is.
    #[doc(hidden)]
    fn call(&self) -> DocumentedCall;

    /// Adds every problem that the vendor's page, or this crate, has with the request; takes repeats out.
    #[doc(hidden)]
    fn check(&mut self, settings: &<Self::Vendor as Vendor>::Settings, problems: &mut Problems);

    /// Parameters of the query, beside those that every call of the vendor carries.
    #[doc(hidden)]
    fn query(&self) -> Parameters {
        Vec::new()
    }

    /// Headers, beside those that every call of the vendor carries.
    #[doc(hidden)]
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    /// The JSON body; none by default.
    #[doc(hidden)]
    fn body(&self) -> Option<impl Serialize> {
        None::<()>
    }

    /// The body as it is sent. `Err` if it cannot be written: then nothing is sent.
    #[doc(hidden)]
    fn body_bytes(&self) -> Result<Bytes, Cause> {
        match self.body() {
            Some(body) => {
                // As long as most bodies are, so that it need not grow.
                let mut bytes = Vec::with_capacity(512);
                serde_json::to_writer(&mut bytes, &body).map_err(|error| Cause::json(&error))?;
                Ok(bytes.into())
            }
            None => Ok(Bytes::new()),
        }
    }

    /// Values in the body that are secrets: they are redacted from what the server says.
    #[doc(hidden)]
    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }

    /// What the audit is told that the change acts on, as a JSON array.
    #[doc(hidden)]
    fn audit_targets(&self) -> Value {
        Value::Null
    }

    /// Where the server is asked to look for permissions, or what it acts in.
    #[doc(hidden)]
    fn scope(&self) -> Option<<Self::Vendor as Vendor>::Scope> {
        None
    }

    /// What the account needs, if the server answers 403.
    #[doc(hidden)]
    fn permission_needed(&self) -> Option<&'static str> {
        None
    }

    /// What to do about a refusal with this status, where the operation knows more than the vendor's list of statuses.
    #[doc(hidden)]
    fn remedy_of(&self, status: StatusCode) -> Option<&'static str> {
        let _ = status;
        None
    }

    /// Where to look when the outcome of the change is unknown.
    #[doc(hidden)]
    fn how_to_find_out(&self) -> &'static str {
        ""
    }

    /// Looks at what the request relies on, just before it is sent. An error means that nothing is sent.
    #[doc(hidden)]
    fn verify(&self, caller: &Caller<Self::Vendor>) -> impl Future<Output = Result<(), Error<Self::Vendor>>> + Send {
        let _ = caller;
        std::future::ready(Ok(()))
    }

    /// Reads a 2xx answer.
    #[doc(hidden)]
    fn read(&self, exchange: &Exchange) -> Result<Self::Outcome, ReadError<Self::Vendor>>;

    /// Whether the outcome covers all that was asked for, and nothing else.
    #[doc(hidden)]
    fn is_complete(outcome: &Self::Outcome) -> bool {
        let _ = outcome;
        true
    }

    /// The jobs that the server named, for the audit.
    #[doc(hidden)]
    fn audit_job_ids(outcome: &Self::Outcome) -> String {
        let _ = outcome;
        String::new()
    }
}

/// Which call an operation is, as the head of the vendor's page has it.
#[derive(Debug)]
pub struct DocumentedCall {
    /// The crate's name, for spans and the audit: `keyfactor.certificate_stores.remove_certificates`.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) effect: Effect,
    pub(crate) connection: Connection,
    taken: TakenOf,
}

/// What a success of this call, with this outcome, comes to.
type TakenOf = fn(&dyn Any, &dyn Any) -> Taken;

impl DocumentedCall {
    /// A call that only reads.
    pub(crate) fn read(name: &'static str, method: Method, path: Path) -> Self {
        Self { name, method, path, effect: Effect::Read, connection: Connection::Own, taken: |_, _| Taken::Done }
    }

    /// A call that may change something.
    pub(crate) fn change<O: Change>(name: &'static str, method: Method, path: Path) -> Self {
        let taken: TakenOf = |operation, outcome| match (operation.downcast_ref::<O>(), outcome.downcast_ref()) {
            (Some(operation), Some(outcome)) => O::taken(operation, outcome),
            // It is always this one.
            _ => Taken::Accepted,
        };
        Self { effect: Effect::Change, taken, ..Self::read(name, method, path) }
    }

    /// How a success with this outcome ends in the audit.
    pub(crate) fn ended<O: Operation>(&self, operation: &O, outcome: &O::Outcome) -> AuditEnd {
        match ((self.taken)(operation, outcome), O::is_complete(outcome)) {
            (Taken::Done, true) => AuditEnd::Done,
            (Taken::Done, false) => AuditEnd::DoneWithGap,
            (Taken::Accepted, true) | (Taken::Waiting, _) => AuditEnd::Accepted,
            (Taken::Accepted, false) => AuditEnd::AcceptedWithGap,
        }
    }

    pub(crate) fn with_effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    pub(crate) fn over(self, connection: Connection) -> Self {
        Self { connection, ..self }
    }
}

/// An operation that may change something. It is audited.
pub trait Change: Operation<Outcome: Clone + PartialEq + fmt::Debug + Sync> {
    /// What it acts on, for people.
    const ITEM: &'static str;

    /// What the server's success means: that the change has taken place, or that it will.
    #[doc(hidden)]
    fn taken(&self, outcome: &Self::Outcome) -> Taken;
}

/// What the success of a change means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The server says that what was asked for has taken place.
    Done,
    /// The server took it as a job or a request. It has not taken place yet, and may never do.
    Accepted,
    /// The same, and that it waits is all that its outcome lacks.
    Waiting,
}

/// The vendor-specific parts of the crate, implemented by `keyfactor::Keyfactor` and `appviewx::AppViewX`. The trait is
/// sealed.
///
/// ```
/// use clm::{Error, Vendor};
///
/// fn log<V: Vendor>(error: &Error<V>) {
///     eprintln!("{}", error.report());
/// }
/// ```
pub trait Vendor: Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The vendor's error code.
    type Code: Clone + fmt::Debug + fmt::Display + Send + Sync;
    /// What can be read out of a refusal.
    #[doc(hidden)]
    type ErrorBody: ErrorBody<Self::Code>;
    /// The vendor's error for unreliable or unexpected read results.
    type LookupError: std::error::Error + From<LookupLimitReached> + Send + Sync;
    /// The permission scope of a change.
    type Scope: Clone + fmt::Debug + fmt::Display + Send + Sync;
    /// What a client was told that concerns its calls.
    #[doc(hidden)]
    type Settings: fmt::Debug + Send + Sync;

    /// The response header with the server's correlation id, if the vendor has one.
    #[doc(hidden)]
    const CORRELATION_ID: Option<&'static str>;
    /// The response header with the server's version, if the vendor has one.
    #[doc(hidden)]
    const PRODUCT_VERSION: Option<&'static str>;

    /// The crate's name for calls without a type, for spans and the audit.
    #[doc(hidden)]
    const RAW_CALL: &'static str;
    /// Headers that belong to the vendor's credentials and protocol, in lower case.
    #[doc(hidden)]
    const OWN_HEADERS: &'static [&'static str];

    /// The query that every call carries.
    #[doc(hidden)]
    fn query(settings: &Self::Settings) -> Parameters;

    /// What a refusal says, without what the request carried in confidence.
    #[doc(hidden)]
    fn error_body(answer: &Answer) -> Self::ErrorBody;

    /// What to do about a refusal. `permission_needed` is what the operation names.
    #[doc(hidden)]
    fn remediation(
        status: StatusCode,
        body: &Self::ErrorBody,
        permission_needed: Option<&'static str>,
    ) -> Option<&'static str>;

    /// What a refusal with a status that says nothing more says about the next call.
    #[doc(hidden)]
    fn refusal_scope(status: StatusCode, body: &Self::ErrorBody) -> FailureScope;

    /// What such an error says about the next call.
    #[doc(hidden)]
    fn lookup_scope(error: &Self::LookupError) -> FailureScope {
        let _ = error;
        FailureScope::Item
    }

    /// Whether a 2xx answer to a call without a type says that it failed.
    #[doc(hidden)]
    fn check_raw_answer(exchange: &Exchange, effect: RawEffect) -> Result<(), ReadError<Self>> {
        let _ = (exchange, effect);
        Ok(())
    }

    /// Called once when a request is built: says what the caller would not expect of the scope.
    #[doc(hidden)]
    fn note_scope(scope: &Self::Scope) {
        let _ = scope;
    }
}

/// What can be read out of a refusal, whatever the vendor.
pub trait ErrorBody<Code>: Default + fmt::Debug + Send + Sync {
    fn code(&self) -> Option<&Code>;
    fn message(&self) -> Option<&ServerText>;
    /// Whether the answer holds more than was kept.
    fn is_abridged(&self) -> bool;
}

/// Why a 2xx answer was not taken.
#[derive(Debug)]
pub enum ReadError<V: Vendor> {
    /// It has another shape.
    Unreadable(Cause),
    /// Its content says that the call was refused.
    Refused,
    /// It is not what was asked for.
    Lookup(V::LookupError),
}
