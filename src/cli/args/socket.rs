use std::path::PathBuf;

use clap::Args;

use crate::target::{IndexName, Purpose, Target, UserName};

/// `devpi-tokens agent socket`
#[derive(Debug, Args)]
pub struct Socket {
    /// Where; whoever may enter its folder may ask
    pub path: PathBuf,
    /// The only indexes to ask for, by commas; their bases are added (default: all)
    #[arg(short, long = "index", value_name = "USER/INDEX", value_delimiter = ',')]
    pub indexes: Vec<IndexName>,
    /// What for: read, upload, push, toxresult or remove, by commas
    #[arg(long = "for", value_name = "PURPOSE", value_delimiter = ',', default_value = "read")]
    pub purposes: Vec<Purpose>,
    /// Only of this server, as `status` shows it
    #[arg(short, long, value_name = "URL")]
    pub server: Option<Target>,
    /// Only of this user
    #[arg(id = "acting_user", long = "as", value_name = "USER")]
    pub user: Option<UserName>,
    /// Close the socket that is there
    #[arg(long, conflicts_with_all = ["indexes", "purposes", "server", "acting_user"])]
    pub close: bool,
    /// Never ask: a passphrase comes from standard input
    #[arg(long)]
    pub no_input: bool,
}
