//! The answer to a removal.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clm::fuzzing::remove_answer(data));
