//! The state as JSON, and fakes made from it.

mod read;
mod words;
mod write;

use serde_json::Value;

use super::FakeKeyfactor;
use super::state::State;
use crate::testing::state::FakeStateError;
pub(super) use words::{kind as kind_word, state as state_word};

/// The state as JSON: to compare it before and after, to store it, and to start a fake from it.
impl FakeKeyfactor {
    /// Returns the state as JSON: certificates, store types, stores with what they hold and with what Command's inventory lists,
    /// orchestrators, jobs and their runs, permissions, and the settings that are on. Equal states give equal values. The members
    /// are described on [this page](crate::guide::fake_state).
    ///
    /// It **omits** possible secrets: the values of job fields and of secret entry parameters, which are null, tokens and
    /// passwords. It also omits what is not state of the server: the requests, faults, and how long jobs have waited.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// let before = fake.snapshot();
    /// assert_eq!(before["stores"][0]["held"][0]["alias"], "web01.pfx");
    ///
    /// fake.remove_unseen(store, "web01.pfx");
    /// let after = fake.snapshot();
    /// assert_eq!(after["stores"][0]["held"], clm::serde_json::json!([]));
    /// assert_eq!(
    ///     after["stores"][0]["inventory"], before["stores"][0]["inventory"],
    ///     "Command has not seen it yet"
    /// );
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.state(|state| state.to_snapshot())
    }

    /// Starts a fake in the state of a [`snapshot`](Self::snapshot) or of a document that was written by hand. Missing members have
    /// defaults, so a short document is enough. The members are described on [this page](crate::guide::fake_state).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::serde_json::json;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start_from(&json!({
    ///     "certificates": [{"common_name": "www.example.com"}],
    ///     "stores": [{"machine": "web01.example.com", "held": [{"alias": "www.pem", "certificate": 1}]}],
    /// }))
    /// .await?;
    /// let stores = fake.client().certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// assert_eq!(fake.aliases(stores[0].id), ["www.pem"]);
    ///
    /// let error = FakeKeyfactor::start_from(&json!({"stores": [{"machin": "web01.example.com"}]})).await.unwrap_err();
    /// assert_eq!(error.to_string(), "stores[0].machin: is not a known member");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If a member is unknown or cannot be read. The error contains its path.
    ///
    /// # Panics
    /// If no port is available.
    pub async fn start_from(state: &Value) -> Result<Self, FakeStateError> {
        let state = Self::read_snapshot(state)?;
        let fake = Self::start().await;
        fake.replace_state(state);
        Ok(fake)
    }

    /// Replaces the state of the fake by that of a [`snapshot`](Self::snapshot). The API path, the tokens and the recorded requests
    /// stay.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let before = fake.snapshot();
    /// fake.add_certificate(store, "www.pem");
    /// fake.load(&before)?;
    /// assert!(fake.aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If a member is unknown or cannot be read. The error contains its path, and the state of the fake does not change.
    pub fn load(&self, state: &Value) -> Result<(), FakeStateError> {
        self.replace_state(Self::read_snapshot(state)?);
        Ok(())
    }

    pub(in crate::testing) fn read_snapshot(state: &Value) -> Result<State, FakeStateError> {
        State::from_snapshot(state)
    }

    pub(in crate::testing) fn replace_state(&self, loaded: State) {
        self.state(|state| {
            let before = std::mem::replace(state, loaded);
            state.api_path = before.api_path;
            state.identity_provider = before.identity_provider;
            state.answered = before.answered;
        });
    }
}
