//! The guide's page on other clients says of each of their variables, and of each member of their configuration file, whether it
//! is read here. Both are held against what is read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use clm::keyfactor::{ClientBuilder, Error};

const PAGE: &str = include_str!("../../src/guide/from_other_clients.md");

/// The code in the first column of the table that begins with this head, with the rest of its row.
pub(crate) fn table(head: &str) -> Vec<(Vec<&'static str>, &'static str)> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(head)).skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| row.trim_start_matches("| ").split_once(" | ").unwrap());
    let rows: Vec<_> = rows.map(|(first, rest)| (first.split('`').skip(1).step_by(2).collect(), rest)).collect();
    assert!(rows.len() >= 2, "{head}: {rows:?}");
    rows
}

fn names(head: &str) -> BTreeSet<&'static str> {
    let names: Vec<_> = table(head).into_iter().flat_map(|(names, _)| names).collect();
    let distinct: BTreeSet<_> = names.iter().copied().collect();
    assert_eq!(names.len(), distinct.len(), "a name stands twice in {head}");
    distinct
}

/// The variables that are asked for where only the host is set: all that there are.
fn asked() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let error = ClientBuilder::from_vars(|name| {
        asked.borrow_mut().insert(name.to_owned());
        (name == "KEYFACTOR_HOSTNAME").then(|| "command.example.com".into())
    });
    let Err(Error::Configuration(error)) = error else { panic!("{error:?}") };
    assert_eq!(error.setting(), "KEYFACTOR_USERNAME", "the credentials are looked for last");
    asked.into_inner()
}

#[test]
fn every_variable_is_in_the_table_of_what_is_done_with_it() {
    let (read, refused) = (names("| variable that is read |"), names("| variable that is refused |"));
    let warned = names("| variable that is ignored with a warning |");
    let silent = names("| variable that is ignored without a warning |");
    assert!(warned.is_disjoint(&silent));
    let ignored: BTreeSet<_> = warned.union(&silent).copied().collect();
    assert!(read.is_disjoint(&refused) && read.is_disjoint(&ignored) && refused.is_disjoint(&ignored));

    let known: BTreeSet<String> = read.union(&refused).map(|&name| name.to_owned()).collect();
    assert_eq!(asked(), known);

    for name in refused {
        let error = ClientBuilder::from_vars(|it| (it == name || it == "KEYFACTOR_HOSTNAME").then(|| "x".into()));
        let Err(Error::Configuration(error)) = error else { panic!("{name}: {error:?}") };
        assert_eq!(error.setting(), name);
    }
}

#[test]
fn what_replaces_an_ignored_variable_is_read() {
    let read = names("| variable that is read |");
    for (ignored, rest) in table("| variable that is ignored with a warning |") {
        let instead = rest.split(" | ").nth(1).unwrap();
        for name in instead.split('`').skip(1).step_by(2).filter(|it| it.starts_with("KEYFACTOR_")) {
            assert!(read.contains(name), "{ignored:?}: {name}");
        }
    }
}

/// Under a name that `.ci/run` picks out where the feature is on.
#[cfg(feature = "config-file")]
mod config_file {
    use clm::keyfactor::{ClientBuilder, Error};
    use serde_json::{Value, json};

    use super::table;

    #[test]
    fn every_member_of_the_file_is_read_ignored_or_refused_as_the_page_says() {
        let path = std::env::temp_dir().join(format!("clm-other-clients-{}.json", std::process::id()));
        let setting_of = |profile: &Value| {
            std::fs::write(&path, json!({"servers": {"default": profile}}).to_string()).unwrap();
            match ClientBuilder::from_config_file(&path, "default") {
                Ok(_) => None,
                Err(Error::Configuration(error)) => Some(error.setting().to_owned()),
                Err(error) => panic!("{error:?}"),
            }
        };
        let mut seen = 0;
        for (members, rest) in table("| member of a profile |") {
            for member in members {
                // Wrong for every member that is read, and unlike the text of one that is not set.
                let mut profile = json!({"host": "command.example.com", "username": "svc-clm", "password": "x"});
                let belongs_to_oauth = matches!(
                    member,
                    "client_id"
                        | "client_secret"
                        | "token_url"
                        | "scopes"
                        | "audience"
                        | "access_token"
                        | "client_secret_in"
                );
                if belongs_to_oauth {
                    profile = json!({"host": "command.example.com"});
                }
                profile[member] = json!({"a": "b"});
                let expected = match rest.split([':', ';', ' ']).next().unwrap() {
                    "read" | "refused" => Some(format!("servers.default.{member}")),
                    "ignored" => None,
                    other => panic!("{member}: {other}"),
                };
                assert_eq!(setting_of(&profile), expected, "{member}");
                seen += 1;
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(seen, 22);
    }
}
