//! Platforms of images, `os/architecture[/variant]`: which of those that are offered will do where one is asked for.

/// How far what is offered is from what is asked for: the least is the best. `None`: it will not do. A processor runs
/// what was made for an older variant; where none is said, the usual one is meant (github.com/containerd/platforms).
pub(crate) fn distance(asked: &str, offered: &str) -> Option<u32> {
    let (asked, offered) = (parts(asked), parts(offered));
    if asked[..2] != offered[..2] {
        return None;
    }
    let number = |variant: &str| match (variant, asked[1]) {
        ("", "arm") => Some(7),
        ("", "arm64") => Some(8),
        ("", "amd64") => Some(1),
        (variant, _) => variant.strip_prefix('v').unwrap_or(variant).parse().ok(),
    };
    match (number(asked[2]), number(offered[2])) {
        (Some(asked), Some(offered)) => u32::checked_sub(asked, offered),
        _ => (asked[2] == offered[2]).then_some(0),
    }
}

/// The platform without its variant.
pub(crate) fn machine(platform: &str) -> (&str, &str) {
    let [os, architecture, _] = parts(platform);
    (os, architecture)
}

fn parts(platform: &str) -> [&str; 3] {
    let mut parts = platform.splitn(3, '/');
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_variant_will_do_and_a_newer_one_will_not() {
        for (asked, offered, far) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/amd64", "linux/arm64", None),
            ("linux/amd64", "windows/amd64", None),
            ("linux/arm/v7", "linux/arm/v7", Some(0)),
            ("linux/arm/v7", "linux/arm/v6", Some(1)),
            ("linux/arm/v6", "linux/arm/v7", None),
            ("linux/arm/v6", "linux/arm/v5", Some(1)),
            ("linux/arm", "linux/arm/v7", Some(0)),
            ("linux/arm/v7", "linux/arm", Some(0)),
            ("linux/arm64", "linux/arm64/v8", Some(0)),
            ("linux/arm64/v8", "linux/arm64", Some(0)),
            ("linux/amd64", "linux/amd64/v3", None),
            ("linux/amd64/v3", "linux/amd64", Some(2)),
            ("linux/s390x", "linux/s390x", Some(0)),
            ("linux/mips64le/softfloat", "linux/mips64le", None),
        ] {
            assert_eq!(distance(asked, offered), far, "{asked} of {offered}");
        }
    }
}
