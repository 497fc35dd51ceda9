//! A bearer token that a function fetches: once per expiry, however many calls find out.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{CertificateLocation, CertificateStoreId, Client, Credentials, Error, ErrorKind, Schedule};
use clm::{AuthenticationError, RetryPolicy};
use tokio::task::JoinSet;

const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;

/// A server that takes the token of this number only.
async fn taking(number: u32) -> Scripted {
    let taken = format!("Bearer token-{number}");
    Scripted::choosing(move |_, request| {
        if request.header("authorization") == Some(&taken) { Answer::json(200, JOB) } else { Answer::json(401, "") }
    })
    .await
}

/// `token-1`, then `token-2`, and so on; and how many were fetched.
fn numbered() -> (Credentials, Arc<AtomicU32>) {
    let fetches = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&fetches);
    let credentials = Credentials::bearer_from(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            tokio::task::yield_now().await;
            Ok::<_, std::io::Error>(format!("token-{number}").into())
        }
    });
    (credentials, fetches)
}

fn client(server: &Scripted, credentials: Credentials) -> Client {
    Client::builder(&server.origin).credentials(credentials).build().unwrap()
}

async fn remove(client: Client) -> Result<u32, Error> {
    let location = CertificateLocation::new(STORE.parse::<CertificateStoreId>().unwrap(), "web01.pfx");
    let outcome = client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await?;
    Ok(outcome.receipt().attempts())
}

async fn at_once(client: &Client, calls: usize) -> Vec<Result<u32, Error>> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        tasks.spawn(remove(client.clone()));
    }
    tasks.join_all().await
}

fn authentication(error: &Error) -> &AuthenticationError {
    let Error::Authentication(error) = error else { panic!("{error:?}") };
    error
}

#[tokio::test]
async fn the_first_token_is_fetched_once_and_used_by_all() {
    let server = taking(1).await;
    let (credentials, fetches) = numbered();
    let client = client(&server, credentials);
    assert_eq!(fetches.load(Ordering::SeqCst), 0, "nothing is fetched before the first call");
    assert!(at_once(&client, 200).await.iter().all(|result| matches!(result, Ok(1))));
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
    assert_eq!(server.received().len(), 200);
}

#[tokio::test]
async fn two_hundred_calls_with_an_expired_token_fetch_one() {
    let server = taking(2).await;
    let (credentials, fetches) = numbered();
    let client = client(&server, credentials);
    for result in at_once(&client, 200).await {
        assert!(matches!(result, Ok(1 | 2)), "{result:?}");
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "the first, and one for all that saw the 401");
    assert_eq!(remove(client).await.unwrap(), 1);
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_second_401_is_a_refusal_and_a_later_call_fetches_again() {
    let server = taking(4).await;
    let (credentials, fetches) = numbered();
    let client = client(&server, credentials);
    let error = remove(client.clone()).await.unwrap_err();
    let Error::Api(api) = &error else { panic!("{error:?}") };
    assert_eq!((api.kind(), api.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
    let error = remove(client.clone()).await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.attempts() == 2), "{error:?}");
    assert_eq!(remove(client).await.unwrap(), 2);
    assert_eq!(fetches.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_policy_of_one_try_still_renews() {
    let server = taking(2).await;
    let (credentials, _) = numbered();
    let builder = Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none());
    assert_eq!(remove(builder.build().unwrap()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_failed_fetch_keeps_its_text_as_the_source() {
    #[derive(Debug)]
    struct Sealed(std::io::Error);
    impl std::fmt::Display for Sealed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the vault is sealed")
        }
    }
    impl std::error::Error for Sealed {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let server = taking(1).await;
    let fetches = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&fetches);
    let credentials = Credentials::bearer_from(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::task::yield_now().await;
            Err(Sealed(std::io::Error::other("no quorum")))
        }
    });
    let client = client(&server, credentials);
    for result in at_once(&client, 200).await {
        let error = result.unwrap_err();
        let error = authentication(&error);
        assert_eq!(
            error.to_string(),
            "POST /CertificateStores/Certificates/Remove: could not obtain a valid credential: the function that \
             fetches the bearer token failed"
        );
        let source = error.source().unwrap();
        assert_eq!(source.to_string(), "the vault is sealed");
        assert_eq!(source.source().unwrap().to_string(), "no quorum");
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1, "one failing fetch for all that waited");
    authentication(&remove(client).await.unwrap_err());
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "a later call tries anew");
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_fetch_that_fails_after_a_401_is_an_authentication_error() {
    let server = taking(9).await;
    let first = Arc::new(AtomicU32::new(0));
    let credentials = Credentials::bearer_from(move || {
        let number = first.fetch_add(1, Ordering::SeqCst);
        async move { if number == 0 { Ok("token-1".into()) } else { Err(std::io::Error::other("no quorum")) } }
    });
    let client = client(&server, credentials);
    let error = remove(client).await.unwrap_err();
    assert_eq!(authentication(&error).source().unwrap().to_string(), "no quorum");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_token_that_no_header_carries_is_refused_without_showing_it() {
    for token in ["hunter2\n", "hunter2\r\nx-evil: 1", "hunter2 hunter2", "hunter2ü", "\0hunter2", "", "\n"] {
        let server = taking(1).await;
        let credentials = Credentials::bearer_from(move || async move { Ok::<_, std::io::Error>(token.into()) });
        let error = remove(client(&server, credentials)).await.unwrap_err();
        let authentication = authentication(&error);
        assert!(authentication.source().is_none(), "{token:?}");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("the token"), "{shown}");
        assert_eq!(server.received().len(), 0, "{token:?}");
    }
}

// A vault that hangs must hang neither the call nor those that wait for the same token.
#[tokio::test]
async fn a_fetch_that_never_ends_runs_into_the_calls_time_limit() {
    let server = taking(1).await;
    let credentials = Credentials::bearer_from(std::future::pending::<Result<_, std::io::Error>>);
    let client = impatient(&server, credentials);
    for result in at_once(&client, 5).await {
        let error = result.unwrap_err();
        let said = authentication(&error);
        assert_eq!(said.problem(), "not received within the time limit of the call");
        assert_eq!((said.status(), said.attempts()), (None, 0));
    }
    assert!(server.received().is_empty(), "nothing was sent without a token");
}

// The call was sent and refused: what the server said is kept beside what went wrong with the token.
#[tokio::test]
async fn a_renewal_that_never_ends_keeps_the_refusal() {
    let server = taking(2).await;
    let fetches = Arc::new(AtomicU32::new(0));
    let credentials = Credentials::bearer_from(move || {
        let first = fetches.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if !first {
                std::future::pending::<()>().await;
            }
            Ok::<_, std::io::Error>("token-1".into())
        }
    });
    let error = remove(impatient(&server, credentials)).await.unwrap_err();
    let said = authentication(&error);
    assert_eq!(said.problem(), "not received within the time limit of the call");
    assert_eq!((said.status().map(|it| it.as_u16()), said.attempts()), (Some(401), 1));
    assert_eq!((error.status().map(|it| it.as_u16()), error.attempts(), error.body()), (Some(401), Some(1), Some("")));
    assert_eq!(server.received().len(), 1);
}

fn impatient(server: &Scripted, credentials: Credentials) -> Client {
    Client::builder(&server.origin)
        .credentials(credentials)
        .connect_timeout(Duration::from_millis(900))
        .change_timeout(Duration::from_millis(1500))
        .build()
        .unwrap()
}
