//! What a part of the proof found.

use std::collections::BTreeMap;

use crate::report::goals::Goal;

/// What a part of the proof found.
pub struct Part {
    /// What it is about.
    pub title: &'static str,
    /// What must hold, and whether it does.
    pub goals: Vec<Goal>,
    /// What was seen besides.
    pub lines: Vec<String>,
}

/// Answers that were not as they should be, and how often.
#[derive(Debug, Default)]
pub struct Faults(BTreeMap<String, u64>);

impl Faults {
    /// Counts one.
    pub fn add(&mut self, words: impl ToString) {
        *self.0.entry(words.to_string()).or_default() += 1;
    }

    /// That there must be none.
    pub fn goal(&self) -> Goal {
        let words: Vec<String> = self.0.iter().map(|(words, count)| format!("{count} x {words}")).collect();
        let found = if words.is_empty() { "0".to_owned() } else { words.join("; ") };
        Goal::seen("other answers and broken connections", 0, found, self.0.is_empty())
    }
}
