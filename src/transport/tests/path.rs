//! A call goes where its template says, whatever stands in its segments.

use proptest::prelude::*;
use url::Url;

use super::super::request::Path;
use crate::validation::{Problem, Problems, Reason, ValidationError};

const TEMPLATE: &str = "A/{id}/C/{name}";

fn filled(template: &'static str, fields: &[(&str, &str)]) -> Result<Path, ValidationError> {
    let mut problems = Problems::default();
    let path = Path::with_values(template, fields.iter().map(|(_, value)| (*value).to_owned()));
    path.check(&mut problems);
    problems.finish().map(|()| path)
}

fn bases() -> [Url; 4] {
    [
        "http://127.0.0.1:9",
        "https://example.com/x",
        "https://example.com:8443/x/y/",
        "https://example.com/a%20b/%2E%2Fc",
    ]
    .map(|base| base.parse().unwrap())
}

/// The segments below the base path, as a server decodes them.
fn decoded(url: &Url, base: &Url) -> Vec<String> {
    let below = url.path().strip_prefix(base.path().trim_end_matches('/')).expect("the base path is kept");
    let segments = below.strip_prefix('/').unwrap().split('/');
    segments.map(percent_decoded).collect()
}

fn percent_decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, tail @ ..]) = (first, tail) {
            let digits = String::from_utf8(vec![*high, *low]).unwrap();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_segment_that_a_url_would_drop_is_refused_with_its_field() {
    for segment in ["", ".", ".."] {
        let refused = filled(TEMPLATE, &[("id", segment), ("name", "fine")]).unwrap_err();
        let [problem] = refused.problems() else { panic!("{segment:?}: {refused}") };
        assert_eq!((problem.field(), problem.reason()), ("id", &Reason::InvalidSegment), "{segment:?}");
    }
    let refused = filled(TEMPLATE, &[("id", ".."), ("name", "")]).unwrap_err();
    let fields: Vec<_> = refused.problems().iter().map(Problem::field).collect();
    assert_eq!(fields, ["id", "name"]);
}

#[test]
fn a_value_stays_one_encoded_segment() {
    for (value, encoded) in [
        ("a/b", "a%2Fb"),
        ("/", "%2F"),
        ("../..", "..%2F.."),
        ("%2e%2e", "%252e%252e"),
        ("%2E", "%252E"),
        (".%2e", ".%252e"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        (r"a\b", "a%5Cb"),
        (r"\", "%5C"),
        (r"..\..", "..%5C.."),
        ("a b", "a%20b"),
        (" ", "%20"),
        ("ü€😀", "%C3%BC%E2%82%AC%F0%9F%98%80"),
        ("...", "..."),
        ("a;b=c", "a;b=c"),
        ("a:b@c", "a:b@c"),
        ("\0", "%00"),
        ("\u{7f}", "%7F"),
    ] {
        for base in bases() {
            let url = filled(TEMPLATE, &[("id", value), ("name", "n")]).unwrap().below(&base).unwrap();
            let kept = base.path().trim_end_matches('/');
            assert_eq!(url.path(), format!("{kept}/A/{encoded}/C/n"), "{value:?} below {base}");
            assert_eq!((url.origin(), url.query(), url.fragment()), (base.origin(), None, None), "{value:?}");
            assert_eq!(decoded(&url, &base), ["A", value, "C", "n"], "{value:?}");
        }
    }
}

// The URL parser passes over tabs and line ends: `a\nb` would name what is called `ab`, and `.\n.` is `..`.
#[test]
fn a_tab_or_line_end_is_refused_or_kept_but_never_passed_over() {
    let base = &bases()[1];
    for value in ["\t", "\n", "\r", "a\tb", "a\nb", "a\r\nb", ".\t", ".\n.", "\r..", "..\n", "a\n"] {
        match filled(TEMPLATE, &[("id", value), ("name", "n")]) {
            Err(refused) => assert_eq!(refused.problems()[0].field(), "id", "{value:?}"),
            Ok(path) => {
                if let Ok(url) = path.below(base) {
                    assert_eq!(decoded(&url, base), ["A", value, "C", "n"], "{value:?} became {url}");
                }
            }
        }
    }
}

#[test]
fn a_fixed_path_is_put_below_the_base_path() {
    for base in bases() {
        let url = Path::fixed("A/B").below(&base).unwrap();
        assert_eq!(url.as_str(), format!("{}/A/B", base.as_str().trim_end_matches('/')));
    }
}

#[test]
fn a_template_and_its_values_must_fit() {
    let base = &bases()[1];
    let text = "the resulting URL does not match the path of the call";
    for fields in [&[][..], &[("id", "a")], &[("id", "a"), ("name", "b"), ("more", "c")]] {
        let refused = filled(TEMPLATE, fields).unwrap().below(base).unwrap_err();
        assert_eq!(refused.to_string(), text, "{fields:?}");
    }
    assert_eq!(filled("A", &[("id", "a")]).unwrap().below(base).unwrap_err().to_string(), text);
    let opaque: Url = "mailto:somebody@example.com".parse().unwrap();
    assert_eq!(Path::fixed("A").below(&opaque).unwrap_err().to_string(), text);
}

fn segments() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        // What is likely to matter to a parser.
        proptest::string::string_regex(r"[./\\%2eEfF?#:@;\t\n\r \x00a]{0,6}").unwrap(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_filled_in_the_url_is_the_one_that_was_meant(
        id in segments(), name in segments(), base in prop::sample::select(bases().to_vec()),
    ) {
        if let Ok(path) = filled(TEMPLATE, &[("id", &id), ("name", &name)]) {
            let url = path.below(&base);
            let url = url.map_err(|cause| TestCaseError::fail(format!("no problem was found, but: {cause}")))?;
            prop_assert_eq!(url.origin(), base.origin());
            prop_assert_eq!((url.query(), url.fragment()), (None, None));
            prop_assert_eq!(decoded(&url, &base), ["A".to_owned(), id, "C".to_owned(), name]);
        }
    }
}
