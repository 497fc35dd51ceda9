//! `docs/limits.md` says what the code says: each default is compared with the value in the code, and each limit in the code
//! has its row.

use std::fs;
use std::path::{Path, PathBuf};

/// Numbers in the code that are no limits for a caller, each with what it is.
const NO_LIMITS: &[(&str, &str, &str)] = &[
    ("src/validation.rs", "SHOWN", "how many characters a sentence names: in the note's last section"),
    (
        "src/keyfactor/certificate_stores/jobs_outcome.rs",
        "SHOWN",
        "how many job ids the audit names: in the last section",
    ),
    ("src/keyfactor/offboarding/progress.rs", "SHOWN", "jobs that a line shows; all of them are in the value"),
    ("src/keyfactor/page_position.rs", "VENDORS_PAGE", "the vendor's own page size: what is shorter is the last page"),
    ("src/transport/options.rs", "LONGEST_IDLE", "what a setting may be: in its row as a day"),
    ("src/transport/runtime.rs", "MOST", "runtimes that are remembered as fit; the others are looked at again"),
    ("src/rows/raw_json.rs", "AROUND_ONE", "what stands around a single member: its quotes, colon and braces"),
    ("src/transport/received.rs", "MOST_RESERVED", "room that is made for an answer before it comes"),
    ("src/transport/token.rs", "OF_A_CALL", "room that is made for the headers of a call"),
    ("src/lenient/members.rs", "USUALLY_FOUND", "room that is made for the members of an answer"),
    ("src/transport/redaction/needles.rs", "PLACES", "the size of a table"),
    ("src/named_values.rs", "MOST_VALUES", "what is kept of a request that is refused in any case"),
    ("src/transport/redaction/needles.rs", "SHORTEST", "that of secrets, as it is looked for"),
    ("src/transport/redaction/decode.rs", "SHORTEST_RUN", "the same in base16"),
    ("src/transport/redaction/decode.rs", "LONGEST_ENTITY", "no entity of HTML is longer"),
    ("src/rows/value.rs", "MEMBER", "what a member costs in memory"),
    ("src/rows/value.rs", "OBJECT", "what an object costs in memory"),
    ("src/lenient/bounded.rs", "ENTRY", "what an entry of a list costs in memory"),
    ("src/lenient/bounded.rs", "FIRST_MEMBER", "what the first member of an object costs"),
    ("src/lenient/bounded.rs", "MEMBER", "what another one costs"),
    ("src/lenient/bounded.rs", "TEXT", "what a text costs at least"),
    ("src/appviewx/lists_apart.rs", "NESTED", "how deep the vendor nests its `response`"),
    ("src/transport/request_body.rs", "PIECE", "in what pieces a body is handed to the connection"),
    ("src/keyfactor/lookup_error.rs", "SHOWN", "of what was left out of a plan, in a message"),
    ("src/keyfactor/offboarding/plan/document.rs", "VERSION", "of the format of a plan"),
    ("src/appviewx/regrouping/remember_groups.rs", "VERSION", "of the format of a plan"),
    ("src/plan_file/read.rs", "BEGINNING", "how much of a file is looked at before the rest"),
    ("src/fuzzing.rs", "LONGEST_LINE", "for the fuzz targets alone"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The value that a constant or a field of a `Default` is given in a file.
fn value_in_code(file: &str, name: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let found = text.match_indices(name).find_map(|(at, _)| {
        let before = text[..at].chars().next_back()?;
        let rest = text[at + name.len()..].strip_prefix(": ")?;
        if before.is_alphanumeric() || before == '_' {
            return None;
        }
        let end = rest.find(['\n', ';'])?;
        let value = rest[..end].split_once(" = ").map_or(&rest[..end], |(_, value)| value);
        // Of several fields on one line, the first value counts; and it begins with a digit or names a duration.
        let value = value.split([',', '}']).next()?.trim();
        (value.starts_with(|it: char| it.is_ascii_digit()) || value.starts_with("Duration::")).then(|| value.to_owned())
    });
    found.unwrap_or_else(|| panic!("{file} gives {name} no value"))
}

fn number(expression: &str) -> u128 {
    let factor = |it: &str| it.trim().replace('_', "").parse::<u128>().unwrap_or_else(|_| panic!("{expression:?}"));
    expression.split('*').map(factor).product()
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Every way in which the note may write a value.
fn written(value: &str) -> Vec<String> {
    let inside = |name: &str| value.strip_prefix(name)?.strip_suffix(')').map(number);
    if let Some(millis) = inside("Duration::from_millis(") {
        return vec![format!("{millis} ms")];
    }
    if let Some(seconds) = inside("Duration::from_secs(") {
        return if seconds >= 600 { vec![format!("{} min", seconds / 60)] } else { vec![format!("{seconds} s")] };
    }
    let plain = number(value);
    let mut ways = vec![grouped(plain)];
    for (unit, size) in [("KiB", 1 << 10), ("MiB", 1 << 20)] {
        if plain > 0 && plain.is_multiple_of(size) {
            ways.push(format!("{} {unit}", plain / size));
        }
    }
    ways
}

/// Whether the text holds one of these as a whole.
fn says(text: &str, ways: &[String]) -> bool {
    ways.iter().any(|way| {
        text.match_indices(way.as_str()).any(|(at, _)| {
            let around = |it: Option<char>| it.is_some_and(|it| it.is_ascii_digit() || matches!(it, ',' | '.'));
            let after = text[at + way.len()..].chars().collect::<Vec<_>>();
            // A comma belongs to a number only if a digit follows.
            let goes_on = match after.as_slice() {
                [',', digit, ..] => digit.is_ascii_digit(),
                [first, ..] => first.is_alphanumeric(),
                [] => false,
            };
            !around(text[..at].chars().next_back()) && !goes_on
        })
    })
}

/// File and name of a value in the code.
type Place = (String, String);

/// The rows of the note: what is limited, the default, and where it is in the code.
fn rows() -> Vec<(String, String, Option<Place>)> {
    let note = fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let mut rows = Vec::new();
    for line in note.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| limit |")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let in_code = line.rsplit('|').nth(1).unwrap().trim();
        let named: Vec<&str> = in_code.split('`').filter(|part| !part.trim().is_empty()).collect();
        let place = match named[..] {
            [] => None,
            [file, name] => Some((file.to_owned(), name.to_owned())),
            _ => panic!("{line}"),
        };
        rows.push((cells[0].to_owned(), cells[1].to_owned(), place));
    }
    rows
}

#[test]
fn every_default_in_the_note_is_the_one_in_the_code() {
    let mut compared = 0;
    for (what, default, place) in rows() {
        let Some((file, name)) = place else { continue };
        let value = value_in_code(&file, &name);
        assert!(says(&default, &written(&value)), "{what}: the note says {default:?}, and {file} gives {name} {value}");
        compared += 1;
    }
    assert!(compared >= 50, "{compared} rows were compared");
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let skipped = path.ends_with("src/testing")
            || path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with("tests"));
        if path.is_dir() && !skipped {
            sources(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") && !skipped {
            files.push(path);
        }
    }
}

#[test]
fn every_limit_in_the_code_has_its_row() {
    let named: Vec<Place> = rows().into_iter().filter_map(|(.., place)| place).collect();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut found = 0;
    let mut none = NO_LIMITS.len();
    let mut missing = Vec::new();
    for path in files {
        let file = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, after)) = line.split_once("const ") else { continue };
            let Some((name, kind)) = after.split_once(": ") else { continue };
            let is_number = ["usize =", "u64 =", "u32 =", "u16 =", "Duration ="].iter().any(|it| kind.starts_with(it));
            if !is_number || line.trim_start().starts_with("//") {
                continue;
            }
            found += 1;
            let has_row = named.iter().any(|(of, it)| *of == file && it == name);
            let is_none = NO_LIMITS.iter().any(|(of, it, _)| *of == file && *it == name);
            none -= usize::from(is_none);
            if !has_row && !is_none {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert_eq!(missing, [""; 0], "no row in docs/limits.md; what is no limit is named in this test");
    assert_eq!(none, 0, "one that is called no limit is not there any more");
    assert!(found >= 40, "{found} numbers were found");
}

#[test]
fn a_wrong_default_would_be_found() {
    let said = |text: &str, value: &str| says(text, &written(value));
    assert!(
        said("32 MiB", "32 * 1024 * 1024")
            && said("1,000, or twice", "1_000")
            && said("30 min", "Duration::from_secs(30 * 60)")
    );
    assert!(!said("32 MiB", "33 * 1024 * 1024") && !said("11,000", "1_000") && !said("1,000,000", "1_000"));
    assert!(
        !said("10 s", "Duration::from_secs(100)")
            && !said("100 s", "Duration::from_secs(10)")
            && !said("100 ms", "Duration::from_secs(100)")
    );
}
