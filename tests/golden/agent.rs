//! What the agent has the command line say where it fails, and what a vault does.

use super::*;

#[test]
fn errors_of_a_locked_vault() {
    let home = Home::new("passphrase");
    let index = BED.index_url("alice/dev");
    let done = fed(home.cli(&["login", &index, "alice"]), &format!("horse\n{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    assert!(home.cli(&["agent", "stop"]).status().expect("stop").success());
    let mut told = Told::new(&home);
    for wrong in [
        (&["get", &index][..], ""),
        (&["status"], ""),
        (&["agent", "status"], ""),
        (&["agent", "unlock"], ""),
        (&["agent", "unlock"], "donkey\n"),
        (&["logout"], "donkey\n"),
    ] {
        told.tell(wrong);
    }
    told.golden("errors_locked");
}

#[test]
fn errors_of_the_agent() {
    let server: devpi_tokens::target::ServerUrl = "https://devpi.example".parse().expect("a server");
    let user: devpi_tokens::target::UserName = "alice".parse().expect("a user");
    let holder = Holder { server: server.clone(), user: user.clone() };
    let refused = |why: Refusal| Denial::Refused(Box::new(Refused { holder: holder.clone(), why }));
    let vault = |is_unsafe: bool, in_writing: bool| Denial::Vault {
        message: "what happened".to_owned(),
        remedy: Some("what to do".to_owned()),
        is_unsafe,
        in_writing,
    };
    let all = [
        Denial::NoRoot { server: server.clone(), user: Some(user) },
        Denial::NoRoot { server: server.clone(), user: None },
        Denial::Locked { keeper: Keeper::Keyring, why: Some("nobody answered".to_owned()) },
        Denial::Locked { keeper: Keeper::Passphrase, why: None },
        Denial::Locked { keeper: Keeper::Command, why: None },
        Denial::LockedByHand,
        Denial::NoVault,
        Denial::Opening,
        Denial::WrongPassphrase,
        Denial::Widens { holder: holder.clone(), what: "read for every index".to_owned(), by_passphrase: true },
        Denial::Widens { holder: holder.clone(), what: "read for every index".to_owned(), by_passphrase: false },
        Denial::PolicyTooLong { most: 64 },
        refused(Refusal::Expired(1_795_456_860)),
        refused(Refusal::EndsNow),
        refused(Refusal::NotYetValid(1_795_456_860)),
        refused(Refusal::NotUnderstood("colour=red".to_owned())),
        refused(Refusal::LeavesNo("index".to_owned())),
        refused(Refusal::Index("bob/dev".parse().expect("an index"))),
        refused(Refusal::Project("pkg".parse().expect("a project"))),
        refused(Refusal::Purpose(Purpose::Upload)),
        refused(Refusal::ManyIndexes(2)),
        refused(Refusal::Policy(Kind::Push, "bob/dev".parse().expect("an index"))),
        refused(Refusal::Policy(Kind::UploadAny, "bob/dev".parse().expect("an index"))),
        refused(Refusal::Reach(Kind::Push, Some("bob/dev".parse().expect("an index")))),
        refused(Refusal::Reach(Kind::UploadAny, None)),
        Denial::Config { message: "config.toml: what is wrong".to_owned() },
        Denial::NoIndex { server },
        Denial::BadToken { why: "the token is cut off".to_owned() },
        Denial::Restricted,
        Denial::RestrictedUnconfirmed,
        Denial::SaidNo { before: false },
        Denial::SaidNo { before: true },
        Denial::NobodyAnswered,
        Denial::Asking,
        Denial::NobodyToAsk { why: NobodyToAsk::NoPinentry },
        Denial::NobodyToAsk { why: NobodyToAsk::NoScreen },
        Denial::NobodyToAsk { why: NobodyToAsk::Failed("pinentry gave no answer".to_owned()) },
        Denial::Overtaken,
        Denial::TooOften,
        Denial::NotARequest,
        Denial::Version { agent: 1, client: 2 },
        Denial::Version { agent: 2, client: 1 },
        vault(false, false),
        vault(false, true),
        vault(true, false),
        Denial::Internal,
    ];
    let beyond = [
        Beyond::Purpose(Purpose::Upload),
        Beyond::Index("bob/dev".parse().expect("an index")),
        Beyond::Server("https://devpi.example".parse().expect("a server")),
        Beyond::User("bob".parse().expect("a user")),
        Beyond::Else,
        Beyond::Anything,
    ];
    let no_socket = [
        NoSocket::Long,
        NoSocket::Folder { fault: "what is wrong".to_owned(), remedy: "what to do".to_owned(), is_unsafe: true },
        NoSocket::Folder { fault: "what is wrong".to_owned(), remedy: "what to do".to_owned(), is_unsafe: false },
        NoSocket::OwnFolder,
        NoSocket::Taken,
        NoSocket::Many(16),
        NoSocket::System("permission denied".to_owned()),
        NoSocket::Absent,
    ];
    let all = all.into_iter().chain(beyond.map(|what| Denial::Beyond { what }));
    let all = all.chain(no_socket.map(|why| Denial::NoSocket { path: "ci/agent.sock".into(), why }));
    golden("denials", &all.into_iter().map(|denial| reported(denial.into())).collect::<String>());
}

#[test]
fn errors_of_a_command_that_prints_the_key() {
    use devpi_tokens::vault::CommandError as E;
    use devpi_tokens::vault::CommandLine;
    let words = ["/usr/bin/pass", "show", "the key"].map(str::to_owned).to_vec();
    let command = || CommandLine::try_from(words.clone()).expect("a command");
    let all = [
        E::Unnamed,
        E::Words,
        E::NoProgram { program: "pass".to_owned() },
        E::Start { why: "permission denied".to_owned(), command: command() },
        E::Failed { how: "it ended with code 1".to_owned(), command: command() },
        E::NoKey { command: command() },
        E::Other { command: command() },
    ];
    let reported = |error: E| {
        let (message, remedy) = (error.to_string(), Some(error.remedy()));
        reported(Denial::Vault { message, remedy, is_unsafe: false, in_writing: false }.into())
    };
    golden("command_errors", &all.into_iter().map(reported).collect::<String>());
}
