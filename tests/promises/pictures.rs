//! The pictures of the guide: they are part of a page's HTML, show in every theme, and agree with the pages that they illustrate.

use std::collections::BTreeSet;

use clm::keyfactor::RemovalVerdict::{AliasGone, Gone, NeverListed, StillThere};
use clm::keyfactor::{JobResult, JobState};

const DECISION: &str = include_str!("../../src/guide/retries/decision.svg");
const CONNECTIONS: &str = include_str!("../../src/guide/retries/connections.svg");
const LIFE: &str = include_str!("../../src/guide/offboarding/life_of_a_removal.svg");
const PICTURES: [&str; 3] = [DECISION, CONNECTIONS, LIFE];

const GUIDE: &str = include_str!("../../src/guide.rs");
const RETRIES: &str = include_str!("../../src/guide/retries.md");
const CONNECTIONS_PAGE: &str = include_str!("../../src/guide/retries/connections.md");
const OFFBOARDING: &str = include_str!("../../src/guide/offboarding.md");

/// A tag with its attributes, or the text between two tags.
#[derive(PartialEq, Debug)]
enum Piece<'a> {
    Open { name: &'a str, attributes: Vec<(&'a str, &'a str)>, empty: bool },
    Close(&'a str),
    Text(String),
}

/// The pieces of an XML text that uses neither comments, nor instructions, nor character data.
fn pieces(mut rest: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    while let Some(start) = rest.find('<') {
        pieces.push(Piece::Text(text(&rest[..start])?));
        let (tag, after) = rest[start + 1..].split_once('>').ok_or("a tag has no end")?;
        rest = after;
        pieces.push(match tag.strip_prefix('/') {
            Some(name) => Piece::Close(name),
            None => open(tag)?,
        });
    }
    if !rest.trim().is_empty() {
        return Err(format!("text after the last tag: {rest:?}"));
    }
    Ok(pieces)
}

fn open(tag: &str) -> Result<Piece<'_>, String> {
    let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(format!("no name of a tag: {name:?}"));
    }
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let attribute = rest.split_once("=\"").and_then(|(name, rest)| Some((name, rest.split_once('"')?)));
        let (attribute, (value, after)) = attribute.ok_or_else(|| format!("no attribute: {rest:?}"))?;
        if attribute.contains(char::is_whitespace) || value.contains(['<', '&']) {
            return Err(format!("no attribute: {attribute:?}, {value:?}"));
        }
        attributes.push((attribute, value));
        rest = match after.strip_prefix(' ') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(format!("no space after {attribute:?}")),
        };
    }
    Ok(Piece::Open { name, attributes, empty })
}

fn text(raw: &str) -> Result<String, String> {
    let plain = raw.replace("&amp;", "");
    if plain.contains(['&', '>']) {
        return Err(format!("a character that XML does not take as it is: {raw:?}"));
    }
    Ok(raw.replace("&amp;", "&"))
}

/// An element, with its text and that of all elements in it.
#[derive(Debug)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

fn parsed(svg: &str) -> Result<Element, String> {
    let mut open = vec![Element { name: "document".into(), text: String::new(), children: Vec::new() }];
    for piece in pieces(svg)? {
        let closed = match piece {
            Piece::Text(text) => {
                for element in &mut open {
                    element.text.push_str(&text);
                }
                continue;
            }
            Piece::Open { name, empty, .. } => {
                open.push(Element { name: name.into(), text: String::new(), children: Vec::new() });
                if !empty {
                    continue;
                }
                open.pop()
            }
            Piece::Close(name) => open.pop().filter(|element| element.name == name),
        };
        let closed = closed.ok_or("a tag is closed that is not open")?;
        open.last_mut().ok_or("more tags are closed than opened")?.children.push(closed);
    }
    match (open.pop(), open.is_empty()) {
        (Some(document), true) => Ok(document),
        _ => Err("a tag is not closed".into()),
    }
}

fn svg(picture: &str) -> Element {
    let mut document = parsed(picture).unwrap();
    assert_eq!(document.children.len(), 1, "one picture per file");
    document.children.remove(0)
}

fn words(text: &str) -> Vec<String> {
    let text = text.replace('`', "");
    let words = text.split(|it: char| it.is_whitespace() || ",;:()".contains(it)).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether all words of the first are in the second, in the same order.
fn is_taken_from(short: &str, long: &str) -> bool {
    let mut long = words(long).into_iter();
    words(short).iter().all(|word| long.any(|it| it == *word))
}

#[test]
fn faults_in_a_picture_are_found() {
    for (svg, problem) in [
        ("<svg><g></svg>", "a tag is closed that is not open"),
        ("<svg><g>", "a tag is not closed"),
        ("<svg></svg></g>", "a tag is closed that is not open"),
        ("<svg><path d=M0/></svg>", r#"no attribute: "d=M0""#),
        (r#"<svg><path d="M0"fill="none"/></svg>"#, r#"no space after "d""#),
        ("<svg>a & b</svg>", r#"a character that XML does not take as it is: "a & b""#),
    ] {
        assert_eq!(parsed(svg).unwrap_err(), problem, "{svg}");
    }
    assert_eq!(parsed("<svg>a &amp; b</svg>").unwrap().text, "a & b");
    assert!(is_taken_from("a body that is cut", "2xx, then a body that is cut, late or malformed"));
    assert!(!is_taken_from("a body that is late, cut", "2xx, then a body that is cut, late or malformed"));
}

#[test]
fn every_picture_is_well_formed_described_and_small() {
    for picture in PICTURES {
        let svg = svg(picture);
        assert_eq!(svg.name, "svg");
        let [title, desc] = [0, 1].map(|at| &svg.children[at]);
        assert_eq!((title.name.as_str(), desc.name.as_str()), ("title", "desc"));
        assert!(words(&title.text).len() >= 4 && words(&desc.text).len() >= 10, "{}", title.text);
        assert!(picture.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 "#));
        assert!(picture.contains("max-width:100%"), "{}", title.text);
        assert!(picture.len() < 6 * 1024, "{} bytes", picture.len());
        // A blank line ends an HTML block of a Markdown page; an indented one would be code.
        assert!(picture.ends_with("</svg>\n") && !picture.contains("\n\n") && !picture.contains("\n "));
    }
    // What follows a picture is a page again.
    assert!(GUIDE.contains(r#"include_str!($file), "</div>\n\n")"#));
}

#[test]
fn every_color_follows_the_theme() {
    for picture in PICTURES {
        let mut follows = BTreeSet::new();
        for piece in pieces(picture).unwrap() {
            let Piece::Open { name, attributes, .. } = piece else { continue };
            assert!(["svg", "title", "desc", "g", "path", "text", "tspan"].contains(&name), "{name}");
            for (attribute, value) in attributes {
                match attribute {
                    "fill" | "stroke" => {
                        let is_known = value == "none" || value == "currentColor" || value.starts_with("var(--");
                        assert!(is_known, "{attribute}={value:?} is the same in every theme");
                        follows.insert(value);
                    }
                    "style" => assert!(!value.contains("color"), "{value}"),
                    _ => assert!(!matches!(attribute, "color" | "class" | "id" | "stop-color"), "{attribute}"),
                }
            }
        }
        let expected =
            ["currentColor", "none", "var(--code-block-background-color,none)", "var(--warning-border-color,#c60)"];
        assert_eq!(Vec::from_iter(follows), expected);
    }
}

#[test]
fn what_pictures_call_is_in_the_public_api() {
    const API: &str = include_str!("../../docs/public-api.txt");
    for picture in PICTURES {
        let text = svg(picture).text;
        for (call, _) in text.match_indices('(') {
            let before = &text[..call];
            let start = before.rfind(|it: char| !it.is_ascii_alphanumeric() && it != '_').map_or(0, |at| at + 1);
            let name = &before[start..];
            let is_there = [format!("::{name}("), format!("::{name}<")].iter().any(|it| API.contains(it));
            assert!(name.is_empty() || is_there, "no method or variant is called {name}");
        }
    }
}

/// The rows of a Markdown table, without its head.
fn table<'a>(page: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let rows = page.lines().skip_while(|line| !line.starts_with(head)).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What can come of a fault, in the words of the page.
fn outcomes(cell: &str) -> BTreeSet<String> {
    const ALL: [&str; 10] =
        ["retried", "renewed", "Retry-After", "Transport", "Api", "Decode", "OutcomeUnknown", "2xx", "status", "429"];
    words(cell).into_iter().filter(|word| ALL.contains(&word.as_str())).collect()
}

#[test]
fn the_flow_has_the_rows_of_the_decision_table_with_their_outcomes() {
    let table = table(RETRIES, "| what happened | read | change |");
    let groups = svg(DECISION).children.into_iter().filter(|it| it.name == "g" && !it.text.trim().is_empty());
    let flow: Vec<Vec<String>> = groups.map(|row| row.children.into_iter().map(|it| it.text).collect()).collect();
    let (columns, flow) = flow.split_first().unwrap();
    assert_eq!(columns, &["read", "change", "repeat_after_silence()"]);
    assert_eq!((table.len(), flow.len()), (16, 16));

    for (row, drawn) in table.iter().zip(flow) {
        let &[what, read, change, repeated] = row.as_slice() else { panic!("{row:?}") };
        let cells = [read, change, repeated].map(|cell| cell.replace("the same", read));
        let (condition, ends) = drawn.split_first().unwrap();
        assert!(is_taken_from(condition, what), "{condition:?} is not {what:?}");
        assert!(!condition.is_empty());
        let ends = match ends {
            [one] => [one, one, one],
            [read, change, repeated] => [read, change, repeated],
            _ => panic!("{what}: {ends:?}"),
        };
        for (cell, end) in cells.iter().zip(ends) {
            assert!(is_taken_from(end, cell), "{what}: {end:?} is not {cell:?}");
            assert_eq!(outcomes(end), outcomes(cell), "{what}");
            assert!(!outcomes(end).is_empty(), "{what}: {end:?}");
        }
    }
}

#[test]
fn the_life_of_a_removal_has_the_steps_of_its_page_and_names_that_exist() {
    let drawn = svg(LIFE).text;
    let steps = table(OFFBOARDING, "| step | call | what is known |");
    assert_eq!(steps.len(), 5);
    for &[step, _, known] in steps.iter().map(|row| row.first_chunk().unwrap()) {
        assert!(words(&drawn).contains(&step.to_owned()), "{step}");
        assert!(is_taken_from(known, &drawn), "{known}");
    }
    let order: Vec<String> = steps.iter().map(|row| row[0].to_owned()).collect();
    assert!(is_taken_from(&order.join(" "), &drawn));
    for state in [JobState::Pending, JobState::Running] {
        assert!(drawn.contains(&format!("JobState::{state:?}")), "{state:?}");
    }
    assert!(
        drawn.contains("JobState::Done(result)") && matches!(JobState::Done(JobResult::Failure), JobState::Done(_))
    );
    assert!(drawn.contains(&format!("{:?}: it runs again", JobState::WillRetry)));
    let [gone, alias, still, never] = [Gone, AliasGone, StillThere, NeverListed].map(|it| format!("{it:?}"));
    assert!(
        drawn.contains(&format!("{gone}: proven"))
            && drawn.contains(&format!("{alias}, {still}, {never}, …: not proven"))
    );
    for method in ["locations_of", "plan_removal", "remove", "confirm_removed", "add_back", "unschedule_open"] {
        assert!(drawn.contains(&format!("{method}(")), "{method}");
        assert!(
            OFFBOARDING.contains(&format!(".{method}(")) || OFFBOARDING.contains(&format!("`{method}`")),
            "{method}"
        );
    }
}

#[test]
fn the_picture_of_the_connections_says_what_its_page_says() {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (drawn, page) = (one_line(&svg(CONNECTIONS).text), one_line(&CONNECTIONS_PAGE.replace("**", "")));
    let (own, shared) = drawn.split_once("Shared connections, ").unwrap();
    let (of_own, of_shared) = page.split_once("- Job history, scheduled jobs and searches share connections.").unwrap();
    for (drawn, written) in [
        ("a change: remove_certificates(..), unassign(..)", "Each change"),
        ("a login, a token request", "each login and token request"),
        ("a read that proves or decides", "each read that proves or decides something"),
        (
            "an inventory, stores, a certificate by id, locations, groups",
            "inventories, stores, certificates by id, locations, groups",
        ),
        ("a list that is read inside another call", "every list that is read inside another call"),
        ("raw(..)", "raw calls"),
    ] {
        assert!(own.contains(drawn), "{drawn}");
        assert!(of_own.contains(written), "{written}");
    }
    for call in ["search(..).rows()", "history(..).rows()", "scheduled(..).rows()"] {
        assert!(shared.contains(call) && !own.contains(call), "{call}");
    }
    assert!(shared.contains("kept for 4 s (idle_timeout)"));
    assert!(of_shared.contains("is kept for 4 s (`idle_timeout`)"));
}
