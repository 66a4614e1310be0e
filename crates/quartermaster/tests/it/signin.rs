//! Signing in: passwords, second factors, sessions, forms, and what keeps guesses out.

mod audit;
mod commands;
mod confirming;
mod demo;
mod django;
mod first_passwords;
mod forms;
mod key;
mod passwords;
mod portal_audit;
mod queue;
mod resealing;
mod second_factor;
mod sessions;
mod signing_out;
mod streams;
mod throttle;
