//! What keeps the program safe from whoever reaches it: headers, transport, limits, and secrets that stay secret.

mod company;
mod crowds;
mod grants;
mod headers;
mod leaks;
mod nesting;
mod pages;
mod rates;
mod sources;
mod strangers;
mod transport;
