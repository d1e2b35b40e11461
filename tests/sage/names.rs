//! Right names: each row of `names/*.toml` against what `show` says.

use std::collections::BTreeMap;

use crate::checks::wrong_with;
use crate::rows::{self, Row};
use crate::{Sage, Shown, sage, texts};

/// What is shown of each row, by canonical name; or the error of `show`.
fn shown(sage: &Sage, rows: &[Row]) -> BTreeMap<String, Result<Shown, String>> {
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    if let Ok(all) = sage.show(&format!("{{{}}}", names.join(","))) {
        let named = |shown: Shown| (texts(&shown, "name").concat(), Ok(shown));
        return all.into_iter().map(named).collect();
    }
    // One of them is none: each for itself.
    let alone = |row: &Row| {
        let shown = sage.show(&row.name).map(|mut one| one.remove(0));
        (row.canonical().to_owned(), shown)
    };
    rows.iter().map(alone).collect()
}

#[test]
fn names_come_to_what_sage_makes_of_them() {
    let (sage, rows) = (sage(), rows::rows());
    assert!(rows.len() >= 100, "{} rows", rows.len());
    let (shown, mut wrong) = (shown(&sage, &rows), Vec::new());
    for row in &rows {
        let problems = match shown.get(row.canonical()) {
            None => vec!["it has another canonical name".to_owned()],
            Some(Err(error)) => vec![error.clone()],
            Some(Ok(shown)) => wrong_with(&sage, row, shown),
        };
        let told = problems.iter().map(|p| format!("{}: {p}", row.name));
        wrong.extend(told);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
