//! Requests, as they are built and as they are sent.

use std::ops::Deref;
use std::sync::Arc;

use super::{Caller, Change, DocumentedCall, Error, Operation, ReadError, Vendor};
use crate::transport::{Audited, Call, CallName, Cause, Effect, Exchange, RetryPolicy};
use crate::validation::{LONGEST_TEXT, Problems, Reason, ValidationError};

/// Builds a request. Setters add optional parts. [`send`](Self::send) checks the request and sends it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::RequestBuilder;
/// use clm::keyfactor::{RemoveCertificates, Schedule};
///
/// let (stores, locations) = (keyfactor.certificate_stores(), scene.locations());
/// let removal: RequestBuilder<RemoveCertificates> =
///     stores.remove_certificates(locations, Schedule::Immediate);
/// let outcome = removal.audit_note("CHG 1234").send().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct RequestBuilder<O: Operation> {
    caller: Caller<O::Vendor>,
    request: Request<O>,
}

/// A checked request that the client's `execute` can send. It is not tied to a client, and dereferences to the
/// operation.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::{RemoveCertificates, Schedule};
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let request: Request<RemoveCertificates> = removal.build()?;
/// println!("{} location(s)", request.locations().len());
/// let outcome = keyfactor.execute(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Request<O> {
    operation: O,
    settings: CallSettings,
}

/// What a request can be told beside its content. None of it is sent.
#[derive(Clone, PartialEq, Debug, Default)]
struct CallSettings {
    audit_note: Option<String>,
    /// Instead of the client's.
    retry_policy: Option<RetryPolicy>,
}

impl<O: Operation> RequestBuilder<O> {
    pub(crate) fn new(caller: Caller<O::Vendor>, operation: O) -> Self {
        Self { caller, request: Request { operation, settings: CallSettings::default() } }
    }

    /// Sets the retry policy of this call. Overrides the client's policy. No policy retries a change that may have
    /// arrived.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RetryPolicy;
    ///
    /// let store = keyfactor
    ///     .certificate_stores()
    ///     .get(scene.stores()[0])
    ///     .retry_policy(RetryPolicy::none())
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.request.settings.retry_policy = Some(policy);
        self
    }

    /// Checks the request and returns it as a value. Nothing is sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let request = stores.remove_certificates(scene.locations(), Schedule::Immediate).build()?;
    /// assert_eq!(request.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] with all problems and their fields.
    pub fn build(self) -> Result<Request<O>, ValidationError> {
        let Self { caller, mut request } = self;
        let mut problems = Problems::default();
        request.operation.check(caller.settings(), &mut problems);
        request.settings.check(&mut problems);
        if request.effect() == Effect::Read && request.settings.audit_note.is_some() {
            problems.add("audit_note", Reason::Conflict, "a call that only reads is not audited");
        }
        problems.finish()?;
        request.note_scope();
        Ok(request)
    }

    /// Checks the request and sends it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The errors of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub fn send(self) -> impl Future<Output = Result<O::Outcome, Error<O::Vendor>>> + Send + use<O> {
        let caller = self.caller.clone();
        async move { caller.execute(Arc::new(self.build()?)).await }
    }

    /// The same over a connection of its own, whatever the operation declares: its answer decides something.
    pub(super) async fn send_alone(self) -> Result<O::Outcome, Error<O::Vendor>> {
        let caller = self.caller.clone();
        caller.execute_alone(Arc::new(self.build()?)).await
    }

    /// What is asked for, for the setters of one operation.
    pub(crate) fn operation(&mut self) -> &mut O {
        &mut self.request.operation
    }

    /// How errors name the call.
    pub(super) fn call_name(&self) -> CallName {
        self.request.call_name()
    }

    /// The request as it is by now, unchecked, and what would send it.
    pub(crate) fn into_parts(self) -> (Caller<O::Vendor>, Request<O>) {
        (self.caller, self.request)
    }
}

impl<O: Change> RequestBuilder<O> {
    /// Sets a note for the audit event of this change, for example a ticket number. It is not sent to the server. At
    /// most 32,767 characters.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// removal.audit_note("CHG 1234").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.request.settings.audit_note = Some(note.into());
        self
    }
}

impl CallSettings {
    fn check(&self, problems: &mut Problems) {
        if let Some(note) = &self.audit_note {
            check_audit_note(note, problems);
        }
    }
}

/// Also for workflows that give the note to their calls.
pub(crate) fn check_audit_note(note: &str, problems: &mut Problems) {
    problems.check_length("audit_note", note, LONGEST_TEXT);
    if note.trim().is_empty() {
        problems.add(
            "audit_note",
            Reason::Blank,
            "must not be empty (possibly an unset variable); omit it to set none",
        );
    }
}

impl<O> Request<O> {
    /// A request that was not checked.
    #[cfg(feature = "testing")]
    pub(crate) fn of(operation: O) -> Self {
        Self { operation, settings: CallSettings::default() }
    }

    /// The note for the audit event. It is not sent to the server.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx
    ///     .certificate_groups()
    ///     .unassign(scene.resource_ids())
    ///     .audit_note("CHG 1234")
    ///     .build()?;
    /// assert_eq!(request.audit_note(), Some("CHG 1234"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn audit_note(&self) -> Option<&str> {
        self.settings.audit_note.as_deref()
    }

    /// What is asked for, while it is checked as a part of something larger.
    pub(crate) fn operation_mut(&mut self) -> &mut O {
        &mut self.operation
    }

    /// Adds the problems of what is no part of what is asked for.
    pub(crate) fn check_settings(&self, problems: &mut Problems) {
        self.settings.check(problems);
    }

    /// The same request with another note for the audit.
    pub(crate) fn with_audit_note(mut self, note: String) -> Self {
        self.settings.audit_note = Some(note);
        self
    }

    /// The same settings for something else to ask for.
    pub(crate) fn with_operation<P>(&self, operation: P) -> Request<P> {
        Request { operation, settings: self.settings.clone() }
    }
}

impl<O: Operation> Request<O> {
    /// Whether the call could have changed something.
    pub(crate) fn effect(&self) -> Effect {
        self.operation.call().effect
    }

    /// How errors name the call: method and path template, never a value or a query.
    pub(crate) fn call_name(&self) -> CallName {
        let DocumentedCall { method, path, .. } = self.operation.call();
        CallName::new(method, &path)
    }

    /// Says what the caller would not expect of its scope: once for what is asked for, whether one call or many carry it.
    pub(super) fn note_scope(&self) {
        if let Some(scope) = self.operation.scope() {
            O::Vendor::note_scope(&scope);
        }
    }

    /// `Err` if its body cannot be written.
    pub(super) fn call(self: &Arc<Self>) -> Result<Call, Cause> {
        let operation = &self.operation;
        let DocumentedCall { name, method, path, effect, connection, taken: _ } = operation.call();
        let audited = || Arc::clone(self) as Arc<dyn Audited>;
        Ok(Call {
            operation: name,
            effect,
            connection,
            method,
            path,
            query: operation.query(),
            headers: operation.headers(),
            body: operation.body_bytes()?,
            secrets: operation.secrets(),
            retry_policy: self.settings.retry_policy,
            audited: (effect != Effect::Read).then(audited),
        })
    }

    /// What a 2xx answer comes to.
    pub(crate) fn read(self: Arc<Self>, exchange: Exchange) -> Result<O::Outcome, Error<O::Vendor>> {
        match self.operation.read(&exchange) {
            Ok(outcome) => {
                let ended = || self.operation.call().ended(&self.operation, &outcome);
                exchange.audit.finish(ended, &exchange.trace, || O::audit_job_ids(&outcome));
                Ok(outcome)
            }
            // Of a change that the server took, it must not read as if nothing had happened.
            Err(ReadError::Lookup(error)) if self.effect() != Effect::Read => {
                Err(self.unreadable(exchange, Cause::new(error.to_string())))
            }
            Err(ReadError::Lookup(error)) => Err(Error::Lookup(Box::new(error))),
            Err(ReadError::Refused) => Err(Error::from_failure(exchange.refused(), self)),
            Err(ReadError::Unreadable(cause)) => Err(self.unreadable(exchange, cause)),
        }
    }

    fn unreadable(self: Arc<Self>, exchange: Exchange, cause: Cause) -> Error<O::Vendor> {
        let failure = match self.effect() {
            Effect::Read => exchange.unreadable_read(cause),
            Effect::Change | Effect::RepeatableChange => exchange.unreadable_change(cause),
        };
        Error::from_failure(failure, self)
    }
}

impl<O: Operation> Audited for Request<O> {
    fn targets(&self) -> String {
        let targets = self.operation.audit_targets();
        if targets.is_null() { String::new() } else { targets.to_string() }
    }

    fn scope(&self) -> String {
        self.operation.scope().map(|scope| scope.to_string()).unwrap_or_default()
    }

    fn note(&self) -> Option<&str> {
        self.audit_note()
    }
}

impl<O> Deref for Request<O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.operation
    }
}
