//! The roots of the platform, for which `SSL_CERT_FILE` stands on Linux.

use clm::keyfactor::{Error, RemoveOutcome};

use super::{client_of, localhost, remove, trusted_by};
use crate::support::texts;
use crate::support::tls::{Authority, in_a_process_of_its_own, is_the_child};

fn told(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|error| panic!("{variable}: {error}"))
}

fn ending(ended: &Result<RemoveOutcome, Error>) -> &'static str {
    match ended {
        Ok(_) => "Ok",
        Err(Error::Transport(_)) => "Transport",
        Err(Error::Configuration(_)) => "Configuration",
        Err(_) => "something else",
    }
}

/// Has `SSL_CERT_FILE` stand for the platform's roots, as it does on Linux.
#[tokio::test]
async fn the_platforms_roots_are_trusted_unless_only_others_are() {
    if is_the_child() {
        let (base_url, other) = (told("CLM_TEST_BASE_URL"), told("CLM_TEST_OTHER_ROOT"));
        println!("by default: {}", ending(&remove(client_of(&base_url)).await));
        println!("beside: {}", ending(&remove(client_of(&base_url).add_root_certificate(&*other)).await));
        println!("instead: {}", ending(&remove(client_of(&base_url).only_root_certificate(&*other)).await));
        return;
    }
    let platform = Authority::new("the platform's");
    let server = trusted_by(&platform).await;
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/platform_roots.pem");
    std::fs::write(file, platform.pem()).unwrap();
    let printed = in_a_process_of_its_own(
        "tls::platform_roots::the_platforms_roots_are_trusted_unless_only_others_are",
        &[
            ("SSL_CERT_FILE", file),
            ("CLM_TEST_BASE_URL", &localhost(&server)),
            ("CLM_TEST_OTHER_ROOT", &Authority::new("another").pem()),
        ],
    )
    .await;
    assert!(printed.contains("by default: Ok\nbeside: Ok\ninstead: Transport\n"), "{printed}");
    let seen = server.finish().await;
    assert_eq!(seen.iter().filter(|connection| connection.handshake.is_ok()).count(), 2, "{seen:?}");
}

/// As in a container image without the authorities' certificates.
#[tokio::test]
async fn a_platform_without_roots_stops_only_who_needs_them() {
    if is_the_child() {
        let (base_url, root) = (told("CLM_TEST_BASE_URL"), told("CLM_TEST_ROOT"));
        println!("only: {}", ending(&remove(client_of(&base_url).only_root_certificate(&*root)).await));
        println!("added: {}", ending(&remove(client_of(&base_url).add_root_certificate(&*root)).await));
        println!("unchecked: {}", ending(&remove(client_of(&base_url).danger_accept_invalid_certs(true)).await));
        let Err(Error::Configuration(error)) = client_of(&base_url).build() else { panic!("nobody is trusted") };
        println!("https: {}", texts(&*error));
        match client_of("http://127.0.0.1:1").build() {
            Ok(_) => println!("plain: Ok"),
            Err(error) => println!("plain: {}", texts(&error)),
        }
        return;
    }
    let authority = Authority::new("of one's own");
    let server = trusted_by(&authority).await;
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/no_roots.pem");
    std::fs::write(file, "").unwrap();
    let printed = in_a_process_of_its_own(
        "tls::platform_roots::a_platform_without_roots_stops_only_who_needs_them",
        &[("SSL_CERT_FILE", file), ("CLM_TEST_BASE_URL", &localhost(&server)), ("CLM_TEST_ROOT", &authority.pem())],
    )
    .await;
    server.finish().await;
    assert!(printed.contains("only: Ok\nadded: Ok\nunchecked: Ok\n"), "{printed}");
    assert!(printed.contains("https: ") && printed.contains("No CA certificates were loaded"), "{printed}");
    assert!(printed.contains("plain: Ok\n"), "plain http needs no roots: {printed}");
}
