//! The comment of an unassignment.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clm::fuzzing::comment(data));
