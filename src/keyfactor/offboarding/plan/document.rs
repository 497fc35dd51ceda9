//! A removal plan as a document.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{PlannedCertificate, PlannedRemoval, RemovalPlan};
use crate::plan_file::{Document, PlanError, PlanFormat, PlanHeader};

impl PlanFormat for RemovalPlan {
    const FORMAT: &'static str = "clm.keyfactor.removal-plan";
    const VERSION: u32 = 1;

    fn of_document(header: PlanHeader, mut document: Document) -> Result<Self, PlanError> {
        let plan = Self {
            header,
            collection_id: document.or_default("collection_id")?,
            certificates: document.needed("certificates")?,
            removals: document.needed("removals")?,
            omitted: document.or_default("omitted")?,
        };
        plan.checked()
    }

    /// A plan of one certificate, whose members stand beside those of the plan.
    fn of_headless(mut document: Document) -> Result<Self, PlanError> {
        if !document.has("certificate_id") || !document.has("removals") {
            return Err(PlanError::AnotherFormat { found: None, expected: Self::FORMAT });
        }
        let certificate = PlannedCertificate {
            id: document.needed("certificate_id")?,
            thumbprint: document.needed("thumbprint")?,
            issued_cn: document.needed("issued_cn")?,
            has_private_key: document.needed("has_private_key")?,
        };
        let mut removals: Vec<Map<String, Value>> = document.needed("removals")?;
        for removal in &mut removals {
            removal.insert("thumbprint".to_owned(), certificate.thumbprint.as_str().into());
        }
        let removals: Result<Vec<_>, _> =
            removals.into_iter().map(|it| PlannedRemoval::deserialize(Value::Object(it))).collect();
        let plan = Self {
            header: PlanHeader::unknown::<Self>(),
            collection_id: document.or_default("collection_id")?,
            removals: removals.map_err(|error| PlanError::Malformed(format!("`removals`: {error}")))?,
            certificates: vec![certificate],
            omitted: Vec::new(),
        };
        plan.checked()
    }
}

impl RemovalPlan {
    /// Each place names one of the certificates, and none of these stands twice.
    fn checked(self) -> Result<Self, PlanError> {
        let mut thumbprints: Vec<_> = self.certificates.iter().map(|it| &it.thumbprint).collect();
        thumbprints.sort();
        let twice = thumbprints.windows(2).find_map(|pair| pair.first().filter(|first| pair.get(1) == Some(first)));
        if let Some(twice) = twice {
            return Err(PlanError::Malformed(format!("`certificates`: {twice} stands there twice")));
        }
        let unnamed = self.removals.iter().find(|it| thumbprints.binary_search(&&it.thumbprint).is_err());
        if let Some(unnamed) = unnamed {
            let thumbprint = &unnamed.thumbprint;
            return Err(PlanError::Malformed(format!("`removals`: {thumbprint} is none of the certificates")));
        }
        Ok(self)
    }
}
