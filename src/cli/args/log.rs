//! The arguments of the commands that tell what the agent did, and what it would do.

use clap::Args;

use crate::target::{IndexName, ProjectName, Purpose, Target, UserName};

/// `devpi-tokens log`
#[derive(Debug, Args)]
pub struct Log {
    /// Only tokens of this user
    #[arg(short, long, value_name = "USER")]
    pub user: Option<UserName>,
    /// Only tokens for this server
    #[arg(short, long, value_name = "URL")]
    pub server: Option<Target>,
    /// Only this purpose: read, upload, push, toxresult or remove
    #[arg(long = "for", value_name = "PURPOSE")]
    pub purpose: Option<Purpose>,
    /// Only uploads of this project
    #[arg(short, long, value_name = "PROJECT")]
    pub project: Option<ProjectName>,
    /// Only tokens for this index
    #[arg(short, long, value_name = "USER/INDEX")]
    pub index: Option<IndexName>,
    /// Only what this program asked for: its name or its path, or what it calls
    /// itself
    #[arg(long, value_name = "NAME")]
    pub program: Option<String>,
    /// Only from then on, for example "2 hours" (ago) or 2026-11-23
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only the last COUNT
    #[arg(short = 'n', long = "last", value_name = "COUNT", value_parser = count)]
    pub last: Option<usize>,
    /// Go on with what comes, until interrupted
    #[arg(short, long)]
    pub follow: bool,
    /// Print JSON, a line each, for programs
    #[arg(long)]
    pub json: bool,
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "not a number")
}

/// `devpi-tokens explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// An index (.../USER/INDEX/) or its simple page (.../USER/INDEX/+simple/), as
    /// it is given to pip, uv or twine
    pub url: Target,
    /// A project that is to be uploaded
    #[arg(short, long, value_name = "PROJECT")]
    pub project: Option<ProjectName>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}
