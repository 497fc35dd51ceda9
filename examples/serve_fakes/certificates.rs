//! A certificate authority and a server certificate for one run.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rcgen::{KeyUsagePurpose, SerialNumber};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::trouble::Trouble;

const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// TLS for the fakes, and the authority's certificate in a temporary folder, which is removed on drop. No key is written to
/// disk.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    folder: Folder,
}

impl Tls {
    pub(crate) fn make() -> Result<Self, Trouble> {
        let (authority_pem, config) = config().map_err(Trouble::Certificate)?;
        let folder = Folder::create()?;
        let file = folder.authority();
        fs::write(&file, authority_pem).map_err(|error| Trouble::Folder(file, error))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), folder })
    }

    /// The file with the authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.authority()
    }
}

/// The authority's certificate as PEM, and the TLS configuration of a server with a certificate from it.
fn config() -> Result<(String, ServerConfig), Box<dyn std::error::Error>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "clm serve_fakes, for one run");
    valid_for_tests(&mut params);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Some verifiers require it.
    params.use_authority_key_identifier_extension = true;
    valid_for_tests(&mut params);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;

    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((authority.pem(), config))
}

/// Some verifiers refuse server certificates valid for more than 825 days, and serial numbers that are used twice.
fn valid_for_tests(params: &mut CertificateParams) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = rcgen::date_time_ymd(1970, 1, 1) + since_epoch;
    params.not_before = now - DAY;
    params.not_after = now + 365 * DAY;
    params.serial_number = Some(SerialNumber::from(fastrand::u64(1 << 32..1 << 63)));
}

/// It is removed on drop, with its content.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self, Trouble> {
        let path = std::env::temp_dir().join(format!("clm-serve-fakes-{:016x}", fastrand::u64(..)));
        // Programs that use the file may run in another folder.
        let path = std::path::absolute(&path).unwrap_or(path);
        match of_the_owner().create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(Trouble::Folder(path, error)),
        }
    }

    fn authority(&self) -> PathBuf {
        Path::new(&self.0).join("ca.pem")
    }
}

/// Creates folders that only the owner can enter.
#[cfg(unix)]
fn of_the_owner() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// On Windows, a folder inherits the access control of its parent.
#[cfg(not(unix))]
fn of_the_owner() -> DirBuilder {
    DirBuilder::new()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
