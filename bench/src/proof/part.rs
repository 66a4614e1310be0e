//! What a part of a proof found.

use std::collections::BTreeMap;

use crate::report::goals::Goal;
use crate::report::{list, table};
use crate::{Result, output};

/// What a part of a proof found.
pub struct Part {
    /// What it is about.
    pub title: &'static str,
    /// What must hold, and whether it does.
    pub goals: Vec<Goal>,
    /// What was seen besides.
    pub lines: Vec<String>,
}

impl Part {
    /// Shows at the terminal what it found.
    pub fn tell(&self) {
        let Part { title, goals, lines } = self;
        output::line(format_args!("\n{title}\n\n{}\n\n{}", lines.join("\n"), table::goals(goals)));
    }
}

/// The report of a proof, whose title is that of its section in the benchmark's README.
pub fn document(title: &str, about: &[String], parts: &[Part]) -> String {
    let section = title.to_lowercase().replace(' ', "-");
    let mut text = format!(
        "# {title}\n\nWritten by the benchmark; how to read it is in its [README](README.md#{section}).\n\n{}\n",
        list(about)
    );
    for Part { title, goals, lines } in parts {
        text.push_str(&format!("\n## {title}\n\n{}\n{}\n", table::goals(goals), list(lines)));
    }
    text
}

/// That every goal is reached.
///
/// # Errors
/// Names those that are not.
pub fn require_goals<'g>(goals: impl IntoIterator<Item = &'g Goal>) -> Result<()> {
    let missed: Vec<&str> =
        goals.into_iter().filter(|goal| goal.reached != Some(true)).map(|goal| &*goal.what).collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("not reached: {}", missed.join("; ")).into()) }
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
