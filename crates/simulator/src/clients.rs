//! The clients: what they asked for, how often, and what they were told.

use std::collections::HashMap;

use services::engine::in_memory::{Answer, Asker};
use services::engine::{Outcome, Request};
use services::{Actor, Command, IdempotencyKey, RequestContext};

use crate::invariant::{Broken, Invariant};
use crate::store::Store;

/// What a client wants, whether it asks once or more often.
#[derive(Debug)]
pub struct Intention {
    /// What.
    pub command: Command,
    /// The key of all its attempts.
    pub key: Option<IdempotencyKey>,
    /// The first final answer that it was given.
    pub answer: Option<Answer>,
}

/// One request.
#[derive(Debug)]
pub struct Attempt {
    /// Of which intention.
    pub intention: usize,
    /// Whether its client heard what became of it, or that nobody knows.
    pub heard: bool,
}

/// What a client is told when there is no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOutcome {
    /// Nothing changed.
    Unavailable,
    /// It is not known.
    Unknown,
}

/// Every client of a world.
#[derive(Debug, Default)]
pub struct Clients {
    /// What they want.
    pub intentions: Vec<Intention>,
    /// Their requests; the number of a request is its request id.
    pub attempts: Vec<Attempt>,
    by_key: HashMap<(String, String), Vec<usize>>,
}

impl Clients {
    /// Wants something new. Two callers take turns, and both name their keys alike.
    pub fn want(&mut self, command: Command, keyed: bool) -> usize {
        let number = self.intentions.len();
        let caller = if number.is_multiple_of(2) { "harbour" } else { "airport" };
        let body = number.to_be_bytes();
        let key =
            keyed.then(|| IdempotencyKey::new(caller, &format!("key-{}", number / 2), "POST", "/v1", &body));
        self.add(command, key)
    }

    /// Wants something new under the key of another intention.
    pub fn reuse(&mut self, of: usize, command: Command) -> Option<usize> {
        let other = self.intentions.get(of)?.key.as_ref()?;
        let body = self.intentions.len().to_be_bytes();
        let key = IdempotencyKey::new(&other.caller, &other.key, "POST", "/v1", &body);
        Some(self.add(command, Some(key)))
    }

    fn add(&mut self, command: Command, key: Option<IdempotencyKey>) -> usize {
        let number = self.intentions.len();
        if let Some(key) = &key {
            self.by_key.entry((key.caller.clone(), key.key.clone())).or_default().push(number);
        }
        self.intentions.push(Intention { command, key, answer: None });
        number
    }

    /// The intention with a key that is the `pick`-th newest.
    pub fn keyed(&self, pick: u8) -> Option<usize> {
        let recent: Vec<usize> = (0..self.intentions.len())
            .rev()
            .filter(|n| self.intentions.get(*n).is_some_and(|intention| intention.key.is_some()))
            .take(usize::from(pick) + 1)
            .collect();
        recent.last().copied()
    }

    /// One request of an intention, and its number.
    pub fn attempt(&mut self, intention: usize) -> Option<(usize, Request)> {
        let Intention { command, key, .. } = self.intentions.get(intention)?;
        let number = self.attempts.len();
        let request = Request {
            command: command.clone(),
            asker: Asker::Operator,
            actor: Actor { user_id: None, name: "simulator".into() },
            context: RequestContext {
                request_id: Some(number.to_string()),
                idempotency: key.clone(),
                ..RequestContext::default()
            },
        };
        self.attempts.push(Attempt { intention, heard: false });
        Some((number, request))
    }

    /// A client hears that there is no outcome.
    ///
    /// # Errors
    /// When something was changed by what is called failed.
    pub fn hear_nothing(&mut self, attempt: usize, why: NoOutcome, store: &Store) -> Result<(), Broken> {
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            attempt.heard = true;
        }
        if why == NoOutcome::Unavailable && entries(store, |number| number == attempt) > 0 {
            return Err(Broken::new(Invariant::FailedChangesNothing, format!("request {attempt}")));
        }
        Ok(())
    }

    /// A client hears an outcome.
    ///
    /// # Errors
    /// When what it hears is not so, or not what it heard before.
    pub fn hear(&mut self, number: usize, outcome: &Outcome, store: &Store) -> Result<(), Broken> {
        let Some(attempt) = self.attempts.get_mut(number) else { return Ok(()) };
        attempt.heard = true;
        let intention = attempt.intention;
        match outcome {
            Outcome::Answered(answer) | Outcome::Refused(_, answer) => {
                self.hear_answer(intention, answer)?;
                self.check_told(intention, answer, store)
            }
            Outcome::KeyReused(_) => self.check_reused(intention),
            Outcome::KeyInFlight => self.check_in_flight(intention),
            // The operator may do everything.
            Outcome::Denied(_) => Err(Broken::new(Invariant::Plain, format!("request {number} was denied"))),
        }
    }

    /// Every answer of one intention is the same, but for that something is absent, which is found out anew each time.
    fn hear_answer(&mut self, number: usize, answer: &Answer) -> Result<(), Broken> {
        let Some(intention) = self.intentions.get_mut(number) else { return Ok(()) };
        let Some(first) = intention.answer.as_ref().filter(|first| !is_absence(first)) else {
            intention.answer = Some(answer.clone());
            return Ok(());
        };
        let same =
            |a: &Answer, b: &Answer| a.status == b.status && a.headers == b.headers && a.body == b.body;
        if same(first, answer) {
            return Ok(());
        }
        let detail = format!("intention {number}: {} and then {}", first.status, answer.status);
        Err(Broken::new(Invariant::SameAnswer, detail))
    }

    fn check_told(&self, number: usize, answer: &Answer, store: &Store) -> Result<(), Broken> {
        let Some(intention) = self.intentions.get(number) else { return Ok(()) };
        let done = answer.status < 300;
        let found = entries(store, |attempt| self.is_of(attempt, number));
        // A count of what is there already changes nothing.
        let expected = match (done, &intention.command) {
            (false, _) => 0..=0,
            (true, Command::SetStock(_)) => 0..=1,
            (true, _) => 1..=1,
        };
        if !expected.contains(&found) {
            let invariant =
                if done { Invariant::AcknowledgedIsThere } else { Invariant::RefusalChangesNothing };
            let detail = format!("intention {number}: answered {}, found {found} changes", answer.status);
            return Err(Broken::new(invariant, detail));
        }
        let as_it_should = |key: &IdempotencyKey| match (is_absence(answer), store.is_answered(key)) {
            (false, kept) => kept,
            (true, kept) => !kept || self.others(number).count() > 0,
        };
        match &intention.key {
            Some(key) if !as_it_should(key) => {
                Err(Broken::new(Invariant::AnswerKept, format!("intention {number}")))
            }
            _ => Ok(()),
        }
    }

    fn check_reused(&self, number: usize) -> Result<(), Broken> {
        if self.others(number).count() > 0 {
            return Ok(());
        }
        Err(Broken::new(Invariant::KeyIsOfOneRequest, format!("intention {number} met its own key")))
    }

    fn check_in_flight(&self, number: usize) -> Result<(), Broken> {
        let attempts = self.attempts.iter().filter(|attempt| attempt.intention == number).count();
        if attempts > 1 || self.others(number).count() > 0 {
            return Ok(());
        }
        Err(Broken::new(
            Invariant::KeyIsOfOneRequest,
            format!("intention {number} was told to wait for itself"),
        ))
    }

    /// Other intentions under the same key.
    fn others(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        let key = self.intentions.get(number).and_then(|intention| intention.key.as_ref());
        let name = key.map(|key| (key.caller.clone(), key.key.clone()));
        let all = name.and_then(|name| self.by_key.get(&name)).into_iter().flatten();
        all.copied().filter(move |other| *other != number)
    }

    fn is_of(&self, attempt: usize, intention: usize) -> bool {
        self.attempts.get(attempt).is_some_and(|attempt| attempt.intention == intention)
    }

    /// What the client of a request asked for.
    pub fn command_of(&self, attempt: usize) -> Option<&Command> {
        let intention = self.attempts.get(attempt)?.intention;
        self.intentions.get(intention).map(|intention| &intention.command)
    }

    /// Whether a request with a key still has no answer, and no other request has the key's.
    pub fn is_open(&self, number: usize) -> bool {
        let answered = |n: usize| self.intentions.get(n).is_some_and(|intention| intention.answer.is_some());
        let keyed = self.intentions.get(number).is_some_and(|intention| intention.key.is_some());
        keyed && !answered(number) && !self.others(number).any(answered)
    }

    /// Every client has heard of each of its requests.
    ///
    /// # Errors
    /// Names one that has not.
    pub fn check_heard(&self) -> Result<(), Broken> {
        match self.attempts.iter().position(|attempt| !attempt.heard) {
            Some(number) => {
                Err(Broken::new(Invariant::NothingLost, format!("request {number} heard nothing")))
            }
            None => Ok(()),
        }
    }

    /// No request under a key is carried out twice.
    ///
    /// # Errors
    /// Names one that was.
    pub fn check_once(&self, store: &Store) -> Result<(), Broken> {
        let mut carried: HashMap<(&str, &str), u32> = HashMap::new();
        for entry in &store.entries {
            let Some(attempt) = number(entry.request_id.as_deref()) else { continue };
            let intention = self.attempts.get(attempt).and_then(|a| self.intentions.get(a.intention));
            let Some(key) = intention.and_then(|intention| intention.key.as_ref()) else { continue };
            let times = carried.entry((&key.caller, &key.key)).or_default();
            *times += 1;
            if *times > 1 {
                let detail = format!("{} of {}", key.key, key.caller);
                return Err(Broken::new(Invariant::KeyedOnce, detail));
            }
        }
        Ok(())
    }
}

/// Whether it says that what was asked about is absent, which is not kept under a key.
fn is_absence(answer: &Answer) -> bool {
    answer.status == 404
}

/// How many changes were made by requests that `of` picks.
fn entries(store: &Store, of: impl Fn(usize) -> bool) -> usize {
    let numbers = store.entries.iter().filter_map(|entry| number(entry.request_id.as_deref()));
    numbers.filter(|attempt| of(*attempt)).count()
}

fn number(request_id: Option<&str>) -> Option<usize> {
    request_id?.parse().ok()
}
