//! The entries of a store's inventory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write;

use serde_json::{Map, Value};

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::ServerTime;
use crate::rows::{RawJson, row};

/// An entry of a certificate store: an alias, its certificate and the certificate's chain.
///
/// **An alias may have several entries**, one for each binding of a certificate, as seen in IIS stores. They have the
/// same thumbprint and different [`parameters`](Self::parameters), and each is a separate row.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// for entry in
///     keyfactor.certificate_stores().inventory(scene.stores()[0]).rows()?.collect().await?
/// {
///     println!(
///         "{}: {} certificate(s), {:?}",
///         entry.alias,
///         entry.certificates.len(),
///         entry.parameters
///     );
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InventoryEntry {
    /// The alias, which the vendor calls `Name`. Removals name it. Several entries may have the same alias.
    pub alias: String,
    /// The certificate, followed by its chain; see [`leaf`](Self::leaf) and [`chain`](Self::chain).
    pub certificates: Vec<InventoryCertificate>,
    /// The store, if the server sends it.
    pub cert_store_id: Option<CertificateStoreId>,
    /// The parameters of the entry, for example `PrivateKeyEntry`.
    pub parameters: Map<String, Value>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(InventoryEntry: "an inventory entry", Refused {
    alias: Needed "Name",
    certificates: Once "Certificates",
    cert_store_id: Once "CertStoreId",
    parameters: Once "Parameters",
});

impl InventoryEntry {
    /// Returns the certificate that the alias holds: the first one of the entry, as seen on real servers.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let inventory = keyfactor.certificate_stores().inventory(scene.stores()[0]);
    /// for entry in inventory.rows()?.collect().await? {
    ///     let thumbprint = entry.leaf().map(|leaf| leaf.thumbprint.as_str());
    ///     println!("{}: {}", entry.alias, thumbprint.unwrap_or("no certificate"));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn leaf(&self) -> Option<&InventoryCertificate> {
        self.certificates.first()
    }

    /// Returns the chain of the certificate. The same root is in the chain of many entries, so never treat a chain
    /// certificate as the entry's own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let inventory = keyfactor.certificate_stores().inventory(scene.stores()[0]);
    /// for entry in inventory.rows()?.collect().await? {
    ///     for issuer in entry.chain() {
    ///         println!("{}: {}", entry.alias, issuer.issued_dn);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn chain(&self) -> &[InventoryCertificate] {
        self.certificates.get(1..).unwrap_or_default()
    }
}

impl InventoryEntry {
    /// The thumbprint of the certificate that the alias stands for; `None` if the row shows none, or something else.
    pub(in crate::keyfactor) fn thumbprint(&self) -> Option<Thumbprint> {
        Thumbprint::read(&self.leaf()?.thumbprint)
    }

    /// Which of these certificates the alias may stand for: its leaf, and those further back that are the end of a chain, in
    /// another order or of another leaf.
    pub(in crate::keyfactor) fn stands_for(&self, sought: &HashSet<&Thumbprint>) -> Vec<Thumbprint> {
        let mut found: Vec<Thumbprint> = Vec::new();
        for (index, certificate) in self.certificates.iter().enumerate() {
            let Some(thumbprint) = Thumbprint::read(&certificate.thumbprint) else { continue };
            let is_new = sought.contains(&thumbprint) && !found.contains(&thumbprint);
            if is_new && (index == 0 || self.is_end(certificate)) {
                found.push(thumbprint);
            }
        }
        found
    }

    /// Whether it shows the thumbprint of each of its certificates, of which it has one at least.
    pub(in crate::keyfactor) fn is_readable(&self) -> bool {
        let is_readable = |it: &InventoryCertificate| Thumbprint::read(&it.thumbprint).is_some();
        !self.certificates.is_empty() && self.certificates.iter().all(is_readable)
    }

    /// Whether the issuer of a certificate stands beside it, and none that it has issued itself.
    fn is_end(&self, certificate: &InventoryCertificate) -> bool {
        let (subject, issuer) = (name(&certificate.issued_dn), certificate.issuer());
        let others = || self.certificates.iter().filter(|it| name(&it.issued_dn) != subject);
        let has_issuer = issuer.as_ref().is_some_and(|issuer| others().any(|it| name(&it.issued_dn) == *issuer));
        has_issuer && !others().any(|it| it.issuer().is_some_and(|issuer| issuer == subject))
    }
}

impl InventoryCertificate {
    fn issuer(&self) -> Option<String> {
        let issuer = self.extra.get("IssuerDN")?;
        Some(name(issuer.as_str()?)).filter(|issuer| !issuer.is_empty())
    }
}

/// A distinguished name to compare by: servers space it differently.
fn name(written: &str) -> String {
    written.chars().filter(|it| !it.is_whitespace()).collect::<String>().to_lowercase()
}

impl Row for InventoryEntry {
    /// The whole of it: an alias may have several entries, also of one certificate, which differ in their parameters alone.
    type Id = u64;

    fn id(&self) -> u64 {
        let Self { alias, certificates, cert_store_id, parameters, extra } = self;
        let mut whole = Hashed(DefaultHasher::new());
        (alias, cert_store_id, extra.as_str()).hash(&mut whole.0);
        for InventoryCertificate { id, thumbprint, issued_dn, not_after, extra } in certificates {
            let not_after = not_after.as_ref().map(ServerTime::as_str);
            // As it was written: to parse what is unknown may take many times its size.
            (id, thumbprint, issued_dn, not_after, extra.as_str()).hash(&mut whole.0);
        }
        // Neither a hasher nor a map of values fails.
        let _ = serde_json::to_writer(&mut whole, parameters);
        whole.0.finish()
    }
}

/// Hashes what is written to it.
struct Hashed(DefaultHasher);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A certificate in an [`InventoryEntry`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// for entry in
///     keyfactor.certificate_stores().inventory(scene.stores()[0]).rows()?.collect().await?
/// {
///     if let Some(certificate) = entry.leaf() {
///         println!(
///             "{}: {}, valid to {:?}",
///             entry.alias, certificate.thumbprint, certificate.not_after
///         );
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InventoryCertificate {
    /// Command's id of the certificate.
    pub id: Option<CertificateId>,
    /// The SHA-1 thumbprint, in upper-case hex.
    pub thumbprint: String,
    /// The subject's distinguished name.
    pub issued_dn: String,
    /// The end of the validity period.
    pub not_after: Option<ServerTime>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(InventoryCertificate: "a certificate in an inventory", Refused {
    id: Once "Id",
    thumbprint: Once "Thumbprint",
    issued_dn: Plain "IssuedDN",
    not_after: Plain "NotAfter",
});
