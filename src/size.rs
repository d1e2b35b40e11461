//! Sizes as people read them.

/// A size as it reads well: `12.3 MB`, `4.5 GB`.
pub(crate) fn shown(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let number = bytes as f64;
    match bytes {
        0..1_000_000 => format!("{:.0} kB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [12_345, 2_345_678, 4_560_000_000].map(shown),
            ["12 kB", "2.3 MB", "4.6 GB"]
        );
    }
}
