//! Fenced blocks of a Markdown text.

/// One block: its language, its text, and the line before it that says more.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
    /// The last line before the fence that is not blank.
    pub(crate) before: String,
}

pub(crate) fn blocks(markdown: &str) -> Vec<Block> {
    let (mut found, mut open, mut before) = (Vec::<Block>::new(), false, String::new());
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some(language) if !open => {
                let (language, before) = (language.to_owned(), before.clone());
                found.push(Block {
                    language,
                    text: String::new(),
                    before,
                });
                open = true;
            }
            Some(_) => open = false,
            None if open => {
                let block = found.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None if !line.trim().is_empty() => line.clone_into(&mut before),
            None => {}
        }
    }
    assert!(!open, "a block is not closed");
    found
}

/// The file that a line names, in backticks.
pub(crate) fn named(line: &str) -> Option<&str> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .find(|word| word.contains('.'))
}
