//! The JSON Schema of the content files, for editors: made from the very types that read them.

use super::model::{Deck, Page, Problem, Rubric, RunFile, Vocabulary};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// One schema for every kind of file: `kind` tells which part of it holds, and a file without one is a problem.
pub fn schema() -> Value {
    let mut generator = SchemaGenerator::default();
    let kinds = [
        ("deck", generator.subschema_for::<Deck>()),
        ("page", generator.subschema_for::<Page>()),
        ("rubric", generator.subschema_for::<Rubric>()),
        ("run", generator.subschema_for::<RunFile>()),
        ("vocabulary", generator.subschema_for::<Vocabulary>()),
    ];
    let problem = generator.subschema_for::<Problem>();
    let named: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
    let other = json!({"properties": {"kind": {"enum": named}}, "required": ["kind"]});
    let mut rules = vec![json!({"if": {"not": other}, "then": problem})];
    rules.extend(kinds.iter().map(|(kind, then)| json!({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then})));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A content file of greenroom",
        "type": "object",
        "required": ["format"],
        "properties": {"format": {"const": 1}},
        "allOf": rules,
        "$defs": generator.take_definitions(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::embedded;

    fn faults(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
        let value: Value = serde_yaml::from_str(text).unwrap();
        validator.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }

    #[test]
    fn every_built_in_file_fits_and_slips_do_not() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let mut files = 0;
        for (path, text) in embedded::files() {
            assert_eq!(faults(&validator, text), Vec::<String>::new(), "{path}");
            files += 1;
        }
        assert!(files > 10, "{files}");
        let card = embedded::files().find(|(path, _)| path.ends_with("rate-limiter.yaml")).unwrap().1;
        for (from, to) in [("statement:", "statment:"), ("format: 1", "format: 2"), ("minutes: 45", "minutes: soon"), ("kind: probe", "kind: prob")] {
            let wrong = card.replacen(from, to, 1);
            assert!(wrong != card && !faults(&validator, &wrong).is_empty(), "{from} as {to} was taken");
        }
    }

    #[test]
    fn the_committed_schema_is_the_one_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/schema.json");
        let now = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        assert!(std::fs::read_to_string(path).unwrap_or_default() == now, "assets/schema.json is old: UPDATE_EXPECTED=1 writes it anew");
    }
}
