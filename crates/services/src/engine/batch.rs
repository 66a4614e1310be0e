//! One batch: load and lock, decide in arrival order, write. Whoever calls owns the transaction around it.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Change, Levels, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use super::{Outcome, Request};
use crate::answer::Answer;
use crate::documents::{self, Declined, Documents, Effective};
use crate::replay::Again;
use crate::request::IdempotencyKey;
use crate::store::audit::{self, AuditWrite};
use crate::store::idempotency::{self, AnswerWrite, StoredAnswer};
use crate::store::movements::{self, MovementWrite};
use crate::store::stock::{self, LevelRow, LevelWrite};
use crate::{problem, replay};

/// A batch that is loaded and locked.
pub(crate) struct Loaded {
    documents: documents::Loaded,
    keys: Vec<KeyState>,
}

impl Loaded {
    /// A batch of requests without Idempotency-Keys, whose documents the caller has loaded and locked.
    pub(crate) fn of(documents: documents::Loaded, requests: usize) -> Loaded {
        Loaded { documents, keys: std::iter::repeat_with(|| KeyState::None).take(requests).collect() }
    }

    /// A batch of requests, of whose Idempotency-Keys it is known in turn whether this transaction holds the key, and
    /// the answer that was given under it before.
    pub(crate) fn with_keys(
        documents: documents::Loaded,
        requests: &[&Request],
        mut known: impl Iterator<Item = (bool, Option<StoredAnswer>)>,
    ) -> Loaded {
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        let mut keys = Vec::with_capacity(requests.len());
        for request in requests {
            let state = match &request.context.idempotency {
                None => KeyState::None,
                Some(key) => {
                    let first = seen.insert((&key.caller, &key.key));
                    match known.next() {
                        Some((_, Some(answer))) => KeyState::Answered(answer),
                        Some((true, None)) if first => KeyState::Free,
                        _ => KeyState::InFlight,
                    }
                }
            };
            keys.push(state);
        }
        Loaded { documents, keys }
    }

    /// The levels that there are.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &LevelRow> {
        self.documents.levels.iter()
    }
}

/// What is known of a request's Idempotency-Key.
enum KeyState {
    None,
    /// Another transaction, or an earlier request of this batch, holds it.
    InFlight,
    Free,
    Answered(StoredAnswer),
}

/// A batch that is decided: what to write, and each request's outcome, to be told once it is committed.
pub(crate) struct Decided<'a> {
    pub documents: Documents,
    pub existing_levels: Vec<LevelWrite>,
    pub new_levels: Vec<LevelWrite>,
    pub movements: Vec<MovementWrite>,
    pub entries: Vec<AuditWrite>,
    keys: Vec<Option<&'a IdempotencyKey>>,
    pub outcomes: Vec<Outcome>,
}

impl Decided<'_> {
    /// The first answers, to be kept under their keys. What its caller may not do, and what there is not for them, is
    /// answered anew each time.
    pub(crate) fn answers(&self) -> impl Iterator<Item = AnswerWrite<'_>> {
        self.keys.iter().zip(&self.outcomes).filter_map(|(key, outcome)| match (key, outcome) {
            (_, Outcome::Refused(Refusal::NotFound, _)) => None,
            (Some(key), Outcome::Answered(answer) | Outcome::Refused(_, answer)) => {
                Some(AnswerWrite { key, answer })
            }
            _ => None,
        })
    }
}

/// Loads and locks everything that the requests touch. Every statement is sent before the first answer is awaited.
pub(crate) async fn load(conn: &Queries, requests: &[&Request]) -> Result<Loaded, PgError> {
    let commands = requests.iter().map(|request| (&request.command, &request.asker));
    let keys: Vec<&IdempotencyKey> =
        requests.iter().filter_map(|request| request.context.idempotency.as_ref()).collect();
    // Keys are locked before references, those before documents and these before stock: one order for all, so nobody waits
    // in a circle.
    let (locked, found, documents) = futures_util::try_join!(
        idempotency::try_lock(conn, &keys),
        idempotency::find(conn, &keys),
        documents::load(conn, commands),
    )?;
    Ok(Loaded::with_keys(documents, requests, locked.into_iter().zip(found)))
}

/// Decides every request in arrival order. A refusal touches only its own request.
pub(crate) fn decide<'a>(loaded: Loaded, requests: &[&'a Request]) -> Decided<'a> {
    let mut desk = Desk::new(loaded.documents);
    let mut keys = Vec::with_capacity(requests.len());
    let mut outcomes = Vec::with_capacity(requests.len());
    for (request, key) in requests.iter().zip(loaded.keys) {
        let key_to_keep = match &key {
            KeyState::Free => request.context.idempotency.as_ref(),
            _ => None,
        };
        let outcome = match key {
            KeyState::Answered(stored) => again(request, stored),
            KeyState::InFlight => Outcome::KeyInFlight,
            KeyState::None | KeyState::Free => {
                let branch = desk.documents.branch(&request.command);
                match desk.post(request) {
                    Ok(answer) => Outcome::Answered(answer.at(branch)),
                    Err(Declined::Denied(denied)) => Outcome::Denied(denied),
                    Err(Declined::Refused(refusal)) => {
                        let problem = problem::of_refusal(&refusal, &request.context);
                        Outcome::Refused(refusal, Answer::problem(&problem).at(branch))
                    }
                }
            }
        };
        keys.push(key_to_keep);
        outcomes.push(outcome);
    }
    desk.decided(keys, outcomes)
}

/// The outcome of a request under a key that was answered before.
fn again(request: &Request, stored: StoredAnswer) -> Outcome {
    match replay::again(stored, &request.context, &request.asker, request.command.view()) {
        Ok(Again::Same(answer)) => Outcome::Answered(answer),
        Ok(Again::Other { made }) => Outcome::KeyReused(made),
        Err(denied) => Outcome::Denied(denied),
    }
}

/// The working state while a batch is decided.
struct Desk {
    documents: Documents,
    levels: Levels,
    stored: HashMap<StockKey, LevelRow>,
    touched: BTreeMap<StockKey, Touched>,
    now: Timestamp,
    movements: Vec<MovementWrite>,
    entries: Vec<AuditWrite>,
}

/// A level that a posting changed.
#[derive(Clone, Copy)]
struct Touched {
    at: Timestamp,
    override_negative: bool,
}

impl Desk {
    fn new(loaded: documents::Loaded) -> Desk {
        Desk {
            documents: loaded.documents,
            levels: loaded.levels.iter().map(|row| (row.key, row.level)).collect(),
            stored: loaded.levels.into_iter().map(|row| (row.key, row)).collect(),
            touched: BTreeMap::new(),
            now: loaded.now,
            movements: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn post(&mut self, request: &Request) -> Result<Answer, Declined> {
        let Request { command, asker, actor, context } = request;
        let posting = self.documents.decide(command, asker, &self.levels)?;
        let movements = self.levels.post(&posting)?;
        // The ledger of a level never goes back in time, whatever the clocks say. A file's own times were held against the
        // ledger before: what it dates before a movement that is there already does not come this far.
        let changed = |change: &Change| self.last_change(change.key);
        let at = command
            .at()
            .unwrap_or_else(|| posting.changes.iter().filter_map(changed).fold(self.now, Timestamp::max));
        // A count of nothing moves nothing, but from now on there is a level.
        let opened =
            posting.changes.iter().map(|change| change.key).find(|key| self.last_change(*key).is_none());
        for change in &posting.changes {
            let no_effect = change.quantity.is_zero() && change.reserved.is_zero();
            if no_effect && self.stored.contains_key(&change.key) {
                continue;
            }
            let earlier = self.touched.get(&change.key).is_some_and(|touched| touched.override_negative);
            let override_negative = change.override_negative || earlier;
            // A promise since then changed the level without moving anything.
            let at = self.last_change(change.key).map_or(at, |last| at.max(last));
            self.touched.insert(change.key, Touched { at, override_negative });
        }
        let effective = Effective { at, told: (at != self.now).then_some(at) };
        let posted = self.documents.posted(command, actor, &posting, &self.levels, effective)?;
        self.movements.extend(movements.into_iter().map(|movement| MovementWrite {
            movement,
            at,
            document_type: posted.document_type,
            document_id: posted.document_id,
            reverses: posted.reverses,
            actor: actor.clone(),
            reason: posted.reason.clone(),
            request_id: context.request_id.clone(),
        }));
        let fact = posted.fact.or_else(|| opened.map(documents::opened));
        self.entries.extend(fact.map(|fact| fact.entry(self.now, actor, context)));
        Ok(posted.answer)
    }

    fn last_change(&self, key: StockKey) -> Option<Timestamp> {
        let touched = self.touched.get(&key).map(|touched| touched.at);
        touched.or_else(|| self.stored.get(&key).map(|row| row.updated_at))
    }

    fn decided<'a>(self, keys: Vec<Option<&'a IdempotencyKey>>, outcomes: Vec<Outcome>) -> Decided<'a> {
        let Desk { documents, levels, stored, touched, movements, entries, .. } = self;
        let (mut existing_levels, mut new_levels) = (Vec::new(), Vec::new());
        for (key, Touched { at, override_negative }) in touched {
            let write = LevelWrite { key, level: levels.get(key), override_negative, at };
            if stored.contains_key(&key) { existing_levels.push(write) } else { new_levels.push(write) }
        }
        Decided { documents, existing_levels, new_levels, movements, entries, keys, outcomes }
    }
}

/// Writes everything the batch decided, with a handful of statements whatever its size. Every statement is sent
/// before the first answer is awaited.
pub(crate) async fn write(conn: &Queries, decided: &Decided<'_>) -> Result<(), PgError> {
    let answers: Vec<AnswerWrite<'_>> = decided.answers().collect();
    // Levels come before movements, which refer to them.
    futures_util::try_join!(
        stock::write(conn, &decided.existing_levels, &decided.new_levels),
        movements::insert(conn, &decided.movements),
        decided.documents.write(conn),
        audit::insert(conn, &decided.entries),
        idempotency::insert(conn, &answers),
    )?;
    Ok(())
}
