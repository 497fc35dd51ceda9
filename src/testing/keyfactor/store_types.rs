//! Types of certificate stores, and what jobs on their stores need.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::FakeKeyfactor;
use super::jobs::FakeJobKind;
use super::list::{Listing, Offer, Parameters};
use super::query::{Kind, Operand, Queried};
use super::refusal::{bad_request, not_found};
use super::state::{State, numbered};
use super::stores::FakeStore;
use super::traps::{Trap, Traps};
use crate::keyfactor::CertificateStoreId;
use crate::testing::server::Reply;

/// A type of certificate stores; see [`FakeKeyfactor::add_store_of_type`].
///
/// **What it asks for is enforced.** An addition that gives an alias where the type forbids it, or none where the type needs
/// one, is answered 400. A job that is not told a parameter which the type needs fails. How far that is known,
/// [the guide](crate::guide::fakes#certificate-stores) says.
#[derive(Clone, PartialEq, Debug)]
#[must_use = "the fake knows it once it is given to it"]
pub struct FakeStoreType {
    pub(super) number: i32,
    pub(super) name: String,
    pub(super) short_name: String,
    pub(super) alias: FakeCustomAlias,
    pub(super) parameters: Vec<FakeEntryParameter>,
}

/// Whether an alias may be given when a certificate is added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeCustomAlias {
    /// The store chooses it.
    Forbidden,
    /// It may be given.
    Optional,
    /// It must be given.
    Required,
}

/// An entry parameter of a [`FakeStoreType`].
#[derive(Clone, PartialEq, Debug)]
#[must_use = "the fake knows it once it is given to it"]
pub struct FakeEntryParameter {
    pub(super) name: String,
    /// The choices, with commas; empty for a text.
    pub(super) options: String,
    pub(super) secret: bool,
    pub(super) default_value: String,
    pub(super) on_add: bool,
    pub(super) on_remove: bool,
}

impl FakeStoreType {
    /// A type with this number and short name, whose stores take an alias or none and whose jobs need no parameters.
    pub fn new(number: i32, short_name: impl Into<String>) -> Self {
        let short_name = short_name.into();
        let (name, alias) = (short_name.clone(), FakeCustomAlias::Optional);
        Self { number, name, short_name, alias, parameters: Vec::new() }
    }

    /// IIS, as the vendor's `IISU`: an alias is forbidden; site name, address and protocol of the binding are needed to add
    /// and to remove. Its number, 104, is made up.
    pub fn iis() -> Self {
        let needed = |name: &str| FakeEntryParameter::new(name).needed_on_add().needed_on_remove();
        Self::new(104, "IISU")
            .name("IIS Bound Certificate")
            .custom_alias(FakeCustomAlias::Forbidden)
            .entry_parameter(FakeEntryParameter::new("Port").default_value("443"))
            .entry_parameter(needed("SiteName").default_value("Default Web Site"))
            .entry_parameter(needed("IPAddress").default_value("*"))
            .entry_parameter(FakeEntryParameter::new("HostName"))
            .entry_parameter(needed("Protocol").options("https,http").default_value("https"))
    }

    /// Java keystores, the vendor's type 0: an alias is required.
    pub fn jks() -> Self {
        Self::new(0, "JKS").name("Java Keystore").custom_alias(FakeCustomAlias::Required)
    }

    /// PEM files, the vendor's type 2: an alias may be given.
    pub fn pem() -> Self {
        Self::new(2, "PEM").name("PEM File")
    }

    /// Its name for people; the short name unless it is set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether an alias may be given when a certificate is added.
    pub fn custom_alias(mut self, alias: FakeCustomAlias) -> Self {
        self.alias = alias;
        self
    }

    /// Has one more parameter.
    pub fn entry_parameter(mut self, parameter: FakeEntryParameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A store of this type.
    pub(super) fn of_store(&self) -> FakeStore {
        FakeStore::new().store_type(self.number, self.short_name.clone())
    }

    /// A type that nobody has described.
    fn undescribed(store: &FakeStore) -> Self {
        Self::new(store.type_number, store.type_name.clone())
    }

    /// The number by which servers tell whether an alias may be given.
    pub(super) fn alias_number(&self) -> i32 {
        match self.alias {
            FakeCustomAlias::Forbidden => 0,
            FakeCustomAlias::Optional => 1,
            FakeCustomAlias::Required => 2,
        }
    }

    /// Refuses an addition whose alias is not what the type allows.
    pub(super) fn permit_alias(&self, alias: Option<&str>) -> Result<(), Reply> {
        match (self.alias, alias) {
            (FakeCustomAlias::Forbidden, Some(_)) => {
                Err(bad_request(&format!("The certificate store type '{}' does not allow an alias.", self.short_name)))
            }
            (FakeCustomAlias::Required, None) => {
                Err(bad_request(&format!("The certificate store type '{}' requires an alias.", self.short_name)))
            }
            _ => Ok(()),
        }
    }

    /// The first parameter that a job needs and is not told.
    fn missing(&self, fields: &Map<String, Value>, needs: impl Fn(&FakeEntryParameter) -> bool) -> Option<&str> {
        let is_told = |name: &str| {
            fields.iter().any(|(given, value)| given.eq_ignore_ascii_case(name) && !value.is_null() && *value != "")
        };
        let needed = self.parameters.iter().filter(|it| needs(it)).map(|it| it.name.as_str());
        needed.into_iter().find(|name| !is_told(name))
    }

    /// Fails a job that is not told what it needs.
    pub(super) fn check_job(&self, kind: FakeJobKind, fields: &Map<String, Value>) -> Result<(), String> {
        let missing = match kind {
            FakeJobKind::Add => self.missing(fields, |it| it.on_add),
            FakeJobKind::Remove => self.missing(fields, |it| it.on_remove),
            FakeJobKind::Inventory => None,
        };
        missing.map_or(Ok(()), |name| Err(format!("The job does not say the entry parameter '{name}'.")))
    }

    fn written(&self, traps: &Traps) -> Value {
        let by_schema = traps.has(Trap::StoreTypesBySchema);
        let named = |number: i32, name: &str| if by_schema { json!(number) } else { json!(name) };
        let alias = ["Forbidden", "Optional", "Required"].get(self.alias_number().unsigned_abs() as usize);
        json!({
            "Name": self.name,
            "ShortName": self.short_name,
            "Capability": self.short_name,
            "StoreType": self.number,
            "ImportType": self.number,
            "LocalStore": false,
            "SupportedOperations":
                {"Add": true, "Create": false, "Discovery": false, "Enrollment": false, "Remove": true},
            "Properties": [],
            "EntryParameters":
                self.parameters.iter().zip(1..).map(|(it, id)| it.written(id, self.number, traps)).collect::<Vec<_>>(),
            "PasswordOptions": {"EntrySupported": false, "StoreRequired": false, "Style": named(0, "Default")},
            "StorePathType": "",
            "StorePathValue": "",
            "PrivateKeyAllowed": named(1, "Optional"),
            "CertificateFormat": named(2, "PFX"),
            "JobProperties": [],
            "ServerRequired": false,
            "PowerShell": false,
            "BlueprintAllowed": false,
            "CustomAliasAllowed": named(self.alias_number(), alias.copied().unwrap_or_default()),
            "ServerRegistration": self.number,
            "InventoryEndpoint": "/AnyInventory/Update",
            "InventoryJobType": numbered(0x7E9E_0001, self.number.unsigned_abs().into()),
            "ManagementJobType": numbered(0x7E9E_0002, self.number.unsigned_abs().into()),
            "DiscoveryJobType": numbered(0x7E9E_0003, self.number.unsigned_abs().into()),
            "EnrollmentJobType": numbered(0x7E9E_0004, self.number.unsigned_abs().into()),
        })
    }
}

impl FakeEntryParameter {
    /// A text that no job needs.
    pub fn new(name: impl Into<String>) -> Self {
        let (options, default_value) = (String::new(), String::new());
        Self { name: name.into(), options, secret: false, default_value, on_add: false, on_remove: false }
    }

    /// One of these values, which stand between commas.
    pub fn options(mut self, options: impl Into<String>) -> Self {
        self.options = options.into();
        self
    }

    /// A secret, of which an inventory shows no value, or stars (assumed).
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What the vendor's portal suggests. The fake does not fill it in.
    pub fn default_value(mut self, value: impl Into<String>) -> Self {
        self.default_value = value.into();
        self
    }

    /// Additions need it.
    pub fn needed_on_add(mut self) -> Self {
        self.on_add = true;
        self
    }

    /// Removals need it.
    pub fn needed_on_remove(mut self) -> Self {
        self.on_remove = true;
        self
    }

    fn written(&self, id: i32, store_type: i32, traps: &Traps) -> Value {
        let by_schema = traps.has(Trap::StoreTypesBySchema);
        let (number, name) = match (self.secret, self.options.is_empty()) {
            (true, _) => (3, "Secret"),
            (false, true) => (0, "String"),
            (false, false) => (2, "MultipleChoice"),
        };
        let mut written = json!({
            "StoreTypeId": store_type,
            "Name": self.name,
            "DisplayName": self.name,
            "Type": if by_schema { json!(number) } else { json!(name) },
            "ValidationOptions": {
                "HasPrivateKey": 0,
                "OnAdd": i32::from(self.on_add),
                "OnRemove": i32::from(self.on_remove),
                "OnODKG": 0,
            },
            "DependsOn": "",
            "DefaultValue": self.default_value,
            "Options": self.options,
            "Id": id,
        });
        if let (false, Some(members)) = (by_schema, written.as_object_mut()) {
            let required = json!({"HasPrivateKey": false, "OnAdd": self.on_add, "OnRemove": self.on_remove, "OnReenrollment": false});
            members.insert("RequiredWhen".to_owned(), required);
            // Real servers leave out what they have no value for.
            members.retain(|_, value| *value != "");
        }
        written
    }
}

impl Queried for &FakeStoreType {
    fn operand(&self, field: &str) -> Operand<'_> {
        match field {
            "Name" => Operand::Text(self.name.as_str().into()),
            "ShortName" => Operand::Text(self.short_name.as_str().into()),
            "StoreType" => Operand::Number(self.number.into()),
            _ => Operand::Nothing,
        }
    }
}

/// The vendor documents no field of the query and no order; these are assumed. The prefix is that of the vendor's Python client for
/// Command 10.
const OFFER: Offer = Offer {
    prefix: "cstquery",
    fields: &[("Name", Kind::Text), ("ShortName", Kind::Text), ("StoreType", Kind::Number)],
    sorts: &["Name", "ShortName"],
};

impl State {
    /// Every type: those that were described, and those of stores that nobody has described.
    fn store_types(&self) -> BTreeMap<i32, FakeStoreType> {
        let of_stores = self.stores.values().map(|store| &store.shown);
        let mut types: BTreeMap<i32, FakeStoreType> =
            of_stores.map(|store| (store.type_number, FakeStoreType::undescribed(store))).collect();
        types.extend(self.described_types.iter().map(|(number, it)| (*number, it.clone())));
        types
    }

    /// The type of a store.
    pub(super) fn type_of(&self, store: &FakeStore) -> FakeStoreType {
        let described = self.described_types.get(&store.type_number);
        described.cloned().unwrap_or_else(|| FakeStoreType::undescribed(store))
    }

    pub(super) fn list_store_types(&self, parameters: &Parameters) -> Result<Reply, Reply> {
        self.permit_reading_store_types()?;
        let listing = Listing::read(parameters, &OFFER, &self.traps)?;
        let types = self.store_types();
        let rows = listing.select(types.values());
        Ok(listing.reply(rows, &self.traps, |it| it.written(&self.traps)))
    }

    pub(super) fn read_store_type(&self, id: &str) -> Result<Reply, Reply> {
        self.permit_reading_store_types()?;
        let found = id.parse().ok().and_then(|number: i32| self.store_types().remove(&number));
        let found = found.ok_or_else(|| not_found(&format!("Certificate store type {id}")))?;
        Ok(Reply::json(200, self.traps.written(found.written(&self.traps))))
    }
}

impl FakeKeyfactor {
    /// Adds a certificate store of this type, which the fake knows from then on.
    #[must_use]
    pub fn add_store_of_type(&self, store_type: FakeStoreType) -> CertificateStoreId {
        self.state(|state| {
            let store = store_type.of_store();
            state.described_types.insert(store_type.number, store_type);
            state.add_store(store)
        })
        .into()
    }

    /// Describes a type of stores, anew if the fake has it. Types of stores that nobody has described take an alias or none,
    /// and their jobs need no parameters.
    pub fn set_store_type(&self, store_type: FakeStoreType) {
        self.state(|state| state.described_types.insert(store_type.number, store_type));
    }
}
