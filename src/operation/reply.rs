//! Outcomes of calls that are not sent, for tests without a server. Feature `testing`.

use std::sync::Arc;

use futures_util::stream;
use http::HeaderName;

use super::batch::Batch;
use super::many::BatchBuilder;
use super::rows::Count;
use super::{Error, ManyOutcome, Operation, Request, Rows, Vendor};
use crate::testing::Reply;
use crate::transport::{Failure, Unsent};
use crate::validation::ValidationError;

impl<O: Operation> Request<O> {
    /// Returns what the call returns for this reply. For tests: **nothing is sent**, no tokio runtime is needed, and no
    /// audit event is written. Look-ups before a change, such as reading the inventory of a store, are skipped. Feature
    /// `testing`.
    ///
    /// ```
    /// # #[cfg(feature = "appviewx")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Credentials, Error};
    /// use clm::testing::Reply;
    ///
    /// let credentials = Credentials::session_id("id");
    /// let appviewx =
    ///     Client::builder("https://appviewx.example.com:31443").credentials(credentials).build()?;
    /// let request = appviewx.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).build()?;
    ///
    /// assert!(matches!(request.outcome_of(Reply::nothing()), Err(Error::OutcomeUnknown(_))));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error that this reply causes in a real call; see [`Reply`] for an example.
    pub fn outcome_of(self, reply: Reply) -> Result<O::Outcome, Error<O::Vendor>> {
        let request = Arc::new(self);
        let unsent = Unsent {
            name: request.call_name(),
            effect: request.effect(),
            correlation_header: O::Vendor::CORRELATION_ID.map(HeaderName::from_static),
        };
        let ended = match request.call() {
            Ok(call) => unsent.given(call, reply),
            Err(cause) => Err(Failure::nothing_sent(unsent.name, cause)),
        };
        match ended {
            Ok(exchange) => request.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, request)),
        }
    }
}

impl<B: Batch> BatchBuilder<B> {
    /// Returns the outcome of the run if the server replies to each call as given. For tests: **nothing is sent**, no
    /// tokio runtime is needed, and no audit event is written. Look-ups before a call are skipped, and calls are made
    /// one after the other, regardless of the concurrency. Feature `testing`.
    ///
    /// ```
    /// # #[cfg(feature = "appviewx")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Credentials};
    /// use clm::testing::Reply;
    ///
    /// let groups = Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(Credentials::session_id("id"))
    ///     .build()?
    ///     .certificate_groups();
    /// let ids = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c"];
    ///
    /// let outcome =
    ///     groups.unassign(ids).in_calls().ids_per_call(1).outcome_of(|_| Reply::nothing())?;
    ///
    /// // After a call whose outcome is unknown, nothing further is sent.
    /// assert_eq!(outcome.calls(), 1);
    /// assert_eq!(outcome.possibly_done().collect::<Vec<_>>(), [ids[0]]);
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] with all problems of the batch. The results of the calls are in the outcome.
    pub fn outcome_of(
        self,
        mut reply: impl FnMut(&Request<B::Operation>) -> Reply,
    ) -> Result<ManyOutcome<B::Item, B::Operation>, ValidationError> {
        let outcomes = self.start()?;
        Ok(outcomes.ended_by_each(|request| {
            let reply = reply(&request);
            request.outcome_of(reply)
        }))
    }
}

impl<T: Send + 'static, E: Send + 'static> Rows<T, E> {
    /// Creates a list of these rows, which ends at the first error. For tests: nothing is sent. Rows can be
    /// deserialised from JSON, and [`Request::outcome_of`] creates errors. [`total`](Self::total) is `None`. Feature
    /// `testing`.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{JobHistoryEntry, Rows};
    /// use clm::serde_json::{from_value, json};
    ///
    /// let job = "5e1b36a1-6c2e-4c6a-a2ba-4c1d4b6a1f5d";
    /// let run: JobHistoryEntry = from_value(
    ///     json!({"jobHistoryId": 7, "jobId": job, "result": "Failure", "status": "Completed"}),
    /// )?;
    /// let mut runs = Rows::of_results([Ok(run)]);
    ///
    /// assert_eq!(runs.next().await.unwrap()?.job_id.to_string(), job);
    /// assert!(runs.next().await.is_none());
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    pub fn of_results(rows: impl IntoIterator<Item = Result<T, E>>) -> Self {
        let mut list = Vec::new();
        for row in rows {
            let is_last = row.is_err();
            list.push(row);
            if is_last {
                break;
            }
        }
        let count = Count::default();
        count.receive(list.iter().filter(|row| row.is_ok()).count() as u64);
        Self::of_stream(stream::iter(list), count)
    }
}
