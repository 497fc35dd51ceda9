//! The state of the fakes as JSON.

use std::fs;
use std::path::Path;

use clm::testing::load_both;
use serde_json::json;

use crate::commands::Fakes;
use crate::strict;
use crate::trouble::Trouble;

/// Loads the state in a file into the fakes; `docs/fake_state.md` describes the format.
pub(crate) fn load(fakes: &Fakes, file: &Path) -> Result<(), Trouble> {
    let bad = |problem: String| Trouble::State(file.to_owned(), problem);
    let text = fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
    // Some editors and shells write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let state = strict::from_str(text).map_err(|error| bad(error.to_string()))?;
    load_both(&state, &fakes.keyfactor, &fakes.appviewx).map_err(|error| bad(error.to_string()))
}

/// The state of both fakes in the same format, on one line.
pub(crate) fn snapshot(fakes: &Fakes) -> String {
    json!({"keyfactor": fakes.keyfactor.snapshot(), "appviewx": fakes.appviewx.snapshot()}).to_string()
}
