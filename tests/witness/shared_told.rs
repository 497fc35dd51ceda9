//! What both vendors' layers share. **It names the crate's API, too.**

use std::fmt::Debug;

use clm::{Reason, ValidationError};
use serde::Serialize;
use serde_json::Value;

use crate::told::Told;

/// That two ways to the same value agree is a promise of the crate, so it is not written twice.
#[allow(clippy::needless_pass_by_value, reason = "tuples that are made for it")]
pub(crate) fn agree<T: PartialEq + Debug>(own: T, outer: T) {
    assert!(own == outer, "{own:?} is not {outer:?}");
}

pub(crate) fn validation(told: &mut Told, error: &ValidationError) {
    told.show(error);
    for problem in error.problems() {
        told.say("problem", format!("{}: {}", problem.field(), reason(problem.reason())));
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Empty => "Empty".to_owned(),
        Reason::Blank => "Blank".to_owned(),
        Reason::Nil => "Nil".to_owned(),
        Reason::OutOfRange => "OutOfRange".to_owned(),
        Reason::TooLong { limit, actual } => format!("TooLong, {actual} of {limit}"),
        Reason::TooMany { limit, actual } => format!("TooMany, {actual} of {limit}"),
        Reason::InvalidCharacters(found) => {
            let found = found.iter().map(|it| format!("{} at {}", it.character.escape_default(), it.position));
            format!("InvalidCharacters, {}", found.collect::<Vec<_>>().join(", "))
        }
        Reason::InvalidSegment => "InvalidSegment".to_owned(),
        Reason::Unquotable => "Unquotable".to_owned(),
        Reason::NotAThumbprint => "NotAThumbprint".to_owned(),
        Reason::NotScalar => "NotScalar".to_owned(),
        Reason::Conflict => "Conflict".to_owned(),
        Reason::NeedsConsent => "NeedsConsent".to_owned(),
        Reason::UnsupportedMethod => "UnsupportedMethod".to_owned(),
        Reason::InvalidHeaderName => "InvalidHeaderName".to_owned(),
        Reason::Reserved => "Reserved".to_owned(),
        Reason::NotJson => "NotJson".to_owned(),
        _ => "a reason that the witness does not know".to_owned(),
    }
}

/// As it is serialised, which is the vendor's own spelling for rows and a format of files for plans.
pub(crate) fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// The same without the times that calls took.
pub(crate) fn as_json_without_time(value: &impl Serialize) -> String {
    let mut value = serde_json::to_value(value).unwrap();
    forget_times(&mut value);
    value.to_string()
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("elapsed");
            members.remove("made_at");
            members.remove("made_by");
            members.values_mut().for_each(forget_times);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_times),
        _ => {}
    }
}
