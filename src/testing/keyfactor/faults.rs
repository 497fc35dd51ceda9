//! Faults of the network and of what stands before the server.

use std::time::Duration;

use super::{FakeKeyfactor, KeyfactorCall};
use crate::testing::server::{FakeAnswer, FakeFault};

/// A fault of `FakeKeyfactor` in one of its calls, or in any.
type Fault<'a> = FakeFault<'a, KeyfactorCall>;

/// Faults of the network, and of gateways and proxies in front of the server.
///
/// A fault affects the next requests of all calls; [`FakeFault::of`] and [`FakeFault::after`] restrict it. Faults happen in the order in
/// which they were set: if a request matches several faults, only the first of them counts it. Call
/// [`assert_faults_used`](Self::assert_faults_used) at the end of a test to check that all faults happened.
impl FakeKeyfactor {
    /// Carries out the next requests and closes their connections without a response.
    ///
    /// **Scenario:** the server carried out the request, and the network failed before the response arrived. A client that sends
    /// such a change again makes it twice.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use clm::keyfactor::{CertificateLocation, Error, Schedule};
    /// use clm::testing::{FakeKeyfactor, KeyfactorCall};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// fake.lose_answers(1).of(KeyfactorCall::RemoveCertificates);
    ///
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let stores = fake.client().certificate_stores();
    /// let error =
    ///     stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap_err();
    /// assert!(
    ///     matches!(error, Error::OutcomeUnknown(_)),
    ///     "nobody can know whether the job was scheduled"
    /// );
    /// assert_eq!(fake.jobs().len(), 1, "it was, once");
    /// fake.assert_faults_used();
    /// # }
    /// ```
    pub fn lose_answers(&self, requests: usize) -> Fault<'_> {
        self.server.lose_answers(requests)
    }

    /// Returns this status for the next requests and does not carry them out. The body has the form of the vendor's refusals, with
    /// a message and without a code; the body of a 401 is `null`. [`FakeAnswer`] adds a `Retry-After` header or another body.
    ///
    /// **Scenario:** a proxy refuses the request (502, 503), the server receives too many requests (429), or it fails with an
    /// internal error (500), after which it is unknown whether the change began.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeAnswer, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// fake.refuse_next(FakeAnswer::status(429).retry_after(Duration::ZERO), 2);
    ///
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let stores = fake.client().certificate_stores();
    /// let removal = stores.remove_certificates([location], Schedule::Immediate).send().await?;
    /// assert_eq!(
    ///     removal.receipt().attempts(),
    ///     3,
    ///     "429 is refused before acting: it is safe to ask again"
    /// );
    /// assert_eq!(fake.jobs().len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the status is not in the range 200 to 599.
    #[track_caller]
    pub fn refuse_next(&self, answer: impl Into<FakeAnswer>, requests: usize) -> Fault<'_> {
        self.server.refuse_next(answer.into(), requests)
    }

    /// Carries out the next requests and closes their connections in the middle of the response: after the head, which contains the
    /// length, and half of the body. A response without a body ends in the middle of its head.
    ///
    /// **Scenario:** the server confirmed the change, and half of the response is lost, with job ids in it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use clm::keyfactor::{CertificateLocation, Error, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// fake.cut_answers(1);
    ///
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let stores = fake.client().certificate_stores();
    /// let error =
    ///     stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)));
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    /// assert_eq!(error.body().map(str::len), Some(20), "half of one job id in its list");
    /// # }
    /// ```
    pub fn cut_answers(&self, requests: usize) -> Fault<'_> {
        self.server.cut_answers(requests)
    }

    /// Carries out the next requests, and sends a second, unsolicited response on the same connection: a 200 with the id of another
    /// job. [`stray_answers_of`](Self::stray_answers_of) sends a response of your own.
    ///
    /// **Scenario:** HTTP/1.1 does not identify responses. Bytes that are left on a connection are read as the response to the next
    /// request on it. A client that reuses the connection reports a job that does not belong to its change.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.stray_answers(2);
    ///
    /// let stores = fake.client().certificate_stores();
    /// for alias in ["web01.pfx", "web02.pfx"] {
    ///     let location = CertificateLocation::new(store, alias);
    ///     let removal = stores.remove_certificates([location], Schedule::Immediate).send().await?;
    ///     let job = fake.jobs().into_iter().find(|job| job.alias == alias).map(|job| job.id);
    ///     assert_eq!(
    ///         removal.job_ids().first(),
    ///         job.as_ref(),
    ///         "each change has a connection of its own"
    ///     );
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stray_answers(&self, requests: usize) -> Fault<'_> {
        self.server.stray_answers(None, requests)
    }

    /// Works as [`stray_answers`](Self::stray_answers), with a response of your own. Some gateways and servers send a 408 on a
    /// connection that is idle for too long.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.stray_answers_of(408, 1);
    ///
    /// let jobs = fake.client().orchestrator_jobs();
    /// for _ in 0..2 {
    ///     assert!(jobs.history(Query::all()).rows()?.collect().await?.is_empty());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the status is not in the range 200 to 599.
    #[track_caller]
    pub fn stray_answers_of(&self, answer: impl Into<FakeAnswer>, requests: usize) -> Fault<'_> {
        self.server.stray_answers(Some(answer.into()), requests)
    }

    /// Waits for this time before each response from now on. The request is carried out **before** the wait, so a change takes
    /// effect even if the client gives up. If several settings match a call, the latest one applies; `Duration::ZERO` ends the
    /// delay. [`FakeFault::after`] has no effect on it.
    ///
    /// **Scenario:** the server is overloaded, and clients time out.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::{CertificateLocation, Client, Error, Schedule};
    /// use clm::testing::{FakeKeyfactor, KeyfactorCall};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// fake.slow_down(Duration::from_secs(3600)).of(KeyfactorCall::RemoveCertificates);
    ///
    /// let client = Client::builder(fake.url()).credentials(fake.credentials());
    /// let client = client
    ///     .connect_timeout(Duration::from_secs(1))
    ///     .change_timeout(Duration::from_secs(2))
    ///     .build()
    ///     .unwrap();
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let removal =
    ///     client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    /// let error = removal.send().await.unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)));
    /// assert_eq!(fake.jobs().len(), 1, "the client gave up, the server did not");
    /// # }
    /// ```
    pub fn slow_down(&self, pause: Duration) -> Fault<'_> {
        self.server.slow_down(pause)
    }

    /// Closes the port and all connections before it returns. New connections are refused. A request in progress may or may not be
    /// carried out, and its response is lost. The state stays, and [`come_back`](Self::come_back) opens the same port again.
    ///
    /// **Scenario:** the server restarts, or a deployment fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::{CertificateLocation, Error, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// let stores = fake.client().certificate_stores();
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let removal = stores
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .retry_policy(RetryPolicy::none());
    ///
    /// fake.go_away();
    /// let error = removal.clone().send().await.unwrap_err();
    /// assert!(matches!(error, Error::Transport(_)), "nothing can have arrived");
    ///
    /// fake.come_back();
    /// assert_eq!(removal.send().await?.job_ids().len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn go_away(&self) {
        self.server.go_away();
    }

    /// Opens the port again after [`go_away`](Self::go_away), whose example shows it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RetryPolicy;
    ///
    /// scene.keyfactor.go_away();
    /// let read =
    ///     keyfactor.certificates().get(scene.certificate()).retry_policy(RetryPolicy::none());
    /// assert!(read.clone().send().await.is_err());
    /// scene.keyfactor.come_back();
    /// read.send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If another program uses the port.
    #[track_caller]
    pub fn come_back(&self) {
        self.server.come_back();
    }

    /// Returns how many more requests the faults will affect. [`slow_down`](Self::slow_down) does not count.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.refuse_next(503, 2);
    /// assert_eq!(fake.faults_left(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.server.faults_left()
    }

    /// Asserts that every fault affected as many requests as it was set for. A test whose fault never happened proves nothing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.refuse_next(503, 1);
    /// fake.client().certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// fake.assert_faults_used();
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If some did not. The message lists them.
    #[track_caller]
    pub fn assert_faults_used(&self) {
        self.server.assert_faults_used();
    }
}
