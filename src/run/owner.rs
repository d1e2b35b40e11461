//! Whose container it is: enough to tell a dead owner from a living one, also after its pid was given away.

use std::path::Path;

use crate::files;

/// `RUN PID START BOOT HOST` of this process.
pub(crate) fn this(run: &str, pid: u32) -> String {
    format!("{run} {pid} {} {} {}", start_time(pid), boot(), hostname())
}

/// Is the process that a label names gone? One on another host may be alive for all we know.
pub(crate) fn is_dead(owner: &str) -> bool {
    let words: Vec<&str> = owner.split(' ').collect();
    let [_, pid, start, owner_boot, owner_host] = words[..] else {
        return false;
    };
    if owner_host != hostname() {
        return false;
    }
    let Ok(pid) = pid.parse::<u32>() else {
        return false;
    };
    owner_boot != boot() || start_time(pid) != start
}

/// Does it name a process of this host?
pub(crate) fn is_here(owner: &str) -> bool {
    owner.split(' ').nth(4) == Some(hostname().as_str())
}

/// Is this what this host is called?
pub(crate) fn is_this_host(name: &str) -> bool {
    name.replace(' ', "_") == hostname()
}

/// Field 22 of `proc_pid_stat(5)`: start time in ticks since boot. `-` where there is no such process.
fn start_time(pid: u32) -> String {
    let stat = files::read_if_there(Path::new(&format!("/proc/{pid}/stat")));
    // The name in brackets may hold anything: count from behind it.
    let field = stat
        .as_deref()
        .and_then(|s| s.rsplit_once(')'))
        .and_then(|(_, rest)| rest.split_whitespace().nth(19).map(str::to_owned));
    field.unwrap_or_else(|| "-".to_owned())
}

fn boot() -> String {
    read("/proc/sys/kernel/random/boot_id")
}

fn hostname() -> String {
    read("/proc/sys/kernel/hostname")
}

fn read(path: &str) -> String {
    files::read_if_there(Path::new(path))
        .map_or_else(|| "-".to_owned(), |t| t.trim().replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_told_from_a_dead_one() {
        let me = this("r", std::process::id());
        assert!(!is_dead(&me), "{me}");
        assert!(is_dead(&me.replacen(
            &std::process::id().to_string(),
            "999999999",
            1
        )));
        let mut words: Vec<&str> = me.split(' ').collect();
        words[2] = "1";
        assert!(is_dead(&words.join(" ")), "a pid given away");
        assert!(!is_dead("") && !is_dead("x y"));
    }
}
