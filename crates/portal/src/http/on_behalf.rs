//! Pages that ask the services on behalf of who is signed in, with that user's own token.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use client::{Call, ClientError, Page, Paging, Services, SummaryFilter};
use contract::StockSummaryOut;
use contract::page::MAX_LIMIT;
use identity::{BranchScope, Caller, Role, Roles};
use jiff::Timestamp;
use platform::http::{RequestId, TraceParent};
use policy::{Action, Resource};

use super::kept_form::{GIVEN_BACK, SessionOver};
use super::session::SignedIn;
use crate::Shared;
use crate::accounts::users::User;
use crate::error::Error;
use crate::pages::Trouble;
use crate::pages::frame::{Frame, Section};
use crate::pages::refusal::Refusal;
use crate::upstream::{Asker, rights};

/// The signed-in user, with a token for the services.
#[derive(Debug)]
pub(crate) struct OnBehalf {
    pub user: User,
    /// The session, as pages name it.
    pub session_id: i64,
    /// The frame of the page: what the services did not answer is told there.
    pub frame: Frame,
    asking: Asking,
    /// A form that was kept while its user signed in again is only shown.
    is_given_back: bool,
}

/// The services, asked on behalf of one user. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    shared: Arc<Shared>,
    asker: Asker,
    session_id: i64,
    token: Arc<str>,
    request_id: Arc<str>,
    traceparent: Option<Arc<str>>,
}

impl Asking {
    /// The same with a new token, where the session still holds.
    pub(crate) async fn renewed(self) -> Result<Option<Asking>, Error> {
        let token = mint(&self.shared, self.asker.user_id, self.session_id).await?;
        Ok(token.map(|token| Asking { token, ..self }))
    }

    /// Notes what the services refused to show: what they said before of it is no longer for this user.
    pub(crate) fn refused(&self, error: ClientError) -> Trouble {
        if let ClientError::Refused { status: 401 | 403, .. } = error {
            self.shared.upstream.forget_all(self.asker.user_id);
        }
        Trouble::of_services(error)
    }

    /// The services.
    pub(crate) fn services(&self) -> &Services {
        self.shared.upstream.services()
    }

    /// What a call says besides its path and body.
    pub(crate) fn call(&self) -> Call<'_> {
        let traceparent = self.traceparent.as_deref();
        Call { token: &self.token, request_id: Some(&self.request_id), traceparent }
    }

    /// The level of an item at a branch, where there is one.
    pub(crate) async fn level(&self, branch: i64, item: i64) -> Result<Option<StockSummaryOut>, ClientError> {
        let (branch_id, item_id) = (Some(branch), Some(item));
        let filter = SummaryFilter { branch_id, item_id, ..SummaryFilter::default() };
        let page = self.services().stock_summary(self.call(), &filter, Paging::first(1)).await?;
        Ok(page.rows.into_iter().next())
    }
}

impl OnBehalf {
    /// The services, to ask them.
    pub(crate) fn asking(&self) -> Asking {
        self.asking.clone()
    }

    /// What the services' refusal means for the page: [`Asking::refused`].
    pub(crate) fn refused(&self, error: ClientError) -> Trouble {
        self.asking.refused(error)
    }

    /// The page in a section.
    #[must_use]
    pub(crate) fn within(self, section: Section) -> OnBehalf {
        OnBehalf { frame: self.frame.within(section), ..self }
    }

    /// What a page shows of the services: what they say now, or when they do not answer in time, what they last said to
    /// this user for this very address, which the frame then tells with its age. `None` where that is nothing.
    pub(crate) async fn known<T: Any + Send + Sync>(
        &mut self,
        asked: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<Option<Arc<T>>, Trouble> {
        let address = self.frame.path.clone();
        self.known_of(address, asked).await
    }

    /// The same for one of several things on a page, each with a name of its own.
    pub(crate) async fn known_of<T: Any + Send + Sync>(
        &mut self,
        name: String,
        asked: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<Option<Arc<T>>, Trouble> {
        let (upstream, asker) = (&self.asking.shared.upstream, &self.asking.asker);
        match upstream.in_time(asked).await {
            Ok(value) => Ok(Some(upstream.remember(asker.clone(), name, value, Timestamp::now()))),
            Err(error) if error.is_away() => {
                tracing::warn!(%error, "a page shows what was last known");
                let known = upstream.recall(asker.clone(), name, Timestamp::now());
                self.frame.note_away(known.as_ref().map(|(at, _)| *at));
                Ok(known.map(|(_, value)| value))
            }
            Err(error) => {
                upstream.forget(asker, &name);
                Err(self.asking.refused(error))
            }
        }
    }

    /// A change that the services were asked for: made, or refused for a reason that the page shows. It was made under
    /// the key of the page's form, so that sending the same form again makes it once.
    pub(crate) async fn made<T>(
        &self,
        asked: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<Result<T, Refusal>, Trouble> {
        if self.is_given_back {
            return Ok(Err(Refusal::told(StatusCode::OK, self.frame.say("kept-shown"))));
        }
        match asked.await {
            Ok(value) => Ok(Ok(value)),
            // The token was revoked meanwhile. Where the session still holds, what was typed is kept and can be sent again.
            Err(error) if error.is_unauthorized() && self.asking.clone().renewed().await?.is_none() => {
                Err(self.asking.refused(error))
            }
            Err(error) => {
                let refusal = Refusal::of(&error, &self.frame);
                self.asking.refused(error);
                Ok(Err(refusal))
            }
        }
    }

    /// Whether the services would let the user do it, by the same policies: what a page offers.
    pub(crate) fn may(&self, action: Action, resource: Resource<'_>) -> bool {
        self.asking.shared.authorizer.allows(&self.caller(), action, resource)
    }

    /// For a page whose form does one of these: without a form for who may do none of it.
    ///
    /// # Errors
    /// [`Trouble::Needs`] with the roles that would do.
    pub(crate) fn must(&self, actions: &[Action], resource: Resource<'_>) -> Result<(), Trouble> {
        if actions.iter().any(|action| self.may(*action, resource)) {
            return Ok(());
        }
        let caller = self.caller();
        let with = |scope: &BranchScope| -> Roles {
            let would = |role: &Role| {
                let roles = Roles::from_iter([*role]);
                let other = Caller::known(caller.user_id(), caller.username(), roles, scope.clone());
                actions.iter().any(|action| self.asking.shared.authorizer.allows(&other, *action, resource))
            };
            Role::ALL.into_iter().filter(would).collect()
        };
        let roles = with(caller.scope());
        if roles == Roles::default() {
            return Err(Trouble::Needs { roles: with(&BranchScope::All), everywhere: true });
        }
        Err(Trouble::Needs { roles, everywhere: false })
    }

    /// The user as policies know them.
    pub(crate) fn caller(&self) -> Caller {
        self.user.caller()
    }
}

/// The rows of every page of a list, of `most` pages of the largest size at most.
pub(crate) async fn every_page<T, F: Future<Output = Result<Page<T>, ClientError>>>(
    most: usize,
    read: impl Fn(Paging) -> F,
) -> Result<Vec<T>, ClientError> {
    let (mut rows, mut paging) = (Vec::new(), Paging::first(MAX_LIMIT));
    for _ in 0..most {
        let page = read(paging).await?;
        rows.extend(page.rows);
        let Some(next) = page.next else { break };
        paging = Paging::after(next, MAX_LIMIT);
    }
    Ok(rows)
}

impl FromRequestParts<Arc<Shared>> for OnBehalf {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<OnBehalf, Response> {
        let SignedIn { user, session, frame } = SignedIn::from_request_parts(parts, shared).await?;
        let token = match mint(shared, user.id, session.id).await {
            Ok(Some(token)) => token,
            // The session ended since the request came.
            Ok(None) => {
                let mut response = Trouble::SessionEnded.into_response();
                response.extensions_mut().insert(SessionOver);
                return Err(response);
            }
            Err(error) => return Err(Trouble::from(error).into_response()),
        };
        let request_id = parts.extensions.get().map_or("", |RequestId(id)| id.as_str());
        let traceparent = parts.extensions.get().map(|TraceParent(text)| Arc::from(text.as_str()));
        let rights = rights(&user.roles, &user.scope, &shared.authorizer.policies());
        let asker = Asker { user_id: user.id, rights };
        let (shared, request_id, session_id) = (Arc::clone(shared), Arc::from(request_id), session.id);
        let asking = Asking { shared, asker, session_id, token, request_id, traceparent };
        let is_given_back = parts.uri.query() == Some(GIVEN_BACK);
        Ok(OnBehalf { user, session_id, frame, asking, is_given_back })
    }
}

/// A token for the user of a session; none once that has ended.
async fn mint(shared: &Shared, user_id: i64, session_id: i64) -> Result<Option<Arc<str>>, Error> {
    let published = shared.feed.now();
    let token = shared.minter(&published).for_user(&shared.database, user_id, Some(session_id)).await?;
    Ok(token.map(|token| token.access_token.into()))
}
