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

/// Builds a client. `keyfactor::ClientBuilder` and `appviewx::ClientBuilder` are aliases of this type, each with
/// additional vendor-specific settings.
///
/// Setters do not check their values. `build()` checks all settings and names the invalid one.
///
/// ```
/// # fn main() -> Result<(), clm::keyfactor::Error> {
/// use std::time::Duration;
///
/// use clm::RetryPolicy;
/// use clm::keyfactor::{Client, Credentials};
///
/// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
///     .retry_policy(RetryPolicy::DEFAULT.max_tries(6))
///     .connect_timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build()` is called"]
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
            return Err(ConfigurationError::new(setting, "must be greater than zero"));
        }
        if self.connect_timeout >= self.read_timeout.min(self.read_budget).min(self.change_timeout) {
            return Err(ConfigurationError::new(
                "connect_timeout",
                "must be shorter than `read_timeout`, `read_budget` and `change_timeout`",
            ));
        }
        if self.idle_timeout > LONGEST_IDLE {
            return Err(ConfigurationError::new("idle_timeout", "must be at most 24 hours"));
        }
        let counts = [
            ("max_change_answer_bytes", self.max_change_answer_bytes, usize::MAX),
            ("max_answer_bytes", self.max_answer_bytes, usize::MAX),
            ("max_concurrent_tries", self.max_concurrent_tries, Semaphore::MAX_PERMITS),
            ("max_lookup_pages", self.max_lookup_pages as usize, usize::MAX),
        ];
        if let Some((setting, ..)) = counts.into_iter().find(|(_, count, _)| *count == 0) {
            return Err(ConfigurationError::new(setting, "must be greater than zero"));
        }
        if let Some((setting, _, most)) = counts.into_iter().find(|(_, count, most)| count > most) {
            return Err(ConfigurationError::new(setting, format!("must be at most {most}")));
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
                _ => f.write_str("Explicit([redacted: invalid URL])"),
            },
        }
    }
}

impl<Settings> ClientBuilder<Settings> {
    pub(crate) fn new(base_url: String, settings: Settings) -> Self {
        Self { base_url, options: Options::default(), settings }
    }

    /// Sets the time limit for establishing a connection: DNS, TCP and TLS. Default 10 s.
    ///
    /// It must be shorter than [`read_timeout`](Self::read_timeout) and [`change_timeout`](Self::change_timeout), so
    /// that "nothing was sent" can be distinguished from "no response arrived".
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

    /// Sets the time limit for one try of a read, from connecting to the last byte. Default 60 s.
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

    /// Sets the time limit for all tries of a read, including the pauses between them. Default 120 s. Time spent
    /// waiting for one of the [`max_concurrent_tries`](Self::max_concurrent_tries) does not count.
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

    /// Sets the time limit for a change, from connecting to the last byte, including all tries and pauses. Default 300
    /// s.
    ///
    /// Time spent waiting for one of the [`max_concurrent_tries`](Self::max_concurrent_tries) does not count.
    ///
    /// The default is long on purpose: a change that reaches the limit usually ends with an unknown outcome, and
    /// waiting costs less than finding out.
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

    /// Sets how long the server may pause while it sends the response body. Default 60 s.
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

    /// Sets the time limit for a look-up: lists that are read as part of another call, before something is decided or
    /// sent. Default 300 s.
    ///
    /// These are look-ups: each inventory that is read by a removal with an expected thumbprint, by a plan, or by one
    /// round of a confirmation; all searches of `locations_of` together; the searches for the group of one certificate.
    /// A call that reads the inventories of many stores has this time for each of them. At the limit, the call fails
    /// with a `Lookup` error with a [`LookupLimitReached`](crate::LookupLimitReached), and nothing was changed. The
    /// limit does not apply to lists that you read row by row.
    ///
    /// Time spent waiting for one of the [`max_concurrent_tries`](Self::max_concurrent_tries) **counts** here. A client
    /// that makes many calls at once needs a longer limit or more concurrent tries.
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

    /// Sets how many pages of one list a look-up may read, and how many consecutive pages without a match an AppViewX
    /// search with a client-side filter may read. Default 1,000, which is 100,000 rows. See
    /// [`lookup_deadline`](Self::lookup_deadline).
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

    /// Sets the retry policy of all calls. Default [`RetryPolicy::DEFAULT`].
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

    /// Sets how many tries of this client and its clones may be in progress at once. Further tries wait. Default 32 for
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

    /// Sends all calls through this proxy, for example `http://proxy.example.com:3128`. The URL may contain a user name
    /// and a password. By default, `https` calls to hosts other than loopback use the proxy from the environment
    /// (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), and plain `http` and loopback use no proxy. An explicit proxy is used
    /// for all calls, and can read the credentials of plain `http`.
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

    /// Disables proxies, including those from the environment.
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

    /// Sets how long an idle shared connection is kept. Job history, scheduled jobs and searches share connections;
    /// every other call has its own. Default 4 s, which is less than servers keep connections. With zero, no idle
    /// connection is kept.
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

    /// Sets the maximum size of a response in bytes. Default 32 MiB. The client stops reading at this limit. The parsed
    /// response may take several times as much memory.
    ///
    /// This limit applies to a page of a list and to any other 2xx response to a read. For all other responses
    /// [`max_change_answer_bytes`](Self::max_change_answer_bytes) applies as well.
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

    /// Sets the maximum size in bytes of the response to a change, of an error response to any call, and of the
    /// response to a login or token request. Default 1 MiB. It never exceeds
    /// [`max_answer_bytes`](Self::max_answer_bytes). The response to a removal from 10,000 locations has about 400 KB.
    ///
    /// A larger 2xx response to a change is an unknown outcome. A larger error response is reported with its status.
    /// Both contain the part of the body that was read.
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

    /// Allows an `http://` URL for a host other than loopback. **Credentials are then sent unencrypted.**
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
