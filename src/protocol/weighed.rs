//! What a question would get.

use serde::{Deserialize, Serialize};

use crate::target::{IndexName, Permission, ProjectName, UserName};
use crate::token::TokenId;

/// What a token would be like that nobody asked for yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// Whose it would be.
    pub user: UserName,
    /// Whether that is the default user of the server.
    pub default: bool,
    /// The id of the root token that it would be made from.
    pub root: TokenId,
    /// When that one ends, in seconds since the epoch, by the clock of this machine.
    pub root_ends: Option<u64>,
    /// What it would allow.
    pub permissions: Vec<Permission>,
    /// Where.
    pub indexes: Vec<IndexName>,
    /// The bases of the indexes of the question, as far as they are known, out of the root token's reach or not.
    pub bases: Vec<IndexName>,
    /// The indexes of the question whose bases are not known: they would be asked for first.
    pub unknown_bases: Vec<IndexName>,
    /// For uploads of which projects; none: of all.
    pub projects: Vec<ProjectName>,
    /// For how long, in seconds.
    pub lifetime: u64,
    /// Whether a person would be asked first.
    #[serde(default)]
    pub confirm: bool,
}
