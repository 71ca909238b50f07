//! The arguments of `devpi-tokens`: all of clap, and nothing else.

mod doctor;
mod examples;
mod exec;
mod log;
mod policy;
mod setup;
mod socket;
mod tokens;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use doctor::{Doctor, Replayed};
pub use exec::Exec;
pub use log::{Explain, Log};
pub use policy::{Policy, PolicyEdit, PolicyShow};
pub use setup::{Client, Setup, SetupPart};
pub use socket::Socket;
pub use tokens::{Acting, Can, Create, Delete, Derive, Inspect, List, Output, Source, TokenLogin, Wanted};

use crate::target::{IndexName, Permission, ProjectName, Purpose, Target, UserName};

/// Fresh tokens for devpi, as pip, uv, twine and git need them; an agent keeps the root token
#[derive(Debug, Parser)]
#[command(
    name = "devpi-tokens",
    version,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = examples::PROGRAM
)]
pub struct Cli {
    /// Say nothing but what is asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 900)]
    pub quiet: bool,
    /// Say what is asked of which server, and what it answers
    #[arg(short, long, global = true, display_order = 901)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs, a file each.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Log in once: the agent keeps a token, nothing keeps the password
    #[command(after_help = examples::LOGIN)]
    Login(Login),
    /// Replace a kept token by one that ends later
    #[command(after_help = examples::RENEW)]
    Renew(Renew),
    /// Let the agent forget a token, and with --revoke the server, too
    #[command(after_help = examples::LOGOUT)]
    Logout(Logout),
    /// Show which tokens the agent keeps, and until when they are valid
    #[command(after_help = examples::STATUS)]
    Status(Status),
    /// Print a fresh token to read an index or to upload to it
    #[command(after_help = examples::GET)]
    Get(Get),
    /// Run a command with tokens that are replaced as long as it runs
    #[command(after_help = examples::EXEC)]
    Exec(Exec),
    /// Make a new token on the server
    #[command(alias = "token-create", after_help = examples::CREATE)]
    Create(Create),
    /// Make a narrower token, without the server
    #[command(alias = "token-derive", after_help = examples::DERIVE)]
    Derive(Derive),
    /// Show what a token says, in words
    #[command(alias = "token-inspect", after_help = examples::INSPECT)]
    Inspect(Inspect),
    /// List the tokens of a user on the server
    #[command(alias = "token-list", after_help = examples::LIST)]
    List(List),
    /// Delete a token on the server, and all that was derived from it
    #[command(alias = "token-delete", after_help = examples::DELETE)]
    Delete(Delete),
    /// Log devpi-client in with a token
    #[command(after_help = examples::TOKEN_LOGIN)]
    TokenLogin(TokenLogin),
    /// Tell what a server would answer to a token, without asking it
    #[command(after_help = examples::CAN)]
    Can(Can),
    /// Show what was handed out, to which program, and until when
    #[command(after_help = examples::LOG)]
    Log(Log),
    /// Tell to which program a token was handed out, and what it can still do
    #[command(after_help = examples::TRACE)]
    Trace(Inspect),
    /// Tell what pip, uv and twine would get for a URL, and why
    #[command(after_help = examples::EXPLAIN)]
    Explain(Explain),
    /// Look at all that a client needs to get a token, and say what mends the rest
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Show or change what the agent may hand out, and for how long
    #[command(subcommand, after_help = examples::POLICY)]
    Policy(Policy),
    /// Start, stop, lock or unlock the agent
    #[command(subcommand, after_help = examples::AGENT)]
    Agent(Agent),
    /// Make pip, uv, twine and others ask the agent
    #[command(after_help = examples::SETUP)]
    Setup(Setup),
    /// Ask a server for the bases of an index (the agent runs this)
    #[command(name = "fetch-bases", hide = true)]
    FetchBases,
}

/// How a server is reached.
#[derive(Debug, Args)]
pub struct Reach {
    /// Trust the certificates in FILE (PEM), too
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Allow plain http to another machine: tokens can be read on the way
    #[arg(long)]
    pub allow_http: bool,
}

/// Which of the kept tokens is meant.
#[derive(Debug, Args)]
pub struct Which {
    /// The server, as `status` shows it; needed only where several are kept
    #[arg(short, long, value_name = "URL")]
    pub server: Option<Target>,
    /// The user; needed only where several are kept for the server
    #[arg(id = "acting_user", long = "as", value_name = "USER")]
    pub user: Option<UserName>,
}

/// `devpi-tokens login`
#[derive(Debug, Args)]
pub struct Login {
    /// The address of the server, of an index or of its simple page
    pub url: Target,
    /// Who logs in (default: the user in the URL, else the owner of the index)
    pub user: Option<UserName>,
    /// Keep the token that is in FILE (-: standard input), and make none
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["expires", "allowed", "indexes", "projects"])]
    pub file: Option<PathBuf>,
    /// When the kept token ends, for example "30 days", 2027-01-31 or never
    #[arg(short, long, value_name = "WHEN", default_value = Self::USUAL)]
    pub expires: String,
    /// What the kept token may do, for example pkg_read,upload (default: all but
    /// creating, changing and deleting indexes)
    #[arg(short, long, value_name = "PERMISSION", value_delimiter = ',')]
    pub allowed: Vec<Permission>,
    /// The only indexes that the kept token is for, by commas (default: all)
    #[arg(short, long, value_name = "USER/INDEX", value_delimiter = ',')]
    pub indexes: Vec<IndexName>,
    /// The only projects that the kept token is for, by commas (default: all)
    #[arg(short, long, value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<ProjectName>,
    /// Ceilings for the agent, as `policy show --toml` prints them: how long a
    /// token that it hands out may last
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Of several users of this server, mean this one where none is named
    #[arg(long)]
    pub default: bool,
    /// Never ask: passphrase of the vault and password come from standard input,
    /// a line each
    #[arg(long)]
    pub no_input: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

impl Login {
    /// As it is without any option.
    pub(super) fn usual(url: Target, reach: Reach) -> Self {
        Self {
            url,
            user: None,
            file: None,
            expires: Self::USUAL.to_owned(),
            allowed: Vec::new(),
            indexes: Vec::new(),
            projects: Vec::new(),
            policy: None,
            default: false,
            no_input: false,
            reach,
        }
    }

    const USUAL: &str = "1 year";
}

/// `devpi-tokens renew`
#[derive(Debug, Args)]
pub struct Renew {
    /// Which token.
    #[command(flatten)]
    pub which: Which,
    /// When the new token ends, for example "30 days", 2027-01-31 or never
    #[arg(short, long, value_name = "WHEN", default_value = "1 year")]
    pub expires: String,
    /// Delete the old token at once, and with it all that was made from it
    #[arg(long)]
    pub now: bool,
    /// Never ask: the password comes from standard input
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens logout`
#[derive(Debug, Args)]
pub struct Logout {
    /// Which token.
    #[command(flatten)]
    pub which: Which,
    /// Delete it on the server, too; needs the password
    #[arg(long)]
    pub revoke: bool,
    /// Never ask: the password comes from standard input
    #[arg(long)]
    pub no_input: bool,
}

/// `devpi-tokens status`
#[derive(Debug, Args)]
pub struct Status {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// `devpi-tokens get`
#[derive(Debug, Args)]
pub struct Get {
    /// An index (.../USER/INDEX/) or its simple page (.../USER/INDEX/+simple/)
    pub url: Target,
    /// What for: read, upload, push, toxresult or remove (default: read for a
    /// simple page, upload for an index)
    #[arg(long = "for", value_name = "PURPOSE")]
    pub purpose: Option<Purpose>,
    /// The only projects that may be uploaded, by commas (default: all)
    #[arg(long = "project", value_name = "PROJECT", value_delimiter = ',')]
    pub projects: Vec<ProjectName>,
    /// Whose token (default: the user in the URL, else the server's default)
    #[arg(long, value_name = "USER")]
    pub user: Option<UserName>,
    /// How much is uploaded: the token for a large upload lasts longer
    #[arg(long, value_name = "BYTES", default_value_t = 0, hide_default_value = true)]
    pub bytes: u64,
    /// How it is printed: token, env (variables of pip or twine, and of uv) or netrc
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    pub format: Format,
    /// Print JSON with the user, the token and its end, for programs
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How a token is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The token alone
    #[default]
    Token,
    /// Variables of pip and uv, or of twine and uv: for a container
    Env,
    /// An entry of a netrc, as a BuildKit secret for pip
    Netrc,
}

impl Verb {
    /// Whether it shows something, and changes nothing anywhere.
    pub(super) fn only_shows(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::List(_)
                | Self::Inspect(_)
                | Self::Can(_)
                | Self::Log(_)
                | Self::Trace(_)
                | Self::Explain(_)
                | Self::Doctor(_)
                | Self::Agent(Agent::Status(_))
        )
    }

    /// Whether the verb itself says that a kept token is about to end, or is no place for that.
    pub(super) fn tells_of_ends(&self) -> bool {
        matches!(
            self,
            Self::Exec(_)
                | Self::Login(_)
                | Self::Renew(_)
                | Self::Logout(_)
                | Self::Status(_)
                | Self::Get(_)
                | Self::Doctor(_)
                | Self::Agent(_)
                | Self::FetchBases
        )
    }
}

/// `devpi-tokens agent …`
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Start the agent, if it does not run
    #[command(after_help = examples::AGENT_START)]
    Start,
    /// End the agent; the next request starts it again
    #[command(after_help = examples::AGENT_STOP)]
    Stop,
    /// Show whether the agent runs, and where
    #[command(after_help = examples::AGENT_STATUS)]
    Status(Status),
    /// Hand out nothing until `agent unlock`
    #[command(after_help = examples::AGENT_LOCK)]
    Lock,
    /// Open the vault, and end a lock
    #[command(after_help = examples::AGENT_UNLOCK)]
    Unlock {
        /// Never ask: the passphrase comes from standard input
        #[arg(long)]
        no_input: bool,
    },
    /// Open a socket for a container, which gives only what is named
    #[command(after_help = examples::AGENT_SOCKET)]
    Socket(Socket),
    /// Have your session start the agent: systemd, else the desktop
    #[command(after_help = examples::AGENT_INSTALL)]
    Install,
    /// Take back what `agent install` did
    #[command(after_help = examples::AGENT_UNINSTALL)]
    Uninstall,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_of_no_command_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
