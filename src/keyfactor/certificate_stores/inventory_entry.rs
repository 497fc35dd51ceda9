//! What a store's inventory lists.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write;

use serde_json::{Map, Value};

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::ServerTime;
use crate::rows::{RawJson, row};

/// One entry of a certificate store: an alias, the certificate that is under it, and its chain.
///
/// **An alias may have several entries**: one for each binding of a certificate, as IIS stores had them, with the same
/// thumbprint and other [`parameters`](Self::parameters). Each is a row of its own.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InventoryEntry {
    /// The alias: what a removal names. The vendor calls it `Name`. It may stand in other entries as well.
    pub alias: String,
    /// The certificate itself first, then its chain; see [`leaf`](Self::leaf) and [`chain`](Self::chain).
    pub certificates: Vec<InventoryCertificate>,
    /// The store, where the server says it.
    pub cert_store_id: Option<CertificateStoreId>,
    /// The entry's parameters, for example `PrivateKeyEntry`.
    pub parameters: Map<String, Value>,
    /// What else the server said about it.
    pub extra: RawJson,
}

row!(InventoryEntry: "an entry of an inventory", Refused {
    alias: Needed "Name",
    certificates: Once "Certificates",
    cert_store_id: Once "CertStoreId",
    parameters: Once "Parameters",
});

impl InventoryEntry {
    /// The certificate that the alias stands for: the first one, as seen on real servers.
    #[must_use]
    pub fn leaf(&self) -> Option<&InventoryCertificate> {
        self.certificates.first()
    }

    /// The certificates of its chain. A root stands in the chain of many entries: never take one for the entry's own.
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
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InventoryCertificate {
    /// Command's number for it.
    pub id: Option<CertificateId>,
    /// SHA-1 of the certificate, upper-case hex.
    pub thumbprint: String,
    /// The subject's distinguished name.
    pub issued_dn: String,
    /// Valid until.
    pub not_after: Option<ServerTime>,
    /// What else the server said about it.
    pub extra: RawJson,
}

row!(InventoryCertificate: "a certificate of an inventory", Refused {
    id: Once "Id",
    thumbprint: Once "Thumbprint",
    issued_dn: Plain "IssuedDN",
    not_after: Plain "NotAfter",
});
