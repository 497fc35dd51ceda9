//! TLS for real: which servers get a change, and how it ends with those that get none.

use std::error::Error as _;
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, Client, ClientBuilder, Credentials, Error, RemoveOutcome, Schedule};
use clm::{RetryPolicy, TransportError};
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, SupportedProtocolVersion};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::tls::{Authority, Connection, Leaf, Recorder, server_config};
use crate::support::{RawServer, reply, texts};

#[cfg(target_os = "linux")]
mod platform_roots;

const JOB: &str = "10b00000-0000-4000-8000-000000000001";
const PASSWORD: &str = "password-marker";
/// "EXAMPLE\svc:password-marker", as Basic authentication sends it.
const BASIC: &str = "RVhBTVBMRVxzdmM6cGFzc3dvcmQtbWFya2Vy";

/// Failures to connect may be tried again: four times, without much waiting.
const FOUR_TRIES: RetryPolicy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(1));

fn accepted() -> Vec<u8> {
    reply(200, "content-type: application/json\r\nconnection: close\r\n", &format!(r#"["{JOB}"]"#))
}

fn client_of(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).credentials(Credentials::basic(r"EXAMPLE\svc", PASSWORD)).retry_policy(FOUR_TRIES)
}

async fn remove(client: ClientBuilder) -> Result<RemoveOutcome, Error> {
    let client = client.build().unwrap();
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await
}

/// A server that is `localhost` to whoever trusts this authority.
async fn trusted_by(authority: &Authority) -> Recorder {
    serving(&authority.issue(&["localhost", "127.0.0.1"])).await
}

async fn serving(leaf: &Leaf) -> Recorder {
    Recorder::tls(server_config(leaf, ALL_VERSIONS, None), accepted()).await
}

fn localhost(server: &Recorder) -> String {
    format!("https://localhost:{}", server.port())
}

fn transport(ended: Result<RemoveOutcome, Error>) -> TransportError {
    match ended {
        Err(Error::Transport(error)) => *error,
        other => panic!("it must be proven that nothing was sent: {other:?}"),
    }
}

/// That a server was turned away in every one of the four tries, before it got a byte of a request.
fn assert_refused_four_times(error: &TransportError, seen: &[Connection]) {
    assert_eq!(error.attempts(), 4);
    assert_eq!(seen.len(), 4, "{seen:?}");
    for connection in seen {
        assert!(connection.handshake.is_err(), "{connection:?}");
        assert_eq!(connection.bytes, b"", "{connection:?}");
    }
}

/// That a server was turned away in the one try, before it got a byte of a request, and that the error says what to do.
fn assert_refused_once(error: &TransportError, seen: &[Connection], remedy: &str) {
    assert_eq!(error.attempts(), 1);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].handshake.is_err(), "{seen:?}");
    assert_eq!(seen[0].bytes, b"", "{seen:?}");
    assert!(error.remediation().is_some_and(|it| it.contains(remedy)), "{remedy}: {:?}", error.remediation());
    assert!(error.to_string().ends_with("the server's certificate was not accepted (1 attempt)"), "{error}");
}

/// That exactly one request came, whole and with its credential.
fn assert_one_request(outcome: &RemoveOutcome, seen: &[Connection]) {
    assert_eq!(outcome.receipt().attempts(), 1);
    assert_eq!(outcome.job_ids()[0].to_string(), JOB);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].handshake, Ok(()));
    let request = seen[0].text();
    assert!(request.starts_with("POST /KeyfactorAPI/CertificateStores/Certificates/Remove HTTP/1.1\r\n"), "{request}");
    assert_eq!(request.matches(BASIC).count(), 1, "{request}");
    assert_eq!(request.matches("web01.pfx").count(), 1, "{request}");
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_gets_nothing() {
    let server = trusted_by(&Authority::new("nobody knows it")).await;
    let error = transport(remove(client_of(&localhost(&server))).await);
    assert!(texts(&error).contains("UnknownIssuer"), "{}", texts(&error));
    assert_refused_once(&error, &server.finish().await, "is not trusted");
}

#[tokio::test]
async fn a_server_with_another_name_gets_nothing() {
    let authority = Authority::new("known");
    for (name, called) in [("other.invalid", "localhost"), ("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.1")] {
        let server = serving(&authority.issue(&[name])).await;
        let base_url = format!("https://{called}:{}", server.port());
        let error = transport(remove(client_of(&base_url).only_root_certificate(authority.pem())).await);
        assert!(texts(&error).contains("not valid for name"), "{name}: {}", texts(&error));
        assert_refused_once(&error, &server.finish().await, "is for another name");
    }
}

#[tokio::test]
async fn a_certificate_out_of_its_time_gets_nothing() {
    let authority = Authority::new("known");
    for (first, last, says) in [(2000, 2001, "expired"), (2990, 2991, "not valid yet")] {
        let server = serving(&authority.issue_between(&["localhost"], first, last)).await;
        let error = transport(remove(client_of(&localhost(&server)).only_root_certificate(authority.pem())).await);
        assert!(texts(&error).contains(says), "{says}: {}", texts(&error));
        assert_refused_once(&error, &server.finish().await, "has expired or is not yet valid");
    }
}

#[tokio::test]
async fn another_root_than_the_servers_does_not_help() {
    let authority = Authority::new("the server's");
    let other = Authority::new("another");
    let server = trusted_by(&authority).await;
    let error = transport(remove(client_of(&localhost(&server)).only_root_certificate(other.pem())).await);
    assert_refused_once(&error, &server.finish().await, "is not trusted");
    let server = trusted_by(&authority).await;
    let error = transport(remove(client_of(&localhost(&server)).add_root_certificate(other.pem())).await);
    assert_refused_once(&error, &server.finish().await, "is not trusted");
}

#[tokio::test]
async fn a_token_endpoint_of_an_unknown_authority_is_asked_once() {
    let provider = trusted_by(&Authority::new("nobody knows it")).await;
    let credentials = Credentials::client_credentials(format!("{}/token", localhost(&provider)), "id", PASSWORD);
    let error = remove(client_of("https://localhost:1").credentials(credentials)).await.unwrap_err();
    assert!(
        error.remediation().is_some_and(|it| it.contains("is not trusted") && it.contains("`_CA_CERT`")),
        "{error:?}"
    );
    let Error::Authentication(error) = error else { panic!("{error:?}") };
    assert!(error.remediation().is_some(), "{error:?}");
    let seen = provider.finish().await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].bytes, b"", "{seen:?}");
}

// What will not pass must not be waited for.
#[tokio::test]
async fn a_watch_of_jobs_ends_at_once_where_the_certificate_is_not_trusted() {
    let server = trusted_by(&Authority::new("nobody knows it")).await;
    let client = client_of(&localhost(&server)).build().unwrap();
    let report = client.orchestrator_jobs().watch([Uuid::from_u128(0x10b0)]).finish().await.unwrap();
    assert!(matches!(report.stopped_by(), Some(Error::Transport(_))), "{report:?}");
    assert_eq!(server.finish().await.len(), 1);
}

#[tokio::test]
async fn a_root_of_ones_own_is_trusted_beside_or_instead_of_the_platforms() {
    let authority = Authority::new("of one's own");
    let (root, other) = (authority.pem(), Authority::new("another").pem());
    let bundle = format!("{other}\n{root}");
    let settings: [(&str, &dyn Fn(ClientBuilder) -> ClientBuilder); 7] = [
        ("added", &|it| it.add_root_certificate(&*root)),
        ("only", &|it| it.only_root_certificate(&*root)),
        ("in a bundle", &|it| it.only_root_certificate(&*bundle)),
        ("added twice", &|it| it.add_root_certificate(&*other).add_root_certificate(&*root)),
        ("only, said again", &|it| it.only_root_certificate(&*root).only_root_certificate(&*other)),
        ("added to another only one", &|it| it.only_root_certificate(&*other).add_root_certificate(&*root)),
        ("only beside another added one", &|it| it.add_root_certificate(&*other).only_root_certificate(&*root)),
    ];
    for (name, set) in settings {
        for host in ["localhost", "127.0.0.1"] {
            let server = trusted_by(&authority).await;
            let client = set(client_of(&format!("https://{host}:{}", server.port())));
            let outcome = remove(client).await.unwrap_or_else(|error| panic!("{name}: {}", texts(&error)));
            assert_one_request(&outcome, &server.finish().await);
        }
    }
}

/// What the child was told.
#[tokio::test]
async fn an_unchecked_server_is_taken_as_it_is() {
    let unknown = Authority::new("nobody knows it");
    for leaf in [
        unknown.issue(&["localhost"]),
        unknown.issue(&["other.invalid"]),
        unknown.issue_between(&["localhost"], 2000, 2001),
    ] {
        for version in [&TLS12, &TLS13] {
            let server = Recorder::tls(server_config(&leaf, &[version], None), accepted()).await;
            let outcome = remove(client_of(&localhost(&server)).danger_accept_invalid_certs(true)).await.unwrap();
            assert_one_request(&outcome, &server.finish().await);
        }
    }
}

#[tokio::test]
async fn the_last_word_about_the_check_counts() {
    let server = trusted_by(&Authority::new("nobody knows it")).await;
    let client = client_of(&localhost(&server)).danger_accept_invalid_certs(true).danger_accept_invalid_certs(false);
    let error = transport(remove(client).await);
    assert_refused_once(&error, &server.finish().await, "is not trusted");
}

/// A server that requires a client certificate, and a client that trusts the server.
async fn demanding(version: &'static SupportedProtocolVersion, clients: &Authority) -> (Recorder, ClientBuilder) {
    let authority = Authority::new("the server's");
    let config = server_config(&authority.issue(&["localhost"]), &[version], Some(clients));
    let server = Recorder::tls(config, accepted()).await;
    let client = client_of(&localhost(&server)).only_root_certificate(authority.pem());
    (server, client)
}

#[tokio::test]
async fn a_client_certificate_that_is_asked_for_is_shown() {
    let clients = Authority::new("of the clients");
    for version in [&TLS12, &TLS13] {
        let (server, client) = demanding(version, &clients).await;
        let Leaf { certificate_pem, key_pem } = clients.issue(&["client.invalid"]);
        let outcome = remove(client.client_identity(certificate_pem, key_pem)).await.unwrap();
        assert_one_request(&outcome, &server.finish().await);
    }
}

#[tokio::test]
async fn a_client_certificate_that_is_not_asked_for_does_no_harm() {
    let authority = Authority::new("the server's");
    let Leaf { certificate_pem, key_pem } = Authority::new("of the clients").issue(&["client.invalid"]);
    let server = trusted_by(&authority).await;
    let client = client_of(&localhost(&server)).only_root_certificate(authority.pem());
    let outcome = remove(client.client_identity(certificate_pem, key_pem)).await.unwrap();
    assert_one_request(&outcome, &server.finish().await);
}

/// Under TLS 1.2 the server judges the client before it is done: what it refuses never got a request.
#[tokio::test]
async fn without_the_right_client_certificate_tls_1_2_proves_that_nothing_was_sent() {
    let clients = Authority::new("of the clients");
    let foreign = Authority::new("not of the clients").issue(&["client.invalid"]);

    let (server, client) = demanding(&TLS12, &clients).await;
    let error = transport(remove(client).await);
    assert_refused_four_times(&error, &server.finish().await);

    let (server, client) = demanding(&TLS12, &clients).await;
    let error = transport(remove(client.client_identity(foreign.certificate_pem, foreign.key_pem)).await);
    assert_refused_four_times(&error, &server.finish().await);
}

/// Under TLS 1.3 the client is done first and may send at once; the refusal comes later. So it may have been sent, and
/// it must not be sent again.
#[tokio::test]
async fn without_the_right_client_certificate_tls_1_3_leaves_it_open_and_nothing_is_sent_again() {
    let clients = Authority::new("of the clients");
    for foreign in [None, Some(Authority::new("not of the clients").issue(&["client.invalid"]))] {
        let (server, mut client) = demanding(&TLS13, &clients).await;
        if let Some(foreign) = foreign {
            client = client.client_identity(foreign.certificate_pem, foreign.key_pem);
        }
        let ended = remove(client).await;
        let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{ended:?}") };
        assert_eq!(unknown.attempts(), 1);
        assert_eq!(unknown.status(), None);
        assert_eq!(unknown.body(), None);
        assert!(unknown.source().is_some());
        let seen = server.finish().await;
        assert_eq!(seen.len(), 1, "a second copy was sent: {seen:?}");
        assert!(seen[0].handshake.is_err(), "{seen:?}");
        assert_eq!(seen[0].bytes, b"", "the server took a request of somebody it had refused");
    }
}

#[tokio::test]
async fn a_plain_server_behind_an_https_url_gets_no_request() {
    let server = Recorder::plain(reply(400, "", "this is no TLS")).await;
    let error = transport(remove(client_of(&localhost(&server)).danger_accept_invalid_certs(true)).await);
    assert_eq!(error.attempts(), 4);
    let seen = server.finish().await;
    assert_eq!(seen.len(), 4, "{seen:?}");
    for connection in seen {
        assert_eq!(connection.bytes[0], 0x16, "a TLS handshake record and nothing else");
        let text = connection.text();
        assert!(!text.contains("HTTP/1.1") && !text.contains(BASIC) && !text.contains("web01.pfx"), "{text}");
    }
}

/// The other way round, the request leaves at once.
#[tokio::test]
async fn a_tls_server_behind_a_plain_url_leaves_it_open() {
    let server = trusted_by(&Authority::new("of no use here")).await;
    let ended = remove(client_of(&format!("http://127.0.0.1:{}", server.port()))).await;
    let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{ended:?}") };
    assert_eq!((unknown.attempts(), unknown.status()), (1, None));
    assert_eq!(server.finish().await.len(), 1);
}

/// Closes every connection once the client's first message has come, and counts them.
#[tokio::test]
async fn a_server_that_gives_up_in_the_handshake_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.len() < 4 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            stream.read_buf(&mut bytes).await.unwrap();
            seen.push(bytes);
        }
        seen
    });
    let error = transport(remove(client_of(&base_url)).await);
    assert_eq!(error.attempts(), 4);
    for bytes in server.await.unwrap() {
        assert_eq!(bytes[0], 0x16, "a TLS handshake record");
    }
}

/// A handshake without an answer ends by the connect timeout, so that it is known that nothing was sent.
#[tokio::test]
async fn a_server_that_says_nothing_in_the_handshake_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        // Until the client has had enough.
        let _ = stream.read_to_end(&mut bytes).await;
        bytes
    });
    let client = client_of(&base_url).connect_timeout(Duration::from_secs(1)).retry_policy(RetryPolicy::none());
    let error = transport(remove(client).await);
    assert_eq!(error.attempts(), 1);
    let bytes = server.await.unwrap();
    assert_eq!(bytes[0], 0x16, "a TLS handshake record");
}

/// TLS settings belong to every client, also to one that is pointed at a plain server.
#[tokio::test]
async fn tls_settings_do_not_harm_plain_http() {
    let authority = Authority::new("of no use here");
    let Leaf { certificate_pem, key_pem } = authority.issue(&["client.invalid"]);
    let settings: [(&str, &dyn Fn(ClientBuilder) -> ClientBuilder); 4] = [
        ("add_root_certificate", &|it| it.add_root_certificate(authority.pem())),
        ("only_root_certificate", &|it| it.only_root_certificate(authority.pem())),
        ("client_identity", &|it| it.client_identity(&*certificate_pem, &*key_pem)),
        ("danger_accept_invalid_certs", &|it| it.danger_accept_invalid_certs(true)),
    ];
    for (name, set) in settings {
        let server = RawServer::start(accepted()).await;
        let outcome = remove(set(client_of(&server.origin))).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(outcome.receipt().attempts(), 1);
        assert_eq!(server.only().header("authorization"), Some(&*format!("Basic {BASIC}")), "{name}");
    }
}
