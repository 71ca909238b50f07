//! What the programs that are started are told.

use super::*;

/// Traces every program that a command starts, and those that they start.
fn traced(trace: &Path) -> Vec<String> {
    let options = ["-f", "-e", "trace=execve,execveat", "-v", "-xx", "-s", "100000", "-o"];
    options.into_iter().map(str::to_owned).chain([trace.display().to_string()]).collect()
}

/// What a person and pip do from a cold start on, as a script; the secrets come from files.
fn scenario(home: &Home, client: &Client, files: &Path) -> PathBuf {
    let ours = env!("CARGO_BIN_EXE_devpi-tokens");
    let (dev, mid) = (BED.simple_url("alice/dev"), BED.simple_url("alice/mid"));
    let pip = format!(
        "{} download --no-deps --no-cache-dir --disable-pip-version-check --no-input --keyring-provider subprocess -d {}",
        client.venv().join("bin/pip").display(),
        home.path().join("downloads").display()
    );
    let script = format!(
        "cat {files}/passphrase {files}/canary | {ours} login -f - {dev} || exit 10\n\
         {ours} login {dev} carol <{files}/password || exit 11\n\
         {ours} agent stop || exit 12\n\
         {pip} -i {mid} bed-lib && exit 13\n\
         {ours} agent unlock <{files}/passphrase || exit 14\n\
         {pip} -i {mid} bed-lib || exit 15\n\
         {ours} agent lock && {ours} agent unlock <{files}/password && exit 16\n\
         {ours} agent stop || exit 17\n",
        files = files.display()
    );
    let path = files.join("scenario");
    std::fs::write(&path, script).expect("written");
    path
}

#[test]
fn no_program_is_started_with_a_secret_in_its_arguments_or_environment() {
    testbed::debian(&["strace"], |_| ()).expect("strace");
    let (home, secrets) = (Home::new("passphrase"), Secrets::new());
    let files = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(files.path().join(name), format!("{text}\n")).expect("written");
    write("canary", &secrets.canary);
    write("password", PASSWORD);
    write("passphrase", PASSPHRASE);
    carol();
    let mut client = Client::new(&TOOLS).expect("a client");
    client.put_on_path(home.shim());
    let script = scenario(&home, &client, files.path());

    let trace = files.path().join("trace");
    let mut strace = client.command("strace");
    strace.args(traced(&trace)).arg("sh").arg(script).envs(home.variables());
    let ran = strace.output().expect("strace");
    assert_eq!(ran.status.code(), Some(0), "{}{}", out(&ran), err(&ran));
    secrets.printed("the scenario", &ran);

    let started = untraced(&std::fs::read(&trace).expect("a trace"));
    let shown = String::from_utf8_lossy(&started);
    for program in ["devpi-tokens-agent", "--vault-child", "fetch-bases", "shim/keyring", "bin/pip", "carol"] {
        assert!(shown.contains(program), "{program} was traced");
    }
    assert_eq!(secrets.scanner.found_in(&started), [""; 0], "in arguments or environments");
    assert_eq!(secrets.scanner.found_below(home.path()), [""; 0]);
    // What was there before anything ran is large, and says nothing.
    std::fs::remove_dir_all(client.venv()).expect("removed");
    assert_eq!(secrets.scanner.found_below(client.home()), [""; 0]);
}

#[test]
fn the_trace_shows_a_secret_in_an_argument_and_in_the_environment() {
    testbed::debian(&["strace"], |_| ()).expect("strace");
    let secrets = Secrets::new();
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    for (argument, variable) in [(secrets.canary.as_str(), "x"), ("x", secrets.canary.as_str())] {
        let mut strace = Command::new("strace");
        strace.args(traced(&trace)).args(["sh", "-c", "sh -c true \"$0\"; exit", argument]).env("PLANTED", variable);
        assert!(strace.output().expect("strace").status.success());
        let started = untraced(&std::fs::read(&trace).expect("a trace"));
        assert!(secrets.scanner.found_in(&started).contains(&"the canary's text"));
    }
}
