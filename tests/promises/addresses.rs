//! URLs that the parser would mend, or that name no host: refused wherever a client is given one, and the text is never
//! repeated. And names and texts that are longer than anything that is meant.

use clm::keyfactor::{
    self, CertificateLocation, CertificateStoreEntry, Credentials, Query, RevocationReason, Schedule,
};
use clm::{Problem, Reason, ValidationError, appviewx};
use uuid::Uuid;

const PASSWORD: &str = "password-marker";

/// A URL, and a part of what is said about it.
const REFUSED: [(&str, &str); 30] = [
    ("https://keyfactor.example.com/%2e%2e", "`.` or `..`"),
    ("https://keyfactor.example.com/%2E%2e/KeyfactorAPI", "`.` or `..`"),
    ("https://keyfactor.example.com/a/.%2e/KeyfactorAPI", "`.` or `..`"),
    ("https://keyfactor.example.com/a/%2e/KeyfactorAPI", "`.` or `..`"),
    ("https://keyfactor.example.com/a/../KeyfactorAPI", "`.` or `..`"),
    ("https://keyfactor.example.com/a/./KeyfactorAPI", "`.` or `..`"),
    ("https://keyfactor.example.com/..", "`.` or `..`"),
    ("https://keyfactor.example.com:0", "port 0"),
    ("https://keyfactor.example.com:0/KeyfactorAPI", "port 0"),
    ("https://127.0.0.1:0", "port 0"),
    ("https://[::1]:0", "port 0"),
    ("https://..", "invalid host name"),
    ("https://...", "invalid host name"),
    ("https://.", "invalid host name"),
    ("https://.example.com", "invalid host name"),
    ("https://keyfactor..example.com", "invalid host name"),
    ("https://keyfactor.example.com..", "invalid host name"),
    ("https://keyfactor\u{ad}.example.com", "control or invisible characters"),
    ("https://keyfactor\u{200b}.example.com", "control or invisible characters"),
    ("https://\u{feff}keyfactor.example.com", "control or invisible characters"),
    ("https://keyfactor\u{2060}.example.com", "control or invisible characters"),
    ("https://keyfactor\u{fe0f}.example.com", "control or invisible characters"),
    ("https://keyfactor\u{e0061}.example.com", "control or invisible characters"),
    ("https://keyfactor\u{202e}.example.com", "control or invisible characters"),
    ("\u{feff}https://keyfactor.example.com", "control or invisible characters"),
    ("https://keyfactor.example.com/Keyfactor\u{200b}API", "control or invisible characters"),
    ("https://keyfactor.example.com/Keyfactor\tAPI", "control or invisible characters"),
    ("https://key\nfactor.example.com", "control or invisible characters"),
    ("https://keyfactor.example%2ecom", "percent-encoded"),
    ("https://k%65yfactor.example.com", "percent-encoded"),
];

/// What the builders say of a URL that is too long, in each of its parts.
fn too_long() -> [(String, &'static str); 3] {
    [
        (format!("https://keyfactor.example.com/{}", "a".repeat(8_000)), "8,000"),
        (format!("https://{}.example.com", "a".repeat(64)), "invalid host name"),
        (format!("https://{}com", "abcdefghi.".repeat(26)), "invalid host name"),
    ]
}

fn cases() -> Vec<(String, &'static str)> {
    REFUSED.iter().map(|&(url, says)| (url.to_owned(), says)).chain(too_long()).collect()
}

fn keyfactor(url: &str) -> keyfactor::ClientBuilder {
    keyfactor::Client::builder(url).credentials(Credentials::basic(r"EXAMPLE\svc", PASSWORD))
}

fn appviewx(url: &str) -> appviewx::ClientBuilder {
    appviewx::Client::builder(url).credentials(appviewx::Credentials::session_id(PASSWORD))
}

/// The setting and the problem; the URL is not repeated.
fn refused<V: clm::Vendor, T>(built: Result<T, clm::Error<V>>, url: &str) -> (String, String) {
    let Err(clm::Error::Configuration(error)) = built else {
        panic!("{url:?} was taken, or refused as something else")
    };
    assert!(url.len() < 10 || !error.to_string().contains(url), "{url:?}");
    (error.setting().to_owned(), error.problem().to_owned())
}

#[test]
fn no_builder_takes_a_url_that_the_parser_would_mend() {
    for (url, says) in cases() {
        let token = Credentials::client_credentials(url.clone(), "id", PASSWORD);
        for (setting, ended) in [
            ("base_url", refused(keyfactor(&url).build(), &url)),
            ("base_url", refused(appviewx(&url).build(), &url)),
            ("token_url", refused(keyfactor("https://localhost").credentials(token).build(), &url)),
            ("proxy", refused(keyfactor("https://localhost").proxy(url.clone()).build(), &url)),
            ("proxy", refused(appviewx("https://localhost").proxy(url.clone()).build(), &url)),
        ] {
            assert_eq!(ended.0, setting, "{url:?}");
            assert!(ended.1.contains(says), "{setting}, {url:?}: {}", ended.1);
        }
    }
}

#[test]
fn what_the_parser_does_not_change_is_taken() {
    for url in [
        "https://keyfactor.example.com",
        "https://keyfactor.example.com.",
        "https://keyfactor.example.com:1/KeyfactorAPI",
        "https://keyfactor.example.com/Keyfactor%20API",
        "https://keyfactor.example.com/..a/a..b/...",
        "https://schl\u{fc}ssel.example.com",
        "https://\u{915}\u{94d}\u{937}.example.com",
        "https://key_factor.example.com",
        "https://[::1]",
        "https://192.0.2.1:8443",
        " https://keyfactor.example.com ",
    ] {
        keyfactor(url).build().unwrap_or_else(|error| panic!("{url:?}: {error}"));
        appviewx(url).build().unwrap_or_else(|error| panic!("{url:?}: {error}"));
    }
    for proxy in ["http://proxy.example.com:3128", "http://us%40er:p%2fw@proxy.example.com:3128/"] {
        keyfactor("https://localhost").proxy(proxy).build().unwrap_or_else(|error| panic!("{proxy}: {error}"));
    }
}

#[test]
fn from_vars_takes_no_host_that_a_builder_refuses() {
    let hosts = ["..", ".", ".example.com", "a..b", "keyfactor\u{ad}.example.com", "keyfactor\u{200b}.example.com"];
    for host in hosts.into_iter().flat_map(|host| [host.to_owned(), format!("https://{host}")]) {
        let host = host.as_str();
        let vars = |name: &str| match name {
            "KEYFACTOR_HOSTNAME" => Some(host.into()),
            "KEYFACTOR_AUTH_ACCESS_TOKEN" => Some("token".into()),
            _ => None,
        };
        let ended = keyfactor::ClientBuilder::from_vars(vars).map(drop);
        assert_eq!(refused(ended, host).0, "KEYFACTOR_HOSTNAME", "{host:?}");
    }
}

fn problems(built: Result<impl std::fmt::Debug, ValidationError>) -> Vec<(String, Reason)> {
    let of = |it: &Problem| (it.field().to_owned(), it.reason().clone());
    built.unwrap_err().problems().iter().map(of).collect()
}

const LONG: usize = 100_000;

fn long() -> String {
    "a".repeat(LONG)
}

fn is(field: &str, limit: usize) -> Vec<(String, Reason)> {
    vec![(field.to_owned(), Reason::TooLong { limit, actual: LONG })]
}

#[test]
fn a_name_or_a_text_of_a_hundred_thousand_characters_is_refused() {
    let groups = appviewx("https://localhost").build().unwrap().certificate_groups();
    assert_eq!(problems(groups.view(long()).build()), is("name", 1_000));
    assert_eq!(problems(groups.assign(long(), ["a"]).build()), is("group", 1_000));
    assert_eq!(problems(groups.unassign([long()]).build()), is("resource_ids[0]", 1_000));
    let certificates = appviewx("https://localhost").build().unwrap().certificates();
    let search = || certificates.search();
    assert_eq!(
        problems(search().category(appviewx::CertificateCategory::Other(long())).rows()),
        is("category[0]", 1_000)
    );
    assert_eq!(problems(search().resource_id(long()).rows()), is("resource_id", 1_000));
    assert_eq!(problems(search().free_text(long()).rows()), is("free_text", 32_767));
    assert_eq!(problems(search().keyword(long().as_str(), "a").rows()), is("keyword[0]", 1_000));
    assert_eq!(problems(search().keyword("a", long()).rows()), is("keyword[\"a\"]", 32_767));
    assert_eq!(problems(search().in_group(long()).rows()), is("in_group", 1_000));
    assert_eq!(problems(search().common_name_is(long()).rows()), is("common_name_is", 1_000));
    assert_eq!(problems(search().common_name_ends_with(long()).rows()), is("common_name_ends_with", 1_000));
    assert_eq!(problems(search().sort_by(long(), appviewx::SortOrder::Ascending).rows()), is("sort_by", 1_000));
    let stores = keyfactor("https://localhost").build().unwrap().certificate_stores();
    let store = Uuid::from_u128(1);
    let remove = |location| stores.remove_certificates([location], Schedule::Immediate).build();
    let alias = "certificate_stores[0].alias";
    assert_eq!(problems(remove(CertificateLocation::new(store, long()))), is(alias, 32_767));
    let field = CertificateLocation::new(store, "a").job_field(long(), 1);
    assert_eq!(problems(remove(field)), is("certificate_stores[0].job_fields[0]", 1_000));
    let entry = CertificateStoreEntry::new(store).alias(long());
    assert_eq!(problems(stores.add_certificates(1, [entry], Schedule::Immediate).build()), is(alias, 32_767));
    let note =
        stores.remove_certificates([CertificateLocation::new(store, "a")], Schedule::Immediate).audit_note(long());
    assert_eq!(problems(note.build()), is("audit_note", 32_767));
    assert_eq!(problems(stores.list(Query::raw(long())).rows()), is("query", 8_000));
    let quoted = Query::field("Thumbprint").eq("\"".repeat(LONG - 16));
    assert_eq!(
        problems(stores.list(quoted).rows()),
        vec![("query".to_owned(), Reason::TooLong { limit: 8_000, actual: LONG + 1 },)]
    );
    let revoke =
        keyfactor("https://localhost").build().unwrap().certificates().revoke([1], RevocationReason::Superseded);
    assert_eq!(problems(revoke.comment(long()).build()), is("comment", 32_767));
    let revoke = certificates.revoke("a", appviewx::RevocationReason::Superseded);
    assert_eq!(problems(revoke.comments(long()).build()), is("comments", 32_767));
}

// Counted in characters, whatever their bytes.
#[test]
fn the_longest_names_are_taken() {
    let groups = appviewx("https://localhost").build().unwrap().certificate_groups();
    groups.view("\u{fc}".repeat(1_000)).build().unwrap();
    let too_long = groups.view("\u{fc}".repeat(1_001)).build();
    assert_eq!(problems(too_long), [("name".to_owned(), Reason::TooLong { limit: 1_000, actual: 1_001 })]);
}

#[test]
fn names_that_a_client_is_told_are_bounded_too() {
    let long = long();
    assert_eq!(refused(appviewx("https://localhost").gwsource(long.clone()).build(), &long).0, "gwsource");
    assert_eq!(refused(appviewx("https://localhost").default_group(long.clone()).build(), &long).0, "default_group");
}

#[test]
fn the_name_of_a_job_field_holds_no_control_character() {
    let stores = keyfactor("https://localhost").build().unwrap().certificate_stores();
    let store = Uuid::from_u128(1);
    for (name, at) in [("Server\nName", 7), ("\u{0}", 1), ("ServerName\r", 11), ("Server\u{85}", 7)] {
        let location = CertificateLocation::new(store, "a").job_field(name, "x");
        let removal = stores.remove_certificates([location], Schedule::Immediate).build();
        let entry = CertificateStoreEntry::new(store).job_field(name, "x");
        let addition = stores.add_certificates(1, [entry], Schedule::Immediate).build();
        for found in [problems(removal), problems(addition)] {
            let (field, Reason::InvalidCharacters(characters)) = &found[0] else { panic!("{name:?}: {found:?}") };
            assert_eq!(field, &format!("certificate_stores[0].job_fields[{name:?}]"));
            assert_eq!(characters[0].position, at);
        }
    }
}
