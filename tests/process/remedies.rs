//! What to do about a server that could not be reached: the error says it, and its report.

use std::time::Duration;

use clm::RetryPolicy;
use clm::keyfactor::{Client, ClientBuilder, Credentials, Error};
use tokio::net::TcpListener;

use crate::support::tls::Recorder;
use crate::support::{ClosedPort, reply};

/// Names below `.invalid` exist nowhere.
const NOWHERE: &str = "https://command.example.invalid";

fn client_of(base_url: &str) -> ClientBuilder {
    let credentials = Credentials::basic(r"EXAMPLE\svc", "password-marker");
    Client::builder(base_url).credentials(credentials).retry_policy(RetryPolicy::none())
}

/// The report of a read that ended without an answer.
async fn report(client: ClientBuilder) -> String {
    let client = client.build().unwrap();
    let error = client.certificates().get(1).send().await.unwrap_err();
    let Error::Transport(transport) = &error else { panic!("{error:?}") };
    assert_eq!(transport.remediation(), error.remediation());
    let report = error.report().to_string();
    assert!(report.starts_with(&error.to_string()), "{report}");
    assert!(!report.contains("password-marker") && !report.contains("proxy-marker"), "{report}");
    if let Some(remedy) = error.remediation() {
        assert_eq!(report.matches(remedy).count(), 1, "{report}");
        assert!(report.ends_with(&format!("\n  what to do: {remedy}")), "{report}");
    }
    assert!(report.contains("\n  because: "), "{report}");
    report
}

#[tokio::test]
async fn nobody_listens() {
    let nobody = ClosedPort::reserve();
    let report = report(client_of(&format!("http://127.0.0.1:{}", nobody.port()))).await;
    assert!(report.contains("Nothing is listening on this host and port"), "{report}");
    assert_eq!(report.matches("refused").count(), 1, "each cause once: {report}");
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let report = report(client_of(NOWHERE).no_proxy()).await;
    assert!(report.contains("The host name could not be resolved"), "{report}");
}

/// A firewall that drops what it does not like looks the same.
#[tokio::test]
async fn a_host_that_stays_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let report = report(client_of(&base_url).connect_timeout(Duration::from_millis(50))).await;
    assert!(report.contains("The host did not respond in time") && report.contains("`connect_timeout`"), "{report}");
}

#[tokio::test]
async fn an_answer_that_does_not_come() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let client = client_of(&base_url).connect_timeout(Duration::from_millis(50));
    let report = report(client.read_timeout(Duration::from_millis(100))).await;
    assert!(report.contains("`read_timeout`"), "{report}");
}

#[tokio::test]
async fn a_port_for_plain_http() {
    let server = Recorder::plain(reply(400, "", "plain http here")).await;
    let report = report(client_of(&format!("https://127.0.0.1:{}", server.port()))).await;
    assert!(report.contains("does not speak TLS"), "{report}");
    server.finish().await;
}

#[tokio::test]
async fn a_proxy_that_gives_no_tunnel() {
    for (answer, remedy) in [
        (reply(407, "proxy-authenticate: Basic realm=\"p\"\r\n", ""), "The proxy requires credentials (407)"),
        (reply(403, "", "not there"), "The proxy refused to connect to the server"),
        (reply(502, "", "cannot"), "The proxy refused to connect to the server"),
        (Vec::new(), "The proxy refused to connect to the server"),
    ] {
        let proxy = Recorder::plain(answer).await;
        let url = format!("http://user:proxy-marker@127.0.0.1:{}", proxy.port());
        let report = report(client_of(NOWHERE).proxy(url)).await;
        assert!(report.contains(remedy), "{report}");
        proxy.finish().await;
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there() {
    let nobody = ClosedPort::reserve();
    let gone = report(client_of(NOWHERE).proxy(format!("http://127.0.0.1:{}", nobody.port()))).await;
    assert!(gone.contains("The proxy could not be reached"), "{gone}");
    let unknown = report(client_of(NOWHERE).proxy("http://proxy.example.invalid:3128")).await;
    assert!(unknown.contains("The host name of the proxy could not be resolved"), "{unknown}");
}

/// A proxy that gets the whole request, because it is plain http, asks for its credential like a server.
#[tokio::test]
async fn a_proxy_of_plain_http_that_wants_to_know_who_asks() {
    let proxy = Recorder::plain(reply(407, "proxy-authenticate: Basic realm=\"p\"\r\n", "who are you?")).await;
    let client = client_of("http://command.example.invalid").allow_plain_http();
    let client = client.proxy(format!("http://127.0.0.1:{}", proxy.port())).build().unwrap();
    let error = client.certificates().get(1).send().await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
    assert!(error.remediation().is_some_and(|it| it.contains("`proxy`")), "{error:?}");
    proxy.finish().await;
}

/// The same of a token endpoint.
#[tokio::test]
async fn a_token_endpoint_that_is_not_there() {
    let nobody = ClosedPort::reserve();
    let url = format!("http://127.0.0.1:{}/token", nobody.port());
    let client = client_of("http://127.0.0.1:1").credentials(Credentials::client_credentials(url, "id", "a-secret"));
    let error = client.build().unwrap().certificates().get(1).send().await.unwrap_err();
    assert!(matches!(error, Error::Authentication(_)), "{error:?}");
    assert!(
        error.remediation().is_some_and(|it| it.starts_with("Nothing is listening on this host and port")),
        "{error:?}"
    );
}
