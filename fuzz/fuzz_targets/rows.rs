//! A row of each list.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clm::fuzzing::rows(data));
