//! `runenv schema`, and the reference that is made of it.

use std::path::Path;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::support::Project;

#[test]
fn the_schema_is_json_and_the_same_every_time() {
    let project = Project::new();
    let schema = project.runenv("schema").exits(0).stdout;
    let value: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for table in ["project", "stage", "env", "package-tree", "registry", "ci"] {
        assert!(value["properties"][table].is_object(), "{table}");
    }
    assert_eq!(schema, project.runenv("schema").stdout);
}

/// `docs/reference/envs-toml.md` is what the program says; `SNAPSHOTS=overwrite cargo test` writes it.
#[test]
fn the_reference_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/envs-toml.md");
    let expected = Data::read_from(&page, Some(DataFormat::Text));
    let said = Project::new().runenv("schema --markdown").exits(0).stdout;
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    assert.eq(Data::text(said), expected.raw());
}
