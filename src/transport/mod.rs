//! The one road to the network. It knows no vendor, and nothing else in the crate names reqwest.

mod error;
mod options;
mod request;
mod retry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, Instant};

use http::HeaderMap;
use reqwest::redirect;
use url::{Url, form_urlencoded};

pub(crate) use self::error::{Answer, Cause, Evidence, Exchange, Failure, FromFailure, Trace};
pub use self::error::{ConfigurationError, DecodeError, Incomplete, OutcomeUnknown, TransportError};
pub use self::options::ClientBuilder;
pub(crate) use self::options::base_path;
pub(crate) use self::request::{Call, Effect};

use self::options::{Options, is_loopback};
use self::retry::{Body, Try, decide};

/// Everything that this crate sends passes through [`Transport::execute`].
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: Url,
    /// Sent with every call: the vendor's fixed headers and the credentials.
    headers: HeaderMap,
    options: Options,
}

// The headers hold the credentials; the rest is no secret.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http: _, base_url, headers, options } = self;
        f.debug_struct("Transport")
            .field("base_url", &base_url.as_str())
            .field("headers", &headers.keys().collect::<Vec<_>>())
            .field("options", options)
            .finish()
    }
}

impl Transport {
    pub(crate) fn new(base_url: Url, headers: HeaderMap, options: Options) -> Result<Self, ConfigurationError> {
        check(&options)?;
        // What another crate's choice of reqwest features could change under us is said here in full.
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("clm/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .no_hickory_dns()
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(options.idle_timeout);
        #[cfg(feature = "rustls")]
        {
            http = http.tls_backend_rustls();
        }
        // A proxy would read the credentials of plain http, and cannot reach this machine's loopback.
        if base_url.scheme() == "http" || is_loopback(&base_url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            ConfigurationError::new("http client", "it cannot be set up").caused_by(Cause::of(&error.without_url()))
        })?;
        Ok(Self { http, base_url, headers, options })
    }

    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Sends a call and says how it ended.
    pub(crate) async fn execute(&self, call: Call) -> Result<Exchange, Failure> {
        let started = Instant::now();
        let name = call.name();
        let effect = call.effect;
        let tried = self.try_once(call).await;
        let trace = Trace { call: name, attempts: 1, elapsed: started.elapsed() };
        match decide(effect, tried) {
            Ok(answer) => Ok(Exchange { answer, trace }),
            Err(end) => Err(Failure { end, trace }),
        }
    }

    async fn try_once(&self, call: Call) -> Try {
        let url = self.url(&call);
        let limit = match call.effect {
            Effect::Read => self.options.read_timeout,
            Effect::Change => self.options.change_timeout,
        };
        let mut headers = self.headers.clone();
        headers.extend(call.headers);
        let sent = self.http.request(call.method, url).headers(headers).body(call.body).timeout(limit).send().await;
        match sent {
            Ok(response) => self.receive(response).await,
            Err(error) => {
                let not_connected = error.is_connect();
                let cause = Cause::of(&error.without_url());
                if not_connected { Try::NotConnected(cause) } else { Try::NoHead(cause) }
            }
        }
    }

    /// Reads the body as it streams in, and no further than the limit.
    async fn receive(&self, mut response: reqwest::Response) -> Try {
        let limit = self.options.max_answer_bytes;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut bytes = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(None) => break Body::Complete,
                Ok(Some(chunk)) => {
                    let room = limit - bytes.len();
                    bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                    if chunk.len() > room {
                        break Body::TooLarge(Cause::new(format!("the answer is larger than {limit} bytes")));
                    }
                }
                Err(error) => break Body::Cut(Cause::of(&error.without_url())),
            }
        };
        Try::Head(Answer { status, headers, body: into_text(bytes) }, end)
    }

    fn url(&self, call: &Call) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}/{}", base_path(&self.base_url), call.path));
        if !call.query.is_empty() {
            let query: Vec<String> =
                call.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
            url.set_query(Some(&query.join("&")));
        }
        url
    }
}

/// The body as text. Valid UTF-8, the usual case, is not copied.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Percent-encoding with `%20` for a space: not every server takes `+`.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn check(options: &Options) -> Result<(), ConfigurationError> {
    let Options { connect_timeout, read_timeout, change_timeout, idle_timeout: _, max_answer_bytes, plain_http: _ } =
        options;
    for (setting, limit) in
        [("connect_timeout", connect_timeout), ("read_timeout", read_timeout), ("change_timeout", change_timeout)]
    {
        if *limit == Duration::ZERO {
            return Err(ConfigurationError::new(setting, "must be longer than zero"));
        }
    }
    if connect_timeout >= read_timeout || connect_timeout >= change_timeout {
        return Err(ConfigurationError::new(
            "connect_timeout",
            "must be shorter than `read_timeout` and `change_timeout`",
        ));
    }
    if *max_answer_bytes == 0 {
        return Err(ConfigurationError::new("max_answer_bytes", "must be more than zero"));
    }
    Ok(())
}
