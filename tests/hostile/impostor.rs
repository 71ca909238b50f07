//! What the clients are told by whatever sits in the agent's place.

use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::protocol::Request;
use devpi_tokens::wire;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};

use crate::support::{Home, code, err, fed, out};

const URL: &str = "http://127.0.0.1:2/alice/dev/+simple/";

/// Whatever sits in the agent's place: an agent that was taken over, that hangs, or one of another version.
fn in_its_place(home: &Home) -> UnixListener {
    let paths = home.paths();
    for folder in [&paths.data, &paths.state] {
        std::fs::DirBuilder::new().mode(0o700).create(folder).expect("a folder");
    }
    std::fs::write(paths.hosts(), "http://127.0.0.1:2\n").expect("a list");
    UnixListener::bind(&paths.sockets[0]).expect("a socket")
}

/// The next client.
fn accepted(listener: &UnixListener) -> UnixStream {
    let mut came = [PollFd::new(listener, PollFlags::IN)];
    let limit = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_eq!(poll(&mut came, Some(&limit)), Ok(1), "a client");
    listener.accept().expect("a client").0
}

/// Takes one client in, and answers its requests with these.
fn answer(listener: &UnixListener, answers: &[&Value]) -> UnixStream {
    let mut stream = accepted(listener);
    let hello = json!({"hello": {"version": 1, "pid": 1, "program": "0.1.0"}});
    for answer in [&[&hello], answers].concat() {
        wire::receive::<Request>(&mut stream).expect("a request");
        wire::send(&mut stream, answer).expect("written");
    }
    stream
}

fn given(username: &str, password: &str) -> Value {
    json!({"credential": {
        "username": username, "password": password, "expires": 7_229_174_400_u64, "notes": [],
    }})
}

fn begun(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

#[test]
fn a_question_whose_connection_is_closed_is_asked_on_another_one_unless_a_person_was_asked() {
    let home = Home::new("memory");
    let listener = in_its_place(&home);
    for command in [home.cli(&["get", URL]), home.helper(&["keyring", "get", URL, "alice"])] {
        let asking = begun(command);
        drop(answer(&listener, &[]));
        let _stream = answer(&listener, &[&given("alice", "AgEA")]);
        let done = asking.wait_with_output().expect("it ends");
        assert_eq!((code(&done), out(&done).as_str()), (Some(0), "AgEA\n"), "{}", err(&done));
    }
    let asking = begun(home.cli(&["get", URL]));
    drop(answer(&listener, &[&json!("confirming")]));
    let failed = asking.wait_with_output().expect("it ends");
    assert_eq!((code(&failed), out(&failed).as_str()), (Some(69), ""));
    assert!(err(&failed).contains("the agent closed the connection"), "{}", err(&failed));
}

#[test]
fn what_is_no_agent_is_said_to_be_none_and_how_to_end_one_of_another_version() {
    let home = Home::new("memory");
    let listener = in_its_place(&home);
    for said in [json!({"response": "hello", "version": 1}), json!("done")] {
        let stopping = begun(home.cli(&["agent", "stop"]));
        let mut stream = accepted(&listener);
        wire::send(&mut stream, &said).expect("written");
        let failed = stopping.wait_with_output().expect("it ends");
        assert_eq!((code(&failed), out(&failed).as_str()), (Some(69), ""));
        assert!(err(&failed).contains("pkill -x devpi-tokens-ag\n"), "{}", err(&failed));
    }
}

#[test]
fn an_agent_that_hangs_is_waited_for_ten_seconds_and_longer_where_it_says_that_it_asks_a_person() {
    let until_hung_up = |says: &[&Value]| {
        let home = Home::new("memory");
        let listener = in_its_place(&home);
        let asking = begun(home.cli(&["get", URL]));
        let mut stream = answer(&listener, says);
        if says.is_empty() {
            wire::receive::<Request>(&mut stream).expect("the question");
        }
        // Longer than an agent may take, and not as long as a person may.
        stream.set_read_timeout(Some(Duration::from_secs(12))).expect("a timeout");
        let since = Instant::now();
        let heard = stream.read(&mut [0]);
        let waited = since.elapsed();
        if heard.is_err() {
            wire::send(&mut stream, &given("alice", "AgEA")).expect("written");
        }
        (waited.as_secs(), asking.wait_with_output().expect("it ends"))
    };
    std::thread::scope(|scope| {
        let hanging = scope.spawn(|| until_hung_up(&[]));
        let (_, confirmed) = until_hung_up(&[&json!("confirming")]);
        assert_eq!((code(&confirmed), out(&confirmed).as_str()), (Some(0), "AgEA\n"), "{}", err(&confirmed));
        let (waited, failed) = hanging.join().expect("no panic");
        assert_eq!((code(&failed), out(&failed).as_str()), (Some(75), ""));
        assert!(err(&failed).contains("the agent took too long"), "{}", err(&failed));
        assert!((9..12).contains(&waited), "{waited} s");
    });
}

#[test]
fn a_value_that_would_hold_a_newline_is_never_written() {
    let home = Home::new("memory");
    let listener = in_its_place(&home);
    let answered = |username: &str, password: &str, command: Command| -> Output {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut stream = answer(&listener, &[&given(username, password)]);
                // Until it has hung up.
                let _ = stream.read(&mut [0]);
            });
            fed(command, "protocol=http\nhost=127.0.0.1:2\npath=alice/dev/\n")
        })
    };
    let doors = || {
        [
            (home.helper(&["get"]), 0),
            (home.helper(&["keyring", "get", URL, "alice"]), 1),
            (home.helper(&["keyring", "--mode=creds", "--output=json", "get", URL]), 1),
            (home.cli(&["get", URL]), 69),
        ]
    };
    for (username, password) in [
        ("alice", "AgEA\npassword=evil"),
        ("alice", "AgEA\r"),
        ("alice", "AgEA\0"),
        ("alice", "AgEA\", \"x\": \"evil"),
        ("alice\nevil", "AgEA"),
    ] {
        for (command, exit) in doors() {
            let asked = answered(username, password, command);
            assert_eq!((code(&asked), out(&asked).as_str()), (Some(exit), ""), "{username:?} {password:?}");
            assert!(!err(&asked).contains("evil"), "{}", err(&asked));
        }
    }
    for (command, _) in doors() {
        assert!(out(&answered("alice", "AgEA", command)).contains("AgEA"), "the control");
    }
}
