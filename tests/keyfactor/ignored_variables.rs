//! Variables of other tools that `from_env` ignores: it warns of those whose user would expect an effect.

use std::collections::BTreeSet;

use clm::keyfactor::ClientBuilder;

use crate::other_clients_page::table;
use crate::support::capture;
use crate::support::tls::{in_a_process_of_its_own, is_the_child};
use crate::support::vars::{HOST, TOKEN};

const TEST: &str = "ignored_variables::the_environment_is_searched_for_them";
const WARNED: &str = "| variable that is ignored with a warning |";

/// The names of a table of the guide's page.
fn names(head: &str) -> BTreeSet<&'static str> {
    table(head).into_iter().flat_map(|(names, _)| names).collect()
}

/// What is warned of in an environment with these variables and no other of Keyfactor's: variable and replacement.
async fn warned(set: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let here = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let prefixes = ["KEYFACTOR_", "COMMAND_IDP_", "AZURE_"];
    let here: Vec<String> = here.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect();
    let variables: Vec<_> = here.iter().map(|name| (name.as_str(), "")).chain(set.iter().copied()).collect();
    let printed = in_a_process_of_its_own(TEST, &variables).await;
    assert!(!printed.contains("hunter2"), "{printed}");
    let warnings = printed.lines().filter_map(|line| line.split_once("warned: ")?.1.split_once(" -> "));
    warnings.map(|(variable, instead)| (variable.to_owned(), instead.to_owned())).collect()
}

#[tokio::test]
async fn the_environment_is_searched_for_them() {
    if is_the_child() {
        capture::start();
        // Warned of whether the rest suffices or not.
        drop(ClientBuilder::from_env());
        for event in capture::warnings() {
            assert_eq!(event.message(), "this environment variable of another tool is ignored");
            println!("warned: {} -> {}", event.field("variable").unwrap(), event.field("instead").unwrap());
        }
        return;
    }
    let page = names(WARNED);
    let set = |names: &BTreeSet<&'static str>| names.iter().map(|name| (*name, "hunter2")).collect::<Vec<_>>();

    let found = warned(&[&set(&page)[..], &[HOST]].concat()).await;
    let found_names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found_names, page);
    // The page names the same replacement.
    for (variables, rest) in table(WARNED) {
        let replacements: Vec<_> = rest.split('`').filter(|it| it.starts_with("KEYFACTOR_")).collect();
        for (name, instead) in found.iter().filter(|(name, _)| variables.contains(&name.as_str())) {
            let named = instead.split(" and ").filter(|it| it.starts_with("KEYFACTOR_"));
            assert!(named.clone().all(|it| replacements.contains(&it)), "{name}: {instead}, {replacements:?}");
            assert_eq!(named.count() == 0, replacements.is_empty(), "{name}: {instead}, {replacements:?}");
        }
    }

    // Credentials that are read need no vault.
    let found = warned(&[&set(&page)[..], &[HOST, TOKEN]].concat()).await;
    let vault = page.iter().filter(|name| !found.iter().any(|(it, _)| it == *name));
    assert_eq!(vault.copied().collect::<Vec<_>>(), ["AZURE_KEYVAULT_NAME", "AZURE_SECRET_NAME"]);

    // An environment that serves old and new tools is left alone.
    let read = names("| variable that is read |");
    let found = warned(&[set(&page), set(&read)].concat()).await;
    let found: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found, ["KEYFACTOR_APPKEY"], "nothing replaces it");

    assert!(warned(&set(&names("| variable that is ignored without a warning |"))).await.is_empty());
    assert!(warned(&page.iter().map(|name| (*name, "")).collect::<Vec<_>>()).await.is_empty(), "empty is unset");
}
