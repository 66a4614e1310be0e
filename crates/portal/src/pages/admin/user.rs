//! One user: roles and branches, password, second factor, sessions, and keeping them out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{AccessFields, Tab, Tabs, directory, gives, open};
use crate::Shared;
use crate::accounts::grant::Grant;
use crate::accounts::sessions::{self, Shown};
use crate::accounts::users::{self, PasswordIs, User};
use crate::accounts::{access, second_factor};
use crate::clients;
use crate::directory::Directory;
use crate::error::Error;
use crate::http::confirmed::Confirmed;
use crate::http::on_behalf::OnBehalf;
use crate::http::visitor::Visitor;
use crate::pages::frame::Frame;
use crate::pages::password::bad_password_message;
use crate::pages::{Trouble, page};

#[derive(Template)]
#[template(path = "admin/user.html")]
struct UserPage {
    frame: Frame,
    tabs: Tabs,
    user: User,
    access: AccessFields,
    directory: Directory,
    gives: Grant,
    /// The programs that the user answers for.
    owned: Vec<String>,
    sessions: Vec<Shown>,
    has_second_factor: bool,
    /// It is the admin who looks: they keep out and demote nobody but others.
    is_self: bool,
    password_error: Option<String>,
    access_error: Option<String>,
}

/// Everything that can be done with a user, in one form's fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UserForm {
    password: String,
    role: Vec<String>,
    branch: Vec<String>,
    all_branches: Option<String>,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Users)?;
    Ok(page(StatusCode::OK, &UserPage::read(&shared, visitor, tabs, id).await?))
}

/// What is done with a user: the last part of the form's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Access,
    Password,
    Disable,
    Enable,
    SignOut,
    ResetSecondFactor,
}

impl Verb {
    fn parse(word: &str) -> Option<Verb> {
        Some(match word {
            "access" => Verb::Access,
            "password" => Verb::Password,
            "disable" => Verb::Disable,
            "enable" => Verb::Enable,
            "sign-out" => Verb::SignOut,
            "reset-second-factor" => Verb::ResetSecondFactor,
            _ => return None,
        })
    }

    /// The word of the message that tells that it was done.
    const fn done(self) -> &'static str {
        match self {
            Verb::Access => "user-access-set",
            Verb::Password => "user-password-set",
            Verb::Disable => "user-disabled",
            Verb::Enable => "user-enabled",
            Verb::SignOut => "user-signed-out",
            Verb::ResetSecondFactor => "user-factor-reset",
        }
    }

    /// Whether an admin may do it with their own account here.
    const fn is_for_oneself(self) -> bool {
        matches!(self, Verb::SignOut | Verb::ResetSecondFactor)
    }
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Path((id, verb)): Path<(i64, String)>,
    Confirmed(form): Confirmed<UserForm>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Users)?;
    let verb = Verb::parse(&verb).ok_or(Trouble::NoSuchPage)?;
    let user = known(&shared, &visitor, id).await?;
    if visitor.user.id == id && !verb.is_for_oneself() {
        return Err(Trouble::NotAllowed);
    }
    let (database, by, name) = (&shared.database, from.by(&visitor.user), user.username.as_str());
    let UserForm { password, role, branch, all_branches } = form;
    let given = AccessFields { role, branch, all_branches };
    if verb == Verb::Access && given.roles().is_empty() {
        let mut answer = UserPage::read(&shared, visitor, tabs, id).await?;
        (answer.access, answer.access_error) = (given, Some(answer.frame.say("user-no-role")));
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer));
    }
    let done = match verb {
        Verb::Access => access::set_access(database, &by, name, &given.roles(), &given.scope()).await,
        Verb::Password => users::set_password(database, &by, name, (&password, PasswordIs::First)).await,
        Verb::Disable => access::disable(database, &by, name).await.map(drop),
        Verb::Enable => access::enable(database, &by, name).await,
        Verb::SignOut => access::sign_out(database, &by, name).await,
        Verb::ResetSecondFactor => second_factor::reset(database, &by, name).await,
    };
    match done {
        // What was asked for is so already.
        Ok(()) | Err(Error::Invalid(_)) => {
            Ok(Redirect::to(&format!("/admin/users/{id}/?done={}", verb.done())).into_response())
        }
        Err(Error::Password(wrong)) => {
            let mut answer = UserPage::read(&shared, visitor, tabs, id).await?;
            answer.password_error = Some(answer.frame.say(bad_password_message(wrong)));
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer))
        }
        Err(error) => Err(error.into()),
    }
}

/// The user of that id, as far as there is one for the visitor: nobody who has more than the visitor.
async fn known(shared: &Shared, visitor: &OnBehalf, id: i64) -> Result<User, Trouble> {
    let user = users::with_id(&shared.database, id).await?;
    user.filter(|user| Grant::of(user).within(&gives(visitor))).ok_or(Trouble::NoSuchPage)
}

impl UserPage {
    async fn read(shared: &Shared, mut visitor: OnBehalf, tabs: Tabs, id: i64) -> Result<UserPage, Trouble> {
        let user = known(shared, &visitor, id).await?;
        let owned = clients::of_owner(&shared.database, id).await?;
        let directory = directory(&mut visitor).await?;
        let sessions = sessions::of_user(&shared.database, id, shared.config.sessions).await?;
        let has_second_factor = second_factor::since(&shared.database, id).await?.is_some();
        Ok(UserPage {
            is_self: visitor.user.id == id,
            gives: gives(&visitor),
            owned,
            frame: visitor.frame,
            tabs,
            access: AccessFields::of(&user.roles, &user.scope),
            user,
            directory,
            sessions,
            has_second_factor,
            password_error: None,
            access_error: None,
        })
    }

    fn age(&self, at: &Timestamp) -> String {
        self.frame.about("ago", "age", self.frame.age(*at, Timestamp::now()))
    }
}
