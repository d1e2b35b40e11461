//! `runenv schema`: the JSON Schema of envs.toml, for editors and checkers. Reads no file.

use clap::Args;

use super::{Context, Exit};
use crate::config::schema::{self, reference};
use crate::json;

#[derive(Clone, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Print the reference of envs.toml as Markdown instead
    #[arg(long)]
    markdown: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "every verb ends so")]
pub(crate) fn exec(args: SchemaArgs, context: &mut Context) -> Exit {
    let text = if args.markdown {
        reference::markdown()
    } else {
        json::text(&schema::schema())
    };
    context.out.result(&text);
    Ok(0)
}
