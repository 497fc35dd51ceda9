//! Answers whose lists are read apart from their envelope: they may be large, and are read row by row.

use std::borrow::Cow;

use super::answer;
use super::envelope::Envelope;
use super::vendor::ReadError;
use crate::lenient;
use crate::rows::{self, push_text};
use crate::transport::{Cause, Exchange};

/// The longest envelope of a page, without its lists.
const LONGEST_ENVELOPE: usize = 1024 * 1024;

/// How many objects named `response` stand in each other, beside the answer itself.
const NESTED: usize = 2;

/// A list of an answer, as it was written.
pub(super) struct ListText<'a> {
    /// Of which object it is a member: 0 for the answer, 1 for its `response`, 2 for the `response` in that.
    pub(super) depth: usize,
    pub(super) name: Cow<'a, str>,
    pub(super) text: &'a str,
}

/// The envelope of the answer to a call that only reads, with null in the place of the lists that this takes out, and these lists.
/// `takes` is asked with the name of a member.
pub(super) fn lists_apart(
    exchange: &Exchange,
    takes: fn(&str) -> bool,
) -> Result<(Envelope, Vec<ListText<'_>>), ReadError> {
    let body = lenient::without_mark(exchange.answer.body.as_str()).trim();
    let mut apart = Apart { takes, envelope: String::new(), lists: Vec::new() };
    apart.value(body, 0).map_err(ReadError::Unreadable)?;
    let Apart { envelope, lists, .. } = apart;
    Ok((answer::envelope_of(&envelope)?, lists))
}

struct Apart<'a> {
    takes: fn(&str) -> bool,
    envelope: String,
    lists: Vec<ListText<'a>>,
}

impl<'a> Apart<'a> {
    /// `depth` is how many objects it stands in.
    fn value(&mut self, text: &'a str, depth: usize) -> Result<(), Cause> {
        if text.starts_with('{') && depth <= NESTED { self.object(text, depth) } else { self.keep(text) }
    }

    fn object(&mut self, text: &'a str, depth: usize) -> Result<(), Cause> {
        let mut separator = '{';
        for (name, value) in rows::members_of(text)? {
            self.envelope.push(separator);
            separator = ',';
            push_text(&mut self.envelope, &name);
            self.envelope.push(':');
            let is_response = name.eq_ignore_ascii_case("response");
            if value.starts_with('[') && (depth > 0 || is_response) && (self.takes)(&name) {
                self.keep("null")?;
                self.lists.push(ListText { depth, name, text: value });
            } else if is_response {
                self.value(value, depth + 1)?;
            } else {
                self.keep(value)?;
            }
        }
        self.keep(if separator == '{' { "{}" } else { "}" })
    }

    fn keep(&mut self, text: &str) -> Result<(), Cause> {
        if self.envelope.len() + text.len() > LONGEST_ENVELOPE {
            return Err(Cause::new(format!("without its rows the response is larger than {LONGEST_ENVELOPE} bytes")));
        }
        self.envelope.push_str(text);
        Ok(())
    }
}
