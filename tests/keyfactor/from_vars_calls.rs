//! The variables of the vendor's own tools, as the servers see them.

use crate::support::reply;
use crate::support::tls::{Authority, Recorder, server_config};
use crate::support::vars::{HOST, ID, PASSWORD, SECRET, TOKEN, USER, Variables, assert_refused, client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clm::keyfactor::{CertificateLocation, Error, Schedule};
use rustls::ALL_VERSIONS;
use uuid::Uuid;

const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;

/// A server that is `localhost` to whoever trusts this authority.
async fn server(authority: &Authority, answer: &str) -> Recorder {
    let config = server_config(&authority.issue(&["localhost"]), ALL_VERSIONS, None);
    Recorder::tls(config, reply(200, "content-type: application/json\r\nconnection: close\r\n", answer)).await
}

async fn remove(variables: Variables<'_>, port: u16) -> Result<(), Error> {
    let port = port.to_string();
    let variables = [&[("KEYFACTOR_HOSTNAME", "localhost"), ("KEYFACTOR_PORT", port.as_str())], variables].concat();
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    let stores = client(&variables)?.certificate_stores();
    stores.remove_certificates([location], Schedule::Immediate).send().await.map(drop)
}

#[tokio::test]
async fn a_call_goes_where_and_as_the_variables_say() {
    let authority = Authority::new("of the company");
    let pem = authority.pem();
    let file = std::env::temp_dir().join(format!("clm-from-vars-{}.pem", std::process::id()));
    std::fs::write(&file, &pem).unwrap();
    let basic = |account: &str| format!("Basic {}", STANDARD.encode(format!("{account}:{}", PASSWORD.1)));
    let domain = |domain| ("KEYFACTOR_DOMAIN", domain);
    let user = |user| ("KEYFACTOR_USERNAME", user);
    for (credentials, trusts, authorization) in [
        (&[TOKEN][..], ("KEYFACTOR_CA_CERT", pem.as_str()), "Bearer hunter2".to_owned()),
        (&[TOKEN], ("KEYFACTOR_CA_CERT", file.to_str().unwrap()), "Bearer hunter2".to_owned()),
        (&[TOKEN], ("KEYFACTOR_SKIP_VERIFY", "true"), "Bearer hunter2".to_owned()),
        (&[USER, PASSWORD], ("KEYFACTOR_CA_CERT", &pem), basic("svc-clm")),
        (&[USER, PASSWORD, domain("EXAMPLE")], ("KEYFACTOR_CA_CERT", &pem), basic(r"EXAMPLE\svc-clm")),
        (&[user(r"EXAMPLE\svc-clm"), PASSWORD], ("KEYFACTOR_CA_CERT", &pem), basic(r"EXAMPLE\svc-clm")),
        (&[user("svc-clm@example.com"), PASSWORD], ("KEYFACTOR_CA_CERT", &pem), basic(r"example.com\svc-clm")),
        (
            &[user("svc-clm@example.com"), domain("EXAMPLE.com"), PASSWORD],
            ("KEYFACTOR_CA_CERT", &pem),
            basic(r"example.com\svc-clm"),
        ),
    ] {
        let api = server(&authority, JOB).await;
        remove(&[credentials, &[trusts]].concat(), api.port()).await.unwrap();
        let seen = api.finish().await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        let request = seen[0].text();
        assert!(request.contains(&format!("authorization: {authorization}\r\n")), "{credentials:?}: {request}");
        assert!(request.starts_with("POST /KeyfactorAPI/CertificateStores/Certificates/Remove "), "{request}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_refused(
        &[HOST, user(r"EXAMPLE\svc"), PASSWORD, domain("OTHER")],
        "KEYFACTOR_DOMAIN",
        "must match the domain in KEYFACTOR_USERNAME",
    );
}

#[tokio::test]
async fn client_credentials_take_all_their_variables() {
    let (of_api, of_idp) = (Authority::new("of the API"), Authority::new("of the identity provider"));
    let (api, idp) = (server(&of_api, JOB).await, server(&of_idp, r#"{"access_token": "token-1"}"#).await);
    let url = format!("https://localhost:{}/realms/x/token?tenant=y", idp.port());
    let (api_pem, idp_pem) = (of_api.pem(), of_idp.pem());
    let variables = [
        ID,
        SECRET,
        ("KEYFACTOR_AUTH_TOKEN_URL", url.as_str()),
        ("KEYFACTOR_AUTH_CLIENT_SECRET_IN", "form"),
        ("KEYFACTOR_AUTH_SCOPES", "one, two,,three four"),
        ("KEYFACTOR_AUTH_AUDIENCE", "an audience"),
        ("KEYFACTOR_CA_CERT", &api_pem),
        ("KEYFACTOR_AUTH_CA_CERT", &idp_pem),
    ];
    remove(&variables, api.port()).await.unwrap();
    let (of_api, of_idp) = (api.finish().await, idp.finish().await);
    let (of_api, of_idp) = (of_api[0].text(), of_idp[0].text());
    assert!(of_idp.starts_with("POST /realms/x/token?tenant=y HTTP/1.1\r\n"), "{of_idp}");
    let form = "grant_type=client_credentials&client_id=clm&client_secret=hunter2+%26&scope=one+two+three+four&audience=an+audience";
    assert!(of_idp.ends_with(&format!("\r\n\r\n{form}")), "{of_idp}");
    assert!(of_api.contains("authorization: Bearer token-1\r\n") && !of_api.contains("hunter2"), "{of_api}");
}

// Without its own certificate, the identity provider is as unknown as before.
#[tokio::test]
async fn the_apis_certificate_authority_is_trusted_at_the_token_endpoint_and_not_the_other_way_round() {
    let authority = Authority::new("of both");
    let pem = authority.pem();
    for (variable, taken) in [("KEYFACTOR_CA_CERT", true), ("KEYFACTOR_AUTH_CA_CERT", false)] {
        let (api, idp) = (server(&authority, JOB).await, server(&authority, r#"{"access_token": "token-1"}"#).await);
        let url = format!("https://localhost:{}/token", idp.port());
        let ended = remove(&[ID, SECRET, ("KEYFACTOR_AUTH_TOKEN_URL", &url), (variable, &pem)], api.port()).await;
        assert_eq!(ended.is_ok(), taken, "{variable}: {ended:?}");
        assert!(taken || matches!(ended, Err(Error::Transport(_))), "{ended:?}");
    }
}
