//! Finds secrets in a text, in the forms in which servers and gateways repeat them.
//!
//! The text is decoded, not the secrets encoded: what was escaped for JSON, for HTML or for a URL is read as it was meant, in
//! whatever case and mixture, and the places that match are mapped back. The work is bounded by the length of the text,
//! however many secrets there are and whatever stands in them.

mod decode;
mod needles;

use std::ops::Range;

pub(super) use self::needles::Needles;

use self::decode::{Decoder, RunEnd, View};
use self::needles::Budget;

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// The shortest beginning of a secret that is found where a text was cut, in characters of the text.
const SHORTEST_BEGINNING: usize = 8;

/// What is between the cut and the end of a text: marks of omission, and what closes a quotation.
const AFTER_A_CUT: [char; 14] =
    ['.', '…', '"', '\'', '`', '»', '”', '’', ')', ']', '}', '>', char::REPLACEMENT_CHARACTER, ' '];

/// The text without the secrets; `None` if it holds none of them.
pub(super) fn without(needles: &[&Needles], text: &str) -> Option<String> {
    if !may_hold(needles, text.as_bytes()) {
        return None;
    }
    let cut_at = text.trim_end().trim_end_matches(AFTER_A_CUT).len();
    let mut search = Search { needles, cut_at, budget: Budget::for_text(text.len()), found: Vec::new() };
    search.look_through(&View::of(text), &Decoder::ALL);
    let Search { budget, found, .. } = search;
    // A text that repeats itself and the secrets so often tells nobody anything.
    if budget.is_spent() {
        return Some(REDACTED.to_owned());
    }
    (!found.is_empty()).then(|| replaced(text, found))
}

/// Whether there is anything to look for: the beginning of a needle, an escape, or enough digits of base16. Most texts hold
/// none of them, and this is all that they cost.
fn may_hold(needles: &[&Needles], text: &[u8]) -> bool {
    let mut needles = needles.iter().filter(|needles| !needles.is_empty()).peekable();
    needles.peek().is_some() && (decode::may_be_encoded(text) || needles.any(|needles| needles.may_stand_in(text)))
}

/// A search under way.
struct Search<'a> {
    needles: &'a [&'a Needles],
    /// Where the text was cut, if it was.
    cut_at: usize,
    budget: Budget,
    found: Vec<Range<usize>>,
}

impl Search<'_> {
    /// Looks through a view, and through what the decoders make of it: what was encoded last is decoded first.
    fn look_through(&mut self, view: &View<'_>, decoders: &[Decoder]) {
        let cut_at = view.index_of(self.cut_at);
        self.look(view.bytes(), cut_at, SHORTEST_BEGINNING, |found| view.place(found));
        for run in view.base16_runs() {
            // Two digits make a byte, so that half as many bytes show as much.
            let end = if run.end() >= cut_at { RunEnd::Cut } else { RunEnd::Whole };
            let cut_at = if end == RunEnd::Cut { run.bytes().len() } else { usize::MAX };
            self.look(run.bytes(), cut_at, SHORTEST_BEGINNING / 2, |found| view.place(run.place(found, end)));
        }
        for (index, decoder) in decoders.iter().enumerate() {
            if let Some(decoded) = view.decoded(*decoder) {
                self.look_through(&decoded, decoders.get(index + 1..).unwrap_or_default());
            }
        }
    }

    fn look(
        &mut self,
        bytes: &[u8],
        cut_at: usize,
        shortest_beginning: usize,
        place: impl Fn(Range<usize>) -> Range<usize>,
    ) {
        let Self { needles, budget, found, cut_at: _ } = self;
        for needles in *needles {
            for (start, first) in bytes.iter().enumerate() {
                if !needles.begin_with(*first) {
                    continue;
                }
                let rest = bytes.get(start..).unwrap_or_default();
                let cut_after = cut_at.saturating_sub(start).max(shortest_beginning);
                if let Some(length) = needles.at_the_start_of(rest, cut_after, budget) {
                    found.push(place(start..start + length));
                }
                if budget.is_spent() {
                    return;
                }
            }
        }
    }
}

/// The text with a mark for each place. Places that overlap or touch are one.
fn replaced(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|place| place.start);
    let mut shown = String::with_capacity(text.len());
    let mut last: Option<Range<usize>> = None;
    for place in found {
        let place = whole(text, place.start, Direction::Back)..whole(text, place.end, Direction::On);
        match &mut last {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => {
                let from = last.map_or(0, |last| last.end);
                shown.push_str(text.get(from..place.start).unwrap_or_default());
                shown.push_str(REDACTED);
                last = Some(place);
            }
        }
    }
    shown.push_str(last.and_then(|last| text.get(last.end..)).unwrap_or_default());
    shown
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    On,
}

/// The next boundary of a character.
fn whole(text: &str, mut index: usize, direction: Direction) -> usize {
    while !text.is_char_boundary(index) && index < text.len() {
        match direction {
            Direction::Back => index -= 1,
            Direction::On => index += 1,
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a\"b<é/ +&'z\\9";

    fn shown(secrets: &[&str], text: &str) -> String {
        let needles = Needles::new(secrets.iter().map(|secret| (*secret).to_owned()));
        without(&[&needles], text).unwrap_or_else(|| text.to_owned())
    }

    fn percent(upper: bool, keep: impl Fn(u8) -> bool) -> String {
        let escape = |byte| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
        SECRET.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { escape(byte) }).collect()
    }

    #[expect(clippy::format_collect, reason = "a test, and short texts")]
    fn forms() -> Vec<(&'static str, String)> {
        let alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
        let json = serde_json::to_string(SECRET).unwrap();
        let units = SECRET.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let base16: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        vec![
            ("as sent", SECRET.to_owned()),
            ("JSON", json.trim_matches('"').to_owned()),
            ("JSON, every unit escaped", units),
            ("HTML", "a&quot;b&lt;é/ +&amp;'z\\9".to_owned()),
            ("HTML with numbers", "a&#34;b&#x3C;&#233;/&#32;&#x2b;&amp;&#39;z&#92;9".to_owned()),
            ("percent, upper case", percent(true, alphanumeric)),
            ("percent, lower case", percent(false, alphanumeric)),
            ("percent, everything", percent(true, |_| false)),
            ("percent, plus as itself", percent(true, |byte| byte == b'+' || byte.is_ascii_alphanumeric())),
            ("form", percent(true, |byte| byte == b' ' || byte.is_ascii_alphanumeric()).replace(' ', "+")),
            ("base16, lower case", base16.clone()),
            ("base16, upper case", base16.to_uppercase()),
            ("HTML in JSON", r"a\u0026quot;b\u0026lt;é/ +\u0026amp;\u0027z\\9".to_owned()),
            ("percent in JSON", percent(true, |_| false).replace('%', r"\u0025")),
        ]
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        for (name, form) in forms() {
            for (before, after) in [("", ""), ("x ", " y"), ("ü%\\&+", "%\\&+ü"), ("0", "0 y"), ("<é", "é>")] {
                let text = format!("{before}{form}{after}");
                assert_eq!(shown(&[SECRET], &text), format!("{before}[redacted]{after}"), "{name}: {text}");
            }
        }
    }

    /// Of a text that was cut, less than eight characters of a secret are left.
    #[test]
    #[expect(clippy::format_collect, reason = "a test, and short texts")]
    fn a_beginning_is_found_where_the_text_was_cut() {
        let secret = "Zq7Marker+Password/1f0c";
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let base16: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (form, unit) in [(secret.to_owned(), 1), (percent, 3), (base16, 2)] {
            for end in ["", "...", "…", "\"", "'…", "\u{fffd}"] {
                for length in 1..form.len() {
                    let text = format!("wrong: {}{end}", &form[..length]);
                    let shown = shown(&[secret], &text);
                    let left = shown.strip_prefix("wrong: ").unwrap().strip_suffix(end).unwrap_or("");
                    let is_begun_escape = unit == 3 && length % 3 != 0 && !end.is_empty();
                    if !is_begun_escape {
                        assert!(left == "[redacted]" || left.len() < 8 * unit, "{text}: {shown}");
                    }
                }
            }
        }
        assert_eq!(
            shown(&[secret], "Zq7Marke is no end, and neither is Zq7Mark"),
            "Zq7Marke is no end, and neither is Zq7Mark"
        );
    }

    #[test]
    fn secrets_that_overlap_or_hold_each_other_are_one_mark() {
        let secrets = ["abcdef", "defghi", "abcdefgh-longer", "cdef"];
        for (text, expected) in [
            ("abcdefghi!", "[redacted]!"),
            ("abcdefgh-longer!", "[redacted]!"),
            ("abcdefgh-shorter", "[redacted]gh-shorter"),
            ("abcdefabcdef", "[redacted]"),
            ("abcdef abcdef", "[redacted] [redacted]"),
            ("cdef, ghi", "[redacted], ghi"),
        ] {
            assert_eq!(shown(&secrets, text), expected, "{text}");
        }
    }

    #[test]
    fn any_text_is_looked_through_without_harm() {
        for text in [
            "",
            "\\",
            "\\u",
            "\\ud800",
            r"\ud800\u",
            "&",
            "&#",
            "&#x;",
            "&#99999999;",
            "%",
            "%4",
            "%zz",
            "+",
            "é",
            "%é",
        ] {
            for text in [text.to_owned(), format!("x{text}y"), text.repeat(3)] {
                assert_eq!(shown(&[SECRET, "éééé"], &text), text);
            }
        }
    }

    /// Against every place, looked at one by one.
    #[test]
    fn no_place_is_passed_over_that_may_hold_something() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |end: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % end
        };
        let letters = b"ab-";
        let mut of_length = |length: u64| -> String {
            (0..length).map(|_| char::from(letters[usize::try_from(below(3)).unwrap()])).collect()
        };
        let mut found = 0;
        for round in 0..2_000 {
            let texts: Vec<String> = (0..=round % 3).map(|index| of_length(4 + (round * 7 + index * 5) % 9)).collect();
            let length = texts.iter().map(String::len).min().unwrap().min(SHORTEST_BEGINNING);
            let needles = Needles::new(texts.clone());
            let text = of_length(round % 61);
            let (is_there, may) =
                (texts.iter().any(|it| text.contains(&it[..length])), needles.may_stand_in(text.as_bytes()));
            assert!(may || !is_there, "{texts:?} in {text}");
            found += usize::from(is_there);
            let runs = text.split(|it: char| !it.is_ascii_hexdigit());
            let has_run = runs.map(str::len).max().unwrap_or_default() >= decode::SHORTEST_RUN;
            assert_eq!(decode::may_be_encoded(text.as_bytes()), has_run, "{text}");
            for at in 0..text.len() {
                let held = format!("{}{}{}", &text[..at], texts[0], &text[at..]);
                assert!(needles.may_stand_in(held.as_bytes()), "{texts:?} in {held}");
            }
        }
        assert!(found > 100, "{found}");
    }

    /// Counted in comparisons, so that it does not depend on the machine.
    #[test]
    fn many_secrets_and_texts_that_repeat_themselves_cost_no_more_than_the_text() {
        let many: Vec<String> = (0..20_000).map(|number| format!("same-beginning-{number:05}")).collect();
        let needles = Needles::new(many.clone());
        let text = many.iter().step_by(40).cloned().collect::<Vec<_>>().join(" and ");
        let mut budget = Budget::for_text(text.len());
        let whole = budget.left();
        for start in 0..text.len() {
            needles.at_the_start_of(&text.as_bytes()[start..], usize::MAX, &mut budget);
        }
        let spent = whole - budget.left();
        assert!(spent < text.len(), "{spent} comparisons for {} bytes", text.len());
        assert_eq!(without(&[&needles], &text).unwrap(), vec!["[redacted]"; 500].join(" and "));

        // Each byte begins a match as long as the rest: nothing of it is shown.
        let secret = "a".repeat(10_000);
        assert_eq!(shown(&[&secret], &"a".repeat(100_000)), "[redacted]");
    }
}
