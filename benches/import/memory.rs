//! What the process takes, by the kernel's own account, and what it runs on.

use anyhow::Context;

/// Bytes in memory now.
pub fn resident() -> anyhow::Result<u64> {
    status("VmRSS:")
}

/// The most it ever had.
pub fn highest() -> anyhow::Result<u64> {
    status("VmHWM:")
}

fn status(key: &str) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with(key)).context("no such line in /proc/self/status")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kib * 1024)
}

/// Processor, cores and load.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.trim_start_matches([' ', '\t', ':']).to_owned()));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = read("/proc/loadavg").split_whitespace().next().unwrap_or("?").to_owned();
    format!("{}, {cores} cores, load before {load}", processor.unwrap_or_else(|| "unknown processor".to_owned()))
}
