use super::*;
use crate::daemon::issuer::Through;
use crate::vault::child::tests::script_at;

/// Answers everything up to the question, and has its number in `$n` then.
const TALK: &str = r#"echo 'OK hello'; while read -r word rest; do case "$word" in
    SETDESC) n=${rest##*type }; n=${n%%.*}; echo OK;; GETPIN) break;; *) echo OK;; esac; done; "#;

const YES: &str = r#"echo "D $n"; echo OK"#;

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(20);

fn holder() -> Holder {
    Holder { server: "https://devpi.example".parse().expect("a server"), user: "alice".parse().expect("a user") }
}

fn question(project: &str) -> Question {
    Question {
        server: holder().server,
        user: None,
        purpose: crate::target::Purpose::Upload,
        indexes: Vec::new(),
        projects: vec![project.parse().expect("a project")],
        bytes: 0,
        stranger: None,
    }
}

/// A confirmer whose pinentry does that when it has to answer, on a screen that it knows.
struct Desk {
    confirmer: Confirmer,
    home: tempfile::TempDir,
}

impl Desk {
    fn new(answer: &str, patience: Duration) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let program = home.path().join("pinentry");
        script_at(&program, &format!("cd {}\n{TALK}{answer}", home.path().display()));
        let confirmer = Confirmer::with(move || Some(program.clone()), patience, LONG);
        confirmer.kept(holder(), &SessionBus { display: Some(":7".to_owned()), ..SessionBus::default() });
        Self { confirmer, home }
    }

    async fn ask(&self) -> Result<(), Denial> {
        let mut turn = self.confirmer.turn().await?;
        self.confirmer.ask(&mut turn, &holder(), "May it?").await
    }

    async fn wait_for(&self, file: &str) {
        while !self.home.path().join(file).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn only_a_yes_is_one() {
    assert_eq!(Desk::new(YES, LONG).ask().await, Ok(()));
    assert_eq!(Desk::new("echo OK", LONG).ask().await, Err(Denial::SaidNo { before: false }));
    assert_eq!(Desk::new("sleep 600", SHORT).ask().await, Err(Denial::NobodyAnswered));
    let broken = Desk::new("exit 1", LONG).ask().await.expect_err("no answer");
    assert_eq!(broken.to_string(), "you have to confirm this, and cannot be asked: pinentry gave no answer");
}

#[tokio::test]
async fn without_a_screen_or_a_pinentry_nobody_is_asked() {
    let desk = Desk::new(YES, LONG);
    desk.confirmer.kept(holder(), &SessionBus { address: Some("none".to_owned()), ..SessionBus::default() });
    assert_eq!(desk.ask().await, Err(Denial::NobodyToAsk { why: NobodyToAsk::NoScreen }));
    let none = Confirmer::with(|| None, LONG, LONG);
    none.unlocked(&SessionBus { display: Some(":7".to_owned()), ..SessionBus::default() });
    let mut turn = none.turn().await.expect("a turn");
    assert_eq!(none.ask(&mut turn, &holder(), "").await, Err(Denial::NobodyToAsk { why: NobodyToAsk::NoPinentry }));
}

#[tokio::test]
async fn one_question_is_asked_at_a_time() {
    let desk = Desk::new(&format!("mkdir asking || exit 1; sleep 0.1; rmdir asking; {YES}"), LONG);
    let (one, two, three) = tokio::join!(desk.ask(), desk.ask(), desk.ask());
    assert_eq!([one, two, three], [Ok(()), Ok(()), Ok(())]);
}

#[tokio::test]
async fn a_question_waits_for_its_turn_no_longer_than_for_an_answer_and_only_some_wait() {
    let desk = Desk::new(YES, SHORT);
    let _turn = desk.confirmer.turn().await.expect("a turn");
    let begun = std::time::Instant::now();
    let waiting = (0..MOST_WAITING).map(|_| desk.ask());
    let waiting = waiting.chain([desk.ask()]).collect::<Vec<_>>();
    let mut waiting = waiting.into_iter().map(Box::pin).collect::<Vec<_>>();
    let mut turned_away = 0;
    std::future::poll_fn(|context| {
        let polled = waiting.iter_mut().map(|one| one.as_mut().poll(context));
        turned_away = polled.filter(std::task::Poll::is_ready).count();
        std::task::Poll::Ready(())
    })
    .await;
    assert_eq!(turned_away, 1);
    assert_eq!(waiting.remove(0).await, Err(Denial::Asking));
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < LONG);
}

#[tokio::test]
async fn a_lock_takes_every_question_off_the_screen() {
    let desk = Desk::new("trap 'echo >gone; exit' TERM; echo >asked; sleep 600 & wait", LONG);
    let lock = async {
        desk.wait_for("asked").await;
        desk.confirmer.dismiss();
    };
    let (asked, waiting, ()) = tokio::join!(desk.ask(), desk.ask(), lock);
    assert_eq!([asked, waiting], [Err(Denial::Overtaken), Err(Denial::Overtaken)]);
    tokio::time::timeout(LONG, desk.wait_for("gone")).await.expect("it is ended");
}

#[test]
fn what_got_no_yes_is_not_asked_again_for_a_moment() {
    let desk = Desk::new(YES, LONG);
    let caller = |pid| CallerId { pid, start: 1, through: Through::default() };
    let lately = |desk: &Desk, pid, project| desk.confirmer.lately(&caller(pid), &question(project));
    assert_eq!(lately(&desk, 1, "a"), None);
    desk.confirmer.remember(caller(1), question("a"), &Denial::SaidNo { before: false });
    desk.confirmer.remember(caller(1), question("b"), &Denial::NobodyAnswered);
    desk.confirmer.remember(caller(1), question("c"), &Denial::Overtaken);
    assert_eq!(lately(&desk, 1, "a"), Some(Denial::SaidNo { before: true }));
    assert_eq!(lately(&desk, 1, "b"), Some(Denial::NobodyAnswered));
    assert_eq!([lately(&desk, 1, "c"), lately(&desk, 2, "a")], [None, None]);
    let forgetful = Confirmer::with(|| None, LONG, Duration::ZERO);
    forgetful.remember(caller(1), question("a"), &Denial::SaidNo { before: false });
    assert_eq!(forgetful.lately(&caller(1), &question("a")), None);
}
