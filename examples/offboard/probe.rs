//! `--probe`: prints which open questions of `docs/wire-notes.md` a server settles. It sends only reads. The output names no host,
//! account, certificate or store, so that it can be pasted into a report.

mod appviewx;
mod keyfactor;

use clm::RawAnswer;
use clm::http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::ended::{Ended, Trouble};
use crate::report::Report;

/// The servers to probe.
pub(crate) struct Probe {
    pub(crate) keyfactor: Option<clm::keyfactor::Client>,
    pub(crate) appviewx: Option<(clm::appviewx::Client, crate::appviewx::Session)>,
}

/// The answer to a numbered question of the notes.
pub(crate) struct Finding {
    note: &'static str,
    /// Text of this program, not of the server.
    seen: String,
}

impl Probe {
    pub(crate) async fn run(self, report: &Report) -> Result<Ended, Trouble> {
        report.line(format!(
            "clm {}: which open questions of docs/wire-notes.md this server settles",
            env!("CARGO_PKG_VERSION")
        ));
        report.line("Only reads are sent. The output names no host, account, certificate or store.");
        if let Some(client) = self.keyfactor {
            show("Keyfactor Command", &keyfactor::findings(&client).await?, report);
        }
        if let Some((client, session)) = self.appviewx {
            let findings = appviewx::findings(&client).await;
            if session == crate::appviewx::Session::Own {
                client.logout().await?;
            }
            show("AppViewX CERT+", &findings?, report);
        }
        Ok(Ended::Done)
    }
}

fn show(server: &str, findings: &[Finding], report: &Report) {
    report.line("");
    report.line(format!("{server}:"));
    for Finding { note, seen } in findings {
        report.line(format!("  {note:4} {seen}"));
    }
}

impl Finding {
    fn new(note: &'static str, seen: impl Into<String>) -> Self {
        Self { note, seen: seen.into() }
    }

    fn open(note: &'static str, why: impl std::fmt::Display) -> Self {
        Self::new(note, format!("not settled: {why}"))
    }
}

/// The response to a read. Refusals are included, because their format is one of the questions.
enum Seen {
    Answer(RawAnswer),
    Refused { status: u16, body: Value },
}

impl Seen {
    /// Errors without a response end the probe.
    fn of<V: clm::Vendor>(answer: Result<RawAnswer, clm::Error<V>>) -> Result<Self, clm::Error<V>> {
        match answer {
            Ok(answer) => Ok(Self::Answer(answer)),
            Err(clm::Error::Api(refusal)) if refusal.status() != StatusCode::UNAUTHORIZED => {
                let body = serde_json::from_slice(refusal.body_bytes()).unwrap_or_default();
                Ok(Self::Refused { status: refusal.status().as_u16(), body })
            }
            Err(error) => Err(error),
        }
    }

    /// The JSON of a response, or a short reason why there is none.
    fn json(&self) -> Result<Value, String> {
        match self {
            Self::Answer(answer) if answer.bytes().is_empty() => {
                Err(format!("status {} with an empty body", answer.status().as_u16()))
            }
            Self::Answer(answer) => answer.read().map_err(|_| "the response is not JSON".to_owned()),
            Self::Refused { status, .. } => Err(format!("refused with status {status}")),
        }
    }

    fn rows(&self) -> Result<Vec<Value>, String> {
        match self.json()? {
            Value::Array(rows) => Ok(rows),
            _ => Err("the response is not a list".to_owned()),
        }
    }

    fn headers(&self) -> Result<&HeaderMap, String> {
        match self {
            Self::Answer(answer) => Ok(answer.headers()),
            Self::Refused { status, .. } => Err(format!("refused with status {status}")),
        }
    }

    /// The shape of a response: its status and type, or the status and member names of a refusal.
    fn shape(&self, note: &'static str, what: &str) -> Finding {
        match self {
            Self::Answer(answer) => {
                let body =
                    if answer.bytes().is_empty() { "an empty body" } else { kind(&answer.read().unwrap_or_default()) };
                Finding::new(note, format!("{what}: {} with {body}", answer.status().as_u16()))
            }
            Self::Refused { status: 403, .. } => Finding::open(note, "refused with status 403"),
            Self::Refused { status, body } => match names(body, |_| true).join(", ") {
                empty if empty.is_empty() => Finding::new(note, format!("{what}: {status} without members")),
                names => Finding::new(note, format!("{what}: {status} with the members {names}")),
            },
        }
    }
}

/// A few short member names from the server.
fn names(members: &Value, keep: impl Fn(&Value) -> bool) -> Vec<&str> {
    let members = members.as_object().into_iter().flatten().filter(|(_, value)| keep(value));
    let short = |name: &&str| name.len() <= 30 && name.chars().all(|it| it.is_ascii_alphanumeric());
    members.map(|(name, _)| name.as_str()).filter(short).take(8).collect()
}

/// A member, ignoring ASCII case.
fn member<'a>(row: &'a Value, name: &str) -> Option<&'a Value> {
    row.as_object()?.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The type of a value, without the value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value of a version header, cut at the first character that is not part of a version.
fn version(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take_while(|it| it.is_ascii_digit() || matches!(it, '.' | ',' | ' ')).collect())
}

#[cfg(test)]
mod tests;
