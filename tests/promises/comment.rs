//! What may stand in a comment, rule by rule; and that no text whatsoever makes a builder panic.

use std::ops::RangeInclusive;

use crate::support::RawServer;
use crate::support::appviewx::{FIRST, builder, client, problems, success};
use clm::appviewx::{Comment, CommentRule};
use clm::keyfactor::{self, CertificateLocation, Schedule};
use clm::{Reason, ValidationError};
use proptest::prelude::*;

/// The rules of the tables, in the order of their columns.
fn rules() -> [CommentRule; 3] {
    [CommentRule::Documented, CommentRule::allowing(".,-:#/"), CommentRule::ServerDecides]
}

/// A problem as the tables write it.
#[derive(Clone, PartialEq, Debug)]
enum Expected {
    Empty,
    Blank,
    /// The length that was given; the limit is 255.
    TooLong(usize),
    Characters(Vec<(char, usize)>),
}
use Expected::{Blank, Characters, Empty, TooLong};

fn found(error: &ValidationError) -> Vec<Expected> {
    let one = |problem: &clm::Problem| {
        assert_eq!(problem.field(), "comment");
        match problem.reason() {
            Reason::Empty => Empty,
            Reason::Blank => Blank,
            Reason::TooLong { limit: 255, actual } => TooLong(*actual),
            Reason::InvalidCharacters(found) => {
                Characters(found.iter().map(|it| (it.character, it.position)).collect())
            }
            other => panic!("unexpected {other:?}"),
        }
    };
    error.problems().iter().map(one).collect()
}

/// What a rule makes of a text: its problems, or none and the text unchanged.
fn judged(text: &str, rule: &CommentRule) -> Vec<Expected> {
    match Comment::with_rule(text, rule) {
        Ok(comment) => {
            assert_eq!((comment.as_str(), comment.to_string().as_str()), (text, text));
            Vec::new()
        }
        Err(error) => found(&error),
    }
}

/// Texts, and the problems that they have under each of [`rules`].
fn texts() -> Vec<(&'static str, String, [Vec<Expected>; 3])> {
    let same = |expected: Vec<Expected>| [expected.clone(), expected.clone(), expected];
    let fine = || same(vec![]);
    // Refused by the plain reading of the page, with or without ".,-:#/", and left to the server by the third rule.
    let special =
        |found: &[(char, usize)]| [vec![Characters(found.to_vec())], vec![Characters(found.to_vec())], vec![]];
    let blank = |found: &[(char, usize)]| {
        let [documented, allowing, _] = special(found);
        [[vec![Blank], documented].concat(), [vec![Blank], allowing].concat(), vec![Blank]]
    };
    let always = |found: &[(char, usize)]| same(vec![Characters(found.to_vec())]);
    let a = |count: usize| "a".repeat(count);
    let gothic = |count: usize| "\u{10330}".repeat(count);
    vec![
        ("1", a(1), fine()),
        ("254", a(254), fine()),
        ("255", a(255), fine()),
        ("256", a(256), same(vec![TooLong(256)])),
        ("255 of two bytes", "ü".repeat(255), fine()),
        ("256 of two bytes", "ü".repeat(256), same(vec![TooLong(256)])),
        ("127 beyond the BMP", gothic(127), fine()),
        ("127 beyond the BMP and one more", format!("{}a", gothic(127)), fine()),
        ("128 beyond the BMP", gothic(128), same(vec![TooLong(256)])),
        ("empty", String::new(), same(vec![Empty])),
        ("a space", " ".to_owned(), same(vec![Blank])),
        ("255 spaces", " ".repeat(255), same(vec![Blank])),
        ("256 spaces", " ".repeat(256), same(vec![Blank, TooLong(256)])),
        ("a tab", "\t".to_owned(), same(vec![Blank, Characters(vec![('\t', 1)])])),
        ("a line end", "\r\n".to_owned(), same(vec![Blank, Characters(vec![('\r', 1), ('\n', 2)])])),
        ("no-break space", "\u{a0}".to_owned(), blank(&[('\u{a0}', 1)])),
        ("ideographic space", "\u{3000}".to_owned(), blank(&[('\u{3000}', 1)])),
        ("spaces of two kinds", " \u{a0}".to_owned(), blank(&[('\u{a0}', 2)])),
        ("the page's sample", "Sample Comment".to_owned(), fine()),
        ("spaces at the ends", " a ".to_owned(), fine()),
        ("composed umlaut", "f\u{fc}r".to_owned(), fine()),
        ("decomposed umlaut", "fu\u{308}r".to_owned(), fine()),
        ("a mark alone", "\u{301}".to_owned(), fine()),
        (
            "a tag",
            "<b>x</b>".to_owned(),
            [
                vec![Characters(vec![('<', 1), ('>', 3), ('<', 5), ('/', 6), ('>', 8)])],
                vec![Characters(vec![('<', 1), ('>', 3), ('<', 5), ('>', 8)])],
                vec![Characters(vec![('<', 1), ('>', 3), ('<', 5), ('>', 8)])],
            ],
        ),
        ("an entity", "&lt;".to_owned(), special(&[('&', 1), (';', 4)])),
        (
            "a ticket",
            "CHG-1: done.".to_owned(),
            [vec![Characters(vec![('-', 4), (':', 6), ('.', 12)])], vec![], vec![]],
        ),
        ("places are characters", "ü\u{10330}木<x>".to_owned(), always(&[('<', 4), ('>', 6)])),
        (
            "too long, bad at both ends",
            format!("<{}>", a(254)),
            [
                vec![TooLong(256), Characters(vec![('<', 1), ('>', 256)])],
                vec![TooLong(256), Characters(vec![('<', 1), ('>', 256)])],
                vec![TooLong(256), Characters(vec![('<', 1), ('>', 256)])],
            ],
        ),
        (
            "too long, bad for some",
            format!("{}-", a(300)),
            [vec![TooLong(301), Characters(vec![('-', 301)])], vec![TooLong(301)], vec![TooLong(301)]],
        ),
    ]
}

/// Characters, and whether each of [`rules`] accepts them.
const CHARACTERS: &[(&str, &str, [bool; 3])] = &[
    ("what may become a tag", "<>", [false, false, false]),
    ("control characters", "\t\n\r\0\u{1b}\u{7f}\u{80}\u{85}\u{9f}", [false, false, false]),
    ("allowed by the second rule", ".,-:#/", [false, true, true]),
    ("other ASCII", "&\"'`;|$%@!?*\\_()[]{}+=~^", [false, false, true]),
    ("other punctuation", "–—„“’«»…§¶·¿¡", [false, false, true]),
    ("symbols", "€£°±×÷©®™→√\u{a8}´", [false, false, true]),
    ("emoji", "🦀✅👍", [false, false, true]),
    ("numbers that are no decimal digits", "½¼²³¹①Ⅷⅷ〇", [false, false, true]),
    ("spaces that are no U+0020", "\u{a0}\u{2003}\u{2028}\u{2029}\u{202f}\u{3000}", [false, false, true]),
    ("invisible ones", "\u{ad}\u{200b}\u{200d}\u{202e}\u{feff}", [false, false, true]),
    ("private, replaced, unassigned", "\u{e000}\u{fffd}\u{378}", [false, false, true]),
    ("letters", "azAZäÖßéñçøµªωЖאقअ木あー가ʰǅ\u{10330}\u{20000}", [true, true, true]),
    ("marks", "\u{301}\u{308}\u{5b0}\u{93e}\u{20dd}\u{fe0f}", [true, true, true]),
    ("decimal digits", "09٠٩०९\u{ff11}\u{1d7d9}", [true, true, true]),
    ("the space", " ", [true, true, true]),
];

#[test]
fn each_text_has_its_problems_under_every_rule() {
    for (name, text, expected) in texts() {
        for (rule, expected) in rules().iter().zip(expected) {
            assert_eq!(judged(&text, rule), expected, "{name} under {rule:?}");
        }
        assert_eq!(Comment::new(text.as_str()), Comment::with_rule(text.as_str(), &CommentRule::Documented), "{name}");
    }
}

#[test]
fn each_character_is_accepted_or_named_with_its_place() {
    for (name, characters, accepted) in CHARACTERS {
        for character in characters.chars() {
            for (rule, accepted) in rules().iter().zip(accepted) {
                let case = format!("{name}: {character:?} under {rule:?}");
                let expected = |place| if *accepted { vec![] } else { vec![Characters(vec![(character, place)])] };
                assert_eq!(judged(&format!("ab{character}de"), rule), expected(3), "{case}, among letters");
                // A white space alone is blank besides, and has its rows among the texts.
                if !character.is_whitespace() {
                    assert_eq!(judged(&character.to_string(), rule), expected(1), "{case}, alone");
                }
            }
        }
    }
}

#[test]
fn no_allowance_opens_the_door_to_tags_and_control_characters() {
    let rule = CommentRule::allowing("<>\n-");
    let refused = vec![Characters(vec![('<', 1), ('>', 3), ('\n', 4)])];
    assert_eq!(judged("<b>\n-", &rule), refused);
    let direct = CommentRule::Allowing("<>\n-".chars().collect());
    assert_eq!(judged("<b>\n-", &direct), refused);
    assert_eq!(judged("a-b", &rule), []);
    assert_eq!(judged("\u{a0}", &CommentRule::allowing("\u{a0}")), [Blank]);
    assert_eq!(judged("a-b", &CommentRule::allowing("")), [Characters(vec![('-', 2)])]);
    assert_eq!(judged("🦀½", &CommentRule::allowing("🦀½")), []);
}

#[test]
fn the_error_names_characters_and_places_and_stays_short() {
    let said = Comment::new("a<b\tc").unwrap_err().to_string();
    for part in ["comment", "'<' at 2", "U+0009 at 4"] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    let hostile = "\u{1b}[2J\r\n\u{85}\u{202e}".repeat(1 << 16);
    let said = Comment::with_rule(hostile, &CommentRule::Documented).unwrap_err().to_string();
    assert!(said.len() < 1_000 && said.contains("more"), "{said}");
    assert!(!said.chars().any(|it| it.is_control() || it == '\u{202e}'), "{said:?}");
    let long = Comment::new("a".repeat(256)).unwrap_err().to_string();
    assert!(long.contains("256") && long.contains("255") && long.contains("UTF-16"), "{long}");
}

#[tokio::test]
async fn the_builder_judges_alike_and_sends_nothing_that_is_refused() {
    let server = RawServer::json(200, &success([FIRST])).await;
    for rule in rules() {
        let of_client = builder(&server.origin).comment_rule(rule.clone()).build().unwrap().certificate_groups();
        // The request's rule beats the client's, in both directions.
        let opposite =
            if rule == CommentRule::ServerDecides { CommentRule::Documented } else { CommentRule::ServerDecides };
        let of_request = builder(&server.origin).comment_rule(opposite).build().unwrap().certificate_groups();
        for (name, text, _) in texts() {
            for (whose, unassign) in [
                ("client", of_client.unassign([FIRST]).comment(text.as_str())),
                ("request", of_request.unassign([FIRST]).comment(text.as_str()).comment_rule(rule.clone())),
            ] {
                match Comment::with_rule(text.as_str(), &rule) {
                    Ok(comment) => assert_eq!(unassign.build().unwrap().comment(), Some(&comment), "{name}, {whose}"),
                    Err(refused) => {
                        let error = unassign.send().await.unwrap_err();
                        let expected: Vec<_> =
                            refused.problems().iter().map(|it| ("comment".to_owned(), it.reason().clone())).collect();
                        assert_eq!(problems(&error), expected, "{name} by the rule of the {whose}");
                    }
                }
            }
        }
    }
    assert!(server.received().is_empty(), "{:#?}", server.received());
}

/// Ranges in which every character is a letter, a mark, a decimal digit or the space.
const GOOD: &[RangeInclusive<char>] = &[
    'a'..='z',
    'A'..='Z',
    '0'..='9',
    ' '..=' ',
    'À'..='Ö',
    'Ø'..='ö',
    'ø'..='ÿ',
    'α'..='ω',
    'а'..='я',
    'א'..='ת',
    '\u{300}'..='\u{36f}',
    '\u{661}'..='\u{669}',
    '\u{966}'..='\u{96f}',
    '\u{4e00}'..='\u{9fa5}',
    '\u{ac00}'..='\u{d7a3}',
    '\u{10330}'..='\u{10340}',
];

/// Ranges in which no character is one of those.
const BAD: &[RangeInclusive<char>] = &[
    '\0'..='\u{1f}',
    '!'..='/',
    ':'..='@',
    '['..='`',
    '{'..='\u{a9}',
    '\u{ab}'..='\u{b4}',
    '\u{b6}'..='\u{b9}',
    '\u{bb}'..='\u{bf}',
    '×'..='×',
    '÷'..='÷',
    '\u{2000}'..='\u{202f}',
    '\u{20a0}'..='\u{20bf}',
    '\u{2160}'..='\u{2182}',
    '\u{2190}'..='\u{23ff}',
    '\u{2460}'..='\u{249b}',
    '\u{e000}'..='\u{f8ff}',
    '\u{1f600}'..='\u{1f64f}',
];

fn is_bad(character: char) -> bool {
    BAD.iter().any(|range| range.contains(&character))
}

/// The rule as it is documented, told again: `refused` are the characters that it does not accept.
fn oracle(text: &str, refused: impl Fn(char) -> bool) -> Vec<Expected> {
    let mut expected = Vec::new();
    if text.is_empty() {
        expected.push(Empty);
    } else if text.trim().is_empty() {
        expected.push(Blank);
    }
    let length = text.chars().map(|it| if u32::from(it) > 0xffff { 2 } else { 1 }).sum();
    if length > 255 {
        expected.push(TooLong(length));
    }
    let places: Vec<_> = (1..).zip(text.chars()).filter(|&(_, it)| refused(it)).map(|(at, it)| (it, at)).collect();
    if !places.is_empty() {
        expected.push(Characters(places));
    }
    expected
}

fn from_ranges(length: RangeInclusive<usize>, bad_in_ten: u32) -> impl Strategy<Value = String> {
    let one = prop_oneof![
        10 - bad_in_ten => prop::char::ranges(GOOD.into()),
        bad_in_ten => prop::char::ranges(BAD.into()),
    ];
    prop::collection::vec(one, length).prop_map(String::from_iter)
}

/// Texts whose truth is known by construction: mostly good ones around the limit, some with bad characters.
fn known() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(prop::char::ranges(GOOD.into()), 0..=270).prop_map(String::from_iter),
        from_ranges(0..=270, 1),
        from_ranges(0..=4, 5),
    ]
}

/// Any text: control characters, unassigned ones and everything else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..=300).prop_map(String::from_iter),
        prop::collection::vec(any::<char>(), 0..=3).prop_map(String::from_iter),
        any::<String>(),
    ]
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_documented_rule_accepts_exactly_what_it_says(text in known()) {
        prop_assert_eq!(judged(&text, &CommentRule::Documented), oracle(&text, is_bad));
        prop_assert_eq!(Comment::new(text.as_str()).is_ok(), oracle(&text, is_bad).is_empty());
    }

    #[test]
    fn an_allowance_adds_exactly_its_characters(text in known(), more in from_ranges(0..=20, 9)) {
        let refused = |it: char| {
            it.is_ascii_control() || ('\u{80}'..='\u{9f}').contains(&it) || "<>".contains(it)
                || is_bad(it) && !more.contains(it)
        };
        prop_assert_eq!(judged(&text, &CommentRule::allowing(&more)), oracle(&text, refused));
    }

    #[test]
    fn the_server_decides_about_everything_but_tags_and_control_characters(text in any_text()) {
        let refused = |it: char| it.is_ascii_control() || ('\u{80}'..='\u{9f}').contains(&it) || "<>".contains(it);
        prop_assert_eq!(judged(&text, &CommentRule::ServerDecides), oracle(&text, refused));
    }

    #[test]
    fn a_narrower_rule_never_accepts_more(text in any_text()) {
        let [documented, allowing, server] = rules().map(|rule| judged(&text, &rule).is_empty());
        prop_assert!(documented <= allowing && allowing <= server, "{:?}", [documented, allowing, server]);
        if documented {
            prop_assert!(!text.chars().any(|it| it.is_ascii_punctuation() || it.is_control() || is_bad(it)));
        }
    }

    #[test]
    fn the_unassignment_builder_never_panics_and_changes_no_text(
        ids in prop::collection::vec(prop_oneof![any_text(), "[0-9a-f]{1,3}"], 0..=8),
        comment in prop::option::of(prop_oneof![any_text(), known()]),
    ) {
        thread_local!(static CLIENT: clm::appviewx::Client = client("http://127.0.0.1:9"));
        let groups = CLIENT.with(clm::appviewx::Client::certificate_groups);
        let mut unassign = groups.unassign(&ids);
        if let Some(comment) = &comment {
            unassign = unassign.comment(comment.as_str());
        }
        match unassign.build() {
            Ok(request) => {
                let mut once = ids.clone();
                let mut seen = Vec::new();
                once.retain(|id| !seen.contains(id) && { seen.push(id.clone()); true });
                prop_assert_eq!(request.resource_ids(), once.iter().map(String::as_str).collect::<Vec<_>>());
                prop_assert_eq!(request.repeated().len(), ids.len() - once.len());
                prop_assert_eq!(request.comment().map(Comment::as_str), comment.as_deref());
            }
            Err(refused) => prop_assert!(!refused.problems().is_empty() && refused.to_string().len() < 8_000),
        }
    }

    #[test]
    fn the_removal_builder_never_panics_and_changes_no_text(
        alias in any_text(),
        name in any_text(),
        value in any_text(),
    ) {
        thread_local!(static CLIENT: keyfactor::Client = keyfactor::Client::builder("http://127.0.0.1:9")
            .credentials(keyfactor::Credentials::bearer("token"))
            .build()
            .unwrap());
        let store: keyfactor::CertificateStoreId = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
        let location = CertificateLocation::new(store, alias.as_str()).job_field(name.as_str(), value.as_str());
        let stores = CLIENT.with(keyfactor::Client::certificate_stores);
        match stores.remove_certificates([location.clone(), location.clone()], Schedule::Immediate).build() {
            Ok(request) => {
                prop_assert_eq!(request.locations(), std::slice::from_ref(&location));
                prop_assert_eq!(request.locations()[0].alias(), alias.as_str());
                prop_assert_eq!(request.locations()[0].job_field_names().collect::<Vec<_>>(), [name.as_str()]);
                prop_assert_eq!(request.repeated(), [location]);
            }
            Err(refused) => prop_assert!(
                !refused.problems().is_empty()
                    && (alias.trim().is_empty() || name.trim().is_empty() || name.contains(char::is_control)),
                "{}", refused
            ),
        }
    }
}
