//! What a failure says about the next call.

use super::{Error, Vendor};

/// What a failure says about the next call. Every workflow that goes on, waits or stops asks this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureScope {
    /// Nothing of the call can have arrived, or nobody answered: the next one would hardly fare better, a later one may.
    Unanswered,
    /// The server asks to wait.
    RateLimited,
    /// A server or gateway in trouble answered a call that reads. Another one may fare better.
    ServerTrouble,
    /// Every further call would end so: the credential, the account's access, the address, what all calls have in common.
    EveryCall,
    /// It is about one of the things that the call names. A call that names others may fare better.
    Item,
    /// It is about this call, and says nothing about another one.
    Call,
    /// The change may have been carried out.
    Unknown,
}

impl FailureScope {
    /// Whether asking again later may go better.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::Unanswered | Self::RateLimited | Self::ServerTrouble)
    }

    /// Whether going on with the next call is pointless.
    pub(crate) fn ends_a_run(self) -> bool {
        matches!(self, Self::Unanswered | Self::RateLimited | Self::EveryCall)
    }
}

impl<V: Vendor> Error<V> {
    pub(crate) fn failure_scope(&self) -> FailureScope {
        match self {
            Self::OutcomeUnknown(_) => FailureScope::Unknown,
            Self::Api(api) if api.after_unanswered_copy() => FailureScope::Unknown,
            Self::Api(api) => match api.status().as_u16() {
                401 => FailureScope::EveryCall,
                429 => FailureScope::RateLimited,
                408 | 500.. => FailureScope::ServerTrouble,
                _ => V::refusal_scope(api.status(), api.error_body()),
            },
            Self::Authentication(error) if error.is_transient() => FailureScope::Unanswered,
            // A certificate that was not accepted will not be the next time.
            Self::Transport(error) if error.is_lasting() => FailureScope::EveryCall,
            Self::Transport(_) => FailureScope::Unanswered,
            // A page of a proxy in the place of the answer goes away with the trouble that it tells of.
            Self::Decode(_) => FailureScope::ServerTrouble,
            Self::Lookup(error) => V::lookup_scope(error),
            Self::Authentication(_) | Self::Configuration(_) | Self::Validation(_) => FailureScope::EveryCall,
            Self::Incomplete(_) => FailureScope::Call,
        }
    }
}
