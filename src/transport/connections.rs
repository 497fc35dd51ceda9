//! Which connection carries a call, and which runtime it belongs to.
//!
//! HTTP/1.1 has no name for an answer: what lies in a connection is taken for the answer to the next request. So what changes or
//! decides something has a connection of its own.

use std::sync::OnceLock;

use http::HeaderValue;
use reqwest::redirect;
use tokio::runtime::{Handle, Id};
use url::Url;

use super::address::is_loopback;
use super::cause::Cause;
use super::error::ConfigurationError;
use super::options::{Options, Proxy};
use super::runtime::CheckedRuntimes;
#[cfg(feature = "rustls")]
use super::tls;

/// How the client names itself.
pub(super) const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("clm/", env!("CARGO_PKG_VERSION")));

/// Which connection carries a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Connection {
    /// One that carried nothing before and carries nothing afterwards.
    Own,
    /// One of the client's, whose answers are compared with what was asked for before anything is done with them.
    Shared,
}

/// The HTTP clients of a transport.
pub(super) struct Connections {
    /// Keeps no connection.
    own: reqwest::Client,
    /// Keeps connections for later calls.
    shared: reqwest::Client,
    /// The runtime of the first call over a shared connection. It drives them all: a call from another runtime would wait for
    /// one that may stand still.
    owner: OnceLock<Id>,
    runtimes: CheckedRuntimes,
}

impl Connections {
    pub(super) fn new(base_url: &Url, options: &Options) -> Result<(Self, Route), ConfigurationError> {
        #[cfg(feature = "rustls")]
        tls::warn_if_unchecked(&options.tls);
        let (own, route) = client(base_url, options, Keep::Nothing)?;
        let keep = if options.idle_timeout.is_zero() { Keep::Nothing } else { Keep::Idle };
        let (shared, _) = client(base_url, options, keep)?;
        Ok((Self { own, shared, owner: OnceLock::new(), runtimes: CheckedRuntimes::default() }, route))
    }

    /// `Err` if no call can be made from where this is called.
    pub(super) fn check_runtime(&self) -> Result<(), Cause> {
        self.runtimes.check()
    }

    /// What sends a call that is made from the current runtime.
    pub(super) fn client(&self, connection: Connection) -> &reqwest::Client {
        match connection {
            Connection::Shared if self.is_owner() => &self.shared,
            Connection::Own | Connection::Shared => &self.own,
        }
    }

    /// Whether the shared connections belong to the current runtime. If they belong to none, they do from now on.
    fn is_owner(&self) -> bool {
        Handle::try_current().is_ok_and(|current| *self.owner.get_or_init(|| current.id()) == current.id())
    }
}

/// What a client does with a connection once a call is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keep {
    Nothing,
    /// It is kept for the next call, as long as the settings say.
    Idle,
}

impl Keep {
    /// How many connections are kept.
    fn most(self) -> usize {
        match self {
            Self::Nothing => 0,
            // There are never more than calls at once, which the transport bounds.
            Self::Idle => usize::MAX,
        }
    }
}

/// What another crate's choice of reqwest features could change under us is said here in full.
fn client(base_url: &Url, options: &Options, keep: Keep) -> Result<(reqwest::Client, Route), ConfigurationError> {
    let mut http = reqwest::Client::builder()
        .user_agent(USER_AGENT)
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
        .pool_max_idle_per_host(keep.most())
        .pool_idle_timeout(options.idle_timeout);
    let proxy = options.proxy.url()?;
    let mut route = Route::Direct;
    #[cfg(feature = "rustls")]
    {
        let needed = [Some(base_url), proxy.as_ref()].into_iter().flatten().any(|url| url.scheme() == "https");
        let use_of_roots = if needed { tls::Roots::Needed } else { tls::Roots::NotNeeded };
        http = tls::configure(http.tls_backend_rustls(), &options.tls, use_of_roots)?;
    }
    if let Some(url) = proxy {
        let proxy = reqwest::Proxy::all(url).map_err(|error| {
            ConfigurationError::new("proxy", "cannot be used").caused_by(Cause::of(&error.without_url()))
        })?;
        http = http.no_proxy().proxy(proxy);
        route = Route::Proxied;
    } else if matches!(options.proxy, Proxy::None) || base_url.scheme() == "http" || is_loopback(base_url) {
        // The system's proxy would read the credentials of plain http, and cannot reach this machine's loopback.
        http = http.no_proxy();
    } else if system_proxy_takes(base_url) {
        route = Route::Proxied;
    }
    let http = http.build().map_err(|error| {
        ConfigurationError::new("http client", "cannot be initialized").caused_by(Cause::of(&error.without_url()))
    })?;
    Ok((http, route))
}

/// Whether a proxy stands between the client and the server, as far as the client knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    Direct,
    Proxied,
}

/// Whether reqwest sends this through a proxy of the system: it asks the same, of the same.
pub(super) fn system_proxy_takes(url: &Url) -> bool {
    let matcher = hyper_util::client::proxy::matcher::Matcher::from_system();
    url.as_str().parse().is_ok_and(|url| matcher.intercept(&url).is_some())
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn connections() -> Connections {
        let base_url = Url::parse("http://localhost").unwrap();
        Connections::new(&base_url, &Options::default()).unwrap().0
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn is_shared(connections: &Connections, connection: Connection) -> bool {
        std::ptr::eq(connections.client(connection), &raw const connections.shared)
    }

    #[test]
    fn shared_connections_belong_to_the_runtime_of_their_first_use() {
        let connections = connections();
        let (first, second) = (runtime(), runtime());
        // An own connection claims nothing.
        second.block_on(async { assert!(!is_shared(&connections, Connection::Own)) });
        first.block_on(async { assert!(is_shared(&connections, Connection::Shared)) });
        second.block_on(async { assert!(!is_shared(&connections, Connection::Shared)) });
        first.block_on(async { assert!(is_shared(&connections, Connection::Shared)) });
        first.block_on(async { assert!(!is_shared(&connections, Connection::Own)) });
        drop(first);
        second.block_on(async { assert!(!is_shared(&connections, Connection::Shared)) });
    }

    #[test]
    fn outside_of_every_runtime_nothing_is_claimed() {
        let connections = connections();
        assert!(!is_shared(&connections, Connection::Shared));
        runtime().block_on(async { assert!(is_shared(&connections, Connection::Shared)) });
    }
}
