//! Certificates as Command shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::{ServerTime, blank_as_none, null_as_default};

/// A certificate as Command knows it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Certificate {
    /// Command's number for it.
    pub id: CertificateId,
    /// SHA-1 of the certificate, upper-case hex.
    #[serde(default, deserialize_with = "null_as_default")]
    pub thumbprint: String,
    /// Upper-case hex.
    #[serde(default, deserialize_with = "null_as_default")]
    pub serial_number: String,
    /// The subject's distinguished name.
    #[serde(default, rename = "IssuedDN", deserialize_with = "null_as_default")]
    pub issued_dn: String,
    /// The subject's common name.
    #[serde(default, rename = "IssuedCN", deserialize_with = "null_as_default")]
    pub issued_cn: String,
    /// The issuer's distinguished name.
    #[serde(default, rename = "IssuerDN", deserialize_with = "null_as_default")]
    pub issuer_dn: String,
    /// Valid from.
    pub not_before: Option<ServerTime>,
    /// Valid until.
    pub not_after: Option<ServerTime>,
    /// Its state in words, for example `Active (1)`.
    pub cert_state_string: Option<String>,
    /// Whether Command holds its private key. It reads false everywhere unless the search asked for it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub has_private_key: bool,
    /// Where it is. Empty unless the search asked for it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locations: Vec<CertificateStoreLocation>,
    /// The metadata fields. Empty unless the search asked for it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: BTreeMap<String, Value>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Row for Certificate {
    type Id = CertificateId;

    fn id(&self) -> CertificateId {
        self.id
    }
}

/// A place in a certificate store where a certificate is, as Command's last inventory saw it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CertificateStoreLocation {
    /// The machine of the store.
    pub store_machine: Option<String>,
    /// The store's path there.
    pub store_path: Option<String>,
    /// The alias under which the store holds it: what a removal names.
    #[serde(default, deserialize_with = "null_as_default")]
    pub alias: String,
    /// 0 for the certificate itself; higher where it only stands in the chain of another one. Never remove those.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub chain_level: Option<i32>,
    /// The store.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub cert_store_id: Option<CertificateStoreId>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
