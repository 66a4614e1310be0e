//! The policies in force: reading them, checking new ones, and having a decision explained.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::order::OrderStatus;
use domain::{BranchId, ItemId, Quantity, StockKey};
use identity::Caller;
use policy::{Action, Answer, Authorizer, Decision, OrderFacts, Policies, PolicyFile, Resource};
use serde::Deserialize;

use super::{Tab, Tabs, directory, open};
use crate::Shared;
use crate::accounts::users;
use crate::clients;
use crate::directory::Directory;
use crate::error::Error;
use crate::http::forms::CheckedForm;
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::Frame;
use crate::pages::query::{Asked, lenient, trimmed};
use crate::pages::{Trouble, page};

/// What is to be explained.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExplainQuery {
    /// A user or a program, by name.
    #[serde(deserialize_with = "trimmed")]
    who: Option<String>,
    #[serde(deserialize_with = "trimmed")]
    action: Option<String>,
    /// One of [`KINDS`].
    #[serde(deserialize_with = "trimmed")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient")]
    branch: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    amount: Option<Quantity>,
}

/// What a question may be about, by word and message.
const KINDS: [(&str, &str); 4] =
    [("company", "policy-company"), ("branch", "branch"), ("stock", "nav-stock"), ("order", "order")];

#[derive(Template)]
#[template(path = "admin/policies.html")]
struct PoliciesPage {
    frame: Frame,
    tabs: Tabs,
    policies: Arc<Policies>,
    directory: Directory,
    query: ExplainQuery,
    decision: Option<Decision>,
    /// There is nobody of that name.
    nobody: bool,
    /// What was pasted, and what is wrong with it: nothing when the list is empty.
    pasted: String,
    faults: Option<Vec<String>>,
    /// A policy in the company's folder that is not taken.
    refused: Option<String>,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Asked(query): Asked<ExplainQuery>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Policies)?;
    let mut answer = PoliciesPage::read(&shared, visitor, tabs).await?;
    if let (Some(who), Some(action)) = (&query.who, query.action.as_deref().and_then(Action::parse)) {
        match caller(&shared, who).await? {
            Some(caller) => answer.decision = Some(decide(&shared.authorizer, &caller, action, &query)),
            None => answer.nobody = true,
        }
    }
    answer.query = query;
    Ok(page(StatusCode::OK, &answer))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckForm {
    text: String,
}

/// Checks a text of policies as if it were a file of the company's folder; nothing is taken.
pub(crate) async fn check(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<CheckForm>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Policies)?;
    let mut answer = PoliciesPage::read(&shared, visitor, tabs).await?;
    let file = PolicyFile::new("pasted.cedar", form.text.clone());
    // Reading takes as long as the text likes: other requests need not wait for it.
    let checked = tokio::task::spawn_blocking(move || Policies::new(vec![file])).await;
    answer.faults = Some(match checked.map_err(|_| Trouble::Internal)? {
        Ok(_) => Vec::new(),
        Err(bad) => bad.0.iter().map(ToString::to_string).collect(),
    });
    answer.pasted = form.text;
    Ok(page(StatusCode::OK, &answer))
}

/// The active user or program of that name, as a token would describe it.
async fn caller(shared: &Shared, name: &str) -> Result<Option<Caller>, Error> {
    if let Some(user) = users::active(&shared.database, name).await? {
        return Ok(Some(user.caller()));
    }
    let clients = clients::list(&shared.database).await?;
    let found = clients.into_iter().find(|client| client.name == name && client.disabled_at.is_none());
    Ok(found.map(|client| {
        let roles = client.roles.iter().copied().collect();
        Caller::known(&client.client_id, &client.name, roles, client.scope)
    }))
}

fn decide(authorizer: &Authorizer, caller: &Caller, action: Action, query: &ExplainQuery) -> Decision {
    let branch = query.branch.map(BranchId);
    let amount = query.amount.unwrap_or(Quantity::ZERO);
    let resource = match (query.kind.as_deref(), branch) {
        (Some("branch"), Some(branch)) => Resource::Branch(branch),
        (Some("stock"), Some(branch)) => Resource::Stock {
            key: StockKey { branch, item: ItemId(0) },
            change: amount,
            earlier: Quantity::ZERO,
        },
        (Some("order"), Some(branch)) => Resource::Order(OrderFacts {
            id: None,
            branch,
            status: OrderStatus::Draft,
            lines: 1,
            largest_line: amount,
            made_by: None,
            submitted_by: None,
        }),
        _ => Resource::Company,
    };
    authorizer.explain(caller, action, resource)
}

impl PoliciesPage {
    async fn read(shared: &Shared, mut visitor: OnBehalf, tabs: Tabs) -> Result<PoliciesPage, Trouble> {
        let directory = directory(&mut visitor).await?;
        Ok(PoliciesPage {
            frame: visitor.frame,
            tabs,
            policies: shared.authorizer.policies(),
            directory,
            query: ExplainQuery::default(),
            decision: None,
            nobody: false,
            pasted: String::new(),
            faults: None,
            refused: shared.authorizer.refused().map(|bad| bad.to_string()),
        })
    }

    fn kinds(&self) -> [(&'static str, &'static str); 4] {
        KINDS
    }

    fn actions(&self) -> &'static [Action] {
        Action::ALL
    }

    fn text<'a>(&self, field: &'a Option<String>) -> &'a str {
        field.as_deref().unwrap_or_default()
    }

    fn is_action(&self, action: &Action) -> bool {
        self.text(&self.query.action) == action.name()
    }

    fn is_kind(&self, word: &str) -> bool {
        self.text(&self.query.kind) == word
    }

    fn amount(&self) -> String {
        self.query.amount.map(|amount| amount.to_string()).unwrap_or_default()
    }

    fn answer(&self, decision: &Decision) -> String {
        self.frame.say(match decision.answer {
            Answer::Allowed => "policy-allowed",
            Answer::Hidden => "policy-hidden",
            Answer::Forbidden if decision.policies.is_empty() => "policy-no-permit",
            Answer::Forbidden => "policy-forbidden",
        })
    }
}
