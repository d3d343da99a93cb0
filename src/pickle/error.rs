//! Why a file is not read, in words for the person who has the file.

use super::Compression;
use std::fmt;

/// A place in the pickle stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Bytes from the start of the stream, after decompression.
    pub byte: u64,
    /// How the file is compressed, if it is: then `byte` does not count bytes of the file itself.
    pub compression: Option<Compression>,
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.byte)?;
        match self.compression {
            Some(compression) => write!(f, " of the decompressed {compression} stream"),
            None => Ok(()),
        }
    }
}

/// Why a name in a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// On no allow-list.
    Unknown,
    /// The file calls it as a function (REDUCE), and it is not on the list of what scikit-learn calls.
    Called,
    /// The file makes an instance of it (NEWOBJ), and it is not on the list of classes.
    Instantiated,
    /// Allowed, but with other arguments than scikit-learn writes.
    Arguments,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PickleError {
    /// The compressed stream is damaged, cut off, or has data after its end.
    #[error("the {compression} stream is damaged: {problem}")]
    Compressed { compression: Compression, problem: String },
    /// A decompression bomb, or a model that compresses better than any forest does.
    #[error(
        "the {compression} file unpacks to more than {limit} bytes, too much for a file of {file} bytes; \
         if it is yours, dump it without compression"
    )]
    TooLarge { compression: Compression, limit: usize, file: usize },
    /// A class or function that scorelet does not rebuild.
    #[error("{} at {at} is refused: {}{}", printable(name), advice(name, *refusal), place(used.as_deref()))]
    Refused {
        name: String,
        at: Offset,
        refusal: Refusal,
        /// What the file uses it for, where that can be told: an attribute and whose it is.
        used: Option<String>,
    },
    /// An opcode that no scikit-learn file holds, or no opcode at all.
    #[error("opcode {} at {at} is not allowed: {reason}", opcode_name(*code))]
    Opcode { code: u8, at: Offset, reason: &'static str },
    /// The stream ends too early.
    #[error("{opcode} at {at} goes on for {needed} bytes and {left} are left: the file is cut off or damaged")]
    Truncated { opcode: &'static str, at: Offset, needed: u64, left: u64 },
    /// There is no STOP.
    #[error("the file ends at {at} in the middle of its values: it is cut off")]
    Unfinished { at: Offset },
    /// The opcodes contradict each other, or an array its own description.
    #[error("{opcode} at {at}: {problem}")]
    Malformed { opcode: &'static str, at: Offset, problem: String },
    /// The file asks for more than a file of its size may.
    #[error("{opcode} at {at}: more than {limit} {what}, which no scikit-learn file of this size needs")]
    Limit { opcode: &'static str, at: Offset, what: &'static str, limit: usize },
    /// Bytes after the end of the pickle.
    #[error("{bytes} more bytes follow the end of the pickle at {at}: it is damaged, or two files in one")]
    Trailing { at: Offset, bytes: usize },
}

fn opcode_name(code: u8) -> String {
    match super::opcode::name(code) {
        Some(name) => name.to_owned(),
        None => format!("0x{code:02x}"),
    }
}

/// A name from the file without control characters, and not endless.
fn printable(name: &str) -> String {
    const SHOWN: usize = 120;
    let mut out: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if name.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// The end of the message, where it is known what the name is used for.
fn place(used: Option<&str>) -> String {
    used.map_or_else(String::new, |used| format!("; it stands as {used}"))
}

/// Modules of Python that hostile files call.
#[rustfmt::skip]
const STANDARD_LIBRARY: &[&str] = &[
    "__builtin__", "_aix_support", "_io", "_operator", "_pickle", "_posixsubprocess", "_socket", "ast", "asyncio",
    "bdb", "builtins", "cProfile", "code", "codeop", "codecs", "commands", "ctypes", "distutils", "ensurepip", "ftplib",
    "functools", "getpass", "gc", "http", "imaplib", "imp", "importlib", "inspect", "io", "lib2to3", "linecache",
    "logging", "multiprocessing", "nt", "ntpath", "operator", "os", "pdb", "pickle", "pip", "pkgutil", "platform",
    "posix", "posixpath", "pprint", "profile", "pty", "pydoc", "runpy", "sched", "shelve", "shutil", "signal", "site",
    "smtplib", "socket", "ssl", "subprocess", "sys", "tempfile", "test", "threading", "timeit", "trace", "urllib",
    "uuid", "venv", "warnings", "weakref", "webbrowser", "xmlrpc", "zipimport",
];

/// What the name is and what to do about it.
fn advice(name: &str, refusal: Refusal) -> String {
    match refusal {
        Refusal::Called => {
            return "the file calls it while loading, which scikit-learn's own files never do; \
                    nothing was run, do not load this file in Python"
                .to_owned();
        }
        Refusal::Instantiated => return "it is no class that scikit-learn's files make objects of".to_owned(),
        Refusal::Arguments => return "only the call that scikit-learn itself writes is accepted".to_owned(),
        Refusal::Unknown => {}
    }
    let package = &printable(name.split('.').next().unwrap_or_default());
    match package.as_str() {
        "sklearn" | "_loss" => "this part of scikit-learn is not supported; \
             see `scorelet inspect` for all names that stand in the way"
            .to_owned(),
        "__main__" => "it was defined in a script or notebook, so the file holds its name and not its code; \
             rebuild the model from scikit-learn's own classes"
            .to_owned(),
        "cloudpickle" | "dill" | "marshal" | "types" => {
            "it carries Python code (a lambda or function), which is never run; \
             rebuild the model from scikit-learn's own classes"
                .to_owned()
        }
        package if STANDARD_LIBRARY.contains(&package) => {
            "no model needs it, and loading this file in Python may run commands; nothing was run".to_owned()
        }
        "catboost" => "CatBoost keeps its model in a form of its own, which is not read; export it to ONNX \
             (`save_model(path, format=\"onnx\")`) or train LightGBM, XGBoost or HistGradientBoosting instead"
            .to_owned(),
        "h2o" | "keras" | "tensorflow" | "torch" | "pytorch_tabnet" | "skorch" => format!(
            "the model is computed by {package}, which scorelet does not do; export it to ONNX where that can be done, \
             or use a scikit-learn estimator"
        ),
        "xgboost" | "lightgbm" => format!(
            "of {package} only the estimators of its scikit-learn interface and its Booster are read; fit without \
             callbacks and objectives of your own, or save the Booster alone"
        ),
        "numpy" | "pandas" | "scipy" | "joblib" => {
            "no scikit-learn model that scorelet reads needs it; remove it from the bundle".to_owned()
        }
        _ => format!(
            "it belongs to the package {package}, and scorelet reads only the classes of scikit-learn, XGBoost and \
             LightGBM, numpy arrays and plain values; remove it from the bundle or replace it by one of those"
        ),
    }
}
