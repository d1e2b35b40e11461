//! How files are asked for, as their headers say it.

/// How the files are to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The words behind the verb, as a person types them.
    pub(crate) words: String,
    /// A first job leaves out what is unchanged: it is given these variables.
    pub(crate) stale: Option<Vec<(String, String)>>,
}

impl Asked {
    /// What stands at the top of a file: `made` is by what it is known as ours, `verb` what wrote it.
    pub(super) fn header(&self, made: &str, verb: &str, is: &str) -> String {
        let words = &self.words;
        format!(
            "{made} from envs.toml. Do not edit: change `[ci]` there, then\n\
             `{verb}{words}` writes this file anew and `--check` says whether it is current.\n\n{is}"
        )
    }
}
