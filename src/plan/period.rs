//! `key-period`: the day, week or month that enters a stage's key, so that it runs anew with each new one. By UTC, so
//! that every machine has the same; weeks are those of ISO 8601.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Daily,
    Weekly,
    Monthly,
}

impl Period {
    pub(crate) const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.word() == name)
    }

    /// As the file says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The one that a moment lies in: `2026-12-31`, `2026-W53`, `2026-12`.
    pub(crate) fn name(self, now: Timestamp) -> String {
        let date = date(now);
        match self {
            Self::Daily => date.to_string(),
            Self::Weekly => {
                let week = date.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Monthly => format!("{:04}-{:02}", date.year(), date.month()),
        }
    }
}

/// The date by UTC.
fn date(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;
    /// 1800-01-01 and 2200-01-01, in days from 1970.
    const YEARS: std::ops::Range<i64> = -62_091..84_006;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn years_begin_and_end_within_weeks() {
        let name = |text: &str| Period::ALL.map(|p| p.name(text.parse().unwrap()));
        assert_eq!(
            name("2026-12-31T23:59:59Z"),
            ["2026-12-31", "2026-W53", "2026-12"]
        );
        assert_eq!(
            name("2027-01-01T00:00:00Z"),
            ["2027-01-01", "2026-W53", "2027-01"]
        );
        assert_eq!(
            name("2025-12-29T00:00:00Z"),
            ["2025-12-29", "2026-W01", "2025-12"]
        );
    }

    /// A name holds from the first second of its period to the last, and no period before or behind has it.
    #[test]
    fn a_period_has_one_name_and_shares_it_with_no_other() {
        proptest!(|(day in YEARS, second in 0..DAY)| {
            let now = at(day * DAY + second);
            let same = |period: Period, from: i64, to: i64| {
                let name = period.name(now);
                let all = [at(from * DAY), at(to * DAY - 1)];
                let out = [at(from * DAY - 1), at(to * DAY)];
                all.iter().all(|t| period.name(*t) == name) && out.iter().all(|t| period.name(*t) != name)
            };
            prop_assert!(same(Period::Daily, day, day + 1));
            // 1970 began on a Thursday.
            let monday = day - (day + 3).rem_euclid(7);
            prop_assert!(same(Period::Weekly, monday, monday + 7));
            let date = date(now);
            let first = day - i64::from(date.day()) + 1;
            prop_assert!(same(Period::Monthly, first, first + i64::from(date.days_in_month())));
        });
    }

    /// A week is that of its Thursday: of the year that has it, and the number of Thursdays in it so far.
    #[test]
    fn weeks_are_those_of_iso_8601_in_every_zone() {
        proptest!(|(day in YEARS, second in 0..DAY, hours in -12i8..=14)| {
            let now = at(day * DAY + second);
            let thursday = date(at((day - (day + 3).rem_euclid(7) + 3) * DAY));
            let week = (thursday.day_of_year() - 1) / 7 + 1;
            let name = format!("{:04}-W{week:02}", thursday.year());
            prop_assert_eq!(Period::Weekly.name(now), name);
            let zone = Offset::constant(hours).to_time_zone();
            let there = zone.to_timestamp(zone.to_datetime(now)).unwrap();
            for period in Period::ALL {
                prop_assert_eq!(period.name(there), period.name(now));
            }
        });
    }
}
