//! Words that nobody can guess. May ask the kernel for random bytes, and nothing else.

use rustix::rand::{GetRandomFlags, getrandom};

use crate::digest::Digest;

/// A word that nobody can guess: names, marks, run ids. 16 hex digits.
pub(crate) fn word() -> String {
    let mut bytes = [0u8; 16];
    // getrandom(2): so few bytes come whole and uninterrupted, and any kernel that runs containers has the call.
    let count = getrandom(&mut bytes, GetRandomFlags::empty());
    assert_eq!(count, Ok(bytes.len()), "the kernel gives random bytes");
    Digest::of(&bytes).short()
}
