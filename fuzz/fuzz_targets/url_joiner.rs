//! The URL of a call whose path is filled from input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clm::fuzzing::url_joiner(data));
