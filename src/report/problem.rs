//! A problem as text, in the look of rustc: title, excerpts of the sources, what to do.
//!
//! Shows what is in a [`Problem`] and adds nothing. Nothing of a source or a title reaches the terminal as it is, and no
//! source makes the text longer than a screen.
//!
//! ```text
//! error: unknown factor `fedroa`
//!  --> envs.toml:3:8
//! help: did you mean `fedora`?
//! ```

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::Excerpt;
use super::{harmless, style};
use crate::problem::{Kind, Place, Problem, Problems};

/// How much of a problem is shown.
const PLACES: usize = 6;
const TITLE_LINES: usize = 12;
const HELPS: usize = 8;

/// The problem as text, ended by a newline.
pub(crate) fn render(problem: &Problem, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let level = match problem.kind {
        Kind::Warning => Level::WARNING,
        Kind::Mistake | Kind::Engine | Kind::Nothing => Level::ERROR,
    };
    let title = harmless::visible_lines(&problem.title, TITLE_LINES).join("\n");
    let mut main = Group::with_title(level.primary_title(title));
    let shown = &problem.places[..problem.places.len().min(PLACES)];
    for (at, places) in runs(shown).into_iter().enumerate() {
        main = add(main, places, at == 0);
    }
    let helps = problem.help.iter().take(HELPS);
    let mut groups: Vec<_> = helps
        .map(|help| harmless::visible_lines(help, TITLE_LINES).join("\n"))
        .map(|help| Group::with_title(Level::HELP.secondary_title(help)))
        .collect();
    let more = problem.places.len() - shown.len();
    if more > 0 {
        let text = format!("and {more} more places like these");
        groups.insert(0, Group::with_title(Level::NOTE.secondary_title(text)));
    }
    if shown.is_empty() {
        // Together they would be joined by an empty gutter.
        let all = std::iter::once(main).chain(groups);
        return all.fold(String::new(), |text, group| {
            text + &renderer.render(&[group]) + "\n"
        });
    }
    groups.insert(0, main);
    renderer.render(&groups) + "\n"
}

/// All of them with an empty line between, and their number where there are several.
pub(crate) fn render_all(problems: &Problems, colour: bool) -> String {
    let texts: Vec<_> = problems.0.iter().map(|p| render(p, colour)).collect();
    let mut text = texts.join("\n");
    let errors = problems
        .0
        .iter()
        .filter(|p| p.kind != Kind::Warning)
        .count();
    if errors > 1 {
        let count = style::paint(colour, style::FAILED, &format!("{errors} errors"));
        let more = if problems.full() {
            "; more were not looked for"
        } else {
            ""
        };
        text.extend(["\n", &count, more, "\n"]);
    }
    text
}

/// Neighbours that point into the same source share an excerpt.
fn runs(places: &[Place]) -> Vec<&[Place]> {
    let same =
        |a: &Place, b: &Place| Arc::ptr_eq(&a.source, &b.source) && !is_whole(a) && !is_whole(b);
    places.chunk_by(same).collect()
}

/// Does the place mean the whole file?
fn is_whole(place: &Place) -> bool {
    place.span == (0..0)
}

/// Adds one excerpt, or the name where the whole file is meant.
fn add<'a>(group: Group<'a>, places: &[Place], main: bool) -> Group<'a> {
    let Some(first) = places.first() else {
        return group;
    };
    let name = harmless::visible(&harmless::cut(&first.source.name));
    if is_whole(first) {
        return group.element(Origin::path(name));
    }
    let spans: Vec<_> = places.iter().map(|p| p.span.clone()).collect();
    let excerpt = Excerpt::new(&first.source.text, &spans);
    let mut snippet = Snippet::source(excerpt.text)
        .line_start(excerpt.line)
        .path(name);
    for (at, (place, span)) in places.iter().zip(excerpt.spans).enumerate() {
        let kind = if main && at == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let label = harmless::visible(&harmless::cut(&place.label));
        let label = (!label.is_empty()).then_some(label);
        snippet = snippet.annotation(kind.span(span).label(label));
    }
    group.element(snippet)
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::problem::Source;

    fn mistake() -> Problem {
        let text = "[env]\nlist = [\"docker-fedroa-35\"]\n\n[system.fedora]\n";
        let source = Source::new("envs.toml", text);
        Problem::new("unknown factor `fedroa`", "did you mean `fedora`?")
            .at(&source, 22..28, "")
            .at(&source, 44..50, "a known one")
    }

    #[test]
    fn a_mistake_shows_where_and_what_to_do() {
        assert_data_eq!(
            render(&mistake(), false),
            str![[r#"
error: unknown factor `fedroa`
 --> envs.toml:2:17
  |
2 | list = ["docker-fedroa-35"]
  |                 ^^^^^^
3 |
4 | [system.fedora]
  |          ------ a known one
  |
help: did you mean `fedora`?

"#]]
        );
    }

    #[test]
    fn a_warning_without_a_place_is_two_lines() {
        let problem = Problem::warning("the clock is wrong", "set it").help("or live with it");
        assert_data_eq!(
            render(&problem, false),
            str![[r#"
warning: the clock is wrong
help: set it
help: or live with it

"#]]
        );
    }

    #[test]
    fn a_whole_file_is_its_name() {
        let file = Source::new("envs.toml", "");
        let word = Source::new("-e", "docker-x");
        let problem = Problem::new("`x` is not there", "write it").at(&file, 0..0, "");
        assert_data_eq!(
            render(&problem, false),
            str![[r#"
error: `x` is not there
--> envs.toml
 |
help: write it

"#]]
        );
        let problem = problem.at(&word, 7..8, "asked for here");
        assert_data_eq!(
            render(&problem, false),
            str![[r#"
error: `x` is not there
 --> envs.toml
  |
 ::: -e:1:8
  |
1 | docker-x
  |        - asked for here
  |
help: write it

"#]]
        );
    }

    #[test]
    fn several_are_counted() {
        let short = Problem::new("one", "two");
        let warning = Problem::warning("three", "four");
        let problems = Problems(vec![short.clone(), warning, short]);
        assert_data_eq!(
            render_all(&problems, false),
            str![[r#"
error: one
help: two

warning: three
help: four

error: one
help: two

2 errors

"#]]
        );
        let one = Problems(vec![Problem::new("one", "two")]);
        assert_data_eq!(
            render_all(&one, false),
            str![[r#"
error: one
help: two

"#]]
        );
    }

    #[test]
    fn colour_is_only_colour() {
        let text = render(&mistake(), true);
        assert!(text.contains("\x1b[1m"));
        let mut plain = String::new();
        harmless::Cleaner::new(false).push(text.as_bytes(), &mut plain);
        assert_eq!(plain, render(&mistake(), false));
    }

    #[test]
    fn nothing_of_the_source_acts_on_the_terminal() {
        let source = Source::new("a\x1b]0;x\x07", "k = \"\x1b[31m\u{9b}31m\u{202e}\x07\"\r\n");
        let problem = Problem::new("bad `\x1b[2J`", "not \x1bc").at(&source, 5..9, "\x1b[H\n");
        assert_data_eq!(
            render(&problem, false),
            str![[r#"
error: bad `␛[2J`
 --> a␛]0;x␇:1:6
  |
1 | k = "␛[31m␛31m�␇"
  |      ^^^^ ␛[H␊
  |
help: not ␛c

"#]]
        );
    }

    #[test]
    fn no_span_is_too_odd_to_be_shown() {
        let texts = [
            "",
            "a",
            "\n",
            "a\n",
            "äöü\n\n",
            "a\nb\nc\nd\ne\nf\ng\nh\ni\n",
            "x\r\ny",
            "\t\u{1f600}\u{301}",
        ];
        for text in texts {
            let source = Source::new("f", text);
            for start in 0..text.len() + 3 {
                for end in 0..text.len() + 3 {
                    let span = start..end;
                    let problem = Problem::new("t", "h")
                        .at(&source, span.clone(), "l")
                        .at(&source, end..start, "m")
                        .at(&source, usize::MAX..usize::MAX, "");
                    let shown = render(&problem, false);
                    assert!(shown.ends_with("help: h\n"), "{text:?} {span:?}");
                    assert!(shown.lines().count() < 24, "{text:?} {span:?}\n{shown}");
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_file_is_shown_at_its_last_line() {
        let source = Source::new("f", "a = [\nbc\n");
        let problem = Problem::new("`]` is missing", "add it").at(&source, 9..9, "here");
        assert_data_eq!(
            render(&problem, false),
            str![[r#"
error: `]` is missing
 --> f:2:3
  |
2 | bc
  |   ^ here
  |
help: add it

"#]]
        );
    }

    #[test]
    fn a_book_on_one_line_is_cut() {
        let text = format!("{}X{}\n", "a=1 ".repeat(25_000), "b".repeat(1_000_000));
        let source = Source::new("f", text);
        for span in [100_000..100_001, 100_000..900_000, 1_000_000..1_000_000] {
            let problem =
                Problem::new("t".repeat(10_000), "h\n".repeat(1000)).at(&source, span, "l");
            let shown = render(&problem, false);
            assert!(shown.len() < 2000, "{shown}");
        }
        let many = (0..100).fold(Problem::new("t", "h"), |p, n| p.at(&source, n..n + 1, "x"));
        assert!(render(&many, false).contains("note: and 94 more places like these\n"));
    }
}
