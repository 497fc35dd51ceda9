//! What a test asks of the fake, and what it asserts.

use std::fmt;

use serde_json::Value;

use super::snapshot::{kind_word, state_word};
use super::{FakeJob, FakeJobKind, FakeJobState, FakeKeyfactor, KeyfactorCall};
use crate::keyfactor::CertificateStoreId;
use crate::testing::{RecordedRequest, seen};

/// Questions and assertions for tests. The message of a failed assertion shows the requests with method, path and status, what the
/// store holds, and its jobs. It shows no bodies, headers and queries, because they may contain secrets.
impl FakeKeyfactor {
    /// Starts a new section of the test: assertions and [`changes`](Self::changes) ignore earlier requests, and
    /// [`assert_untouched`](Self::assert_untouched) compares with the state at this point.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeKeyfactor, KeyfactorCall};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// let stores = fake.client().certificate_stores();
    ///
    /// fake.mark();
    /// stores.get(store).send().await?;
    /// fake.assert_untouched();
    ///
    /// let location = CertificateLocation::new(store, "web01.pfx");
    /// stores.remove_certificates([location], Schedule::Immediate).send().await?;
    /// fake.assert_sent_once(KeyfactorCall::RemoveCertificates);
    /// fake.run_jobs();
    /// fake.assert_removed(store, "web01.pfx");
    /// # Ok(()) }
    /// ```
    pub fn mark(&self) {
        let state = self.snapshot();
        self.server.mark(state);
    }

    /// Returns the changes that were received since the last [`mark`](Self::mark), or since the start: requests for calls that may
    /// change something, whatever the response was. Unknown requests are included, unless their method is `GET`, `HEAD` or
    /// `OPTIONS`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Schedule;
    /// use clm::testing::{FakeKeyfactor, KeyfactorCall};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let stores = fake.client().certificate_stores();
    /// stores.get(store).send().await?;
    /// stores.schedule_inventory([store], Schedule::Immediate).send().await?;
    ///
    /// let changes = fake.changes();
    /// assert_eq!(changes.len(), 1);
    /// assert!(changes[0].is(KeyfactorCall::ScheduleInventory));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn changes(&self) -> Vec<RecordedRequest> {
        self.server.requests_since_mark().into_iter().filter(seen::is_change).collect()
    }

    /// Returns the newest job for an alias of a store, of any kind.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let location = CertificateLocation::new(store, "www.pem");
    /// let removal =
    ///     fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate);
    /// let job_ids = removal.send().await?.job_ids().to_vec();
    /// assert_eq!(fake.job_of(store, "www.pem").map(|job| job.id), job_ids.first().copied());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_of(&self, store: CertificateStoreId, alias: &str) -> Option<FakeJob> {
        self.jobs().into_iter().rfind(|job| job.store == store && job.alias == alias)
    }

    /// Asserts that an alias was removed: the store does not hold it, and a removal job for it succeeded or ended with a warning.
    /// The alias can still be in Command's inventory.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// fake.assert_removed(store, "www.pem");
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If it was not removed. The message shows what the store holds, its jobs, and the requests.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn assert_removed(&self, store: CertificateStoreId, alias: &str) {
        let held = self.aliases(store).iter().any(|it| it == alias);
        let done = |job: &FakeJob| matches!(job.state, FakeJobState::Succeeded | FakeJobState::Warned);
        let removed = self
            .jobs()
            .into_iter()
            .any(|job| job.kind == FakeJobKind::Remove && job.store == store && job.alias == alias && done(&job));
        let why = match (held, removed) {
            (false, true) => return,
            (true, true) => "a job removed it, but it is there again, or another entry with this alias is",
            (true, false) => "it is still there, and no job removed it",
            (false, false) => "it is not there, but no job removed it",
        };
        panic!("{alias:?} was not removed from the store {store}: {why}{}", self.seen_of(store));
    }

    /// Asserts that nothing was changed since the last [`mark`](Self::mark): no change was received, whatever the response was, and
    /// the state is the same. Without a mark it asserts that no change was received since the start, and does not compare the
    /// state.
    ///
    /// A read can let an orchestrator continue a job, which changes the state. See the example of [`mark`](Self::mark).
    ///
    /// # Panics
    /// If something was changed. The message shows the changes and the differences of the state.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn assert_untouched(&self) {
        if let Some(touched) = seen::touched(&self.changes(), self.server.marked_state().as_ref(), &self.snapshot()) {
            panic!("the Keyfactor fake was touched{touched}");
        }
        self.server.assert_none_forgotten();
    }

    /// Asserts that a call was sent once since the last [`mark`](Self::mark), or since the start. Every attempt counts, whatever
    /// the response was. See the example of [`mark`](Self::mark).
    ///
    /// # Panics
    /// If it was not sent exactly once. The message shows the requests.
    #[track_caller]
    pub fn assert_sent_once(&self, call: KeyfactorCall) {
        seen::assert_sent_once(&self.server, call.as_str(), |it| it.is(call));
    }

    /// Asserts that exactly one request for a call has a JSON body for which `body` returns true. Otherwise it is the same as
    /// [`assert_sent_once`](Self::assert_sent_once).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Schedule;
    /// use clm::testing::{FakeKeyfactor, KeyfactorCall};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let stores = fake.client().certificate_stores();
    /// stores.schedule_inventory([store], Schedule::Immediate).send().await?;
    /// fake.assert_sent_once_with(KeyfactorCall::ScheduleInventory, |body| {
    ///     body["Schedule"]["Immediate"] == true
    /// });
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the number of such requests is not one. The message shows the requests.
    #[track_caller]
    pub fn assert_sent_once_with(&self, call: KeyfactorCall, body: impl Fn(&Value) -> bool) {
        seen::assert_sent_once(&self.server, &format!("{call} with a matching body"), |it| {
            it.is(call) && body(&it.json())
        });
    }

    /// What a message shows of a store.
    fn seen_of(&self, store: CertificateStoreId) -> String {
        let held = self.state(|state| {
            let store = state.stores.get(&store.get());
            let entries = store.into_iter().flat_map(|it| &it.held);
            let line = |(alias, entries): (&String, &Vec<_>)| Held { alias: alias.clone(), entries: entries.len() };
            seen::section("entries in the store", entries.map(line))
        });
        let jobs = self.jobs().into_iter().filter(|job| job.store == store);
        let jobs = seen::section("jobs on the store", jobs.map(JobLine));
        format!("{held}{jobs}{}", seen::requests(&self.server.requests_since_mark()))
    }
}

struct Held {
    alias: String,
    entries: usize,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.alias)?;
        if self.entries > 1 { write!(f, ", {} entries", self.entries) } else { Ok(()) }
    }
}

struct JobLine(FakeJob);

impl fmt::Display for JobLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FakeJob { id, kind, store: _, alias, recurring: _, state } = &self.0;
        write!(f, "{id}: {}", kind_word(*kind))?;
        if *kind != FakeJobKind::Inventory {
            write!(f, " {alias:?}")?;
        }
        write!(f, ", {}", state_word(*state))
    }
}
