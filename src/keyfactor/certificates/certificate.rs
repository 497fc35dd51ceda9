//! Certificates as Command shows them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::ServerTime;
use crate::rows::{RawJson, row};

/// A certificate as Command knows it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// Command's number for it.
    pub id: CertificateId,
    /// SHA-1 of the certificate, upper-case hex.
    pub thumbprint: String,
    /// Upper-case hex.
    pub serial_number: String,
    /// The subject's distinguished name.
    pub issued_dn: String,
    /// The subject's common name.
    pub issued_cn: String,
    /// The issuer's distinguished name.
    pub issuer_dn: String,
    /// Valid from.
    pub not_before: Option<ServerTime>,
    /// Valid until.
    pub not_after: Option<ServerTime>,
    /// Its state in words, for example `Active (1)`.
    pub cert_state_string: Option<String>,
    /// Whether Command holds its private key. It reads false everywhere unless the search asked for it.
    pub has_private_key: bool,
    /// Where it is. Empty unless the search asked for it.
    pub locations: Vec<CertificateStoreLocation>,
    /// The metadata fields. Empty unless the search asked for it.
    pub metadata: BTreeMap<String, Value>,
    /// What else the server said about it.
    pub extra: RawJson,
}

row!(Certificate: "a certificate", Refused {
    id: Needed "Id",
    thumbprint: Once "Thumbprint",
    serial_number: Plain "SerialNumber",
    issued_dn: Plain "IssuedDN",
    issued_cn: Plain "IssuedCN",
    issuer_dn: Plain "IssuerDN",
    not_before: Plain "NotBefore",
    not_after: Plain "NotAfter",
    cert_state_string: Plain "CertStateString",
    has_private_key: Plain "HasPrivateKey",
    locations: Once "Locations",
    metadata: Plain "Metadata",
});

impl Row for Certificate {
    type Id = CertificateId;

    fn id(&self) -> CertificateId {
        self.id
    }
}

/// A place in a certificate store where a certificate is, as Command's last inventory saw it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStoreLocation {
    /// The machine of the store.
    pub store_machine: Option<String>,
    /// The store's path there.
    pub store_path: Option<String>,
    /// The alias under which the store holds it: what a removal names.
    pub alias: String,
    /// 0 for the certificate itself; higher where it only stands in the chain of another one. Never remove those.
    pub chain_level: Option<i32>,
    /// The store.
    pub cert_store_id: Option<CertificateStoreId>,
    /// What else the server said about it.
    pub extra: RawJson,
}

row!(CertificateStoreLocation: "a location of a certificate", Refused {
    store_machine: Plain "StoreMachine",
    store_path: Plain "StorePath",
    alias: Once "Alias",
    chain_level: Once "ChainLevel",
    cert_store_id: Once "CertStoreId",
});
