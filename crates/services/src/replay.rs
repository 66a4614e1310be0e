//! First answers given again.

use policy::{Action, Denied, Resource};

use crate::answer::Answer;
use crate::asker::Asker;
use crate::request::RequestContext;
use crate::store::idempotency::StoredAnswer;

/// What there was under a request's Idempotency-Key.
pub(crate) enum Again {
    /// The answer to the same request.
    Same(Answer),
    /// The answer to another request, which made what is at this address.
    Other { made: Option<String> },
}

/// The first answer under a request's Idempotency-Key. Which of the two it is,
/// only callers hear who may see by now what the answer tells of: to others it is absent, as for every other request.
///
/// # Errors
/// [`Denied`] to a caller who may not see it any more.
pub(crate) fn again(
    stored: StoredAnswer,
    context: &RequestContext,
    asker: &Asker,
    view: Action,
) -> Result<Again, Denied> {
    let StoredAnswer { request_hash, answer } = stored;
    asker.authorize(view, answer.branch.map_or(Resource::Company, Resource::Branch))?;
    let is_same = context.idempotency.as_ref().is_some_and(|key| request_hash == key.request_hash);
    Ok(if is_same { Again::Same(answer) } else { Again::Other { made: answer.headers.location } })
}
