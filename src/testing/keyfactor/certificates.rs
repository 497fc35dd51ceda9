//! Certificates as Command knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::FakeKeyfactor;
use super::list::Listing;
use super::query::{Operand, Queried};
use super::state::moment;
use crate::keyfactor::CertificateId;

/// A certificate for [`FakeKeyfactor::issue`].
///
/// Values that are not set are derived from the certificate's number, and are the same in every run. The certificate has no key and
/// no DER encoding.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Query;
/// use clm::testing::{FakeCertificate, FakeKeyfactor};
///
/// let fake = FakeKeyfactor::start().await;
/// let certificate = FakeCertificate::new("www.example.com")
///     .private_key()
///     .collection(4)
///     .metadata("Owner", "Web");
/// let _ = fake.issue(certificate);
///
/// let search = fake.client().certificates().search(Query::all()).collection_id(4);
/// let rows = search.include_has_private_key().include_metadata().rows()?.collect().await?;
/// assert_eq!(rows[0].issued_cn, "www.example.com");
/// assert_eq!((rows[0].has_private_key, &rows[0].metadata["Owner"]), (true, &"Web".into()));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "the fake knows it once it is issued"]
pub struct FakeCertificate {
    pub(super) common_name: String,
    pub(super) thumbprint: Option<String>,
    pub(super) serial_number: Option<String>,
    pub(super) not_after: Timestamp,
    pub(super) revocation: Revocation,
    pub(super) revocation_needs_approval: bool,
    pub(super) private_key: bool,
    pub(super) collections: BTreeSet<i32>,
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Revocation {
    None,
    Hold,
    Final,
}

/// 2026-01-01 and 2126-01-02, and the end of an expired one in 2020.
const NOT_BEFORE: i64 = 1_767_225_600;
const NOT_AFTER: i64 = 4_922_985_600;
const EXPIRED: i64 = 1_577_836_800;
const YEAR: i64 = 31_536_000;

impl FakeCertificate {
    /// Creates a valid certificate that is in no collection and whose private key Command does not hold. See the
    /// [example](Self#example).
    pub fn new(common_name: impl Into<String>) -> Self {
        Self {
            common_name: common_name.into(),
            thumbprint: None,
            serial_number: None,
            not_after: moment(NOT_AFTER),
            revocation: Revocation::None,
            revocation_needs_approval: false,
            private_key: false,
            collections: BTreeSet::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// Sets the thumbprint. Real servers write it as upper-case hex.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let thumbprint = "9F2C4B7A1D3E5F60718293A4B5C6D7E8F9012345";
    /// let id = fake.issue(FakeCertificate::new("www.example.com").thumbprint(thumbprint));
    /// assert_eq!(fake.thumbprint(id), thumbprint);
    /// # Ok(()) }
    /// ```
    pub fn thumbprint(mut self, thumbprint: impl Into<String>) -> Self {
        self.thumbprint = Some(thumbprint.into());
        self
    }

    /// Sets the serial number. Real servers write it as upper-case hex.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com").serial_number("0A1B2C"));
    /// let row = fake.client().certificates().get(id).send().await?;
    /// assert_eq!(row.serial_number, "0A1B2C");
    /// # Ok(()) }
    /// ```
    pub fn serial_number(mut self, serial_number: impl Into<String>) -> Self {
        self.serial_number = Some(serial_number.into());
        self
    }

    /// Sets the end of the validity period. A certificate whose end lies in the past has expired: lists omit it unless the query
    /// asks for expired certificates. See the example of [`expired`](Self::expired).
    pub fn not_after(mut self, time: Timestamp) -> Self {
        self.not_after = time;
        self
    }

    /// Makes the certificate one that expired in 2020. Lists omit it unless the query asks for expired certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _ = fake.issue(FakeCertificate::new("old.example.com").expired());
    /// let certificates = fake.client().certificates();
    /// assert!(certificates.search(Query::all()).rows()?.collect().await?.is_empty());
    /// assert_eq!(
    ///     certificates.search(Query::all()).include_expired().rows()?.collect().await?.len(),
    ///     1
    /// );
    /// # Ok(()) }
    /// ```
    pub fn expired(self) -> Self {
        self.not_after(moment(EXPIRED))
    }

    /// Makes the certificate a revoked one. Lists omit it unless the query asks for revoked certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _ = fake.issue(FakeCertificate::new("old.example.com").revoked());
    /// let certificates = fake.client().certificates();
    /// assert!(certificates.search(Query::all()).rows()?.collect().await?.is_empty());
    /// assert_eq!(
    ///     certificates.search(Query::all()).include_revoked().rows()?.collect().await?.len(),
    ///     1
    /// );
    /// # Ok(()) }
    /// ```
    pub fn revoked(mut self) -> Self {
        self.revocation = Revocation::Final;
        self
    }

    /// A revocation of the certificate needs approval: the response lists it as suspended, and it is not revoked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::RevocationReason;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com").revocation_needs_approval());
    /// let revocation = fake.client().certificates().revoke([id], RevocationReason::Superseded);
    /// let outcome = revocation.comment("CHG 1234").send().await?;
    /// assert!(!outcome.is_complete());
    /// # Ok(()) }
    /// ```
    pub fn revocation_needs_approval(mut self) -> Self {
        self.revocation_needs_approval = true;
        self
    }

    /// Command holds the private key of the certificate. See the [example](Self#example).
    pub fn private_key(mut self) -> Self {
        self.private_key = true;
        self
    }

    /// Adds the certificate to this collection. It can be in several. See the [example](Self#example).
    pub fn collection(mut self, id: i32) -> Self {
        self.collections.insert(id);
        self
    }

    /// Sets a metadata field. See the [example](Self#example).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// A certificate that was issued.
pub(super) struct Certificate {
    pub(super) id: i32,
    pub(super) thumbprint: String,
    pub(super) serial_number: String,
    dn: String,
    pub(super) of: FakeCertificate,
}

const ISSUER: &str = "CN=Example Issuing CA,O=Example";

impl Certificate {
    fn issued(id: i32, of: FakeCertificate) -> Self {
        let seed = u64::from(id.unsigned_abs());
        let thumbprint = of.thumbprint.clone();
        let serial_number = of.serial_number.clone();
        Self {
            id,
            thumbprint: thumbprint.unwrap_or_else(|| hex(seed, 40)),
            serial_number: serial_number.unwrap_or_else(|| hex(seed + 0x5E41_A100_0000, 32)),
            dn: format!("CN={},O=Example", of.common_name),
            of,
        }
    }

    pub(super) fn is_in(&self, collection: i32) -> bool {
        self.of.collections.contains(&collection)
    }

    pub(super) fn is_revoked(&self) -> bool {
        self.of.revocation != Revocation::None
    }

    pub(super) fn can_be_revoked(&self) -> bool {
        self.of.revocation != Revocation::Final
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.of.not_after <= now
    }

    fn not_before(&self) -> Timestamp {
        moment(NOT_BEFORE.min(self.of.not_after.as_second().saturating_sub(YEAR)))
    }

    /// Active, or revoked. That revoked is 2 is assumed.
    fn state(&self) -> (i32, &'static str) {
        if self.is_revoked() { (2, "Revoked (2)") } else { (1, "Active (1)") }
    }

    /// As an entry of an inventory shows it. On real servers the certificates of a chain have the state 0.
    pub(super) fn to_inventory(&self, item: i32, level: usize) -> Value {
        json!({
            "Id": self.id,
            "IssuedDN": self.dn,
            "SerialNumber": self.serial_number,
            "NotBefore": self.not_before().to_string(),
            "NotAfter": self.of.not_after.to_string(),
            "SigningAlgorithm": "SHA-256",
            "IssuerDN": ISSUER,
            "Thumbprint": self.thumbprint,
            "CertStoreInventoryItemId": item,
            "CertState": if level == 0 { self.state().0 } else { 0 },
            "Metadata": self.of.metadata,
        })
    }

    pub(super) fn to_row(&self, asked: &Details, locations: &[Location<'_>]) -> Value {
        let (state, state_text) = self.state();
        let mut row = json!({
            "Id": self.id,
            "Thumbprint": self.thumbprint,
            "SerialNumber": self.serial_number,
            "IssuedDN": self.dn,
            "IssuedCN": self.of.common_name,
            "IssuerDN": ISSUER,
            "ImportDate": self.not_before().to_string(),
            "NotBefore": self.not_before().to_string(),
            "NotAfter": self.of.not_after.to_string(),
            "CertState": state,
            "CertStateString": state_text,
            "RevocationEffDate": self.is_revoked().then(|| self.not_before().to_string()),
            "RevocationReason": self.is_revoked().then_some(0),
            "HasPrivateKey": asked.private_key && self.of.private_key,
            "LocationsCount": [],
            "Locations": [],
            "Metadata": {},
        });
        let Some(members) = row.as_object_mut() else { return row };
        for alike in [alike_of_key(), alike_of_issue()] {
            if let Value::Object(alike) = alike {
                members.extend(alike);
            }
        }
        if asked.metadata {
            members.insert("Metadata".to_owned(), json!(self.of.metadata));
        }
        if asked.locations {
            members.insert("Locations".to_owned(), locations.iter().map(|it| it.row.clone()).collect());
            members.insert("LocationsCount".to_owned(), counted(locations));
        }
        row
    }
}

/// The members that every certificate of the fake has alike: those of its key.
fn alike_of_key() -> Value {
    json!({
        "KeySizeInBits": KEY_SIZE,
        "KeyType": 1,
        "KeyTypeString": "RSA",
        "KeyAlgorithm": "1.2.840.113549.1.1.1",
        "SigningAlgorithm": "SHA-256",
        "Curve": null,
        "AltKeyAlgorithm": null,
        "AltKeySizeInBits": 0,
        "AltKeyType": 0,
        "AltKeyTypeString": "",
        "AltSigningAlgorithm": null,
        "HasAltPrivateKey": false,
        "ArchivedKey": false,
        "KeyRecoverable": false,
        "KeyUsage": 160,
        "ExtendedKeyUsages": [],
        "DetailedKeyUsage": {
            "CrlSign": false,
            "DataEncipherment": false,
            "DecipherOnly": false,
            "DigitalSignature": true,
            "EncipherOnly": false,
            "KeyAgreement": false,
            "KeyCertSign": false,
            "KeyEncipherment": true,
            "NonRepudiation": false,
            "HexCode": "A0",
        },
    })
}

/// The other members that every certificate of the fake has alike.
fn alike_of_issue() -> Value {
    json!({
        "PrincipalId": null,
        "PrincipalName": null,
        "OwnerRoleId": null,
        "OwnerRoleName": null,
        "TemplateId": null,
        "TemplateName": "",
        "RequesterId": null,
        "RequesterName": "",
        "IssuedOU": null,
        "IssuedEmail": null,
        "RevocationComment": null,
        "CertificateAuthorityId": null,
        "CertificateAuthorityName": "",
        "CertRequestId": null,
        "CARecordId": "",
        "CARowIndex": null,
        "ContentBytes": "",
        "SubjectAltNameElements": [],
        "CRLDistributionPoints": [],
        "SSLLocations": [],
        "EnrollmentPatternId": null,
        "Lifespan": 365,
    })
}

const KEY_SIZE: i64 = 2048;

/// The parts of a certificate that come only when they are asked for.
pub(super) struct Details {
    pub(super) locations: bool,
    pub(super) metadata: bool,
    pub(super) private_key: bool,
}

/// Where a certificate is.
pub(super) struct Location<'a> {
    pub(super) type_name: &'a str,
    pub(super) row: Value,
}

fn counted(locations: &[Location<'_>]) -> Value {
    let mut counts = BTreeMap::<&str, usize>::new();
    for location in locations {
        *counts.entry(location.type_name).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| json!({"Type": kind, "Count": count})).collect()
}

/// Digits that are the same in every run and share no beginning.
fn hex(seed: u64, digits: usize) -> String {
    let mut text = String::new();
    let mut state = seed;
    while text.len() < digits {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let _ = write!(text, "{:016X}", mixed ^ (mixed >> 31));
    }
    text.truncate(digits);
    text
}

/// All that were issued.
#[derive(Default)]
pub(super) struct Certificates {
    by_id: BTreeMap<i32, Certificate>,
    by_thumbprint: BTreeMap<String, Vec<i32>>,
}

/// The codes for suspending a certificate, and for taking that back.
const HOLD: i64 = 6;
const REMOVE_FROM_HOLD: i64 = -1;

impl Certificates {
    /// Whether it was done: it may need an approval first.
    pub(super) fn revoke(&mut self, id: i32, reason: i64) -> bool {
        let Some(certificate) = self.by_id.get_mut(&id).filter(|it| !it.of.revocation_needs_approval) else {
            return false;
        };
        certificate.of.revocation = match reason {
            HOLD => Revocation::Hold,
            REMOVE_FROM_HOLD => Revocation::None,
            _ => Revocation::Final,
        };
        true
    }

    pub(super) fn issue(&mut self, certificate: FakeCertificate) -> i32 {
        let id = self.next_id();
        self.issue_as(id, certificate);
        id
    }

    pub(super) fn next_id(&self) -> i32 {
        let after_the_last = self.by_id.last_key_value().map_or(Some(1), |(last, _)| last.checked_add(1));
        // A state that was loaded may have the last number of all: then the first free one.
        after_the_last.or_else(|| (1..i32::MAX).find(|id| !self.by_id.contains_key(id))).unwrap_or(i32::MAX)
    }

    pub(super) fn issue_as(&mut self, id: i32, certificate: FakeCertificate) {
        let certificate = Certificate::issued(id, certificate);
        self.by_thumbprint.entry(certificate.thumbprint.to_lowercase()).or_default().push(id);
        self.by_id.insert(id, certificate);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.by_id.values()
    }

    pub(super) fn get(&self, id: i32) -> Option<&Certificate> {
        self.by_id.get(&id)
    }

    pub(super) fn thumbprint(&self, id: i32) -> Option<&str> {
        Some(&self.get(id)?.thumbprint)
    }

    /// Those that a query can be about: by thumbprint, if it names some.
    pub(super) fn candidates(&self, listing: &Listing) -> Box<dyn Iterator<Item = &Certificate> + '_> {
        let Some(named) = listing.filter.only("Thumbprint") else { return Box::new(self.by_id.values()) };
        let texts = named.into_iter().filter_map(|value| match value {
            Operand::Text(text) => self.by_thumbprint.get(text.as_ref()),
            _ => None,
        });
        let ids: BTreeSet<i32> = texts.flatten().copied().collect();
        Box::new(ids.into_iter().filter_map(|id| self.get(id)))
    }
}

impl Queried for &Certificate {
    fn operand(&self, field: &str) -> Operand<'_> {
        match field {
            "CertId" => Operand::Number(self.id.into()),
            "Thumbprint" => Operand::Text((&self.thumbprint).into()),
            "SerialNumber" => Operand::Text((&self.serial_number).into()),
            "IssuedCN" => Operand::Text((&self.of.common_name).into()),
            "IssuedDN" => Operand::Text((&self.dn).into()),
            "IssuerDN" => Operand::Text(ISSUER.into()),
            "CertState" => Operand::Number(self.state().0.into()),
            "KeySizeInBits" => Operand::Number(KEY_SIZE),
            "NotBefore" | "IssuedDate" => Operand::Time(self.not_before()),
            "NotAfter" => Operand::Time(self.of.not_after),
            // `CertRequestId`, `OwnerRoleName`: the fake enrols nothing and knows no roles.
            _ => Operand::Nothing,
        }
    }
}

impl FakeKeyfactor {
    /// Adds a certificate that is in no store, and returns its id. The first id is 1.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// assert_eq!(id.get(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn issue(&self, certificate: FakeCertificate) -> CertificateId {
        self.state(|state| state.certificates.issue(certificate)).into()
    }

    /// Returns the thumbprint of a certificate, or an empty string if no certificate with this id was issued.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// let row = fake.client().certificates().get(id).send().await?;
    /// assert_eq!(row.thumbprint, fake.thumbprint(id));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn thumbprint(&self, id: CertificateId) -> String {
        self.state(|state| state.certificates.thumbprint(id.get()).unwrap_or_default().to_owned())
    }
}
