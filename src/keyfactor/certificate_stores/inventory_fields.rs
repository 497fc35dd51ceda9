//! Inventory parameters that are sent to jobs as job fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Selects which inventory parameters of an entry are sent to its job as job fields.
///
/// A store type defines which entry parameters a job needs; removing a certificate from IIS needs the binding, for
/// example. Whether Command fills them in from its own inventory is undocumented by the vendor, so this crate sends
/// them where they are needed. The values come from the server and are not secrets. A job field that the caller sets
/// takes precedence.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{JobFieldsFromInventory, Schedule};
///
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let removal = stores.remove(&plan, Schedule::Immediate);
/// removal.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum JobFieldsFromInventory {
    /// Sends none.
    Never,
    /// Sends those that the store type needs. If the alias has several entries, or an entry is put back without its
    /// alias, all are sent, as with `Always`, because only they identify the entry.
    #[default]
    WhereNeeded,
    /// Sends all that the store type defines. If the store type is not known, sends every parameter in the inventory
    /// that can be a job field.
    Always,
}

/// What an inventory shows of an entry, by the names of job fields.
#[derive(Clone, PartialEq, Default)]
pub(in crate::keyfactor) struct InventoryFields {
    pub(in crate::keyfactor) needed: BTreeMap<String, Value>,
    pub(in crate::keyfactor) all: BTreeMap<String, Value>,
}

impl InventoryFields {
    /// The parameters with these names that an entry shows, in the spelling of `names`.
    pub(in crate::keyfactor) fn of<'a>(
        parameters: &Map<String, Value>,
        names: impl IntoIterator<Item = &'a String>,
    ) -> BTreeMap<String, Value> {
        names.into_iter().filter_map(|name| Some((name.clone(), shown(parameters, name)?.clone()))).collect()
    }

    /// Every parameter that an entry shows.
    pub(in crate::keyfactor) fn every(parameters: &Map<String, Value>) -> BTreeMap<String, Value> {
        let fit = parameters.iter().filter(|(_, value)| can_be_given(value));
        fit.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    pub(super) fn chosen(&self, choice: JobFieldsFromInventory) -> Option<&BTreeMap<String, Value>> {
        match choice {
            JobFieldsFromInventory::Never => None,
            JobFieldsFromInventory::WhereNeeded => Some(&self.needed),
            JobFieldsFromInventory::Always => Some(&self.all),
        }
    }
}

/// The value of a parameter, where the entry shows one. Of names that differ in case alone, the very one counts; if it is none of
/// them and they have different values, nobody knows which one is meant.
pub(in crate::keyfactor) fn shown<'a>(parameters: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = parameters.get(name).or_else(|| only_value(parameters, name));
    found.filter(|value| can_be_given(value))
}

/// What a parameter is by all names that differ from this one in case alone, if that is one value.
pub(in crate::keyfactor) fn only_value<'a>(parameters: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut values = parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let first = values.next()?;
    values.all(|it| it == first).then_some(first)
}

/// An empty text says nothing: servers write it for what an entry does not have.
fn can_be_given(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
