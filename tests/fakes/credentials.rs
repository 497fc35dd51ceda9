//! What the fakes tell other programs, to be configured with: it is taken, and `Debug` does not show it.

use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{appviewx, keyfactor};

async fn unassigns(fake: &FakeAppViewX, credentials: appviewx::Credentials) {
    fake.add_certificate("67bc2ca76a105e1a05691c1c", "web");
    let client = appviewx::Client::builder(fake.url()).credentials(credentials).build().unwrap();
    client.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await.unwrap();
}

#[tokio::test]
async fn keyfactor_takes_user_and_password() {
    let fake = FakeKeyfactor::start().await;
    assert_eq!(fake.user(), r"EXAMPLE\svc-clm");
    let credentials = keyfactor::Credentials::basic(fake.user(), fake.password());
    let client = keyfactor::Client::builder(fake.url()).credentials(credentials).build().unwrap();
    let stores = client.certificate_stores().list(keyfactor::Query::all()).rows().unwrap().collect().await.unwrap();
    assert!(stores.is_empty());
    assert!(!format!("{fake:?} {fake:#?} {:?}", fake.requests()).contains(fake.password()));
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn keyfactor_takes_the_variables_that_it_tells() {
    let fake = FakeKeyfactor::start().await;
    fake.set_api_path("Keyfactor/API");
    for (variables, tokens) in [(fake.variables(), 0), (fake.oauth_variables(), 1)] {
        let builder = keyfactor::ClientBuilder::from_vars(|name| variables.get(name).map(Into::into)).unwrap();
        let client = builder.build().unwrap();
        assert_eq!(client.base_url().as_str().trim_end_matches('/'), fake.url());
        client.certificate_stores().list(keyfactor::Query::all()).rows().unwrap().collect().await.unwrap();
        assert_eq!(fake.identity_provider().tokens_issued(), tokens);
    }
    assert_eq!(fake.requests().len(), 2);
    fake.assert_no_unknown_requests();
}

#[tokio::test]
async fn appviewx_takes_what_it_tells() {
    let fake = FakeAppViewX::start().await;
    unassigns(&fake, appviewx::Credentials::session_id(fake.session_id())).await;
    unassigns(&fake, appviewx::Credentials::password_headers(fake.user(), fake.password())).await;
    unassigns(&fake, appviewx::Credentials::login(fake.user(), fake.password())).await;
    let account = appviewx::Credentials::service_account(fake.service_account_id(), fake.service_account_secret());
    unassigns(&fake, account).await;
    fake.set_password("changed");
    assert_eq!(fake.password(), "changed");
    unassigns(&fake, appviewx::Credentials::login(fake.user(), fake.password())).await;
    let shown = format!("{fake:?} {fake:#?} {:?}", fake.requests());
    for secret in [&fake.password(), &fake.session_id(), fake.service_account_secret(), "fake-appviewx-password"] {
        assert!(!shown.contains(secret), "{secret} shows in {shown}");
    }
}

#[tokio::test]
async fn the_session_that_appviewx_tells_is_live() {
    let fake = FakeAppViewX::start().await;
    let first = fake.session_id();
    assert_eq!((fake.session_id() == first, fake.sessions()), (true, 1));
    fake.expire_sessions();
    let second = fake.session_id();
    assert_ne!(first, second);
    assert_eq!((fake.session_id() == second, fake.sessions()), (true, 1), "no further one is begun");
    unassigns(&fake, appviewx::Credentials::session_id(second)).await;
}
