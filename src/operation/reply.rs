//! What calls come to that nobody sends, so that what is made of it can be tested without any server. Feature `testing`.

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
    /// What the call comes to if the server says so. For tests: **nothing is sent**, no tokio runtime is needed, and the audit hears
    /// of nothing. What a change looks up before it is sent, such as the inventory of a store, is not looked up. Feature `testing`.
    ///
    /// # Errors
    /// Those that such a reply has in a call that is sent; see [`Reply`] for an example.
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
    /// What the run comes to if the server replies so to each call. For tests: **nothing is sent**, no tokio runtime is needed, and
    /// the audit hears of nothing. What a call looks up before it is sent is not looked up, and calls are made one after the other,
    /// whatever the concurrency is. Feature `testing`.
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
    /// let outcome = groups.unassign(ids).in_calls().ids_per_call(1).outcome_of(|_| Reply::nothing())?;
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
    /// [`ValidationError`] with every problem of the whole batch. How the calls ended is in the outcome.
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
    /// A list of these rows, which ends at the first failure. For tests: nothing is sent. Rows can be read from JSON, and an error
    /// is that of any call: see [`Request::outcome_of`]. [`total`](Self::total) is unknown. Feature `testing`.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{JobHistoryEntry, Rows};
    /// use clm::serde_json::{from_value, json};
    ///
    /// let job = "5e1b36a1-6c2e-4c6a-a2ba-4c1d4b6a1f5d";
    /// let run: JobHistoryEntry =
    ///     from_value(json!({"jobHistoryId": 7, "jobId": job, "result": "Failure", "status": "Completed"}))?;
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
