//! Requests, held against the vendor's own schema of the calls.

use clm::testing::RecordedRequest;
use serde_json::Value;
use url::form_urlencoded;

use crate::support::contract::{errors, validator};

/// A request as the contract sees it.
pub struct Sent {
    pub method: String,
    /// Below the base path of the API.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl From<&RecordedRequest> for Sent {
    fn from(request: &RecordedRequest) -> Self {
        let headers = request.headers().iter();
        Self {
            method: request.method().as_str().to_lowercase(),
            path: request.path().strip_prefix("/KeyfactorAPI").unwrap().to_owned(),
            query: form_urlencoded::parse(request.query().as_bytes()).into_owned().collect(),
            headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
            body: request.body().to_vec(),
        }
    }
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The call as the contract names it, and what stands for its placeholders.
    pub fn call<'a>(&self, contract: &'a Value) -> Option<(&'a str, Vec<(&'a str, String)>)> {
        let paths = contract["paths"].as_object().unwrap();
        let mut found: Vec<_> =
            paths.keys().filter_map(|path| Some((path.as_str(), filled(path, &self.path)?))).collect();
        // The path with the fewest placeholders is the one that is meant.
        found.sort_by_key(|(_, values)| values.len());
        found.into_iter().find(|(path, _)| contract["paths"][path][&self.method].is_object())
    }

    /// Where this request leaves the contract.
    pub fn complaints(&self, contract: &Value) -> Vec<String> {
        let Some((path, values)) = self.call(contract) else {
            return vec![format!("no such call: {} {}", self.method, self.path)];
        };
        let operation = &contract["paths"][path][&self.method];
        let parameters = operation["parameters"].as_array().unwrap();
        let declared = |place: &str, name: &str| {
            parameters.iter().find(|it| it["in"] == place && (it["name"] == name || place == "header" && is(it, name)))
        };
        let mut complaints = Vec::new();
        for (name, value) in values {
            complaints.extend(typed(contract, declared("path", name), name, &value));
        }
        for (name, value) in &self.query {
            complaints.extend(typed(contract, declared("query", name), name, value));
        }
        for (index, (name, _)) in self.query.iter().enumerate() {
            if self.query[..index].iter().any(|(earlier, _)| earlier == name) {
                complaints.push(format!("{name} is sent twice"));
            }
        }
        for (name, _) in self.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
            if declared("header", name).is_none() {
                complaints.push(format!("the header {name} is not declared"));
            }
        }
        for required in parameters.iter().filter(|it| it["in"] == "header" && it["required"] == true) {
            let name = required["name"].as_str().unwrap();
            if self.header(name).is_none_or(|value| !["APIClient", "XMLHttpRequest"].contains(&value)) {
                complaints.push(format!("the header {name} is missing, or has another value than the vendor's"));
            }
        }
        complaints.extend(self.about_body(contract, operation));
        complaints
    }

    fn about_body(&self, contract: &Value, operation: &Value) -> Vec<String> {
        let contents = &operation["requestBody"]["content"];
        if contents.is_null() {
            return if self.body.is_empty() { vec![] } else { vec!["a body is not declared".to_owned()] };
        }
        let Some(content) = self.header("content-type").map(|it| &contents[it]).filter(|it| it.is_object()) else {
            return vec!["no declared content type".to_owned()];
        };
        match serde_json::from_slice(&self.body) {
            Ok(body) => errors(&validator(contract, &content["schema"]), &body),
            Err(error) => vec![error.to_string()],
        }
    }
}

/// The names of headers have no case.
fn is(parameter: &Value, name: &str) -> bool {
    parameter["name"].as_str().unwrap().eq_ignore_ascii_case(name)
}

/// What stands for the placeholders of a path, if it is that path.
fn filled<'a>(template: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut values = Vec::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(name) => values.push((name, given.to_owned())),
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(values)
}

/// A value as a URL has it, held against the schema of its parameter.
fn typed(contract: &Value, parameter: Option<&Value>, name: &str, text: &str) -> Vec<String> {
    let Some(parameter) = parameter else { return vec![format!("the parameter {name} is not declared")] };
    let schema = &parameter["schema"];
    // A number or a truth value, unless a text is declared.
    let value = match schema["type"].as_str() {
        Some("string") => Value::from(text),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    };
    errors(&validator(contract, schema), &value).into_iter().map(|error| format!("{name}: {error}")).collect()
}
