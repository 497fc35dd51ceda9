//! What the jobs of a type of store are told about an entry.

use serde_json::Value;

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, RawJson, Scalar, Taken, row, text_of_number};

/// An entry parameter: what jobs are told about an entry beside certificate and alias, as a job field of this name.
///
/// When it is needed is said twice, and both are read: `RequiredWhen` has booleans and stands in answers of real servers only;
/// `ValidationOptions` has numbers, of which 1 means required, and is in the vendor's schema. What either calls required is
/// required. What other numbers mean is undocumented by the vendor; they count as not required and stay readable.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct EntryParameter {
    /// Its name: that of the job field, and of the entry's parameter in an inventory.
    pub name: String,
    /// Its name for people.
    pub display_name: Option<String>,
    /// What its values are.
    pub parameter_type: EntryParameterType,
    /// What is taken where nothing is given, in the vendor's portal.
    pub default_value: Option<String>,
    /// The values to choose from, in one text. See [`options`](Self::options).
    pub options_text: Option<String>,
    /// Another parameter on which it depends.
    pub depends_on: Option<String>,
    /// When it is needed, in booleans: the member `RequiredWhen` as it was sent, or null.
    pub required_when: Value,
    /// When it is needed, in numbers: the member `ValidationOptions` as it was sent, or null.
    pub validation_options: Value,
    /// What else the server said about it.
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
    /// Whether an addition needs it.
    #[must_use]
    pub fn is_required_on_add(&self) -> bool {
        self.is_required("OnAdd", "OnAdd")
    }

    /// Whether a removal needs it.
    #[must_use]
    pub fn is_required_on_remove(&self) -> bool {
        self.is_required("OnRemove", "OnRemove")
    }

    /// Whether a reenrollment needs it. `ValidationOptions` calls that `OnODKG`.
    #[must_use]
    pub fn is_required_on_reenrollment(&self) -> bool {
        self.is_required("OnReenrollment", "OnODKG")
    }

    /// Whether an entry with a private key needs it.
    #[must_use]
    pub fn is_required_with_private_key(&self) -> bool {
        self.is_required("HasPrivateKey", "HasPrivateKey")
    }

    pub(super) fn is_secret(&self) -> bool {
        self.parameter_type == EntryParameterType::Secret
    }

    /// The values to choose from; none where any value may be given. That a comma stands between them is what the vendor's
    /// own store types have.
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

/// What the values of an [`EntryParameter`] are. Servers write it as a name or as a number. That the numbers, which the schema
/// has without names, stand for the names in this order is assumed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum EntryParameterType {
    /// The server does not say.
    Unknown,
    /// 0: text.
    String,
    /// 1: a boolean.
    Bool,
    /// 2: one of several values.
    MultipleChoice,
    /// 3: a secret.
    Secret,
    /// Anything else, as it was sent.
    Other(String),
}

impl EntryParameterType {
    /// The last one is sent by no server: what says nothing stays what it is when it is written and read again.
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::String), (1, Self::Bool), (2, Self::MultipleChoice), (3, Self::Secret), (i64::MIN, Self::Unknown)];

    /// The vendor's name, or what was sent instead.
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
