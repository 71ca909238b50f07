//! A machine that is set up: pip, uv and twine find the agent.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use testbed::{Bed, Client};

use crate::support::{BED, Home, TOOLS, code, err, fed, out};

/// The passphrase of its vault.
pub(super) const PASSPHRASE: &str = "correct horse";

const ENTRY_POINTS: &str = "[keyring.backends]\ndevpi-tokens-agent = devpi_tokens_agent.backend\n";

/// A home with an agent, and clients that see its files.
pub(super) struct Desk {
    pub(super) home: Home,
    client: Client,
    /// Where the index lies that everything is configured with.
    pub(super) server: String,
    /// In front of everything else on PATH.
    pub(super) first: Option<PathBuf>,
    /// What else is in the environment.
    pub(super) env: Vec<(&'static str, OsString)>,
}

/// What doctor says.
pub(super) struct Report {
    pub(super) exit: Option<i32>,
    pub(super) findings: Vec<Value>,
    pub(super) text: String,
}

impl Desk {
    /// With alice logged in at `alice/dev` of the shared bed.
    pub(super) fn new() -> Self {
        Self::at(&BED, &BED.url())
    }

    /// The same with a bed that is reached by that URL.
    pub(super) fn at(bed: &Bed, server: &str) -> Self {
        let desk = Self::logged_out(server);
        desk.login(bed, &format!("{server}/alice/dev/+simple/"));
        desk
    }

    /// The same with nobody logged in.
    pub(super) fn logged_out(server: &str) -> Self {
        let home = Home::new("passphrase");
        let client = Client::with_keyring(&TOOLS).expect("a client");
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/devpi_tokens_agent");
        client.put_distribution(&package, "devpi_tokens_agent", ENTRY_POINTS).expect("our package");
        home.shim();
        // The environment's own folder is not on PATH: its keyring would come first for uv.
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        for (name, program) in [
            ("pip", client.venv().join("bin/pip")),
            ("twine", client.venv().join("bin/twine")),
            ("uv", TOOLS.uv()),
            ("devpi-tokens", env!("CARGO_BIN_EXE_devpi-tokens").into()),
            ("devpi-tokens-helper", env!("CARGO_BIN_EXE_devpi-tokens-helper").into()),
        ] {
            symlink(program, bin.join(name)).expect("a link");
        }
        let desk = Self { home, client, server: server.to_owned(), first: None, env: Vec::new() };
        desk.write(
            ".config/pip/pip.conf",
            &format!("[global]\nkeyring-provider = subprocess\nindex-url = {}\n", desk.simple()),
        );
        desk.write_uv("authenticate = \"always\"\n");
        desk.write(
            ".pypirc",
            &format!("[distutils]\nindex-servers =\n    dev\n\n[dev]\nrepository = {server}/alice/dev/\n"),
        );
        desk
    }

    pub(super) fn simple(&self) -> String {
        format!("{}/alice/dev/+simple/", self.server)
    }

    /// uv's configuration of the index, with those lines more.
    pub(super) fn write_uv(&self, more: &str) {
        let text =
            format!("keyring-provider = \"subprocess\"\n\n[[index]]\nname = \"dev\"\nurl = \"{}\"\n", self.simple());
        self.write(".config/uv/uv.toml", &(text + more));
    }

    /// A file of the home.
    pub(super) fn write(&self, path: &str, text: &str) -> PathBuf {
        let file = self.home.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(&file, text).expect("written");
        file
    }

    pub(super) fn venv(&self) -> &Path {
        self.client.venv()
    }

    pub(super) fn login(&self, bed: &Bed, url: &str) {
        let login = fed(
            self.home.cli(&["login", "--no-input", url, "alice"]),
            &format!("{PASSPHRASE}\n{}\n", bed.password("alice")),
        );
        assert!(login.status.success(), "{}", err(&login));
    }

    /// A line in a shell of this machine.
    pub(super) fn shell(&self, line: &str) -> Command {
        let own = [self.home.path().join("shim"), self.home.path().join("bin")];
        let usual = ["/usr/bin", "/bin"].map(PathBuf::from);
        let path = std::env::join_paths(self.first.iter().chain(&own).chain(&usual)).expect("a PATH");
        let mut shell = self.home.command("sh");
        shell.args(["-c", line]).env("PATH", path).envs(self.env.iter().map(|(name, value)| (name, value)));
        shell
    }

    /// What doctor says with those arguments.
    pub(super) fn doctor(&self, args: &str) -> Report {
        Report::of(&self.shell(&format!("devpi-tokens doctor --json {args}")).output().expect("doctor"))
    }

    /// What doctor says after a line of its own in the same shell, which reads that from its standard input.
    pub(super) fn doctor_after(&self, line: &str, input: &str) -> Report {
        Report::of(&fed(self.shell(&format!("{{ {line}; }} >&2 || exit 99; devpi-tokens doctor --json")), input))
    }

    /// Fails where anything is not well.
    pub(super) fn is_well(&self) {
        let report = self.doctor("");
        assert_eq!((report.exit, report.wrong()), (Some(0), Vec::new()), "{}", report.text);
        let said = self.shell("devpi-tokens doctor").output().expect("doctor");
        assert_eq!((out(&said).as_str(), err(&said).as_str()), ("all is well\n", ""));
    }
}

impl Report {
    pub(super) fn of(output: &Output) -> Self {
        let text = format!("{}{}", out(output), err(output));
        let json: Value = serde_json::from_str(&out(output)).unwrap_or_else(|error| panic!("{error}: {text}"));
        // No token, no password, no passphrase.
        for secret in ["AgE", "alice-pw", PASSPHRASE] {
            assert!(!text.contains(secret), "{secret} is in the report: {text}");
        }
        let findings = json["findings"].as_array().expect("findings").clone();
        Self { exit: code(output), findings, text }
    }

    /// What is not well.
    pub(super) fn wrong(&self) -> Vec<&Value> {
        self.findings.iter().filter(|finding| finding["level"] != "ok" && finding["level"] != "hint").collect()
    }

    /// The one finding that is not well: its level, what it says, and what is under that key.
    pub(super) fn only(&self, check: &str, key: &str) -> (String, String, String) {
        let [only] = self.wrong()[..] else { panic!("not one finding: {}", self.text) };
        assert_eq!((&only["check"], self.exit), (&Value::from(check), Some(1)), "{}", self.text);
        let text = |key: &str| only[key].as_str().unwrap_or_else(|| panic!("no {key}: {only}")).to_owned();
        (text("level"), text("what"), text(key))
    }
}
