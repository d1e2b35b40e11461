//! Cron lines, as GitHub and GitLab read them: five fields of numbers, names, ranges and steps.

use crate::nearest;

/// A field: what it is called, its least and greatest number, and names for numbers from the least on.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        least: 0,
        most: 59,
        names: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        names: &[],
    },
    Field {
        name: "day",
        least: 1,
        most: 31,
        names: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "weekday",
        least: 0,
        most: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// What is wrong with a line, if it is none.
pub(crate) fn check(line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if words.len() != FIELDS.len() {
        let has = nearest::counted("field", words.len());
        return Err(format!(
            "it has {has}, and a cron line has {}",
            FIELDS.len()
        ));
    }
    for (word, field) in words.iter().zip(&FIELDS) {
        let parts = word.split(',');
        if let Some(bad) = parts.into_iter().find(|part| !field.takes(part)) {
            let Field {
                name, least, most, ..
            } = field;
            return Err(format!(
                "`{bad}` is no {name}: {least} to {most}, `*`, `a-b` or `*/n`"
            ));
        }
    }
    Ok(())
}

impl Field {
    /// `*`, a number, a range; each with a step.
    fn takes(&self, part: &str) -> bool {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step = number(step).is_some_and(|n| n > 0 && n <= self.most);
        let range = match range.split_once('-') {
            Some((from, to)) => match (self.number(from), self.number(to)) {
                (Some(from), Some(to)) => from <= to,
                (None, _) | (_, None) => false,
            },
            None => range == "*" || self.number(range).is_some(),
        };
        range && step
    }

    fn number(&self, word: &str) -> Option<u32> {
        let lower = word.to_ascii_lowercase();
        let named = self.names.iter().zip(self.least..);
        let named = named.into_iter().find(|(name, _)| **name == lower);
        let found = named.map(|(_, n)| n).or_else(|| number(word));
        found.filter(|n| (self.least..=self.most).contains(n))
    }
}

/// Digits alone: Rust would take a sign.
fn number(word: &str) -> Option<u32> {
    let plain = word.chars().all(|c| c.is_ascii_digit());
    word.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_run_and_lines_that_never_do() {
        for line in [
            "30 4 * * 1",
            "*/15 * * * *",
            "0 0,12 1-7 JAN-mar SUN",
            "0 3-9/2 * * mon-fri",
        ] {
            assert_eq!(check(line), Ok(()), "{line}");
        }
        for line in [
            "",
            "@daily",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "+5 * * * *",
            "1, * * * *",
            "* * * foo *",
        ] {
            assert!(check(line).is_err(), "{line}");
        }
    }
}
