//! What a removal puts on the wire, byte for byte.

use clm::keyfactor::{CertificateLocation, CertificateStoreId, Client, Credentials, Schedule};
use serde_json::json;

use crate::support::RawServer;
use crate::support::keyfactor::{BASIC, JOB, PATH, STORE, builder, client, store, variants};

async fn server() -> RawServer {
    RawServer::json(200, &format!(r#"["{JOB}"]"#)).await
}

fn one_location() -> [CertificateLocation; 1] {
    [CertificateLocation::new(store(1), "A")]
}

#[tokio::test]
async fn the_head_is_exactly_this() {
    for (case, credentials, authorization) in [
        ("basic", Credentials::basic(r"EXAMPLE\svc-clm", "hunter2-password"), BASIC),
        (
            "basic in UTF-8, colon in the password",
            Credentials::basic("jörg", "pä:ß€ "),
            "Basic asO2cmc6cMOkOsOf4oKsIA==",
        ),
        ("bearer", Credentials::bearer("eyJ.hunter2_-~+/="), "Bearer eyJ.hunter2_-~+/="),
    ] {
        let server = server().await;
        let keyfactor = Client::builder(&server.origin).credentials(credentials).build().unwrap();
        keyfactor.certificate_stores().remove_certificates(one_location(), Schedule::Immediate).send().await.unwrap();
        let request = server.only();
        assert_eq!(request.request_line, format!("POST {PATH} HTTP/1.1"), "{case}");
        let expected = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("authorization", authorization),
            ("content-length", &request.body.len().to_string()),
            ("content-type", "application/json"),
            ("host", server.origin.trim_start_matches("http://")),
            ("user-agent", concat!("clm/", env!("CARGO_PKG_VERSION"))),
            ("x-keyfactor-api-version", "1"),
            ("x-keyfactor-requested-with", "APIClient"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(request.sorted_headers(), expected, "{case}");
    }
}

#[tokio::test]
async fn the_base_url_decides_the_path() {
    let operation = "CertificateStores/Certificates/Remove";
    for (given, api_path) in [
        ("", "KeyfactorAPI"),
        ("/", "KeyfactorAPI"),
        ("//", "KeyfactorAPI"),
        ("/KeyfactorAPI", "KeyfactorAPI"),
        ("/KeyfactorAPI/", "KeyfactorAPI"),
        ("/KeyfactorAPI///", "KeyfactorAPI"),
        ("//KeyfactorAPI", "KeyfactorAPI"),
        ("/keyfactorapi", "keyfactorapi"),
        ("/Keyfactor/API", "Keyfactor/API"),
        ("/Keyfactor/API/", "Keyfactor/API"),
        ("/a b/ü", "a%20b/%C3%BC"),
        ("/a%20b", "a%20b"),
    ] {
        let server = server().await;
        let keyfactor = client(&format!("{}{given}", server.origin));
        keyfactor.certificate_stores().remove_certificates(one_location(), Schedule::Immediate).send().await.unwrap();
        assert_eq!(server.only().request_line, format!("POST /{api_path}/{operation} HTTP/1.1"), "{given:?}");
    }
}

#[tokio::test]
async fn every_setter_and_schedule_becomes_exactly_this_body() {
    let server = server().await;
    let stores = client(&server.origin).certificate_stores();
    for (index, variant) in variants().into_iter().enumerate() {
        (variant.build)(&stores).send().await.unwrap();
        let received = server.received();
        assert_eq!(received.len(), index + 1, "{}: not one request", variant.name);
        assert_eq!(received[index].json(), variant.body, "{}", variant.name);
    }
}

#[tokio::test]
async fn send_and_execute_put_the_same_bytes_on_the_wire() {
    let server = server().await;
    let keyfactor = client(&server.origin);
    let stores = keyfactor.certificate_stores();
    for variant in variants() {
        (variant.build)(&stores).send().await.unwrap();
        keyfactor.execute((variant.build)(&stores).build().unwrap()).await.unwrap();
        let received = server.received();
        let [.., sent, executed] = received.as_slice() else { panic!("{}: too few requests", variant.name) };
        assert_eq!(sent.body, executed.body, "{}", variant.name);
        assert_eq!(sent.headers, executed.headers, "{}", variant.name);
    }
}

// The recorded exchange without the three members that its client sends for nothing.
#[tokio::test]
async fn the_recorded_exchange_in_its_minimal_form() {
    let server = server().await;
    let store: CertificateStoreId = STORE.to_uppercase().parse().unwrap();
    let alias = "D25F4A0C9B1E7A5D3C2B1A0F9E8D7C6B5A49C476";
    let outcome = client(&server.origin)
        .certificate_stores()
        .remove_certificates([CertificateLocation::new(store, alias)], Schedule::Immediate)
        .send()
        .await
        .unwrap();
    let request = server.only();
    let expected = json!({
        "CertificateStores": [{"CertificateStoreId": STORE, "Alias": alias}],
        "Schedule": {"Immediate": true},
    });
    assert_eq!(request.json(), expected);
    assert_eq!(request.body.len(), expected.to_string().len(), "nothing but this, no white space");
    assert_eq!(outcome.job_ids(), [JOB.parse().unwrap()]);
}

#[tokio::test]
async fn an_alias_goes_byte_for_byte() {
    let long = "ü".repeat(10_000);
    let aliases = [
        "MyCertificate.pfx",
        "d25fc476",
        "D25FC476",
        " both ends ",
        "\ttab\t",
        "/etc/ssl/certs/web.pem",
        r"C:\certs\web.pfx",
        r#"say "hi""#,
        "it's",
        "a\r\nb",
        "\0nul",
        "\u{1b}[31mred",
        "\u{7f}",
        "\u{feff}bom",
        "caf\u{e9}",
        "cafe\u{301}",
        "证书 😀",
        "\u{202e}turned",
        "%41 %zz + &=?#",
        "{\"Alias\":null}",
        "<script>",
        ",;|*",
        "x",
        &long,
    ];
    let server = server().await;
    let locations = aliases.iter().map(|alias| CertificateLocation::new(store(1), *alias));
    client(&server.origin)
        .certificate_stores()
        .remove_certificates(locations, Schedule::Immediate)
        .send()
        .await
        .unwrap();
    let body = server.only().json();
    let sent = body["CertificateStores"].as_array().unwrap();
    assert_eq!(sent.len(), aliases.len(), "aliases that only look alike are different aliases");
    for (alias, sent) in aliases.iter().zip(sent) {
        assert_eq!(sent["Alias"].as_str().unwrap().as_bytes(), alias.as_bytes(), "{alias:?}");
    }
}

#[tokio::test]
async fn the_same_alias_in_another_store_is_no_repeat() {
    let server = server().await;
    let locations = [1, 2, 1].map(|number| CertificateLocation::new(store(number), "A"));
    let outcome = client(&server.origin)
        .certificate_stores()
        .remove_certificates(locations.clone(), Schedule::Immediate)
        .send()
        .await
        .unwrap();
    assert_eq!(outcome.locations(), &locations[..2]);
    assert_eq!(outcome.repeated(), &locations[2..]);
    assert_eq!(server.only().json()["CertificateStores"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_thousand_locations_are_one_request() {
    let server = server().await;
    let locations = (1..=1_000).map(|number| CertificateLocation::new(store(number), format!("alias-{number}")));
    let keyfactor = builder(&server.origin).build().unwrap();
    keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate).send().await.unwrap();
    let body = server.only().json();
    let sent = body["CertificateStores"].as_array().unwrap();
    assert_eq!((sent.len(), &sent[999]["Alias"]), (1_000, &json!("alias-1000")));
}
