//! The arguments of `setup`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;

/// A client that can ask the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Client {
    /// pip, which runs the command keyring
    Pip,
    /// uv, which runs the command keyring
    Uv,
    /// twine, which imports Python's keyring
    Twine,
    /// poetry, which imports Python's keyring
    Poetry,
    /// pdm, which imports Python's keyring, or runs the command
    Pdm,
    /// hatch, which imports Python's keyring
    Hatch,
    /// flit, which imports Python's keyring
    Flit,
    /// devpi-client, which has plugins
    Devpi,
    /// git, which runs a credential helper
    Git,
}

/// `devpi-tokens setup`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Setup {
    /// A part of it alone.
    #[command(subcommand)]
    pub part: Option<SetupPart>,
    /// The clients that are to ask the agent (default: those that are installed)
    #[arg(value_name = "CLIENT", hide_possible_values = true)]
    pub clients: Vec<Client>,
    /// Agree to every change, also to credentials that are taken out of files
    #[arg(short, long, conflicts_with = "no_input")]
    pub yes: bool,
    /// Only show what would be changed
    #[arg(short = 'n', long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Take back what setup has changed in files
    #[arg(long, conflicts_with = "clients")]
    pub undo: bool,
    /// Never ask: show what would be changed
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens setup shim`
#[derive(Debug, Subcommand)]
pub enum SetupPart {
    /// Link the programs that pip, uv and git look for into a folder on PATH
    #[command(after_help = examples::SETUP_SHIM)]
    Shim {
        /// The folder (default: ~/.local/bin, if it is on PATH and has no keyring
        /// yet, else a folder of our own)
        dir: Option<PathBuf>,
    },
}
