//! The form of a branch: a new one, or a change of one at the version that was read.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{Key, Versioned};
use contract::{BranchIn, BranchOut, ProblemKind, RemainingOut};
use domain::BranchId;
use policy::{Action, Resource};
use serde::Deserialize;

use crate::http::forms::CheckedForm;
use crate::http::local_path::as_parameter;
use crate::http::on_behalf::OnBehalf;
use crate::pages::frame::{Frame, Section};
use crate::pages::refusal::Refusal;
use crate::pages::{DeleteForm, Trouble, page};

/// The form, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BranchForm {
    name: String,
    code: String,
    location: String,
    timezone: String,
    active: Option<String>,
    key: String,
    etag: String,
}

#[derive(Template)]
#[template(path = "branches/edit.html")]
struct EditPage {
    frame: Frame,
    /// The branch that is changed; none for a new one.
    id: Option<i64>,
    form: BranchForm,
    refusal: Option<Refusal>,
    /// What there still is, where it was just closed.
    remaining: Option<RemainingOut>,
}

pub(crate) async fn new(visitor: OnBehalf) -> Result<Response, Trouble> {
    visitor.must(&[Action::ManageBranches], Resource::Company)?;
    let frame = visitor.within(Section::Branches).frame;
    let form = BranchForm {
        timezone: "UTC".to_owned(),
        active: Some("1".to_owned()),
        key: frame.key(),
        ..BranchForm::default()
    };
    Ok(page(StatusCode::OK, &EditPage { frame, id: None, form, refusal: None, remaining: None }))
}

pub(crate) async fn create(
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<BranchForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Branches);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let branch = form.read();
    let made = visitor.made(asking.services().create_branch(asking.call(), &key, &branch)).await?;
    Ok(match made {
        Ok(branch) => {
            Redirect::to(&format!("/branches/?q={}&done=branch-created", as_parameter(&branch.value.name)))
                .into_response()
        }
        Err(refusal) => {
            let form = BranchForm { key: refusal.key(&key), ..form };
            let (status, frame) = (refusal.status, visitor.frame);
            page(status, &EditPage { frame, id: None, form, refusal: Some(refusal), remaining: None })
        }
    })
}

pub(crate) async fn edit(visitor: OnBehalf, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Branches);
    let form = current(&visitor, id).await?;
    visitor.must(&[Action::EditBranch], Resource::Branch(BranchId(id)))?;
    Ok(page(
        StatusCode::OK,
        &EditPage { frame: visitor.frame, id: Some(id), form, refusal: None, remaining: None },
    ))
}

pub(crate) async fn save(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<BranchForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Branches);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let (branch, version) = (form.read(), (id, Some(form.etag.as_str())));
    let made = visitor.made(asking.services().update_branch(asking.call(), &key, version, &branch)).await?;
    Ok(match made {
        // Sent once more, the form is answered as before: no other page needs to know what there was.
        Ok(Versioned { value, etag }) if value.remaining.as_ref().is_some_and(|left| !left.is_nothing()) => {
            let remaining = value.remaining.clone();
            let form = BranchForm::of(value, etag, visitor.frame.key());
            let frame = visitor.frame;
            page(StatusCode::OK, &EditPage { frame, id: Some(id), form, refusal: None, remaining })
        }
        Ok(_) => Redirect::to("/branches/?done=branch-saved").into_response(),
        Err(refusal) => {
            let form = if refusal.is(ProblemKind::PreconditionFailed) {
                current(&visitor, id).await?
            } else {
                BranchForm { key: refusal.key(&key), ..form }
            };
            let (status, frame) = (refusal.status, visitor.frame);
            page(status, &EditPage { frame, id: Some(id), form, refusal: Some(refusal), remaining: None })
        }
    })
}

pub(crate) async fn delete(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    CheckedForm(form): CheckedForm<DeleteForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Branches);
    let key = Key::kept(&form.key);
    let asking = visitor.asking();
    let version = (id, Some(form.etag.as_str()));
    match visitor.made(asking.services().delete_branch(asking.call(), &key, version)).await? {
        Ok(()) => Ok(Redirect::to("/branches/?done=branch-deleted").into_response()),
        Err(refusal) => {
            let form = current(&visitor, id).await?;
            let (status, frame) = (refusal.status, visitor.frame);
            Ok(page(status, &EditPage { frame, id: Some(id), form, refusal: Some(refusal), remaining: None }))
        }
    }
}

/// The form of a branch as it is now.
async fn current(visitor: &OnBehalf, id: i64) -> Result<BranchForm, Trouble> {
    let asking = visitor.asking();
    let read =
        asking.services().get_branch(asking.call(), id).await.map_err(|error| visitor.refused(error))?;
    Ok(BranchForm::of(read.value, read.etag, visitor.frame.key()))
}

impl BranchForm {
    fn of(branch: BranchOut, etag: String, key: String) -> BranchForm {
        BranchForm {
            name: branch.name,
            code: branch.code,
            location: branch.location,
            timezone: branch.timezone,
            active: branch.active.then(|| "1".to_owned()),
            key,
            etag,
        }
    }

    /// What was typed, as the services take it. What is wrong with it is theirs to say.
    fn read(&self) -> BranchIn {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        BranchIn {
            name: self.name.trim().to_owned(),
            code: given(&self.code),
            location: Some(self.location.trim().to_owned()),
            timezone: given(&self.timezone),
            active: Some(self.active.is_some()),
        }
    }
}

impl EditPage {
    fn left_on_hand(&self, left: &RemainingOut) -> String {
        let quantity = self.frame.quantity(&left.quantity);
        self.frame.about_all("branch-left-on-hand", &[("levels", &left.levels), ("quantity", &quantity)])
    }

    fn left_promised(&self, left: &RemainingOut) -> String {
        let quantity = self.frame.quantity(&left.reserved);
        self.frame.about_all("left-promised", &[("orders", &left.submitted), ("quantity", &quantity)])
    }

    fn error(&self, pointer: &str) -> Option<&str> {
        self.refusal.as_ref()?.field(pointer)
    }

    /// The names of all time zones there are.
    fn zones(&self) -> Vec<String> {
        platform::zones::names()
    }

    fn action(&self) -> String {
        self.id.map_or_else(|| "/branches/new/".to_owned(), |id| format!("/branches/{id}/edit/"))
    }
}
