use super::*;
use crate::report::kept::Kept;
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor};

const NAME: &str = "secret-name.example.com";

/// What a probe prints.
async fn printed(fakes: (Option<&FakeKeyfactor>, Option<&FakeAppViewX>)) -> String {
    let (output, errors) = (Kept::default(), Kept::default());
    let report = Report::to(output.clone(), errors.clone());
    let probe = Probe {
        keyfactor: fakes.0.map(FakeKeyfactor::client),
        appviewx: fakes.1.map(|fake| (fake.client(), crate::appviewx::Session::NotOwn)),
    };
    assert_eq!(probe.run(&report).await.unwrap(), Ended::Done, "{}", errors.text());
    output.text()
}

async fn command() -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| {
        it.machine(NAME).path(NAME).inventory_schedule(serde_json::json!({"Interval": {"Minutes": 60}}))
    });
    let certificate = fake.issue(FakeCertificate::new(NAME));
    fake.put(store, NAME, certificate);
    fake
}

#[tokio::test]
async fn what_command_does_is_printed_and_nothing_is_changed_or_named() {
    let fake = command().await;
    let before = fake.snapshot();
    let text = printed((Some(&fake), None)).await;
    for line in [
        "  K1   product version: 25.4.1",
        "  K2   API versions of /Certificates: 1.0, 2",
        "  K3   X-Total-Count is sent; too few rows to determine the largest page",
        "  K4   member names start with an uppercase letter",
        "  K5   times end in Z",
        "  K6   QueryString is applied; pq.queryString is applied",
        "  K7   a page past the end: 200 with a list",
        "  K8   an unknown store: 404 with the members ErrorCode, Message",
        "  K9   an unknown sort field: 400 with the members Message",
        "  K11  CustomAliasAllowed of a store type: text",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("secret-name") && !text.contains("127.0.0.1"), "{text}");
    assert_eq!(fake.snapshot(), before);
    assert!(fake.requests().iter().all(|request| request.method() == "GET"));
}

#[tokio::test]
async fn another_command_is_told_apart() {
    let fake = command().await;
    fake.write_camel_case();
    fake.write_zoneless_times();
    fake.hide_total_count();
    fake.ignore_filters();
    fake.answer_empty_pages_with_204();
    fake.set_product_version("10.5.0.0");
    let text = printed((Some(&fake), None)).await;
    for line in [
        "  K1   product version: 10.5.0.0",
        "  K3   no X-Total-Count; 200 rows were requested, and 1 returned",
        "  K4   member names start with a lowercase letter",
        "  K5   times have no time zone",
        "  K6   QueryString is ignored; pq.queryString is ignored",
        "  K7   a page past the end: 204 with an empty body",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
    }
}

#[tokio::test]
async fn what_the_account_may_not_see_stays_open() {
    let fake = command().await;
    fake.restrict_to([]);
    let text = printed((Some(&fake), None)).await;
    for note in (1..=12).filter(|note| *note != 6) {
        let line = format!("  {:4} not settled: refused with status 403", format!("K{note}"));
        assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
    }
}

#[tokio::test]
async fn what_appviewx_does_is_printed() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("67bc2ca76a105e1a05691c1c", NAME);
    let text = printed((None, Some(&fake))).await;
    for line in [
        "  A1   totalRecords of a search: a number",
        "  A2   no header that looks like a correlation id",
        "  A3   a search without results: 200 with an object",
        "  A4   the category Device: 200 with an object",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("secret-name"), "{text}");
}

/// Each number stands in the notes once, and each note that a probe can settle is printed.
#[tokio::test]
async fn the_numbers_are_those_of_the_notes() {
    let notes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/wire-notes.md")).unwrap();
    let in_notes: Vec<&str> = notes.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()).collect();
    let numbered = |it: &&str| it.starts_with(['K', 'A']) && it[1..].parse::<u32>().is_ok();
    let mut in_notes: Vec<&str> = in_notes.into_iter().filter(numbered).collect();
    let text = printed((Some(&command().await), Some(&FakeAppViewX::start().await))).await;
    let mut printed: Vec<&str> =
        text.lines().filter_map(|line| line.trim().split(' ').next()).filter(numbered).collect();
    in_notes.sort_unstable();
    printed.sort_unstable();
    assert_eq!(printed, in_notes);
}
