//! Pages of rows, and single rows, out of the bodies of answers.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::source::Body;
use super::{OURS, ReadRow, RowSeed, fault};
use crate::lenient;
use crate::transport::Cause;

/// A page may have this many rows, whatever was asked for: servers are free in what they make of a page size.
const ROWS_OF_ANY_PAGE: u64 = 10_000;

/// The most rows that a page may have because the server announced as many.
const MOST_ANNOUNCED: u64 = 100_000;

/// Lists and objects inside of rows may take up this many times the size of the body, and a little.
const TIMES_ITS_SIZE: usize = 4;
const A_LITTLE: usize = 1024 * 1024;

/// How many rows a page may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowLimit {
    /// The page size that was asked for.
    pub(crate) asked: u64,
    /// How many rows the list has, as the server says.
    pub(crate) announced: Option<u64>,
}

impl RowLimit {
    /// The largest of twice the page size, the announced number (at most 100,000), and 10,000.
    fn most(self) -> u64 {
        let announced = self.announced.unwrap_or_default().min(MOST_ANNOUNCED);
        self.asked.saturating_mul(2).max(announced).max(ROWS_OF_ANY_PAGE)
    }
}

impl fmt::Display for RowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the page has more than {} rows: {} were requested", self.most(), self.asked)?;
        match self.announced {
            Some(announced) => write!(f, ", and {announced} announced"),
            None => Ok(()),
        }
    }
}

/// The rows of a page. One that cannot be read ends them.
pub(crate) struct PageRows<R> {
    pub(crate) rows: Vec<R>,
    /// Why the row after them cannot be read.
    pub(crate) fault: Option<Cause>,
}

/// The rows of a page, all of them.
pub(crate) fn read_rows<R: ReadRow>(body: &str, limit: RowLimit) -> Result<Vec<R>, Cause> {
    let PageRows { rows, fault } = read_page(body, limit)?;
    fault.map_or(Ok(rows), Err)
}

/// The rows of a page, up to one that cannot be read. A body that is no list, or has too many rows, is an error of the page.
pub(crate) fn read_page<R: ReadRow>(body: &str, limit: RowLimit) -> Result<PageRows<R>, Cause> {
    // As many as are asked for, if the page can hold them: none takes up more than a row of its size.
    let fit = body.len() / size_of::<R>().max(1);
    let mut rows = Vec::with_capacity(usize::try_from(limit.asked).unwrap_or(usize::MAX).min(fit));
    let room = room(body);
    let seed = PageSeed { rows: &mut rows, limit, source: Body { room: &room } };
    let Err(error) = read(body, seed) else { return Ok(PageRows { rows, fault: None }) };
    let is_of_row = error.to_string().starts_with(OURS) && (rows.len() as u64) < limit.most();
    let cause = cause(&error, Some(rows.len() + 1));
    if is_of_row { Ok(PageRows { rows, fault: Some(cause) }) } else { Err(cause) }
}

/// A row that is the whole body.
pub(crate) fn read_row<R: ReadRow>(body: &str) -> Result<R, Cause> {
    let room = room(body);
    read(body, RowSeed::new(Body { room: &room })).map_err(|error| cause(&error, None))
}

fn room(body: &str) -> Cell<usize> {
    Cell::new(body.len().saturating_mul(TIMES_ITS_SIZE).saturating_add(A_LITTLE))
}

fn read<'de, T: DeserializeSeed<'de>>(body: &'de str, seed: T) -> Result<T::Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(lenient::without_mark(body));
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// In this crate's own words, or only where it is: what serde says may quote the body.
pub(super) fn cause(error: &serde_json::Error, row: Option<usize>) -> Cause {
    let text = error.to_string();
    let Some(said) = text.strip_prefix(OURS) else { return Cause::json(error) };
    let (line, column) = (error.line(), error.column());
    let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(said);
    let whose = row.map(|row| format!("row {row} of the page: ")).unwrap_or_default();
    Cause::new(format!("{whose}{said}, at line {line}, column {column}"))
}

/// Reads a page. Rows are counted while they are read.
struct PageSeed<'a, R> {
    rows: &'a mut Vec<R>,
    limit: RowLimit,
    source: Body<'a>,
}

impl<'de, R: ReadRow> DeserializeSeed<'de> for PageSeed<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, R: ReadRow> Visitor<'de> for PageSeed<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { rows, limit, source } = self;
        let most = limit.most();
        while (rows.len() as u64) < most {
            match entries.next_element_seed(RowSeed::new(source))? {
                Some(row) => rows.push(row),
                None => return Ok(()),
            }
        }
        match entries.next_element::<IgnoredAny>()? {
            Some(_) => Err(fault(format_args!("{limit}"))),
            None => Ok(()),
        }
    }
}

/// Whether a list holds nothing but objects.
pub(crate) fn is_list_of_objects(list: &str) -> bool {
    read(list, ObjectsSeed).unwrap_or(false)
}

struct ObjectsSeed;

impl<'de> DeserializeSeed<'de> for ObjectsSeed {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ObjectsSeed {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        let mut all = true;
        while let Some(entry) = entries.next_element::<&RawValue>()? {
            all &= entry.get().starts_with('{');
        }
        Ok(all)
    }
}
