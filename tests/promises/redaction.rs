//! No secret of a request shows, whoever repeats it: every place of an answer, in every form, to every operation.

use std::collections::BTreeSet;

use crate::support::capture;
use crate::support::operations::{Ended, Operation, Row, Secrets, Site, USER, Vendor};
use crate::support::scripted::{Answer, Scripted};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

// Eight letters or digits that stand nowhere else, and then what has to be escaped somewhere.
const SECRETS: Secrets = Secrets {
    password: "PwMark1f0\"<c&/ +%'\\é end",
    session: "SsMark77a~b&<\"+/%'\\end",
    // With white space at its end, which servers trim.
    job_field: "FdMark5b2 1\"<&/+%'\\é end ",
    entry_password: "EnMark6e4\"<7&/ +%'\\é end",
    pfx_password: "PxMark2d9\"<0&/ +%'\\end",
};

/// A form of a secret, and pieces of it by which it would be found in whatever way it is printed.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) pieces: Vec<String>,
}

impl Form {
    fn new(name: &'static str, text: String, pieces: impl IntoIterator<Item = String>) -> Self {
        Self { name, text, pieces: pieces.into_iter().collect() }
    }
}

/// The secret in each form, and its beginning as the last of them.
#[expect(clippy::format_collect, reason = "a test, and short texts")]
pub(crate) fn forms(secret: &str, pair: Option<&str>) -> Vec<Form> {
    let head = || [secret[..8].to_owned()];
    let percent = |escaped: fn(u8) -> String, kept: fn(u8) -> bool| -> String {
        secret.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { escaped(byte) }).collect()
    };
    let (upper, lower) = (|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}"));
    let base16: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;");
    let json = serde_json::to_string(secret).unwrap();
    let everything = percent(upper, |_| false);
    let units: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let mut all = vec![
        Form::new("as sent", secret.to_owned(), head()),
        Form::new("trimmed", secret.trim().to_owned(), head()),
        Form::new("JSON", json.trim_matches('"').to_owned(), head()),
        Form::new(
            "JSON, every unit",
            units.clone(),
            [units.replace('\\', "")[..24].to_owned(), units[..24].to_owned()],
        ),
        Form::new("HTML", html, head()),
        Form::new("percent, upper case", percent(upper, |byte| byte.is_ascii_alphanumeric()), head()),
        Form::new("percent, lower case", percent(lower, |byte| byte.is_ascii_alphanumeric()), head()),
        Form::new("percent, all of it", everything.clone(), [everything[..24].to_owned()]),
        Form::new(
            "form",
            percent(upper, |byte| byte == b' ' || byte.is_ascii_alphanumeric()).replace(' ', "+"),
            head(),
        ),
        Form::new("base16, lower case", base16.clone(), [base16[..16].to_owned()]),
        Form::new("base16, upper case", base16.to_uppercase(), [base16.to_uppercase()[..16].to_owned()]),
    ];
    let coded = |text: &str| [STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)];
    for coded in coded(secret).into_iter().chain(pair.into_iter().flat_map(coded)) {
        let piece = coded[..12].to_owned();
        all.push(Form::new("base64", coded, [piece]));
    }
    if let Some(pair) = pair {
        let header = format!("Basic {}", STANDARD.encode(pair));
        all.push(Form::new("the header", header.clone(), [header[6..20].to_owned()]));
    }
    all.push(Form::new("its beginning, where the text is cut", secret[..9].to_owned(), head()));
    all
}

/// What the places have in common: which operations they are tried with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Any,
    Only(Vendor),
    One(Operation),
}

/// Which characters a place carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    Text,
    /// The value of a header.
    Visible,
    /// The name of a header.
    Token,
}

impl Carries {
    fn takes(self, form: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Visible => form.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            Self::Token => form.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'~'),
        }
    }
}

/// Where an answer repeats something.
struct Place {
    name: &'static str,
    of: Of,
    carries: Carries,
    /// What it carries is shown: where it is not, the operations look the same whatever stands there.
    shows: Shows,
    answer: fn(&str) -> Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Something,
    Nothing,
}

fn header(status: u16, name: &str, value: &str, body: &str) -> Answer {
    Answer::with(status, &format!("content-type: application/json\r\n{name}: {value}\r\n"), body)
}

const KEYFACTOR: Of = Of::Only(Vendor::Keyfactor);
const APPVIEWX: Of = Of::Only(Vendor::AppViewX);
const ID: &str = "x-keyfactor-correlation-id";
const VERSION: &str = "x-keyfactor-product-version";
const JOB: &str = "6c0d0000-0000-4000-8000-00000000000a";

#[rustfmt::skip]
fn places() -> Vec<Place> {
    use Carries::{Text, Token, Visible};
    use Of::{Any, One};
    use Shows::{Nothing, Something};
    let place = |name, of, carries, shows, answer| Place { name, of, carries, shows, answer };
    vec![
        place("plain text", Any, Text, Something, |said| Answer::with(400, "", said)),
        place("plain text of a gateway", Any, Text, Something, |said| Answer::with(502, "", said)),
        place("long plain text", Any, Text, Something, |said| Answer::with(400, "", &format!("{}{said}", "x ".repeat(225)))),
        place("text of JSON", Any, Text, Something, |said| Answer::json(400, &json!(said).to_string())),
        place("title of a page", Any, Text, Something, |said| Answer::with(403, "", &format!("<html><title>{said}</title></html>"))),
        place("a text that is cut", Any, Text, Something, |said| Answer::cut(400, said)),
        place("a body of another shape", Any, Text, Nothing, |said| Answer::json(200, &json!(said).to_string())),
        place("the target of a redirect", Any, Visible, Nothing, |said| header(302, "location", &format!("https://example.com/{said}"), "")),
        place("a challenge", Any, Visible, Nothing, |said| header(403, "www-authenticate", &format!("Basic realm=\"{said}\""), "")),
        place("the encoding", Any, Visible, Something, |said| header(400, "content-encoding", said, "{}")),
        place("the name of a header", Any, Token, Something, |said| header(400, said, "x", "{}")),

        place("Message", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"Message": said}).to_string())),
        place("Message of an unknown outcome", KEYFACTOR, Text, Something, |said| Answer::json(500, &json!({"Message": said}).to_string())),
        place("ErrorCode", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"ErrorCode": said}).to_string())),
        place("FailedOperations", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"FailedOperations": [{"Reason": said}, {"x": said}]}).to_string())),
        place("errors", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"errors": {"Alias": [said], "Pin": said}}).to_string())),
        place("the name of one of the errors", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"errors": {said: ["x"]}}).to_string())),
        place("detail", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"detail": said}).to_string())),
        place("title", KEYFACTOR, Text, Something, |said| Answer::json(400, &json!({"title": said}).to_string())),
        place("correlation id", KEYFACTOR, Visible, Something, |said| header(400, ID, said, "{}")),
        place("correlation id of an unknown outcome", KEYFACTOR, Visible, Something, |said| header(500, ID, said, "{}")),
        place("an old version", KEYFACTOR, Visible, Nothing, |said| header(200, VERSION, &format!("10.{said}"), "[]")),

        place("message", APPVIEWX, Text, Something, |said| Answer::json(400, &json!({"message": said}).to_string())),
        place("message of a refusal with 200", APPVIEWX, Text, Nothing, |said| Answer::json(200, &json!({"message": said, "appStatusCode": "AVX_GW_005"}).to_string())),
        place("appStatusCode", APPVIEWX, Text, Something, |said| Answer::json(400, &json!({"appStatusCode": said}).to_string())),
        place("appStatusCode of 200", APPVIEWX, Text, Something, |said| Answer::json(200, &json!({"response": {}, "appStatusCode": said}).to_string())),
        place("appStatusCode inside", APPVIEWX, Text, Something, |said| Answer::json(400, &json!({"response": {"appStatusCode": said, "message": said}}).to_string())),
        place("tags", APPVIEWX, Text, Something, |said| Answer::json(400, &json!({"message": "no", "tags": {said: [said]}}).to_string())),
        place("Successful Ids of a refusal", APPVIEWX, Text, Something, |said| Answer::json(400, &json!({"message": "no", "response": {"Successful Ids": [said]}}).to_string())),

        place("entries that are no job ids", One(Operation::RemoveCertificates), Text, Something, |said| Answer::json(200, &json!([JOB, said, {said: said}]).to_string())),
        place("entries that are no job ids, of an addition", One(Operation::AddCertificates), Text, Something, |said| Answer::json(200, &json!([said]).to_string())),
        place("correlation id of a removal", One(Operation::RemoveCertificates), Visible, Something, |said| header(200, ID, said, &json!([JOB]).to_string())),
        place("version of a removal", One(Operation::RemoveCertificates), Visible, Something, |said| header(200, VERSION, said, &json!([JOB]).to_string())),
        place("correlation id of 204", One(Operation::Unschedule), Visible, Something, |said| header(204, ID, said, "")),
        place("version of an old server", One(Operation::GetStore), Visible, Something, |said| header(200, VERSION, &format!("10.{said}"), "{}")),
        place("message of a suspended revocation", One(Operation::RevokeCertificates), Text, Something, |said| Answer::json(200, &json!({"SuspendedCerts": [{"CertId": 17, "Message": said}], "FailedOperations": [{"Reason": said}]}).to_string())),
        place("message of a job", One(Operation::JobHistory), Text, Something, |said| Answer::json(200, &json!([{"JobHistoryId": 1, "JobId": JOB, "Message": said}]).to_string())),
        place("result and status of a job", One(Operation::JobHistory), Text, Something, |said| Answer::json(200, &json!([{"JobHistoryId": 1, "JobId": JOB, "Result": said, "Status": said}]).to_string())),
        place("media type of a raw answer", One(Operation::KeyfactorRawChange), Visible, Something, |said| Answer::with(200, &format!("content-type: text/plain; x={said}\r\n"), "x")),
        place("message of an unassignment", One(Operation::Unassign), Text, Something, |said| Answer::json(200, &json!({"response": {"Successful Ids": ["id-1"]}, "message": said}).to_string())),
        place("ids that nobody asked for", One(Operation::Assign), Text, Something, |said| Answer::json(200, &json!({"response": {"Successful Ids": ["id-1", said]}}).to_string())),
        place("message of a revocation", One(Operation::RevokeCertificate), Text, Something, |said| Answer::json(200, &json!({"response": {"requestId": said}, "message": said}).to_string())),
        place("message of a logout", One(Operation::Logout), Text, Something, |said| Answer::json(200, &json!({"response": {"status": "SUCCESS", "statusDescription": said}}).to_string())),
        place("another group", One(Operation::ViewGroup), Text, Something, |said| Answer::json(200, &json!({"response": {"name": said}}).to_string())),
        place("an unknown code of a raw call", One(Operation::AppViewXRawChange), Text, Something, |said| Answer::json(200, &json!({"response": {}, "appStatusCode": said}).to_string())),
    ]
}

impl Place {
    fn is_of(&self, operation: Operation, vendor: Vendor) -> bool {
        match self.of {
            Of::Any => true,
            Of::Only(of) => of == vendor,
            Of::One(of) => of == operation,
        }
    }

    /// A list of the rows of a page would be read to its end: each page is answered alike.
    fn server_answers(&self, said: &str) -> Vec<Answer> {
        match self.of {
            Of::One(Operation::JobHistory) => vec![(self.answer)(said), Answer::json(200, "[]")],
            _ => vec![(self.answer)(said)],
        }
    }
}

/// The secrets of one call, with the pair that the credential is sent as.
fn secrets_of(row: &Row) -> Vec<(&'static str, Option<String>)> {
    let credential = match row.vendor {
        Vendor::Keyfactor => (SECRETS.password, Some(format!("{USER}:{}", SECRETS.password))),
        Vendor::AppViewX => (SECRETS.session, None),
    };
    let in_body = (row.in_body)(&SECRETS).into_iter().map(|secret| (secret, None));
    std::iter::once(credential).chain(in_body).collect()
}

/// Everything that a program may print of the call, and what it traced.
async fn shown(row: &Row, answers: Vec<Answer>) -> Vec<String> {
    let server = Scripted::start(answers).await;
    capture::start();
    let site = Site { secrets: SECRETS, policy: clm::RetryPolicy::none(), ..Site::new(&server.origin) };
    let Ended { mut shown, .. } = (row.send)(&site).await;
    assert!(!server.received().is_empty(), "{}: nothing was sent", row.name);
    shown.push(format!("{:?}", capture::events()));
    shown
}

#[tokio::test]
async fn nothing_that_a_server_repeats_shows_in_any_place_form_and_operation() {
    let mut combinations = 0;
    let mut leaks = Vec::new();
    let mut places_that_show = BTreeSet::new();
    for (operation, row) in Operation::all() {
        for place in places().iter().filter(|place| place.is_of(operation, row.vendor)) {
            for (secret, pair) in secrets_of(&row) {
                let forms: Vec<Form> =
                    forms(secret, pair.as_deref()).into_iter().filter(|form| place.carries.takes(&form.text)).collect();
                // A header has one name.
                let groups: Vec<&[Form]> =
                    if place.carries == Carries::Token { forms.chunks(1).collect() } else { vec![&forms] };
                for group in groups.into_iter().filter(|group| !group.is_empty()) {
                    let said = group.iter().map(|form| form.text.as_str()).collect::<Vec<_>>().join(" | ");
                    let shown = shown(&row, place.server_answers(&said)).await;
                    combinations += group.len();
                    if shown.iter().any(|text| text.contains("[redacted]")) {
                        places_that_show.insert(place.name);
                    }
                    for form in group {
                        let of_header = |piece: &String| [piece.clone(), piece.to_lowercase()];
                        let pieces: Vec<String> = form.pieces.iter().flat_map(of_header).collect();
                        let leaked = |text: &&String| pieces.iter().any(|piece| text.contains(piece.as_str()));
                        if let Some(text) = shown.iter().find(leaked) {
                            let excerpt: String = text.chars().take(600).collect();
                            leaks.push(format!("{operation:?}, {}, {} of {secret}: {excerpt}", place.name, form.name));
                        }
                    }
                }
            }
        }
    }
    println!("{combinations} combinations of place, form and operation, {} leaks", leaks.len());
    assert!(leaks.is_empty(), "{} of {combinations}:\n{}", leaks.len(), leaks.join("\n"));
    // Where nothing was redacted, the place would prove nothing.
    let silent: Vec<&str> = places()
        .iter()
        .filter(|place| place.shows == Shows::Something && !places_that_show.contains(place.name))
        .map(|place| place.name)
        .collect();
    assert!(silent.is_empty(), "nothing of these places was shown: {silent:?}");
    assert!(combinations > 5_000, "{combinations}");
}
