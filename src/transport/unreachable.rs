//! Servers and proxies that could not be reached: what to do about it.

use std::error::Error as StdError;
use std::io;

use super::connections::Route;

const PROXY_AUTHENTICATION: &str = "The proxy requires credentials (407): put the user name and password, \
                                    percent-encoded, into the URL passed to `proxy` or into the proxy's environment \
                                    variable.";
const PROXY_REFUSED: &str = "The proxy refused to connect to the server: allow this host and port on the proxy, or \
                             bypass it (`no_proxy`, or the environment variable `NO_PROXY`).";
const PROXY_UNREACHABLE: &str = "The proxy could not be reached: check its address, or bypass it (`no_proxy`, or the \
                                 environment variable `NO_PROXY`). Unless a proxy is set on the client, it is taken \
                                 from the environment variables `HTTPS_PROXY` or `ALL_PROXY`, or from the system \
                                 settings.";
const NAME_OF_PROXY: &str = "The host name of the proxy could not be resolved: check its spelling and this machine's \
                             DNS configuration. Unless a proxy is set on the client, it is taken from the environment \
                             variables `HTTPS_PROXY` or `ALL_PROXY`, or from the system settings.";
const NAME: &str = "The host name could not be resolved: check its spelling in the URL and this machine's DNS \
                    configuration (a VPN may be needed). If the host can only be reached through a proxy, set the \
                    proxy with `proxy`.";
const REFUSED: &str = "Nothing is listening on this host and port: check both in the URL, and that the server is \
                       running.";
const NO_ROUTE: &str = "There is no route to the host: check its address, the network and the VPN. If the host can \
                        only be reached through a proxy, set the proxy with `proxy`.";
const SILENT: &str = "The host did not respond in time: check the host and port in the URL. A firewall that drops \
                      packets has the same effect. If the host can only be reached through a proxy, set the proxy with \
                      `proxy`; if the network is slow, increase `connect_timeout`.";
#[cfg(feature = "rustls")]
const NO_TLS: &str = "The server does not speak TLS: check the port in the URL (it may be a plain http port).";
const SLOW: &str = "The connection was established, but no response was received in time: the server may be busy, or \
                    the call may need more time. `read_timeout` and `read_budget` limit reads, `change_timeout` limits \
                    changes.";

/// What to do, if it is known why no answer came.
pub(super) fn remedy(error: &reqwest::Error, route: Route) -> Option<&'static str> {
    if error.is_connect() {
        return of_connection(error, route).or_else(|| error.is_timeout().then_some(silent(route)));
    }
    error.is_timeout().then_some(SLOW)
}

fn silent(route: Route) -> &'static str {
    match route {
        Route::Direct => SILENT,
        Route::Proxied => PROXY_UNREACHABLE,
    }
}

/// The causes in which the libraries below are found, from the outside in.
fn of_connection(error: &(dyn StdError + 'static), route: Route) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(remedy) = of_text(&error.to_string(), route).or_else(|| of_tls(error)) {
            return Some(remedy);
        }
        let as_io = error.downcast_ref::<io::Error>();
        if let Some(remedy) = as_io.and_then(|error| of_kind(error.kind(), route)) {
            return Some(remedy);
        }
        // The error in an `io::Error` is not its source: its source is that of the error.
        next = match as_io.and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

/// The types of these errors are private to the libraries.
fn of_text(text: &str, route: Route) -> Option<&'static str> {
    match (text, route) {
        ("tunnel error: proxy authorization required", _) => Some(PROXY_AUTHENTICATION),
        ("tunnel error: unsuccessful" | "tunnel error: unexpected end of file", _) => Some(PROXY_REFUSED),
        ("dns error", Route::Direct) => Some(NAME),
        ("dns error", Route::Proxied) => Some(NAME_OF_PROXY),
        _ => None,
    }
}

fn of_kind(kind: io::ErrorKind, route: Route) -> Option<&'static str> {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    match (kind, route) {
        (ConnectionRefused | HostUnreachable | NetworkUnreachable | TimedOut, Route::Proxied) => {
            Some(PROXY_UNREACHABLE)
        }
        (ConnectionRefused, Route::Direct) => Some(REFUSED),
        (HostUnreachable | NetworkUnreachable, Route::Direct) => Some(NO_ROUTE),
        (TimedOut, Route::Direct) => Some(SILENT),
        _ => None,
    }
}

#[cfg(feature = "rustls")]
fn of_tls(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidMessage(_))).then_some(NO_TLS)
}

/// Without TLS there is none to fail.
#[cfg(not(feature = "rustls"))]
fn of_tls(_: &(dyn StdError + 'static)) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_proxy_the_proxy_is_what_was_not_reached() {
        for (kind, direct) in [
            (io::ErrorKind::ConnectionRefused, REFUSED),
            (io::ErrorKind::HostUnreachable, NO_ROUTE),
            (io::ErrorKind::NetworkUnreachable, NO_ROUTE),
            (io::ErrorKind::TimedOut, SILENT),
        ] {
            let error = io::Error::other(io::Error::from(kind));
            assert_eq!(of_connection(&error, Route::Direct), Some(direct), "{kind}");
            assert_eq!(of_connection(&error, Route::Proxied), Some(PROXY_UNREACHABLE), "{kind}");
        }
        for text in ["dns error", "tunnel error: unsuccessful", "tunnel error: proxy authorization required"] {
            assert!(of_text(text, Route::Direct).is_some() && of_text(text, Route::Proxied).is_some(), "{text}");
        }
        assert_eq!(of_connection(&io::Error::from(io::ErrorKind::BrokenPipe), Route::Direct), None);
    }
}
