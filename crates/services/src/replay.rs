//! First answers given again.

use policy::{Action, Denied, Resource};

use crate::answer::Answer;
use crate::asker::Asker;
use crate::request::RequestContext;
use crate::store::idempotency::StoredAnswer;

/// The first answer under a request's Idempotency-Key, or `None` where that was to another request. Which of the two it is,
/// only callers hear who may see by now what the answer tells of: to others it is absent, as for every other request.
///
/// # Errors
/// [`Denied`] to a caller who may not see it any more.
pub(crate) fn again(
    stored: StoredAnswer,
    context: &RequestContext,
    asker: &Asker,
    view: Action,
) -> Result<Option<Answer>, Denied> {
    let StoredAnswer { request_hash, answer } = stored;
    asker.authorize(view, answer.branch.map_or(Resource::Company, Resource::Branch))?;
    let is_same = context.idempotency.as_ref().is_some_and(|key| request_hash == key.request_hash);
    Ok(is_same.then_some(answer))
}
