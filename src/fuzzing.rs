//! What the fuzz targets in `fuzz/` run, and the tests below: each takes any bytes, and panics if a promise is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "it is a test")]
#![allow(clippy::missing_panics_doc, reason = "to panic is its purpose")]

mod lists;

pub use self::lists::{query, rows};

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::{Arc, LazyLock};

use http::StatusCode;
use serde_json::Value;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use url::Url;

use crate::appviewx::{self, Comment, CommentRule, UnassignCertificates};
use crate::keyfactor::{self, CertificateLocation, CertificateStoreId, RemoveCertificates, Schedule};
use crate::operation::Request;
use crate::transport::{self, Path};
use crate::validation::{Problems, Reason};

/// A message is cut at 500 characters and so is a code, and escaping makes six of one at most.
const LONGEST_LINE: usize = 6_500;

/// A request of either vendor.
struct Requests {
    removal: Request<RemoveCertificates>,
    unassignment: Request<UnassignCertificates>,
}

static REQUESTS: LazyLock<Requests> = LazyLock::new(|| {
    let credentials = keyfactor::Credentials::bearer("token");
    let keyfactor = keyfactor::Client::builder("http://localhost").credentials(credentials).build().unwrap();
    let store: CertificateStoreId = "5a0b1c2d-0000-4000-8000-000000000001".parse().unwrap();
    let locations = ["one", "two"].map(|alias| CertificateLocation::new(store, alias));
    let removal = keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate);

    let credentials = appviewx::Credentials::session_id("session");
    let appviewx = appviewx::Client::builder("http://localhost").credentials(credentials).build().unwrap();
    let unassignment = appviewx.certificate_groups().unassign(["a", "b", "7"]);
    Requests { removal: removal.build().unwrap(), unassignment: unassignment.build().unwrap() }
});

/// What a removal comes to that is answered this.
fn remove(status: u16, body: &[u8]) -> Result<keyfactor::RemoveOutcome, keyfactor::Error> {
    let removal = REQUESTS.removal.clone();
    match transport::answered(StatusCode::from_u16(status).unwrap(), body) {
        Ok(exchange) => Arc::new(removal).read(exchange),
        Err(failure) => Err(keyfactor::Error::from_failure(failure, Arc::new(removal))),
    }
}

/// What an unassignment comes to that is answered this.
fn unassign(status: u16, body: &[u8]) -> Result<appviewx::UnassignOutcome, appviewx::Error> {
    let unassignment = REQUESTS.unassignment.clone();
    match transport::answered(StatusCode::from_u16(status).unwrap(), body) {
        Ok(exchange) => Arc::new(unassignment).read(exchange),
        Err(failure) => Err(appviewx::Error::from_failure(failure, Arc::new(unassignment))),
    }
}

/// What any other program reads in this body.
fn parsed(body: &str) -> Option<Value> {
    serde_json::from_str(body.strip_prefix('\u{feff}').unwrap_or(body)).ok()
}

/// An error and those below it go into logs: each on one line, and none without end.
fn check_texts(error: &(dyn StdError + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        check_line(&error.to_string());
        next = error.source();
    }
    assert!(!format!("{error:?}").contains('\n'));
}

fn check_line(line: &str) {
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(line.chars().count() <= LONGEST_LINE, "{} characters", line.chars().count());
}

/// A 200 to a removal.
pub fn remove_answer(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    match (remove(200, data), parsed(&body)) {
        (Ok(outcome), Some(Value::Array(entries))) => {
            assert_eq!(outcome.job_ids().len() + outcome.unrecognized_entries().len(), entries.len());
            assert!(outcome.unrecognized_entries().iter().all(|entry| entries.contains(entry)));
            let asked = outcome.locations().len();
            let different: BTreeSet<_> = outcome.job_ids().iter().collect();
            let complete = different.len() == asked && entries.len() == asked;
            assert_eq!((outcome.receipt().body(), outcome.is_complete()), (&*body, complete));
            serde_json::to_string(&outcome).unwrap();
            match outcome.require_complete() {
                Ok(_) => assert!(complete),
                Err(error) => {
                    let error = keyfactor::Error::from(error);
                    let kept = error.incomplete::<keyfactor::RemoveOutcome>();
                    assert!(!complete && kept.is_some_and(|it| it.receipt().body() == body), "{error:?}");
                    check_texts(&error);
                }
            }
        }
        (Err(error), parsed) => {
            assert!(!matches!(parsed, Some(Value::Array(_))), "an array was not taken: {error:?}");
            check_texts(&error);
            let keyfactor::Error::OutcomeUnknown(unknown) = error else { panic!("{error:?}") };
            assert_eq!((unknown.status(), unknown.body()), (Some(StatusCode::OK), Some(&*body)));
            assert_eq!((unknown.code(), unknown.message()), (None, None), "a 2xx says nothing about a failure");
        }
        (Ok(outcome), parsed) => panic!("{parsed:?} was taken: {outcome:?}"),
    }
}

/// Whether no code, outside or inside, says that the call failed.
fn says_no_failure(object: &Value) -> bool {
    let of = |object: &Value, name: &str| -> Vec<Value> {
        let members = object.as_object().into_iter().flatten();
        members.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()).collect()
    };
    let is_success = |code: &Value| {
        code.is_null() || code.as_str().is_some_and(|it| matches!(&*it.trim().to_ascii_uppercase(), "" | "SUCCESS"))
    };
    let inside = of(object, "response").into_iter().flat_map(|response| of(&response, "appStatusCode"));
    of(object, "appStatusCode").into_iter().chain(inside).all(|code| is_success(&code))
}

/// A 200 to an unassignment.
pub fn unassign_answer(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let object = parsed(&body).filter(Value::is_object);
    match unassign(200, data) {
        Ok(outcome) => {
            assert!(object.as_ref().is_some_and(says_no_failure), "taken: {outcome:?}");
            let named: BTreeSet<_> = outcome.successful_ids().iter().collect();
            let left: BTreeSet<_> = outcome.unconfirmed_ids().iter().collect();
            let asked: BTreeSet<_> = REQUESTS.unassignment.resource_ids().iter().collect();
            assert!(named.is_disjoint(&left));
            assert_eq!(outcome.successful_ids().len() + outcome.unconfirmed_ids().len(), asked.len());
            assert_eq!(named.union(&left).copied().collect::<BTreeSet<_>>(), asked);
            assert!(outcome.unexpected_ids().iter().all(|id| !asked.contains(id)));
            let complete = left.is_empty() && outcome.unexpected_ids().is_empty();
            assert_eq!((outcome.receipt().body(), outcome.is_complete()), (&*body, complete));
            serde_json::to_string(&outcome).unwrap();
            if let Err(error) = outcome.require_complete() {
                let error = appviewx::Error::from(error);
                let kept = error.incomplete::<appviewx::UnassignOutcome>();
                assert!(!complete && kept.is_some_and(|it| it.receipt().body() == body), "{error:?}");
                check_texts(&error);
            }
        }
        Err(error) => {
            check_texts(&error);
            assert_eq!((error.status(), error.body()), (Some(StatusCode::OK), Some(&*body)));
            match error {
                appviewx::Error::Api(api) => {
                    let documented = api.code().is_some_and(|code| !matches!(code, appviewx::ErrorCode::Other(_)));
                    assert!(object.is_some() && documented, "{api:?}");
                    assert!(!api.after_unanswered_copy());
                    check_line(api.remediation().unwrap_or_default());
                }
                appviewx::Error::OutcomeUnknown(unknown) => {
                    let known = ["response", "message", "appstatuscode", "tags", "headers"];
                    let is_envelope = object.as_ref().and_then(Value::as_object).is_some_and(|object| {
                        object.is_empty() || object.keys().any(|key| known.contains(&&*key.to_ascii_lowercase()))
                    });
                    // A code that nobody documented leaves it open, and so does what stands there twice.
                    let body = body.to_ascii_lowercase();
                    let is_open = object.as_ref().is_some_and(|object| !says_no_failure(object))
                        || ["\"response\"", "\"successful ids\"", "\"appstatuscode\""]
                            .iter()
                            .any(|name| body.matches(name).count() > 1);
                    assert!(!is_envelope || is_open, "an envelope was not taken: {unknown:?}");
                    assert_eq!((unknown.code(), unknown.message()), (None, None));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The statuses of [`error_bodies`], and whether each is a refusal.
const STATUSES: [(u16, bool); 12] = [
    (400, true),
    (401, true),
    (403, true),
    (404, true),
    (409, true),
    (413, true),
    (429, true),
    (302, true),
    (408, false),
    (500, false),
    (503, false),
    (599, false),
];

/// A refusal or a failure of either server: the first byte picks the server and the status, the rest is the body.
pub fn error_bodies(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let (status, is_refusal) = STATUSES[usize::from(pick / 2) % STATUSES.len()];
    let body = String::from_utf8_lossy(data);
    let (said, evidence) = if pick % 2 == 0 {
        let error = remove(status, data).unwrap_err();
        check_texts(&error);
        match &error {
            keyfactor::Error::Api(api) => {
                assert!(is_refusal && !api.after_unanswered_copy(), "{api:?}");
                let mut reasons = api.failed_operations().iter().filter_map(keyfactor::FailedOperation::reason);
                assert!(reasons.all(|reason| !reason.trim().is_empty()), "{api:?}");
                check_line(api.remediation().unwrap_or_default());
            }
            keyfactor::Error::OutcomeUnknown(unknown) => {
                assert!(!is_refusal, "{unknown:?}");
                assert_eq!(unknown.request::<RemoveCertificates>(), Some(&REQUESTS.removal));
            }
            other => panic!("{other:?}"),
        }
        (error.message().map(str::to_owned), (error.status(), error.body().map(str::to_owned)))
    } else {
        let error = unassign(status, data).unwrap_err();
        check_texts(&error);
        match &error {
            appviewx::Error::Api(api) => {
                assert!(is_refusal && !api.after_unanswered_copy(), "{api:?}");
                check_line(api.remediation().unwrap_or_default());
            }
            appviewx::Error::OutcomeUnknown(unknown) => {
                assert!(!is_refusal, "{unknown:?}");
                assert_eq!(unknown.request::<UnassignCertificates>(), Some(&REQUESTS.unassignment));
            }
            other => panic!("{other:?}"),
        }
        (error.message().map(str::to_owned), (error.status(), error.body().map(str::to_owned)))
    };
    assert!(said.is_none_or(|said| !said.trim().is_empty()), "a message of nothing");
    assert_eq!(evidence, (StatusCode::from_u16(status).ok(), Some(body.into_owned())));
}

const BASES: [&str; 4] =
    ["http://127.0.0.1:9", "https://example.com/x", "https://example.com:8443/x/y/", "https://example.com/a%20b/%2Fc"];

/// Two segments of a path, apart at the first unit separator (U+001F); the first byte picks the base URL.
pub fn url_joiner(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let base: Url = BASES[usize::from(*pick) % BASES.len()].parse().unwrap();
    let text = String::from_utf8_lossy(data);
    let (id, name) = text.split_once('\u{1f}').unwrap_or((&text, "n"));
    let mut problems = Problems::default();
    let path = Path::with_values("A/{id}/C/{name}", [id.to_owned(), name.to_owned()]);
    path.check(&mut problems);
    if let Err(refused) = problems.finish() {
        check_line(&refused.to_string());
        assert!(refused.problems().iter().all(|problem| *problem.reason() == Reason::InvalidSegment));
        return;
    }
    let url = path.below(&base).unwrap();
    assert_eq!(url.origin(), base.origin());
    assert_eq!((url.query(), url.fragment(), url.username(), url.password()), (None, None, "", None));
    let below = url.path().strip_prefix(base.path().trim_end_matches('/')).unwrap();
    let segments: Vec<String> = below.split('/').map(decoded).collect();
    assert_eq!(segments, ["", "A", id, "C", name]);
    assert_eq!(url.as_str().parse::<Url>().unwrap(), url, "it stays what it is when it is read again");
}

/// A segment as a server decodes it.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = String::from_utf8(vec![rest.next().unwrap(), rest.next().unwrap()]).unwrap();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A comment; the first byte picks the rule.
pub fn comment(data: &[u8]) {
    let Some((pick, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    let allowed = ".,-:#/<\t";
    let rule = match pick % 3 {
        0 => CommentRule::Documented,
        1 => CommentRule::allowing(allowed),
        _ => CommentRule::ServerDecides,
    };
    let accepted = |it: char| match pick % 3 {
        _ if it.is_control() || it == '<' || it == '>' => false,
        0 => is_ordinary(it),
        1 => is_ordinary(it) || allowed.contains(it),
        _ => true,
    };
    let length: usize = text.chars().map(char::len_utf16).sum();
    let expected = (1..=255).contains(&length) && !text.trim().is_empty() && text.chars().all(accepted);
    match Comment::with_rule(&*text, &rule) {
        Ok(comment) => {
            assert!(expected, "{comment:?} was accepted by {rule:?}");
            assert_eq!((comment.as_str(), comment.to_string()), (&*text, text.to_string()));
            assert_eq!(serde_json::to_value(&comment).unwrap(), Value::from(&*text));
        }
        Err(refused) => {
            assert!(!expected, "{text:?} was refused by {rule:?}: {refused}");
            check_line(&refused.to_string());
            for problem in refused.problems() {
                assert_eq!(problem.field(), "comment");
                match problem.reason() {
                    Reason::Empty => assert!(text.is_empty()),
                    Reason::Blank => assert!(!text.is_empty() && text.trim().is_empty()),
                    Reason::TooLong { limit, actual } => assert!(*limit == 255 && *actual == length && length > 255),
                    Reason::InvalidCharacters(found) => {
                        let wrong = text.chars().enumerate().filter(|(_, it)| !accepted(*it));
                        let found = found.iter().map(|it| (it.position - 1, it.character));
                        assert!(found.eq(wrong), "{refused:?}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

/// A letter, a mark, a decimal digit or the space, spelled out category by category.
fn is_ordinary(character: char) -> bool {
    use GeneralCategory as Is;
    character == ' '
        || matches!(
            character.general_category(),
            Is::UppercaseLetter
                | Is::LowercaseLetter
                | Is::TitlecaseLetter
                | Is::ModifierLetter
                | Is::OtherLetter
                | Is::NonspacingMark
                | Is::SpacingMark
                | Is::EnclosingMark
                | Is::DecimalNumber
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes without a plan, and words that matter to a decoder in any order.
    fn bytes(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let words = prop::collection::vec(prop::sample::select(words), 0..12).prop_map(|it| it.concat().into_bytes());
        let any_bytes = || prop::collection::vec(any::<u8>(), 0..40);
        prop_oneof![
            1 => any_bytes(),
            3 => words.clone(),
            1 => (words, any_bytes()).prop_map(|(words, more)| [words, more].concat()),
        ]
    }

    fn json() -> impl Strategy<Value = Value> {
        let text = prop::sample::select(vec![
            "",
            " ",
            "a",
            "b",
            "7",
            "SUCCESS",
            "CERT-GEN-0033",
            "0xA0140002",
            "Group\nunassign",
            "\u{1b}[2K\u{85}",
            "6c0d0000-0000-4000-8000-00000000000a",
            " 6C0D000000004000800000000000000A ",
            "{6c0d}",
            "\u{2028}\u{202e}",
        ]);
        let leaf = prop_oneof![
            1 => Just(Value::Null),
            1 => any::<bool>().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            4 => text.prop_map(Value::from),
            1 => any::<String>().prop_map(Value::from),
            1 => Just(Value::from("long".repeat(400))),
        ];
        let name = prop::sample::select(vec![
            "Response",
            "response",
            "Successful Ids",
            "successful ids",
            "message",
            "Message",
            "MESSAGE",
            "appStatusCode",
            "AppStatusCode",
            "tags",
            "Tags",
            "ErrorCode",
            "FailedOperations",
            "Reason",
            "errors",
            "title",
            "detail",
            "",
        ]);
        leaf.prop_recursive(4, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
                }),
            ]
        })
    }

    const WORDS: &[&str] = &[
        "\u{feff}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "\"",
        "\"a\"",
        "7",
        "1e999",
        "\\u0000",
        "\\ud800",
        "<title>",
        "<html>",
        "</title",
        "\n",
        "\"message\":",
        "\"appStatusCode\":",
        "\"ErrorCode\":",
        "\"Response\":",
        "é",
        "\"6c0d0000-0000-4000-8000-00000000000a\"",
    ];

    fn body() -> impl Strategy<Value = Vec<u8>> {
        let printed = (any::<bool>(), json()).prop_map(|(marked, value)| {
            let mark = if marked { "\u{feff}" } else { "" };
            format!("{mark}{value}").into_bytes()
        });
        prop_oneof![1 => bytes(WORDS), 2 => printed]
    }

    const SEGMENT: &[&str] =
        &[".", "..", "/", "\\", "%2e", "%2F", "%", "?", "#", "@", ":", "\u{1f}", " ", "\t", "\n", "\r", "ü", "a", "\0"];

    const COMMENT: &[&str] = &[
        "CHG 4711",
        " ",
        "\u{a0}",
        "\t",
        "\n",
        "<",
        ">",
        ".",
        ",",
        "#",
        "ü",
        "e\u{301}",
        "𝐀",
        "😀",
        "٣",
        "Ⅷ",
        "²",
        "\u{200b}",
        "\u{2028}",
        "long enough to reach the limit when it is repeated a few times over and over again",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_answer_to_a_removal(data in body()) {
            remove_answer(&data);
        }

        #[test]
        fn any_answer_to_an_unassignment(data in body()) {
            unassign_answer(&data);
        }

        #[test]
        fn any_body_of_an_error(pick in any::<u8>(), data in body()) {
            error_bodies(&[&[pick], &data[..]].concat());
        }

        #[test]
        fn any_segments_of_a_path(pick in any::<u8>(), data in bytes(SEGMENT)) {
            url_joiner(&[&[pick], &data[..]].concat());
        }

        #[test]
        fn any_comment(pick in any::<u8>(), data in bytes(COMMENT)) {
            comment(&[&[pick], &data[..]].concat());
        }
    }

    #[test]
    fn nothing_is_fine_as_well() {
        for target in [remove_answer, unassign_answer, error_bodies, url_joiner, comment] {
            target(b"");
        }
    }
}
