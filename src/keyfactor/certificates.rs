//! Certificates: search, and read one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::Client;
use super::error::Error;
use super::lookup::{PAGE_SIZE, Paged, Read, Row, Rows};
use super::query::Query;
use super::read::{ServerTime, null_as_default};
use super::types::{CertificateId, CertificateStoreId, CollectionId};
use crate::transport::Path;
use crate::validation::{Problems, ValidationError};

/// What an account needs to read certificates.
const PERMISSION: &str = "The account needs the permission to read certificates, system-wide or, with `collection_id`, in \
                          that collection (`/certificates/collections/read/`).";

/// The operations on certificates. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct Certificates {
    client: Client,
}

impl Certificates {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Searches certificates.
    ///
    /// **Expired and revoked certificates are hidden unless you ask for them** with
    /// [`include_expired`](CertificateSearch::include_expired) and
    /// [`include_revoked`](CertificateSearch::include_revoked): that is the vendor's default.
    ///
    /// - **Call:** `GET /Certificates`, page by page.
    /// - **Permissions:** to read certificates, system-wide or in the collection given by
    ///   [`collection_id`](CertificateSearch::collection_id).
    /// - **Arguments:** a query; fields seen in use are `Thumbprint`, `IssuedCN`, `IssuedDN`, `CertRequestId`.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error); `Lookup` for a server before version 11, or a list
    ///   that does not end.
    /// - **Source:** Keyfactor Command reference, "GET Certificates".
    pub fn search(&self, query: Query) -> CertificateSearch {
        CertificateSearch {
            client: self.client.clone(),
            query,
            collection_id: None,
            flags: Vec::new(),
            page_size: PAGE_SIZE,
        }
    }

    /// Reads one certificate, with its locations.
    ///
    /// - **Call:** `GET /Certificates/{id}`.
    /// - **Permissions:** to read certificates, system-wide.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error); `Api` with 404 for an unknown id (assumed).
    /// - **Source:** Keyfactor Command reference, "GET Certificates ID".
    ///
    /// # Errors
    /// As above.
    pub async fn get(&self, id: impl Into<CertificateId>) -> Result<Certificate, Error> {
        let mut problems = Problems::default();
        let id = id.into().get().to_string();
        let path = Path::filled("Certificates/{id}", &[("id", &id)], &mut problems);
        problems.finish()?;
        let read = Read {
            operation: "keyfactor.certificates.get",
            path,
            query: vec![("includeLocations", "true".to_owned()), ("includeMetadata", "true".to_owned())],
            permission_needed: PERMISSION,
        };
        Ok(read.send(&self.client).await?.value)
    }
}

/// A search for certificates; see [`Certificates::search`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the first row is asked for"]
pub struct CertificateSearch {
    client: Client,
    query: Query,
    collection_id: Option<CollectionId>,
    flags: Vec<&'static str>,
    page_size: u32,
}

impl CertificateSearch {
    /// Has the server check the right to read certificates in this collection, and finds only certificates in it.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.collection_id = Some(id.into());
        self
    }

    /// Finds revoked certificates as well.
    pub fn include_revoked(self) -> Self {
        self.flag("IncludeRevoked")
    }

    /// Finds expired certificates as well.
    pub fn include_expired(self) -> Self {
        self.flag("IncludeExpired")
    }

    /// Fills [`Certificate::locations`]; without it they are empty.
    pub fn include_locations(self) -> Self {
        self.flag("includeLocations")
    }

    /// Fills [`Certificate::metadata`].
    pub fn include_metadata(self) -> Self {
        self.flag("includeMetadata")
    }

    /// Makes [`Certificate::has_private_key`] true where it is; without it, it reads false everywhere.
    pub fn include_has_private_key(self) -> Self {
        self.flag("includeHasPrivateKey")
    }

    fn flag(mut self, name: &'static str) -> Self {
        if !self.flags.contains(&name) {
            self.flags.push(name);
        }
        self
    }

    /// How many rows are asked for at once. Default 100; 0 counts as 1.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows.max(1);
        self
    }

    /// Checks the request and gives the rows. Nothing is sent before the first one is asked for.
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written, or a collection id that is not positive.
    pub fn rows(self) -> Result<Rows<Certificate>, ValidationError> {
        let mut problems = Problems::default();
        self.query.check(&mut problems);
        problems.check_positive("collection_id", self.collection_id.map(CollectionId::get));
        problems.finish()?;
        let mut query = vec![("QueryString", self.query.to_string())];
        if let Some(id) = self.collection_id {
            query.push(("collectionId", id.to_string()));
        }
        query.extend(self.flags.iter().map(|name| (*name, "true".to_owned())));
        // `Id`, the name in the rows, is refused as a sort field; `CertId` is taken.
        query.push(("SortField", "CertId".to_owned()));
        query.push(("SortAscending", "0".to_owned()));
        let paged = Paged {
            operation: "keyfactor.certificates.search",
            path: Path::fixed("Certificates"),
            query,
            page_size: self.page_size,
            permission_needed: PERMISSION,
        };
        Ok(paged.rows(self.client))
    }
}

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
    #[serde(default, deserialize_with = "null_as_default")]
    pub chain_level: i32,
    /// The store.
    pub cert_store_id: CertificateStoreId,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
