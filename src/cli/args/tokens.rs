//! The arguments of the commands about single tokens: upstream's options with upstream's meaning, and more.

use std::path::PathBuf;

use clap::Args;

use super::{Reach, Which};
use crate::target::{IndexName, Permission, ProjectName, Target, UserName};
use crate::token::{Item, TokenId};

/// Where a token comes from.
#[derive(Debug, Args)]
pub struct Source {
    /// The token is in FILE (-: one line of standard input)
    #[arg(short, long, value_name = "FILE", conflicts_with = "token")]
    pub file: Option<PathBuf>,
    /// The token itself; shows in lists of processes, so prefer --file
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
}

/// Where a token goes.
#[derive(Debug, Args)]
pub struct Output {
    /// Write the token to FILE, which only you can read
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace FILE where it is there already
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// What a token is narrowed to.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only these permissions, by commas: del_entry, del_project, del_verdata,
    /// index_create, index_delete, index_modify, pkg_read, toxresult_upload,
    /// upload
    #[arg(short, long, value_name = "PERMISSION", value_delimiter = ',')]
    pub allowed: Vec<Item>,
    /// When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31
    /// or never
    #[arg(short, long, value_name = "WHEN", allow_hyphen_values = true)]
    pub expires: Option<String>,
    /// Only these indexes, by commas
    #[arg(short, long, value_name = "USER/INDEX", value_delimiter = ',')]
    pub indexes: Vec<Item>,
    /// Only uploads of these projects, by commas
    #[arg(short, long, value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<Item>,
    /// From when on it is valid
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub not_before: Option<String>,
    /// Take permissions that devpi-server does not know without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Never ask: secrets come from standard input, a line each
    #[arg(long)]
    pub no_input: bool,
}

/// Who asks which server.
#[derive(Debug, Args)]
pub struct Acting {
    /// Where and as whom.
    #[command(flatten)]
    pub which: Which,
    /// Use the session of devpi-client that is kept in this folder
    #[arg(long, value_name = "DIR")]
    pub clientdir: Option<PathBuf>,
    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// `devpi-tokens create`
#[derive(Debug, Args)]
pub struct Create {
    /// Whose token (default: who asks)
    #[arg(short, long, value_name = "USER")]
    pub user: Option<UserName>,
    /// Where it goes.
    #[command(flatten)]
    pub output: Output,
    /// What it is narrowed to.
    #[command(flatten)]
    pub wanted: Wanted,
    /// Who asks which server.
    #[command(flatten)]
    pub acting: Acting,
}

/// `devpi-tokens derive`
#[derive(Debug, Args)]
pub struct Derive {
    /// From which token (default: the one that the agent keeps).
    #[command(flatten)]
    pub source: Source,
    /// Where it goes.
    #[command(flatten)]
    pub output: Output,
    /// What it is narrowed to.
    #[command(flatten)]
    pub wanted: Wanted,
    /// Which of the kept tokens.
    #[command(flatten)]
    pub which: Which,
    /// Derive from a token with restrictions that are not understood, too
    #[arg(long)]
    pub force_unknown: bool,
}

/// `devpi-tokens inspect` and `devpi-tokens trace`
#[derive(Debug, Args)]
pub struct Inspect {
    /// Which token (default: it is asked for).
    #[command(flatten)]
    pub source: Source,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Never ask: the token comes from standard input
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens list`
#[derive(Debug, Args)]
pub struct List {
    /// Whose tokens (default: who asks)
    #[arg(short, long, value_name = "USER")]
    pub user: Option<UserName>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Never ask: the password comes from standard input
    #[arg(long)]
    pub no_input: bool,
    /// Who asks which server.
    #[command(flatten)]
    pub acting: Acting,
}

/// `devpi-tokens delete`
#[derive(Debug, Args)]
pub struct Delete {
    /// The id of the token
    pub id: TokenId,
    /// Whose token (default: who asks)
    #[arg(short, long, value_name = "USER")]
    pub user: Option<UserName>,
    /// Never ask: the password comes from standard input
    #[arg(long)]
    pub no_input: bool,
    /// Who asks which server.
    #[command(flatten)]
    pub acting: Acting,
}

/// `devpi-tokens token-login`
#[derive(Debug, Args)]
pub struct TokenLogin {
    /// Which token (default: it is asked for).
    #[command(flatten)]
    pub source: Source,
    /// The server (default: the one that devpi-client uses)
    #[arg(short, long, value_name = "URL")]
    pub server: Option<Target>,
    /// The folder of devpi-client (default: as devpi-client chooses it)
    #[arg(long, value_name = "DIR")]
    pub clientdir: Option<PathBuf>,
    /// Never ask: the token comes from standard input
    #[arg(long)]
    pub no_input: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// `devpi-tokens can`
#[derive(Debug, Args)]
pub struct Can {
    /// For example pkg_read or upload
    pub permission: Permission,
    /// The index
    #[arg(value_name = "USER/INDEX")]
    pub index: IndexName,
    /// The project, for uploads
    pub project: Option<ProjectName>,
    /// When (default: now)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Which token (default: it is asked for).
    #[command(flatten)]
    pub source: Source,
    /// Never ask: the token comes from standard input
    #[arg(long)]
    pub no_input: bool,
}
