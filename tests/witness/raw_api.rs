//! Calls without a type, as the crate spells them now. **A thin layer: only the files `*_api*.rs` and `*_told.rs` name the
//! crate's API.**

use clm::http::Method;
use clm::{RawCall, RawEffect, RequestBuilder, appviewx, keyfactor};
use serde_json::json;

use crate::appviewx_told::describe_appviewx_error;
use crate::keyfactor_told::describe_keyfactor_error;
use crate::raw_told::describe_raw_answer;
use crate::told::Told;
use crate::{appviewx_api, keyfactor_api};

const SECRET: &str = "marker-raw-secret";
pub(crate) const KEYFACTOR_SECRETS: &[&str] = &[keyfactor_api::PASSWORD, keyfactor_api::BASIC, SECRET];
pub(crate) const APPVIEWX_SECRETS: &[&str] = &["marker-session", SECRET];

/// One way to make a call.
#[derive(Clone, Copy)]
pub(crate) enum Raw {
    Read,
    Change,
    PostThatReads,
    WithEverything,
}

/// What is refused before it is sent.
#[derive(Clone, Copy)]
pub(crate) enum Refused {
    Path(&'static str),
    Method(&'static str),
    Header(&'static str, &'static str),
    Query(&'static str),
    PathValue(&'static str),
    BodyOfAGet,
    NoteOfARead,
}

fn built<V: clm::Vendor>(
    raw: impl Fn(Method, &str) -> RequestBuilder<RawCall<V>>,
    call: Raw,
) -> RequestBuilder<RawCall<V>> {
    match call {
        Raw::Read => raw(Method::GET, "/Some/Thing"),
        Raw::Change => raw(Method::DELETE, "Some/{id}").path_value("id", 17).audit_note("CHG 1"),
        Raw::PostThatReads => {
            raw(Method::POST, "Some/Query").effect(RawEffect::Read).json(&json!({"b": SECRET})).secret(SECRET)
        }
        Raw::WithEverything => raw(Method::PUT, "Some/{name}/{id}")
            .path_value("id", 17)
            .path_value("name", "a ü?#")
            .query("x y", "a&b")
            .query("x y", 2)
            .header("X-Key", SECRET)
            .json(&json!({"Password": SECRET}))
            .secret(SECRET)
            .audit_note("CHG 2"),
    }
}

fn refused<V: clm::Vendor>(
    raw: impl Fn(Method, &str) -> RequestBuilder<RawCall<V>>,
    call: Refused,
) -> RequestBuilder<RawCall<V>> {
    match call {
        Refused::Path(path) => raw(Method::GET, path),
        Refused::Method(method) => raw(method.parse().unwrap(), "a"),
        Refused::Header(name, value) => raw(Method::GET, "a").header(name, value),
        Refused::Query(name) => raw(Method::GET, "a").query(name, 1),
        Refused::PathValue(value) => raw(Method::GET, "a/{id}").path_value("id", value),
        Refused::BodyOfAGet => raw(Method::GET, "a").json(&1),
        Refused::NoteOfARead => raw(Method::GET, "a").audit_note("CHG 1"),
    }
}

/// The layer of one vendor: its client and its errors have no name in common with the other's.
macro_rules! layer {
    ($of:ident, $refused_of:ident, $send:ident, $vendor:ident, $client:path, $describe:ident) => {
        pub(crate) async fn $of(origin: &str, call: Raw) -> Told {
            let client = $client(origin);
            $send(&client, built(|method, path| client.raw(method, path), call)).await
        }

        pub(crate) async fn $refused_of(origin: &str, call: Refused) -> Told {
            let client = $client(origin);
            $send(&client, refused(|method, path| client.raw(method, path), call)).await
        }

        async fn $send(client: &$vendor::Client, call: RequestBuilder<$vendor::RawCall>) -> Told {
            let error = match call.send().await {
                Ok(answer) => return describe_raw_answer(&answer),
                Err(error) => error,
            };
            let mut told = $describe(&error);
            if let $vendor::Error::OutcomeUnknown(unknown) = error {
                let client = client.clone();
                let request = unknown.into_request::<$vendor::RawCall>().unwrap();
                told.show(&request);
                told.again = Some(Box::pin(async move { drop(client.execute(request).await) }));
            }
            told
        }
    };
}

layer!(
    keyfactor_call,
    refused_keyfactor_call,
    send_to_keyfactor,
    keyfactor,
    keyfactor_api::client,
    describe_keyfactor_error
);
layer!(appviewx_call, refused_appviewx_call, send_to_appviewx, appviewx, appviewx_api::client, describe_appviewx_error);
