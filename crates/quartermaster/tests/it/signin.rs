//! Signing in: passwords, second factors, sessions, forms, and what keeps guesses out.

mod key;
