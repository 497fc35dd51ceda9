//! Pages of lists, and queries.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{check_line, parsed};
use crate::keyfactor::{
    Certificate, CertificateLocations, CertificateStore, InventoryEntry, JobHistoryEntry, Query, ScheduledJob,
};
use crate::validation::Problems;

/// One row of each list.
pub fn rows(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let Some(row) = parsed(&body).filter(Value::is_object) else { return };
    kept::<Certificate>(&row);
    kept::<CertificateStore>(&row);
    kept::<InventoryEntry>(&row);
    kept::<JobHistoryEntry>(&row);
    kept::<ScheduledJob>(&row);
    kept::<CertificateLocations>(&row);
}

/// A row that can be read keeps every member, known or not, and reads the same when it is written and read again.
fn kept<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(row: &Value) {
    let Ok(read) = serde_json::from_value::<T>(row.clone()) else { return };
    let written = serde_json::to_value(&read).unwrap();
    for name in row.as_object().unwrap().keys() {
        let is_kept = written.as_object().unwrap().keys().any(|kept| kept.eq_ignore_ascii_case(name));
        assert!(is_kept, "{name} of {row} is lost in {written}");
    }
    assert_eq!(serde_json::from_value::<T>(written).unwrap(), read);
    check_line(&format!("{read:?}").chars().take(1_000).collect::<String>());
}

/// A field and a value, apart at the first unit separator (U+001F).
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (field, value) = text.split_once('\u{1f}').unwrap_or(("JobId", &text));
    let query = Query::field(field).eq(value).and(Query::field("A").one_of(["b", "c"]));
    let mut problems = Problems::default();
    query.check(&mut problems);
    let written = query.to_string();
    match problems.finish() {
        Ok(()) => {
            assert_eq!(written, format!("({field} -eq \"{value}\") AND (A -eq \"b\" OR A -eq \"c\")"));
            assert_eq!(written.matches('"').count(), 6, "a value cannot leave its quotes");
            assert!(!field.contains([' ', '(', ')']));
            check_line(&written.chars().take(1_000).collect::<String>());
        }
        Err(refused) => {
            let hostile = |it: char| it == '"' || it.is_control();
            let name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | '-');
            assert!(value.contains(hostile) || field.is_empty() || !field.chars().all(name), "{text:?}: {refused}");
            check_line(&refused.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop::sample::select(vec![
            Value::Null,
            json!(0),
            json!(3),
            json!(99),
            json!(-1),
            json!(1.5),
            json!(true),
            json!(""),
            json!("Completed"),
            json!("new\nthing"),
            json!("2023-05-06T00:27:00"),
            json!("6c0d0000-0000-4000-8000-00000000000a"),
            json!([]),
            json!([{"Thumbprint": "AB", "Later": 1}]),
            json!({}),
            json!({"Interval": {"Minutes": 60}}),
        ])
    }

    fn row() -> impl Strategy<Value = Vec<u8>> {
        let name = prop::sample::select(vec![
            "Id",
            "JobId",
            "JobHistoryId",
            "Result",
            "Status",
            "Message",
            "OperationStart",
            "Thumbprint",
            "Locations",
            "Certificates",
            "Name",
            "Parameters",
            "Storepath",
            "Approved",
            "Properties",
            "InventorySchedule",
            "ContainerId",
            "HasPrivateKey",
            "Metadata",
            "NotAfter",
            "Details",
            "Later",
            "",
        ]);
        (0..6_u8, prop::collection::vec((name, value()), 0..8)).prop_map(|(kind, members)| {
            let guid = "6c0d0000-0000-4000-8000-00000000000a";
            let mut row = match kind {
                0 => json!({"Id": 5}),
                1 => json!({"Id": guid}),
                2 => json!({"JobId": guid, "JobHistoryId": 7}),
                _ => json!({}),
            };
            for (name, value) in members {
                row.as_object_mut().unwrap().entry(name).or_insert(value);
            }
            row.to_string().into_bytes()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_row_of_a_list(data in row()) {
            rows(&data);
        }

        #[test]
        fn any_field_and_value_of_a_query(text in "[a-zA-Z_. \"()\u{1f}\n-]{0,20}") {
            query(text.as_bytes());
        }
    }

    #[test]
    fn nothing_is_fine_as_well() {
        for target in [rows, query] {
            target(b"");
        }
    }
}
