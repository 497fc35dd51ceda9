//! The types of stores that a client has read.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::needs::StoreTypeNeeds;
use crate::keyfactor::types::CertificateStoreTypeId;

/// So many types are remembered. The vendor's catalogue has some sixty.
const MOST_TYPES: usize = 1_000;

/// What a client has read of types of stores. What could not be read is not remembered, and asked for again by the next plan.
#[derive(Default)]
pub(in crate::keyfactor) struct StoreTypeCache(Mutex<HashMap<CertificateStoreTypeId, Arc<StoreTypeNeeds>>>);

impl StoreTypeCache {
    pub(in crate::keyfactor) fn get(&self, id: CertificateStoreTypeId) -> Option<Arc<StoreTypeNeeds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(Arc::clone)
    }

    pub(in crate::keyfactor) fn keep(&self, needs: StoreTypeNeeds) -> Arc<StoreTypeNeeds> {
        let needs = Arc::new(needs);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_TYPES {
            known.insert(needs.id, Arc::clone(&needs));
        }
        needs
    }
}

impl fmt::Debug for StoreTypeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "StoreTypeCache({known} known)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::allowance::CustomAlias;
    use super::*;

    #[test]
    fn so_many_types_are_remembered_and_no_more() {
        let cache = StoreTypeCache::default();
        let most = i32::try_from(MOST_TYPES).unwrap();
        for number in 0..most + 5 {
            cache.keep(StoreTypeNeeds {
                id: number.into(),
                short_name: None,
                custom_alias: CustomAlias::Unknown,
                parameters: Vec::new(),
                needed_on_remove: Vec::new(),
                needed_on_add: Vec::new(),
            });
        }
        assert!(cache.get((most - 1).into()).is_some());
        assert!(cache.get(most.into()).is_none());
    }
}
