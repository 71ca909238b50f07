use std::fs;
use std::os::unix::fs::symlink;

use super::environment::Owner;
use super::*;

/// A machine in a folder: what is asked for is put there.
struct Machine {
    root: tempfile::TempDir,
    path: Vec<PathBuf>,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let path = vec![root.path().join("home/.local/bin"), root.path().join("usr/bin")];
        Self { root, path }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn file(&self, path: &str, text: &str) -> PathBuf {
        let file = self.at(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        fs::write(&file, text).expect("written");
        file
    }

    fn program(&self, path: &str, text: &str) -> PathBuf {
        let file = self.file(path, text);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
        file
    }

    fn link(&self, path: &str, to: &str) -> PathBuf {
        let link = self.at(path);
        fs::create_dir_all(link.parent().expect("a parent")).expect("made");
        symlink(self.at(to), &link).expect("a link");
        link
    }

    /// A virtual environment with a program in it, whose first line names its Python.
    fn venv(&self, folder: &str, program: &str, packages: &[&str]) -> PathBuf {
        self.file(&format!("{folder}/pyvenv.cfg"), "home = /usr/bin\ninclude-system-site-packages = false\n");
        self.program("usr/bin/python3.11", "");
        if !self.at(&format!("{folder}/bin/python")).exists() {
            self.link(&format!("{folder}/bin/python"), "usr/bin/python3.11");
        }
        for package in packages {
            self.file(&format!("{folder}/lib/python3.11/site-packages/{package}.dist-info/METADATA"), "");
        }
        let first = format!("#!{}\n", self.at(&format!("{folder}/bin/python")).display());
        self.program(&format!("{folder}/bin/{program}"), &first)
    }

    fn around(&self, variables: &[(&str, PathBuf)]) -> Surroundings {
        let path = std::env::join_paths(&self.path).expect("a PATH");
        Surroundings::of(&self.at("home"), |name| match name {
            "PATH" => Some(path.clone()),
            _ => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone().into()),
        })
    }

    fn find(&self, client: Client) -> Vec<Installed> {
        find(client, &self.around(&[]))
    }

    fn environment(&self, client: Client) -> Environment {
        self.find(client).remove(0).environment.expect("an environment")
    }
}

/// The command, without the version that is asked for.
fn words(adding: Option<Adding>) -> String {
    let pinned = concat!("devpi-tokens-agent==", env!("CARGO_PKG_VERSION"));
    let line = adding.expect("a command").words.join(" ");
    assert!(line.contains(pinned), "{line}");
    line.replace(pinned, "devpi-tokens-agent")
}

#[test]
fn what_is_not_there_is_not_found() {
    let machine = Machine::new();
    machine.file("usr/bin/twine", "#!/usr/bin/python3\n");
    assert!(Client::ALL.iter().all(|client| machine.find(*client).is_empty()), "it cannot be run");
}

#[test]
fn a_tool_of_pipx_is_known_by_its_link_and_by_its_folder() {
    let machine = Machine::new();
    machine.venv("home/.local/share/pipx/venvs/twine", "twine", &["keyring-25.7.0", "twine-7.0.0"]);
    let in_its_folder = machine.environment(Client::Twine);
    machine.link("home/.local/bin/twine", "home/.local/share/pipx/venvs/twine/bin/twine");
    let found = machine.find(Client::Twine);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].environment.as_ref(), Some(&in_its_folder));
    assert_eq!(in_its_folder.owner, Owner::Pipx("twine".to_owned()));
    assert!(in_its_folder.has_keyring && !in_its_folder.has_agent);
    assert_eq!(words(in_its_folder.command_to_add(None)), "pipx inject twine devpi-tokens-agent");
    assert_eq!(in_its_folder.folder, machine.at("home/.local/share/pipx/venvs/twine").canonicalize().expect("there"));
}

#[test]
fn pipx_and_uv_may_keep_their_tools_elsewhere() {
    let machine = Machine::new();
    machine.venv("pipx/venvs/poetry", "poetry", &["devpi_tokens_agent-0.1.0"]);
    machine.venv("tools/devpi-client", "devpi", &[]);
    machine.venv("old/.local/pipx/venvs/pdm", "pdm", &[]);
    let around = machine.around(&[("PIPX_HOME", machine.at("pipx")), ("UV_TOOL_DIR", machine.at("tools"))]);
    let owner = |client, around: &Surroundings| {
        let found = find(client, around).remove(0).environment.expect("an environment");
        (found.owner, found.has_agent)
    };
    assert_eq!(owner(Client::Poetry, &around), (Owner::Pipx("poetry".to_owned()), true));
    assert_eq!(owner(Client::Devpi, &around), (Owner::UvTool("devpi-client".to_owned()), false));
    let before = Surroundings::of(&machine.at("old"), |_| None);
    assert_eq!(owner(Client::Pdm, &before), (Owner::Pipx("pdm".to_owned()), false));
}

#[test]
fn a_tool_of_uv_keeps_what_it_was_installed_with() {
    let machine = Machine::new();
    machine.venv("home/.local/share/uv/tools/twine", "twine", &[]);
    let command = |receipt: &str| {
        machine.file("home/.local/share/uv/tools/twine/uv-receipt.toml", receipt);
        words(machine.environment(Client::Twine).command_to_add(None))
    };
    assert_eq!(command("nonsense ["), "uv tool install twine --with devpi-tokens-agent");
    let receipt = "[tool]\nrequirements = [{ name = \"twine\", specifier = \">=6\" }, { name = \"keyring\", \
                   specifier = \"<26\" }, { name = \"devpi-tokens-agent\" }]\n";
    assert_eq!(command(receipt), "uv tool install twine>=6 --with devpi-tokens-agent --with keyring<26");
    let receipt = "[tool]\nrequirements = [{ name = \"twine\", extras = [\"a\", \"b\"] }, { name = \"x\", extras = [\"c\"], \
                   specifier = \"==1\" }]\npython = \"3.12\"\nentrypoints = []\n";
    assert_eq!(command(receipt), "uv tool install twine[a,b] --with devpi-tokens-agent --with x[c]==1 --python 3.12");
}

#[test]
fn what_uv_cannot_be_told_again_of_a_tool_is_noticed() {
    let machine = Machine::new();
    machine.venv("home/.local/share/uv/tools/twine", "twine", &[]);
    let is_whole = |requirements: &str, more: &str| {
        let receipt = format!("[tool]\nrequirements = [{requirements}]\n{more}\n");
        machine.file("home/.local/share/uv/tools/twine/uv-receipt.toml", &receipt);
        machine.environment(Client::Twine).command_to_add(None).expect("a command").is_whole
    };
    let twine = "{ name = \"twine\" }";
    assert!(is_whole(twine, "python = \"3.12\""));
    assert!(!is_whole(&format!("{twine}, {{ name = \"bar\", directory = \"/bar\" }}"), ""));
    assert!(!is_whole("{ name = \"twine\", index = \"https://else/simple\" }", ""));
    assert!(!is_whole(twine, "[tool.options]\nindex-url = \"https://else/simple\""));
    assert!(!is_whole(twine, "constraints = [{ name = \"keyring\", specifier = \"<26\" }]"));
    assert!(!is_whole("\"twine\"", ""));
    assert!(!is_whole("", ""));
}

#[test]
fn a_script_is_of_the_python_that_its_first_line_names() {
    let machine = Machine::new();
    machine.venv("a venv", "other", &["Keyring-25.7.0"]);
    let python = machine.at("a venv/bin/python");
    let long = format!("#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\n", python.display());
    machine.program("usr/bin/twine", &long);
    let found = machine.environment(Client::Twine);
    assert_eq!((found.python.clone(), found.owner.clone(), found.has_keyring), (python.clone(), Owner::Venv, true));
    let with_uv = format!("uv pip install --python {} devpi-tokens-agent keyring", python.display());
    assert_eq!(words(found.command_to_add(Some("keyring"))), with_uv);
    machine.venv("a venv", "other", &["pip-26.3"]);
    let with_pip = format!("{} -m pip install devpi-tokens-agent", python.display());
    assert_eq!(words(machine.environment(Client::Twine).command_to_add(None)), with_pip);
    machine.program("usr/bin/python3", "");
    machine.program("usr/bin/hatch", "#!/usr/bin/env -S python3\n");
    assert_eq!(machine.environment(Client::Hatch).folder, machine.at("usr").canonicalize().expect("there"));
    for unknown in ["", "#!\n", "#!/bin/sh\nexec python\n", "#!/usr/bin/env bash\n", "\u{0}ELF", "#!python\n"] {
        machine.program("usr/bin/flit", unknown);
        assert_eq!(machine.find(Client::Flit)[0].environment, None, "{unknown:?}");
    }
}

#[test]
fn a_python_of_the_system_has_its_packages_in_several_folders() {
    let machine = Machine::new();
    machine.program("usr/bin/python3.11", "");
    machine.link("usr/bin/python3", "usr/bin/python3.11");
    machine.program("usr/bin/twine", &format!("#!{}\n", machine.at("usr/bin/python3").display()));
    machine.file("usr/lib/python3.9/site-packages/devpi_tokens_agent-1.dist-info/METADATA", "");
    machine.file("usr/lib/python3/dist-packages/other-1.dist-info/METADATA", "");
    let found = machine.environment(Client::Twine);
    assert!(!found.has_agent && !found.has_keyring, "another Python's");
    assert_eq!(found.owner, Owner::Python);
    for place in [
        "usr/lib/python3/dist-packages",
        "usr/local/lib/python3.11/dist-packages",
        "home/.local/lib/python3.11/site-packages",
    ] {
        let package = machine.file(&format!("{place}/keyring-25.egg-info/PKG-INFO"), "");
        assert!(machine.environment(Client::Twine).has_keyring, "{place}");
        fs::remove_dir_all(package.parent().expect("a folder")).expect("removed");
    }
    machine.file("usr/lib/python3.11/EXTERNALLY-MANAGED", "");
    let found = machine.environment(Client::Twine);
    assert_eq!((found.owner.clone(), found.command_to_add(None)), (Owner::System, None));
}

#[test]
fn an_environment_may_have_the_packages_of_its_base() {
    let machine = Machine::new();
    machine.venv("v", "twine", &[]);
    machine.link("usr/bin/python3", "usr/bin/python3.11");
    machine.file("usr/lib/python3/dist-packages/keyring-25.dist-info/METADATA", "");
    machine.link("usr/bin/twine", "v/bin/twine");
    assert!(!machine.environment(Client::Twine).has_keyring);
    let home = machine.at("usr/bin");
    machine.file("v/pyvenv.cfg", &format!("home = {}\ninclude-system-site-packages = true\n", home.display()));
    assert!(machine.environment(Client::Twine).has_keyring);
}

#[test]
fn what_the_active_environment_has_is_found_beside_what_is_on_path() {
    let mut machine = Machine::new();
    machine.venv("one", "pip", &[]);
    machine.venv("two", "pip", &[]);
    machine.path.insert(0, machine.at("one/bin"));
    let found = find(Client::Pip, &machine.around(&[("VIRTUAL_ENV", machine.at("two"))]));
    let programs: Vec<&Path> = found.iter().map(|one| one.program.as_path()).collect();
    assert_eq!(programs, [machine.at("one/bin/pip"), machine.at("two/bin/pip")]);
}

#[test]
fn pip_passes_over_the_keyring_of_its_own_environment_and_uv_does_not() {
    let mut machine = Machine::new();
    machine.venv("v", "pip", &["keyring-25.7.0"]);
    machine.program("v/bin/keyring", "");
    machine.program("v/bin/uv", "");
    machine.program("v/bin/twine", "");
    machine.path.insert(0, machine.at("v/bin"));
    assert_eq!(machine.find(Client::Pip)[0].keyring, None);
    let helper = machine.program("opt/devpi-tokens-helper", "");
    let ours = machine.link("home/.local/bin/keyring", "opt/devpi-tokens-helper");
    assert_eq!(machine.find(Client::Pip)[0].keyring, Some(ours.clone()));
    let uv = &machine.find(Client::Uv)[0];
    assert_eq!((uv.environment.clone(), uv.keyring.clone()), (None, Some(machine.at("v/bin/keyring"))));
    assert_eq!(machine.find(Client::Twine)[0].keyring, None, "it imports Python's");
    assert!(is_ours(&ours) && is_ours(&helper) && !is_ours(&machine.at("v/bin/keyring")));
}
