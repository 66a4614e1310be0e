//! Whether one entry of the audit is sealed, and as it was sealed.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use client::ClientError;
use contract::AuditSealOut;

use super::frame::{Frame, Section};
use super::{Trouble, page};
use crate::http::on_behalf::{Asking, OnBehalf};

#[derive(Template)]
#[template(path = "audit_seal.html")]
pub(crate) struct SealPage {
    pub frame: Frame,
    pub id: i64,
    pub seal: Option<Arc<AuditSealOut>>,
    /// The list that leads here.
    pub list: &'static str,
}

pub(crate) async fn get(visitor: OnBehalf, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Audit);
    let seal = visitor.known(ask(visitor.asking(), id)).await?;
    Ok(page(StatusCode::OK, &SealPage { frame: visitor.frame, id, seal, list: "/audit/" }))
}

async fn ask(asking: Asking, id: i64) -> Result<AuditSealOut, ClientError> {
    asking.services().audit_seal(asking.call(), id).await
}

impl SealPage {
    /// What there is to say, in words, and in which colour.
    fn verdict(&self, seal: &AuditSealOut) -> (&'static str, String) {
        match (seal.sealed, seal.intact) {
            (false, _) => ("alert-warning", self.frame.say("seal-none")),
            (true, Some(true)) => ("alert-success", self.frame.say("seal-intact")),
            (true, _) => ("alert-danger", self.frame.say("seal-broken")),
        }
    }
}
