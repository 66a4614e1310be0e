//! The catalogue.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, ItemFilter, Page};
use contract::ItemOut;
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use super::labels::{LabelsForm, LabelsQuery};
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, Listed, address, paging, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ItemsQuery {
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// `all` or `inactive`; those in use where there is none.
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    show: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

const SHOWN: [(&str, &str); 3] =
    [("", "items-show-active"), ("inactive", "items-show-inactive"), ("all", "items-show-all")];

impl Listed for ItemsQuery {
    const PATH: &'static str = "/items/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

impl ItemsQuery {
    /// What to ask the services for.
    pub(super) fn filter(&self) -> ItemFilter {
        let active = match self.show.as_deref() {
            Some("all") => None,
            Some("inactive") => Some(false),
            _ => Some(true),
        };
        ItemFilter { q: self.q.clone(), active, ..ItemFilter::default() }
    }

    /// Its fields, for a form that asks for the same rows.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [("q", &self.q), ("show", &self.show), ("cursor", &self.cursor)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

#[derive(Template)]
#[template(path = "items/list.html")]
struct ItemsPage {
    frame: Frame,
    query: ItemsQuery,
    items: Option<Arc<Page<ItemOut>>>,
    may_manage: bool,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<ItemsQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Items);
    let items = visitor.known(ask(visitor.asking(), &query)).await?;
    let may_manage = visitor.may(Action::ManageItems, Resource::Company);
    Ok(page(StatusCode::OK, &ItemsPage { frame: visitor.frame, query, items, may_manage }))
}

/// Reads a page of the list.
pub(crate) async fn ask(asking: Asking, query: &ItemsQuery) -> Result<Page<ItemOut>, ClientError> {
    asking.services().list_items(asking.call(), &query.filter(), paging(query.cursor.as_deref())).await
}

impl ItemsPage {
    fn choices(&self) -> [(&'static str, &'static str); 3] {
        SHOWN
    }

    fn is_shown(&self, word: &str) -> bool {
        self.query.show.as_deref().unwrap_or_default() == word
    }

    /// The address of the whole list as a file.
    fn file(&self, ending: &str) -> String {
        address(&format!("/items/{ending}"), &ItemsQuery { cursor: None, ..self.query.clone() })
    }

    fn labels(&self) -> LabelsForm {
        LabelsForm::of_list(&self.query, &LabelsQuery::default())
    }
}
