//! Signing in: passwords, second factors, sessions, forms, and what keeps guesses out.

mod audit;
mod commands;
mod demo;
mod django;
mod forms;
mod key;
mod passwords;
mod queue;
mod resealing;
mod second_factor;
mod sessions;
mod streams;
mod throttle;
