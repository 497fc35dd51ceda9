//! What can be put back after a removal.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keyfactor::certificate_stores::only_value;

/// Whether an entry can be put back after a removal: the certificate under its alias. The entry's parameters are
/// not considered.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Restorability;
///
/// let stores = keyfactor.certificate_stores();
/// let mut plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// for entry in &mut plan.removals {
///     if entry.put_back == Restorability::Unclear {
///         entry.put_back = Restorability::WithPrivateKey;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Restorability {
    /// The certificate and its private key, which Command holds.
    WithPrivateKey,
    /// Only the certificate, as it is in the store now.
    WithoutPrivateKey,
    /// **Only with your decision.** The inventory does not say whether the store holds a private key, and Command has
    /// one. Adding the key to a store that never held it would be wrong, as would omitting it. Set
    /// [`put_back`](super::PlannedRemoval::put_back) to one of the two variants above.
    Unclear,
    /// **Not with this crate.** The store holds or may hold a private key that Command does not have.
    Impossible,
}

/// Where a private key is.
#[derive(Clone, Copy)]
pub(super) enum Held {
    ByCommand,
    Elsewhere,
}

impl Restorability {
    /// `PrivateKeyEntry` was seen on real servers as `Yes`; that `No` is its counterpart is assumed.
    pub(super) fn of(parameters: &Map<String, Value>, command_has_key: Held) -> Self {
        let said = only_value(parameters, "PrivateKeyEntry");
        let is = |text: &str, words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let has_key = match said {
            Some(Value::String(text)) if is(text, ["yes", "true"]) => Some(true),
            Some(Value::String(text)) if is(text, ["no", "false"]) => Some(false),
            Some(Value::Bool(entry)) => Some(*entry),
            _ => None,
        };
        match (has_key, command_has_key) {
            (Some(false), _) => Self::WithoutPrivateKey,
            (Some(true), Held::ByCommand) => Self::WithPrivateKey,
            (None, Held::ByCommand) => Self::Unclear,
            (_, Held::Elsewhere) => Self::Impossible,
        }
    }
}
