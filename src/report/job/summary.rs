//! The summary of a job on GitHub's page of the run: a table of the environments, and what is to be known of each
//! failure, as Markdown (github.github.com/gfm). Pure; what it quotes is text and nothing else.
//!
//! ```text
//! | state | environment | built | tested |
//! | --- | --- | --- | --- |
//! | failed | `docker-a` | cached | failed 12.4s |
//! ```

use crate::report::{failure, harmless, table};
use crate::run::result::{EnvResult, StageResult};
use crate::time::show_duration;

/// A step's summary has at most 1 MiB; all that it has more than this is room for what others add.
pub(crate) const MOST: usize = 1_000_000;

/// What is in it, failed environments first, in at most `room` bytes: an environment is in it whole or not at all.
pub(crate) fn render(envs: &[EnvResult], seconds: std::time::Duration, room: usize) -> String {
    let (bad, good): (Vec<_>, Vec<_>) = envs.iter().partition(|env| env.state.is_bad());
    let all: Vec<&EnvResult> = bad.iter().chain(&good).copied().collect();
    let time = show_duration(seconds);
    let head = format!("\n### runenv: {} in {time}\n\n", table::counts(envs, false));
    let mut text = head + &rows(&all, room / 2);
    let reports = bad.iter().map(|env| report(env)).collect::<Vec<_>>();
    text += &fitting(
        &reports,
        room.saturating_sub(text.len()),
        "failed environment",
    );
    text
}

/// As many of the parts as fit, and a line that says how many do not.
fn fitting(parts: &[String], room: usize, what: &str) -> String {
    let left_out = |count: usize| {
        let what = crate::nearest::counted(what, count);
        format!(
            "\n_{what} more: there is no room here; the job's log and `result.json` have all._\n"
        )
    };
    let room = room.saturating_sub(left_out(parts.len()).len());
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if text.len() + part.len() > room {
            return text + &left_out(parts.len() - at);
        }
        text += part;
    }
    text
}

fn rows(envs: &[&EnvResult], room: usize) -> String {
    let mut stages: Vec<&str> = Vec::new();
    for stage in envs.iter().flat_map(|env| &env.stages) {
        if !stages.contains(&stage.name.as_str()) {
            stages.push(&stage.name);
        }
    }
    let names = stages.iter().map(|name| format!(" {} |", text(name)));
    let head = format!("| state | environment |{}\n", names.collect::<String>());
    let head = head + "| --- | --- |" + &" --- |".repeat(stages.len()) + "\n";
    let rows: Vec<String> = envs.iter().map(|env| row(env, &stages)).collect();
    let rows = fitting(&rows, room.saturating_sub(head.len()), "environment");
    head + &rows
}

fn row(env: &EnvResult, stages: &[&str]) -> String {
    let cells = stages.iter().map(|name| {
        let stage = env.stages.iter().find(|stage| stage.name == *name);
        let cell = stage.map_or_else(|| "-".to_owned(), table::words);
        format!(" {cell} |")
    });
    let (state, name) = (env.state.word(), text(&env.name));
    format!("| {state} | {name} |{}\n", cells.collect::<String>())
}

/// All there is to know of a failed environment.
fn report(env: &EnvResult) -> String {
    let mut told = format!("\n#### {} {}\n", text(&env.name), env.state.word());
    for stage in env.stages.iter().filter(|stage| stage.is_bad()) {
        told += &of_stage(stage);
    }
    if let Some(problem) = &env.problem {
        told += &block(&harmless::visible_lines(problem, 30));
    }
    told
}

fn of_stage(stage: &StageResult) -> String {
    let how = match failure::reason(stage) {
        empty if empty.is_empty() => String::new(),
        reason => format!(": {}", text(&reason)),
    };
    let time = show_duration(stage.seconds.0);
    let state = stage.state.word();
    let mut told = format!("\n{} {state} after {time}{how}\n", text(&stage.name));
    if let Some(command) = &stage.command {
        told += &block(&harmless::visible_lines(command.text.trim(), 6));
    }
    if !stage.missing_packages.is_empty() {
        let packages = stage.missing_packages.iter().map(|name| text(name));
        let packages = packages.collect::<Vec<_>>().join(", ");
        told += &format!("\nMissing packages: {packages}\n");
    }
    let annotations = failure::annotations(stage);
    if !annotations.is_empty() {
        told += &format!("\nAnnotations:\n{}", block(&annotations));
    }
    if !stage.tail.is_empty() {
        let lines = stage.tail.iter().map(|line| harmless::line(line, false));
        told += &format!("\nLast lines:\n{}", block(&lines.collect::<Vec<_>>()));
    }
    told
}

/// A block of code; its fence is longer than any row of backticks in it.
fn block(lines: &[String]) -> String {
    let longest = |line: &String| {
        let rows = line.split(|c| c != '`').map(str::len);
        rows.max().unwrap_or(0)
    };
    let fence = "`".repeat(lines.iter().map(longest).max().unwrap_or(0).max(2) + 1);
    format!("\n{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// A text as code in a line. What means something in Markdown, HTML or to GitHub (`@name`, `#1`) is written as numbers.
fn text(text: &str) -> String {
    let text = harmless::visible(text);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | ' ');
    if !text.trim().is_empty() && text.trim() == text && text.chars().all(plain) {
        return format!("`{text}`");
    }
    let each = text.chars().map(|c| match c {
        ' ' => c.to_string(),
        c if c.is_alphanumeric() => c.to_string(),
        c => format!("&#{};", u32::from(c)),
    });
    format!("<code>{}</code>", each.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::report::told::{cached, env, failed, passed, words};
    use crate::run::result::State;

    const TIME: Duration = Duration::from_secs(185);

    fn mixed() -> Vec<EnvResult> {
        let mut bad = failed("tested", 12.4);
        bad.missing_packages = words(&["gap", "a|b<i>"]);
        let fine = vec![cached("built"), passed("tested", 61.0)];
        vec![
            env("docker-b", State::Passed, fine),
            env("docker-a", State::Failed, vec![cached("built"), bad]),
        ]
    }

    #[test]
    fn the_summary_has_the_table_and_each_failure() {
        assert_data_eq!(
            render(&mixed(), TIME, 1 << 20),
            str![[r#"

### runenv: 1 passed, 1 failed in 3m05s

| state | environment | `built` | `tested` |
| --- | --- | --- | --- |
| failed | `docker-a` | cached | failed 12.4s |
| passed | `docker-b` | cached | 1m01s |

#### `docker-a` failed

`tested` failed after 12.4s: `exit code 2`

```text
make check
```

Missing packages: `gap`, <code>a&#124;b&#60;i&#62;</code>

Last lines:

```text
checking…
FAIL: test_foo
```

"#]]
        );
    }

    #[test]
    fn what_is_quoted_is_text() {
        let hostile = "`x` | <b>*a*</b> @me #1 [l](http://x) \\ ![i] ~~s~~ &lt;";
        let told = text(hostile);
        let inner = told.strip_prefix("<code>").unwrap();
        let inner = inner.strip_suffix("</code>").unwrap();
        let legal = |c: char| c.is_alphanumeric() || " &#;".contains(c);
        assert!(inner.chars().all(legal), "{told}");
        assert_eq!(text(""), "<code></code>");
        assert_eq!(text("a\nb"), "<code>a␊b</code>".replace('␊', "&#9226;"));
        let mut stage = failed("tested", 1.0);
        stage.tail = words(&["```", "````x", "</code></pre><script>", "~~~~~~~"]);
        let told = of_stage(&stage);
        let fenced = "`````text\n```\n````x\n</code></pre><script>\n~~~~~~~\n`````\n";
        assert!(told.contains(fenced), "{told}");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut envs = Vec::new();
        for n in 0..2000 {
            let mut stage = failed("tested", 1.0);
            stage.tail = vec!["x".repeat(399); 20];
            envs.push(env(&format!("docker-{n}"), State::Failed, vec![stage]));
        }
        for room in [1000, 20_000, 900_000] {
            let told = render(&envs, TIME, room);
            assert!(told.len() <= room, "{room}: {}", told.len());
            let last = told.trim_end().lines().last().unwrap();
            let whole = told.matches("\n#### ").count();
            let said = format!("_{} failed environments more:", 2000 - whole);
            assert!(last.starts_with(&said), "{last}");
            assert_eq!(told.matches("\nLast lines:\n").count(), whole);
        }
    }
}
