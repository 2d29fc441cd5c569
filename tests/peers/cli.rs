//! The command lines of the programs in quiche/ and quinn/: long options, the
//! value in the next word or after '=', and other words anywhere.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::str::FromStr;

pub struct Args {
    usage: String,
    values: HashMap<String, String>,
    flags: HashSet<String>,
    pub words: Vec<String>,
}

/// `usage` is printed when a word is wrong; `valued` and `flags` are the
/// options that are known, without their dashes.
pub fn parse(usage: &str, valued: &[&str], flags: &[&str]) -> Args {
    let mut args = Args {
        usage: usage.to_string(),
        values: HashMap::new(),
        flags: HashSet::new(),
        words: Vec::new(),
    };
    let mut rest = std::env::args().skip(1);
    while let Some(word) = rest.next() {
        let Some(option) = word.strip_prefix("--") else {
            args.words.push(word);
            continue;
        };
        let (name, attached) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (option, None),
        };
        if flags.contains(&name) && attached.is_none() {
            args.flags.insert(name.to_string());
        } else if valued.contains(&name) {
            match attached.or_else(|| rest.next()) {
                Some(value) => args.values.insert(name.to_string(), value),
                None => args.refuse(&format!("--{name} needs a value")),
            };
        } else {
            args.refuse(&format!("unknown option --{option}"));
        }
    }
    args
}

impl Args {
    pub fn refuse(&self, why: &str) -> ! {
        eprintln!("{why}\nusage: {}", self.usage);
        exit(2);
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub fn number<T: FromStr>(&self, name: &str, default: T) -> T
    where
        T::Err: Display,
    {
        match self.values.get(name).map(|text| text.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(e)) => self.refuse(&format!("--{name}: {e}")),
        }
    }
}

/// https://HOST[:PORT][/PATH]
pub struct Url {
    pub text: String,
    pub host: String, // without the brackets of an IPv6 address
    pub authority: String,
    pub path: String,
}

impl Url {
    pub fn parse(args: &Args, text: &str) -> Url {
        let Some(rest) = text.strip_prefix("https://") else {
            args.refuse(&format!("{text}: not an https:// URL"));
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let host = &authority[..port.unwrap_or(authority.len())];
        Url {
            text: text.to_string(),
            host: host.trim_matches(['[', ']']).to_string(),
            authority: authority.to_string(),
            path: if path.is_empty() { "/" } else { path }.to_string(),
        }
    }

    /// The authority with a port, to be resolved.
    pub fn address(&self) -> String {
        let bare = self.authority.len() <= self.host.len() + 2
            && self.authority.trim_matches(['[', ']']) == self.host;
        format!("{}{}", self.authority, if bare { ":443" } else { "" })
    }

    /// The name that what arrives is saved under.
    pub fn file(&self) -> &str {
        let path = self.path.split(['?', '#']).next().unwrap_or("");
        match path.rsplit('/').next() {
            None | Some("" | "." | "..") => "index.html",
            Some(name) => name,
        }
    }
}

/// The file below root that a request's target means; None when it is none.
pub fn find_file(root: &Path, target: &str) -> Option<PathBuf> {
    let name = target.split('?').next().unwrap_or("").trim_start_matches('/');
    let path = root.join(if name.is_empty() { "index.html" } else { name }).canonicalize().ok()?;
    (path.starts_with(root) && path.is_file()).then_some(path)
}
