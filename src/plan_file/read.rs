//! Reading and writing plans.

use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::Serialize;

use super::{PlanError, PlanFormat, of_value};
use crate::lenient::{TextFault, decode, decode_beginning};

/// The largest file that is read, and that is written. A place of a removal plan takes 1 to 2 KiB.
const LARGEST_PLAN: u64 = 128 * 1024 * 1024;

/// How much is read of a file before the rest is.
const BEGINNING: usize = 4 * 1024;

/// A plan out of a file. A file that does not begin like one is not read further.
pub(crate) fn read_from<P: PlanFormat>(mut reader: impl Read) -> Result<P, PlanError> {
    let unreadable = |error| PlanError::Unreadable(Arc::new(error));
    let mut bytes = Vec::new();
    reader.by_ref().take(BEGINNING as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    check_beginning::<P>(&bytes)?;
    reader.take(LARGEST_PLAN + 1 - bytes.len() as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    from_json(&bytes)
}

/// A plan out of the bytes of a file.
pub(crate) fn from_json<P: PlanFormat>(bytes: &[u8]) -> Result<P, PlanError> {
    if bytes.len() as u64 > LARGEST_PLAN {
        return Err(PlanError::TooLarge { limit: LARGEST_PLAN });
    }
    check_beginning::<P>(bytes)?;
    let text = decode(bytes).map_err(|fault| match fault {
        TextFault::CutOff => PlanError::CutOff,
        TextFault::NotText => {
            PlanError::NotJson("the file is neither UTF-8 text nor UTF-16 text with a byte order mark".to_owned())
        }
    })?;
    // After a crash, some file systems give a file its length and zeros for what was not written.
    if text.ends_with('\0') {
        return Err(PlanError::CutOff);
    }
    let value = serde_json::from_str(&text)
        .map_err(|error| if error.is_eof() { PlanError::CutOff } else { PlanError::NotJson(error.to_string()) })?;
    of_value(value)
}

/// Refuses what cannot be the beginning of such a plan.
fn check_beginning<P: PlanFormat>(bytes: &[u8]) -> Result<(), PlanError> {
    let another = || PlanError::AnotherFormat { found: None, expected: P::FORMAT };
    let beginning = bytes.get(..BEGINNING).unwrap_or(bytes);
    let text = decode_beginning(beginning);
    let text = text.trim_start();
    let Some(inside) = text.strip_prefix('{') else {
        return Err(match text.chars().next() {
            None | Some('\0') => PlanError::CutOff,
            Some('[') => another(),
            Some(_) => PlanError::NotJson("it does not begin with `{`".to_owned()),
        });
    };
    // What is too short to tell is told by what follows.
    let Some(name) = inside.trim_start().strip_prefix('"') else { return Ok(()) };
    match name.split_once('"') {
        Some((name, _)) if !P::MEMBERS.contains(&name) => Err(another()),
        _ => Ok(()),
    }
}

/// Writes a plan for people and programs: JSON in UTF-8, with a line for each value. Nothing is written of one that could not be
/// read again.
pub(crate) fn write_to(plan: &impl Serialize, writer: impl Write) -> io::Result<()> {
    write_within(LARGEST_PLAN, plan, writer)
}

fn write_within(limit: u64, plan: &impl Serialize, mut writer: impl Write) -> io::Result<()> {
    let mut size = Counted(0);
    serde_json::to_writer_pretty(&mut size, plan)?;
    // A line end follows.
    let size = size.0 + 1;
    if size > limit {
        let sentence = format!(
            "the plan has {size} bytes, but a file of more than {limit} bytes could not be read \
                                again"
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, sentence));
    }
    serde_json::to_writer_pretty(&mut writer, plan)?;
    writer.write_all(b"\n")?;
    writer.flush()
}

/// Counts what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_written_of_a_plan_that_would_not_be_read_again() {
        let plan = json!({"header": {"format": "any"}});
        let mut file = Vec::new();
        write_to(&plan, &mut file).unwrap();
        let size = file.len() as u64;
        let mut again = Vec::new();
        write_within(size, &plan, &mut again).unwrap();
        assert_eq!(again, file);
        again.clear();
        let error = write_within(size - 1, &plan, &mut again).unwrap_err();
        assert_eq!((error.kind(), again.len()), (io::ErrorKind::FileTooLarge, 0));
        let sentence =
            format!("the plan has {size} bytes, but a file of more than {} bytes could not be read again", size - 1);
        assert_eq!(error.to_string(), sentence);
    }
}
