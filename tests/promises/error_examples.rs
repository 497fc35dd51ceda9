//! Every variant of an error has an example in its documentation.

use std::fs;

/// The enumerations that a program matches when a call has failed, and the files that define them.
const ERRORS: [(&str, &str); 10] = [
    ("src/operation/error.rs", "Error"),
    ("src/operation/lookup.rs", "LookupLimit"),
    ("src/operation/raw/answer.rs", "UnreadableReason"),
    ("src/plan_file/mod.rs", "PlanError"),
    ("src/validation.rs", "Reason"),
    ("src/keyfactor/lookup_error.rs", "LookupError"),
    ("src/keyfactor/error_code.rs", "ErrorKind"),
    ("src/keyfactor/error_code.rs", "ErrorCode"),
    ("src/appviewx/lookup_error.rs", "LookupError"),
    ("src/appviewx/error_code.rs", "ErrorCode"),
];

/// The variants of an enumeration, and whether the documentation of each has an example that runs.
fn variants(source: &str, name: &str) -> Vec<(String, bool)> {
    let declaration = format!("pub enum {name}");
    let mut lines = source.lines().skip_while(|line| {
        line.strip_prefix(&declaration).is_none_or(|rest| rest.starts_with(|it: char| it.is_alphanumeric()))
    });
    assert!(lines.next().is_some(), "there is no {declaration}");
    let mut found = Vec::new();
    let mut has_example = false;
    for line in lines.take_while(|line| *line != "}") {
        let inside = line.strip_prefix("    ").unwrap_or(line);
        if inside.starts_with("///") {
            has_example |= inside.trim_end() == "/// ```";
        } else if inside.starts_with(|it: char| it.is_ascii_uppercase()) {
            let variant = inside.split(|it: char| !it.is_alphanumeric()).next().unwrap();
            found.push((variant.to_owned(), has_example));
            has_example = false;
        }
    }
    found
}

#[test]
fn every_variant_of_an_error_has_an_example() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut without = Vec::new();
    for (file, name) in ERRORS {
        let source = fs::read_to_string(format!("{root}/{file}")).unwrap();
        let found = variants(&source, name);
        assert!(found.len() > 1, "{file}, {name}: {found:?}");
        without
            .extend(found.into_iter().filter(|(_, has)| !has).map(|(variant, _)| format!("{file}: {name}::{variant}")));
    }
    assert!(without.is_empty(), "variants without an example: {without:#?}");
}

#[test]
fn a_variant_without_an_example_is_found() {
    let source = "
/// A fault.
///
/// ```
/// ```
pub enum Faults {
    Another,
}

pub enum Fault<V> {
    /// One.
    ///
    /// ```
    /// ```
    #[error(
        \"of several lines\"
    )]
    One {
        /// A field.
        field: u32,
    },
    /// Two. It says `like this`.
    Two(Box<V>),
}

pub struct Next {
    /// ```
    /// ```
    Three: u32,
}
";
    assert_eq!(variants(source, "Fault"), [("One".to_owned(), true), ("Two".to_owned(), false)]);
}
