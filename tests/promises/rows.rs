//! How rows are read, for every kind of row of both vendors: from one table.

use std::fmt::Debug;

use clm::{appviewx, keyfactor};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const GUID: &str = "6c0d0000-0000-4000-8000-00000000000a";
const OTHER_GUID: &str = "6c0d0000-0000-4000-8000-00000000000b";

/// A kind of row.
struct Kind {
    name: &'static str,
    /// A row with all of its members, as the server spells them.
    row: Value,
    /// Members without which there is no row.
    needed: &'static [&'static str],
    /// Members by which something is decided: they must not stand there twice.
    once: &'static [&'static str],
    /// Of a member: what it may be written as instead.
    written: Vec<(&'static str, Value)>,
    /// Reads it, and gives it in Debug and as JSON.
    read: fn(&str) -> Result<(String, Value), serde_json::Error>,
}

fn read<T: DeserializeOwned + Serialize + Debug + PartialEq + Clone>(
    text: &str,
) -> Result<(String, Value), serde_json::Error> {
    let row: T = serde_json::from_str(text)?;
    let written = serde_json::to_string(&row).unwrap();
    let again: T = serde_json::from_str(&written).unwrap();
    assert_eq!(again, row.clone(), "{text} is another row once it was written: {written}");
    Ok((format!("{row:?}"), serde_json::from_str(&written).unwrap()))
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds() -> Vec<Kind> {
    let location = json!({
        "StoreMachine": "web01", "StorePath": "/etc/ssl", "Alias": "a.pfx", "ChainLevel": 0, "CertStoreId": GUID,
    });
    vec![
        Kind {
            name: "Certificate",
            row: json!({
                "Id": 7, "Thumbprint": "AB", "SerialNumber": "01", "IssuedDN": "CN=a", "IssuedCN": "a",
                "IssuerDN": "CN=ca", "NotBefore": "2026-01-01T00:00:00Z", "NotAfter": "2027-01-01T00:00:00Z",
                "CertStateString": "Active (1)", "HasPrivateKey": true, "Locations": [location],
                "Metadata": {"Owner": "web"},
            }),
            needed: &["Id"],
            once: &["Id", "Thumbprint", "Locations"],
            written: vec![("Id", json!("7")), ("HasPrivateKey", json!("True"))],
            read: read::<keyfactor::Certificate>,
        },
        Kind {
            name: "CertificateStoreLocation",
            row: location,
            needed: &[],
            once: &["Alias", "ChainLevel", "CertStoreId"],
            written: vec![("ChainLevel", json!(" 0 "))],
            read: read::<keyfactor::CertificateStoreLocation>,
        },
        Kind {
            name: "StoreTypeLocation",
            row: json!({
                "StoreId": GUID, "ClientMachine": "web01", "StorePath": "/etc/ssl", "Alias": "a.pfx",
                "IPAddress": "192.0.2.7", "Port": 443,
            }),
            needed: &[],
            once: &["StoreId", "Alias"],
            written: vec![("Port", json!("443"))],
            read: read::<keyfactor::StoreTypeLocation>,
        },
        Kind {
            name: "InventoryEntry",
            row: json!({
                "Name": "42", "CertStoreId": GUID,
                "Certificates": [{"Id": 7, "Thumbprint": "AB", "IssuedDN": "CN=a", "NotAfter": null}],
                "Parameters": {"PrivateKeyEntry": "Yes"},
            }),
            needed: &["Name"],
            once: &["Name", "Certificates", "CertStoreId", "Parameters"],
            written: vec![("Name", json!(42))],
            read: read::<keyfactor::InventoryEntry>,
        },
        Kind {
            name: "InventoryCertificate",
            row: json!({"Id": 7, "Thumbprint": "AB", "IssuedDN": "CN=a", "NotAfter": "2027-01-01T00:00:00Z"}),
            needed: &[],
            once: &["Id", "Thumbprint"],
            written: vec![("Id", json!("7"))],
            read: read::<keyfactor::InventoryCertificate>,
        },
        Kind {
            name: "CertificateStore",
            row: json!({
                "Id": GUID, "ClientMachine": "web01", "Storepath": "/etc/ssl", "ContainerId": 3, "CertStoreType": 102,
                "Approved": true, "AgentId": GUID, "AgentAssigned": true, "InventorySchedule": {"Immediate": true},
                "CertStoreInventoryJobId": GUID, "Properties": "{}",
            }),
            needed: &["Id"],
            once: &["Id", "InventorySchedule", "CertStoreInventoryJobId"],
            written: vec![
                ("ContainerId", json!("3")),
                ("CertStoreType", json!("102")),
                ("Approved", json!("true")),
                ("Id", json!(format!(" {GUID} "))),
            ],
            read: read::<keyfactor::CertificateStore>,
        },
        Kind {
            name: "JobHistoryEntry",
            row: json!({
                "JobHistoryId": 9, "JobId": GUID, "AgentMachine": "agent", "JobType": "IISRemove",
                "OperationStart": "2026-01-01T00:00:00Z", "OperationEnd": "2026-01-01T00:01:00Z", "Message": "5",
                "Result": "Success", "Status": "Completed", "StorePath": "/etc/ssl", "ClientMachine": "web01",
            }),
            needed: &["JobHistoryId", "JobId"],
            once: &["JobHistoryId", "JobId", "Result", "Status"],
            written: vec![
                ("JobHistoryId", json!("9")),
                ("Message", json!(5)),
                ("Result", json!(2)),
                ("Result", json!("2")),
                ("Status", json!("completed")),
            ],
            read: read::<keyfactor::JobHistoryEntry>,
        },
        Kind {
            name: "ScheduledJob",
            row: json!({"Id": GUID, "ClientMachine": "web01", "Target": "/etc/ssl", "JobType": "IISRemove"}),
            needed: &["Id"],
            once: &["Id"],
            written: vec![],
            read: read::<keyfactor::ScheduledJob>,
        },
        Kind {
            name: "appviewx::Certificate",
            row: json!({
                "resourceId": "42", "uuid": "u", "commonName": "a", "serialNumber": "A1", "issuerCommonName": "ca",
                "group": "web", "permission": "RW", "status": "Managed", "expiryStatus": "Valid",
                "complianceStatus": "Compliant", "category": "Server", "certificateAuthority": "ca", "validFrom": 0,
                "validTo": 1, "subjectAlternativeNames": ["a"], "thumbPrint": "AB",
            }),
            needed: &[],
            once: &["resourceId", "commonName", "group"],
            written: vec![("resourceId", json!(42))],
            read: read::<appviewx::Certificate>,
        },
        Kind {
            name: "CertificateGroup",
            row: json!({
                "name": "7", "displayName": "Web", "description": "d", "policyName": "p", "applicationID": "a",
            }),
            needed: &[],
            once: &["name"],
            written: vec![("name", json!(7))],
            read: read::<appviewx::CertificateGroup>,
        },
    ]
}

impl Kind {
    fn members(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.row.as_object().unwrap().iter()
    }

    fn with(&self, name: &str, value: Value) -> String {
        let mut row = self.row.clone();
        row[name] = value;
        row.to_string()
    }

    fn without(&self, name: &str) -> String {
        let mut row = self.row.clone();
        row.as_object_mut().unwrap().remove(name);
        row.to_string()
    }
}

/// The members of a row in other words: as JSON text, member by member.
fn text<'a>(members: impl Iterator<Item = (String, &'a Value)>) -> String {
    let members: Vec<String> = members.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn in_turns(name: &str) -> String {
    let upper =
        |(index, it): (usize, char)| if index % 2 == 0 { it.to_ascii_uppercase() } else { it.to_ascii_lowercase() };
    name.chars().enumerate().map(upper).collect()
}

#[test]
fn members_are_found_in_any_case_and_order() {
    for kind in kinds() {
        let expected = (kind.read)(&kind.row.to_string()).unwrap();
        assert_eq!(expected.1, kind.row, "{}: every member of the table is one that is known", kind.name);
        for spelled in [str::to_ascii_lowercase, str::to_ascii_uppercase, |it: &str| it.to_owned(), in_turns] {
            let forth = text(kind.members().map(|(name, value)| (spelled(name), value)));
            let mut members: Vec<_> = kind.members().map(|(name, value)| (spelled(name), value)).collect();
            members.reverse();
            for row in [forth, text(members.into_iter())] {
                assert_eq!((kind.read)(&row).unwrap(), expected, "{}: {row}", kind.name);
            }
        }
        // The first letter, as an escape.
        let escaped = kind.members().map(|(name, value)| {
            let first = name.chars().next().unwrap();
            format!("\"\\u{:04x}{}\":{value}", u32::from(first), &name[1..])
        });
        let row = format!("{{{}}}", escaped.collect::<Vec<_>>().join(","));
        assert_eq!((kind.read)(&row).unwrap(), expected, "{}: {row}", kind.name);
    }
}

#[test]
fn a_null_is_none_and_so_is_a_missing_member() {
    for kind in kinds() {
        for (name, _) in kind.members() {
            let (null, missing) = ((kind.read)(&kind.with(name, Value::Null)), (kind.read)(&kind.without(name)));
            if kind.needed.contains(&name.as_str()) {
                for refused in [null.unwrap_err(), missing.unwrap_err()] {
                    assert!(refused.to_string().contains(&format!("has no `{name}`")), "{}: {refused}", kind.name);
                }
            } else {
                assert_eq!(null.unwrap(), missing.unwrap(), "{} {name}", kind.name);
            }
        }
    }
}

#[test]
fn a_number_may_be_text_and_a_text_a_number() {
    for kind in kinds() {
        let expected = (kind.read)(&kind.row.to_string()).unwrap();
        for (name, value) in &kind.written {
            let row = kind.with(name, value.clone());
            assert_eq!((kind.read)(&row).unwrap(), expected, "{}: {row}", kind.name);
        }
    }
}

#[test]
fn what_decides_is_refused_if_it_stands_there_twice_and_the_rest_is_not() {
    for kind in kinds() {
        for (name, value) in kind.members() {
            for spelled in [name.clone(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                let members = || kind.members().map(|(name, value)| (name.clone(), value));
                let twice = text(members().chain([(spelled.clone(), value)]));
                let read = (kind.read)(&twice);
                if kind.once.contains(&name.as_str()) {
                    let refused = read.expect_err(&twice).to_string();
                    let expected = format!("the member `{name}` of");
                    assert!(refused.contains(&expected) && refused.contains("is repeated"), "{}: {refused}", kind.name);
                } else {
                    assert!(read.is_ok(), "{}: {twice}", kind.name);
                }
                // A null beside it says nothing.
                let null = (spelled, &Value::Null);
                for row in [text(members().chain([null.clone()])), text([null].into_iter().chain(members()))] {
                    assert_eq!((kind.read)(&row).unwrap().1, kind.row, "{}: {row}", kind.name);
                }
            }
        }
    }
}

#[test]
fn what_names_a_row_is_never_empty() {
    for kind in kinds() {
        for name in kind.needed {
            for blank in ["", " ", "\t"] {
                let refused = (kind.read)(&kind.with(name, json!(blank))).expect_err(name).to_string();
                assert!(refused.contains(&format!("has no `{name}`")), "{}: {refused}", kind.name);
            }
        }
    }
}

#[test]
fn unknown_members_are_kept_as_they_were_written() {
    for kind in kinds() {
        let mut row = kind.row.to_string();
        row.pop();
        let later = r#","Later":{ "b":1,"a":[ 1.50, null ] },"later":2,"q\"\n":"\u00e9","":null}"#;
        let (debug, written) = (kind.read)(&(row + later)).unwrap();
        let expected = json!({"Later": {"b": 1, "a": [1.5, null]}, "later": 2, "q\"\n": "é", "": null});
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&written[name], value, "{}: {written}", kind.name);
        }
        assert!(debug.contains("Later"), "{}: {debug}", kind.name);
    }
    let row = r#"{"Id":1,"Big":123456789012345678901234567890.0,"Later":{ "b":1,"a":2 },"LATER":3}"#;
    let certificate: keyfactor::Certificate = serde_json::from_str(row).unwrap();
    let extra = &certificate.extra;
    assert_eq!((extra.get("Later"), extra.get("LATER")), (Some(json!({"a": 2, "b": 1})), Some(json!(3))));
    assert_eq!(extra.get("latER"), extra.get("Later"), "the first one in any case");
    assert_eq!((extra.get("Missing"), extra.is_empty()), (None, false));
    assert_eq!(extra.members().map(|(name, _)| name.into_owned()).collect::<Vec<_>>(), ["Big", "Later", "LATER"]);
}

#[test]
fn errors_never_quote_the_row() {
    for kind in kinds() {
        for (name, _) in kind.members() {
            for odd in
                [json!("s3cret-in-a-row"), json!(["s3cret-in-a-row"]), json!({"s3cret-in-a-row": 1}), json!(true)]
            {
                if let Err(refused) = (kind.read)(&kind.with(name, odd)) {
                    let refused = refused.to_string();
                    assert!(!refused.contains("s3cret"), "{}: {refused}", kind.name);
                    assert!(
                        refused.contains(&format!("`{name}`")) || refused.contains("expected an object"),
                        "{refused}"
                    );
                }
            }
        }
    }
}

#[test]
fn ids_that_cannot_be_read_are_errors_and_no_other_row() {
    for (kind, name, values) in [
        ("Certificate", "Id", vec![json!("x"), json!(1.5), json!(3_000_000_000_u64), json!(true), json!([7])]),
        ("JobHistoryEntry", "JobId", vec![json!("x"), json!(7), json!({"Id": OTHER_GUID})]),
        ("CertificateStore", "Id", vec![json!("x"), json!(7)]),
        ("CertificateStoreLocation", "ChainLevel", vec![json!("leaf"), json!(0.5), json!(false)]),
    ] {
        let kind = kinds().into_iter().find(|it| it.name == kind).unwrap();
        for value in values {
            let refused = (kind.read)(&kind.with(name, value.clone())).unwrap_err().to_string();
            let expected = format!("the member `{name}` of");
            assert!(refused.contains(&expected) && refused.contains("has an unexpected type"), "{value}: {refused}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!(GUID)),
        Just(json!("7")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,4}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// `read` compares the row with the one that it is once it was written; here with any values, and in any case.
    #[test]
    fn a_row_that_is_read_and_written_and_read_again_is_equal(
        which in 0..10_usize,
        changed in prop::collection::vec((0..16_usize, any_json(), any::<bool>()), 0..4),
        unknown in prop::collection::vec((".{0,6}", any_json()), 0..4),
    ) {
        let kind = kinds().swap_remove(which);
        let mut members: Vec<(String, Value)> = kind.members().map(|(name, value)| (name.clone(), value.clone())).collect();
        for (place, value, is_lower) in changed {
            let place = place % members.len();
            members[place].1 = value;
            if is_lower {
                members[place].0.make_ascii_lowercase();
            }
        }
        members.extend(unknown);
        let row = text(members.iter().map(|(name, value)| (name.clone(), value)));
        if let Err(refused) = (kind.read)(&row) {
            prop_assert!(refused.to_string().starts_with("row: "), "{}: {}", row, refused);
        }
    }
}
