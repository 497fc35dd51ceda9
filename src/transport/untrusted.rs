//! Certificates of the other side that were not accepted: trying again shows the same one.

/// What to do, if this is why there is no connection.
#[cfg(feature = "rustls")]
pub(super) fn remedy(error: &reqwest::Error) -> Option<&'static str> {
    remedy_of(error)
}

/// Without TLS there are no certificates.
#[cfg(not(feature = "rustls"))]
pub(super) fn remedy(_: &reqwest::Error) -> Option<&'static str> {
    None
}

#[cfg(feature = "rustls")]
fn remedy_of(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(problem)) = error.downcast_ref() {
            return Some(advice(problem));
        }
        // The error in an `io::Error` is not its source: its source is that of the error.
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

#[cfg(feature = "rustls")]
fn advice(problem: &rustls::CertificateError) -> &'static str {
    if let rustls::CertificateError::Other(other) = problem
        && let Some(known) = by_number(other)
    {
        return advice_of_kind(&known);
    }
    advice_of_kind(problem)
}

#[cfg(feature = "rustls")]
fn advice_of_kind(problem: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext, Other,
        Revoked, UnknownIssuer,
    };
    match problem {
        UnknownIssuer => {
            "The authority that issued the server's certificate is not trusted: add its root certificate with \
             `add_root_certificate`, with the `_CA_CERT` variable if the environment configures the client, or to the \
             platform's trust store. A server that does not send its intermediate certificates causes the same error. A \
             self-signed certificate must itself be trusted."
        }
        Other(other) if is_authority(other) => {
            "The server presents the certificate of an authority (`CA:TRUE`) as its own; many self-signed certificates \
             are of this kind. Such a certificate is rejected even if it is trusted, so `add_root_certificate` alone \
             does not help. Install a certificate with `CA:FALSE` and the host name as a subject alternative name on \
             the server, issued by this authority or self-signed, and add the issuer with `add_root_certificate`."
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "The server's certificate is for another name: use a name from the certificate as the host in the URL, or \
             install a certificate for this host on the server."
        }
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            "The server's certificate has expired or is not yet valid: renew it on the server, or correct the clock of \
             this machine."
        }
        Revoked => "The server's certificate has been revoked: install another one on the server.",
        _ => "The server's certificate was not accepted: install another one on the server.",
    }
}

/// Whether the certificate of an authority stands where that of a server belongs.
#[cfg(feature = "rustls")]
fn is_authority(error: &rustls::OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What the verifiers of Windows and macOS report as a text that ends with the system's number.
#[cfg(feature = "rustls")]
fn by_number(error: &rustls::OtherError) -> Option<rustls::CertificateError> {
    /// Windows: no chain to a trusted root. An authority that is trusted nowhere is reported like this.
    const CERT_E_CHAINING: i32 = -2_146_762_486;
    /// macOS.
    const CERTIFICATE_EXPIRED: i32 = -67_818;
    const CERTIFICATE_NOT_VALID_YET: i32 = -67_819;
    const NOT_TRUSTED: i32 = -67_843;
    let text = error.0.to_string();
    let number = text.trim_end_matches(')').rsplit(' ').next()?;
    match number.parse().ok()? {
        CERT_E_CHAINING | NOT_TRUSTED => Some(rustls::CertificateError::UnknownIssuer),
        CERTIFICATE_EXPIRED => Some(rustls::CertificateError::Expired),
        CERTIFICATE_NOT_VALID_YET => Some(rustls::CertificateError::NotValidYet),
        _ => None,
    }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use std::io;

    use rustls::{CertificateError, Error};

    use super::*;

    #[test]
    fn a_certificate_is_found_wherever_it_stands_in_the_chain() {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let once = io::Error::new(io::ErrorKind::InvalidData, unknown());
        let twice = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, unknown()));
        for error in [&unknown() as &(dyn std::error::Error + 'static), &once, &twice] {
            assert_eq!(remedy_of(error), Some(advice(&CertificateError::UnknownIssuer)), "{error:?}");
        }
    }

    #[test]
    fn numbers_of_windows_and_macos_are_known() {
        let said = |text: &str| {
            let error: Box<dyn std::error::Error + Send + Sync> = text.into();
            advice(&CertificateError::Other(rustls::OtherError(error.into())))
        };
        let windows = "A certificate chain could not be built to a trusted root authority. (os error -2146762486)";
        assert_eq!(said(windows), advice(&CertificateError::UnknownIssuer));
        assert_eq!(
            said("\u{201c}a\u{201d} certificate is not trusted: -67843"),
            advice(&CertificateError::UnknownIssuer)
        );
        assert_eq!(said("\u{201c}a\u{201d} certificate is expired: -67818"), advice(&CertificateError::Expired));
        assert_eq!(said("not valid yet: -67819"), advice(&CertificateError::NotValidYet));
        for other in ["", "no number", "67843", "-67843 and more", "-1", "(os error -2146869223)"] {
            assert_eq!(said(other), advice(&CertificateError::BadEncoding), "{other}");
        }
    }

    #[test]
    fn other_trouble_of_tls_is_none_of_a_certificate() {
        let closed = io::Error::new(io::ErrorKind::UnexpectedEof, "closed");
        let handshake = io::Error::new(io::ErrorKind::InvalidData, Error::DecryptError);
        for error in [closed, handshake] {
            assert_eq!(remedy_of(&error), None, "{error:?}");
        }
    }
}
