//! `--probe`: prints which open questions of `docs/wire-notes.md` a server settles. It sends only reads. The output names no host,
//! account, certificate or store, so that it can be pasted into a report.

mod appviewx;
mod keyfactor;

use clm::RawAnswer;
use clm::http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::ended::{Ended, Trouble};
use crate::report::Report;

/// Where to look.
pub(crate) struct Probe {
    pub(crate) keyfactor: Option<clm::keyfactor::Client>,
    pub(crate) appviewx: Option<(clm::appviewx::Client, crate::appviewx::Session)>,
}

/// What a server does, by the number of the note.
pub(crate) struct Finding {
    note: &'static str,
    /// In words of this program.
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

/// The answer to a read, also to one that was refused: what a refusal looks like is among the questions.
enum Seen {
    Answer(RawAnswer),
    Refused { status: u16, body: Value },
}

impl Seen {
    /// Whatever is no answer of the server ends the probe.
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

    /// The JSON of an answer; the error says in a word why there is none.
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

    /// What it looks like: status and kind of an answer, status and names of the members of a refusal.
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

/// Names of members that the server chose: short words, and no more than a few.
fn names(members: &Value, keep: impl Fn(&Value) -> bool) -> Vec<&str> {
    let members = members.as_object().into_iter().flatten().filter(|(_, value)| keep(value));
    let short = |name: &&str| name.len() <= 30 && name.chars().all(|it| it.is_ascii_alphanumeric());
    members.map(|(name, _)| name.as_str()).filter(short).take(8).collect()
}

/// A member, whatever the case of its name.
fn member<'a>(row: &'a Value, name: &str) -> Option<&'a Value> {
    row.as_object()?.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// What a value is, without the value.
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

/// A header of digits and the punctuation of versions; whatever else it holds is left out.
fn version(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take_while(|it| it.is_ascii_digit() || matches!(it, '.' | ',' | ' ')).collect())
}

#[cfg(test)]
mod tests;
