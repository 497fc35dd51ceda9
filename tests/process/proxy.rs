//! Proxies: which calls use one, what it gets to see, and how it ends if it refuses.

use std::net::Ipv4Addr;
use std::time::Duration;

use clm::RetryPolicy;
use clm::keyfactor::{CertificateLocation, Client, ClientBuilder, Credentials, Error, RemoveOutcome, Schedule};
use rustls::ALL_VERSIONS;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;
use uuid::Uuid;

use crate::support::tls::{Authority, Connection, Recorder, in_a_process_of_its_own, is_the_child, server_config};
use crate::support::{ClosedPort, RawServer, reply};

const JOB: &str = "10b00000-0000-4000-8000-000000000001";
const PASSWORD: &str = "password-marker";
/// "EXAMPLE\svc:password-marker", as Basic authentication sends it.
const BASIC: &str = "RVhBTVBMRVxzdmM6cGFzc3dvcmQtbWFya2Vy";
/// In the URL of a proxy, "proxy-user" and "proxy@marker".
const PROXY_USER_INFO: &str = "proxy-user:proxy%40marker";
/// The same, as Basic authentication sends it.
const PROXY_BASIC: &str = "cHJveHktdXNlcjpwcm94eUBtYXJrZXI=";

/// Names below `.invalid` exist nowhere: without a proxy, a call to them ends before it is sent.
const ELSEWHERE: &str = "https://command.example.invalid";
const ELSEWHERE_IN_PLAIN: &str = "http://command.example.invalid";

/// Failures to connect may be tried again: four times, without much waiting.
const FOUR_TRIES: RetryPolicy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(1));

fn accepted() -> Vec<u8> {
    reply(200, "content-type: application/json\r\nconnection: close\r\n", &format!(r#"["{JOB}"]"#))
}

fn bad_gateway() -> Vec<u8> {
    reply(502, "", "the proxy says no")
}

fn client_of(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).credentials(Credentials::basic(r"EXAMPLE\svc", PASSWORD)).retry_policy(FOUR_TRIES)
}

async fn remove(client: &Client) -> Result<RemoveOutcome, Error> {
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// `proxy-user` and its password at this address.
fn with_user_info(port: u16) -> Url {
    url(&format!("http://{PROXY_USER_INFO}@127.0.0.1:{port}"))
}

/// All that an error shows: its texts from the outside in, and both forms of `Debug`.
fn shown(error: &dyn std::error::Error) -> String {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}");
    let mut below = error.source();
    while let Some(error) = below {
        shown = format!("{shown}\n{error}\n{error:?}");
        below = error.source();
    }
    shown
}

fn assert_no_secret_in(text: &str) {
    for secret in [PASSWORD, BASIC, "proxy-user", "proxy%40marker", "proxy@marker", PROXY_BASIC] {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

/// That a proxy was asked for a tunnel to the usual server, and was given nothing else than its own credential.
fn assert_asked_for_a_tunnel(connection: &Connection, proxy_credential: Option<&str>) {
    let text = connection.text();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no whole head: {text}"));
    assert_eq!(rest, "", "something was sent before there was a tunnel");
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    assert_eq!(lines.remove(0), "CONNECT command.example.invalid:443 HTTP/1.1");
    lines.sort_unstable_by_key(|line| line.to_ascii_lowercase());
    let mut expected = vec!["Host: command.example.invalid:443".to_owned()];
    expected.extend(proxy_credential.map(|credential| format!("Proxy-Authorization: Basic {credential}")));
    expected.push(format!("user-agent: clm/{}", env!("CARGO_PKG_VERSION")));
    let same = lines.iter().zip(&expected).all(|(line, expected)| line.eq_ignore_ascii_case(expected));
    assert!(same && lines.len() == expected.len(), "{lines:?}");
}

// What the environment names. The child does one call and says how it ended, and all that it shows of itself.

/// In the child: does the call that the parent asked for.
async fn call_as_told() {
    let told = |variable| std::env::var(variable).ok();
    let mut builder = client_of(&told("CLM_TEST_BASE_URL").unwrap()).retry_policy(RetryPolicy::none());
    builder = if let Some(root) = told("CLM_TEST_ROOT") { builder.only_root_certificate(root) } else { builder };
    builder = if let Some(proxy) = told("CLM_TEST_PROXY") { builder.proxy(url(&proxy)) } else { builder };
    builder = if told("CLM_TEST_NO_PROXY").is_some() { builder.no_proxy() } else { builder };
    println!("shown: {builder:?}");
    let client = builder.allow_plain_http().build().unwrap();
    println!("shown: {client:?}");
    match remove(&client).await {
        Ok(_) => println!("ended: Ok"),
        Err(Error::Transport(error)) => println!("shown: {}\nended: Transport", shown(&*error)),
        Err(error) => println!("shown: {}\nended: otherwise", shown(&error)),
    }
}

/// That a child ended in a certain way and showed no secret.
async fn child_ends(test: &str, ending: &str, variables: &[(&str, &str)]) {
    let printed = in_a_process_of_its_own(test, variables).await;
    assert!(printed.contains(&format!("ended: {ending}\n")), "{variables:?}: {printed}");
    assert_no_secret_in(&printed);
}

/// Every variable that names a proxy.
const VARIABLES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// All of them at once.
fn all_naming(proxy: &str) -> Vec<(&str, &str)> {
    VARIABLES.map(|name| (name, proxy)).to_vec()
}

fn and<'a>(mut variables: Vec<(&'a str, &'a str)>, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    variables.extend(more);
    variables
}

#[tokio::test]
async fn plain_http_to_loopback_never_uses_the_environments_proxy() {
    const NAME: &str = "proxy::plain_http_to_loopback_never_uses_the_environments_proxy";
    if is_the_child() {
        return call_as_told().await;
    }
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    for host in ["127.0.0.1", "localhost"] {
        let server = RawServer::start(accepted()).await;
        let base_url = server.origin.replace("127.0.0.1", host);
        child_ends(NAME, "Ok", &and(all_naming(&named), &[("CLM_TEST_BASE_URL", &base_url)])).await;
        assert!(server.only().header("authorization").is_some());
    }
    assert_eq!(proxy.finish().await.len(), 0);
}

/// A proxy would read the credentials.
#[tokio::test]
async fn plain_http_elsewhere_never_uses_the_environments_proxy() {
    const NAME: &str = "proxy::plain_http_elsewhere_never_uses_the_environments_proxy";
    if is_the_child() {
        return call_as_told().await;
    }
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    let variables = and(all_naming(&named), &[("CLM_TEST_BASE_URL", ELSEWHERE_IN_PLAIN)]);
    child_ends(NAME, "Transport", &variables).await;
    assert_eq!(proxy.finish().await.len(), 0);
}

#[tokio::test]
async fn https_to_loopback_never_uses_the_environments_proxy() {
    const NAME: &str = "proxy::https_to_loopback_never_uses_the_environments_proxy";
    if is_the_child() {
        return call_as_told().await;
    }
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    let authority = Authority::new("the server's");
    let root = authority.pem();
    for host in ["127.0.0.1", "localhost"] {
        let leaf = authority.issue(&[host]);
        let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), accepted()).await;
        let base_url = format!("https://{host}:{}", server.port());
        let more = [("CLM_TEST_BASE_URL", &*base_url), ("CLM_TEST_ROOT", &*root)];
        child_ends(NAME, "Ok", &and(all_naming(&named), &more)).await;
        assert_eq!(server.finish().await.len(), 1);
    }
    assert_eq!(proxy.finish().await.len(), 0);
}

#[tokio::test]
async fn https_elsewhere_asks_the_environments_proxy_for_a_tunnel() {
    const NAME: &str = "proxy::https_elsewhere_asks_the_environments_proxy_for_a_tunnel";
    if is_the_child() {
        return call_as_told().await;
    }
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Recorder::plain(bad_gateway()).await;
        let named = format!("http://127.0.0.1:{}", proxy.port());
        child_ends(NAME, "Transport", &[(variable, &named), ("CLM_TEST_BASE_URL", ELSEWHERE)]).await;
        let seen = proxy.finish().await;
        assert_eq!(seen.len(), 1, "{variable}: {seen:?}");
        assert_asked_for_a_tunnel(&seen[0], None);
    }
    // The one for plain http is not meant.
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    let variables = [("HTTP_PROXY", &*named), ("http_proxy", &*named), ("CLM_TEST_BASE_URL", ELSEWHERE)];
    child_ends(NAME, "Transport", &variables).await;
    assert_eq!(proxy.finish().await.len(), 0);
}

#[tokio::test]
async fn the_credential_of_the_environments_proxy_goes_to_it_and_shows_nowhere() {
    const NAME: &str = "proxy::the_credential_of_the_environments_proxy_goes_to_it_and_shows_nowhere";
    if is_the_child() {
        return call_as_told().await;
    }
    for answer in [reply(407, "proxy-authenticate: Basic realm=\"p\"\r\n", ""), bad_gateway()] {
        let proxy = Recorder::plain(answer).await;
        let named = with_user_info(proxy.port());
        child_ends(NAME, "Transport", &[("HTTPS_PROXY", named.as_str()), ("CLM_TEST_BASE_URL", ELSEWHERE)]).await;
        let seen = proxy.finish().await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_asked_for_a_tunnel(&seen[0], Some(PROXY_BASIC));
    }
}

#[tokio::test]
async fn the_environment_can_except_hosts() {
    const NAME: &str = "proxy::the_environment_can_except_hosts";
    if is_the_child() {
        return call_as_told().await;
    }
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    for (variable, excepted) in [
        ("NO_PROXY", "command.example.invalid"),
        ("NO_PROXY", "other.invalid, .example.invalid"),
        ("no_proxy", "example.invalid"),
        ("NO_PROXY", "*"),
    ] {
        let variables = and(all_naming(&named), &[(variable, excepted), ("CLM_TEST_BASE_URL", ELSEWHERE)]);
        child_ends(NAME, "Transport", &variables).await;
    }
    assert_eq!(proxy.finish().await.len(), 0);
    // Another host is no exception.
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", proxy.port());
    let variables = and(all_naming(&named), &[("NO_PROXY", "other.invalid"), ("CLM_TEST_BASE_URL", ELSEWHERE)]);
    child_ends(NAME, "Transport", &variables).await;
    assert_eq!(proxy.finish().await.len(), 1);
}

#[tokio::test]
async fn what_the_builder_says_beats_the_environment() {
    const NAME: &str = "proxy::what_the_builder_says_beats_the_environment";
    if is_the_child() {
        return call_as_told().await;
    }
    let environments = Recorder::plain(bad_gateway()).await;
    let named = format!("http://127.0.0.1:{}", environments.port());
    let none = [("CLM_TEST_NO_PROXY", "yes"), ("CLM_TEST_BASE_URL", ELSEWHERE)];
    child_ends(NAME, "Transport", &and(all_naming(&named), &none)).await;

    // An exception of the environment does not unsay a proxy that the program named.
    let said = Recorder::plain(bad_gateway()).await;
    let said_url = format!("http://127.0.0.1:{}", said.port());
    let one = [("CLM_TEST_PROXY", &*said_url), ("NO_PROXY", "*"), ("CLM_TEST_BASE_URL", ELSEWHERE)];
    child_ends(NAME, "Transport", &and(all_naming(&named), &one)).await;
    let seen = said.finish().await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_asked_for_a_tunnel(&seen[0], None);
    assert_eq!(environments.finish().await.len(), 0);
}

// What the builder names.

/// A refused tunnel is a connection that did not come about: it may be tried again, and nothing was sent.
#[tokio::test]
async fn a_proxy_that_gives_no_tunnel_gets_no_request() {
    let answers = [
        ("407", reply(407, "proxy-authenticate: Basic realm=\"p\"\r\n", "who are you?")),
        ("502", bad_gateway()),
        ("403", reply(403, "", "not there")),
        ("a redirect", reply(302, "location: http://127.0.0.1:1/\r\n", "")),
        ("a close", Vec::new()),
        ("half a head", b"HTTP/1.1 200 Connection esta".to_vec()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
    ];
    for (case, answer) in answers {
        let proxy = Recorder::plain(answer).await;
        let builder = client_of(ELSEWHERE).proxy(with_user_info(proxy.port()));
        assert_no_secret_in(&format!("{builder:?}\n{builder:#?}"));
        let client = builder.build().unwrap();
        assert_no_secret_in(&format!("{client:?}\n{client:#?}"));
        let ended = remove(&client).await;
        let Err(Error::Transport(error)) = ended else { panic!("{case}: {ended:?}") };
        assert_eq!(error.attempts(), 4, "{case}");
        assert_no_secret_in(&shown(&*error));
        let seen = proxy.finish().await;
        assert_eq!(seen.len(), 4, "{case}: {seen:?}");
        for connection in &seen {
            assert_asked_for_a_tunnel(connection, Some(PROXY_BASIC));
        }
    }
}

/// The tunnel stands, but the other end is not who it should be.
#[tokio::test]
async fn a_proxy_that_answers_for_the_server_gets_no_request() {
    let proxy = Recorder::plain("HTTP/1.1 200 Connection established\r\n\r\n").await;
    let client = client_of(ELSEWHERE).proxy(with_user_info(proxy.port())).build().unwrap();
    let ended = remove(&client).await;
    let Err(Error::Transport(error)) = ended else { panic!("{ended:?}") };
    assert_eq!(error.attempts(), 4);
    assert_no_secret_in(&shown(&*error));
    let seen = proxy.finish().await;
    assert_eq!(seen.len(), 4, "{seen:?}");
    for connection in &seen {
        let end = connection.bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        assert_eq!(connection.bytes[end + 4], 0x16, "a TLS handshake record follows the request for a tunnel");
        assert!(!connection.text().contains(BASIC) && !connection.text().contains("web01.pfx"));
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_gets_no_request() {
    let nobody = ClosedPort::reserve();
    let server = RawServer::start(accepted()).await;
    for base_url in [ELSEWHERE, ELSEWHERE_IN_PLAIN, &server.origin] {
        let client = client_of(base_url).allow_plain_http().proxy(with_user_info(nobody.port())).build().unwrap();
        let ended = remove(&client).await;
        let Err(Error::Transport(error)) = ended else { panic!("{base_url}: {ended:?}") };
        assert_eq!(error.attempts(), 4, "{base_url}");
        assert_no_secret_in(&shown(&*error));
    }
    assert_eq!(server.received().len(), 0, "without its proxy, a call does not go another way");
}

/// A proxy that leads every tunnel to one server and keeps what the client sends through it.
async fn tunnel_to(port: u16) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            assert_ne!(client.read_buf(&mut seen).await.unwrap(), 0);
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) =
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap().into_split();
        let back = tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
            let _ = to_client.shutdown().await;
        });
        let mut chunk = Vec::new();
        while from_client.read_buf(&mut chunk).await.unwrap_or(0) > 0 {
            seen.extend_from_slice(&chunk);
            // Whoever hangs up ends the tunnel; the test is about what came until then.
            let _ = to_server.write_all(&chunk).await;
            chunk.clear();
        }
        let _ = to_server.shutdown().await;
        back.await.unwrap();
        seen
    });
    (own, task)
}

#[tokio::test]
async fn through_a_tunnel_only_the_server_reads_the_request() {
    let authority = Authority::new("the server's");
    let leaf = authority.issue(&["command.example.invalid"]);
    let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), accepted()).await;
    let (port, proxy) = tunnel_to(server.port()).await;
    let builder = client_of(ELSEWHERE).proxy(with_user_info(port)).only_root_certificate(authority.pem());
    let client = builder.build().unwrap();
    let outcome = remove(&client).await.unwrap();
    assert_eq!((outcome.receipt().attempts(), outcome.job_ids()[0].to_string()), (1, JOB.to_owned()));
    drop(client);

    let proxied = String::from_utf8_lossy(&proxy.await.unwrap()).into_owned();
    assert!(proxied.contains(PROXY_BASIC), "{proxied}");
    assert!(!proxied.contains(BASIC) && !proxied.contains("web01.pfx") && !proxied.contains("POST"), "{proxied}");
    let seen = server.finish().await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let request = seen[0].text();
    assert!(request.starts_with("POST /KeyfactorAPI/CertificateStores/Certificates/Remove HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(BASIC) && request.contains("web01.pfx"), "{request}");
    assert!(!request.contains(PROXY_BASIC), "the proxy's credential is none of the server's business: {request}");
    assert!(!request.to_ascii_lowercase().contains("proxy-"), "{request}");
}

#[tokio::test]
async fn behind_a_tunnel_the_server_is_checked_as_ever() {
    let leaf = Authority::new("nobody knows it").issue(&["command.example.invalid"]);
    let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), accepted()).await;
    let (port, proxy) = tunnel_to(server.port()).await;
    let client = client_of(ELSEWHERE).proxy(with_user_info(port)).retry_policy(RetryPolicy::none()).build().unwrap();
    let ended = remove(&client).await;
    let Err(Error::Transport(error)) = ended else { panic!("{ended:?}") };
    assert_eq!(error.attempts(), 1);
    assert_no_secret_in(&shown(&*error));
    proxy.await.unwrap();
    let seen = server.finish().await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].handshake.is_err() && seen[0].bytes.is_empty(), "{seen:?}");
}

/// The way to the proxy itself can be TLS too, with the same roots.
#[tokio::test]
async fn a_proxy_behind_tls_is_checked_too() {
    let authority = Authority::new("the proxy's");
    let leaf = authority.issue(&["localhost"]);
    for (root, tunnels) in [(&authority, 1), (&Authority::new("another"), 0)] {
        let proxy = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), bad_gateway()).await;
        let named = url(&format!("https://{PROXY_USER_INFO}@localhost:{}", proxy.port()));
        let builder = client_of(ELSEWHERE).proxy(named).only_root_certificate(root.pem());
        let client = builder.retry_policy(RetryPolicy::none()).build().unwrap();
        let ended = remove(&client).await;
        let Err(Error::Transport(error)) = ended else { panic!("{ended:?}") };
        assert_no_secret_in(&shown(&*error));
        let seen = proxy.finish().await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen.iter().filter(|connection| connection.handshake.is_ok()).count(), tunnels);
        if tunnels == 1 {
            assert_asked_for_a_tunnel(&seen[0], Some(PROXY_BASIC));
        } else {
            assert_eq!(seen[0].bytes, b"");
        }
    }
}

/// Plain http has no tunnel: the proxy that the program named reads all of it, and its answers are the server's.
#[tokio::test]
async fn plain_http_through_a_named_proxy_is_handed_over_whole() {
    let server = RawServer::start(accepted()).await;
    for base_url in [&*server.origin, ELSEWHERE_IN_PLAIN] {
        let proxy = Recorder::plain(accepted()).await;
        let client = client_of(base_url).allow_plain_http().proxy(with_user_info(proxy.port())).build().unwrap();
        let outcome = remove(&client).await.unwrap();
        assert_eq!(outcome.receipt().attempts(), 1);
        let seen = proxy.finish().await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        let request = seen[0].text();
        let line = format!("POST {base_url}/KeyfactorAPI/CertificateStores/Certificates/Remove HTTP/1.1\r\n");
        assert!(request.starts_with(&line), "{request}");
        assert!(request.contains(&format!("proxy-authorization: Basic {PROXY_BASIC}\r\n")), "{request}");
        assert!(request.contains(BASIC) && request.contains("web01.pfx"), "{request}");
    }

    let proxy = Recorder::plain(reply(407, "proxy-authenticate: Basic realm=\"p\"\r\n", "who are you?")).await;
    let client = client_of(&server.origin).proxy(with_user_info(proxy.port())).build().unwrap();
    let ended = remove(&client).await;
    let Err(Error::Api(error)) = ended else { panic!("{ended:?}") };
    assert_eq!((error.status().as_u16(), error.body(), error.attempts()), (407, "who are you?", 1));
    assert_no_secret_in(&shown(&*error));
    assert_eq!(proxy.finish().await.len(), 1);

    let proxy = Recorder::plain(bad_gateway()).await;
    let client = client_of(&server.origin).proxy(with_user_info(proxy.port())).build().unwrap();
    let ended = remove(&client).await;
    let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{ended:?}") };
    assert_eq!(unknown.status().map(|status| status.as_u16()), Some(502));
    assert_eq!((unknown.body(), unknown.attempts()), (Some("the proxy says no"), 1));
    assert_no_secret_in(&shown(&*unknown));
    assert_eq!(proxy.finish().await.len(), 1, "a second copy was sent");

    assert_eq!(server.received().len(), 0, "everything goes through the proxy, loopback as well");
}

/// "Sends everything through this proxy": a proxy that cannot be used must not mean that none is used.
#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_refused_by_build() {
    let server = RawServer::start(accepted()).await;
    let bystander = Recorder::plain(bad_gateway()).await;
    let port = bystander.port();
    let mut complaints = Vec::new();
    for named in [
        format!("ftp://{PROXY_USER_INFO}@127.0.0.1:{port}"),
        format!("socks5://{PROXY_USER_INFO}@127.0.0.1:{port}"),
        format!("socks5h://127.0.0.1:{port}"),
        format!("ws://127.0.0.1:{port}"),
        "file:///etc/proxy".to_owned(),
        "mailto:proxy@example.invalid".to_owned(),
        "data:,proxy".to_owned(),
    ] {
        let builder = client_of(&server.origin).proxy(url(&named)).retry_policy(RetryPolicy::none());
        assert_no_secret_in(&format!("{builder:?}"));
        match builder.build() {
            Err(Error::Configuration(error)) => {
                assert_eq!(error.setting(), "proxy", "{named}");
                assert_no_secret_in(&shown(&*error));
            }
            Err(error) => complaints.push(format!("{named}: {error:?}")),
            Ok(client) => {
                let ended = remove(&client).await.map(|outcome| outcome.receipt().attempts());
                complaints.push(format!("{named}: taken by build(); then the call ended as {ended:?}"));
            }
        }
    }
    let direct = server.received().len();
    let seen: Vec<usize> = bystander.finish().await.iter().map(|connection| connection.bytes.len()).collect();
    assert!(
        complaints.is_empty(),
        "{}\nrequests that went past the proxy: {direct}; bytes of requests that it got in plain: {seen:?}",
        complaints.join("\n")
    );
}

/// The usual slip: a host and port without `http://` parse as a URL whose scheme is the host.
#[tokio::test]
async fn a_proxy_without_a_scheme_is_used_or_refused_but_never_left_out() {
    let server = RawServer::start(accepted()).await;
    let proxy = Recorder::plain(bad_gateway()).await;
    let named = url(&format!("localhost:{}", proxy.port()));
    assert_eq!(named.scheme(), "localhost");
    let ended = client_of(&server.origin).proxy(named).build();
    let used = match ended {
        Err(Error::Configuration(error)) => {
            assert_eq!(error.setting(), "proxy");
            0
        }
        Err(error) => panic!("{error:?}"),
        Ok(client) => {
            let ended = remove(&client).await;
            let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{ended:?}") };
            assert_eq!(unknown.status().map(|status| status.as_u16()), Some(502));
            1
        }
    };
    assert_eq!(proxy.finish().await.len(), used);
    assert_eq!(server.received().len(), 0);
}
