//! One box for everything: items, orders, branches, and for admins people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{ClientError, OrderFilter, Paging};
use contract::{BranchOut, ItemOut, OrderOut};
use platform::text::fold;
use policy::{Action, Resource};
use serde::Deserialize;

use super::frame::Frame;
use super::items::{Sought, sought};
use super::query::{Asked, trimmed};
use super::{Trouble, page};
use crate::Shared;
use crate::accounts::grant::Grant;
use crate::accounts::users::{self, User};
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};

/// How many of each kind are shown.
const MOST: u16 = 20;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchQuery {
    #[serde(deserialize_with = "trimmed")]
    q: Option<String>,
}

/// What the services found.
#[derive(Default)]
struct Found {
    /// The text is the code of the only item.
    is_code: bool,
    items: Vec<ItemOut>,
    orders: Vec<OrderOut>,
    branches: Vec<BranchOut>,
    directory: Directory,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    found: Option<Arc<Found>>,
    people: Vec<User>,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    mut visitor: OnBehalf,
    Asked(query): Asked<SearchQuery>,
) -> Result<Response, Trouble> {
    let text = query.q.unwrap_or_default();
    let found = visitor.known(find(visitor.asking(), text.clone())).await?;
    // What is scanned or typed in full is meant, and nothing else.
    if let Some(found) = &found
        && let [item] = found.items.as_slice()
        && found.is_code
        && found.orders.is_empty()
    {
        return Ok(Redirect::to(&format!("/items/{}/", item.id)).into_response());
    }
    let people = if !text.is_empty() && visitor.may(Action::ManageUsers, Resource::Company) {
        named(&shared, &Grant::of(&visitor.user), &text).await?
    } else {
        Vec::new()
    };
    Ok(page(StatusCode::OK, &SearchPage { frame: visitor.frame, text, found, people }))
}

async fn find(asking: Asking, text: String) -> Result<Found, ClientError> {
    if text.is_empty() {
        return Ok(Found::default());
    }
    let (services, call) = (asking.services(), asking.call());
    let reference = OrderFilter { reference: Some(text.clone()), ..OrderFilter::default() };
    let (items, directory, orders, order) = tokio::try_join!(
        sought(&asking, &text, None, MOST),
        Directory::read(&asking),
        services.list_orders(call, &reference, Paging::first(MOST)),
        order(&asking, &text),
    )?;
    let folded = fold(&text);
    let has = |field: &String| fold(field).contains(&folded);
    let is_found = |branch: &&BranchOut| has(&branch.name) || has(&branch.code) || has(&branch.location);
    let branches = directory.all().iter().filter(is_found).take(usize::from(MOST)).cloned().collect();
    let orders = order.into_iter().chain(orders.rows).collect();
    let Sought { items, is_code } = items;
    Ok(Found { items, is_code, orders, branches, directory })
}

/// The order of that number, if it is one that the user sees.
async fn order(asking: &Asking, text: &str) -> Result<Option<OrderOut>, ClientError> {
    let Ok(id) = text.trim_start_matches('#').parse::<i64>() else { return Ok(None) };
    match asking.services().get_order(asking.call(), id).await {
        Ok(order) => Ok(Some(order.value)),
        Err(ClientError::Refused { status: 404 | 400 | 422, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those of that name whose account the user may change.
async fn named(shared: &Shared, gives: &Grant, text: &str) -> Result<Vec<User>, Trouble> {
    let folded = fold(text);
    let users = users::list(&shared.database).await?;
    let is_found = |user: &User| fold(&user.username).contains(&folded) && Grant::of(user).within(gives);
    let found = users.into_iter().filter(is_found);
    Ok(found.take(usize::from(MOST)).collect())
}

impl SearchPage {
    fn is_empty(&self) -> bool {
        let nothing = |found: &Arc<Found>| {
            found.items.is_empty() && found.orders.is_empty() && found.branches.is_empty()
        };
        self.found.as_ref().is_some_and(nothing) && self.people.is_empty()
    }
}
