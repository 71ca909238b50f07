//! The plain list of the servers that are ours, a URL a line. It decides only between a miss and a question: what it
//! says is no secret, and whoever changes it gains nothing, as the agent answers from its vault alone.

use std::path::Path;

#[cfg(feature = "agent")]
use crate::folder::{Folder, replace};
use crate::target::{Place, ServerUrl, Target};

/// The longest list that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The text of the list; empty where there is none or where it cannot be read.
pub fn read(path: &Path) -> String {
    use std::io::Read;
    let read = || {
        let file = std::fs::File::open(path)?;
        // Room for all of it and for seeing its end: grown into, a long one would be moved a dozen times.
        let length = file.metadata()?.len().min(LONGEST);
        let mut text = String::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
        file.take(LONGEST).read_to_string(&mut text).map(|_| text)
    };
    read().unwrap_or_else(|_: std::io::Error| String::new())
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
        .filter(|line| names(line, target.host()))
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

/// Whether a line can be of a server on that host: of ten thousand only a few have to be read.
fn names(line: &str, host: &str) -> bool {
    // Behind `http` or `https`, byte by byte: a call for each part costs more than what it compares.
    let authority = match line.as_bytes() {
        [_, _, _, _, b':', b'/', b'/', rest @ ..] | [_, _, _, _, _, b':', b'/', b'/', rest @ ..] => rest,
        [b' ' | b'\t', ..] => return names(line.trim_start(), host),
        _ => return false,
    };
    let host = host.as_bytes();
    authority.first().zip(host.first()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        && authority.get(..host.len()).is_some_and(|start| start.eq_ignore_ascii_case(host))
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
    fn a_list_is_written_sorted_and_without_repetition() {
        let servers: Vec<ServerUrl> = servers("http://b\nhttp://a\nhttp://b\n").collect();
        assert_eq!(text(servers.iter()), "http://a\nhttp://b\n");
    }
}
