//! Many questions side by side: a few threads that take one after another.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use crate::exec::Cancel;

/// So many connections a registry does not mind, and more are no faster.
const SIDE_BY_SIDE: usize = 8;

/// Asks every question; answers come in the questions' order. `None`: we were asked to end before it was answered. Then
/// threads that wait for somebody else are left to themselves, so that a signal is obeyed at once.
pub(super) fn ask<Q: Send + 'static, A: Send + 'static>(
    questions: Vec<Q>,
    cancel: &Cancel,
    answer: impl Fn(Q) -> A + Clone + Send + 'static,
) -> Vec<Option<A>> {
    let mut answers: Vec<Option<A>> = questions.iter().map(|_| None).collect();
    let open: VecDeque<(usize, Q)> = questions.into_iter().enumerate().collect();
    let (mut left, open) = (open.len(), Arc::new(Mutex::new(open)));
    let (sender, receiver) = mpsc::channel();
    let stop = sender.clone();
    let _subscription = cancel.subscribe(move || {
        // Nobody waits any more: as good.
        let _ = stop.send(None);
    });
    if cancel.requested() {
        return answers;
    }
    for _ in 0..left.min(SIDE_BY_SIDE) {
        let (open, sender, answer) = (Arc::clone(&open), sender.clone(), answer.clone());
        let cancel = cancel.clone();
        thread::spawn(move || {
            let next = || {
                open.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front()
            };
            while let Some((at, question)) = next().filter(|_| !cancel.requested()) {
                if sender.send(Some((at, answer(question)))).is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    while left > 0 {
        // An error: a thread panicked and its answer will not come.
        let Ok(Some((at, answer))) = receiver.recv() else {
            break;
        };
        answers[at] = Some(answer);
        left -= 1;
    }
    answers
}
