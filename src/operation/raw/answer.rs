//! The response to a raw call.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{RawCall, RawEffect};
use crate::lenient;
use crate::operation::{Error, Incomplete, Receipt, Vendor};
use crate::transport::{Answer, Cause, DecodeError, Exchange, Trace};

/// The most that [`RawAnswer::read`] turns into a `Value`, which takes many times the size of the text.
const LARGEST_VALUE: usize = 1024 * 1024;

/// The 2xx response to a raw call, as received. Its interpretation is up to the caller.
///
/// Neither `Debug` nor serialisation includes the body or the headers.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::http::Method;
///
/// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
/// println!("{}, {:?}, {} bytes", answer.status(), answer.content_type(), answer.bytes().len());
/// # Ok(()) }
/// ```
#[derive(Clone, Serialize)]
pub struct RawAnswer {
    #[serde(flatten)]
    receipt: Receipt,
    status: u16,
    content_type: Option<String>,
    #[serde(skip)]
    kept: Arc<Kept>,
}

/// What an error about the answer is made of.
struct Kept {
    answer: Answer,
    trace: Trace,
    method: Method,
    effect: RawEffect,
}

impl RawAnswer {
    pub(super) fn of<V: Vendor>(call: &RawCall<V>, exchange: &Exchange) -> Self {
        let Exchange { answer, trace, .. } = exchange;
        let content_type = answer.header("content-type").map(|it| answer.secrets.redact(it));
        Self {
            receipt: Receipt::of::<V>(exchange),
            status: answer.status.as_u16(),
            content_type,
            kept: Arc::new(Kept {
                answer: answer.clone(),
                trace: trace.clone(),
                method: call.method.clone(),
                effect: call.effect,
            }),
        }
    }

    /// The response as received, with its attempts and duration.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// assert_eq!(answer.receipt().attempts(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The HTTP status, always 2xx.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// assert_eq!(answer.status(), 200);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.receipt.status()
    }

    /// The `Content-Type` header, as received.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// println!("{:?}", answer.content_type());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// All response headers, for example Keyfactor's `x-total-count`. **They may contain a secret** if the server
    /// repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// println!("{:?}", answer.headers().get("x-total-count"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.kept.answer.headers
    }

    /// The bytes of the body. **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// println!("{} bytes", answer.bytes().len());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.kept.answer.body.as_bytes()
    }

    /// Deserialises the body as JSON. A leading byte order mark is ignored. A response that has no body by definition
    /// (204, 205, the response to HEAD) is read as `null`. The memory use depends on the type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// let stores: Vec<clm::serde_json::Value> = answer.read_as()?;
    /// assert!(!stores.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`UnreadableAnswer`], which contains this response. `?` converts it to [`Error`].
    pub fn read_as<T: DeserializeOwned>(&self) -> Result<T, UnreadableAnswer> {
        let text = self.json()?;
        lenient::read_bytes(text).map_err(|error| self.unreadable(UnreadableReason::OtherShape, Cause::json(&error)))
    }

    /// Deserialises the body as a JSON `Value`. The body may be at most 1 MiB, because a `Value` takes many times as
    /// much memory. For a larger body, use [`read_as`](Self::read_as) with a type that contains only what you need, or
    /// [`bytes`](Self::bytes).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// let stores = answer.read()?;
    /// assert!(stores.is_array());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`UnreadableAnswer`], which contains this response. `?` converts it to [`Error`].
    pub fn read(&self) -> Result<Value, UnreadableAnswer> {
        let actual = self.bytes().len();
        if actual > LARGEST_VALUE {
            let reason = UnreadableReason::TooLarge { limit: LARGEST_VALUE, actual };
            let cause =
                Cause::new(format!("the body has {actual} bytes, but at most {LARGEST_VALUE} are read into a `Value`"));
            return Err(self.unreadable(reason, cause));
        }
        self.read_as()
    }

    fn json(&self) -> Result<&[u8], UnreadableAnswer> {
        if !self.bytes().iter().all(u8::is_ascii_whitespace) {
            return Ok(self.bytes());
        }
        let no_content = matches!(self.status(), StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
        if no_content || self.kept.method == Method::HEAD {
            return Ok(b"null");
        }
        Err(self.unreadable(UnreadableReason::Empty, Cause::new("the response has no body")))
    }

    fn unreadable(&self, reason: UnreadableReason, cause: Cause) -> UnreadableAnswer {
        UnreadableAnswer { answer: Box::new(self.clone()), reason, cause }
    }
}

impl PartialEq for RawAnswer {
    fn eq(&self, other: &Self) -> bool {
        let Self { receipt, status, content_type, kept } = self;
        *receipt == other.receipt
            && *status == other.status
            && *content_type == other.content_type
            && kept.answer.headers == other.kept.answer.headers
            && kept.answer.body == other.kept.answer.body
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receipt, status, content_type, kept: _ } = self;
        f.debug_struct("RawAnswer")
            .field("status", status)
            .field("content_type", &content_type.as_deref().map(lenient::one_line))
            .field("receipt", receipt)
            .finish_non_exhaustive()
    }
}

/// The response to a raw call is not the requested JSON. The error contains the response.
///
/// `?` converts it to [`Error`]: for a read to [`Error::Decode`]; for a change, which was carried out, to
/// [`Error::Incomplete`] with the [`RawAnswer`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::http::Method;
///
/// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
/// if let Err(unreadable) = answer.read_as::<u32>() {
///     eprintln!("{unreadable}: {:?}", unreadable.reason());
///     let body = unreadable.into_answer().read()?;
/// # } else { panic!("readable");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: the server returned {}, but the response cannot be read", answer.kept.trace.call, answer.status())]
pub struct UnreadableAnswer {
    answer: Box<RawAnswer>,
    reason: UnreadableReason,
    #[source]
    cause: Cause,
}

/// Why the response to a raw call cannot be read.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::UnreadableReason;
/// use clm::http::Method;
///
/// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
/// if let Err(unreadable) = answer.read_as::<u32>() {
///     match unreadable.reason() {
///         UnreadableReason::TooLarge { limit, actual } => {
///             eprintln!("{actual} bytes, at most {limit}")
///         }
///         other => eprintln!("{other:?}: {:?}", unreadable.answer().content_type()),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UnreadableReason {
    /// The response has no body.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::UnreadableReason;
    /// use clm::http::Method;
    /// use clm::testing::Reply;
    ///
    /// let call = keyfactor.raw(Method::GET, "CertificateStores").build()?;
    /// let answer = call.outcome_of(Reply::text(200, ""))?;
    /// if let Err(unreadable) = answer.read()
    ///     && unreadable.reason() == UnreadableReason::Empty
    /// {
    ///     eprintln!("{}: no body", unreadable.answer().status());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Empty,
    /// The body is not JSON, or is JSON of another type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::UnreadableReason;
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// if let Err(unreadable) = answer.read_as::<u32>()
    ///     && unreadable.reason() == UnreadableReason::OtherShape
    /// {
    ///     let body = unreadable.into_answer().read()?;
    ///     eprintln!("not a number: {body}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    OtherShape,
    /// The body exceeds the limit for a `Value`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::UnreadableReason;
    /// use clm::http::Method;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(200).json("a".repeat(20 << 20)), 1);
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// if let Err(unreadable) = answer.read()
    ///     && let UnreadableReason::TooLarge { limit, actual } = unreadable.reason()
    /// {
    ///     eprintln!(
    ///         "{actual} bytes, and a `Value` may have {limit}: read it as a type of your own"
    ///     );
    ///     let text: String = answer.read_as()?;
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size of the body in bytes.
        actual: usize,
    },
}

impl UnreadableAnswer {
    /// The response.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// if let Err(unreadable) = answer.read_as::<u32>() {
    ///     assert_eq!(unreadable.answer().status(), 200);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn answer(&self) -> &RawAnswer {
        &self.answer
    }

    /// Returns the response.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// if let Err(unreadable) = answer.read_as::<u32>() {
    ///     println!("{} bytes", unreadable.into_answer().bytes().len());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn into_answer(self) -> RawAnswer {
        *self.answer
    }

    /// Why the response cannot be read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "CertificateStores").send().await?;
    /// if let Err(unreadable) = answer.read_as::<u32>() {
    ///     println!("{:?}", unreadable.reason());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reason(&self) -> UnreadableReason {
        self.reason
    }
}

impl<V: Vendor> From<UnreadableAnswer> for Error<V> {
    fn from(unreadable: UnreadableAnswer) -> Self {
        let UnreadableAnswer { answer, reason: _, cause } = unreadable;
        let Kept { answer: answered, trace, method: _, effect } = &*answer.kept;
        match effect {
            RawEffect::Read => Self::Decode(Box::new(DecodeError::new(answered.clone(), trace.clone(), cause))),
            RawEffect::Change => {
                let gap = format!(
                    "{}: the server returned {}: the change was accepted, but the response cannot be read: {}",
                    trace.call,
                    answered.status,
                    cause.whole()
                );
                Incomplete::new(gap, *answer).into()
            }
        }
    }
}
