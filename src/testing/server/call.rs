//! Which call a request is.

/// A call that a fake serves: a `KeyfactorCall` or an `AppViewXCall`. The trait is sealed.
///
/// ```
/// use clm::testing::{FakeCall, RecordedRequest};
///
/// fn count(requests: &[RecordedRequest], call: impl FakeCall) -> usize {
///     requests.iter().filter(|request| request.is(call)).count()
/// }
/// ```
pub trait FakeCall: Copy + sealed::Sealed {
    /// The name, as the client has it in spans and in the audit.
    #[doc(hidden)]
    fn name(self) -> &'static str;
}

pub(in crate::testing) mod sealed {
    pub trait Sealed {}
}

/// What is known of a call, whatever the vendor.
#[derive(Clone, Copy)]
pub(in crate::testing) struct KnownCall {
    pub(in crate::testing) name: &'static str,
    pub(in crate::testing) effect: Effect,
}

/// Whether a call may change something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) enum Effect {
    Read,
    Change,
}
