//! Which servers are trusted, and how the client proves itself on the TLS level.

use std::fmt;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret as _, SecretString};

use super::cause::Cause;
use super::error::ConfigurationError;
use super::options::ClientBuilder;

/// TLS settings, as they were given. They are read by `build()`.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    roots: Vec<Root>,
    identity: Option<(String, SecretString)>,
    server_check: ServerCheck,
}

#[derive(Clone)]
enum Root {
    /// Beside the roots of the platform.
    Added(String),
    /// Instead of them.
    Only(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum ServerCheck {
    #[default]
    Full,
    Off,
}

/// The settings of TLS. Feature `rustls`.
impl<Settings> ClientBuilder<Settings> {
    /// Trusts the certificates in this PEM bundle as roots, in addition to those of the platform.
    ///
    /// ```no_run
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// # fn client() -> Result<Client, Box<dyn std::error::Error>> {
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .add_root_certificate(std::fs::read_to_string("company-root.pem")?)
    ///     .build()?;
    /// # Ok(keyfactor) }
    /// ```
    pub fn add_root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.options.tls.add_root(pem.into());
        self
    }

    /// Trusts the certificates in this PEM bundle as roots, **instead of** those of the platform. Further calls add
    /// more certificates.
    ///
    /// ```no_run
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// # fn client() -> Result<Client, Box<dyn std::error::Error>> {
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .only_root_certificate(std::fs::read_to_string("company-root.pem")?)
    ///     .build()?;
    /// # Ok(keyfactor) }
    /// ```
    pub fn only_root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.options.tls.roots.push(Root::Only(pem.into()));
        self
    }

    /// Sets the client certificate for mutual TLS: the chain, leaf first, and its private key, both in PEM.
    ///
    /// ```no_run
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// # fn client() -> Result<Client, Box<dyn std::error::Error>> {
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .client_identity(
    ///         std::fs::read_to_string("client.pem")?,
    ///         std::fs::read_to_string("client.key")?,
    ///     )
    ///     .build()?;
    /// # Ok(keyfactor) }
    /// ```
    pub fn client_identity(
        mut self,
        certificate_chain_pem: impl Into<String>,
        key_pem: impl Into<SecretString>,
    ) -> Self {
        self.options.tls.identity = Some((certificate_chain_pem.into(), key_pem.into()));
        self
    }

    /// Disables the check of server certificates, if `true`. **An attacker on the network can then read the credentials
    /// and change every response.** Each `build()` logs a warning. For a private certificate authority, use
    /// [`add_root_certificate`](Self::add_root_certificate).
    ///
    /// ```no_run
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// # fn client() -> Result<Client, Box<dyn std::error::Error>> {
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .danger_accept_invalid_certs(true)
    ///     .build()?;
    /// # Ok(keyfactor) }
    /// ```
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.options.tls.server_check = if accept { ServerCheck::Off } else { ServerCheck::Full };
        self
    }
}

impl Tls {
    pub(crate) fn add_root(&mut self, pem: String) {
        self.roots.push(Root::Added(pem));
    }
}

// The key is a secret; certificates are only counted, to keep it short.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roots, identity, server_check } = self;
        let only = roots.iter().any(|root| matches!(root, Root::Only(_)));
        f.debug_struct("Tls")
            .field("root_bundles", &roots.len())
            .field("platform_roots", &!only)
            .field("client_identity", &identity.is_some())
            .field("danger_accept_invalid_certs", &(*server_check == ServerCheck::Off))
            .finish()
    }
}

/// Whether this client ever checks a server's certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Roots {
    Needed,
    NotNeeded,
}

/// reqwest takes PEM without any certificate in silence, so everything is read here first.
pub(super) fn configure(
    mut http: reqwest::ClientBuilder,
    tls: &Tls,
    use_of_roots: Roots,
) -> Result<reqwest::ClientBuilder, ConfigurationError> {
    let Tls { roots, identity, server_check } = tls;
    let mut added = Vec::new();
    let mut only = Vec::new();
    for root in roots {
        match root {
            Root::Added(pem) => added.extend(certificates("add_root_certificate", pem)?),
            Root::Only(pem) => only.extend(certificates("only_root_certificate", pem)?),
        }
    }
    if !only.is_empty() {
        only.append(&mut added);
        http = http.tls_certs_only(only);
    } else if !added.is_empty() {
        http = http.tls_certs_merge(added);
    } else if use_of_roots == Roots::NotNeeded {
        // A machine without any roots can still talk plain http.
        http = http.tls_certs_only([]);
    }
    if let Some((chain, key)) = identity {
        http = http.identity(client_identity(chain, key)?);
    }
    if *server_check == ServerCheck::Off {
        http = http.tls_danger_accept_invalid_certs(true);
    }
    Ok(http)
}

/// Said once for each client, however many connections it has.
pub(super) fn warn_if_unchecked(tls: &Tls) {
    if tls.server_check == ServerCheck::Off {
        tracing::warn!(
            "danger_accept_invalid_certs: server certificates are not verified; an attacker on the network can read \
             the credentials"
        );
    }
}

/// Whether this is a PEM bundle of certificates that can serve as roots.
pub(crate) fn check_roots(pem: &str) -> Result<(), ConfigurationError> {
    certificates("add_root_certificate", pem).map(drop)
}

fn certificates(setting: &'static str, pem: &str) -> Result<Vec<reqwest::Certificate>, ConfigurationError> {
    read_chain(setting, pem)?
        .iter()
        .map(|der| {
            let unreadable = |cause| {
                ConfigurationError::new(setting, "a certificate in the bundle cannot be parsed").caused_by(cause)
            };
            webpki::anchor_from_trusted_cert(der).map_err(|error| unreadable(Cause::of_error(&error)))?;
            reqwest::Certificate::from_der(der).map_err(|error| unreadable(Cause::of(&error.without_url())))
        })
        .collect()
}

fn read_chain(setting: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, ConfigurationError> {
    if PrivateKeyDer::from_pem_slice(pem.as_bytes()).is_ok() {
        return Err(ConfigurationError::new(setting, "must contain only certificates, but contains a private key"));
    }
    // The parser's error could quote what was given, and that could be a key.
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| ConfigurationError::new(setting, "is not valid PEM"))?;
    if chain.is_empty() {
        return Err(ConfigurationError::new(setting, "contains no certificate"));
    }
    Ok(chain)
}

fn client_identity(chain: &str, key: &SecretString) -> Result<reqwest::Identity, ConfigurationError> {
    const SETTING: &str = "client_identity";
    for certificate in read_chain(SETTING, chain)? {
        webpki::EndEntityCert::try_from(&certificate).map_err(|error| {
            ConfigurationError::new(SETTING, "a certificate in the chain cannot be parsed")
                .caused_by(Cause::of_error(&error))
        })?;
    }
    let key = key.expose_secret();
    // The error of a key could quote it, so only the fact is told.
    PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| {
        ConfigurationError::new(
            SETTING,
            "the key contains no private key in PEM format (encrypted keys are not \
                                          supported)",
        )
    })?;
    let unusable = |_| ConfigurationError::new(SETTING, "the certificate chain and the key cannot be used together");
    let identity = reqwest::Identity::from_pem(format!("{key}\n{chain}").as_bytes()).map_err(unusable)?;
    // Whether the two fit is found out only by building a client; this one is for that alone.
    let trial = reqwest::Client::builder().tls_backend_rustls().tls_certs_only([]).no_proxy();
    trial.identity(identity.clone()).build().map_err(unusable)?;
    Ok(identity)
}
