//! Credentials go to the configured origin and nowhere else, whatever that origin answers and however it was written.

use std::sync::LazyLock;
use std::time::Duration;

use clm::{RetryPolicy, appviewx, keyfactor};
use keyfactor::{CertificateLocation, Credentials, Schedule};
use rustls::ALL_VERSIONS;
use uuid::Uuid;

use crate::support::tls::{Authority, Connection, Recorder, server_config};
use crate::support::{RawServer, reply};

const PASSWORD: &str = "password-marker";
const REDIRECTS_ARE_NOT_FOLLOWED: &str =
    "Redirects are never followed. Use the address of the server itself as the base URL.";

/// Another try, were there one, would come at once.
const FOUR_TRIES: RetryPolicy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(1));

/// Building a client reads the platform's roots, unless it has others: these tests build hundreds.
static OTHER_ROOT: LazyLock<String> = LazyLock::new(|| Authority::new("nobody's").pem());

fn keyfactor_builder(base_url: &str) -> keyfactor::ClientBuilder {
    keyfactor::Client::builder(base_url)
        .credentials(Credentials::basic(r"EXAMPLE\svc", PASSWORD))
        .retry_policy(FOUR_TRIES)
        .only_root_certificate(&**OTHER_ROOT)
}

fn appviewx_builder(base_url: &str) -> appviewx::ClientBuilder {
    let credentials = appviewx::Credentials::password_headers("svc", PASSWORD);
    let builder = appviewx::Client::builder(base_url).credentials(credentials).retry_policy(FOUR_TRIES);
    builder.only_root_certificate(&**OTHER_ROOT)
}

async fn remove(client: &keyfactor::Client) -> Result<keyfactor::RemoveOutcome, keyfactor::Error> {
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await
}

async fn unassign(client: &appviewx::Client) -> Result<appviewx::UnassignOutcome, appviewx::Error> {
    client.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await
}

/// What both vendors' refusals have.
#[derive(PartialEq, Debug)]
struct Refused {
    status: u16,
    remediation: Option<String>,
    body: String,
    attempts: u32,
}

async fn refused_by_keyfactor(builder: keyfactor::ClientBuilder) -> Refused {
    let ended = remove(&builder.build().unwrap()).await;
    let Err(keyfactor::Error::Api(error)) = ended else { panic!("{ended:?}") };
    Refused {
        status: error.status().as_u16(),
        remediation: error.remediation().map(str::to_owned),
        body: error.body().to_owned(),
        attempts: error.attempts(),
    }
}

async fn refused_by_appviewx(builder: appviewx::ClientBuilder) -> Refused {
    let ended = unassign(&builder.build().unwrap()).await;
    let Err(appviewx::Error::Api(error)) = ended else { panic!("{ended:?}") };
    Refused {
        status: error.status().as_u16(),
        remediation: error.remediation().map(str::to_owned),
        body: error.body().to_owned(),
        attempts: error.attempts(),
    }
}

/// Two servers that nobody was told to talk to, one of them behind TLS. They would take everything.
struct Foreign {
    plain: Recorder,
    tls: Recorder,
}

impl Foreign {
    async fn start() -> Self {
        let taken = || reply(200, "connection: close\r\n", r#"{"response":{}}"#);
        let leaf = Authority::new("a foreign one").issue(&["localhost", "127.0.0.1"]);
        Self {
            plain: Recorder::plain(taken()).await,
            tls: Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), taken()).await,
        }
    }

    /// Every way to name these servers, and some that name none.
    fn locations(&self, own: &str) -> Vec<String> {
        let (plain, tls) = (self.plain.port(), self.tls.port());
        let own_port = own.rsplit(':').next().unwrap();
        vec![
            format!("http://127.0.0.1:{plain}/KeyfactorAPI/CertificateStores/Certificates/Remove"),
            format!("http://localhost:{plain}/"),
            format!("https://localhost:{tls}/KeyfactorAPI"),
            format!("https://127.0.0.1:{tls}"),
            format!("//127.0.0.1:{plain}/elsewhere"),
            format!("\\\\127.0.0.1:{plain}\\elsewhere"),
            format!("http://svc:secret@127.0.0.1:{plain}/"),
            // The same server under its other name is another origin, too.
            format!("http://localhost:{own_port}/"),
            format!("{own}/elsewhere"),
            "/elsewhere".to_owned(),
            "elsewhere?a=b#c".to_owned(),
            "?again".to_owned(),
            String::new(),
            "http://".to_owned(),
            "not a location at all".to_owned(),
            "javascript:alert(1)".to_owned(),
        ]
    }

    /// All bytes that both ever saw, and how often somebody called.
    async fn finish(self) -> (usize, usize) {
        let mut seen: Vec<Connection> = self.plain.finish().await;
        seen.extend(self.tls.finish().await);
        let bytes = seen.iter().map(|connection| connection.bytes.len()).sum();
        println!("foreign servers: {} connections, {bytes} bytes", seen.len());
        (seen.len(), bytes)
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let foreign = Foreign::start().await;
    let mut answered = 0;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        let mut locations: Vec<Option<String>> =
            foreign.locations("http://127.0.0.1:1").into_iter().map(Some).collect();
        locations.push(None);
        for location in locations {
            let header = location.as_ref().map_or_else(String::new, |location| format!("location: {location}\r\n"));
            let server = RawServer::start(reply(status, &header, "moved")).await;
            let expected = Refused {
                status,
                remediation: Some(REDIRECTS_ARE_NOT_FOLLOWED.to_owned()),
                body: "moved".to_owned(),
                attempts: 1,
            };
            assert_eq!(refused_by_keyfactor(keyfactor_builder(&server.origin)).await, expected, "{location:?}");
            assert_eq!(refused_by_appviewx(appviewx_builder(&server.origin)).await, expected, "{location:?}");
            assert_eq!(server.received().len(), 2, "{status} {location:?}");
            answered += 2;
        }
    }
    println!("{answered} redirects were answered");
    assert_eq!(foreign.finish().await, (0, 0));
}

/// To the same server, only the path would be another. The change would arrive twice.
#[tokio::test]
async fn no_redirect_within_the_origin_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        for relative in [true, false] {
            // Its own port is known only once it runs, so the first server points to the second one's place.
            let second = RawServer::start(reply(200, "", r#"{"response":{}}"#)).await;
            let location = if relative { "/elsewhere".to_owned() } else { format!("{}/elsewhere", second.origin) };
            let server = RawServer::start(reply(status, &format!("location: {location}\r\n"), "")).await;
            assert_eq!(refused_by_keyfactor(keyfactor_builder(&server.origin)).await.status, status);
            assert_eq!(refused_by_appviewx(appviewx_builder(&server.origin)).await.status, status);
            let lines: Vec<String> = server.received().into_iter().map(|request| request.request_line).collect();
            assert_eq!(
                lines,
                [
                    "POST /KeyfactorAPI/CertificateStores/Certificates/Remove HTTP/1.1",
                    "PUT /avxapi/certificate/group/unassign?gwsource=external HTTP/1.1"
                ]
            );
            assert_eq!(second.received().len(), 0);
        }
    }
}

/// From TLS to plain text, where everybody could read along, and to another server behind TLS.
#[tokio::test]
async fn no_redirect_from_https_is_followed() {
    let foreign = Foreign::start().await;
    let authority = Authority::new("the server's");
    let leaf = authority.issue(&["localhost"]);
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("http://localhost:{}/", foreign.plain.port()),
            format!("https://localhost:{}/", foreign.tls.port()),
        ] {
            let answer = reply(status, &format!("connection: close\r\nlocation: {location}\r\n"), "");
            let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), answer.clone()).await;
            let base_url = format!("https://localhost:{}", server.port());
            let refused =
                refused_by_keyfactor(keyfactor_builder(&base_url).only_root_certificate(authority.pem())).await;
            assert_eq!((refused.status, refused.attempts), (status, 1));
            assert_eq!(refused.remediation.as_deref(), Some(REDIRECTS_ARE_NOT_FOLLOWED));
            // Not even where every certificate would be taken.
            let refused = refused_by_appviewx(appviewx_builder(&base_url).danger_accept_invalid_certs(true)).await;
            assert_eq!((refused.status, refused.attempts), (status, 1));
            assert_eq!(server.finish().await.len(), 2);
        }
    }
    assert_eq!(foreign.finish().await, (0, 0));
}

/// Headers that browsers act on.
fn tempting_headers(foreign: &Foreign) -> String {
    let (plain, tls) = (foreign.plain.port(), foreign.tls.port());
    let there = format!("http://127.0.0.1:{plain}");
    [
        format!("location: {there}/location"),
        format!("content-location: {there}/content-location"),
        format!("refresh: 0; url={there}/refresh"),
        format!("link: <{there}/style.css>; rel=preload; as=style, <{there}>; rel=preconnect"),
        format!("alt-svc: http/1.1=\"127.0.0.1:{plain}\"; ma=3600, h2=\"127.0.0.1:{tls}\", h3=\":{tls}\""),
        format!("report-to: {{\"endpoints\":[{{\"url\":\"{there}/report\"}}]}}"),
        format!("proxy-authenticate: Basic realm=\"{there}\""),
        format!("www-authenticate: Negotiate, Bearer realm=\"{there}/token\", Basic realm=\"there\""),
        "strict-transport-security: max-age=31536000; includeSubDomains".to_owned(),
        "upgrade-insecure-requests: 1".to_owned(),
        "set-cookie: session=cookie-marker; Path=/".to_owned(),
        "set-cookie: everywhere=cookie-marker; Domain=127.0.0.1; Path=/".to_owned(),
        "clear-site-data: \"*\"".to_owned(),
    ]
    .map(|header| header + "\r\n")
    .concat()
}

/// A client that was told to go elsewhere, to come back with a cookie or to ask for a ticket does none of it.
#[tokio::test]
async fn no_other_header_leads_anywhere() {
    let foreign = Foreign::start().await;
    let headers = tempting_headers(&foreign);
    for status in [200, 201, 401, 403, 404, 407, 421, 426, 511] {
        let server = RawServer::start(reply(status, &headers, r#"{"response":{}}"#)).await;
        let keyfactor = keyfactor_builder(&server.origin).build().unwrap();
        let appviewx = appviewx_builder(&server.origin).build().unwrap();
        for _ in 0..2 {
            match (status, remove(&keyfactor).await) {
                // An object is no list of jobs, and 511 is a failure of somebody on the way.
                (200 | 201 | 511, Err(keyfactor::Error::OutcomeUnknown(error))) => {
                    assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (status, 1));
                }
                (401..=426, Err(keyfactor::Error::Api(error))) => {
                    assert_eq!((error.status().as_u16(), error.attempts()), (status, 1));
                }
                (_, other) => panic!("{status}: {other:?}"),
            }
            match (status, unassign(&appviewx).await) {
                (200 | 201, Ok(outcome)) => assert_eq!(outcome.receipt().attempts(), 1),
                (511, Err(appviewx::Error::OutcomeUnknown(error))) => {
                    assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (status, 1));
                }
                (401..=426, Err(appviewx::Error::Api(error))) => {
                    assert_eq!((error.status().as_u16(), error.attempts()), (status, 1));
                }
                (_, other) => panic!("{status}: {other:?}"),
            }
        }
        let received = server.received();
        assert_eq!(received.len(), 4, "{status}");
        // The second call is the first one over again: nothing was learnt from the answer.
        for (first, second) in [(0, 2), (1, 3)] {
            assert_eq!(received[first].request_line, received[second].request_line, "{status}");
            assert_eq!(received[first].headers, received[second].headers, "{status}");
            assert_eq!(received[first].body, received[second].body, "{status}");
        }
        for request in received {
            for name in ["cookie", "referer", "origin", "upgrade", "proxy-authorization"] {
                assert_eq!(request.header(name), None, "{status}: {name}");
            }
        }
    }
    assert_eq!(foreign.finish().await, (0, 0));
}

/// Interim answers come before the real one: a hint to load something elsewhere, and leave to go on.
#[tokio::test]
async fn interim_answers_lead_nowhere() {
    let foreign = Foreign::start().await;
    let hint = format!("HTTP/1.1 103 -\r\n{}\r\nHTTP/1.1 100 -\r\n\r\n", tempting_headers(&foreign));
    let server = RawServer::start([hint.into_bytes(), reply(200, "", r#"{"response":{}}"#)].concat()).await;
    let outcome = unassign(&appviewx_builder(&server.origin).build().unwrap()).await.unwrap();
    assert_eq!(outcome.receipt().attempts(), 1);
    assert_eq!(server.received().len(), 1);
    assert_eq!(foreign.finish().await, (0, 0));
}

/// Nobody asked for another protocol, so nobody knows what such a server did with the change.
#[tokio::test]
async fn a_change_of_protocols_leaves_it_open() {
    let server = RawServer::start("HTTP/1.1 101 -\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n").await;
    let ended = remove(&keyfactor_builder(&server.origin).build().unwrap()).await;
    let Err(keyfactor::Error::OutcomeUnknown(error)) = ended else { panic!("{ended:?}") };
    assert_eq!(error.attempts(), 1);
    let ended = unassign(&appviewx_builder(&server.origin).build().unwrap()).await;
    let Err(appviewx::Error::OutcomeUnknown(error)) = ended else { panic!("{ended:?}") };
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.received().len(), 2);
}

/// A base URL that the other host stands in. Either it is refused, or it means the server that stands before it.
#[tokio::test]
async fn no_base_url_means_another_server_than_it_says() {
    let foreign = Foreign::start().await;
    let server = RawServer::start(reply(400, "", "")).await;
    let own = &*server.origin;
    let there = format!("127.0.0.1:{}", foreign.plain.port());
    let colon_free = own.trim_start_matches("http://");

    let refused = [
        format!("{own}@{there}"),
        format!("{own}@{there}/KeyfactorAPI"),
        format!("http://svc:{PASSWORD}@{there}"),
        format!("http://svc@{there}"),
        format!("http://:{PASSWORD}@{there}"),
        format!("{own}\\@{there}"),
        format!("{own}/\\{there}"),
        format!("{own}\\..\\{there}"),
        format!("http:\\\\{there}"),
        format!("http:/{there}"),
        format!("http:{there}"),
        format!("http:///{there}"),
        format!("http:////{there}"),
        format!("{own}/?@{there}"),
        format!("{own}/KeyfactorAPI?next=http://{there}"),
        format!("{own}#@{there}"),
        format!("{own}/#/{there}"),
        format!("{own}/\t/{there}"),
        format!("ht\ntp://{there}"),
        format!("{own}\r\nHost: {there}"),
        format!("//{there}"),
        there.clone(),
        format!("ftp://{there}"),
        format!("file://{there}/etc"),
        format!("data:,{there}"),
        format!("ws://{there}"),
        "http://localhost.example.invalid".to_owned(),
        "http://127.0.0.1.example.invalid".to_owned(),
        "http://localhost@example.invalid".to_owned(),
        "http://0.0.0.0".to_owned(),
        "http://[::]".to_owned(),
        "http://".to_owned(),
        "https://".to_owned(),
        "https:///KeyfactorAPI".to_owned(),
        format!("{own}/a//{there}//b"),
        format!("{own}/http://{there}"),
        "https://https://command.example.invalid".to_owned(),
        String::new(),
        format!("{own}/.."),
        format!("{own}/a/../b"),
        format!("{own}/a/./b/%2e%2e/c"),
        format!("{own}/..//{there}/"),
    ];
    for base_url in &refused {
        let builder = keyfactor_builder(base_url);
        let shown = format!("{builder:?}");
        assert!(!shown.contains(PASSWORD), "{base_url}: {shown}");
        match builder.build() {
            Err(keyfactor::Error::Configuration(error)) => {
                assert_eq!(error.setting(), "base_url", "{base_url}");
                assert!(!format!("{error} {error:?}").contains(PASSWORD), "{base_url}: {error:?}");
            }
            other => panic!("{base_url:?}: {other:?}"),
        }
        match appviewx_builder(base_url).build() {
            Err(appviewx::Error::Configuration(error)) => assert_eq!(error.setting(), "base_url", "{base_url}"),
            other => panic!("{base_url:?}: {other:?}"),
        }
    }

    let taken = [
        (format!("{own}//"), "/KeyfactorAPI"),
        (format!("{own}//{there}"), &*format!("/{there}")),
        (format!("{own}/@{there}"), &*format!("/@{there}")),
        (format!("{own}/%2F%2F{there}"), &*format!("/%2F%2F{there}")),
        (format!("{own}/%5C%40{there}"), &*format!("/%5C%40{there}")),
        (format!("{own}/;@{there}"), &*format!("/;@{there}")),
        (format!("  {own}/a  "), "/a"),
        (format!("HTTP://{colon_free}/a"), "/a"),
    ]
    .map(|(base_url, path)| (base_url, path.to_owned()));
    for (number, (base_url, path)) in taken.iter().enumerate() {
        let client = keyfactor_builder(base_url).build().unwrap_or_else(|error| panic!("{base_url}: {error}"));
        assert_eq!(client.base_url().path(), path, "{base_url}");
        assert_eq!(client.base_url().origin(), url::Url::parse(own).unwrap().origin(), "{base_url}");
        let ended = remove(&client).await;
        let Err(keyfactor::Error::Api(error)) = ended else { panic!("{base_url}: {ended:?}") };
        assert_eq!(error.status().as_u16(), 400);
        let received = server.received();
        assert_eq!(received.len(), number + 1, "{base_url}");
        let request = received.last().unwrap();
        assert_eq!(request.request_line, format!("POST {path}/CertificateStores/Certificates/Remove HTTP/1.1"));
        assert_eq!(request.header("host"), Some(colon_free), "{base_url}");
    }
    assert_eq!(foreign.finish().await, (0, 0));
}
