//! Where a row takes place: a home with an agent, a working folder, and the clients.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use testbed::Client;

use crate::support::run::{WHEEL, succeeds};
use crate::support::{BED, Home, TOOLS};

/// All clients that import Python keyring or start pip, with our wheel. No row installs into it.
static CLIENTS: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::with_clients(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    client
});

/// A build backend with nothing to install for itself: a wheel and an sdist of a module.
const BACKEND: &str = r#"
import io, tarfile, zipfile

META = "Metadata-Version: 2.1\nName: PROJECT\nVersion: 0.1\nSummary: made for a test\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = "MODULE-0.1.dist-info/"
    files = {"MODULE.py": "", info + "METADATA": META, info + "WHEEL": WHEEL}
    record = "".join(name + ",,\n" for name in files) + info + "RECORD,,\n"
    with zipfile.ZipFile(folder + "/MODULE-0.1-py3-none-any.whl", "w") as archive:
        for name, text in [*files.items(), (info + "RECORD", record)]:
            archive.writestr(name, text)
    return "MODULE-0.1-py3-none-any.whl"

def build_sdist(folder, config_settings=None):
    files = {name: open(name).read() for name in ["pyproject.toml", "bed_backend.py"]}
    with tarfile.open(folder + "/MODULE-0.1.tar.gz", "w:gz") as archive:
        for name, text in {"PKG-INFO": META, **files}.items():
            member = tarfile.TarInfo("MODULE-0.1/" + name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return "MODULE-0.1.tar.gz"
"#;

/// A place to work, gone when dropped.
pub(crate) struct Desk {
    pub(crate) home: Home,
    folder: tempfile::TempDir,
    shim: PathBuf,
}

impl Desk {
    /// One where alice is logged in, and the first `keyring` on PATH is ours.
    pub(crate) fn new() -> Self {
        let home = Home::with_alice();
        let shim = home.shim();
        let desk = Self { home, shim, folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(desk.work()).expect("a folder");
        desk
    }

    /// The working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file in the working folder.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Copies a file into a folder of the working folder.
    pub(crate) fn copy(&self, file: &Path, to: &str) {
        let folder = self.work().join(to);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::copy(file, folder.join(file.file_name().expect("a name"))).expect("a copy");
    }

    /// A project that builds itself, and asks for `bed-core` to do so; `more` is the rest of its `pyproject.toml`.
    pub(crate) fn project(&self, name: &str, more: &str) {
        let text = format!(
            "[build-system]\nrequires = [\"bed-core\"]\nbuild-backend = \"bed_backend\"\nbackend-path = [\".\"]\n\
             [project]\nname = \"{name}\"\nversion = \"0.1\"\n{more}"
        );
        self.file("pyproject.toml", &text);
        self.file("bed_backend.py", &BACKEND.replace("PROJECT", name).replace("MODULE", &name.replace('-', "_")));
    }

    /// A client with a virtual environment of its own to work here.
    pub(crate) fn seat(&self, mut client: Client) -> Client {
        client.put_on_path(&self.shim);
        client
    }

    /// A command that works here, of whatever client.
    pub(crate) fn here(&self, mut command: Command) -> Command {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.shim.display());
        command.env("PATH", path).env("HOME", self.folder.path()).current_dir(self.work());
        command
    }

    /// One of the clients, to work here.
    pub(crate) fn client(&self, program: &str, args: &[&str]) -> Command {
        let mut command = self.here(CLIENTS.own(program));
        command.args(args);
        command
    }

    /// Runs a command, which has to succeed.
    pub(crate) fn succeeds(&self, command: Command) -> Output {
        succeeds(&self.home, command)
    }
}

/// `http://HOST:PORT/alice/dev/+simple/`.
pub(crate) fn dev() -> String {
    BED.simple_url("alice/dev")
}

/// The address with alice in it.
pub(crate) fn as_alice(url: &str) -> String {
    url.replacen("http://", "http://alice@", 1)
}

/// A configuration of uv: these indexes of the bed, each asked about before any request, `publish` as the first one's
/// place for uploads.
pub(crate) fn uv_toml(indexes: &[&str], publish: &str) -> String {
    let mut text = "keyring-provider = \"subprocess\"\n".to_owned();
    for (number, index) in indexes.iter().enumerate() {
        let name = index.rsplit('/').next().unwrap_or_default();
        text +=
            &format!("[[index]]\nname = \"{name}\"\nurl = \"{}\"\nauthenticate = \"always\"\n", BED.simple_url(index));
        if number == 0 {
            text += &format!("publish-url = \"{}\"\ndefault = true\n", BED.index_url(publish));
        }
    }
    text
}
