//! The requirements of a plan's store types.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PlannedRemoval;
use crate::keyfactor::certificate_store_types::{CustomAlias, GetStoreType, StoreTypeNeeds};
use crate::keyfactor::certificate_stores::{InventoryFields, shown};
use crate::keyfactor::types::CertificateStoreTypeId;
use crate::keyfactor::vendor::{Caller, Error};

/// The store type of an entry in a plan, if it is known.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::PlannedStoreType;
///
/// let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
/// for entry in &plan.removals {
///     if let PlannedStoreType::Unknown { why } = &entry.store_type {
///         println!("{entry}: what its removal needs is unknown: {why}");
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlannedStoreType {
    /// The requirements of the store type.
    Known(StoreTypeNeeds),
    /// The store type could not be read, for example because the account may not read store types. It is then unknown
    /// what a removal requires, and whether an alias may be given when the entry is put back.
    Unknown {
        /// The reason.
        why: String,
    },
}

/// That of a plan that was made before plans knew types.
impl Default for PlannedStoreType {
    fn default() -> Self {
        Self::unknown("the plan does not contain the store type")
    }
}

impl PlannedStoreType {
    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// Returns the requirements of the store type, if they are known.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     if let Some(needs) = entry.store_type.needs() {
    ///         println!("{}: {:?}", entry.alias, needs.needed_on_remove);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn needs(&self) -> Option<&StoreTypeNeeds> {
        match self {
            Self::Known(needs) => Some(needs),
            Self::Unknown { .. } => None,
        }
    }
}

/// The names of a type of store, all together. Each place of a plan has them.
const LONGEST_NAMES: usize = 16 * 1024;

const TOO_LONG: &str = "the names of its entry parameters are too many or too long";

/// Reads types of stores, each once for a client. What cannot be read stops no plan.
pub(super) async fn read_types(
    caller: &Caller,
    ids: BTreeSet<CertificateStoreTypeId>,
) -> HashMap<CertificateStoreTypeId, PlannedStoreType> {
    let cache = &caller.settings().store_types;
    let mut types = HashMap::new();
    // Of an error that each further call would meet.
    let mut given_up: Option<String> = None;
    for id in ids {
        let known = match (cache.get(id), &given_up) {
            (Some(needs), _) => PlannedStoreType::Known((*needs).clone()),
            (None, Some(why)) => PlannedStoreType::unknown(why),
            (None, None) => match caller.request(GetStoreType::new(id)).send().await {
                Ok(store_type) => match store_type.needs() {
                    needs if needs.names_bytes() > LONGEST_NAMES => PlannedStoreType::unknown(TOO_LONG),
                    needs => PlannedStoreType::Known((*cache.keep(needs)).clone()),
                },
                Err(error) => {
                    let why = error.to_string();
                    if is_of_every_type(&error) {
                        given_up = Some(why.clone());
                    }
                    PlannedStoreType::unknown(why)
                }
            },
        };
        types.insert(id, known);
    }
    types
}

fn is_of_every_type(error: &Error) -> bool {
    error.failure_scope().ends_a_run() || error.status() == Some(http::StatusCode::FORBIDDEN)
}

/// The type of a store whose number is known, or not.
pub(super) fn type_of(
    id: Option<CertificateStoreTypeId>,
    types: &HashMap<CertificateStoreTypeId, PlannedStoreType>,
) -> PlannedStoreType {
    let known = id.and_then(|id| types.get(&id).cloned());
    known.unwrap_or_else(|| PlannedStoreType::unknown("the type of the store is not known"))
}

impl PlannedRemoval {
    /// Returns the job fields that are sent with the removal: the parameters in the inventory that the store type
    /// requires. See [`JobFieldsFromInventory`](crate::keyfactor::JobFieldsFromInventory).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     println!("{}: {:?}", entry.alias, entry.job_fields_on_remove());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_fields_on_remove(&self) -> BTreeMap<String, Value> {
        self.fields_on_remove().needed
    }

    /// Returns the job fields that are sent when the entry is put back: the parameters in the inventory that the
    /// store type requires.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     println!("{}: {:?}", entry.alias, entry.job_fields_on_add());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn job_fields_on_add(&self) -> BTreeMap<String, Value> {
        self.fields_on_add().needed
    }

    /// Returns the parameters that a removal requires and the inventory does not show. Without them the job may fail;
    /// set them with [`map_locations`](crate::RequestBuilder::map_locations). Empty if the store type is unknown.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     for name in entry.missing_on_remove() {
    ///         println!("{}: {name} is missing", entry.alias);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn missing_on_remove(&self) -> impl Iterator<Item = &str> {
        self.missing(|needs| &needs.needed_on_remove)
    }

    /// Returns the parameters that putting the entry back requires and the inventory did not show. Without them the
    /// job may fail; set them with [`map_entries`](crate::RequestBuilder::map_entries). Empty if the store type is
    /// unknown.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     for name in entry.missing_on_add() {
    ///         println!("{}: {name} is missing", entry.alias);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn missing_on_add(&self) -> impl Iterator<Item = &str> {
        self.missing(|needs| &needs.needed_on_add)
    }

    /// Returns the alias that is sent when the entry is put back, or `None` if the store type forbids an alias and
    /// the store chooses one. If the store type is unknown, the alias is sent, and the server may refuse it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// for entry in &plan.removals {
    ///     println!("{}: {:?}", entry.alias, entry.alias_on_add());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn alias_on_add(&self) -> Option<&str> {
        let is_forbidden = self.store_type.needs().is_some_and(|needs| needs.custom_alias == CustomAlias::Forbidden);
        (!is_forbidden).then_some(self.alias.as_str())
    }

    fn missing(&self, needed: NamesOf) -> impl Iterator<Item = &str> {
        let needs = self.store_type.needs();
        let can_be_taken =
            move |name: &str| needs.is_some_and(|it| it.shows(name)) && shown(&self.parameters, name).is_some();
        let needed = needs.map(needed).unwrap_or_default().iter().map(String::as_str);
        needed.filter(move |name| !can_be_taken(name))
    }

    /// What jobs of a removal can be given.
    pub(super) fn fields_on_remove(&self) -> InventoryFields {
        let tells = if self.is_one_of_several { Tells::Entry } else { Tells::Nothing };
        self.inventory_fields(|needs| &needs.needed_on_remove, tells)
    }

    /// What jobs that put the entry back can be given. An entry without its alias is told from others by its parameters alone.
    pub(super) fn fields_on_add(&self) -> InventoryFields {
        let is_told = !self.is_one_of_several && self.alias_on_add().is_some();
        self.inventory_fields(|needs| &needs.needed_on_add, if is_told { Tells::Nothing } else { Tells::Entry })
    }
    fn inventory_fields(&self, needed: NamesOf, tells: Tells) -> InventoryFields {
        let needs = self.store_type.needs();
        let all = match needs {
            Some(needs) => InventoryFields::of(&self.parameters, &needs.parameters),
            None => InventoryFields::every(&self.parameters),
        };
        let needed = match (tells, needs) {
            (Tells::Entry, _) => all.clone(),
            (Tells::Nothing, Some(needs)) => {
                let shown = needed(needs).iter().filter(|name| needs.shows(name));
                InventoryFields::of(&self.parameters, shown)
            }
            (Tells::Nothing, None) => BTreeMap::new(),
        };
        InventoryFields { needed, all }
    }
}

/// Names of parameters that a type asks for.
type NamesOf = fn(&StoreTypeNeeds) -> &[String];

/// What the parameters of an entry tell.
#[derive(Clone, Copy)]
enum Tells {
    /// They alone tell it from other entries.
    Entry,
    /// The alias tells it.
    Nothing,
}
