//! Futures that wake themselves while they are polled.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Polls a future a second time at once where it was woken while it was polled. tokio would put its task at the end of the
/// queue and wake another thread for it, for every change that a client sends: hyper wakes its connection when a
/// request's body is taken, and it is the connection's own task that takes it.
#[derive(Debug)]
pub(super) struct Repoll {
    state: Arc<State>,
    waker: Waker,
}

/// Whoever wakes says so first, and then looks whether the future is being polled; whoever polls says first that it is
/// over, and then looks whether somebody woke. So one of the two sees the other.
#[derive(Debug, Default)]
struct State {
    task: AtomicWaker,
    is_polled: AtomicBool,
    is_woken: AtomicBool,
}

impl Repoll {
    pub(super) fn new() -> Repoll {
        let state = Arc::<State>::default();
        Repoll { waker: Waker::from(Arc::clone(&state)), state }
    }

    /// Polls the future, twice where it was woken meanwhile. One that was woken the second time as well waits its turn.
    pub(super) fn poll<F: Future>(&self, mut future: Pin<&mut F>, context: &Context<'_>) -> Poll<F::Output> {
        let State { task, is_polled, is_woken } = &*self.state;
        task.register(context.waker());
        is_woken.swap(false, SeqCst);
        for _ in 0..2 {
            is_polled.store(true, SeqCst);
            let polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            is_polled.store(false, SeqCst);
            if polled.is_ready() || !is_woken.swap(false, SeqCst) {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        if !self.is_polled.load(SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// A task that counts how often it is woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// Polls a future once that wakes itself in the first polls and ends after `polls`; says whether it ended, how often it
    /// was polled, and how often its task was woken.
    fn poll_once(wakes_itself: usize, polls: usize) -> (bool, usize, usize) {
        let (task, mut polled) = (Arc::new(Task::default()), 0);
        let future = poll_fn(|context| {
            polled += 1;
            if polled <= wakes_itself {
                context.waker().wake_by_ref();
            }
            if polled < polls { Poll::Pending } else { Poll::Ready(()) }
        });
        let waker = Waker::from(Arc::clone(&task));
        let ended = Repoll::new().poll(pin!(future), &Context::from_waker(&waker)).is_ready();
        (ended, polled, task.0.load(SeqCst))
    }

    #[test]
    fn a_future_that_wakes_itself_is_polled_again_at_once() {
        assert_eq!(poll_once(1, 2), (true, 2, 0));
        assert_eq!(poll_once(1, 9), (false, 2, 0));
        assert_eq!(poll_once(0, 9), (false, 1, 0));
    }

    #[test]
    fn a_future_that_goes_on_waking_itself_lets_others_run() {
        assert_eq!(poll_once(9, 9), (false, 2, 1));
    }

    #[test]
    fn a_future_that_is_woken_from_elsewhere_has_its_task_woken() {
        let (task, mut kept) = (Arc::new(Task::default()), None);
        let waker = Waker::from(Arc::clone(&task));
        let future = pin!(poll_fn(|context| {
            kept = Some(context.waker().clone());
            Poll::<()>::Pending
        }));
        assert!(Repoll::new().poll(future, &Context::from_waker(&waker)).is_pending());
        kept.unwrap().wake();
        assert_eq!(task.0.load(SeqCst), 1);
    }
}
