//! `scorelet healthcheck`: asks a server on this machine whether it is ready, for containers without a shell.

use super::Failure;
use anyhow::{Context, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port of the server
    #[arg(long, env = "SCORELET_PORT", default_value_t = 5001)]
    port: u16,
}

/// Asks `/health/ready` and succeeds on 200.
///
/// # Errors
/// When nothing answers within two seconds, or the answer is not 200.
pub fn run(args: Args) -> Result<(), Failure> {
    Ok(ask(args.port)?)
}

fn ask(port: u16) -> anyhow::Result<()> {
    let place = format!("127.0.0.1:{port}");
    let limit = Some(Duration::from_secs(2));
    let mut stream = TcpStream::connect(&place).with_context(|| format!("no server on {place}"))?;
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).with_context(|| format!("{place} gave no answer"))?;
    ensure!(&status[9..] == b"200", "{place} is not ready: {}", String::from_utf8_lossy(&status));
    Ok(())
}
