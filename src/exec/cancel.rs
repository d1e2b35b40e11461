//! The wish to end everything: signals, or our own request, become one count that all share.
//!
//! Whoever waits for something else subscribes and is woken; nobody asks in a loop. Nothing here ends a process.
//!
//! ```ignore
//! let cancel = Cancel::install();       // once, early in main
//! stream(&command, None, &Stopper::Group, &limits, &cancel, &mut |bytes| log(bytes))?;
//! if cancel.requested() { .. }
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::files;

/// The signals that ask us to end, with the names that we print.
const SIGNALS: [(i32, &str); 3] = [(SIGINT, "INT"), (SIGTERM, "TERM"), (SIGHUP, "HUP")];

/// Called on another thread, may not block.
type Waker = Box<dyn Fn() + Send>;

#[derive(Default)]
struct Shared {
    count: AtomicU32,
    first: OnceLock<&'static str>,
    next: AtomicU32,
    wakers: Mutex<Vec<(u32, Waker)>>,
}

/// Shared by all who start children; clones are the same wish.
#[derive(Clone, Default)]
pub(crate) struct Cancel(Arc<Shared>);

impl Cancel {
    /// Counts INT, TERM and HUP from now on, in place of dying of them.
    ///
    /// A signal that is ignored when we start stays ignored: `nohup runenv ..` and `sh -c 'runenv .. &'` mean it.
    pub(crate) fn install() -> Self {
        let cancel = Self::default();
        let ignored = ignored_signals();
        let wanted = SIGNALS
            .iter()
            .map(|(signal, _)| *signal)
            .filter(|s| ignored & (1 << (s - 1)) == 0);
        let mut signals =
            Signals::new(wanted).expect("INT, TERM and HUP can be handled on every system");
        let told = cancel.clone();
        thread::spawn(move || {
            for signal in &mut signals {
                let name = SIGNALS
                    .iter()
                    .find(|(number, _)| *number == signal)
                    .map(|(_, name)| *name);
                told.count_one(name);
            }
        });
        cancel
    }

    /// Hears no signal: for short questions, for cleaning up after a signal, for tests.
    pub(crate) fn never() -> Self {
        Self::default()
    }

    /// Asks for the end ourselves (`--fail-fast`), unless it was asked for: a second time would mean "at once", as with
    /// signals.
    pub(crate) fn request_once(&self) {
        let none = self
            .0
            .count
            .compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst);
        if none.is_ok() {
            self.wake();
        }
    }

    /// Asks for the end as a signal does, which has no name.
    #[cfg(test)]
    pub(crate) fn request(&self) {
        self.count_one(None);
    }

    /// The wish of signals alone, for what is ended by nothing else.
    pub(crate) fn signals(&self) -> (Self, Subscription) {
        let (signals, first) = (Self::default(), self.clone());
        let told = signals.clone();
        let heed = move || {
            if let Some(name) = first.signal_name() {
                told.count_one(Some(name));
            }
        };
        let subscription = self.subscribe(heed.clone());
        heed();
        (signals, subscription)
    }

    /// The wish to end at once: for what is still done after a first signal and given up at a second. It hears nothing
    /// more once the subscription is dropped.
    pub(crate) fn second(&self) -> (Self, Subscription) {
        let (second, first) = (Self::default(), self.clone());
        let told = second.clone();
        let heed = move || {
            if first.count() > 1 {
                told.count_one(None);
            }
        };
        let subscription = self.subscribe(heed.clone());
        heed();
        (second, subscription)
    }

    pub(crate) fn requested(&self) -> bool {
        self.count() > 0
    }

    /// How often the end was asked for: from 2 on, nobody is given time.
    pub(crate) fn count(&self) -> u32 {
        self.0.count.load(Ordering::SeqCst)
    }

    /// The first signal that came, such as `INT`; none when the end was only asked for by `request_once`.
    pub(crate) fn signal_name(&self) -> Option<&'static str> {
        self.0.first.get().copied()
    }

    /// The wish as it is from now on, for work that begins after a signal: the next one ends it at once.
    pub(crate) fn renewed(&self) -> (Self, Subscription) {
        let new = Self::default();
        let (told, gone) = (new.clone(), self.requested());
        let subscription = self.subscribe(move || {
            told.count_one(None);
            if gone {
                told.count_one(None);
            }
        });
        (new, subscription)
    }

    /// Calls `wake` at every further request, until the subscription is dropped.
    ///
    /// Look at `count` after subscribing: what came before wakes nobody.
    pub(crate) fn subscribe(&self, wake: impl Fn() + Send + 'static) -> Subscription {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((id, Box::new(wake)));
        Subscription {
            cancel: self.clone(),
            id,
        }
    }

    /// Waits, but no longer than until the end is asked for; says whether it was.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let (sender, woken) = mpsc::channel();
        let _subscription = self.subscribe(move || {
            // Nobody listens any more: as good.
            let _ = sender.send(());
        });
        self.requested() || woken.recv_timeout(at_most).is_ok()
    }

    fn count_one(&self, signal: Option<&'static str>) {
        if let Some(name) = signal {
            let _ = self.0.first.set(name);
        }
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.wake();
    }

    fn wake(&self) {
        let wakers = self.0.wakers.lock();
        for (_, wake) in wakers.unwrap_or_else(PoisonError::into_inner).iter() {
            wake();
        }
    }
}

/// Wakes until it is dropped.
#[must_use]
pub(crate) struct Subscription {
    cancel: Cancel,
    id: u32,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut wakers = self
            .cancel
            .0
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|(id, _)| *id != self.id);
    }
}

/// The signals that our parent had us ignore, as a mask; nothing where there is no /proc.
fn ignored_signals() -> u64 {
    let status = files::read_if_there(Path::new("/proc/self/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn requests_are_counted_and_wake() {
        let cancel = Cancel::never();
        let (sender, woken) = mpsc::channel();
        let subscription = cancel.subscribe(move || sender.send(()).unwrap());
        assert!(!cancel.requested());
        cancel.clone().request();
        assert!(cancel.requested());
        assert_eq!((cancel.count(), cancel.signal_name()), (1, None));
        assert_eq!(woken.try_recv(), Ok(()));
        drop(subscription);
        cancel.request();
        assert_eq!(cancel.count(), 2);
        assert_eq!(woken.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }

    #[test]
    fn what_goes_on_after_a_signal_ends_at_the_second() {
        let cancel = Cancel::never();
        let (second, subscription) = cancel.second();
        cancel.request();
        assert!(!second.requested());
        cancel.request();
        assert!(second.requested());
        drop(subscription);
        cancel.request();
        assert_eq!(second.count(), 1);
        assert!(cancel.second().0.requested());
    }

    #[test]
    fn our_own_request_is_one_and_no_signal() {
        let cancel = Cancel::never();
        let (signals, _subscription) = cancel.signals();
        cancel.request_once();
        cancel.request_once();
        assert_eq!((cancel.count(), signals.count()), (1, 0));
        cancel.count_one(Some("INT"));
        cancel.request_once();
        assert_eq!((cancel.count(), signals.count()), (2, 1));
        assert_eq!(signals.signal_name(), Some("INT"));
        assert_eq!(cancel.signals().0.count(), 1);
    }

    #[test]
    fn a_wait_ends_with_a_request() {
        let cancel = Cancel::never();
        assert!(!cancel.wait(Duration::from_millis(10)));
        let start = time::start();
        let other = cancel.clone();
        let waiter = thread::spawn(move || other.wait(Duration::from_secs(60)));
        cancel.request();
        assert!(waiter.join().unwrap());
        assert!(cancel.wait(Duration::from_secs(60)));
        assert!(start.elapsed() < Duration::from_secs(50));
    }

    #[test]
    fn signals_count_and_the_first_is_remembered() {
        let cancel = Cancel::install();
        let (sender, woken) = mpsc::channel();
        let _subscription = cancel.subscribe(move || sender.send(()).unwrap());
        for signal in [SIGTERM, SIGTERM] {
            signal_hook::low_level::raise(signal).unwrap();
            assert_eq!(woken.recv_timeout(Duration::from_secs(10)), Ok(()));
        }
        assert_eq!((cancel.count(), cancel.signal_name()), (2, Some("TERM")));
    }
}
