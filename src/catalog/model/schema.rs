//! What an editor is told of the values that are written as text, where no derive can know.

use super::run::Step;
use super::words::{Answer, Good, Length, Pairs, Scalar};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A number that may carry a factor, a size or a share: `2300`, `2.3K`, `10KB`, `2%`, `1/1000`.
pub struct Number;

/// Schemas that stand where they are used, without a name of their own.
macro_rules! inline {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline!(
    Number,
    "Number",
    json_schema!({"type": ["number", "string"], "description": "A number, perhaps with a factor, a size or a share: 2300, 2.3K, 10KB, 2%, 1/1000"})
);
inline!(Scalar, "Scalar", json_schema!({"type": ["string", "number", "boolean"], "description": "Read by the knob's own kind: on, 100, 250ms, 100/min, 10KB"}));
inline!(Length, "Length", json_schema!({"type": ["string", "integer"], "description": "A length of time with its unit: 250ms, 60s, 18m"}));
inline!(Good, "Good", json_schema!({"type": ["string", "number"], "description": "A range 3..5, one number, or words divided by bars: token-bucket | gcra"}));
inline!(
    Answer,
    "Answer",
    json_schema!({"anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]})
);
inline!(
    Step,
    "Step",
    json_schema!({
        "type": "object",
        "description": "A step of a script: when, what, and that action's arguments",
        "required": ["at", "do"],
        "properties": {"at": {"type": ["string", "integer"]}, "do": {"type": "string"}},
        "additionalProperties": {"type": ["string", "number", "boolean"]}
    })
);

impl<V: JsonSchema> JsonSchema for Pairs<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Pairs_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": generator.subschema_for::<V>()})
    }
}
