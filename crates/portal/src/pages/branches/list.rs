//! The directory of branches.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use contract::BranchOut;
use domain::BranchId;
use platform::text::fold;
use policy::{Action, Resource};
use serde::Deserialize;

use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BranchesQuery {
    #[serde(deserialize_with = "trimmed")]
    q: Option<String>,
}

#[derive(Template)]
#[template(path = "branches/list.html")]
struct BranchesPage {
    frame: Frame,
    query: BranchesQuery,
    directory: Option<Arc<Directory>>,
    may_create: bool,
    editable: Vec<i64>,
    may_view_audit: bool,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<BranchesQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Branches);
    let asking = visitor.asking();
    let directory = visitor.known(Directory::read(&asking)).await?;
    let may_create = visitor.may(Action::ManageBranches, Resource::Company);
    let branches = directory.iter().flat_map(|directory| directory.all());
    let editable = |id: &i64| visitor.may(Action::EditBranch, Resource::Branch(BranchId(*id)));
    let editable = branches.map(|branch| branch.id).filter(editable).collect();
    let may_view_audit = visitor.may(Action::ViewAudit, Resource::Company);
    let frame = visitor.frame;
    let answer = BranchesPage { frame, query, directory, may_create, editable, may_view_audit };
    Ok(page(StatusCode::OK, &answer))
}

impl BranchesPage {
    /// Those in whose name, code or place the text is found.
    fn found<'a>(&self, directory: &'a Directory) -> Vec<&'a BranchOut> {
        let text = fold(self.query.q.as_deref().unwrap_or_default());
        let has = |field: &String| fold(field).contains(&text);
        let found = |branch: &&BranchOut| [&branch.name, &branch.code, &branch.location].into_iter().any(has);
        directory.all().iter().filter(found).collect()
    }

    fn may_edit(&self, branch: &BranchOut) -> bool {
        self.editable.contains(&branch.id)
    }
}
