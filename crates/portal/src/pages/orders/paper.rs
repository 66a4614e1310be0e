//! An order's papers: the pick list and the packing slip.

use axum::extract::Path;
use axum::response::Response;

use super::order::ask;
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::print;
use crate::print::order::{Paper, paper};

pub(crate) async fn get(
    visitor: OnBehalf,
    Path((id, name)): Path<(i64, String)>,
) -> Result<Response, Trouble> {
    let which = Paper::parse(&name).ok_or(Trouble::NoSuchPage)?;
    let shown = ask(visitor.asking(), id).await.map_err(|error| visitor.refused(error))?;
    let branch = shown.directory.get(shown.order.branch_id);
    let document = paper(which, &shown.order, branch, &shown.items, &visitor.frame);
    print::answer(&format!("{name}-{id}"), document)
}
