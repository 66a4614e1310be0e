//! The built program as a user runs it.

mod commands;
mod company;
mod demo;
mod guarded;
mod hangups;
mod insecure;
mod login;
mod main_job;
mod pauses;
mod policy;
mod races;
mod repeats;
mod stopping;
mod tokens;
