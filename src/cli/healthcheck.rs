//! `scorelet healthcheck`: asks a server on this machine whether it is ready, for containers without a shell.

use super::Failure;
use anyhow::{Context, ensure};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Azure's own probes give up after as long.
const LIMIT: Duration = Duration::from_secs(2);

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address the server listens on; 0.0.0.0 is asked through 127.0.0.1
    #[arg(long, env = "SCORELET_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port of the server
    #[arg(long, env = "SCORELET_PORT", default_value_t = 5001)]
    port: u16,
}

/// Asks `/health/ready` and succeeds on 200.
///
/// # Errors
/// When nothing answers within two seconds, or the answer is not 200.
pub fn run(args: Args) -> Result<(), Failure> {
    let host = match args.host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    Ok(ask(SocketAddr::new(host, args.port))?)
}

fn ask(place: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&place, LIMIT).with_context(|| format!("no server on {place}"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let silent = || format!("{place} gave no answer");
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").with_context(silent)?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).with_context(silent)?;
    ensure!(&status[9..] == b"200", "{place} is not ready: {}", String::from_utf8_lossy(&status));
    Ok(())
}
