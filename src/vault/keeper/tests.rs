//! Look-ups against children that answer at once, late or never.

use std::fs;
use std::os::unix::net::UnixListener;

use tempfile::TempDir;

use super::*;
use crate::vault::child::tests::script_at;

/// A desktop whose keyring is a shell script: it notes that it was started, then does what its line says.
struct Desktop {
    home: TempDir,
    session: SessionBus,
    keeper: Keeper,
    _bus: UnixListener,
}

impl Desktop {
    fn new(line: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let program = home.path().join("child");
        let starts = home.path().join("starts");
        let script = format!("cd {}\necho $$ >>{}\n{line}\n", home.path().display(), starts.display());
        script_at(&program, &script);
        let socket = home.path().join("bus");
        let bus = UnixListener::bind(&socket).expect("bound");
        let address = Some(format!("unix:path={}", socket.display()));
        let patience = Patience { look_up: Duration::from_secs(1), ..Patience::default() };
        let keeper = Keeper::with_patience(program, patience);
        Self { home, session: SessionBus { address, ..SessionBus::default() }, keeper, _bus: bus }
    }

    fn starts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.path().join("starts")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn prompts(&self) -> usize {
        fs::read_to_string(self.home.path().join("prompts")).unwrap_or_default().lines().count()
    }

    async fn look_up(&self, key: &Key) -> Result<Key, ChildError> {
        self.keeper.look_up(&key.id(), &self.session).await
    }

    fn put(&self, name: &str, text: &str) {
        // Whole at once: the script looks for the name.
        fs::write(self.home.path().join("half"), text).expect("written");
        fs::rename(self.home.path().join("half"), self.home.path().join(name)).expect("renamed");
    }
}

fn answer_with(key: &Key) -> String {
    format!("{{\"key\":\"{}\"}}", key.to_secret().expose())
}

const LOCKED: ChildError = ChildError::Keyring(KeyringError::Locked);

/// Answers with the file `answer` once that is there.
const WHEN_TOLD: &str = "while ! [ -e answer ]; do sleep 0.05; done; cat answer";

/// Says its state without a prompt; a key costs one, which is dismissed until the file `key` is there.
const DISMISSED: &str = r#"case "$(cat)" in *keyring-state*) cat state; exit; esac
echo >>prompts
cat key 2>/dev/null || echo '{"keyring":"locked"}'"#;

#[tokio::test]
async fn a_look_up_does_not_wait_for_the_person_and_the_next_one_gets_the_key() {
    let desktop = Desktop::new(WHEN_TOLD);
    let key = Key::generate();
    let started = Instant::now();
    assert_eq!(desktop.look_up(&key).await.expect_err("locked"), LOCKED);
    assert!(started.elapsed() < Duration::from_millis(1900));
    assert_eq!(desktop.look_up(&key).await.expect_err("still locked"), LOCKED);
    desktop.put("answer", &answer_with(&key));
    assert_eq!(desktop.look_up(&key).await.expect("answered").id(), key.id());
    assert_eq!(desktop.starts().len(), 1, "one child served them all");
    assert_eq!(desktop.look_up(&key).await.expect("a new child").id(), key.id());
    assert_eq!(desktop.starts().len(), 2, "no key is kept once it was handed over");
}

#[tokio::test]
async fn look_ups_at_the_same_time_share_one_child() {
    let desktop = Desktop::new(WHEN_TOLD);
    let key = Key::generate();
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        desktop.put("answer", &answer_with(&key));
    };
    let (one, two, three, ()) = tokio::join!(desktop.look_up(&key), desktop.look_up(&key), desktop.look_up(&key), late);
    for found in [one, two, three] {
        assert_eq!(found.expect("answered").id(), key.id());
    }
    assert_eq!(desktop.starts().len(), 1);
}

#[tokio::test]
async fn a_dismissed_prompt_does_not_come_back_with_every_look_up() {
    let desktop = Desktop::new(DISMISSED);
    let key = Key::generate();
    for _ in 0..3 {
        assert_eq!(desktop.look_up(&key).await.expect_err("dismissed"), LOCKED);
    }
    assert_eq!(desktop.prompts(), 1);
    desktop.keeper.forget();
    assert_eq!(desktop.look_up(&key).await.expect_err("dismissed again"), LOCKED);
    assert_eq!(desktop.prompts(), 2, "who unlocks is asked again");
}

#[tokio::test]
async fn a_keyring_that_was_opened_after_a_dismissed_prompt_is_asked_at_once() {
    let desktop = Desktop::new(DISMISSED);
    let key = Key::generate();
    assert_eq!(desktop.look_up(&key).await.expect_err("dismissed"), LOCKED);
    desktop.put("key", &answer_with(&key));
    assert_eq!(desktop.look_up(&key).await.expect_err("still locked"), LOCKED);
    desktop.put("state", "{\"state\":\"open\"}");
    assert_eq!(desktop.look_up(&key).await.expect("open").id(), key.id());
}

#[tokio::test]
async fn any_other_failure_is_asked_about_anew() {
    let desktop = Desktop::new("cat >/dev/null; echo '{\"keyring\":\"absent\"}'");
    let key = Key::generate();
    for started in 1..3 {
        let error = desktop.look_up(&key).await.expect_err("absent");
        assert_eq!(error, ChildError::Keyring(KeyringError::Absent));
        assert_eq!(desktop.starts().len(), started);
    }
}

#[tokio::test]
async fn to_forget_ends_the_child() {
    let desktop = Desktop::new("exec sleep 600");
    let key = Key::generate();
    assert_eq!(desktop.look_up(&key).await.expect_err("locked"), LOCKED);
    desktop.keeper.forget();
    let pid = desktop.starts().pop().expect("it was started");
    for _ in 0..100 {
        if fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the child is still there");
}

#[tokio::test]
async fn a_person_who_logs_in_does_not_wait_for_an_older_prompt() {
    let desktop = Desktop::new("read -r request; case $request in *get*) exec sleep 600;; *) echo '\"done\"';; esac");
    let key = Key::generate();
    assert_eq!(desktop.look_up(&key).await.expect_err("locked"), LOCKED);
    desktop.keeper.keep(&key, &desktop.session).await.expect("kept");
}

#[tokio::test]
async fn without_a_bus_no_child_is_started() {
    let desktop = Desktop::new("exec sleep 600");
    let nowhere = SessionBus { address: Some("unix:path=/nowhere/bus".to_owned()), ..SessionBus::default() };
    let error = desktop.keeper.look_up(&Key::generate().id(), &nowhere).await.expect_err("absent");
    assert_eq!(error, ChildError::Keyring(KeyringError::Absent));
    assert_eq!(desktop.keeper.keyring_state(&nowhere).await, KeyringState::Absent);
    assert!(desktop.starts().is_empty());
    assert_eq!(desktop.keeper.keyring_state(&desktop.session).await, KeyringState::Absent, "silent is absent");
}

#[tokio::test]
async fn a_command_that_prints_another_key_is_told_apart_and_shown() {
    let desktop = Desktop::new("cat >/dev/null; cat answer");
    let (key, other) = (Key::generate(), Key::generate());
    desktop.put("answer", &answer_with(&other));
    let command = CommandLine::try_from(vec!["/usr/bin/pass".to_owned()]).expect("a command");
    let wanted = Wanted { id: &key.id(), command: Some(&command) };
    let error = desktop.keeper.look_up(wanted, &desktop.session).await.expect_err("another key");
    assert_eq!(error, ChildError::Command(CommandError::Other { command: command.clone() }));
    assert!(error.remedy().ends_with("/usr/bin/pass"));
    desktop.put("answer", &answer_with(&key));
    assert_eq!(desktop.keeper.look_up(wanted, &desktop.session).await.expect("the right one").id(), key.id());
}
