//! Work that has a thread to itself.

use std::future::Future;

use tokio::runtime::Builder;

/// Runs `work` on a thread and a runtime of its own. Connections that it opens are driven by that thread too: their
/// answers do not wait until the threads that serve requests get round to them.
pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::task::spawn_blocking(move || match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        // Whoever waits for its work finds its queue closed.
        Err(error) => tracing::error!(%error, "a thread could not start its work"),
    });
}
