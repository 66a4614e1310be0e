//! The schema that the program expects, against the one that its migrations make.

use platform::pg::Schema;

use crate::support::TestDatabase;

/// How to write the files anew.
const COMMAND: &str = "make schema";

#[tokio::test]
async fn the_expected_schemas_are_those_that_the_migrations_make() {
    let database = TestDatabase::new().await;
    for (schema, folder) in [(services::SCHEMA, "services"), (portal::SCHEMA, "portal")] {
        let Schema { roles, expected, .. } = schema;
        let found = schema.describe(&database.pool(roles)).await.unwrap();
        let file = format!("{}/../{folder}/src/schema.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(file, found).unwrap();
        } else {
            assert!(found == expected, "{file} is not what the migrations make; write it anew: {COMMAND}");
        }
    }
}
