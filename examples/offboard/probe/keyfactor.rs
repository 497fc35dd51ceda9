//! What a Keyfactor Command server settles.

use std::collections::BTreeSet;

use clm::http::Method;
use clm::keyfactor::{Client, Error};
use serde_json::Value;

use super::{Finding, Seen, kind, member, names, version};

/// A thumbprint that no certificate has.
const NOBODYS: &str = r#"Thumbprint -eq "0000000000000000000000000000000000000000""#;
const NO_STORE: &str = "00000000-0000-4000-8000-000000000000";
/// More rows than a default page.
const LARGE_PAGE: usize = 200;
/// The number of stores whose schedules are read.
const SCHEDULES: usize = 20;

pub(super) async fn findings(client: &Client) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let certificates = list(client, "Certificates", &[("ReturnLimit", &LARGE_PAGE.to_string())]).await?;
    versions(&certificates, &mut findings);
    rows(&certificates, &mut findings);
    filters(client, &mut findings).await?;
    let last = list(client, "Certificates", &[("PageReturned", "1000000")]).await?;
    findings.push(last.shape("K7", "a page past the end"));
    let unknown = read(client, &format!("CertificateStores/{NO_STORE}")).await?;
    findings.push(unknown.shape("K8", "an unknown store"));
    let unsorted = list(client, "Certificates", &[("SortField", "NoSuchField")]).await?;
    findings.push(unsorted.shape("K9", "an unknown sort field"));
    let history = list(client, "OrchestratorJobs/JobHistory", &[("ReturnLimit", "1")]).await?;
    findings.push(first_member("K10", "the result of a job", &history, "Result"));
    let types = list(client, "CertificateStoreTypes", &[]).await?;
    findings.push(first_member("K11", "CustomAliasAllowed of a store type", &types, "CustomAliasAllowed"));
    findings.push(schedules(client).await?);
    Ok(findings)
}

async fn read(client: &Client, path: &str) -> Result<Seen, Error> {
    Seen::of(client.raw(Method::GET, path).send().await)
}

async fn list(client: &Client, path: &str, query: &[(&str, &str)]) -> Result<Seen, Error> {
    let call = client.raw(Method::GET, path);
    let call = query.iter().fold(call, |call, (name, value)| call.query(*name, *value));
    Seen::of(call.send().await)
}

fn versions(seen: &Seen, findings: &mut Vec<Finding>) {
    for (note, what, header) in [
        ("K1", "product version", "x-keyfactor-product-version"),
        ("K2", "API versions of /Certificates", "api-supported-versions"),
    ] {
        findings.push(match seen.headers().map(|headers| version(headers, header)) {
            Ok(Some(version)) => Finding::new(note, format!("{what}: {version}")),
            Ok(None) => Finding::new(note, format!("{what}: no header {header}")),
            Err(why) => Finding::open(note, why),
        });
    }
}

fn rows(seen: &Seen, findings: &mut Vec<Finding>) {
    let rows = match seen.rows() {
        Ok(rows) => rows,
        Err(why) => return findings.extend(["K3", "K4", "K5"].map(|note| Finding::open(note, &why))),
    };
    let counted =
        seen.headers().ok().and_then(|headers| headers.get("x-total-count")?.to_str().ok()?.parse::<usize>().ok());
    findings.push(Finding::new(
        "K3",
        match counted {
            Some(counted) if counted > rows.len() && rows.len() < LARGE_PAGE => {
                format!(
                    "X-Total-Count is sent; a page of {LARGE_PAGE} rows was requested, and {} were returned",
                    rows.len()
                )
            }
            Some(counted) if counted > 50 => "X-Total-Count is sent; pages can have more than 50 rows".to_owned(),
            Some(_) => "X-Total-Count is sent; too few rows to determine the largest page".to_owned(),
            None => format!("no X-Total-Count; {LARGE_PAGE} rows were requested, and {} returned", rows.len()),
        },
    ));
    let Some(first) = rows.first() else {
        return findings.extend(["K4", "K5"].map(|note| Finding::open(note, "no certificate is visible")));
    };
    let names: Vec<&str> = first.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let small = names.iter().filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase())).count();
    findings.push(Finding::new(
        "K4",
        match small {
            0 => "member names start with an uppercase letter",
            _ if small == names.len() => "member names start with a lowercase letter",
            _ => "member names start with uppercase and lowercase letters",
        },
    ));
    findings.push(match member(first, "NotAfter").and_then(Value::as_str) {
        Some(time) if time.ends_with('Z') => Finding::new("K5", "times end in Z"),
        Some(time) if time.get(19..).is_some_and(|rest| rest.contains(['+', '-'])) => {
            Finding::new("K5", "times have a UTC offset")
        }
        Some(_) => Finding::new("K5", "times have no time zone"),
        None => Finding::open("K5", "the first certificate has no NotAfter"),
    });
}

/// If a filter for an unused thumbprint returns rows, the server ignores the parameter.
async fn filters(client: &Client, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let mut said = Vec::new();
    for name in ["QueryString", "pq.queryString"] {
        let seen = list(client, "Certificates", &[(name, NOBODYS)]).await?;
        said.push(match seen.rows() {
            Ok(rows) if rows.is_empty() => format!("{name} is applied"),
            Ok(_) => format!("{name} is ignored"),
            Err(why) => format!("{name}: {why}"),
        });
    }
    findings.push(Finding::new("K6", said.join("; ")));
    Ok(())
}

fn first_member(note: &'static str, what: &str, seen: &Seen, name: &str) -> Finding {
    match seen.rows().as_deref() {
        Err(why) => Finding::open(note, why),
        Ok([]) => Finding::open(note, "the list is empty"),
        Ok([first, ..]) => {
            let is = member(first, name).map_or("missing", kind);
            Finding::new(note, format!("{what}: {is}"))
        }
    }
}

async fn schedules(client: &Client) -> Result<Finding, Error> {
    let stores = match list(client, "CertificateStores", &[("ReturnLimit", &SCHEDULES.to_string())]).await?.rows() {
        Ok(stores) => stores,
        Err(why) => return Ok(Finding::open("K12", why)),
    };
    let mut shapes = BTreeSet::new();
    for id in stores.iter().take(SCHEDULES).filter_map(|store| member(store, "Id")?.as_str()) {
        let call = client.raw(Method::GET, "CertificateStores/{id}").path_value("id", id);
        if let Ok(store) = Seen::of(call.send().await)?.json() {
            shapes.insert(shape(member(&store, "InventorySchedule")));
        }
    }
    if shapes.is_empty() {
        return Ok(Finding::open("K12", "no store is visible"));
    }
    let shapes: Vec<String> = shapes.into_iter().collect();
    Ok(Finding::new("K12", format!("inventory schedules of stores: {}", shapes.join(", "))))
}

/// The type and format of a schedule, without its time.
fn shape(schedule: Option<&Value>) -> String {
    match schedule {
        None => "missing".to_owned(),
        Some(schedule @ Value::Object(_)) => {
            format!("an object with {}", names(schedule, |value| !value.is_null()).join(" and "))
        }
        Some(Value::String(text)) => {
            let letter = text.chars().next().filter(char::is_ascii_alphabetic);
            letter.map_or("text".to_owned(), |letter| format!("text that starts with {letter}_"))
        }
        Some(other) => kind(other).to_owned(),
    }
}
