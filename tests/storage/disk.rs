//! A disk that is full or takes no writes.

use super::*;

/// A small disk, mounted over a folder.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, and a loud word about it, where this process may not mount one.
    fn over(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let options = "size=1m,mode=0700,nr_inodes=64";
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).output().expect("mount");
        if mounted.status.success() {
            return Some(Self(folder.to_owned()));
        }
        let why = err(&mounted);
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: no disk was filled, as none can be mounted: {why} ***\n");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).expect("made");
        while filler.write_all(&[7; 4096]).is_ok() {}
        while filler.write_all(&[7]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).expect("removed");
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).status().expect("mount");
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_or_read_only_disk_leaves_the_vault_as_it_was_and_the_agent_at_work() {
    let home = with_command();
    let Some(disk) = SmallDisk::over(&home.paths().data) else { return };
    let done = login(&home, "alice", "");
    assert!(done.status.success(), "{}", err(&done));
    assert_gives(&home);
    let agent = home.agent();
    let vault = home.paths().vault();
    let kept = || (fs::read(&vault).expect("the vault"), fs::read(home.paths().hosts()).expect("the hosts"));
    let before = kept();
    let no_change = || {
        let words = ["cannot write the vault", "it is as it was", "see that"];
        assert_fails(&login(&home, "bob", ""), 74, &words);
        // Where the list of hosts is to change it comes first.
        assert_fails(&run(&home, &["logout", "--as", "alice"]), 74, &["cannot write", "see that"]);
        assert!(kept() == before, "the vault or the list of hosts was touched");
        assert!(!home.path().join("data/vault.new").exists(), "litter");
        assert_gives(&home);
    };
    disk.fill();
    no_change();
    // The next agent finds all of it, too.
    home.kill_agent();
    assert_gives(&home);
    disk.make_room();
    disk.remount("ro");
    no_change();
    disk.remount("rw");
    let done = login(&home, "bob", "");
    assert!(done.status.success(), "there is room again: {}", err(&done));
    assert_ne!(home.agent(), agent);
    assert_eq!(out(&run(&home, &["status"])).matches("token ").count(), 2);
    assert!(run(&home, &["agent", "stop"]).status.success());
    assert_gives(&home);
    // Its socket and its vault are not in the way of the unmounting.
    assert!(run(&home, &["agent", "stop"]).status.success());
}
