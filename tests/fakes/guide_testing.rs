//! The guide's page on testing: its examples run as doctests on what they share, and here that is held against what the page shows.

const PAGE: &str = include_str!("../../src/guide/testing.md");
const LIBRARY: &str = include_str!("../../src/guide/testing/library.rs");
const TESTS: &str = include_str!("../../src/guide/testing/tests.rs");

/// The Rust blocks as a reader sees them, without indentation.
fn blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(fence) = lines.find(|line| line.starts_with("```")) {
        let inside = lines.by_ref().take_while(|line| *line != "```");
        let shown: Vec<_> = inside.filter(|line| !line.starts_with("# ")).collect();
        if fence == "```" {
            blocks.push(without_indentation(&shown.join("\n")));
        }
    }
    blocks
}

fn without_indentation(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_start(), "\n"]).collect()
}

#[test]
fn the_examples_stand_on_what_the_page_shows() {
    let blocks = blocks();
    assert!(blocks[0].contains("pub async fn offboard("), "{}", blocks[0]);
    assert!(without_indentation(LIBRARY).contains(&blocks[0]), "library.rs differs from the program of the page");
    assert!(blocks[1].contains("async fn site()"), "{}", blocks[1]);
    assert!(without_indentation(TESTS).ends_with(&blocks[1]), "tests.rs differs from what the tests of the page share");
}

#[test]
fn every_test_of_the_page_is_called() {
    let shown = PAGE.lines().filter(|line| *line == "#[tokio::test]").count();
    assert_eq!((shown, blocks().len()), (8, 10));
    let mut lines = PAGE.lines();
    while lines.any(|line| line == "#[tokio::test]") {
        let name = lines.next().unwrap().strip_prefix("async fn ").unwrap().strip_suffix("() {").unwrap();
        assert!(PAGE.contains(&format!("# fn main() {{ {name}() }}\n")), "nobody calls {name}");
    }
}
