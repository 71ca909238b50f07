//! The arguments of `devpi-tokens`: all of clap, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::target::{IndexName, Permission, ProjectName, Purpose, Target, UserName};

/// Short-lived, narrow tokens for devpi: an agent keeps the long-lived one.
#[derive(Debug, Parser)]
#[command(name = "devpi-tokens", version, arg_required_else_help = true, max_term_width = 80)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs, a file each.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Log in once: the agent gets a token of its own, the password is forgotten
    Login(Login),
    /// Let the agent forget a token
    Logout(Logout),
    /// What the agent keeps, and until when
    Status(Status),
    /// Print a fresh token for one purpose
    Get(Get),
    /// The agent itself
    #[command(subcommand)]
    Agent(Agent),
    /// Make other programs ask the agent
    #[command(subcommand)]
    Setup(Setup),
    /// Ask a server for the bases of an index (the agent runs this)
    #[command(name = "fetch-bases", hide = true)]
    FetchBases,
}

/// How a server is reached.
#[derive(Debug, Args)]
pub struct Reach {
    /// Trust the certificates in this file (PEM) as well
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Allow http to a server that is not this machine
    #[arg(long)]
    pub allow_http: bool,
}

/// Which of the kept tokens is meant.
#[derive(Debug, Args)]
pub struct Which {
    /// The server; not needed where only one is kept
    #[arg(short, long, value_name = "URL")]
    pub server: Option<Target>,
    /// The user; not needed where only one is kept for the server
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<UserName>,
}

/// `devpi-tokens login`
#[derive(Debug, Args)]
pub struct Login {
    /// The server: its root, an index or a simple page
    pub url: Target,
    /// The user; default: the one in the URL, else who owns the index
    pub user: Option<UserName>,
    /// Keep the token in this file (`-`: standard input) instead of making one
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["expires", "allowed", "indexes", "projects"])]
    pub file: Option<PathBuf>,
    /// When the kept token ends: a duration, a date, an epoch, or `never`
    #[arg(short, long, value_name = "WHEN", default_value = "1 year")]
    pub expires: String,
    /// What the kept token may do (default: all but changing indexes)
    #[arg(short, long, value_name = "PERMISSION", value_delimiter = ',')]
    pub allowed: Vec<Permission>,
    /// The indexes that the kept token is for (default: all)
    #[arg(short, long, value_name = "USER/INDEX", value_delimiter = ',')]
    pub indexes: Vec<IndexName>,
    /// The projects that the kept token is for (default: all)
    #[arg(short, long, value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<ProjectName>,
    /// Make this user the one that is meant where none is named
    #[arg(long)]
    pub default: bool,
    /// Never ask: passwords come from standard input, a line each
    #[arg(long)]
    pub no_input: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// `devpi-tokens logout`
#[derive(Debug, Args)]
pub struct Logout {
    /// Which token.
    #[command(flatten)]
    pub which: Which,
    /// Delete it on the server as well; asks for the password
    #[arg(long)]
    pub revoke: bool,
    /// Never ask: the password comes from standard input
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens status`
#[derive(Debug, Args)]
pub struct Status {
    /// For programs: JSON
    #[arg(long)]
    pub json: bool,
}

/// `devpi-tokens get`
#[derive(Debug, Args)]
pub struct Get {
    /// An index or its simple page
    pub url: Target,
    /// What for: read, upload, push, toxresult, remove (default: by the URL)
    #[arg(long = "for", value_name = "PURPOSE")]
    pub purpose: Option<Purpose>,
    /// The project that is uploaded; may be given several times
    #[arg(long = "project", value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<ProjectName>,
    /// Whose token (default: the user in the URL, else the server's default user)
    #[arg(long, value_name = "USER")]
    pub user: Option<UserName>,
}

/// `devpi-tokens agent …`
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Start the agent, if it does not run
    Start,
    /// End the agent
    Stop,
    /// Whether the agent runs, and where
    Status(Status),
    /// Answer nothing until it is unlocked again
    Lock,
    /// Open the vault
    Unlock {
        /// Never ask: the passphrase comes from standard input
        #[arg(long)]
        no_input: bool,
    },
}

/// `devpi-tokens setup …`
#[derive(Debug, Subcommand)]
pub enum Setup {
    /// Link `keyring` and git's credential helper into a folder on PATH
    Shim {
        /// The folder (default: ~/.local/bin where it is on PATH, else one of ours)
        dir: Option<PathBuf>,
    },
}
