//! The vendor's own schema of the Keyfactor calls, as JSON Schema.

use jsonschema::Validator;
use serde_json::{Value, json};

/// Below the manifest, beside the crate. It is the vendor's and not part of the package.
const CONTRACT: &str = "../shared/reference/keyfactor-v25-subset.openapi.json";

/// The vendor's description. Tests that need it are ignored unless they are asked for, since it is not everywhere; one that
/// runs without it fails.
pub fn contract() -> Value {
    let path = format!("{}/{CONTRACT}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{CONTRACT}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// `OpenAPI` 3.0 as JSON Schema: `nullable` takes null, and so do members by `$ref` (the vendor never marks them) unless
/// they are required; `int32` becomes a range.
fn as_json_schema(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut converted = serde_json::Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            "nullable" => continue,
            "properties" => {
                let properties = value.as_object().unwrap();
                let required = |name: &String| {
                    members.get("required").and_then(Value::as_array).is_some_and(|it| it.contains(&json!(name)))
                };
                properties.iter().map(|(name, it)| (name.clone(), as_member(it, !required(name)))).collect()
            }
            "items" | "additionalProperties" => as_json_schema(value),
            "type" if members.get("nullable") == Some(&json!(true)) => json!([value, "null"]),
            _ => value.clone(),
        };
        converted.insert(name.clone(), value);
    }
    if members.get("format") == Some(&json!("int32")) {
        // Unless the vendor's own range is narrower.
        converted.entry("minimum").or_insert_with(|| i32::MIN.into());
        converted.entry("maximum").or_insert_with(|| i32::MAX.into());
        converted.remove("format");
    }
    Value::Object(converted)
}

fn as_member(schema: &Value, optional: bool) -> Value {
    if optional && schema.get("$ref").is_some() {
        json!({"anyOf": [schema, {"type": "null"}]})
    } else {
        as_json_schema(schema)
    }
}

/// Of a schema that stands somewhere in the contract.
pub fn validator(contract: &Value, schema: &Value) -> Validator {
    let mut root = as_json_schema(schema);
    let schemas = contract["components"]["schemas"].as_object().unwrap();
    let schemas: Value = schemas.iter().map(|(name, schema)| (name.clone(), as_json_schema(schema))).collect();
    root["components"] = json!({"schemas": schemas});
    jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(true).build(&root).unwrap()
}

pub fn errors(validator: &Validator, body: &Value) -> Vec<String> {
    validator.iter_errors(body).map(|error| error.to_string()).collect()
}

/// The members of the rows (or of the object) that a schema describes.
pub fn members_of(contract: &Value, schema: &Value) -> Vec<String> {
    let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    contract["components"]["schemas"][name]["properties"].as_object().unwrap().keys().cloned().collect()
}
