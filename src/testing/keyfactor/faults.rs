//! Faults of the network and of what stands before the server.

use std::time::Duration;

use super::{FakeKeyfactor, KeyfactorCall};
use crate::testing::server::{FakeAnswer, FakeFault};

/// A fault of `FakeKeyfactor` in one of its calls, or in any.
type Fault<'a> = FakeFault<'a, KeyfactorCall>;

/// Faults of the network, and of gateways and proxies before the server.
///
/// A fault hits the next requests of any call; [`FakeFault::of`] and [`FakeFault::after`] say more exactly which. Several faults
/// happen in the order in which they were set: a request that one of them concerns is left alone by those behind it.
/// [`assert_faults_used`](Self::assert_faults_used) ends a test whose faults must have happened.
impl FakeKeyfactor {
    /// Carries out the next requests and closes their connections without an answer.
    ///
    /// **The story:** the server did what it was told, and the network broke before it could say so. A client that sends such a
    /// change again does it twice.
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
    /// let error = stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)), "nobody can know whether the job was scheduled");
    /// assert_eq!(fake.jobs().len(), 1, "it was, once");
    /// fake.assert_faults_used();
    /// # }
    /// ```
    pub fn lose_answers(&self, requests: usize) -> Fault<'_> {
        self.server.lose_answers(requests)
    }

    /// Answers the next requests with this status and does not carry them out. The body is a refusal of the vendor's shape, with a
    /// message and without a code; a 401 has the body `null`. [`FakeAnswer`] adds a `Retry-After`, or another body.
    ///
    /// **The story:** something is in the way. A proxy refuses (502, 503), the server is asked too often (429), or it fails
    /// inside (500), after which nobody knows whether it had begun.
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
    /// assert_eq!(removal.receipt().attempts(), 3, "429 is refused before acting: it is safe to ask again");
    /// assert_eq!(fake.jobs().len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If a status is not one of 200 to 599.
    #[track_caller]
    pub fn refuse_next(&self, answer: impl Into<FakeAnswer>, requests: usize) -> Fault<'_> {
        self.server.refuse_next(answer.into(), requests)
    }

    /// Carries out the next requests and closes their connections in the middle of the answer: after the head, which announces the
    /// length, and half of the body. An answer without a body ends in the middle of its head.
    ///
    /// **The story:** the server said that it did it, and half of what it said is lost, job ids among it.
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
    /// let error = stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)));
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    /// assert_eq!(error.body().map(str::len), Some(20), "half of one job id in its list");
    /// # }
    /// ```
    pub fn cut_answers(&self, requests: usize) -> Fault<'_> {
        self.server.cut_answers(requests)
    }

    /// Carries out and answers the next requests, and sends a second answer that nobody asked for on the same connection: a 200
    /// with the id of another job. [`stray_answers_of`](Self::stray_answers_of) sends another one.
    ///
    /// **The story:** HTTP/1.1 has no names for answers. Whatever lies in a connection is taken for the answer to the next request
    /// on it: a client that reuses the connection reports a job that has nothing to do with its change.
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
    ///     assert_eq!(removal.job_ids().first(), job.as_ref(), "each change has a connection of its own");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stray_answers(&self, requests: usize) -> Fault<'_> {
        self.server.stray_answers(None, requests)
    }

    /// [`stray_answers`](Self::stray_answers) with an answer of your own. 408 is what some gateways and servers send on a connection
    /// that is idle for too long.
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
    /// If a status is not one of 200 to 599.
    #[track_caller]
    pub fn stray_answers_of(&self, answer: impl Into<FakeAnswer>, requests: usize) -> Fault<'_> {
        self.server.stray_answers(Some(answer.into()), requests)
    }

    /// Waits so long before each answer, from now on. The request is carried out **before** the wait: a client that gives up
    /// meanwhile has changed something. The latest setting that concerns a call counts; `Duration::ZERO` ends it.
    /// [`FakeFault::after`] has no effect on it.
    ///
    /// **The story:** the server is overloaded, and clients lose their patience.
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
    /// let client = client.connect_timeout(Duration::from_secs(1)).change_timeout(Duration::from_secs(2)).build().unwrap();
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    /// let error = removal.send().await.unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)));
    /// assert_eq!(fake.jobs().len(), 1, "the client gave up, the server did not");
    /// # }
    /// ```
    pub fn slow_down(&self, pause: Duration) -> Fault<'_> {
        self.server.slow_down(pause)
    }

    /// Closes the port and every connection: new connections are refused. Done when it returns. A request that is under way is
    /// carried out or not, and its answer is lost. The state stays, and [`come_back`](Self::come_back) opens the same port again.
    ///
    /// **The story:** the server is restarted, or a deployment goes wrong.
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
    /// let removal = stores.remove_certificates([location], Schedule::Immediate).retry_policy(RetryPolicy::none());
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

    /// Listens again on the port of before [`go_away`](Self::go_away).
    ///
    /// # Panics
    /// If another program has the port by now.
    #[track_caller]
    pub fn come_back(&self) {
        self.server.come_back();
    }

    /// How many more requests the faults are to hit. [`slow_down`](Self::slow_down) does not count.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.server.faults_left()
    }

    /// Asserts that every fault has hit as many requests as it was set for: a test of a fault that never happened proves nothing.
    ///
    /// # Panics
    /// If some are left. The message lists them.
    #[track_caller]
    pub fn assert_faults_used(&self) {
        self.server.assert_faults_used();
    }
}
