//! What the witness asks of the answer to a call without a type. **A thin layer: only the files `*_api*.rs` and `*_told.rs`
//! name the crate's API.**

use clm::{RawAnswer, UnreadableReason};

use crate::shared_told::as_json_without_time;
use crate::told::Told;

pub(crate) fn describe_raw_answer(answer: &RawAnswer) -> Told {
    let mut told = Told::new("Ok RawAnswer");
    told.show(answer);
    told.say("status", answer.status());
    told.some("content type", answer.content_type());
    told.some("correlation id", answer.receipt().correlation_id());
    told.some("product version", answer.receipt().product_version());
    told.say("attempts", answer.receipt().attempts());
    told.say("body", String::from_utf8_lossy(answer.bytes()));
    told.serialised(as_json_without_time(answer));
    match answer.read() {
        Ok(value) => told.say("read", value),
        Err(error) => {
            let why = match error.reason() {
                UnreadableReason::Empty => "Empty".to_owned(),
                UnreadableReason::OtherShape => "OtherShape".to_owned(),
                UnreadableReason::TooLarge { limit, actual } => format!("TooLarge, {actual} of {limit}"),
                _ => "a reason that the witness does not know".to_owned(),
            };
            told.say("cannot be read", why);
            told.chain(&error);
            told.show(&error);
        }
    }
    told
}
