//! How a call ended, as text. Knows nothing of the crate.

use std::error::Error as StdError;
use std::fmt::{Debug, Display, Write as _};
use std::pin::Pin;

/// Sends again what an unknown outcome gave back.
pub(crate) type Again = Pin<Box<dyn Future<Output = ()>>>;

/// How a call ended: its kind, and a line for everything that can be asked of it.
pub(crate) struct Told {
    kind: String,
    lines: Vec<String>,
    /// Texts in which no secret may show. They are not written.
    pub(crate) shown: Vec<String>,
    pub(crate) again: Option<Again>,
}

impl Told {
    pub(crate) fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), lines: Vec::new(), shown: Vec::new(), again: None }
    }

    pub(crate) fn say(&mut self, name: &str, value: impl Display) {
        let value = one_line(&value.to_string());
        let space = if value.is_empty() { "" } else { " " };
        self.lines.push(format!("{name}:{space}{value}"));
    }

    /// Nothing, if there is none.
    pub(crate) fn some(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.say(name, value);
        }
    }

    pub(crate) fn list(&mut self, name: &str, values: impl IntoIterator<Item: Display>) {
        let values: Vec<String> = values.into_iter().map(|it| it.to_string()).collect();
        self.say(name, if values.is_empty() { "(none)".to_owned() } else { values.join(", ") });
    }

    /// The texts of an error and of all below it.
    pub(crate) fn chain(&mut self, error: &dyn StdError) {
        self.say("says", without_seconds(&error.to_string()));
        self.shown.push(error.to_string());
        let mut below = error.source();
        while let Some(cause) = below {
            self.say("because", without_number(&cause.to_string()));
            self.shown.push(cause.to_string());
            below = cause.source();
        }
    }

    /// What belongs to a line, further in.
    pub(crate) fn inside(&mut self, name: &str, other: Self) {
        self.lines.push(format!("{name}: {}", other.kind));
        self.lines.extend(other.lines.into_iter().map(|line| format!("    {line}")));
        self.shown.extend(other.shown);
        self.again = self.again.take().or(other.again);
    }

    /// How a value is serialised, where no secret may show either.
    pub(crate) fn serialised(&mut self, json: String) {
        self.say("as JSON", &json);
        self.shown.push(json);
    }

    /// Has the value's `Debug` searched for secrets.
    pub(crate) fn show(&mut self, value: &impl Debug) {
        self.shown.push(format!("{value:?}\n{value:#?}"));
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("ended: {}\n", self.kind);
        for line in &self.lines {
            writeln!(text, "    {line}").unwrap();
        }
        text
    }
}

/// Line ends and what cannot be seen, as escapes.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\u{feff}' | '\u{fffd}' => line.extend(character.escape_unicode()),
            it if it.is_control() => line.extend(it.escape_default()),
            it => line.push(it),
        }
    }
    line
}

/// How long the failure of a login stands is a time.
fn without_seconds(text: &str) -> String {
    const BEFORE: &str = "the next attempt is possible in ";
    match text.split_once(BEFORE).and_then(|(before, after)| Some((before, after.split_once(" s")?))) {
        Some((before, (seconds, after))) if seconds.parse::<u32>().is_ok() => format!("{before}{BEFORE}N s{after}"),
        _ => text.to_owned(),
    }
}

/// The system's number of an error differs from system to system.
fn without_number(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((before, _)) => format!("{before} (os error N)"),
        None => text.to_owned(),
    }
}
