//! The built program as a user runs it.

mod commands;
mod demo;
mod main_job;
mod races;
