//! The arguments of `doctor`.

use clap::{Args, ValueEnum};

use crate::target::Target;

/// `devpi-tokens doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// The index that makes trouble, as pip, uv or twine know it (default: the one
    /// that was logged in to, and those that pip and uv are configured with)
    pub url: Option<Target>,
    /// Look up a token as this client (pip, uv or twine) does, and show what comes
    /// of it, but for the token itself
    #[arg(long = "as", value_name = "CLIENT", hide_possible_values = true)]
    pub client: Option<Replayed>,
    /// Show what is well, too
    #[arg(short, long)]
    pub all: bool,
    /// Print JSON, for programs; what is well is in it, too
    #[arg(long)]
    pub json: bool,
}

/// A client whose look-up can be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Replayed {
    /// pip
    Pip,
    /// uv
    Uv,
    /// twine
    Twine,
}
