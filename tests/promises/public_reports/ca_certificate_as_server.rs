//! Appliances and gateways come with a self-signed certificate that says `CA:TRUE`. Clients in Rust refuse it with
//! `CaUsedAsEndEntity`, whatever is trusted, and the people who then trust it as a root are none the wiser.

use clm::RetryPolicy;
use clm::{appviewx, keyfactor};
use rustls::ALL_VERSIONS;

use crate::support::reply;
use crate::support::tls::{Authority, Recorder, server_config};

const WHAT_IS_WRONG: &str = "the certificate of an authority (`CA:TRUE`) as its own";
const WHAT_HELPS: &str = "`CA:FALSE`";
const WHAT_DOES_NOT: &str = "`add_root_certificate` alone does not help";

#[tokio::test]
async fn the_report_says_what_is_wrong_and_what_helps() {
    let leaf = Authority::as_server(&["localhost"]);
    for trusted in [false, true] {
        let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), reply(200, "", "[]")).await;
        let base_url = format!("https://localhost:{}", server.port());
        let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc", "password-marker");
        let mut client = keyfactor::Client::builder(&base_url).credentials(credentials);
        if trusted {
            client = client.add_root_certificate(&*leaf.certificate_pem);
        }
        let error = client.build().unwrap().certificates().get(1).send().await.unwrap_err();
        let keyfactor::Error::Transport(transport) = &error else { panic!("{error:?}") };
        assert_eq!(transport.attempts(), 1, "it is the same certificate the next time");
        assert_says_all(&error.report().to_string());

        let credentials = appviewx::Credentials::password_headers("svc", "password-marker");
        let client = appviewx::Client::builder(&base_url).credentials(credentials).retry_policy(RetryPolicy::none());
        let client = client.only_root_certificate(&*leaf.certificate_pem).build().unwrap();
        let error = client.certificate_groups().list().rows().unwrap().collect().await.unwrap_err();
        assert_says_all(&error.report().to_string());
        for connection in server.finish().await {
            assert!(connection.handshake.is_err() && connection.bytes.is_empty(), "{connection:?}");
        }
    }
}

/// What the report advises.
#[tokio::test]
async fn a_certificate_that_signed_itself_and_is_no_authority_can_be_trusted() {
    let leaf = Authority::self_signed_leaf(&["localhost"]);
    let answer = reply(200, "content-type: application/json\r\n", r#"["/Certificates"]"#);
    let server = Recorder::tls(server_config(&leaf, ALL_VERSIONS, None), answer).await;
    let base_url = format!("https://localhost:{}", server.port());
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc", "password-marker");
    let client = keyfactor::Client::builder(&base_url).credentials(credentials);
    let client = client.add_root_certificate(&*leaf.certificate_pem).build().unwrap();
    let endpoints: Vec<String> = client.raw(http::Method::GET, "Status/Endpoints").read_as().await.unwrap();
    assert_eq!(endpoints, ["/Certificates"]);
    server.finish().await;
}

fn assert_says_all(report: &str) {
    for part in [WHAT_IS_WRONG, WHAT_HELPS, WHAT_DOES_NOT, "\n  because: ", "CaUsedAsEndEntity"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(report.matches("what to do: ").count(), 1, "{report}");
}
