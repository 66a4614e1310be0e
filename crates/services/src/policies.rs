//! The company's policies in force, as the audit tells of them.

use std::sync::Arc;

use jiff::Timestamp;
use platform::pg::{Database, PgError};
use policy::{Policies, PolicyFile};
use serde_json::{Value, json};

use crate::request::{Actor, RequestContext};
use crate::store::audit::{self, Fact};
use crate::store::policy_sets;

/// Writes to the audit that other policies are in force than were, once over all processes.
///
/// # Errors
/// When the database refuses or is away.
pub(crate) async fn record(database: &Database, policies: &Policies) -> Result<(), PgError> {
    let sha256 = policies.sha256();
    let about = |file: &PolicyFile| json!({ "name": &*file.name, "sha256": file.sha256() });
    let files: Value = policies.files().iter().map(about).collect();
    let transaction = database.begin().await?;
    let Some(before) = policy_sets::change(&transaction, &sha256, &files).await? else {
        return transaction.rollback().await;
    };
    let fact = Fact {
        action: "policy.changed",
        entity_type: "policy",
        entity_id: sha256,
        branch_id: None,
        details: json!({ "from": before, "to": files }).to_string(),
    };
    let actor = Actor { user_id: None, name: Arc::from("quartermaster serve") };
    let entry = fact.entry(Timestamp::now(), &actor, &RequestContext::default());
    audit::insert(&transaction, &[entry]).await?;
    transaction.commit().await
}
