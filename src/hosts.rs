//! The plain list of the servers that are ours, a URL a line, sorted. It decides only between a miss and a question: what
//! it says is no secret, and whoever changes it gains nothing, as the agent answers from its vault alone.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

#[cfg(feature = "agent")]
use crate::folder::{Folder, replace};
use crate::target::{Place, ServerUrl, Target};

/// The longest list that is read as a whole, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// How much of a list is looked at at once, in bytes: a line of it, which has 2048 at most, and what is left of another.
const PIECE: usize = 2 * 2049;

/// The servers that are ours.
#[derive(Debug)]
pub enum Hosts {
    /// Those in the list of this machine, as it was when it was opened.
    Listed(File),
    /// Those in a list that an agent told.
    Told(String),
}

impl Default for Hosts {
    fn default() -> Self {
        Self::Told(String::new())
    }
}

impl Hosts {
    /// The list of this machine; `None` where there is none, or nothing in it.
    pub fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        file.metadata().is_ok_and(|found| found.len() > 0).then_some(Self::Listed(file))
    }

    /// The server that a target lies on, and where; see [`find`]. Of a long list only what is about the target's host is
    /// read.
    pub fn find(&self, target: &Target) -> Option<(ServerUrl, Place)> {
        let list = match self {
            Self::Listed(file) => Cow::Owned(about(file, target.host()).ok()?),
            Self::Told(list) => Cow::Borrowed(list.as_str()),
        };
        find(&list, target)
    }

    /// All of them.
    #[cfg(feature = "cli")]
    pub fn all(&self) -> Vec<ServerUrl> {
        match self {
            Self::Listed(file) => servers(&whole(file).unwrap_or_default()).collect(),
            Self::Told(list) => servers(list).collect(),
        }
    }
}

/// The lines of a list that can be of a server on that host, found by halves.
fn about(mut file: &File, host: &str) -> std::io::Result<String> {
    let pieces = file.metadata()?.len().div_ceil(PIECE as u64);
    let mut lines = String::new();
    for scheme in ["http", "https"] {
        let start = format!("{scheme}://{host}");
        // The last piece that begins before them, or the first one of all, and one that does not.
        let (mut before, mut behind) = (0, pieces);
        while behind - before > 1 {
            let middle = before.midpoint(behind);
            *if begins_before(file, middle, &start)? { &mut before } else { &mut behind } = middle;
        }
        file.seek(SeekFrom::Start(before * PIECE as u64))?;
        let mut rest = BufReader::with_capacity(PIECE, file);
        if before > 0 {
            rest.skip_until(b'\n')?;
        }
        let rest = rest.lines().map_while(Result::ok).skip_while(|line| *line < start);
        lines.extend(rest.take_while(|line| line.starts_with(&start)).map(|line| line + "\n"));
    }
    Ok(lines)
}

/// Whether the first line that begins in a piece of a list comes before those that start with `start`.
fn begins_before(file: &File, piece: u64, start: &str) -> std::io::Result<bool> {
    let mut bytes = [0; PIECE];
    let length = file.read_at(&mut bytes, piece * PIECE as u64)?;
    let mut lines = bytes[..length].split(|byte| *byte == b'\n').skip(1);
    Ok(lines.next().is_some_and(|line| !line.is_empty() && line < start.as_bytes()))
}

/// The text of the list; empty where there is none or where it cannot be read.
pub fn read(path: &Path) -> String {
    File::open(path).and_then(|file| whole(&file)).unwrap_or_default()
}

fn whole(mut file: &File) -> std::io::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.take(LONGEST).read_to_string(&mut text).map(|_| text)
}

/// Replaces the list as a whole, as other processes read it at any time. The same list is left as it is.
///
/// # Errors
/// What the system says; [`WouldBlock`](std::io::ErrorKind::WouldBlock) where another writer is at it.
#[cfg(feature = "agent")]
pub fn write<'a>(path: &Path, servers: impl Iterator<Item = &'a ServerUrl>) -> std::io::Result<()> {
    let text = text(servers);
    if read(path) == text {
        return Ok(());
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(std::io::ErrorKind::InvalidFilename.into());
    };
    replace(&Folder::private(folder)?, name, text.as_bytes())
}

/// The text of a list of those servers.
pub fn text<'a>(servers: impl Iterator<Item = &'a ServerUrl>) -> String {
    let mut lines: Vec<String> = servers.map(|server| format!("{server}\n")).collect();
    lines.sort();
    lines.dedup();
    lines.concat()
}

/// The servers in a list; a line that is none is passed over.
pub fn servers(list: &str) -> impl Iterator<Item = ServerUrl> {
    list.lines().filter_map(|line| line.trim().parse().ok())
}

/// The server that a target lies on, and where: of several the one with the longest path, of several for a bare
/// `host:port` none.
pub fn find(list: &str, target: &Target) -> Option<(ServerUrl, Place)> {
    let mut found: Vec<(ServerUrl, Place)> = list
        .lines()
        .filter_map(|line| {
            let server: ServerUrl = line.trim().parse().ok()?;
            let place = server.place(target)?;
            Some((server, place))
        })
        .collect();
    if target.is_bare_host() && found.len() > 1 {
        return None;
    }
    found.sort_by_key(|(server, _)| server.depth());
    found.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "https://corp/devpi/two\nhttps://corp\nhttps://corp/devpi\nnot a server\nhttp://solo:3141\n";

    fn found(target: &str) -> Option<String> {
        find(LIST, &target.parse().expect("a target")).map(|(server, _)| server.to_string())
    }

    #[test]
    fn the_longest_path_of_whole_segments_wins() {
        assert_eq!(found("https://corp/devpi/alice/dev/").as_deref(), Some("https://corp/devpi"));
        assert_eq!(found("https://corp/alice/dev/").as_deref(), Some("https://corp"));
        assert_eq!(found("https://else/alice/dev/"), None);
        assert_eq!(found("https://corp/devpi-two/alice/dev/").as_deref(), Some("https://corp"));
        assert_eq!(found("https://corp/devpi/two/alice/dev/").as_deref(), Some("https://corp/devpi/two"));
        assert_eq!(found("https://corp/devpi/twoo/alice/dev/").as_deref(), Some("https://corp/devpi"));
    }

    #[test]
    fn a_bare_host_is_ours_where_one_server_has_it() {
        assert_eq!(found("solo:3141").as_deref(), Some("http://solo:3141"));
        assert_eq!(found("corp"), None);
        assert_eq!(found("solo"), None);
    }

    #[test]
    fn a_line_that_is_found_for_no_target_is_no_server() {
        for line in ["https://@corp", "https://alice@corp", "HTTPS:/corp", "corp"] {
            assert_eq!(servers(line).count(), 0, "{line}");
        }
        let target = "https://corp/alice/dev".parse().expect("a target");
        assert!(["https://CORP:443", " HTTPS://corp/ "].iter().all(|line| find(line, &target).is_some()));
    }

    #[test]
    fn in_a_list_of_many_each_is_found_as_if_all_were_read() {
        let path = |number: usize| "p".repeat(1 + number % 2000);
        let urls = (0..1000).flat_map(|number| {
            let port = 3000 + number % 3;
            [
                format!("http://h{number}.example:{port}/{}", path(number * 7)),
                format!("https://h{number}.example"),
                format!("https://{number}.example/{number}"),
                format!("http://[::{number:x}]/{}", path(number)),
            ]
        });
        let all: Vec<ServerUrl> = urls.map(|url| url.parse().expect("a server")).collect();
        let (folder, text) = (tempfile::tempdir().expect("a folder"), text(all.iter()));
        let file = folder.path().join("hosts");
        std::fs::write(&file, &text).expect("a list");
        let hosts = Hosts::open(&file).expect("a list");
        // Of each kind, wherever they lie: to find one takes a millisecond where nothing is optimised.
        for server in all.iter().step_by(37) {
            let target = format!("{server}/alice/dev").parse().expect("a target");
            assert!(hosts.find(&target).is_some_and(|(found, _)| found == *server), "{server}");
        }
        for other in ["http://h.example", "https://h1000.example", "http://a", "https://z", "h7.example:3001", "[::1]"]
        {
            let target = other.parse().expect("a target");
            assert_eq!(hosts.find(&target), find(&text, &target), "{other}");
        }
    }

    #[test]
    fn a_list_is_written_sorted_and_without_repetition() {
        let servers: Vec<ServerUrl> = servers("http://b\nhttp://a\nhttp://b\n").collect();
        assert_eq!(text(servers.iter()), "http://a\nhttp://b\n");
    }
}
