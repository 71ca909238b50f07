//! A server that runs for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::http::{self, Auth, Reply, Session};
use crate::log::{self, MARK, Seen};
use crate::nginx::{Refusal, configuration};
use crate::prepare::{USERS, distribution};
use crate::process::{Kept, run, script};
use crate::server::Served;
use crate::tools::Tools;

/// How the server refuses to be read by nobody in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// nginx and devpi-lockdown, ending in 401 with a challenge: clients ask for credentials.
    Unauthorized401,
    /// nginx and devpi-lockdown with its own template: 302 to the login page, and clients never ask.
    Redirect302,
    /// nginx and devpi-lockdown, ending in 403: clients never ask.
    Forbidden403,
    /// nginx alone: everybody may read.
    Open,
    /// A plugin of the server itself, ending in 401: for machines without nginx.
    Plugin,
}

/// A devpi-server with closed reads, its users, indexes and packages, on ports and in a folder of its own.
///
/// `alice/dev` inherits from `alice/mid`, which inherits from `alice/base`; `bed-app` on the first depends on `bed-lib`
/// on the second, which depends on `bed-core` on the third. `alice/other` has `bed-extra`, `bob/dev` nothing. All are
/// volatile. It ends when dropped, and with this process.
#[derive(Debug)]
pub struct Bed {
    // Dropped in this order: the front first, the folder last.
    front: Option<Served>,
    devpi: Served,
    folder: TempDir,
    below: String,
    closing: Closing,
    tools: Tools,
    marks: AtomicU32,
}

impl Bed {
    /// Starts a server that is closed in this way: some seconds.
    ///
    /// # Errors
    /// Where a server does not start, with the end of its log, or nginx is needed and not there.
    pub fn start(tools: &Tools, closing: Closing) -> Result<Self> {
        Self::start_below(tools, closing, "")
    }

    /// Starts a server that lives below a path, such as `/devpi`; the path needs nginx.
    ///
    /// # Errors
    /// As [`Bed::start`].
    pub fn start_below(tools: &Tools, closing: Closing, below: &str) -> Result<Self> {
        Self::serve(tools, closing, below, copy(&tools.prepared.join("server"))?)
    }

    /// This server as it is after a restart for which nobody named its secret file: all of its content, tokens too, and a
    /// secret that is drawn anew. It has another port, and this one goes on.
    ///
    /// # Errors
    /// As [`Bed::start`].
    pub fn with_secret_lost(&self) -> Result<Self> {
        let folder = copy(&self.folder.path().join("server"))?;
        let secret = folder.path().join("server/secret");
        fs::remove_file(&secret).map_err(Error::path("remove", &secret))?;
        let mut draw = Command::new(self.tools.server.bin("devpi-gen-secret"));
        run("devpi-gen-secret", draw.arg("--secretfile").arg(&secret))?;
        Self::serve(&self.tools, self.closing, &self.below, folder)
    }

    fn serve(tools: &Tools, closing: Closing, below: &str, folder: TempDir) -> Result<Self> {
        let log = access_log(folder.path());
        let gate = (closing == Closing::Plugin).then_some(log.as_path());
        let devpi = Served::devpi(tools, folder.path(), true, gate)?;
        let front = match closing {
            Closing::Unauthorized401 => Some((below, Refusal::Challenge)),
            Closing::Redirect302 => Some((below, Refusal::Redirect)),
            Closing::Forbidden403 => Some((below, Refusal::Forbid)),
            Closing::Open => Some((below, Refusal::Nothing)),
            Closing::Plugin => None,
        };
        let front = front.map(|site| start_nginx(tools, folder.path(), devpi.port, site)).transpose()?;
        let below = below.to_owned();
        Ok(Self { front, devpi, folder, below, closing, tools: tools.clone(), marks: AtomicU32::new(0) })
    }

    /// Where clients find the server, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.front.as_ref().map_or_else(|| self.devpi.url(), |front| front.url() + &self.below)
    }

    /// devpi-server itself, past nginx and its log; the same as [`Bed::url`] where there is no nginx.
    #[must_use]
    pub fn direct_url(&self) -> String {
        self.devpi.url()
    }

    /// Where twine uploads to: `http://HOST:PORT/alice/dev/`.
    #[must_use]
    pub fn index_url(&self, index: &str) -> String {
        format!("{}/{index}/", self.url())
    }

    /// What pip and uv install from: `http://HOST:PORT/alice/dev/+simple/`.
    #[must_use]
    pub fn simple_url(&self, index: &str) -> String {
        format!("{}/{index}/+simple/", self.url())
    }

    /// The password of `root`, `alice` or `bob`; empty for others.
    #[must_use]
    pub fn password(&self, user: &str) -> &'static str {
        USERS.iter().find(|(name, _)| *name == user).map_or("", |(_, password)| password)
    }

    /// A new token of this user, with restrictions as devpi-tokens takes them: `{"allowed": ["pkg_read"]}`.
    ///
    /// # Errors
    /// Where the server refuses it, with its words.
    pub fn create_token(&self, user: &str, restrictions: &Value) -> Result<String> {
        let answer = self.session(user)?.call("POST", &format!("{user}/+token-create"), Some(restrictions))?;
        Ok(answer["result"]["token"].as_str().unwrap_or_default().to_owned())
    }

    /// The ids of this user's tokens, each with its restrictions, as the server lists them.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub fn tokens(&self, user: &str) -> Result<Value> {
        Ok(self.session(user)?.call("GET", &format!("{user}/+tokens"), None)?["result"]["tokens"].take())
    }

    /// Deletes a token of this user on the server.
    ///
    /// # Errors
    /// Where there is none of this id.
    pub fn delete_token(&self, user: &str, id: &str) -> Result<()> {
        self.session(user)?.call("DELETE", &format!("{user}/+tokens/{id}"), None).map(drop)
    }

    /// The token with these caveats added, by pymacaroons.
    ///
    /// # Errors
    /// Where it is no token.
    pub fn restrict(&self, token: &str, caveats: &[&str]) -> Result<String> {
        let given: Vec<&str> = [token].into_iter().chain(caveats.iter().copied()).collect();
        let input = serde_json::to_vec(&given).unwrap_or_default();
        let printed = script(&self.tools.server.python(), "macaroons.py", "restrict", &input)?;
        Ok(serde_json::from_slice(&printed).unwrap_or_default())
    }

    /// Fetches a page by its path (`alice/dev/+simple/`), as a client of packages does.
    ///
    /// # Errors
    /// Where there is no answer; every status is one.
    pub fn get(&self, path: &str, auth: Auth<'_>) -> Result<Reply> {
        http::get(&format!("{}/{path}", self.url()), auth)
    }

    /// All requests that were answered so far, in their order; the bed's own calls are among them.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn log(&self) -> Result<Vec<Seen>> {
        let path = access_log(self.folder.path());
        if let Some(front) = &self.front {
            // nginx writes a line after the answer: a client may be gone before its last line is there.
            let mark = format!("{MARK}?{}", self.marks.fetch_add(1, Ordering::Relaxed));
            http::get(&format!("{}{mark}", front.url()), Auth::None)?;
            await_line(&path, &format!("\"{mark}\""))?;
        }
        log::read(&path, &self.tools.server.python())
    }

    /// A wheel of this project to upload, without dependencies.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new_upload(&self, project: &str, version: &str) -> Result<PathBuf> {
        self.new_distribution("wheel", project, version)
    }

    /// A source distribution of this project to upload; it builds itself without any tool.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new_sdist(&self, project: &str, version: &str) -> Result<PathBuf> {
        self.new_distribution("sdist", project, version)
    }

    /// Uploads a new wheel of this project with the very credentials that another request carried: what else could be
    /// done with them. It is not in the log.
    ///
    /// # Errors
    /// Where there is no answer; every status is one.
    pub fn replay_upload(&self, seen: &Seen, index: &str, project: &str) -> Result<Reply> {
        // No client of a test uploads this version.
        let version = format!("0.0.{}", self.marks.fetch_add(1, Ordering::Relaxed));
        let wheel = self.new_upload(project, &version)?;
        http::upload(&format!("{}/{index}/", self.devpi.url()), seen.auth(), [project, &version], &wheel)
    }

    fn new_distribution(&self, kind: &str, project: &str, version: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join("dist");
        fs::create_dir_all(&folder).map_err(Error::path("create", &folder))?;
        distribution(&self.tools, &folder, [kind, project, version], &[])
    }

    /// Past nginx, so that what the bed does for a test is not in the log that the test reads.
    fn session(&self, user: &str) -> Result<Session> {
        Session::login(&self.devpi.url(), user, self.password(user))
    }
}

/// A folder with a copy of a server's in it, called `server`.
fn copy(server: &Path) -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("bed-").tempdir().map_err(Error::io("cannot create a folder"))?;
    run("cp", Command::new("cp").arg("-a").arg(server).arg(folder.path()))?;
    Ok(folder)
}

fn access_log(folder: &Path) -> PathBuf {
    folder.join("access.log")
}

fn start_nginx(tools: &Tools, folder: &Path, devpi: u16, site: (&str, Refusal)) -> Result<Served> {
    let missing = || Error::Missing {
        what: "nginx".to_owned(),
        remedy: tools.no_nginx.clone().unwrap_or_else(|| "install nginx".to_owned()),
    };
    let nginx = tools.nginx.as_ref().ok_or_else(missing)?;
    let conf = folder.join("nginx.conf");
    Served::start(folder, MARK, |port| {
        fs::write(&conf, configuration(folder, port, devpi, site)).map_err(Error::path("write", &conf))?;
        let mut command = Command::new(nginx);
        // -e: before it reads its configuration, nginx opens a log that only root may write.
        command.arg("-e").arg(folder.join("nginx.error")).arg("-p").arg(folder).arg("-c").arg(&conf);
        Kept::start(&tools.server.python(), &command, &folder.join("nginx.out"), None)
    })
}

/// Waits until nginx has written this line: milliseconds, unless it is stuck.
fn await_line(path: &Path, line: &str) -> Result<()> {
    const SECONDS: u64 = 10;
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < SECONDS {
        if fs::read_to_string(path).is_ok_and(|text| text.contains(line)) {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let what = format!("nginx's log {}", path.display());
    Err(Error::Late { what, seconds: SECONDS, output: line.to_owned() })
}
