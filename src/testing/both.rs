//! One document for both fakes.

use serde_json::Value;

use super::state::{FakeStateError, Object};
use super::{FakeAppViewX, FakeKeyfactor};

/// Loads one document into both fakes: `{"keyfactor": {…}, "appviewx": {…}}`. Each part has the form that the fake's `load`
/// accepts. A fake whose part is missing keeps its state.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::serde_json;
/// use clm::testing::{FakeAppViewX, FakeKeyfactor, load_both};
///
/// let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
/// let document = r#"{
///     "keyfactor": {"certificates": [{"common_name": "www.example.com"}]},
///     "appviewx": {"certificates": [{"id": "67bc2ca76a105e1a05691c1c", "group": "web-servers"}]}
/// }"#;
/// load_both(&serde_json::from_str(document)?, &command, &gateway)?;
///
/// let error = load_both(&serde_json::json!({"keyfactor": {"stores": 2}}), &command, &gateway).unwrap_err();
/// assert_eq!(error.to_string(), "keyfactor.stores: expected a list, found a number");
/// # Ok(()) }
/// ```
///
/// # Errors
/// If a member is unknown or cannot be read. The error contains its path, such as `keyfactor.stores[2].machine`, and neither fake
/// changes.
pub fn load_both(document: &Value, keyfactor: &FakeKeyfactor, appviewx: &FakeAppViewX) -> Result<(), FakeStateError> {
    let mut parts = Object::of(document)?;
    let of_keyfactor = parts.take("keyfactor", FakeKeyfactor::read_snapshot)?;
    let of_appviewx = parts.take("appviewx", FakeAppViewX::read_snapshot)?;
    parts.finish()?;
    if let Some(state) = of_keyfactor {
        keyfactor.replace_state(state);
    }
    if let Some(state) = of_appviewx {
        appviewx.replace_state(state);
    }
    Ok(())
}
