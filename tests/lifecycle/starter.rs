//! The agent and whoever started it: it outlives him, and takes nothing of his.

use super::*;

#[test]
fn the_agent_keeps_no_descriptor_that_its_starter_had_open() {
    let home = Home::with_alice();
    home.kill_agent();
    let helper = home.helper(&["keyring", "--mode=creds", "get", &BED.simple_url("alice/dev")]);
    let (mut ninth, writer) = std::io::pipe().expect("a pipe");
    // The shell's own descriptors are closed when it runs a program, those of a redirection are not.
    let mut shell = home.command("sh");
    shell.args(["-c", "exec 9>&0 </dev/null; exec \"$0\" \"$@\""]).arg(helper.get_program()).args(helper.get_args());
    let started = shell.stdin(OwnedFd::from(writer)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut asked = started.expect("a shell");
    drop(shell);
    assert_eq!(asked.wait().expect("it ends").code(), Some(1), "nothing is kept any more");
    ends(&mut ninth, "descriptor 9");
    assert_eq!(ends(asked.stdout.as_mut().expect("piped"), "the output"), "");
    let said = ends(asked.stderr.as_mut().expect("piped"), "the error stream");
    assert!(said.contains("devpi-tokens login"), "{said}");
    assert_detached(home.agent().expect("the agent stays"));
}

#[test]
fn a_hangup_ends_no_agent_that_has_said_that_it_is_ready() {
    let home = Home::new("memory");
    for _ in 0..20 {
        let mut agent = home.command(AGENT).arg("--foreground").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut ready = [0; 6];
        agent.stdout.as_mut().expect("piped").read_exact(&mut ready).expect("ready");
        send(agent.id(), Signal::HUP);
        let stopped = home.cli(&["agent", "stop"]).output().expect("stop");
        assert_eq!((ready, out(&stopped).as_str()), (*b"ready\n", "the agent has ended\n"), "{}", err(&stopped));
        assert_eq!(agent.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn an_agent_does_not_end_with_the_terminal_of_its_starter() {
    let home = Home::with_alice();
    let agent = home.agent().expect("it runs");
    send(agent, Signal::HUP);
    let got = home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get");
    assert!(got.status.success(), "{}", err(&got));
    assert_eq!(home.agent(), Some(agent));
}

#[test]
fn whoever_starts_the_agent_does_not_say_by_which_proxy_a_server_is_reached() {
    let listen = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (listener, url)
    };
    let ((at_login, login_url), (at_start, start_url)) = (listen(), listen());
    let home = Home::new("memory");
    // No server has that name: whoever is asked for it is the proxy.
    let server = "http://devpi.invalid";
    let mut start = home.cli(&["agent", "start"]);
    assert!(
        start.env("http_proxy", &start_url).env("HTTP_PROXY", &start_url).output().expect("start").status.success()
    );
    let root = Root {
        holder: Holder { server: server.parse().expect("a server"), user: "alice".parse().expect("a user") },
        token: Secret::new(BED.create_token("alice", &json!({})).expect("a token")),
        index: None,
        bases: Vec::new(),
        default: true,
        access: ServerAccess { allow_http: true, ..ServerAccess::default() },
        environment: [("http_proxy".to_owned(), Secret::new(&login_url))].into(),
        policy: None,
    };
    let memory = Request::Create { keeper: Keeper::Memory, passphrase: None };
    for request in [memory, Request::Keep(Box::new(root))] {
        client::ask(&home.paths(), &request).expect("done");
    }
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = at_login.accept().expect("it comes");
        let mut line = [0; 64];
        stream.read_exact(&mut line).expect("a request");
        String::from_utf8_lossy(&line).into_owned()
    });
    let got = home.cli(&["get", &format!("{server}/alice/dev/+simple/")]).output().expect("get");
    assert!(got.status.success() && err(&got).contains("the bases of alice/dev are not known"), "{}", err(&got));
    assert!(asked.join().expect("asked").starts_with(&format!("GET {server}/alice/dev?no_projects= ")));
    at_start.set_nonblocking(true).expect("set");
    assert_eq!(at_start.accept().expect_err("nobody came").kind(), std::io::ErrorKind::WouldBlock);
}
