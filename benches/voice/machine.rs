//! The machine: which core a process may use, what it is, what a process takes of it.

use std::fs::read_to_string;
use std::process::{Command, Stdio};

/// A command that may only use one core. Without `taskset` it may use all of them, and the output says so.
pub fn pinned(core: usize, program: &str) -> Command {
    if !has_taskset() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), program]);
    command
}

/// Keeps this process and every thread it will start on one core.
pub fn pin_this_process(core: usize) {
    let pid = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", &core.to_string(), &pid]).stdout(Stdio::null()).status();
    if !pinned.is_ok_and(|status| status.success()) {
        println!("not pinned: taskset (of util-linux) could not be used");
    }
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Processor, cores, memory and how busy it is.
pub fn described() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let all = read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count().max(cores);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|kib| number(&kib)).map_or(0.0, |kib| kib / 1024.0 / 1024.0);
    format!("{all} cores of {model}, {memory:.0} GiB, load average {}", load())
}

/// Processes that wanted to run in the last minute, five and fifteen.
pub fn load() -> String {
    read_to_string("/proc/loadavg")
        .map_or_else(|_| "unknown".to_owned(), |text| text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

/// Resident memory of a process, KiB.
pub fn resident_kib(pid: u32) -> Option<f64> {
    number(&field(&format!("/proc/{pid}/status"), "VmRSS")?)
}

/// Processor time a process has used, seconds.
pub fn processor_s(pid: u32) -> Option<f64> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    // user and system time, in hundredths of a second on every Linux
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}
