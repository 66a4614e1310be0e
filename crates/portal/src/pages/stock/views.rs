//! Views of a list that a user keeps under a name.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use platform::pg::Database;
use platform::statement;
use platform::text::shows_nothing;
use serde::Deserialize;

use crate::Shared;
use crate::error::Error;
use crate::http::forms::CheckedForm;
use crate::http::session::SignedIn;
use crate::pages::query::address;
use crate::pages::stock::list::StockQuery;
use crate::pages::{Bare, Trouble};

statement! {
    /// A user's views of stock.
    OF_USER: "portal" = "
        select v.id, v.name, v.query from portal_saved_views v where v.user_id = $1 and v.page = 'stock' order by v.name";
    /// Keeps a view, in place of the one of the same name. No user has more than 50.
    KEEP: "portal" = "
        insert into portal_saved_views (user_id, page, name, query)
        select $1, 'stock', $2, $3
        where (select count(*) from portal_saved_views v where v.user_id = $1) < 50
        on conflict (user_id, page, name) do update set query = excluded.query";
    /// Forgets one.
    FORGET: "portal" = "delete from portal_saved_views where id = $1 and user_id = $2";
}

/// A view that is kept.
#[derive(Debug)]
pub(crate) struct View {
    pub id: i64,
    pub name: String,
    pub query: String,
}

/// The views of a user, by name.
pub(crate) async fn of_user(database: &Database, user_id: i64) -> Result<Vec<View>, Error> {
    let rows = database.get().await?.query(&OF_USER, &[&user_id]).await?;
    Ok(rows.iter().map(|row| View { id: row.get(0), name: row.get(1), query: row.get(2) }).collect())
}

#[derive(Debug, Deserialize)]
pub(crate) struct ViewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
}

/// Keeps the view that a form of the list names.
pub(crate) async fn keep(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, .. }: SignedIn,
    CheckedForm(form): CheckedForm<ViewForm>,
) -> Result<Response, Trouble> {
    // Only what the list itself understands is kept.
    let query: StockQuery = serde_html_form::from_str(&form.query).unwrap_or_default();
    let address = address("", &query);
    let query = address.trim_start_matches('?');
    let name: String =
        form.name.trim().chars().filter(|c| !c.is_control() && !shows_nothing(*c)).take(60).collect();
    if !name.is_empty() && query.len() <= 2_000 {
        let connection = shared.database.get().await.map_err(Error::from)?;
        connection.execute(&KEEP, &[&user.id, &name, &query]).await.map_err(Error::from)?;
    }
    let to = if query.is_empty() { "?done=view-kept".to_owned() } else { format!("?{query}&done=view-kept") };
    Ok(Redirect::to(&format!("/stock/{to}")).into_response())
}

/// Forgets one of the user's own views.
pub(crate) async fn forget(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, .. }: SignedIn,
    Path(id): Path<i64>,
    CheckedForm(Bare {}): CheckedForm<Bare>,
) -> Result<Response, Trouble> {
    let connection = shared.database.get().await.map_err(Error::from)?;
    connection.execute(&FORGET, &[&id, &user.id]).await.map_err(Error::from)?;
    Ok(Redirect::to("/stock/?done=view-forgotten").into_response())
}
