//! What the audit tells of programs' tokens. Of each token would be too much, and of refusals more than strangers may
//! write: the first of an hour has an entry, with where it was from; those that follow are counted, and told with the
//! next entry or once the hour is over.

use jiff::Timestamp;
use platform::http::Network;
use platform::pg::{Database, PgError, Transaction};
use platform::statement;
use serde_json::json;

use crate::audit::{self, By};
use crate::clients::client_id;
use crate::error::Error;

statement! {
    /// Counts a use; whether it is the first of its hour, and how many of the hour before were not told.
    COUNT: "portal" = "
        insert into portal_client_uses as known (client_id, outcome, network, since, count)
        values ($1, $2, $3, now(), 1)
        on conflict (client_id, outcome, network) do update set
            before = case when known.since < now() - interval '1 hour' then known.count - 1 else known.before end,
            count = case when known.since < now() - interval '1 hour' then 1 else known.count + 1 end,
            since = case when known.since < now() - interval '1 hour' then now() else known.since end
        returning count = 1, before";
    /// Forgets hours that are over; gives them.
    OVER: "portal" = "
        delete from portal_client_uses where since < now() - interval '1 hour'
        returning client_id, outcome, network, since, count - 1";
}

/// What came of a request for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was given.
    Given,
    /// It was refused, for that reason.
    Refused(&'static str),
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Outcome::Given => "given",
            Outcome::Refused(_) => "refused",
        }
    }
}

/// Notes what came of a request for a token of a client that there is.
pub(crate) async fn note(
    transaction: &Transaction,
    by: &By,
    id: i64,
    outcome: Outcome,
) -> Result<(), PgError> {
    // Whoever guesses from many addresses writes no more than one entry an hour.
    let network = match outcome {
        Outcome::Given => by.ip.map_or_else(String::new, |ip| Network::of(ip).to_string()),
        Outcome::Refused(_) => String::new(),
    };
    let row = transaction.query_one(&COUNT, &[&id, &outcome.word(), &network]).await?;
    let (is_first, before): (bool, i64) = (row.get(0), row.get(1));
    if !is_first {
        return Ok(());
    }
    let (action, mut details) = match outcome {
        Outcome::Given => ("client.token_given", json!({})),
        Outcome::Refused(reason) => ("client.token_refused", json!({ "wrong": reason })),
    };
    if before > 0 {
        details["more_in_the_hour_before"] = json!(before);
    }
    audit::record(transaction, by, action, &client_id(id), &details).await
}

/// Tells the audit what was counted in hours that are over.
pub(crate) async fn settle(database: &Database) -> Result<(), Error> {
    let transaction = database.begin().await?;
    for row in transaction.query(&OVER, &[]).await? {
        let (outcome, network): (&str, &str) = (row.get(1), row.get(2));
        let (since, more): (Timestamp, i64) = (row.get(3), row.get(4));
        if more == 0 {
            continue;
        }
        let action = if outcome == "given" { "client.token_given" } else { "client.token_refused" };
        let details = json!({ "more": more, "since": since, "network": network });
        let by = By::operator("quartermaster portal");
        audit::record(&transaction, &by, action, &client_id(row.get(0)), &details).await?;
    }
    Ok(transaction.commit().await?)
}
