//! Programs bound to the life of whoever starts them: a test that is killed ends nothing by itself.

use std::ffi::OsStr;
use std::process::Command;

/// A program that the kernel kills when the thread that started it ends, however it ended (Linux; elsewhere it stays behind).
pub fn bound(program: impl AsRef<OsStr>) -> Command {
    with(program, &[])
}

/// The same for PostgreSQL, which refuses to run as root: then it runs as `postgres`, which Debian's package makes.
pub fn bound_as_postgres(program: impl AsRef<OsStr>) -> Command {
    if rustix::process::geteuid().is_root() {
        return with(program, &["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    bound(program)
}

/// `setpriv` asks the kernel for it and becomes the program: asking from here, between fork and exec, would take `unsafe` code.
fn with(program: impl AsRef<OsStr>, user: &[&str]) -> Command {
    let life: &[&str] = if cfg!(target_os = "linux") { &["--pdeathsig", "KILL"] } else { &[] };
    if life.is_empty() && user.is_empty() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(user).args(life).arg("--").arg(program);
    command
}
