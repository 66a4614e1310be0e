//! Stacks for Cedar, which calls itself as deep as policies are nested.

/// The stack that policies are read, checked and dropped on. In a debug build, the deepest text that is let through
/// needs 12 MiB.
pub(crate) const STACK: usize = 64 * 1024 * 1024;
/// The most that one level of an expression needs while it is evaluated, in a debug build; Cedar itself gives up 100 KB
/// before the end of a stack.
const EACH_LEVEL: usize = 64 * 1024;
/// What an evaluation needs beside that.
const AT_LEAST: usize = 160 * 1024;

/// Does `work` on a thread of its own with a large stack, and waits for it. A thread that cannot be started, or that
/// panics, is an error.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("policies".to_owned()).stack_size(STACK);
        let done = thread.spawn_scoped(scope, work)?;
        done.join().map_err(|_| std::io::Error::other("reading the policies failed"))
    })
}

/// Does `work` here, with a larger stack where so many levels may not fit into what is left of this one.
pub(crate) fn with_room_for<T>(levels: usize, work: impl FnOnce() -> T) -> T {
    let needed = AT_LEAST + levels * EACH_LEVEL;
    stacker::maybe_grow(needed, needed + AT_LEAST, work)
}
