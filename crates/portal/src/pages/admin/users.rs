//! The people who may sign in, what their groups ask of them, and adding one.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use identity::Role;
use platform::text::fold;
use serde::Deserialize;

use super::{AccessFields, Tab, Tabs, directory, gives, open, roles_in_words, scope_in_words};
use crate::Shared;
use crate::accounts::grant::Grant;
use crate::accounts::groups;
use crate::accounts::users::{self, NewUser, PasswordIs, User};
use crate::collation::sort_by_name;
use crate::directory::Directory;
use crate::error::Error;
use crate::http::confirmed::Confirmed;
use crate::http::on_behalf::OnBehalf;
use crate::http::visitor::Visitor;
use crate::pages::frame::{Frame, role_message};
use crate::pages::password::bad_password_message;
use crate::pages::query::{Asked, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UsersQuery {
    #[serde(deserialize_with = "trimmed")]
    q: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/users.html")]
struct UsersPage {
    frame: Frame,
    tabs: Tabs,
    query: UsersQuery,
    users: Vec<User>,
    groups: Vec<(Role, bool)>,
    directory: Directory,
    gives: Grant,
    /// Admins need a second factor by the operator's setting.
    admins_need_factor: bool,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Asked(query): Asked<UsersQuery>,
) -> Result<Response, Trouble> {
    let (mut visitor, tabs) = open(visitor, Tab::Users)?;
    let directory = directory(&mut visitor).await?;
    let mut users = users::list(&shared.database).await?;
    sort_by_name(&mut users, |user| &user.username);
    if let Some(text) = query.q.as_deref().map(fold) {
        users.retain(|user| fold(&user.username).contains(&text));
    }
    // Accounts that have more than the user are not theirs to see.
    let gives = gives(&visitor);
    users.retain(|user| Grant::of(user).within(&gives));
    let groups = groups::list(&shared.database).await?;
    let (frame, admins_need_factor) = (visitor.frame, shared.config.admin_second_factor);
    let users_page = UsersPage { frame, tabs, query, users, groups, directory, gives, admins_need_factor };
    Ok(page(StatusCode::OK, &users_page))
}

impl UsersPage {
    fn roles(&self, user: &User) -> String {
        roles_in_words(&self.frame, &user.roles)
    }

    fn place(&self, user: &User) -> String {
        scope_in_words(&self.frame, &user.scope, &self.directory)
    }

    fn is_by_setting(&self, role: &Role) -> bool {
        *role == Role::Admin && self.admins_need_factor
    }

    fn role(&self, role: &Role) -> String {
        self.frame.say(role_message(*role))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GroupForm {
    role: String,
    required: Option<String>,
}

/// Says whether a group needs a second factor.
pub(crate) async fn set_group(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Confirmed(form): Confirmed<GroupForm>,
) -> Result<Response, Trouble> {
    let (visitor, _) = open(visitor, Tab::Users)?;
    let role = Role::parse(&form.role).ok_or(Trouble::NoSuchPage)?;
    let (by, required) = (from.by(&visitor.user), form.required.is_some());
    groups::require_second_factor(&shared.database, &by, role, required).await?;
    Ok(Redirect::to("/admin/users/?done=group-saved").into_response())
}

/// The form of a new user, as it was typed; the password never comes back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewUserForm {
    username: String,
    password: String,
    role: Vec<String>,
    branch: Vec<String>,
    all_branches: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/user_new.html")]
struct NewUserPage {
    frame: Frame,
    tabs: Tabs,
    username: String,
    access: AccessFields,
    directory: Directory,
    gives: Grant,
    name_error: Option<String>,
    password_error: Option<String>,
    access_error: Option<String>,
}

pub(crate) async fn new(visitor: OnBehalf) -> Result<Response, Trouble> {
    let (mut visitor, tabs) = open(visitor, Tab::Users)?;
    let directory = directory(&mut visitor).await?;
    let form = NewUserForm::default();
    Ok(page(StatusCode::OK, &NewUserPage::new(visitor, tabs, form, directory)))
}

pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Confirmed(form): Confirmed<NewUserForm>,
) -> Result<Response, Trouble> {
    let (mut visitor, tabs) = open(visitor, Tab::Users)?;
    let (by, password) = (from.by(&visitor.user), form.password.clone());
    let directory = directory(&mut visitor).await?;
    let mut answer = NewUserPage::new(visitor, tabs, form, directory);
    let (roles, scope) = (answer.access.roles(), answer.access.scope());
    if roles.is_empty() {
        answer.access_error = Some(answer.frame.say("user-no-role"));
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer));
    }
    let username = answer.username.trim();
    let (password, password_is) = (password.as_str(), PasswordIs::First);
    let new = NewUser { username, password, roles: &roles, scope: &scope, password_is };
    match users::add(&shared.database, &by, &new).await {
        Ok(id) => return Ok(Redirect::to(&format!("/admin/users/{id}/?done=user-added")).into_response()),
        Err(Error::Password(wrong)) => {
            answer.password_error = Some(answer.frame.say(bad_password_message(wrong)));
        }
        Err(Error::Invalid(_)) => answer.name_error = Some(answer.frame.say("user-name-wrong")),
        Err(error) => return Err(error.into()),
    }
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer))
}

impl NewUserPage {
    fn new(visitor: OnBehalf, tabs: Tabs, form: NewUserForm, directory: Directory) -> NewUserPage {
        let (gives, frame) = (gives(&visitor), visitor.frame);
        let NewUserForm { username, role, branch, all_branches, .. } = form;
        let access = AccessFields { role, branch, all_branches };
        let (name_error, password_error, access_error) = (None, None, None);
        NewUserPage {
            frame,
            tabs,
            username,
            access,
            directory,
            gives,
            name_error,
            password_error,
            access_error,
        }
    }
}
