//! The binary: one call into the library, so that everything can be tested from there.

use std::process::ExitCode;

fn main() -> ExitCode {
    runenv::run(std::env::args_os())
}
