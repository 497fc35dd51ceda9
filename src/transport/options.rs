//! What a client can be told about its connections and calls: addresses, time limits, sizes.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Semaphore;
use url::Url;

use super::address::{PlainHttp, base_url, proxy_url, shown};
use super::error::ConfigurationError;
use super::request::Effect;
use super::retry::RetryPolicy;
#[cfg(feature = "rustls")]
use super::tls::Tls;

/// Builds a vendor's client: `keyfactor::ClientBuilder` and `appviewx::ClientBuilder` are this type, each with the settings
/// that only its vendor has.
///
/// Every setter takes the value as it is; `build()` checks them all and names the setting that is wrong.
#[derive(Clone)]
#[must_use = "a builder does nothing before `build()`"]
pub struct ClientBuilder<Settings> {
    base_url: String,
    pub(crate) options: Options,
    pub(crate) settings: Settings,
}

/// The vendor-neutral settings and their defaults.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) read_budget: Duration,
    pub(crate) change_timeout: Duration,
    pub(crate) between_bytes_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_answer_bytes: usize,
    pub(crate) max_change_answer_bytes: usize,
    pub(crate) max_concurrent_tries: usize,
    pub(crate) lookup_deadline: Duration,
    pub(crate) max_lookup_pages: u32,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) plain_http: PlainHttp,
    pub(crate) proxy: Proxy,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Tls,
}

/// The way to the server.
#[derive(Clone)]
pub(crate) enum Proxy {
    /// What the environment names, for `https` off loopback.
    System,
    None,
    /// As it was given; `build()` reads it.
    Explicit(String),
}

impl Proxy {
    /// The URL of an explicit proxy.
    pub(crate) fn url(&self) -> Result<Option<Url>, ConfigurationError> {
        let Self::Explicit(given) = self else { return Ok(None) };
        proxy_url(given).map(Some)
    }
}

/// No server keeps an idle connection this long, and hyper counts far beyond it with an overflow.
const LONGEST_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            read_budget: Duration::from_secs(120),
            change_timeout: Duration::from_secs(300),
            between_bytes_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(4),
            max_answer_bytes: 32 * 1024 * 1024,
            max_change_answer_bytes: 1024 * 1024,
            max_concurrent_tries: 32,
            lookup_deadline: Duration::from_secs(300),
            max_lookup_pages: 1_000,
            retry_policy: RetryPolicy::DEFAULT,
            plain_http: PlainHttp::LoopbackOnly,
            proxy: Proxy::System,
            #[cfg(feature = "rustls")]
            tls: Tls::default(),
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), ConfigurationError> {
        let limits = [
            ("connect_timeout", self.connect_timeout),
            ("read_timeout", self.read_timeout),
            ("read_budget", self.read_budget),
            ("change_timeout", self.change_timeout),
            ("between_bytes_timeout", self.between_bytes_timeout),
            ("lookup_deadline", self.lookup_deadline),
        ];
        if let Some((setting, _)) = limits.into_iter().find(|(_, limit)| limit.is_zero()) {
            return Err(ConfigurationError::new(setting, "must be longer than zero"));
        }
        if self.connect_timeout >= self.read_timeout.min(self.read_budget).min(self.change_timeout) {
            return Err(ConfigurationError::new(
                "connect_timeout",
                "must be shorter than `read_timeout`, `read_budget` and `change_timeout`",
            ));
        }
        if self.idle_timeout > LONGEST_IDLE {
            return Err(ConfigurationError::new("idle_timeout", "must not be longer than a day"));
        }
        let counts = [
            ("max_change_answer_bytes", self.max_change_answer_bytes, usize::MAX),
            ("max_answer_bytes", self.max_answer_bytes, usize::MAX),
            ("max_concurrent_tries", self.max_concurrent_tries, Semaphore::MAX_PERMITS),
            ("max_lookup_pages", self.max_lookup_pages as usize, usize::MAX),
        ];
        if let Some((setting, ..)) = counts.into_iter().find(|(_, count, most)| !(1..=*most).contains(count)) {
            return Err(ConfigurationError::new(setting, "must be more than zero, and not beyond what can be counted"));
        }
        Ok(())
    }

    /// How many bytes are read of an answer with this status.
    pub(crate) fn largest_answer(&self, effect: Effect, status: StatusCode) -> usize {
        match effect {
            Effect::Read if status.is_success() => self.max_answer_bytes,
            Effect::Read | Effect::Change | Effect::RepeatableChange => self.largest_short_answer(),
        }
    }

    fn largest_short_answer(&self) -> usize {
        self.max_change_answer_bytes.min(self.max_answer_bytes)
    }

    /// The same for calls that ask for a credential: what they read is no list.
    pub(crate) fn for_credentials(&self) -> Self {
        Self { max_answer_bytes: self.largest_short_answer(), ..self.clone() }
    }
}

// The URL of a proxy may hold credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::None => f.write_str("None"),
            Self::Explicit(_) => match self.url() {
                Ok(Some(url)) => f.debug_tuple("Explicit").field(&url.host_str()).field(&url.port()).finish(),
                _ => f.write_str("Explicit([redacted: it cannot be used])"),
            },
        }
    }
}

impl<Settings> ClientBuilder<Settings> {
    pub(crate) fn new(base_url: String, settings: Settings) -> Self {
        Self { base_url, options: Options::default(), settings }
    }

    /// How long a connection may take to come about: DNS, TCP and TLS. Default 10 s.
    ///
    /// It must be shorter than the other two limits, so that "nothing was sent" can be told from "no answer came".
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .connect_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// How long one try of a call that only reads may take, from the connection to the last byte. Default 60 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .read_timeout(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.options.read_timeout = limit;
        self
    }

    /// How long all tries of a call that only reads may take, with the pauses between them. Default 120 s. Waiting for
    /// a place among the [`max_concurrent_tries`](Self::max_concurrent_tries) does not count.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .read_budget(Duration::from_secs(90))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn read_budget(mut self, limit: Duration) -> Self {
        self.options.read_budget = limit;
        self
    }

    /// How long a call that changes something may take, from the connection to the last byte, with its pauses. Default
    /// 300 s.
    ///
    /// Waiting for a place among the [`max_concurrent_tries`](Self::max_concurrent_tries) does not count.
    ///
    /// It is long on purpose: a change that runs into it ends as an unknown outcome, and waiting is cheaper than
    /// not knowing.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .change_timeout(Duration::from_secs(600))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn change_timeout(mut self, limit: Duration) -> Self {
        self.options.change_timeout = limit;
        self
    }

    /// How long the server may pause between two pieces of an answer, once its head has come. Default 60 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .between_bytes_timeout(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn between_bytes_timeout(mut self, limit: Duration) -> Self {
        self.options.between_bytes_timeout = limit;
        self
    }

    /// How long a look-up may take: lists that are read inside another call, before something is decided or sent. Default
    /// 300 s.
    ///
    /// Look-ups are each of the inventories that a removal with an expected thumbprint, a plan and each look of a
    /// confirmation read; all searches of `locations_of` together; and the searches for the group of one certificate. A call
    /// that reads the inventories of many stores has this time for each of them, not for all. At the limit, the
    /// call ends as a `Lookup` error with a [`LookupLimitReached`](crate::LookupLimitReached), and nothing was sent. A list
    /// that you read row by row has no such limit.
    ///
    /// Waiting for a place among the [`max_concurrent_tries`](Self::max_concurrent_tries) **counts** here: a client that makes
    /// many calls at once needs more time, or more places.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .lookup_deadline(Duration::from_secs(600))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn lookup_deadline(mut self, limit: Duration) -> Self {
        self.options.lookup_deadline = limit;
        self
    }

    /// How many pages of one list a look-up may read, and how many pages in a row a search of AppViewX may read of which its filter of
    /// the client's takes no row. Default 1,000, which is 100,000 rows. See [`lookup_deadline`](Self::lookup_deadline).
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .max_lookup_pages(5_000)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_lookup_pages(mut self, limit: u32) -> Self {
        self.options.max_lookup_pages = limit;
        self
    }

    /// How often calls are tried, and how long the pauses are. Default [`RetryPolicy::DEFAULT`].
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .retry_policy(clm::RetryPolicy::DEFAULT.max_tries(6))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.options.retry_policy = policy;
        self
    }

    /// How many tries of this client and its clones may be under way at once; further ones wait. Default 32 for
    /// Keyfactor and 5 for AppViewX.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .max_concurrent_tries(8)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_concurrent_tries(mut self, limit: usize) -> Self {
        self.options.max_concurrent_tries = limit;
        self
    }

    /// Sends everything through this proxy, for example `http://proxy.example.com:3128`; user name and password may
    /// stand in the URL. Without this call, `https` off loopback goes through the proxy that the environment names
    /// (`HTTPS_PROXY`, `ALL_PROXY`, less `NO_PROXY`); plain `http` and loopback use none. An explicit proxy is used for
    /// all of them, and reads the credentials of plain `http`.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .proxy("http://proxy.example.com:3128")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.options.proxy = Proxy::Explicit(url.into());
        self
    }

    /// Uses no proxy, whatever the environment names.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .no_proxy()
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn no_proxy(mut self) -> Self {
        self.options.proxy = Proxy::None;
        self
    }

    /// How long a connection is kept for the next call, of those that share one: job history, scheduled jobs and searches.
    /// Default 4 s, which is less than servers keep theirs. Zero keeps none. Every other call has a connection of its own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .idle_timeout(Duration::from_secs(2))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.options.idle_timeout = limit;
        self
    }

    /// The largest answer that is read, in bytes. Default 32 MiB. The reading stops there, whatever follows. What is made
    /// of the bytes, text and JSON, may take a few times as much memory.
    ///
    /// It is the limit of a page of a list, and of any other 2xx answer to a call that only reads. For all other answers
    /// [`max_change_answer_bytes`](Self::max_change_answer_bytes) counts as well.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .max_answer_bytes(64 * 1024 * 1024)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_answer_bytes(mut self, limit: usize) -> Self {
        self.options.max_answer_bytes = limit;
        self
    }

    /// The largest answer to a change that is read, the largest refusal of any call, and the largest answer to a login or a
    /// token request, in bytes. Default 1 MiB; it is never more than [`max_answer_bytes`](Self::max_answer_bytes). A
    /// removal from 10,000 locations is answered with about 400 KB.
    ///
    /// A 2xx answer to a change that is larger ends as an unknown outcome with what was read, a refusal as its status with
    /// what was read.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .max_change_answer_bytes(4 * 1024 * 1024)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_change_answer_bytes(mut self, limit: usize) -> Self {
        self.options.max_change_answer_bytes = limit;
        self
    }

    /// Takes an `http://` URL also when its host is not this machine. **Credentials then travel unencrypted.**
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("http://keyfactor.test/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .allow_plain_http()
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn allow_plain_http(mut self) -> Self {
        self.options.plain_http = PlainHttp::Allowed;
        self
    }

    /// Parses and checks the base URL. It is the only time that it is parsed.
    pub(crate) fn base_url(&self) -> Result<Url, ConfigurationError> {
        base_url(&self.base_url, self.options.plain_http)
    }
}

impl<Settings: fmt::Debug> fmt::Debug for ClientBuilder<Settings> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, options, settings } = self;
        f.debug_struct("ClientBuilder")
            .field("base_url", &shown(base_url))
            .field("options", options)
            .field("settings", settings)
            .finish()
    }
}
