//! A typed client for two certificate-lifecycle-management systems: **Keyfactor Command**, whose orchestrators put
//! certificates into stores and take them out, and **AppViewX CERT+**, whose certificate groups carry policy.
//!
//! # The shape of the API
//!
//! Both vendors look alike. A `Client` is built once and cloned freely; it hands out a handle for each of the vendor's
//! resources; a handle's methods take what is required, setters add what is optional, and `send()` ends the chain:
//!
//! ```
//! # #[cfg(all(feature = "keyfactor", feature = "appviewx"))] {
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::{CertificateLocation, Schedule};
//! # let command = clm::testing::FakeKeyfactor::start().await;
//! # let store = command.add_store();
//! # let keyfactor = command.client();
//! # let gateway = clm::testing::FakeAppViewX::start().await;
//! # gateway.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
//! # let appviewx = gateway.client();
//!
//! // Ask the orchestrators to remove what this store holds under this alias.
//! let removal = keyfactor
//!     .certificate_stores()
//!     .remove_certificates([CertificateLocation::new(store, "www.example.com.pfx")], Schedule::Immediate)
//!     .send()
//!     .await?;
//! println!("scheduled, not done yet: {:?}", removal.job_ids());
//!
//! // Take a certificate out of its group; it lands in the default group.
//! let outcome = appviewx.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
//! println!("confirmed: {:?}", outcome.successful_ids());
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! Everything that is sent needs a tokio runtime; clients and requests can be built without one. The futures of `send()`
//! and `execute` are `Send` and own what they need, so they can be spawned.
//!
//! Each documented call is a [`RequestBuilder`], whether it reads or changes. Its `build()` gives a [`Request`]: a checked
//! value that knows no client and can be kept, compared and sent later by the client's `execute`. `send()` is those two in
//! one. Every call takes a `retry_policy(..)`, and every change an `audit_note(..)`.
//!
//! # Validation
//!
//! Whatever the vendor documents as a constraint is checked before anything is sent. A [`ValidationError`] lists all
//! problems of a request, each with the path of its field, a [`Reason`] to match on and a sentence to print.
//!
//! # Outcomes and errors
//!
//! A call ends in one of three ways:
//!
//! - `Ok`: the server took it. What that means is said by each operation; a removal, for example, is only scheduled.
//!   An answer with fewer or more entries than expected is still `Ok`, so that `?` never throws away a job id;
//!   `require_complete()` makes a gap an [`Incomplete`], an error that holds the outcome. The outcome of a change has a
//!   [`Receipt`]: tries, time, status, body and the server's correlation id.
//! - An error that proves that nothing was sent or taken: `Configuration`, `Validation`, `Lookup` (what was read is not
//!   what was asked for), `Authentication`, `Transport`; or `Api`, the server's clear refusal. (Whether a server does a
//!   part of a call on several stores or certificates before it refuses is undocumented by both vendors.)
//! - [`OutcomeUnknown`]: the change may have arrived. It holds the request, whatever was answered, and advice where to
//!   look. **The crate never repeats such a change on its own**; you can: its `request::<..>()` gives the request back, and
//!   `execute` sends it.
//!
//! There is one [`Error`] type, generic over the vendor; `keyfactor::Error` and `appviewx::Error` are its aliases. Its
//! `status()`, `code()`, `message()`, `remediation()`, `body()`, `attempts()`, `elapsed()` and `correlation_id()` answer
//! wherever they make sense. [`report()`](Error::report) is the error for people: what happened, why, and what to do, on
//! several lines. `Display` is its first line alone. `?` turns an [`Incomplete`] into an [`Error`], and `error.incomplete::<T>()` gives the outcome
//! inside.
//!
//! # Lists
//!
//! A list is a [`ListBuilder`], and its `rows()` gives [`Rows`]: a stream that reads page by page, as its rows are asked
//! for, with `next()`, `read_to_end(..)` and `collect()` for those who need no `Stream`. Every list takes a `page_size(..)` and
//! a `retry_policy(..)`. A call that only reads ends as `Decode` if a 2xx answer has another shape.
//!
//! **A list is whole, or it ends with an error** where the server counts its rows: fewer than it counts are a `Lookup`, after
//! the rows that came, and `total()` and `received()` tell both numbers. A server that gives fewer rows in a page than were
//! asked for is asked for what it gives from the second page on. Keyfactor lists without a count end at an empty page: there, a
//! server that gives fewer than 50 rows in a page and skips more cannot be told from the end of a list.
//!
//! # Calls without a type
//!
//! The client's `raw(method, path)` is a call to an endpoint that this crate has no type for, as a [`RequestBuilder`] of a
//! [`RawCall`]: query, headers, a JSON body. GET and HEAD only read, every other method is a change, unless
//! `effect(RawEffect::..)` says otherwise; everything else is as for typed calls. The path is shown as it was given, in errors,
//! spans and the audit; what it names is given by `path_value(..)`. The outcome is a [`RawAnswer`], which keeps the body as
//! it came; `read()` and `read_as::<T>()` read it as JSON.
//!
//! # Many changes
//!
//! `one_job_per_location()` on a removal and `in_calls()` on an AppViewX move give a [`BatchBuilder`], which sends one call
//! after the other. `start()` gives a stream of [`ItemOutcome`]s, each handed out when it is known; `send()` gives all of
//! them as a [`ManyOutcome`]. After a call that failed, nothing further is sent; with another [`OnFailure`], the other
//! calls are, unless they would fail the same way. `concurrency(n)` sets how many calls may be under way at once; the
//! default is 1.
//!
//! # What is tried again
//!
//! A change is sent again only when nothing of it can have arrived, or when the server refused it before acting: that is
//! the whole of this table. [`RetryPolicy`] says how often and with which pauses, per client or per request.
//!
//! | what happened | a call that only reads | a change | ... with `repeat_after_silence()` |
//! |---|---|---|---|
//! | no connection came about: DNS, TCP, a proxy's CONNECT, TLS up to our last message | again | again | again |
//! | a certificate that is not trusted, or is not for the host | `Transport`, after one try, with the remedy | the same | the same; `OutcomeUnknown` after an unanswered copy |
//! | any other failure before a response head: a time-out, a reset, a close | again | `OutcomeUnknown` | again |
//! | a response head that cannot be read, or is too large | again | `OutcomeUnknown` | again |
//! | an answer that began before the request was written, where that can be seen; of those, 413 is `Api` | 2xx: again; else as its status | `OutcomeUnknown` | again |
//! | 2xx, then a body that is cut, late or malformed | again | `OutcomeUnknown` | again |
//! | 2xx, and a body that is too large, in an encoding (`gzip`) or of another shape | `Decode` | `OutcomeUnknown` | `OutcomeUnknown` |
//! | 2xx whose content says that the call failed, in a code outside or inside (AppViewX) | `Api` | `Api` | `Api` |
//! | 2xx whose content says both that the call failed and that it did not | `Api` or `Decode` | `OutcomeUnknown` | `OutcomeUnknown` |
//! | 401, and a credential that the crate can renew; of `appviewx::Credentials::login` 407 too, where no proxy is in use | renewed once, again | the same | the same |
//! | 429 | again, after `Retry-After` | the same | the same |
//! | 408, 502, 503, 504 | again, after `Retry-After` | `OutcomeUnknown` | again, after `Retry-After` |
//! | 500 and any other 5xx | `Api` | `OutcomeUnknown` | `OutcomeUnknown` |
//! | 3xx (never followed), any other 4xx, with whatever body came | `Api` | `Api` | `Api` |
//! | no tries or no time left, last try not answered | `Transport` | `Transport` | `OutcomeUnknown` |
//! | no tries or no time left, last try answered | `Api` | `Api` (429) | `Api` (429), else `OutcomeUnknown` |
//!
//! Beside this table, `in_calls()` of AppViewX with [`OnFailure::ContinueAfterRefusal`] sends the halves of
//! a call that was refused because of a certificate in it. That none of such a call was carried out is **assumed**;
//! `without_splitting()` turns the splitting off.
//!
//! `repeat_after_silence()` exists where repeating may be harmless, and is your decision. Once a copy went unanswered, no
//! later answer proves anything about it: a refusal then says so in `after_unanswered_copy()`, and nothing ends as if
//! nothing had arrived. A call that is dropped while a try is under way sends nothing further; a change that is dropped
//! then logs a warning, since its outcome is unknown.
//!
//! # Connections
//!
//! HTTP/1.1 has no name for an answer: what lies in a connection is taken for the answer to the next request. Servers and gateways do
//! write answers that nobody asked for, for example 408 to a connection that was idle. So each change, each login and token
//! request, and each read that proves or decides something has a connection of its own, which carried nothing before and carries
//! nothing afterwards: inventories, stores, certificates by id, locations, groups, raw calls, and every list that is read inside
//! another call. Job history, scheduled jobs and searches share connections. Their rows are compared with what was asked for
//! before the crate does anything with them; **the rows of a search that you read yourself may, at worst, be missing or
//! another search's**.
//!
//! An answer that begins before its request was written is no answer to it, and a change then ends as `OutcomeUnknown`. That can be
//! seen when it lies there before the first byte of the request, and when it comes while a body is still being sent, which takes
//! some hundred KiB at least. It cannot be seen otherwise: a small request is written at once, and **a server that answers a new
//! connection without having read the request is believed**. Its 429 or renewable 401 has the change sent again, its other 4xx
//! are taken for a refusal, and its 2xx for success if it has the right shape.
//!
//! A shared connection is kept for 4 s (`idle_timeout`), which is less than servers keep theirs. It belongs to the tokio runtime
//! that first used one, also after that runtime has ended: a client may be used from several runtimes, and calls from the others have
//! connections of their own. Give a client that is to share connections to the runtime that lives longest first. A
//! call outside of a tokio runtime, or in one without timers or I/O, or in one that was shut down before, ends as `Transport`, and
//! nothing was sent; since tokio reports the lack of timers by a panic only, a panic hook may see that one, and a program built with
//! `panic = "abort"` ends. If the runtime is shut down while `Handle::block_on` runs a call in it, tokio's timers panic in that call.
//!
//! `docs/performance.md` in the repository says what a connection for each call costs, and how many calls a second that allows.
//!
//! # Default limits
//!
//! | limit | default | set by [`ClientBuilder`]'s |
//! |---|---|---|
//! | connecting | 10 s | `connect_timeout` |
//! | one try of a call that reads, all its tries | 60 s, 120 s | `read_timeout`, `read_budget` |
//! | a change with all its tries | 300 s | `change_timeout` |
//! | between two pieces of an answer | 60 s | `between_bytes_timeout` |
//! | a 2xx answer to a call that reads, such as a page | 32 MiB | `max_answer_bytes` |
//! | any other answer: to a change, a login or a token request, and every refusal | 1 MiB | `max_change_answer_bytes` |
//! | tries, and pauses between them | 4, full jitter up to 250 ms … 10 s | `retry_policy` |
//! | a look-up inside another call, such as the inventory of one store: its time, and the pages of each list | 300 s, 1,000 pages | `lookup_deadline`, `max_lookup_pages` |
//! | tries under way at once | 32 (Keyfactor), 5 (AppViewX) | `max_concurrent_tries` |
//! | a response head | 100 headers, about 400 KiB | (hyper's own limits) |
//! | nesting of JSON | 128 | (`serde_json`'s own limit) |
//!
//! `docs/limits.md` in the repository lists every limit, with what happens at it.
//!
//! HTTP/1.1 only, and `Accept-Encoding: identity`. Plain `http://` is refused unless the host is this machine or `allow_plain_http()` was said. `https`
//! goes through the proxy that the environment names; plain `http` and loopback use none unless `proxy` names one. TLS trusts what the platform
//! trusts; `add_root_certificate`, `only_root_certificate` and `client_identity` change that.
//!
//! # Logs and the audit
//!
//! Everything goes through `tracing`. Each call has a span `clm.call` and each try an event at DEBUG, with
//! OpenTelemetry's names of an HTTP client's fields. Each change has one event at INFO under the target **`clm::audit`**:
//! operation, principal, targets, scope, your `.audit_note(..)`, attempts, the server's correlation id, job ids, and how it
//! ended: `done`, or `accepted` where the server took it as a job that has not run yet, as it does a removal. `docs/audit.md` in
//! the repository lists every field and value. None of them holds a body, a query or a secret. (No correlation id of AppViewX is known.)
//!
//! # Secrets
//!
//! Passwords, client secrets, tokens and session ids are taken as [`secrecy::SecretString`] (any `String` or `&str` will
//! do) and never given back. Each goes to one server only: an OAuth client's secret to its token endpoint, everything else
//! to the base URL. They show in no `Debug`, `Display`, log or serialised value, and neither do the values of
//! job fields and the passwords of certificates and entries. Of a raw call, you name what is a secret with `secret(..)`.
//!
//! Some servers and gateways repeat what they were sent. The secrets of a request (its credential, the job field values and
//! passwords in it) are shown as `[redacted]` in what is taken over from its answer: messages, codes, correlation ids and
//! versions, entries and ids that nobody asked for, names of headers, messages of jobs, and what a login or token
//! request is answered. They are found as they were sent, with or without
//! white space at their ends, escaped for JSON, for HTML or for a URL, in base16, and in base64,
//! also as the pair of name and password; of a text that was cut, the last eight or more characters of a secret's beginning are
//! found at its end. Credentials and passwords count from four characters on, job field values from six, since shorter ones stand in
//! many a word, and not where they equal an alias or the path of a store in the request. What is compared is never redacted.
//!
//! Not found are: a secret in another form, in upper or lower case only, or cut in the middle of a text; a secret of another request, such as the
//! job field of a removal in the message of its job. Not looked through are the raw body and headers (`body()`, `bytes()`, `headers()`),
//! which are what the server sent and show in no `Debug`, and the members of rows other than a job's message, result and status,
//! which are data.
//!
//! # Features
//!
//! `keyfactor` and `appviewx` (both default) switch the vendors on; `rustls` (default) gives TLS with the roots that the
//! platform trusts; `config-file` reads the configuration file of Keyfactor's own tools; `testing` adds the fakes in
//! `clm::testing`. All of them only add.
#![cfg_attr(clm_docs, feature(doc_cfg))]

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod error_report;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod lenient;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod named_values;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod operation;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, reason = "one vendor alone uses a part of what both share")
)]
mod plan_file;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_macros,
        reason = "one vendor alone uses a part of what both share"
    )
)]
mod rows;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod transport;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, reason = "one vendor alone uses a part of what both share")
)]
mod validation;

#[cfg(feature = "appviewx")]
pub mod appviewx;
#[cfg(all(any(fuzzing, test), feature = "keyfactor", feature = "appviewx"))]
pub mod fuzzing;
#[cfg(feature = "keyfactor")]
pub mod keyfactor;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::error_report::ErrorReport;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::operation::{
    ApiError, BatchBuilder, Error, Incomplete, IncompleteOutcome, ItemOutcome, ItemState, ListBuilder, LookupLimit,
    LookupLimitReached, ManyOutcome, OnFailure, Operation, OutcomeUnknown, Outcomes, RawAnswer, RawCall, RawEffect,
    Receipt, Request, RequestBuilder, Rows, SharedError, UnreadableAnswer, UnreadableReason, Vendor,
};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::plan_file::{PlanError, PlanHeader};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::transport::{
    AuthenticationError, ClientBuilder, ConfigurationError, DecodeError, RetryPolicy, TransportError,
};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::validation::{InvalidCharacter, Problem, Reason, ValidationError};

// The types of these show in the API; so that nobody has to find the matching version.
#[cfg(feature = "keyfactor")]
pub use uuid;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use {http, jiff, secrecy, serde_json, url};

/// The README's programs compile and run with the tests.
#[cfg(all(doctest, feature = "keyfactor", feature = "appviewx", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
