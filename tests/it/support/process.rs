//! A process of the real binary: its words are read line by line, and it ends with its test.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::bound::bound;

/// Lines of a process shown when its test fails.
const SHOWN: usize = 40;

/// `callfleet` with these arguments, in a folder, without the environment's settings and without the machine's certificates:
/// the image has none.
pub fn callfleet(folder: &Path, line: &str) -> Command {
    let mut command = bound(env!("CARGO_BIN_EXE_callfleet"));
    command.args(line.split_whitespace()).current_dir(folder);
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CALLFLEET")) {
        command.env_remove(key);
    }
    command.env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR");
    command
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pipe {
    Out,
    Err,
}

#[derive(Default)]
struct Said {
    lines: Mutex<Vec<(Pipe, String)>>,
    more: Condvar,
}

/// A running process.
pub struct Process {
    name: &'static str,
    child: Child,
    said: Arc<Said>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub fn start(name: &'static str, mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Said::default());
        let out = read(child.stdout.take().unwrap(), Pipe::Out, &said);
        let err = read(child.stderr.take().unwrap(), Pipe::Err, &said);
        Self { name, child, said, readers: vec![out, err] }
    }

    /// The first line with these words.
    pub fn until_says(&self, words: &str, within: Duration) -> String {
        let found = |lines: &[(Pipe, String)]| lines.iter().find(|(_, line)| line.contains(words)).map(|(_, line)| line.clone());
        let lines = self.said.lines.lock().unwrap();
        let (lines, _) = self.said.more.wait_timeout_while(lines, within, |lines| found(lines).is_none()).unwrap();
        let line = found(&lines);
        drop(lines);
        line.unwrap_or_else(|| panic!("{} did not say `{words}` within {within:?}", self.name))
    }

    /// Waits for its end.
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < within, "{} still runs after {within:?}", self.name);
            std::thread::sleep(Duration::from_millis(50));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has said these words so far.
    pub fn has_said(&self, words: &str) -> bool {
        self.said.lines.lock().unwrap().iter().any(|(_, line)| line.contains(words))
    }

    /// Everything it wrote to its standard output.
    pub fn out(&self) -> String {
        self.wrote(Pipe::Out)
    }

    /// Everything it wrote to its standard error.
    pub fn err(&self) -> String {
        self.wrote(Pipe::Err)
    }

    fn wrote(&self, wanted: Pipe) -> String {
        let lines = self.said.lines.lock().unwrap();
        lines.iter().filter(|(pipe, _)| *pipe == wanted).map(|(_, line)| format!("{line}\n")).collect()
    }

    /// Asks it to end in order.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Stops it where it stands: its connections stay open and nobody answers on them.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").arg(signal).arg(self.pid().to_string()).status().unwrap().success());
    }

    /// `kill -9`: no signal handler, no goodbye.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.said.lines.lock().unwrap();
            for (_, line) in lines.iter().skip(lines.len().saturating_sub(SHOWN)) {
                eprintln!("{}: {line}", self.name);
            }
        }
    }
}

fn read(pipe: impl Read + Send + 'static, which: Pipe, said: &Arc<Said>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            said.lines.lock().unwrap().push((which, line));
            said.more.notify_all();
        }
    })
}
