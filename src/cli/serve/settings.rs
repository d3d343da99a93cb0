//! From what was typed and what the environment says to a checked configuration. Pure: the environment is passed in.
//!
//! A flag beats `SCORELET_<FLAG>` (clap knows that), which beats Azure's variable, which beats the default.

use super::{Args, LogFormat, Reply};
use crate::cli::{Failure, model, names};
use crate::load::LoadOptions;
use crate::registry::{Reference, Which};
use crate::score::ReplyStyle;
use crate::serve::{Config, Origins};
use crate::telemetry::{Format, Level};
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// How often an alias is looked up.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(5);

/// What `serve` does; nothing in it can be wrong any more but the world.
#[derive(Debug)]
pub(super) struct Settings {
    pub model: PathBuf,
    pub from: model::From,
    /// How often to look what the model's reference means, if another version may take over.
    pub follow: Option<Duration>,
    /// The name to serve it under; the file's stem where there is none.
    pub name: Option<String>,
    pub options: LoadOptions,
    pub host: String,
    pub port: u16,
    pub log_format: Format,
    pub log_level: Level,
    pub config: Config,
}

/// What the process runs on.
pub(super) struct Machine<'a> {
    pub cores: usize,
    /// Whether the log goes to a person.
    pub terminal: bool,
    /// A variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Machine<'_> {
    /// One of Azure's variables; an empty one counts as absent.
    fn azure(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// What was typed, else what Azure's variable says.
    fn or_azure<T: FromStr<Err: Display>>(&self, typed: Option<T>, name: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.azure(name).filter(|_| typed.is_none()) else { return Ok(typed) };
        let wrong = |why: T::Err| Failure::Usage(format!("the variable {name}={text:?} is wrong: {why}"));
        text.trim().parse().map(Some).map_err(wrong)
    }
}

impl Settings {
    /// Checks everything.
    ///
    /// # Errors
    /// [`Failure::Usage`], naming the flag or variable.
    pub fn new(args: Args, machine: &Machine<'_>) -> Result<Self, Failure> {
        let config = config(&args, machine)?;
        let model = args.model.or_else(|| machine.azure("AZUREML_MODEL_DIR").map(PathBuf::from));
        let model = model.filter(|model| !model.as_os_str().is_empty()).ok_or_else(|| {
            Failure::Usage("no model is named\n  give a file or folder, or set AZUREML_MODEL_DIR".to_owned())
        })?;
        let follow = args.follow.then(|| args.follow_interval_ms.map_or(FOLLOW_INTERVAL, |Milliseconds(given)| given));
        follow.map_or(Ok(()), |interval| followable(&model, &args.from, interval))?;
        let level = machine.or_azure(args.log_level, "AZUREML_LOG_LEVEL")?;
        Ok(Settings {
            model,
            from: args.from,
            follow,
            name: args.model_name,
            options: LoadOptions { features: args.features.as_deref().map(names).transpose()? },
            host: args.host,
            port: args.port,
            log_format: match args.log_format {
                Some(LogFormat::Json) => Format::Json,
                Some(LogFormat::Text) => Format::Text,
                None if machine.terminal => Format::Text,
                None => Format::Json,
            },
            log_level: level.unwrap_or(Level::INFO),
            config,
        })
    }
}

/// # Errors
/// When the model is none that may change while it is served.
fn followable(model: &Path, from: &model::From, interval: Duration) -> Result<(), Failure> {
    let usage = |text: String| Err(Failure::Usage(text));
    let shown = model.display();
    if !model::is_reference(model, from) {
        return usage(format!(
            "--follow: {shown} is no reference to a registry\n  write NAME@champion, and --registry"
        ));
    }
    match Reference::parse(&model.to_string_lossy()).map(|reference| reference.which) {
        Ok(Which::Version(_)) => {
            usage(format!("--follow: {shown} always means the same\n  follow an alias: NAME@champion"))
        }
        _ if interval.is_zero() => usage("--follow-interval-ms 0 would never rest\n  give at least 1".to_owned()),
        _ => Ok(()),
    }
}

/// How the server behaves.
fn config(args: &Args, machine: &Machine<'_>) -> Result<Config, Failure> {
    let mut config = Config::new(machine.cores);
    let workers = machine.or_azure(args.workers, "WORKER_COUNT")?;
    config.workers = workers.map_or(config.workers, NonZeroUsize::get);
    // Small requests are scored where they are read: they find a place even while every thread is busy.
    config.max_concurrency = args.max_concurrency.map_or(config.workers + machine.cores, NonZeroUsize::get);
    config.max_queue = args.max_queue.unwrap_or(config.max_queue);
    config.max_body = args.max_body.map_or(config.max_body, |Size(bytes)| bytes);
    let timeout = machine.or_azure(args.scoring_timeout_ms, "SCORING_TIMEOUT_MS")?;
    set(&mut config.scoring_timeout, timeout);
    set(&mut config.read_timeout, args.read_timeout_ms);
    set(&mut config.idle_timeout, args.idle_timeout_ms);
    set(&mut config.shutdown_delay, args.shutdown_delay_ms);
    set(&mut config.shutdown_grace, args.shutdown_grace_ms);
    for (flag, timeout) in [
        ("scoring-timeout-ms", config.scoring_timeout),
        ("read-timeout-ms", config.read_timeout),
        ("idle-timeout-ms", config.idle_timeout),
    ] {
        if timeout.is_zero() {
            return Err(Failure::Usage(format!("--{flag} 0 would answer nothing\n  give at least 1")));
        }
    }
    config.style = match args.reply {
        Reply::Plain => ReplyStyle::Plain,
        Reply::Azureml => ReplyStyle::AzureMl,
    };
    let origins = args.cors_origins.clone().or_else(|| machine.azure("AML_CORS_ORIGINS")).unwrap_or_default();
    config.origins = Origins::parse(&origins).map_err(|why| Failure::Usage(format!("--cors-origins: {why}")))?;
    Ok(config)
}

fn set(duration: &mut Duration, milliseconds: Option<Milliseconds>) {
    if let Some(Milliseconds(duration_given)) = milliseconds {
        *duration = duration_given;
    }
}

/// A number of bytes: plain, or with a unit of 1000 (`kB`, `MB`, `GB`) or 1024 (`KiB`, `MiB`, `GiB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err("write bytes as 64MiB, 10MB or 1048576".to_owned()),
        };
        let number: usize = digits.parse().map_err(|_| "write bytes as 64MiB, 10MB or 1048576".to_owned())?;
        match number.checked_mul(factor) {
            Some(0) => Err("no request fits in 0 bytes".to_owned()),
            Some(bytes) if bytes <= isize::MAX as usize => Ok(Size(bytes)),
            _ => Err("more bytes than this machine can address".to_owned()),
        }
    }
}

/// A duration in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Milliseconds(pub Duration);

/// About three years: timers of any clock can hold it.
const LONGEST: u64 = 100_000_000_000;

impl FromStr for Milliseconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(ms @ 0..=LONGEST) => Ok(Milliseconds(Duration::from_millis(ms))),
            _ => Err(format!("write whole milliseconds from 0 to {LONGEST}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn settings(typed: &[&str], azure: &[(&str, &str)]) -> Result<Settings, String> {
        let args = Typed::try_parse_from([&["serve"], typed].concat()).map_err(|e| e.to_string())?.args;
        let variable = |name: &str| azure.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::new(args, &Machine { cores: 4, terminal: false, variable: &variable }).map_err(|f| f.to_string())
    }

    #[test]
    fn what_was_typed_beats_azures_variables_which_beat_the_defaults() {
        let azure = [
            ("AZUREML_MODEL_DIR", "/var/model"),
            ("WORKER_COUNT", "3"),
            ("SCORING_TIMEOUT_MS", "1500"),
            ("AML_CORS_ORIGINS", "a, b"),
            ("AZUREML_LOG_LEVEL", "WARNING"),
        ];
        let by_azure = settings(&[], &azure).unwrap();
        assert_eq!(by_azure.model, PathBuf::from("/var/model"));
        assert_eq!((by_azure.config.workers, by_azure.config.max_concurrency), (3, 7));
        assert_eq!(by_azure.config.scoring_timeout, Duration::from_millis(1500));
        assert_eq!(by_azure.config.origins, Origins::parse("a,b").unwrap());
        assert_eq!(by_azure.log_level, "warning".parse().unwrap());

        let typed =
            ["m.pkl", "--workers", "2", "--scoring-timeout-ms", "7", "--cors-origins", "c", "--log-level", "debug"];
        let typed = settings(&typed, &azure).unwrap();
        assert_eq!(typed.model, PathBuf::from("m.pkl"));
        assert_eq!((typed.config.workers, typed.config.scoring_timeout), (2, Duration::from_millis(7)));
        assert_eq!(typed.config.origins, Origins::parse("c").unwrap());
        assert_eq!(typed.log_level, "debug".parse().unwrap());

        let default = settings(&["m.pkl"], &[("WORKER_COUNT", "")]).unwrap();
        assert_eq!(default.config, Config::new(4));
        assert_eq!((default.host.as_str(), default.port, default.log_format), ("127.0.0.1", 5001, Format::Json));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fails = |typed: &[&str], azure: &[(&str, &str)], expected: &str| {
            let error = settings(typed, azure).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        fails(&[], &[("AZUREML_MODEL_DIR", "")], "no model is named");
        fails(&["m"], &[("WORKER_COUNT", "0")], "the variable WORKER_COUNT=\"0\" is wrong");
        fails(&["m"], &[("SCORING_TIMEOUT_MS", "soon")], "the variable SCORING_TIMEOUT_MS=\"soon\" is wrong");
        fails(&["m", "--workers", "0"], &[], "--workers");
        fails(&["m", "--max-body", "64 bananas"], &[], "64MiB, 10MB or 1048576");
        fails(&["m", "--read-timeout-ms", "0"], &[], "--read-timeout-ms 0");
        fails(&["m", "--reply", "xml"], &[], "--reply");
        fails(&["m", "--cors-origins", "a\nb"], &[], "--cors-origins");
        fails(&["m", "--log-level", "loud"], &[], "--log-level");
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in
            [("64MiB", 64 << 20), ("10MB", 10_000_000), ("512 kib", 512 << 10), ("1048576", 1 << 20), ("7B", 7)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for wrong in ["", "MiB", "-1", "1.5MiB", "0", "99999999999999999999", "9999999999999999GiB", "1M"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
