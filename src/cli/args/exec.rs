//! The arguments of `devpi-tokens exec`.

use std::ffi::OsString;

use clap::Args;

use crate::target::{ProjectName, Purpose, Target};

/// `devpi-tokens exec`
#[derive(Debug, Args)]
pub struct Exec {
    /// The indexes (default: those that pip, uv and the command itself are
    /// configured with)
    #[arg(value_name = "URL")]
    pub urls: Vec<Target>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
    /// How long a token lasts that the command reads with, 5 seconds at least; it
    /// is replaced when half of that is over
    #[arg(long, value_name = "DURATION", default_value = "2min")]
    pub lifetime: String,
    /// What for: read or upload
    #[arg(long = "for", value_name = "PURPOSE", default_value = "read", value_parser = purpose)]
    pub purpose: Purpose,
    /// The only projects that may be uploaded, by commas (default: those whose
    /// files the command names, else all)
    #[arg(long = "project", value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<ProjectName>,
}

fn purpose(text: &str) -> Result<Purpose, &'static str> {
    let known = text.parse().ok();
    known.filter(|purpose| matches!(purpose, Purpose::Read | Purpose::Upload)).ok_or("neither read nor upload")
}
