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
/// **The fake enforces it.** It returns 400 for an addition with an alias if the type forbids one, and for an addition without an
/// alias if the type requires one. A job without a required parameter fails. [The guide](crate::guide::fakes#certificate-stores)
/// says how much of this is known of real servers.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeCustomAlias, FakeEntryParameter, FakeKeyfactor, FakeStoreType};
///
/// let fake = FakeKeyfactor::start().await;
/// let binding = FakeEntryParameter::new("Binding").needed_on_remove().default_value("443");
/// let store_type = FakeStoreType::new(120, "Proxy")
///     .name("Reverse proxy")
///     .custom_alias(FakeCustomAlias::Required)
///     .entry_parameter(binding)
///     .entry_parameter(FakeEntryParameter::new("Pin").secret())
///     .entry_parameter(FakeEntryParameter::new("Mode").options("strict,open").needed_on_add());
/// let _store = fake.add_store_of_type(store_type);
///
/// let row = fake.client().certificate_store_types().get(120).send().await?;
/// let needed: Vec<&str> = row.needed_on_remove().map(|it| it.name.as_str()).collect();
/// assert_eq!(needed, ["Binding"]);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[must_use = "has no effect until it is added to the fake"]
pub struct FakeStoreType {
    pub(super) number: i32,
    pub(super) name: String,
    pub(super) short_name: String,
    pub(super) alias: FakeCustomAlias,
    pub(super) parameters: Vec<FakeEntryParameter>,
}

/// Whether an addition may have an alias; see [`FakeStoreType::custom_alias`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeCustomAlias, FakeKeyfactor, FakeStoreType};
///
/// let fake = FakeKeyfactor::start().await;
/// let store_type = FakeStoreType::new(110, "Appliance").custom_alias(FakeCustomAlias::Required);
/// let store = fake.add_store_of_type(store_type);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeCustomAlias {
    /// The store chooses the alias.
    Forbidden,
    /// An alias may be given.
    Optional,
    /// An alias must be given.
    Required,
}

/// An entry parameter of a [`FakeStoreType`]. See the [example](FakeStoreType#example) there.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeEntryParameter, FakeKeyfactor, FakeStoreType};
///
/// let fake = FakeKeyfactor::start().await;
/// let partition =
///     FakeEntryParameter::new("Partition").default_value("Common").needed_on_remove();
/// let store =
///     fake.add_store_of_type(FakeStoreType::new(110, "Appliance").entry_parameter(partition));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[must_use = "has no effect until it is added to the fake"]
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
    /// Creates a type with this number and short name. An alias is optional, and jobs need no parameters. See the
    /// [example](Self#example).
    pub fn new(number: i32, short_name: impl Into<String>) -> Self {
        let short_name = short_name.into();
        let (name, alias) = (short_name.clone(), FakeCustomAlias::Optional);
        Self { number, name, short_name, alias, parameters: Vec::new() }
    }

    /// Creates the vendor's type `IISU` for IIS. An alias is forbidden. Additions and removals need the site name, the address and
    /// the protocol of the binding. The number, 104, is invented.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store_of_type(FakeStoreType::iis());
    /// let row = fake.client().certificate_stores().get(store).send().await?;
    /// assert_eq!(row.cert_store_type.map(|id| id.get()), Some(104));
    /// # Ok(()) }
    /// ```
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

    /// Creates the vendor's type 0 for Java keystores. An alias is required.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store_of_type(FakeStoreType::jks());
    /// fake.add_certificate(store, "www.example.com");
    /// # Ok(()) }
    /// ```
    pub fn jks() -> Self {
        Self::new(0, "JKS").name("Java Keystore").custom_alias(FakeCustomAlias::Required)
    }

    /// Creates the vendor's type 2 for PEM files. An alias is optional.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store_of_type(FakeStoreType::pem());
    /// fake.add_certificate(store, "www.example.com.pem");
    /// # Ok(()) }
    /// ```
    pub fn pem() -> Self {
        Self::new(2, "PEM").name("PEM File")
    }

    /// Sets the display name. The default is the short name. See the [example](Self#example).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets whether an addition may have an alias. See the [example](Self#example).
    pub fn custom_alias(mut self, alias: FakeCustomAlias) -> Self {
        self.alias = alias;
        self
    }

    /// Adds an entry parameter. See the [example](Self#example).
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
        missing.map_or(Ok(()), |name| Err(format!("The job does not set the entry parameter '{name}'.")))
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
    /// Creates a text parameter that no job needs. See the [example](FakeStoreType#example).
    pub fn new(name: impl Into<String>) -> Self {
        let (options, default_value) = (String::new(), String::new());
        Self { name: name.into(), options, secret: false, default_value, on_add: false, on_remove: false }
    }

    /// Makes the parameter a choice between these values, separated by commas. See the [example](FakeStoreType#example).
    pub fn options(mut self, options: impl Into<String>) -> Self {
        self.options = options.into();
        self
    }

    /// Makes the parameter a secret. An inventory shows no value for it, or asterisks (assumed). See the
    /// [example](FakeStoreType#example).
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Sets the value that the vendor's portal suggests. The fake does not fill it in. See the [example](FakeStoreType#example).
    pub fn default_value(mut self, value: impl Into<String>) -> Self {
        self.default_value = value.into();
        self
    }

    /// Additions need the parameter. See the [example](FakeStoreType#example).
    pub fn needed_on_add(mut self) -> Self {
        self.on_add = true;
        self
    }

    /// Removals need the parameter. See the [example](FakeStoreType#example).
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
    /// Adds the type, and an empty certificate store of it. Returns the id of the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeJobState, FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store_of_type(FakeStoreType::iis());
    /// fake.add_certificate(store, "www");
    ///
    /// let location = CertificateLocation::new(store, "www");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert_eq!(
    ///     fake.jobs()[0].state,
    ///     FakeJobState::Failed,
    ///     "the job fields of the binding are missing"
    /// );
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn add_store_of_type(&self, store_type: FakeStoreType) -> CertificateStoreId {
        self.state(|state| {
            let store = store_type.of_store();
            state.described_types.insert(store_type.number, store_type);
            state.add_store(store)
        })
        .into()
    }

    /// Adds a type of certificate stores, or replaces the one with the same number. For stores whose type was not added, an alias
    /// is optional and jobs need no parameters.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.set_store_type(FakeStoreType::jks());
    /// let types =
    ///     fake.client().certificate_store_types().list(Query::all()).rows()?.collect().await?;
    /// assert_eq!(types[0].short_name.as_deref(), Some("JKS"));
    /// # Ok(()) }
    /// ```
    pub fn set_store_type(&self, store_type: FakeStoreType) {
        self.state(|state| state.described_types.insert(store_type.number, store_type));
    }
}
