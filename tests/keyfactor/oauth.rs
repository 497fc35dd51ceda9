//! OAuth client credentials: what goes to the identity provider, what to the API, and how often.

use crate::support::capture;
use crate::support::oauth::{
    CLIENT_ID, JOB, SECRET, SECRET_IN_FORM, at_once, authentication, builder, client, credentials, provider, remove,
    taking, token,
};
use crate::support::scripted::{Answer, Scripted};
use crate::support::tls::{Authority, Recorder, server_config};
use crate::support::{reply, texts};
use clm::keyfactor::{ClientCredentials, Credentials, Error, ErrorKind};

#[tokio::test]
async fn the_token_request_is_this_form_and_nothing_else() {
    let (idp, api) = (provider().await, taking(1).await);
    assert_eq!(remove(client(&api, credentials(&idp).secret_in_form())).await.unwrap(), 1);
    let [request] = &idp.received()[..] else { panic!("{:#?}", idp.received()) };
    assert_eq!(request.request_line, "POST /oauth2/token HTTP/1.1");
    let body = format!("grant_type=client_credentials&client_id=clm&client_secret={SECRET_IN_FORM}");
    assert_eq!(String::from_utf8_lossy(&request.body), body);
    let host = idp.origin.strip_prefix("http://").unwrap();
    let headers = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-length", &body.len().to_string()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", host),
        ("user-agent", concat!("clm/", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(request.sorted_headers(), headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn the_api_gets_the_token_and_never_the_secret() {
    let (idp, api) = (provider().await, taking(1).await);
    remove(client(&api, credentials(&idp))).await.unwrap();
    let [request] = &api.received()[..] else { panic!("{:#?}", api.received()) };
    assert_eq!(request.header("authorization"), Some("Bearer token-1"));
    let sent = format!("{request:?}{}", String::from_utf8_lossy(&request.body));
    for foreign in [SECRET, SECRET_IN_FORM, "client_id", "client_credentials", "hunter2"] {
        assert!(!sent.contains(foreign), "{foreign} in {sent}");
    }
}

#[tokio::test]
async fn scopes_and_audience_are_sent_only_if_set() {
    type With = fn(ClientCredentials) -> ClientCredentials;
    let cases: [(With, &str); 4] = [
        (|it| it, ""),
        (|it| it.scope("a").scopes(["b", "c:d/e"]), "&scope=a+b+c%3Ad%2Fe"),
        (|it| it.audience("https://api.example.com"), "&audience=https%3A%2F%2Fapi.example.com"),
        (|it| it.audience("x y").scope("a"), "&scope=a&audience=x+y"),
    ];
    for (with, rest) in cases {
        let (idp, api) = (provider().await, taking(1).await);
        remove(client(&api, with(credentials(&idp).secret_in_form()))).await.unwrap();
        let body = String::from_utf8(idp.received()[0].body.clone()).unwrap();
        let start = format!("grant_type=client_credentials&client_id=clm&client_secret={SECRET_IN_FORM}");
        assert_eq!(body, start + rest);
    }
}

#[tokio::test]
async fn the_secret_goes_into_the_header_on_demand_and_then_not_into_the_form() {
    use base64::Engine as _;
    let (idp, api) = (provider().await, taking(1).await);
    remove(client(&api, credentials(&idp).secret_in_header())).await.unwrap();
    let [request] = &idp.received()[..] else { panic!("{:#?}", idp.received()) };
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{SECRET_IN_FORM}"));
    assert_eq!(request.header("authorization"), Some(&*format!("Basic {pair}")));
    assert_eq!(request.body, b"grant_type=client_credentials");
    assert_eq!(api.received()[0].header("authorization"), Some("Bearer token-1"));
}

#[tokio::test]
async fn a_token_url_is_called_as_it_is() {
    for path in ["", "/", "/a/b", "/a/b/", "/token?tenant=hunter2&x=1", "/a%20b/?"] {
        capture::start();
        let (idp, api) = (provider().await, taking(1).await);
        let credentials = Credentials::client_credentials(format!("{}{path}", idp.origin), CLIENT_ID, SECRET);
        let builder = builder(&api, credentials);
        let client = builder.clone().build().unwrap();
        assert!(!format!("{builder:?} {client:?}").contains("hunter2"), "{path}");
        remove(client).await.unwrap();
        let path = if path.is_empty() { "/" } else { path };
        assert_eq!(idp.received()[0].request_line, format!("POST {path} HTTP/1.1"));
        let said = format!("{:?} {:?}", capture::events(), capture::spans());
        assert!(said.contains("keyfactor.oauth.token") && !said.contains("hunter2"), "{path}");
    }
}

#[tokio::test]
async fn five_hundred_calls_cause_one_token_request() {
    let (idp, api) = (provider().await, taking(1).await);
    let client = client(&api, credentials(&idp));
    assert_eq!(idp.received().len(), 0, "nothing is fetched before the first call");
    assert!(at_once(&client, 500).await.iter().all(|result| matches!(result, Ok(1))));
    assert_eq!((idp.received().len(), api.received().len()), (1, 500));
    remove(client).await.unwrap();
    assert_eq!(idp.received().len(), 1, "it is kept");
}

#[tokio::test]
async fn a_token_that_expires_during_calls_is_renewed_once() {
    let (idp, api) = (provider().await, taking(2).await);
    let client = client(&api, credentials(&idp));
    for result in at_once(&client, 200).await {
        assert!(matches!(result, Ok(1 | 2)), "{result:?}");
    }
    assert_eq!(idp.received().len(), 2, "the first, and one for all that saw the 401");
}

#[tokio::test]
async fn a_second_401_is_the_apis_refusal() {
    let (idp, api) = (provider().await, taking(9).await);
    let error = remove(client(&api, credentials(&idp))).await.unwrap_err();
    let Error::Api(refused) = &error else { panic!("{error:?}") };
    assert_eq!((refused.kind(), refused.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!(idp.received().len(), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_keeps_the_refusal_and_what_the_provider_said() {
    let disabled = r#"{"error": "unauthorized_client", "error_description": "the client is disabled"}"#;
    let idp = Scripted::start([Answer::json(200, &token(1)), Answer::json(400, disabled)]).await;
    let api = taking(2).await;
    let error = remove(client(&api, credentials(&idp))).await.unwrap_err();
    let said = authentication(&error);
    assert_eq!((said.code(), said.message()), (Some("unauthorized_client"), Some("the client is disabled")));
    assert_eq!((said.status().map(|it| it.as_u16()), said.attempts()), (Some(401), 1));
    assert_eq!(
        error.to_string(),
        "POST /CertificateStores/Certificates/Remove: could not obtain a valid credential: the token request failed \
         (unauthorized_client): the client is disabled"
    );
}

#[tokio::test]
async fn a_token_request_is_repeated_like_a_read() {
    let passing = [Answer::Nothing, Answer::json(503, ""), Answer::cut(200, "{"), Answer::json(200, &token(1))];
    let (idp, api) = (Scripted::start(passing).await, taking(1).await);
    assert_eq!(remove(client(&api, credentials(&idp))).await.unwrap(), 1);
    assert_eq!(idp.received().len(), 4);
    assert_eq!(api.received().len(), 1, "the change was sent once");
}

// Two names of one thing, `error` and `Error::Api`, must not be mixed up: a 401 of the provider is no 401 of the API.
#[tokio::test]
async fn a_refusal_of_the_provider_is_no_refusal_of_the_api() {
    for status in [400, 401, 403, 404, 500] {
        let wrong = r#"{"error": "invalid_client", "error_description": "unknown client"}"#;
        let (idp, api) = (Scripted::start([Answer::json(status, wrong)]).await, taking(1).await);
        let error = remove(client(&api, credentials(&idp).secret_in_form())).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!((said.code(), said.message()), (Some("invalid_client"), Some("unknown client")));
        assert_eq!((said.status(), said.attempts(), error.status(), error.body()), (None, 0, None, None));
        assert!(
            texts(&error).ends_with(&format!("POST /: the server returned {status} {}", reason(status))),
            "{error}"
        );
        assert_eq!((idp.received().len(), api.received().len()), (1, 0), "{status}");
    }
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).unwrap().canonical_reason().unwrap()
}

#[tokio::test]
async fn a_token_request_has_a_span_and_is_no_audited_change() {
    let (idp, api) = (provider().await, taking(1).await);
    let client = client(&api, credentials(&idp));
    capture::start();
    remove(client).await.unwrap();
    let operations: Vec<String> =
        capture::spans().into_iter().filter_map(|(_, mut fields)| fields.remove("clm.operation")).collect();
    assert_eq!(operations, ["keyfactor.certificate_stores.remove_certificates", "keyfactor.oauth.token"]);
    assert_eq!(capture::only_audit().field("principal"), Some(CLIENT_ID));
}

#[tokio::test]
async fn a_root_of_the_token_endpoint_is_trusted_there_only() {
    let authority = Authority::new("of the identity provider");
    let leaf = || server_config(&authority.issue(&["localhost"]), rustls::ALL_VERSIONS, None);
    let json = "content-type: application/json\r\nconnection: close\r\n";
    let idp = || async { Recorder::tls(leaf(), reply(200, json, &token(1))).await };
    let at = |idp: &Recorder| {
        Credentials::client_credentials(format!("https://localhost:{}/token", idp.port()), CLIENT_ID, SECRET)
    };

    let (trusted, api) = (idp().await, taking(1).await);
    let known = builder(&api, at(&trusted).secret_in_form().add_root_certificate(authority.pem())).build().unwrap();
    assert_eq!(remove(known).await.unwrap(), 1);
    assert!(trusted.finish().await[0].text().contains(SECRET_IN_FORM));

    let (unknown, api) = (idp().await, taking(1).await);
    let error = remove(builder(&api, at(&unknown)).build().unwrap()).await.unwrap_err();
    assert!(texts(authentication(&error)).contains("UnknownIssuer"), "{}", texts(&error));
    assert!(unknown.finish().await.iter().all(|connection| connection.bytes.is_empty()));
    assert!(api.received().is_empty());

    let (trusted, api) = (idp().await, Recorder::tls(leaf(), reply(200, json, JOB)).await);
    let base_url = format!("https://localhost:{}", api.port());
    let credentials = at(&trusted).add_root_certificate(authority.pem());
    let client = clm::keyfactor::Client::builder(base_url).credentials(credentials).build().unwrap();
    let error = remove(client).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(_)), "{error:?}");
    assert!(texts(&error).contains("UnknownIssuer"), "{}", texts(&error));
    assert!(api.finish().await.iter().all(|connection| connection.bytes.is_empty()));
}

#[test]
fn settings_that_cannot_be_are_refused_by_name_and_not_repeated() {
    let https = "https://idp.example.com/token";
    let of = |url: &str, id: &str, secret: &str| Credentials::client_credentials(url, id, secret);
    let empty = "must not be empty (possibly an unset variable)";
    let control = "must not contain control characters (for example a line end from a file)";
    for (credentials, setting, problem) in [
        (of(https, "", "hunter2"), "client_id", empty),
        (of(https, " ", "hunter2"), "client_id", empty),
        (of(https, "hunter2\n", "hunter2"), "client_id", control),
        (of(https, "id", ""), "client_secret", empty),
        (of(https, "id", " \t"), "client_secret", empty),
        (of(https, "id", "hunter2\n"), "client_secret", control),
        (of(https, "id", "hunter2").scope(""), "scope", empty),
        (of(https, "id", "hunter2").scope("a").scope(" "), "scope", empty),
        (
            of(https, "id", "hunter2").scope("hunter2 b"),
            "scope",
            "must not contain white space; pass each scope separately",
        ),
        (of(https, "id", "hunter2").audience(" "), "audience", empty),
        (of(https, "id", "hunter2").audience("hunter2\r"), "audience", control),
        (of("", "id", "hunter2"), "token_url", "must be an absolute URL"),
        (of("idp.example.com/hunter2", "id", "hunter2"), "token_url", "has no scheme; write it as `https://…`"),
        (of("idp.example.com:443/token", "id", "hunter2"), "token_url", "has no scheme; write it as `https://…`"),
        (of("https:///hunter2", "id", "hunter2"), "token_url", "expected //"),
        (of("https://a:hunter2@idp.example.com", "id", "x"), "token_url", "must not contain a user name or password"),
        (of("https://idp.example.com/?a=hunter2#x", "id", "x"), "token_url", "must not contain a fragment"),
        (of("http://idp.example.com/?a=hunter2", "id", "x"), "token_url", "plain http would send credentials"),
        (of("ftp://idp.example.com/?a=hunter2", "id", "x"), "token_url", "must have the scheme https"),
        (of(https, "id", "x").add_root_certificate("hunter2"), "add_root_certificate", "contains no certificate"),
    ] {
        let shown = format!("{credentials:?} {credentials:#?}").replace(r#"scopes: ["hunter2 b"]"#, "");
        let error = clm::keyfactor::Client::builder("https://localhost").credentials(credentials).build().unwrap_err();
        let Error::Configuration(refused) = &error else { panic!("{error:?}") };
        assert_eq!(refused.setting(), setting, "{error}");
        assert!(refused.problem().starts_with(problem), "{setting}: {}", refused.problem());
        let shown = if matches!(setting, "client_id" | "scope" | "audience") { String::new() } else { shown };
        let shown = format!("{shown}{} {error:?}", texts(&error));
        // A URL without a query shows; nobody puts a secret into a path.
        assert!(!shown.replace("com/hunter2", "").replace("///hunter2", "").contains("hunter2"), "{shown}");
    }
    let http = || of("http://idp.example.com/?a=b", "id", "x");
    let allowed = clm::keyfactor::Client::builder("https://localhost").credentials(http()).allow_plain_http();
    allowed.build().unwrap();
}
