//! A socket that gives out less: for containers, `ssh -R`, build sandboxes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Holder, Question};
use crate::exit::Exit;
use crate::target::{IndexName, Purpose, ServerUrl, UserName};

/// A restricted socket, and the ceiling of all that is asked through it. Whoever reaches it may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedSocket {
    /// Where it is; the folder decides who reaches it.
    pub path: PathBuf,
    /// What it gives tokens for.
    pub purposes: Vec<Purpose>,
    /// The only indexes that may be asked about; the bases of each are added by the agent. None: whatever the policy
    /// allows.
    pub indexes: Vec<IndexName>,
    /// The only one whose tokens it gives. Nobody: whoever is asked about.
    pub holder: Option<Holder>,
}

impl RestrictedSocket {
    /// Makes a question one that this socket answers: where nothing is named, what the socket is for is meant.
    ///
    /// # Errors
    /// What of it the socket does not give.
    pub fn narrow(&self, question: &mut Question) -> Result<(), Beyond> {
        if !self.purposes.contains(&question.purpose) {
            return Err(Beyond::Purpose(question.purpose));
        }
        if let Some(Holder { server, user }) = &self.holder {
            if question.server != *server {
                return Err(Beyond::Server(question.server.clone()));
            }
            match &question.user {
                Some(asked) if asked != user => return Err(Beyond::User(asked.clone())),
                _ => question.user = Some(user.clone()),
            }
        }
        if question.indexes.is_empty() {
            question.indexes.clone_from(&self.indexes);
        }
        let is_outside = |index: &&IndexName| !self.indexes.is_empty() && !self.indexes.contains(index);
        match question.indexes.iter().find(is_outside) {
            Some(index) => Err(Beyond::Index(index.clone())),
            None => Ok(()),
        }
    }
}

/// What a restricted socket does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// Tokens for that.
    #[error("this socket gives no token for {0}")]
    Purpose(Purpose),
    /// Tokens of that index.
    #[error("this socket gives no token for {0}")]
    Index(IndexName),
    /// Tokens of that server.
    #[error("this socket gives no token for {0}")]
    Server(ServerUrl),
    /// Tokens of that user.
    #[error("this socket gives no token of {0}")]
    User(UserName),
    /// Anything but tokens.
    #[error("this socket gives tokens, and does nothing else")]
    Else,
    /// Anything, any more.
    #[error("this socket was closed")]
    Anything,
}

/// Why a restricted socket is not made, or not closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoSocket {
    /// The kernel takes no such path.
    #[error("it is longer than 107 bytes")]
    Long,
    /// Somebody else may change its folder.
    #[error("{fault}")]
    Folder {
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: String,
        /// Whether that is unsafe, rather than in the way.
        is_unsafe: bool,
    },
    /// The agent's own socket lies in that folder: whoever got the folder would get that one, too.
    #[error("the agent's own socket is in that folder")]
    OwnFolder,
    /// Something lies there that is no dead socket of ours.
    #[error("there is something already")]
    Taken,
    /// There are as many as there may be.
    #[error("the agent serves {0} of them already")]
    Many(usize),
    /// The system says no.
    #[error("{0}")]
    System(String),
    /// A push is checked for no index (devpi-server 6.20).
    #[error("a push may go to every index, not only to those named")]
    Reach,
    /// None is open there.
    #[error("none is open there")]
    Absent,
}

impl NoSocket {
    /// The exit code of a program that ends with it.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Long | Self::OwnFolder | Self::Folder { is_unsafe: true, .. } => Exit::Unsafe,
            Self::Folder { is_unsafe: false, .. } | Self::Taken | Self::System(_) => Exit::CannotCreate,
            Self::Reach => Exit::Usage,
            Self::Many(_) => Exit::TryAgain,
            Self::Absent => Exit::NotFound,
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Long => "name a shorter path".to_owned(),
            Self::Folder { remedy, .. } => remedy.clone(),
            Self::OwnFolder => "make a folder for it: whoever gets the folder gets all of it".to_owned(),
            Self::Taken => "name another path; an open one: devpi-tokens agent socket --close PATH".to_owned(),
            Self::Many(_) => "close one: devpi-tokens agent socket --close PATH".to_owned(),
            Self::System(_) => "name a path in a folder of yours".to_owned(),
            Self::Reach => "leave out --index, or --for push".to_owned(),
            Self::Absent => "see which are: devpi-tokens agent status".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(indexes: &[&str], holder: bool) -> RestrictedSocket {
        let holder = holder
            .then(|| Holder { server: "https://h".parse().expect("a server"), user: "alice".parse().expect("a user") });
        let indexes = indexes.iter().map(|index| index.parse().expect("an index")).collect();
        RestrictedSocket { path: "/s".into(), purposes: vec![Purpose::Read], indexes, holder }
    }

    fn question(server: &str, user: Option<&str>, indexes: &[&str]) -> Question {
        Question {
            server: server.parse().expect("a server"),
            user: user.map(|user| user.parse().expect("a user")),
            purpose: Purpose::Read,
            indexes: indexes.iter().map(|index| index.parse().expect("an index")).collect(),
            projects: Vec::new(),
            bytes: 0,
            stranger: None,
        }
    }

    #[test]
    fn what_a_socket_is_not_for_is_refused() {
        let narrow = socket(&["a/dev", "a/two"], true);
        let refused = |mut question: Question| narrow.narrow(&mut question).expect_err("refused").to_string();
        assert_eq!(refused(question("https://h", None, &["a/dev", "a/x"])), "this socket gives no token for a/x");
        assert_eq!(refused(question("https://i", None, &["a/dev"])), "this socket gives no token for https://i");
        assert_eq!(refused(question("https://h", Some("bob"), &["a/dev"])), "this socket gives no token of bob");
        let upload = Question { purpose: Purpose::Upload, ..question("https://h", None, &["a/dev"]) };
        assert_eq!(refused(upload), "this socket gives no token for upload");
    }

    #[test]
    fn what_nobody_names_is_what_the_socket_is_for() {
        let mut asked = question("https://h", None, &[]);
        socket(&["a/dev", "a/two"], true).narrow(&mut asked).expect("narrowed");
        assert_eq!(asked, question("https://h", Some("alice"), &["a/dev", "a/two"]));
        let mut asked = question("https://i", Some("bob"), &["b/dev"]);
        socket(&[], false).narrow(&mut asked).expect("as it is");
        assert_eq!(asked, question("https://i", Some("bob"), &["b/dev"]));
    }
}
