//! The output of a stage, held back until the stage has ended: only then is it known whether it is folded.
//!
//! It is in a file without a name, so that no memory grows and nobody else can change what is shown; of very much, the
//! beginning and the end are kept. The stage's log has all of it. May not write to the terminal.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::report::harmless::Cleaner;
use crate::run::log_file::LogFile;

/// What stands behind how much is left out.
const LEFT_OUT: &str = "are left out here; the stage's log has them";
/// How much is shown at once.
const PIECE: usize = 64 * 1024;

/// Clean text that is not shown yet.
#[derive(Debug)]
pub(crate) struct Fold {
    file: io::Result<LogFile>,
    empty: bool,
}

impl Fold {
    /// `beside`: a path in a folder that files may be made in; `most`: so many bytes are kept.
    pub(crate) fn new(beside: &Path, most: u64) -> Self {
        Self {
            file: LogFile::nameless(beside, most, LEFT_OUT),
            empty: true,
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.empty &= text.is_empty();
        if let Ok(file) = &mut self.file
            && let Err(error) = file.write(text.as_bytes())
        {
            self.file = Err(error);
        }
    }

    /// Was nothing held back?
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Shows all of it, piece by piece, and ends its last line. What was cut is made clean again.
    pub(crate) fn show(self, colour: bool, show: &mut dyn FnMut(&str)) {
        if let Err(error) = self.read(colour, show) {
            show(&format!(
                "the output could not be held back ({error}): it is in the stage's log\n"
            ));
        }
    }

    fn read(self, colour: bool, show: &mut dyn FnMut(&str)) -> io::Result<()> {
        let mut file: File = self.file?.read()?;
        let (mut cleaner, mut piece) = (Cleaner::new(colour), vec![0; PIECE]);
        loop {
            let mut text = String::new();
            match file.read(&mut piece)? {
                0 => {
                    cleaner.end_line(&mut text);
                    show(&text);
                    return Ok(());
                }
                count => cleaner.push(&piece[..count], &mut text),
            }
            show(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fold: Fold) -> String {
        let mut all = String::new();
        fold.show(true, &mut |text| all += text);
        all
    }

    #[test]
    fn what_was_held_back_is_shown_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut fold = Fold::new(&folder.path().join("output"), 1 << 20);
        assert!(fold.is_empty());
        let line = "\x1b[31mä\x1b[0m line\n".repeat(10_000);
        fold.push(&line);
        fold.push("no end");
        assert!(!fold.is_empty());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        assert_eq!(shown(fold), format!("{line}no end\n"));
    }

    #[test]
    fn of_very_much_the_beginning_and_the_end_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let mut fold = Fold::new(&folder.path().join("output"), 9);
        fold.push("first\x1b[31mmiddle\x1b[0mlast");
        let text = shown(fold);
        assert_eq!(
            text,
            "first\n[runenv: 15 bytes are left out here; the stage's log has them]\nlast\n"
        );
    }

    #[test]
    fn what_cannot_be_held_back_is_told() {
        let mut fold = Fold::new(Path::new("/no/such/folder/output"), 9);
        fold.push("x");
        assert!(!fold.is_empty());
        assert_eq!(
            shown(fold),
            "the output could not be held back (No such file or directory (os error 2)): it is in the stage's log\n"
        );
    }
}
