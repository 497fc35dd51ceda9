//! Entry parameters of store types.

use serde_json::Value;

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, RawJson, Scalar, Taken, row, text_of_number};

/// An entry parameter: a value that a job needs in addition to certificate and alias. It is sent as a job field with
/// this name.
///
/// Two members say when a parameter is required, and both are read. `RequiredWhen` contains booleans and was only
/// seen in responses of real servers. `ValidationOptions` contains numbers, of which 1 means required, and is part of
/// the vendor's schema. A parameter is required if either member says so. The meaning of other numbers is
/// undocumented by the vendor; they are treated as not required and remain readable.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let store_types =
///     keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
/// for parameter in store_types.iter().flat_map(|it| &it.entry_parameters) {
///     println!("{}: {}", parameter.name, parameter.parameter_type);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct EntryParameter {
    /// The name of the job field, and of the entry's parameter in an inventory.
    pub name: String,
    /// The display name.
    pub display_name: Option<String>,
    /// The type of the value.
    pub parameter_type: EntryParameterType,
    /// The default value in the vendor's portal.
    pub default_value: Option<String>,
    /// The permitted values, in one string; see [`options`](Self::options).
    pub options_text: Option<String>,
    /// The parameter on which this one depends.
    pub depends_on: Option<String>,
    /// When the parameter is required, as booleans: the member `RequiredWhen` as it was sent, or null.
    pub required_when: Value,
    /// When the parameter is required, as numbers: the member `ValidationOptions` as it was sent, or null.
    pub validation_options: Value,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(EntryParameter: "an entry parameter", Refused {
    name: Needed "Name",
    display_name: Plain "DisplayName",
    parameter_type: Plain "Type",
    default_value: Plain "DefaultValue",
    options_text: Plain "Options",
    depends_on: Plain "DependsOn",
    required_when: Once "RequiredWhen",
    validation_options: Once "ValidationOptions",
});

impl EntryParameter {
    /// Returns whether an addition requires this parameter.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::EntryParameter;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let parameter: EntryParameter = from_value(json!({
    ///     "Name": "SiteName", "Type": 2, "Options": "Shop,Blog",
    ///     "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": false},
    /// }))?;
    /// assert!(parameter.is_required_on_add());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_required_on_add(&self) -> bool {
        self.is_required("OnAdd", "OnAdd")
    }

    /// Returns whether a removal requires this parameter.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::EntryParameter;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let parameter: EntryParameter = from_value(json!({
    ///     "Name": "SiteName", "Type": 2, "Options": "Shop,Blog",
    ///     "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": false},
    /// }))?;
    /// assert!(parameter.is_required_on_remove());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_required_on_remove(&self) -> bool {
        self.is_required("OnRemove", "OnRemove")
    }

    /// Returns whether a reenrollment requires this parameter. `ValidationOptions` calls this `OnODKG`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::EntryParameter;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let parameter: EntryParameter = from_value(json!({
    ///     "Name": "SiteName", "Type": 2, "Options": "Shop,Blog",
    ///     "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": false},
    /// }))?;
    /// assert!(!parameter.is_required_on_reenrollment());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_required_on_reenrollment(&self) -> bool {
        self.is_required("OnReenrollment", "OnODKG")
    }

    /// Returns whether an entry with a private key requires this parameter.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::EntryParameter;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let parameter: EntryParameter = from_value(json!({
    ///     "Name": "SiteName", "Type": 2, "Options": "Shop,Blog",
    ///     "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": false},
    /// }))?;
    /// assert!(!parameter.is_required_with_private_key());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_required_with_private_key(&self) -> bool {
        self.is_required("HasPrivateKey", "HasPrivateKey")
    }

    pub(super) fn is_secret(&self) -> bool {
        self.parameter_type == EntryParameterType::Secret
    }

    /// Returns the permitted values; empty if any value is permitted. The comma as separator is taken from the
    /// vendor's own store types.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::EntryParameter;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let parameter: EntryParameter = from_value(json!({
    ///     "Name": "SiteName", "Type": 2, "Options": "Shop,Blog",
    ///     "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": false},
    /// }))?;
    /// assert_eq!(parameter.options().collect::<Vec<_>>(), ["Shop", "Blog"]);
    /// # Ok(()) }
    /// ```
    pub fn options(&self) -> impl Iterator<Item = &str> {
        let text = self.options_text.as_deref().unwrap_or_default();
        text.split(',').map(str::trim).filter(|option| !option.is_empty())
    }

    fn is_required(&self, when: &str, option: &str) -> bool {
        let said = |member: &Value, name: &str| {
            let members = member.as_object().into_iter().flatten();
            members.filter(|(known, _)| known.eq_ignore_ascii_case(name)).any(|(_, value)| means_required(value))
        };
        said(&self.required_when, when) || said(&self.validation_options, option)
    }
}

/// Texts stand for booleans, numbers and names, as elsewhere in answers of servers (assumed of these members).
fn means_required(value: &Value) -> bool {
    match value {
        Value::Bool(required) => *required,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(text) => {
            let text = text.trim();
            text == "1" || ["true", "required"].iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

/// The type of an [`EntryParameter`]'s values. Servers send a name or a number. The schema lists the numbers without
/// names; that they correspond to the names in this order is assumed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{EntryParameterType, Query};
///
/// let store_types =
///     keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
/// for parameter in store_types.iter().flat_map(|it| &it.entry_parameters) {
///     if parameter.parameter_type == EntryParameterType::MultipleChoice {
///         println!("{}: one of {:?}", parameter.name, parameter.options().collect::<Vec<_>>());
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum EntryParameterType {
    /// The server did not send it.
    Unknown,
    /// 0: a string.
    String,
    /// 1: a boolean.
    Bool,
    /// 2: one of several permitted values.
    MultipleChoice,
    /// 3: a secret.
    Secret,
    /// Any other value, as the server sent it.
    Other(String),
}

impl EntryParameterType {
    /// The last one is sent by no server: what says nothing stays what it is when it is written and read again.
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::String), (1, Self::Bool), (2, Self::MultipleChoice), (3, Self::Secret), (i64::MIN, Self::Unknown)];

    /// Returns the vendor's name, or the value that the server sent.
    ///
    /// ```
    /// use clm::keyfactor::EntryParameterType;
    ///
    /// assert_eq!(EntryParameterType::MultipleChoice.as_str(), "MultipleChoice");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::String => "String",
            Self::Bool => "Bool",
            Self::MultipleChoice => "MultipleChoice",
            Self::Secret => "Secret",
            Self::Other(sent) => sent,
        }
    }
}

enumeration!(EntryParameterType);
