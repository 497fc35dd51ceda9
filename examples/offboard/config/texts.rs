//! Texts and lists in files, and suggestions for mistyped options.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use clm::keyfactor::Thumbprint;

/// The largest file that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The text of a file of at most 16 MiB.
pub(crate) fn of_file(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("the file is larger than {LARGEST} bytes"));
    }
    decoded(&bytes).ok_or_else(|| "the file is not text in UTF-8, or in UTF-16 with a byte order mark".to_owned())
}

/// One thumbprint per line; empty lines and comments after `#` are ignored.
pub(super) fn thumbprints(path: &Path) -> Result<Vec<Thumbprint>, String> {
    let cannot = |why: String| format!("--thumbprints: {}: {why}", path.display());
    let text = of_file(path).map_err(cannot)?;
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let digits = line.chars().filter(|it| !it.is_whitespace() && !matches!(it, ':' | '-'));
        match digits.clone().count() {
            0 if line.is_empty() => {}
            40 if digits.clone().all(|it| it.is_ascii_hexdigit()) => found.push(Thumbprint::from(line)),
            _ => wrong.push((index + 1).to_string()),
        }
    }
    if !wrong.is_empty() {
        let more = if wrong.len() > 10 { ", …" } else { "" };
        let lines = wrong.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
        return Err(cannot(format!("expected a thumbprint of 40 hexadecimal digits in line {lines}{more}")));
    }
    if found.is_empty() {
        return Err(cannot("the file contains no thumbprint".to_owned()));
    }
    Ok(found)
}

/// Decodes UTF-8 with or without a byte order mark, or UTF-16 with one.
fn decoded(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks(2).map(|pair| <[u8; 2]>::try_from(pair).ok().map(unit));
        String::from_utf16(&pairs.collect::<Option<Vec<_>>>()?).ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The option in the help text that is most similar to a mistyped one.
pub(super) fn nearest(option: &str) -> Option<String> {
    let known = crate::help::HELP.split_whitespace().filter_map(|word| word.strip_prefix("--"));
    let known = known.map(|word| word.trim_end_matches(|it: char| !it.is_ascii_alphanumeric()));
    let known = known.filter(|word| !word.is_empty() && word.chars().all(|it| it.is_ascii_lowercase() || it == '-'));
    let (distance, name) = known.map(|known| (distance(option, known), known)).min()?;
    (distance <= 1 + option.len() / 4).then(|| name.to_owned())
}

/// The edit distance.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, left) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for ((right, pair), last) in other.chars().zip(row.windows(2)).zip(0..) {
            let (Some(diagonal), Some(above)) = (pair.first(), pair.get(1)) else { continue };
            let beside = next.get(last).copied().unwrap_or_default();
            next.push((diagonal + usize::from(left != right)).min(above + 1).min(beside + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
