//! The arguments of `devpi-tokens policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Which, examples};

/// `devpi-tokens policy …`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Show for how long tokens may last that the agent hands out
    #[command(after_help = examples::POLICY_SHOW)]
    Show(PolicyShow),
    /// Change that, in an editor or from a file
    #[command(after_help = examples::POLICY_EDIT)]
    Edit(PolicyEdit),
}

/// `devpi-tokens policy show`
#[derive(Debug, Args)]
pub struct PolicyShow {
    /// Which token's.
    #[command(flatten)]
    pub which: Which,
    /// Print the policy as `policy edit --file` reads it, without the limits of
    /// config.toml
    #[arg(long, conflicts_with = "json")]
    pub toml: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Never ask: the passphrase of the vault comes from standard input
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens policy edit`
#[derive(Debug, Args)]
pub struct PolicyEdit {
    /// Which token's.
    #[command(flatten)]
    pub which: Which,
    /// Read the policy from FILE (-: standard input), and start no editor
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Never ask: the passphrase of the vault comes from standard input
    #[arg(long)]
    pub no_input: bool,
}
