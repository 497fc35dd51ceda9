//! What is answered about certificates.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificates::{Certificate, Details};
use super::list::{Listing, Offer, Parameters};
use super::query::Kind;
use super::refusal::not_found;
use super::state::State;
use crate::testing::server::Reply;

/// The fields seen in the vendor's code, and (assumed) some more; the sort fields that a real server took.
const OFFER: Offer = Offer {
    prefix: "pq",
    fields: &[
        ("CertId", Kind::Number),
        ("CertRequestId", Kind::Number),
        ("CertState", Kind::Number),
        ("IssuedCN", Kind::Text),
        ("IssuedDN", Kind::Text),
        ("IssuerDN", Kind::Text),
        ("KeySizeInBits", Kind::Number),
        ("NotAfter", Kind::Time),
        ("NotBefore", Kind::Time),
        ("OwnerRoleName", Kind::Text),
        ("SerialNumber", Kind::Text),
        ("Thumbprint", Kind::Text),
    ],
    sorts: &["CertId", "IssuedCN", "IssuedDate", "IssuerDN"],
};

impl Details {
    fn read(parameters: &Parameters) -> Result<Self, Reply> {
        Ok(Self {
            locations: parameters.truth("includeLocations")?,
            metadata: parameters.truth("includeMetadata")?,
            private_key: parameters.truth("includeHasPrivateKey")?,
        })
    }
}

impl State {
    pub(super) fn list_certificates(&self, parameters: &Parameters) -> Result<Reply, Reply> {
        let collection = parameters.id("collectionId")?;
        self.permit_reading_certificates(collection)?;
        let asked = Details::read(parameters)?;
        let of_query = parameters.of_query(OFFER.prefix);
        let revoked = of_query.truth("IncludeRevoked")?;
        let expired = of_query.truth("IncludeExpired")?;
        let listing = Listing::read(parameters, &OFFER, &self.traps)?;
        let now = Timestamp::now();
        let shown = |certificate: &&Certificate| {
            collection.is_none_or(|id| certificate.is_in(id))
                && (revoked || !certificate.is_revoked())
                && (expired || !certificate.is_expired(now))
        };
        let rows = listing.select(self.certificates.candidates(&listing).filter(shown));
        Ok(listing.reply(rows, &self.traps, |certificate| self.certificate_row(certificate, &asked)))
    }

    fn certificate_row(&self, certificate: &Certificate, asked: &Details) -> Value {
        let locations = if asked.locations { self.locations(certificate.id) } else { Vec::new() };
        certificate.to_row(asked, &locations)
    }

    /// `containerId` is not read: a collection beats it, and it gives no permission to read certificates (assumed).
    fn permitted_certificate(&self, id: &str, parameters: &Parameters) -> Result<&Certificate, Reply> {
        let collection = parameters.id("collectionId")?;
        self.permit_reading_certificates(collection)?;
        let found = id.parse().ok().and_then(|id| self.certificates.get(id));
        let found = found.filter(|certificate| collection.is_none_or(|id| certificate.is_in(id)));
        found.ok_or_else(|| not_found(&format!("Certificate {id}")))
    }

    pub(super) fn read_certificate(&self, id: &str, parameters: &Parameters) -> Result<Reply, Reply> {
        let certificate = self.permitted_certificate(id, parameters)?;
        let mut row = self.certificate_row(certificate, &Details::read(parameters)?);
        if let Some(members) = row.as_object_mut() {
            members.insert("IsCACertificate".to_owned(), json!(false));
            members.insert("PathLengthConstraint".to_owned(), Value::Null);
        }
        Ok(Reply::json(200, self.traps.written(row)))
    }

    pub(super) fn read_certificate_locations(&self, id: &str, parameters: &Parameters) -> Result<Reply, Reply> {
        let certificate = self.permitted_certificate(id, parameters)?;
        let details = self.location_details(certificate.id);
        Ok(Reply::json(200, self.traps.written(json!({"Details": details}))))
    }
}
