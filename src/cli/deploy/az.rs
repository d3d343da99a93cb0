//! The real Azure: starts `az`, waits for its end, lets time pass. The only place where a release meets the machine.

use super::output;
use crate::deploy::{Answer, Azure, Command, DeployError};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What `az` may print; more is cut.
const MOST: u64 = 16 << 20;
/// How often a running command is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Somebody wants an end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Where people are told what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Stdout,
    Stderr,
}

/// `az` on this machine.
pub(super) struct AzureCli {
    folder: PathBuf,
    timeout: Duration,
    voice: Voice,
}

impl AzureCli {
    /// From now on a signal ends the release: the traffic goes back first. A second one ends the program at once.
    pub fn new(folder: PathBuf, timeout: Duration, voice: Voice) -> AzureCli {
        output::when_interrupted(|| {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(output::INTERRUPTED);
            }
            super::super::complain("interrupted: what was begun is taken back; once more ends at once");
        });
        AzureCli { folder, timeout, voice }
    }
}

impl Azure for AzureCli {
    fn run(&mut self, command: &Command) -> Result<Answer, DeployError> {
        let program = if cfg!(windows) { "az.cmd" } else { "az" };
        let mut az = std::process::Command::new(program);
        az.args(command.arguments()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A signal from the terminal is for us: az finishes what it does, then we go back.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut az, 0);
        let mut child = az.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DeployError::NoAz,
            _ => DeployError::CannotRun(error),
        })?;
        let (stdout, stderr) = (drained(child.stdout.take()), drained(child.stderr.take()));
        let succeeded = self.ended(&mut child, command)?;
        let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
        Ok(Answer { succeeded, stdout: text(stdout), stderr: text(stderr) })
    }

    fn write(&mut self, name: &str, content: &Value) -> Result<PathBuf, DeployError> {
        let path = self.folder.join(name);
        write_file(&path, content)?;
        Ok(path)
    }

    fn wait(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.interrupted() {
            thread::sleep(TICK.min(end.saturating_duration_since(Instant::now())));
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }

    fn say(&mut self, topic: &str, text: &str) {
        let line = super::super::visible(&format!("{topic:<10}{text}\n"));
        // Whoever reads may be gone; the release goes on.
        let _ = match self.voice {
            Voice::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            Voice::Stderr => io::stderr().lock().write_all(line.as_bytes()),
        };
    }
}

impl AzureCli {
    /// Whether the command succeeded; one that does not end is stopped.
    fn ended(&self, child: &mut Child, command: &Command) -> Result<bool, DeployError> {
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(DeployError::CannotRun)? {
                return Ok(status.success());
            }
            if began.elapsed() > self.timeout {
                stop(child);
                let minutes = self.timeout.as_secs() / 60;
                return Err(DeployError::Hung { minutes, command: command.to_string() });
            }
            thread::sleep(TICK);
        }
    }
}

/// Ends `az` with all that it started: its launcher is a script, and what runs behind it could still shift traffic.
fn stop(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a pipe to its end on a thread of its own, so that `az` never waits for us; keeps what is reasonable.
fn drained(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let Some(mut pipe) = pipe else { return String::new() };
        let mut bytes = Vec::new();
        let _ = (&mut pipe).take(MOST).read_to_end(&mut bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Writes what `az` is given. JSON is YAML too, and needs no second writer.
pub(super) fn write_file(path: &Path, content: &Value) -> Result<(), DeployError> {
    let failed = |error: io::Error| DeployError::CannotWrite { path: path.to_owned(), error };
    std::fs::create_dir_all(output::folder_of(path)).map_err(failed)?;
    let text = format!("{content:#}\n");
    output::write(path, text.as_bytes(), |_| Ok(())).map_err(|error| failed(io::Error::other(format!("{error:#}"))))
}
