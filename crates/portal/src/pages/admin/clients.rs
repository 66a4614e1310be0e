//! Programs that call the services: adding one, giving it a new secret, keeping it out.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{AccessFields, Tab, Tabs, directory, gives, open, roles_in_words, scope_in_words};
use crate::Shared;
use crate::accounts::grant::Grant;
use crate::accounts::users;
use crate::clients::{self, Client, NewClient, Secret};
use crate::directory::Directory;
use crate::error::Error;
use crate::http::confirmed::Confirmed;
use crate::http::on_behalf::OnBehalf;
use crate::http::visitor::Visitor;
use crate::pages::frame::Frame;
use crate::pages::{Bare, Trouble, page};

/// For how long the former secret is good yet, so that a program can be given the new one without a gap.
const OVERLAP: Duration = Duration::from_secs(24 * 3_600);

#[derive(Template)]
#[template(path = "admin/clients.html")]
struct ClientsPage {
    frame: Frame,
    tabs: Tabs,
    clients: Vec<Client>,
    directory: Directory,
    /// Shown this once.
    secret: Option<Secret>,
    name: String,
    access: AccessFields,
    gives: Grant,
    /// A program and the name that was to answer for it, which nobody has.
    nobody: Option<(String, String)>,
    name_error: Option<String>,
    access_error: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClientForm {
    name: String,
    role: Vec<String>,
    branch: Vec<String>,
    all_branches: Option<String>,
}

pub(crate) async fn get(State(shared): State<Arc<Shared>>, visitor: OnBehalf) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Clients)?;
    Ok(page(StatusCode::OK, &ClientsPage::read(&shared, visitor, tabs).await?))
}

pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Confirmed(form): Confirmed<ClientForm>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Clients)?;
    let by = from.by(&visitor.user);
    let ClientForm { name, role, branch, all_branches } = form;
    let access = AccessFields { role, branch, all_branches };
    let (roles, scope) = (access.roles(), access.scope());
    if roles.is_empty() {
        let mut answer = ClientsPage::read(&shared, visitor, tabs).await?;
        answer.access_error = Some(answer.frame.say("user-no-role"));
        (answer.name, answer.access) = (name, access);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer));
    }
    let owner = Some(visitor.user.id);
    let new = NewClient { name: name.trim(), roles: &roles, scope: &scope, expires_at: None, owner };
    match clients::add(&shared.database, &by, &new).await {
        Ok(secret) => show(&shared, visitor, tabs, secret).await,
        Err(Error::Invalid(_)) => {
            let mut answer = ClientsPage::read(&shared, visitor, tabs).await?;
            answer.name_error = Some(answer.frame.say("client-name-wrong"));
            (answer.name, answer.access) = (name, access);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn rotate(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Path(name): Path<String>,
    Confirmed(Bare {}): Confirmed<Bare>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Clients)?;
    let by = from.by(&visitor.user);
    match clients::rotate(&shared.database, &by, &name, OVERLAP).await {
        Ok((secret, _)) => show(&shared, visitor, tabs, secret).await,
        Err(Error::Invalid(_)) => Err(Trouble::NoSuchPage),
        Err(error) => Err(error.into()),
    }
}

/// The page with a secret, this once.
async fn show(shared: &Shared, visitor: OnBehalf, tabs: Tabs, secret: Secret) -> Result<Response, Trouble> {
    let answer = ClientsPage { secret: Some(secret), ..ClientsPage::read(shared, visitor, tabs).await? };
    Ok(page(StatusCode::OK, &answer))
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OwnerForm {
    owner: String,
}

/// Says who answers for a program; nobody where the field is empty.
pub(crate) async fn set_owner(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Path(name): Path<String>,
    Confirmed(OwnerForm { owner }): Confirmed<OwnerForm>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Clients)?;
    let owner = owner.trim().to_owned();
    let user = match owner.as_str() {
        "" => None,
        typed => match users::active(&shared.database, users::possible_name(typed)).await? {
            // Accounts that have more than the visitor do not exist for the visitor.
            Some(user) if Grant::of(&user).within(&gives(&visitor)) => Some(user.id),
            _ => {
                let mut answer = ClientsPage::read(&shared, visitor, tabs).await?;
                answer.nobody = Some((name, owner));
                return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer));
            }
        },
    };
    match clients::set_owner(&shared.database, &from.by(&visitor.user), &name, user).await {
        Ok(()) => Ok(Redirect::to("/admin/clients/?done=client-owner-set").into_response()),
        Err(Error::Invalid(_)) => Err(Trouble::NoSuchPage),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn disable(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Path(name): Path<String>,
    Confirmed(Bare {}): Confirmed<Bare>,
) -> Result<Response, Trouble> {
    let (visitor, _) = open(visitor, Tab::Clients)?;
    match clients::disable(&shared.database, &from.by(&visitor.user), &name).await {
        Ok(()) | Err(Error::Invalid(_)) => {
            Ok(Redirect::to("/admin/clients/?done=client-disabled").into_response())
        }
        Err(error) => Err(error.into()),
    }
}

impl ClientsPage {
    async fn read(shared: &Shared, mut visitor: OnBehalf, tabs: Tabs) -> Result<ClientsPage, Trouble> {
        let directory = directory(&mut visitor).await?;
        let mut clients = clients::list(&shared.database).await?;
        // Programs that have more than the user are not theirs to see.
        let gives = gives(&visitor);
        clients.retain(|client| client.grant().within(&gives));
        Ok(ClientsPage {
            frame: visitor.frame,
            tabs,
            clients,
            directory,
            secret: None,
            name: String::new(),
            access: AccessFields::default(),
            gives,
            nobody: None,
            name_error: None,
            access_error: None,
        })
    }

    fn roles(&self, client: &Client) -> String {
        roles_in_words(&self.frame, &client.roles)
    }

    fn place(&self, client: &Client) -> String {
        scope_in_words(&self.frame, &client.scope, &self.directory)
    }

    /// What the field of the owner holds.
    fn owner<'a>(&'a self, client: &'a Client) -> &'a str {
        match (&self.nobody, &client.owner) {
            (Some((of, typed)), _) if *of == client.name => typed,
            (_, Some(owner)) => &owner.username,
            _ => "",
        }
    }

    fn is_nobody(&self, client: &Client) -> bool {
        self.nobody.as_ref().is_some_and(|(of, _)| *of == client.name)
    }

    fn used(&self, client: &Client) -> String {
        match client.last_used_at {
            Some(at) => self.frame.about("ago", "age", self.frame.age(at, Timestamp::now())),
            None => self.frame.say("never"),
        }
    }
}
