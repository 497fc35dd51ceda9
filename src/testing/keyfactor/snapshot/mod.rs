//! The state as JSON, and fakes made from it.

mod read;
mod words;
mod write;

use serde_json::Value;

use super::FakeKeyfactor;
use super::state::State;
use crate::testing::state::FakeStateError;
pub(super) use words::{kind as kind_word, state as state_word};

/// The state as JSON, to compare before and after, to keep, and to start from.
impl FakeKeyfactor {
    /// The state as JSON: certificates, types of stores, stores with what they hold and with what Command's inventory says,
    /// orchestrators, jobs and their runs, permissions, and the modes that are on. Equal states give equal values, whatever
    /// brought them about. The members are those of
    /// [this page](crate::guide::fake_state).
    ///
    /// **Left out**, because they may be secrets: the values of job fields and of secret entry parameters, which are null, and
    /// tokens and passwords. **Left out**, because they are no state of the server: what was asked, faults, and for how long
    /// jobs have waited.
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
    /// assert_eq!(after["stores"][0]["inventory"], before["stores"][0]["inventory"], "Command has not seen it yet");
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.state(|state| state.to_snapshot())
    }

    /// Starts a fake in the state of a [`snapshot`](Self::snapshot), or of a document written by hand. Members that are missing
    /// have defaults, so that a short document is enough:
    /// [this page](crate::guide::fake_state) has them.
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
    /// assert_eq!(error.to_string(), "stores[0].machin: is not a member that the fake knows");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// With the path of a member that is unknown or cannot be read.
    ///
    /// # Panics
    /// If no loopback port can be had.
    pub async fn start_from(state: &Value) -> Result<Self, FakeStateError> {
        let state = Self::read_snapshot(state)?;
        let fake = Self::start().await;
        fake.replace_state(state);
        Ok(fake)
    }

    /// Puts the fake into the state of a [`snapshot`](Self::snapshot), in place of the one that it has. The API path, tokens, and
    /// what was asked, stay. Nothing changes if it cannot be read.
    ///
    /// # Errors
    /// With the path of a member that is unknown or cannot be read.
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
