//! What keeps the program safe from whoever reaches it: headers, transport, limits, and secrets that stay secret.

mod company;
mod crowds;
mod grants;
mod headers;
mod leaks;
<<<<<<< Updated upstream
mod nesting;
=======
mod pages;
>>>>>>> Stashed changes
mod rates;
mod sources;
mod strangers;
mod transport;
