//! What a test asks of the fake, and what it asserts.

use std::fmt;

use serde_json::Value;

use super::snapshot::{kind_word, state_word};
use super::{FakeJob, FakeJobKind, FakeJobState, FakeKeyfactor, KeyfactorCall};
use crate::keyfactor::CertificateStoreId;
use crate::testing::{RecordedRequest, seen};

/// What a test asks, and what it asserts. The messages of assertions print what was seen: requests with method, path and status,
/// what the store holds, its jobs. They print no bodies, headers and queries, and no values of job fields, entry parameters and
/// properties of stores, which may hold secrets.
impl FakeKeyfactor {
    /// From here on, assertions and [`changes`](Self::changes) count: what was asked before does not, and
    /// [`assert_untouched`](Self::assert_untouched) compares with the state as it is now.
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

    /// The changes that were received since the last [`mark`](Self::mark), or since the start: calls that may change something,
    /// whatever was answered. Of the requests that the fake does not know, all but `GET`, `HEAD` and `OPTIONS` are among them.
    #[must_use]
    pub fn changes(&self) -> Vec<RecordedRequest> {
        self.server.requests_since_mark().into_iter().filter(seen::is_change).collect()
    }

    /// The newest job on an alias of a store, whatever it does.
    #[must_use]
    pub fn job_of(&self, store: CertificateStoreId, alias: &str) -> Option<FakeJob> {
        self.jobs().into_iter().rfind(|job| job.store == store && job.alias == alias)
    }

    /// Asserts that an alias was removed: the store does not hold it, and a job that removes it has succeeded, perhaps with a
    /// warning. Command's inventory may not know it yet.
    ///
    /// # Panics
    /// If it was not, with what the store holds, its jobs, and the requests.
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
            (true, true) => "a job has removed it, and it is there again, or another entry of this alias is",
            (true, false) => "it is there, and no job has removed it",
            (false, false) => "it is not there, and no job has removed it",
        };
        panic!("{alias:?} was not removed from the store {store}: {why}{}", self.seen_of(store));
    }

    /// Asserts that nothing was changed since the last [`mark`](Self::mark): no change was received, whatever was answered, and the
    /// state is as it was. Without a mark, that no change was received since the start; the state is not compared then.
    ///
    /// A read can let an orchestrator go on with a job, which changes the state.
    ///
    /// # Panics
    /// If something was changed, with the changes and the differences of the state. If requests since then are forgotten: a fake
    /// keeps as many as [`requests`](Self::requests) gives.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn assert_untouched(&self) {
        if let Some(touched) = seen::touched(&self.changes(), self.server.marked_state().as_ref(), &self.snapshot()) {
            panic!("the fake of Keyfactor was touched{touched}");
        }
        self.server.assert_none_forgotten();
    }

    /// Asserts that a call was sent once since the last [`mark`](Self::mark), or since the start. Every try counts, whatever was
    /// answered.
    ///
    /// # Panics
    /// If it was not, with the requests. If requests since then are forgotten: a fake keeps as many as
    /// [`requests`](Self::requests) gives.
    #[track_caller]
    pub fn assert_sent_once(&self, call: KeyfactorCall) {
        self.assert_seen_once(call.as_str(), |it| it.is(call));
    }

    /// The same for the requests whose body, as JSON, is taken by `body`:
    /// `fake.assert_sent_once_with(KeyfactorCall::RemoveCertificates, |body| body["CollectionId"] == 4)`.
    ///
    /// # Panics
    /// If there was not one, with the requests.
    #[track_caller]
    pub fn assert_sent_once_with(&self, call: KeyfactorCall, body: impl Fn(&Value) -> bool) {
        self.assert_seen_once(&format!("{call} with such a body"), |it| it.is(call) && body(&it.json()));
    }

    #[track_caller]
    fn assert_seen_once(&self, what: &str, is_it: impl Fn(&RecordedRequest) -> bool) {
        let requests = self.server.requests_since_mark();
        let count = requests.iter().filter(|it| is_it(it)).count();
        if count < 2 {
            self.server.assert_none_forgotten();
        }
        seen::assert_sent_once(what, &requests, count);
    }

    /// What a message shows of a store.
    fn seen_of(&self, store: CertificateStoreId) -> String {
        let held = self.state(|state| {
            let store = state.stores.get(&store.get());
            let entries = store.into_iter().flat_map(|it| &it.held);
            let line = |(alias, entries): (&String, &Vec<_>)| Held { alias: alias.clone(), entries: entries.len() };
            seen::section("the store holds", entries.map(line))
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
