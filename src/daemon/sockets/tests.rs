use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use super::*;

/// A folder for sockets below a new one.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("ci");
    std::fs::create_dir(&folder).expect("made");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).expect("set");
    (home, folder)
}

fn why(path: &Path) -> NoSocket {
    match bind(path, &[]) {
        Err(why) => why,
        Ok(_) => panic!("{} was taken", path.display()),
    }
}

#[tokio::test]
async fn a_socket_is_open_to_whoever_reaches_it_and_gone_when_it_is_dropped() {
    let (_home, folder) = folder();
    let path = folder.join("agent.sock");
    let bound = bind(&path, &[]).expect("bound");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o666);
    assert_eq!(why(&path), NoSocket::Taken, "somebody listens there");
    drop(bound);
    assert!(!path.exists());
}

#[tokio::test]
async fn only_a_dead_socket_gives_way() {
    let (_home, folder) = folder();
    let at = |name: &str| folder.join(name);
    drop(UnixListener::bind(at("dead")).expect("a socket"));
    assert!(bind(&at("dead"), &[]).is_ok());
    let _alive = UnixListener::bind(at("alive")).expect("a socket");
    std::fs::write(at("file"), "").expect("a file");
    std::fs::create_dir(at("folder")).expect("a folder");
    drop(UnixListener::bind(at("target")).expect("a socket"));
    symlink(at("target"), at("link")).expect("a link");
    symlink(at("nothing"), at("loose")).expect("a link");
    for name in ["alive", "file", "folder", "link", "loose"] {
        assert_eq!(why(&at(name)), NoSocket::Taken, "{name}");
        assert!(std::fs::symlink_metadata(at(name)).is_ok(), "{name} is left as it was");
    }
}

#[tokio::test]
async fn a_folder_that_others_can_change_and_a_path_that_is_too_long_are_refused() {
    let (home, folder) = folder();
    assert!(matches!(why(&std::env::temp_dir().join("agent.sock")), NoSocket::Folder { .. }));
    assert_eq!(why(Path::new("/")), NoSocket::Taken);
    let long = folder.join("x".repeat(107 - folder.as_os_str().len()));
    assert_eq!(why(&long), NoSocket::Long);
    for mode in [0o777, 0o1777, 0o770] {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("set");
        assert!(matches!(why(&folder.join("s")), NoSocket::Folder { is_unsafe: true, .. }), "{mode:o}");
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("set");
    symlink(&folder, home.path().join("link")).expect("a link");
    assert!(matches!(why(&home.path().join("link/s")), NoSocket::Folder { is_unsafe: true, .. }));
    let own = home.path().join("link/agent.sock");
    assert_eq!(bind(&folder.join("s"), &[own]).err(), Some(NoSocket::OwnFolder));
    // Whoever gets a folder gets all that is below it.
    assert_eq!(bind(&home.path().join("s"), &[folder.join("agent.sock")]).err(), Some(NoSocket::OwnFolder));
    assert!(bind(&folder.join("s"), &[home.path().join("agent.sock")]).is_ok());
}

#[test]
fn the_mode_of_what_was_put_in_the_place_of_a_socket_stays_as_it_is() {
    let (home, folder) = folder();
    let secret = home.path().join("secret");
    std::fs::write(&secret, "").expect("a file");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("set");
    symlink(&secret, folder.join("link")).expect("a link");
    std::fs::hard_link(&secret, folder.join("file")).expect("a link");
    for name in ["link", "file"] {
        assert_eq!(let_in_everybody(&folder.join(name)), Err(Errno::NOTSOCK), "{name}");
    }
    assert_eq!(std::fs::metadata(&secret).expect("there").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_door_is_shut_when_its_socket_is_closed_or_removed() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let (_home, folder) = folder();
            let socket = |name: &str| RestrictedSocket {
                path: folder.join(name),
                purposes: vec![Purpose::Read],
                indexes: Vec::new(),
                holder: None,
            };
            let sockets = Sockets::default();
            let mut arrivals = sockets.arrivals().expect("the first time");
            for name in ["closed", "removed", "kept"] {
                sockets.open(socket(name), &[]).expect("open");
            }
            let mut doors = Vec::new();
            let mut streams = Vec::new();
            for name in ["closed", "removed", "kept"] {
                streams.push(std::os::unix::net::UnixStream::connect(folder.join(name)).expect("connected"));
                let (_stream, door) = arrivals.recv().await.expect("it comes");
                assert_eq!(door.path(), folder.join(name));
                doors.push(door);
            }
            sockets.close(&folder.join("closed")).expect("closed");
            assert!(sockets.close(&folder.join("closed")).is_err(), "twice");
            std::fs::remove_file(folder.join("removed")).expect("removed");
            sockets.sweep();
            assert_eq!(doors.iter().map(|door| door.is_open()).collect::<Vec<_>>(), [false, false, true]);
            assert_eq!(sockets.all(), [socket("kept")]);
            let pushing = RestrictedSocket {
                purposes: vec![Purpose::Read, Purpose::Push],
                indexes: vec!["alice/dev".parse().expect("an index")],
                ..socket("pushing")
            };
            let wide = sockets.open(pushing, &[]).expect_err("a push reaches every index");
            assert!(matches!(wide, Denial::NoSocket { why: NoSocket::Reach, .. }));
            for number in 1..MOST {
                sockets.open(socket(&number.to_string()), &[]).expect("open");
            }
            let many = sockets.open(socket("more"), &[]).expect_err("too many");
            assert!(matches!(many, Denial::NoSocket { why: NoSocket::Many(MOST), .. }));
            sockets.close_all();
            assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 0, "nothing is left");
        })
        .await;
}
