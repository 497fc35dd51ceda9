//! What the answer to a raw call says about itself. The answer may be large and of any shape, so nothing else of it is read.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{is_failure, is_member};
use crate::lenient;
use crate::rows::push_text;
use crate::transport::Cause;

/// No code is this long. One that is says no success.
const LONGEST_CODE: usize = 1_000;

/// The longest member of a large answer that is looked at for what it says of its failure.
const LONGEST_MEMBER: usize = 64 * 1024;

/// After so many bytes, the further members of such an answer are passed over.
const LONGEST_BRIEF: usize = 256 * 1024;

/// Whether an object is the vendor's envelope, and what it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outline {
    /// None of the vendor's: it says nothing.
    Foreign,
    Success,
    /// It, or the envelope inside it, says that the call failed; of several codes, one does.
    Failure,
}

impl Outline {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let mut outline = Self::Foreign;
        each_member(body, |name, value| {
            if !is_member(name) {
                return;
            }
            let failed = match name.to_ascii_lowercase().as_str() {
                "appstatuscode" => says_failure(value),
                "response" => fails_inside(value),
                _ => false,
            };
            if outline != Self::Failure {
                outline = if failed { Self::Failure } else { Self::Success };
            }
        })
        .map_err(|error| Cause::json(&error))?;
        Ok(outline)
    }
}

fn says_failure(code: &str) -> bool {
    code.len() > LONGEST_CODE || lenient::json(code).is_ok_and(|code| is_failure(&code))
}

fn fails_inside(response: &str) -> bool {
    if !response.starts_with('{') {
        return false;
    }
    let mut failed = false;
    // It was read once already, so that nothing can be wrong with it.
    let _ = each_member(response, |name, value| {
        failed |= match name.to_ascii_lowercase().as_str() {
            "appstatuscode" => says_failure(value),
            "httpstatuscode" if value.len() <= LONGEST_CODE => {
                let status = lenient::json(value).ok().as_ref().and_then(lenient::number);
                status.is_some_and(|status| !(200..300).contains(&status))
            }
            _ => false,
        };
    });
    failed
}

/// The same object with null in the place of every member that is longer than a message or a code can be, also of those of
/// its `response`: for what a large answer says of its failure.
pub(super) fn without_long_members(body: &str) -> Result<String, Cause> {
    let mut text = String::from("{");
    write_short_members(lenient::without_mark(body).trim(), Nested::Response, &mut text)
        .map_err(|error| Cause::json(&error))?;
    text.push('}');
    Ok(text)
}

/// Which object's members are looked at as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nested {
    Response,
    None,
}

fn write_short_members(object: &str, nested: Nested, text: &mut String) -> Result<(), serde_json::Error> {
    let mut ended = Ok(());
    each_member(object, |name, value| {
        let is_response = nested == Nested::Response && name.eq_ignore_ascii_case("response") && value.starts_with('{');
        if text.len() + name.len() > LONGEST_BRIEF {
            return;
        }
        if !text.ends_with('{') {
            text.push(',');
        }
        push_text(text, name);
        text.push(':');
        if is_response {
            text.push('{');
            ended = write_short_members(value, Nested::None, text);
            text.push('}');
        } else {
            text.push_str(if value.len() > LONGEST_MEMBER { "null" } else { value });
        }
    })?;
    ended
}

/// Hands out the members of an object one by one, each value as text.
fn each_member(object: &str, with: impl FnMut(&str, &str)) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(object);
    json.deserialize_map(Members(with))?;
    json.end()
}

struct Members<F>(F);

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
            (self.0)(&name, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Outline::{Failure, Foreign, Success};
    use super::*;

    #[test]
    fn a_large_answer_is_looked_at_without_its_long_members() {
        let long = format!("\"{}\"", "x".repeat(LONGEST_MEMBER));
        let body = format!(
            r#"{{"a": {long}, "Response": {{"b": {long}, "message": "m\"n", "response": {{"c": 1}}}}, "appStatusCode": "X"}}"#
        );
        let brief = without_long_members(&body).unwrap();
        assert_eq!(
            brief,
            r#"{"a":null,"Response":{"b":null,"message":"m\"n","response":{"c": 1}},"appStatusCode":"X"}"#
        );
        let many: Vec<String> = (0..100_000).map(|number| format!("\"n{number}\":0")).collect();
        let brief = without_long_members(&format!("{{{}}}", many.join(","))).unwrap();
        assert!(brief.starts_with("{\"n0\":0,") && brief.len() <= LONGEST_BRIEF + 100, "{}", brief.len());
        assert_eq!(without_long_members("{}").unwrap(), "{}");
        assert!(without_long_members("[1]").is_err());
    }

    #[test]
    fn an_outline_is_what_codes_inside_and_outside_say() {
        for (body, outline) in [
            ("{}", Foreign),
            (r#"{"status": "FAIL", "code": {"appStatusCode": "FAIL"}}"#, Foreign),
            (r#"{"message": "x"}"#, Success),
            (r#"{"Response": [], "APPSTATUSCODE": "success"}"#, Success),
            (
                r#"{"response": {"appStatusCode": null, "httpStatusCode": "200", "x": {"appStatusCode": "FAIL"}}}"#,
                Success,
            ),
            (r#"{"appStatusCode": "FAIL"}"#, Failure),
            (r#"{"appStatusCode": 7}"#, Failure),
            (r#"{"appStatusCode": {"a": 1}}"#, Failure),
            (r#"{"appStatusCode": "FAIL", "appStatusCode": null}"#, Failure),
            (r#"{"appStatusCode": null, "AppStatusCode": "FAIL", "message": "x"}"#, Failure),
            (r#"{"response": {"AppStatusCode": "FAIL"}, "appStatusCode": "SUCCESS"}"#, Failure),
            (r#"{"response": {"appStatusCode": "FAIL"}, "response": {}}"#, Failure),
            (r#"{"response": {"httpStatusCode": 404}}"#, Failure),
            (r#"{"response": {"httpStatusCode": "500"}}"#, Failure),
        ] {
            assert_eq!(Outline::read(body).unwrap(), outline, "{body}");
        }
        let long = format!(r#"{{"appStatusCode": "{}"}}"#, " ".repeat(2_000));
        assert_eq!(Outline::read(&long).unwrap(), Failure);
        for broken in [r#"{"appStatusCode": "FAIL""#, r#"{"a": 1} x"#, r#"{"a": }"#] {
            assert!(Outline::read(broken).unwrap_err().to_string().starts_with("not the expected JSON at line 1"));
        }
    }
}
