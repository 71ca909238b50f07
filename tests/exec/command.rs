//! The command that `exec` runs: its exit code, its signals, and what is left when one of the two is killed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::process::Signal;

use crate::support::run::run;
use crate::support::{BED, TOOLS, code, err, is_alive, out, send, wait_for};
use crate::{ends, exec, nothing_is_left, runs, waiting, with_alice};

#[test]
fn the_exit_code_is_the_commands() {
    let home = with_alice(&BED);
    for (script, expected) in
        [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -SEGV $$", 139)]
    {
        assert_eq!(code(&ends(waiting(&home, script))), Some(expected), "{script}");
    }
    nothing_is_left(&home);
    let nobody = |program: &str| run(&home, exec(&[&BED.simple_url("alice/dev")], home.command(program)));
    let script = home.path().join("no-script");
    std::fs::write(&script, "exit 3\n").expect("written");
    assert_eq!(code(&nobody("no-such-command")), Some(127));
    assert_eq!(code(&nobody(script.to_str().expect("UTF-8"))), Some(126));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).expect("set");
    // Without a first line with #! it is the shell's, as behind env and nohup.
    assert_eq!(code(&nobody(script.to_str().expect("UTF-8"))), Some(3));
    nothing_is_left(&home);
}

#[test]
fn a_signal_reaches_the_command_and_nothing_is_left_behind() {
    let home = with_alice(&BED);
    for (signal, name, code_and_signal) in [
        (Signal::TERM, "TERM", (None, Some(15))),
        (Signal::HUP, "HUP", (None, Some(1))),
        (Signal::INT, "INT", (None, Some(2))),
        (Signal::QUIT, "QUIT", (None, Some(3))),
        (Signal::USR1, "USR1", (Some(138), None)),
    ] {
        let here = home.path().join("here");
        let child = waiting(&home, "echo > \"$HOME/here\"; exec sleep 600");
        wait_for("the command", || here.exists());
        std::fs::remove_file(&here).expect("removed");
        send(child.id(), signal);
        let done = ends(child);
        assert_eq!((code(&done), done.status.signal()), code_and_signal, "{name}");
        assert!(!done.status.core_dumped(), "{name}");

        // A command that takes it ends as it likes.
        let script =
            format!("trap 'echo got {name}; exit 7' {name}; echo > \"$HOME/here\"; while :; do sleep 0.1; done");
        let child = waiting(&home, &script);
        wait_for("the command", || here.exists());
        std::fs::remove_file(&here).expect("removed");
        send(child.id(), signal);
        let done = ends(child);
        assert_eq!((code(&done), out(&done)), (Some(7), format!("got {name}\n")));
    }
    nothing_is_left(&home);
}

/// A shell ends a loop where a command of it ended by the signal, and goes on where it took it and ended by itself.
#[test]
fn a_loop_of_a_shell_around_it_stops_at_control_c() {
    let home = with_alice(&BED);
    let script = home.path().join("loop.sh");
    let line = format!(
        "for turn in 1 2; do echo turn $turn; {} exec {} -- sh -c 'echo here; exec sleep 600'; done; echo behind\n",
        env!("CARGO_BIN_EXE_devpi-tokens"),
        BED.simple_url("alice/dev")
    );
    std::fs::write(&script, line).expect("written");
    let mut typed = home.command("env");
    typed.args(["--default-signal", "script", "--quiet", "--return", "--flush", "--command"]);
    typed.arg(format!("exec bash {}", script.display())).arg("typed");
    let mut child = typed.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("script");
    let seen = || std::fs::read_to_string(home.path().join("typed")).unwrap_or_default();
    wait_for("the command", || seen().contains("here"));
    child.stdin.as_mut().expect("piped").write_all(b"\x03").expect("typed");
    assert_eq!(child.wait().expect("its end").code(), Some(130), "{}", seen());
    assert!(!seen().contains("turn 2") && !seen().contains("behind"), "{}", seen());
    nothing_is_left(&home);
}

#[test]
fn control_c_in_a_terminal_reaches_the_command_once() {
    let home = with_alice(&BED);
    let script = home.path().join("script.py");
    // After the first one, a second would come at once.
    let text = "import signal, time\ntimes = []\nsignal.signal(signal.SIGINT, lambda *_: times.append(1))\n\
                print('ready', flush=True)\nwhile not times: signal.pause()\ntime.sleep(0.5)\n\
                print('interrupted', len(times), flush=True)\nraise SystemExit(9)\n";
    std::fs::write(&script, text).expect("written");
    let line = format!(
        "exec {} exec {} -- {} {}",
        env!("CARGO_BIN_EXE_devpi-tokens"),
        BED.simple_url("alice/dev"),
        TOOLS.program("python").display(),
        script.display()
    );
    let mut typed = home.command("script");
    typed.args(["--quiet", "--return", "--flush", "--command", &line, "typed"]);
    let mut child = typed.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("script");
    let seen = || std::fs::read_to_string(home.path().join("typed")).unwrap_or_default();
    wait_for("the command", || seen().contains("ready"));
    child.stdin.as_mut().expect("piped").write_all(b"\x03").expect("typed");
    let done = child.wait().expect("its end");
    assert_eq!(done.code(), Some(9), "{}", seen());
    assert!(seen().contains("interrupted 1"), "{}", seen());
    nothing_is_left(&home);
}

#[test]
fn a_run_whose_starter_ignores_the_end_of_processes_is_refused_with_a_way_out() {
    let home = with_alice(&BED);
    let mut script = home.command("sh");
    script.args(["-c", "echo started; exit 3"]);
    let exec = exec(&[&BED.simple_url("alice/dev")], script);
    let mut ignoring = home.command("env");
    ignoring.arg("--ignore-signal=CHLD").arg(exec.get_program()).args(exec.get_args());
    let done = run(&home, ignoring);
    assert_eq!((code(&done), out(&done).as_str()), (Some(69), ""), "{}", err(&done));
    assert!(err(&done).contains("env --default-signal=CHLD devpi-tokens exec"), "{}", err(&done));
    let mut healed = home.command("env");
    healed.args(["--ignore-signal=CHLD", "env", "--default-signal=CHLD"]).arg(exec.get_program()).args(exec.get_args());
    assert_eq!(code(&run(&home, healed)), Some(3));
    nothing_is_left(&home);
}

/// The leader of a terminal's session, which alone is told by the system that the terminal is closed.
#[test]
fn a_closed_terminal_ends_the_command() {
    let home = with_alice(&BED);
    let script = "trap 'echo > \"$HOME/told\"; exit' HUP; echo > \"$HOME/here\"; while :; do sleep 0.1; done";
    let (here, told) = (home.path().join("here"), home.path().join("told"));
    let exec = exec(&[&BED.simple_url("alice/dev")], home.command("sh"));
    let words = exec.get_args().map(|word| word.to_str().expect("UTF-8")).collect::<Vec<_>>().join(" ");
    let line = format!("exec {} {words} -c \"$SCRIPT\"", env!("CARGO_BIN_EXE_devpi-tokens"));
    // What runs tests may ignore signals, and what is ignored is inherited.
    let mut terminal = home.command("env");
    terminal.args(["--default-signal", "script", "--quiet", "--command", &line, "/dev/null"]).env("SCRIPT", script);
    let mut terminal = terminal.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("script");
    wait_for("the command", || here.exists());
    terminal.kill().expect("killed");
    terminal.wait().expect("its end");
    wait_for("the command's end", || told.exists());
    wait_for("the end of the run", || std::fs::read_dir(runs(&home)).is_ok_and(|mut found| found.next().is_none()));
}

#[test]
fn what_a_killed_run_leaves_is_removed_by_the_next() {
    let home = with_alice(&BED);
    let mut child =
        waiting(&home, "echo $$ > \"$HOME/pid.new\"; mv \"$HOME/pid.new\" \"$HOME/pid\"; read end; cat \"$NETRC\"");
    let pid = home.path().join("pid");
    wait_for("the command", || pid.exists());
    let command: u32 = std::fs::read_to_string(&pid).expect("a pid").trim().parse().expect("a pid");
    let other = waiting(&home, "read end");
    wait_for("both runs", || std::fs::read_dir(runs(&home)).is_ok_and(|found| found.count() == 2));

    // To wait closes it, and the command waits for that.
    let input = child.stdin.take();
    send(child.id(), Signal::KILL);
    assert_eq!(child.wait().expect("its end").signal(), Some(9));
    assert!(is_alive(command), "the command went with it");
    assert_eq!(std::fs::read_dir(runs(&home)).expect("a folder").count(), 2);
    assert_eq!(code(&ends(waiting(&home, "exit 0"))), Some(0));
    assert_eq!(std::fs::read_dir(runs(&home)).expect("a folder").count(), 1, "one still runs");
    drop(input);
    wait_for("the command's end", || !is_alive(command));
    assert_eq!(code(&ends(other)), Some(1), "the end of its input");
    nothing_is_left(&home);
}
