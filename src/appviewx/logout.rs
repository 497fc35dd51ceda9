//! Logout.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use super::client::{Client, JSON};
use super::envelope::Envelope;
use super::error::{Error, Request};
use super::sessions::Desk;
use crate::lenient::{self, RawBody};
use crate::transport::{Call, Effect, Exchange, FromFailure as _, Path, Record};

/// What a client's session is.
#[derive(Debug)]
pub(super) enum Session {
    /// The client logs in.
    OfLogin(Arc<Desk>),
    /// It was given to the client.
    Given,
    /// There is none: passwords or tokens are sent.
    None,
}

/// How a logout ended. See [`Client::logout`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub enum LogoutOutcome {
    /// The server ended the session.
    LoggedOut(LoggedOut),
    /// The client had no session. Nothing was sent.
    NoSession,
}

/// The server ended the session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LoggedOut {
    message: Option<String>,
    attempts: u32,
    elapsed: Duration,
    #[serde(skip)]
    body: RawBody,
}

impl LoggedOut {
    /// What the server said.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
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

    /// The answer as it came. **It may repeat the session id.**
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body.0
    }
}

pub(super) async fn log_out(client: Client) -> Result<LogoutOutcome, Error> {
    let credential = client.transport().credential();
    let (session, transport) = match client.session() {
        Session::None => (None, client.transport()),
        Session::Given => (credential.in_use(), client.transport()),
        // A login that is under way gives a session that nobody else would end.
        // The client's own transport would log in for a session that is no longer taken, only to end the new one.
        Session::OfLogin(desk) => (credential.settled().await, &desk.transport),
    };
    let Some(session) = session else { return Ok(LogoutOutcome::NoSession) };
    let mut headers = HeaderMap::new();
    if let Session::OfLogin(_) = client.session() {
        headers.clone_from(&session.headers);
        headers.insert(CONTENT_TYPE, JSON);
    }
    let call = Call {
        operation: "appviewx.logout",
        effect: Effect::Change,
        method: Method::POST,
        path: Path::fixed("acctmgmt-perform-logout"),
        query: client.query(),
        headers,
        body: Bytes::from_static(b"{}"),
        secrets: Vec::new(),
        retry_policy: None,
        record: Record::default(),
    };
    let ended = match transport.execute(call).await {
        Ok(exchange) => read_logout(exchange).map(LogoutOutcome::LoggedOut),
        Err(failure) => Err(Error::from_failure(failure, Request::Logout)),
    };
    // After anything but these two, the session may still be there, and another logout can end it.
    let gone = match &ended {
        Ok(_) => true,
        Err(error) => matches!(error, Error::Api(refused) if refused.status() == StatusCode::UNAUTHORIZED),
    };
    if gone {
        credential.forget(&session);
    }
    ended
}

fn read_logout(exchange: Exchange) -> Result<LoggedOut, Error> {
    let envelope = match Envelope::read(&exchange.answer.body) {
        Ok(envelope) => envelope,
        Err(cause) => return Err(Error::from_failure(exchange.unreadable_change(cause), Request::Logout)),
    };
    let status = lenient::text(&envelope.response, "status");
    if envelope.says_failure() || status.is_some_and(|status| !status.eq_ignore_ascii_case("SUCCESS")) {
        return Err(Error::from_failure(exchange.refused(), Request::Logout));
    }
    let description = lenient::text(&envelope.response, "statusDescription").map(str::to_owned);
    let outcome = LoggedOut {
        message: description.or(envelope.message).map(|message| exchange.answer.secrets.redact(&message)),
        attempts: exchange.trace.attempts,
        elapsed: exchange.trace.elapsed,
        body: RawBody(exchange.answer.body),
    };
    exchange.audit.finish("done", &exchange.trace, "");
    Ok(outcome)
}
