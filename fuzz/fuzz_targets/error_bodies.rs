//! The body of a refusal or a failure, of both vendors.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clm::fuzzing::error_bodies(data));
