//! Sizes as people read and write them.

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

/// How many bytes a size is that somebody wrote: a number, and perhaps a unit. A `k` has 1024, as with docker and podman.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let power = match &lower[number.len()..] {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let number: f64 = digits.then(|| number.parse().ok())??;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast takes what is too much as the most there is"
    )]
    Some((number * 1024_f64.powi(power)) as u64)
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

    #[test]
    fn sizes_are_read() {
        let all = [
            ("0", 0),
            ("17", 17),
            ("500m", 500 << 20),
            ("1.5G", 3 << 29),
            ("2gb", 2 << 30),
            ("2GiB", 2 << 30),
        ];
        for (text, expected) in all {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for text in [
            "", "g", "-1", "1 g", "nan", "inf", "x", "1e3", "+1", ".", "1mg",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
