//! What a search sends, and what is read out of whatever comes back.

use crate::support::RawServer;
use crate::support::appviewx::{FIRST, builder, client};
use clm::appviewx::{Certificate, CertificateCategory, CertificateSearch, Error, ErrorCode, Keyword, SortOrder};
use clm::jiff::Timestamp;
use clm::{ListBuilder, Reason};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// An answer with these rows, as the vendor's clients read it.
fn found(objects: &Value, total: impl Into<Value>) -> Value {
    let inside = json!({"objects": objects, "totalRecords": total.into()});
    json!({
        "response": {"httpStatusCode": 200, "response": inside, "message": "Matching results found for the given input."},
        "message": null,
        "appStatusCode": null,
        "tags": {},
        "headers": null,
    })
}

async fn answered(status: u16, body: &str) -> Result<Vec<Certificate>, Error> {
    let server = RawServer::json(status, body).await;
    client(&server.origin).certificates().search().rows().unwrap().collect().await
}

type Search = ListBuilder<CertificateSearch>;

async fn sent(search: impl FnOnce(Search) -> Search) -> Value {
    let server = RawServer::json(200, &found(&json!([]), 0).to_string()).await;
    let rows = search(client(&server.origin).certificates().search()).rows().unwrap();
    assert_eq!(server.received().len(), 0, "nothing is sent before a row is asked for");
    assert_eq!(rows.collect().await.unwrap(), []);
    let request = server.only();
    assert_eq!(request.request_line, "POST /avxapi/certificate/search?gwsource=external HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    request.json()
}

#[tokio::test]
async fn every_setter_is_sent_as_the_vendor_spells_it() {
    let plain = json!({"input": {}, "filter": {"max": "100", "start": "1"}});
    assert_eq!(sent(|search| search).await, plain);
    assert_eq!(sent(|search| search.in_group("web")).await, plain, "no key of the server's is known for the group");
    let whole = sent(|search| {
        search
            .category(CertificateCategory::Server)
            .category(CertificateCategory::CodeSigning)
            .category(CertificateCategory::Server)
            .resource_id(FIRST)
            .free_text("example")
            .keyword(Keyword::SubjectCommonName, "www.example.com")
            .keyword("certissuer", "Example CA")
            .sort_by("commonName", SortOrder::Descending)
            .page_size(7)
    });
    assert_eq!(
        whole.await,
        json!({
            "input": {
                "category": "Server,Code signing",
                "resourceId": FIRST,
                "freeSearch": "example",
                "keywordSearch": {"subject:cn": "www.example.com", "certissuer": "Example CA"},
            },
            "filter": {"max": "7", "start": "1", "sortColumn": "commonName", "sortOrder": "desc"},
        })
    );
    let ascending = sent(|search| search.sort_by("requestIds", SortOrder::Ascending).page_size(0)).await;
    let filter = json!({"max": "1", "start": "1", "sortColumn": "requestIds", "sortOrder": "asc"});
    assert_eq!(ascending, json!({"input": {}, "filter": filter}));
}

#[test]
fn documented_words_are_spelled_as_documented() {
    use CertificateCategory::{Client, CodeSigning, Device, IntermediateCa, RootCa, Server};
    let categories = [Server, Client, CodeSigning, Device, RootCa, IntermediateCa].map(|it| it.to_string());
    assert_eq!(categories, ["Server", "Client", "Code signing", "Device", "Root CA", "Intermediate CA"]);
    let keywords = [
        Keyword::SubjectCommonName,
        Keyword::SubjectOrganization,
        Keyword::SubjectOrganizationUnit,
        Keyword::SubjectLocality,
        Keyword::SubjectState,
        Keyword::from("certsan"),
    ];
    let spelled = ["subject:cn", "subject:o", "subject:ou", "subject:l", "subject:st", "certsan"];
    assert_eq!(keywords.each_ref().map(Keyword::as_str), spelled);
}

#[test]
fn a_term_that_is_nothing_is_refused_before_it_finds_everything() {
    type Set = fn(Search) -> Search;
    let cases: [(&str, Set, &str, Reason); 11] = [
        ("text", |it| it.free_text(" "), "free_text", Reason::Blank),
        ("group", |it| it.in_group(""), "in_group", Reason::Blank),
        ("name", |it| it.common_name_is(" "), "common_name_is", Reason::Blank),
        ("end", |it| it.common_name_ends_with(""), "common_name_ends_with", Reason::Blank),
        ("column", |it| it.sort_by("", SortOrder::Ascending), "sort_by", Reason::Blank),
        ("id", |it| it.resource_id(""), "resource_id", Reason::Empty),
        ("key", |it| it.keyword(" ", "x"), "keyword[\" \"]", Reason::Blank),
        ("keyword", |it| it.keyword("certcn", "\t"), "keyword[\"certcn\"]", Reason::Blank),
        ("two", |it| it.keyword("certcn", "a").keyword("certcn", "b"), "keyword[\"certcn\"]", Reason::Conflict),
        ("category", |it| it.category(CertificateCategory::Other(String::new())), "category[0]", Reason::Blank),
        ("list", |it| it.category(CertificateCategory::Other("A,B".to_owned())), "category[0]", Reason::Conflict),
    ];
    for (name, set, field, reason) in cases {
        let search = set(client("http://127.0.0.1:9").certificates().search());
        let refused = search.rows().expect_err(name);
        let [problem] = refused.problems() else { panic!("{name}: {refused}") };
        assert_eq!((problem.field(), problem.reason()), (field, &reason), "{name}");
    }
}

#[tokio::test]
async fn a_row_is_typed_and_keeps_what_is_not_known() {
    let row = json!({
        "resourceId": FIRST, "uuid": "u-1", "commonName": "www.example.com", "serialNumber": "A1:CF",
        "issuerCommonName": "Example CA", "group": "web", "permission": "RW", "status": "Managed",
        "expiryStatus": "Valid", "complianceStatus": "Compliant", "category": "Server",
        "certificateAuthority": "Example", "validFrom": 0, "validTo": 1_893_456_000_000_u64,
        "subjectAlternativeNames": ["www.example.com", "example.com"], "thumbPrint": "AB12",
        "privatekeyAvaliable": true, "cvss": {"score": 1},
    });
    let rows = answered(200, &found(&json!([row]), 1).to_string()).await.unwrap();
    let it = &rows[0];
    assert_eq!(it.resource_id.as_ref().unwrap(), FIRST);
    let texts = [&it.uuid, &it.common_name, &it.serial_number, &it.issuer_common_name, &it.group, &it.permission];
    assert_eq!(
        texts.map(Option::as_deref),
        [Some("u-1"), Some("www.example.com"), Some("A1:CF"), Some("Example CA"), Some("web"), Some("RW")]
    );
    let texts = [&it.status, &it.expiry_status, &it.compliance_status, &it.category, &it.certificate_authority];
    let expected = [Some("Managed"), Some("Valid"), Some("Compliant"), Some("Server"), Some("Example")];
    assert_eq!(texts.map(Option::as_deref), expected);
    assert_eq!(it.thumb_print.as_deref(), Some("AB12"));
    assert_eq!(it.valid_from.as_ref().unwrap().timestamp(), Some(Timestamp::UNIX_EPOCH));
    let until = it.valid_to.as_ref().unwrap();
    assert_eq!((until.to_string().as_str(), until.raw()), ("2030-01-01T00:00:00Z", &json!(1_893_456_000_000_u64)));
    assert_eq!(it.subject_alternative_names, ["www.example.com", "example.com"]);
    assert_eq!(it.extra.value().unwrap(), json!({"privatekeyAvaliable": true, "cvss": {"score": 1}}));
    let back: Certificate = serde_json::from_value(serde_json::to_value(it).unwrap()).unwrap();
    assert_eq!(&back, it, "a row can be kept and read again");
}

#[tokio::test]
async fn nulls_and_odd_types_never_fail_a_page() {
    let odd = json!({
        "resourceId": 42, "commonName": null, "group": {"name": "web"}, "status": ["a"], "serialNumber": true,
        "validTo": "soon", "validFrom": null, "subjectAlternativeNames": {"none": 1},
    });
    let rows = answered(200, &found(&json!([odd, null, "x", {}, []]), "5").to_string()).await.unwrap();
    assert_eq!(rows.len(), 5);
    let it = &rows[0];
    assert_eq!(it.resource_id.as_ref().unwrap(), "42");
    assert_eq!((it.common_name.as_deref(), it.serial_number.as_deref()), (None, Some("true")));
    assert_eq!((it.group.as_deref(), it.status.as_deref()), (None, None));
    let until = it.valid_to.as_ref().unwrap();
    assert_eq!((until.timestamp(), until.raw()), (None, &json!("soon")));
    let extra = json!({"group": {"name": "web"}, "status": ["a"], "subjectAlternativeNames": {"none": 1}});
    assert_eq!(it.extra.value().unwrap(), extra, "nothing is lost");
    for (row, value) in [(1, json!(null)), (2, json!("x")), (4, json!([]))] {
        assert_eq!((rows[row].resource_id.as_ref(), rows[row].extra.get("value").unwrap()), (None, value.clone()));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,4}", inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_row_holds_is_kept(
        known in btree_map(
            select(vec!["resourceId", "group", "status", "validTo", "subjectAlternativeNames", "serialNumber"]),
            any_json(),
            0..6,
        ),
        unknown in any_json(),
    ) {
        let mut row: serde_json::Map<_, _> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        row.insert("nobodyKnowsThis".to_owned(), unknown);
        let read: Certificate = serde_json::from_value(Value::Object(row.clone())).unwrap();
        let kept = serde_json::to_string(&read).unwrap();
        let again: Certificate = serde_json::from_str(&kept).unwrap();
        prop_assert_eq!(&again, &read);
        let kept: Value = serde_json::from_str(&kept).unwrap();
        for (name, value) in row {
            let text = Value::String(value.to_string());
            let is_nothing = value.is_null() || value == serde_json::json!([]);
            let same = kept[&name] == value || kept[&name] == text || is_nothing && kept[&name].is_null();
            prop_assert!(same, "{}: {} became {}", name, value, kept);
        }
    }

    #[test]
    fn no_row_fails(row in any_json()) {
        serde_json::from_value::<Certificate>(row.clone()).unwrap();
        serde_json::from_value::<clm::appviewx::CertificateGroup>(row).unwrap();
    }
}

#[tokio::test]
async fn both_spellings_of_every_member_of_the_envelope() {
    let inside = json!({"Objects": [{"resourceId": FIRST}], "TotalRecords": "1"});
    for (name, response, message, code, tags, headers) in [
        ("lower", "response", "message", "appStatusCode", "tags", "headers"),
        ("capital", "Response", "Message", "AppStatusCode", "Tags", "Headers"),
    ] {
        for extra in [json!({}), json!(null), json!("text"), json!({"X-WorkFlowName": "w"})] {
            let mut body = json!({message: null, code: null, tags: extra, headers: extra});
            body[response] = json!({ response: inside });
            let rows = answered(200, &body.to_string()).await.unwrap();
            assert_eq!(rows[0].resource_id.as_ref().unwrap(), FIRST, "{name}: {body}");
        }
        let without = json!({ response: { response: inside } });
        assert_eq!(answered(200, &without.to_string()).await.unwrap().len(), 1, "{name}: no tags, no headers");
        let single = json!({ response: inside });
        assert_eq!(answered(200, &single.to_string()).await.unwrap().len(), 1, "{name}: nested once");
        let refused = json!({response: null, message: "no", code: "AVX_GW_005", tags: {"a": 1}, headers: null});
        let error = answered(200, &refused.to_string()).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Some(&ErrorCode::ApiAccessDenied), Some("no")), "{name}");
    }
}

#[tokio::test]
async fn no_hits_are_an_empty_list_and_a_wrong_path_is_not() {
    let none = "No matching records found for the given input.";
    let inside = |status: u16, objects: Value| json!({"response": {"httpStatusCode": status, "response": objects, "message": none}, "message": null});
    for (name, status, body) in [
        ("empty objects", 200, found(&json!([]), "0")),
        ("objects null", 200, found(&json!(null), 0)),
        ("no objects, the sentence inside", 200, inside(200, json!({}))),
        ("inner 404", 200, inside(404, json!(null))),
        ("404, the sentence inside", 404, inside(404, json!({}))),
        ("404, the sentence outside", 404, json!({"response": null, "message": none, "appStatusCode": null})),
        ("404, the code", 404, json!({"response": null, "message": "x", "appStatusCode": "NO_RECORDS_FOUND"})),
    ] {
        assert_eq!(answered(status, &body.to_string()).await.expect(name), [], "{name}");
    }
    for (name, status, body) in [
        ("a gateway's page", 404, "<html><title>404 Not Found</title></html>".to_owned()),
        ("a gateway's JSON", 404, r#"{"message": "no Route matched with those values"}"#.to_owned()),
        ("another code", 404, r#"{"message": "no matching records", "appStatusCode": "GROUP_NOT_FOUND"}"#.to_owned()),
        ("denied", 403, json!({"message": none, "appStatusCode": null}).to_string()),
        ("inner 500", 200, json!({"response": {"httpStatusCode": 500, "response": {"objects": []}}}).to_string()),
        ("inner code", 200, json!({"response": {"appStatusCode": "X-1", "response": {"objects": []}}}).to_string()),
    ] {
        let error = answered(status, &body).await.expect_err(name);
        assert!(matches!(error, Error::Api(_)), "{name}: {error:?}");
        assert_eq!(error.status().unwrap().as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn an_answer_without_a_list_is_no_empty_list() {
    for body in [
        json!({"response": null, "message": null}),
        json!({"response": "text"}),
        json!({"response": {"response": {}}}),
        json!({"response": {"response": {"objects": null, "totalRecords": null}}}),
        json!({"response": {"response": {"objects": null, "totalRecords": 3}}}),
        json!({"response": {"response": {"objects": "none", "totalRecords": 0}}}),
        json!({"rows": []}),
    ] {
        let error = answered(200, &body.to_string()).await.expect_err(&body.to_string());
        assert!(matches!(error, Error::Decode(_)), "{body}: {error:?}");
        assert_eq!(error.body(), Some(&*body.to_string()));
    }
}

#[tokio::test]
async fn a_denied_search_names_the_right_to_search() {
    let body = json!({"response": null, "message": "User does not have access", "appStatusCode": "AVX_GW_005"});
    let error = answered(403, &body.to_string()).await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::ApiAccessDenied));
    let remedy = error.remediation().unwrap();
    assert!(remedy.contains("certificate search") && !remedy.contains("Assign Group"), "{remedy}");
    let error = answered(403, "{}").await.unwrap_err();
    assert_eq!(error.remediation(), Some(remedy), "without a code as well");
}

// They were compared each with each: this took minutes.
#[test]
fn many_categories_are_taken_and_repeated_ones_are_one() {
    let client = builder("http://localhost:1").build().unwrap();
    let name = |index: usize| CertificateCategory::Other(format!("category {}", index % 100_000));
    let search = (0..200_000).fold(client.certificates().search(), |search, index| search.category(name(index)));
    let problems = search.category(CertificateCategory::Other(" ".to_owned())).rows().unwrap_err();
    let fields: Vec<&str> = problems.problems().iter().map(clm::Problem::field).collect();
    assert_eq!(fields, ["category[100000]"]);
}
