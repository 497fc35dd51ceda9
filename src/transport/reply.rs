//! What one try of a call comes to that nobody sends.

use std::time::Duration;

use http::HeaderName;

use super::audit::Audit;
use super::end::{Answer, Exchange, Failure, Trace};
use super::request::{CallName, Effect};
use super::retry::{Body, Next, Try, decide};
use super::secrets::Secrets;

/// A call that is not sent.
pub(crate) struct Unsent {
    pub(crate) name: CallName,
    pub(crate) effect: Effect,
    /// The response header with the server's correlation id.
    pub(crate) correlation_header: Option<HeaderName>,
}

impl Unsent {
    /// How it ends if its only try goes so.
    #[expect(clippy::result_large_err, reason = "only tests call it")]
    pub(crate) fn ended(self, tried: Try) -> Result<Exchange, Failure> {
        let correlation_id = match (&tried, &self.correlation_header) {
            (Try::Head(answer, _), Some(name)) => answer.said_in(name),
            _ => None,
        };
        let trace = Trace { call: self.name, attempts: 1, elapsed: Duration::ZERO, correlation_id };
        let audit = Audit::none();
        match decide(self.effect, tried) {
            Next::Done(answer) => Ok(Exchange { answer, trace, audit, after_unanswered_copy: false }),
            Next::Over(end) | Next::Again(end) | Next::Renew(end) => Err(Failure { end, trace, audit }),
        }
    }
}

/// What one whole answer to a change comes to, without a server.
#[cfg(any(fuzzing, test))]
#[expect(clippy::result_large_err, reason = "only tests call it")]
pub(crate) fn answered(status: http::StatusCode, body: &[u8]) -> Result<Exchange, Failure> {
    let name = CallName::new(http::Method::POST, &super::Path::base());
    let headers = http::HeaderMap::new();
    let answer = Answer { status, headers, body: body.to_vec().into(), secrets: Secrets::default() };
    Unsent { name, effect: Effect::Change, correlation_header: None }.ended(Try::Head(answer, Body::Complete))
}

#[cfg(feature = "testing")]
mod given {
    use super::{Answer, Audit, Body, Duration, Exchange, Failure, Secrets, Trace, Try, Unsent};
    use crate::testing::{End, Reply};
    use crate::transport::authentication::{NoCredential, ProviderSaid};
    use crate::transport::cause::Cause;
    use crate::transport::end::FailureKind;
    use crate::transport::request::Call;
    use crate::transport::secrets::Confidence;

    impl Unsent {
        /// How the call ends if this is what comes of it.
        #[expect(clippy::result_large_err, reason = "only tests call it")]
        pub(crate) fn given(self, call: Call, reply: Reply) -> Result<Exchange, Failure> {
            let secrets = Secrets { of_credential: None, of_call: Confidence::of(&call.headers, call.secrets) };
            let tried = match reply.end {
                End::Nothing => Try::NoHead(Cause::new("the test gives no answer")),
                End::NoConnection => Try::NotConnected(Cause::new("the test gives no connection")),
                End::Answer { status, headers, body, is_cut } => {
                    let answer = Answer { status, headers, body: body.into(), secrets };
                    let end = if is_cut { Body::Cut(Cause::new("the test cuts the answer")) } else { Body::Complete };
                    let end = end.unless_encoded(&answer);
                    Try::Head(answer, end)
                }
                End::NoCredential { code, message } => {
                    let (code, message) = (Some(secrets.text(code)), Some(secrets.text(message)));
                    let said = ProviderSaid { code, message, ..ProviderSaid::default() };
                    let error = NoCredential::new("the credential was refused", None).said(said);
                    let trace = Trace { call: self.name, attempts: 0, elapsed: Duration::ZERO, correlation_id: None };
                    let end = Box::new(FailureKind::NotAuthenticated { error, refused: None });
                    return Err(Failure { end, trace, audit: Audit::none() });
                }
            };
            self.ended(tried)
        }
    }
}
