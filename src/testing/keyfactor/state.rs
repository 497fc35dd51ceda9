//! What the fake server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::certificates::Certificates;
use super::identity_provider::Provider;
use super::jobs::Jobs;
use super::orchestrator::FakeOrchestrator;
use super::permissions::KeyfactorPermission;
use super::places::Places;
use super::store_types::FakeStoreType;
use super::stores::Store;
use super::traps::Traps;

pub(in crate::testing) struct State {
    /// Without slashes around it.
    pub(super) api_path: String,
    pub(super) permissions: BTreeSet<KeyfactorPermission>,
    /// Knows which bearer tokens are valid.
    pub(super) identity_provider: Arc<Provider>,
    pub(super) certificates: Certificates,
    pub(super) stores: BTreeMap<Uuid, Store>,
    /// Types of stores that were described, by number.
    pub(super) described_types: BTreeMap<i32, FakeStoreType>,
    /// The orchestrator of every store that has none of its own.
    pub(super) orchestrator: FakeOrchestrator,
    /// The stores whose own orchestrator goes by the clock.
    pub(super) going_by_clock: BTreeSet<Uuid>,
    /// Of the stores' inventories.
    pub(super) places: Places,
    pub(super) jobs: Jobs,
    pub(super) traps: Traps,
    pub(super) product_version: Option<String>,
    pub(super) answered: u64,
    /// The last moment, in seconds since 1970.
    clock: i64,
}

/// 2026-03-19T21:00:00Z.
const FIRST_MOMENT: i64 = 1_773_954_000;

impl Default for State {
    fn default() -> Self {
        Self {
            api_path: "KeyfactorAPI".to_owned(),
            permissions: KeyfactorPermission::EVERYTHING.into(),
            identity_provider: Arc::default(),
            certificates: Certificates::default(),
            stores: BTreeMap::new(),
            described_types: BTreeMap::new(),
            orchestrator: FakeOrchestrator::new(),
            going_by_clock: BTreeSet::new(),
            places: Places::default(),
            jobs: Jobs::default(),
            traps: Traps::default(),
            product_version: Some("25.4.1+00000000000000000000000000000000000000fa".to_owned()),
            answered: 0,
            clock: FIRST_MOMENT,
        }
    }
}

impl State {
    /// One second later than the last time: the same in every run, so that printed stories can be compared.
    pub(super) fn next_moment(&mut self) -> Timestamp {
        self.clock += 1;
        moment(self.clock)
    }

    /// The last moment.
    pub(super) fn clock(&self) -> Timestamp {
        moment(self.clock)
    }

    pub(super) fn set_clock(&mut self, time: Timestamp) {
        self.clock = time.as_second();
    }
}

pub(super) fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

/// GUIDs that are the same in every run.
pub(super) fn numbered(kind: u32, number: u64) -> Uuid {
    Uuid::from_u64_pair(u64::from(kind) << 32 | 0x4000, 0x8000_0000_0000_0000 | number)
}
