//! Dates and durations as people write them; the only place that reads a clock.

use std::time::{Duration, Instant, SystemTime};

/// Between tries: with each more patience, as what is short passes soon.
pub(crate) fn waits(retries: u32) -> impl Iterator<Item = Duration> {
    let second = |at: u32| 3_u64.saturating_pow(at).min(60);
    (0..retries).map(move |at| Duration::from_secs(second(at)))
}

/// A text such as `90s`, `5h30m` or `1h 2m` as a duration; else what to write.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let help = "write it as `90s`, `30m` or `5h30m`";
    if let Some(days) = days(text) {
        return Ok(days);
    }
    let Ok(signed) = text.parse::<jiff::SignedDuration>() else {
        return Err(help.to_owned());
    };
    match Duration::try_from(signed) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) | Err(_) => Err(format!("it must be longer than nothing: {help}")),
    }
}

/// `30d`, `2w`: days of 24 hours, and weeks of them.
fn days(text: &str) -> Option<Duration> {
    let (number, days) = match text.strip_suffix('d') {
        Some(number) => (number, 1),
        None => (text.strip_suffix('w')?, 7),
    };
    let count = number.parse::<u32>().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(u64::from(count) * days * 24 * 3600))
}

/// How long ago that was, of a time as RFC 3339; `None`: it is none. What is to come is no time ago.
pub(crate) fn age(text: &str) -> Option<Duration> {
    let then: jiff::Timestamp = text.parse().ok()?;
    Some(since(then.try_into().ok()?))
}

/// How long ago that was; what is to come is no time ago.
pub(crate) fn since(then: SystemTime) -> Duration {
    stamp().duration_since(then).unwrap_or_default()
}

/// A duration as short as it reads well: `0.31s`, `12.4s`, `3m05s`, `5h30m`.
pub(crate) fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=9 => format!("{:.2}s", duration.as_secs_f64()),
        10..=59 => format!("{:.1}s", duration.as_secs_f64()),
        60..=3599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Is this a day of the calendar, `YYYY-MM-DD`?
pub(crate) fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// Starts a stop-watch (monotonic).
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads the clock"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

/// The moment that it is now.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads the clock"
)]
pub(crate) fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::try_from(SystemTime::now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// The time now, UTC, to the second, as RFC 3339.
pub(crate) fn now() -> String {
    timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time in seconds since 1970 as `TZ=UTC0 touch -t` takes it.
pub(crate) fn for_touch(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%d%H%M.%S").to_string()
}

/// An engine's RFC 3339 time in nanoseconds since 1970; what is none lies before all others.
pub(crate) fn nanos(text: &str) -> i128 {
    let time = text.parse::<jiff::Timestamp>();
    time.map_or(i128::MIN, jiff::Timestamp::as_nanosecond)
}

/// Nanoseconds since 1970, to tell files apart that were written while we looked.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads the clock"
)]
pub(crate) fn now_nanos() -> i128 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0))
}

/// The time now, for files that are written.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads the clock"
)]
pub(crate) fn stamp() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        assert_eq!(parse_duration("5h30m"), Ok(Duration::from_secs(19_800)));
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2w"), Ok(Duration::from_secs(14 * 86_400)));
        assert!(age("2020-01-01T00:00:00.123456789Z").unwrap() > Duration::from_secs(86_400));
        assert_eq!(
            (age("x"), age("2999-01-01T00:00:00+02:00")),
            (None, Some(Duration::ZERO))
        );
        assert!(parse_duration("0s").is_err() && parse_duration("0d").is_err());
        assert!(parse_duration("-3s").is_err());
        assert!(parse_duration("5 parsecs").is_err());
        assert_eq!(show_duration(Duration::from_millis(314)), "0.31s");
        assert_eq!(show_duration(Duration::from_secs(185)), "3m05s");
        assert_eq!(show_duration(Duration::from_secs(19_800)), "5h30m");
        assert_eq!(for_touch(946_684_800), "200001010000.00");
        let times = [
            "",
            "2026-11-25T20:58:46.1Z",
            "2026-11-25T20:58:46.12Z",
            "2026-11-25T21:58:47+01:00",
        ];
        assert!(times.map(nanos).is_sorted_by(|a, b| a < b));
    }
}
