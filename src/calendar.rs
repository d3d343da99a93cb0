//! Moments as microseconds since 1970-01-01 UTC: to and from the texts of ISO 8601, and their place in the Gregorian
//! calendar. Knows no time zones but offsets; never asks what time it is.

/// Microseconds since 1970-01-01 UTC of `YYYY-MM-DD`, with or without `T` or a blank and `HH:MM[:SS[.fraction]]`, with
/// or without `Z` or an offset; without one it is UTC.
pub fn parse(cell: &[u8]) -> Option<i64> {
    let (date, rest) = cell.split_at_checked(10)?;
    let (year, month, day) = match date {
        [y @ .., b'-', m1, m2, b'-', d1, d2] => (digits(y)?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?),
        _ => return None,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days[month as usize - 1] {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * 86_400_000_000;
    match rest {
        [] => Some(midnight),
        [b'T' | b't' | b' ', clock @ ..] => Some(midnight + time_of_day(clock)?),
        _ => None,
    }
}

fn time_of_day(clock: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, rest @ ..] = clock else { return None };
    let (hour, minute) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (digits(&[*s1, *s2])?, rest),
        _ => (0, rest),
    };
    let (micros, rest) = match rest {
        [b'.' | b',', rest @ ..] => {
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, rest) = rest.split_at(count);
            let kept = &fraction[..count.min(6)];
            ((1..=9).contains(&count).then(|| digits(kept))?? * 10i64.pow(6 - kept.len() as u32), rest)
        }
        _ => (0, rest),
    };
    (hour < 24 && minute < 60 && second < 60)
        .then_some((((hour * 60 + minute - offset_minutes(rest)?) * 60) + second) * 1_000_000 + micros)
}

fn offset_minutes(offset: &[u8]) -> Option<i64> {
    let (sign, h, m) = match offset {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, h1, h2] => (sign, [*h1, *h2], [b'0', b'0']),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, [*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let minutes = digits(&h)? * 60 + digits(&m)?;
    match sign {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    let add = |sum: i64, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'));
    text.iter().try_fold(0, add)
}

/// Days since 1970-01-01 in the Gregorian calendar (Hinnant, `days_from_civil`).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The text of a time: the date alone at midnight.
pub fn text(micros: i64) -> String {
    let (days, micros) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let (year, month, day) = civil_from_days(days);
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let clock = format!("T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (seconds, fraction) {
        (0, 0) => date,
        (_, 0) => date + &clock + "Z",
        _ => date + &clock + &format!(".{fraction:06}Z"),
    }
}

/// The text of seconds since 1970-01-01 UTC, always with the time of day: `2026-01-31T00:00:00Z`.
pub fn moment(seconds: i64) -> String {
    let text = text(seconds * 1_000_000);
    if text.contains('T') { text } else { text + "T00:00:00Z" }
}

/// The reverse of [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let month_of_year = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month_of_year <= 2), month_of_year, day - (153 * month + 2) / 5 + 1)
}
