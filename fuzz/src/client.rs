//! Command lines and configuration of clients.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use devpi_tokens::caller::{Doing, Files, Observed, Program, understand};
use devpi_tokens::target::{AddressError, Purpose, Target};

/// The parts of the input, separated by NUL bytes: the command line, an item a line, then the text of each file.
const FILES: [&str; 4] =
    ["/etc/pip.conf", "/home/me/work/uv.toml", "/home/me/work/pyproject.toml", "/home/me/work/r.txt"];

/// What is there to upload.
const UPLOADED: [&str; 2] = ["/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "/home/me/work/dist/other-2.0.tar.gz"];

/// A command line, and what `pip.conf`, `uv.toml`, `pyproject.toml` and a requirements file say.
pub fn client_files(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let argv: Vec<String> = parts.next().unwrap_or_default().split('\n').map(str::to_owned).collect();
    let texts: Vec<&str> = parts.take(FILES.len()).collect();
    // Whatever the command line says, a pip and a uv in this folder read these files too.
    let lines = [argv, words("pip install -r r.txt"), words("uv sync"), words("uv publish dist/*")];
    for argv in lines {
        assert_understood(&argv, &texts);
    }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// The files in memory, and how often they were asked for.
struct Machine<'a> {
    texts: &'a [&'a str],
    read: Cell<usize>,
    tried: Cell<usize>,
    listed: Cell<usize>,
}

fn count(cell: &Cell<usize>) {
    cell.set(cell.get() + 1);
}

impl Files for Machine<'_> {
    fn read(&self, path: &Path) -> Option<String> {
        count(&self.tried);
        let named = FILES.iter().position(|file| Path::new(file) == path)?;
        let text = self.texts.get(named)?;
        count(&self.read);
        Some((*text).to_owned())
    }

    fn list(&self, pattern: &Path) -> Vec<PathBuf> {
        count(&self.listed);
        let Ok(pattern) = glob::Pattern::new(&pattern.to_string_lossy()) else { return Vec::new() };
        UPLOADED.iter().map(PathBuf::from).filter(|path| pattern.matches_path(path)).collect()
    }

    fn size(&self, path: &Path) -> Option<u64> {
        UPLOADED.iter().any(|file| Path::new(file) == path).then_some(5)
    }
}

fn assert_understood(argv: &[String], texts: &[&str]) {
    let machine = Machine { texts, read: Cell::default(), tried: Cell::default(), listed: Cell::default() };
    let env = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
    let observed = Observed { argv, folder: Path::new("/home/me/work"), env: &env, files: &machine };
    let doing = understand(&observed);
    assert!(machine.read.get() <= 32 && machine.tried.get() <= 256 && machine.listed.get() <= 64, "reads without end");

    let Doing { program, purpose, index_urls, named: _, read_urls, merges: _, reads_pypi: _, projects, bytes } = &doing;
    assert!(index_urls.len() <= 256 && read_urls.len() <= 256 && projects.len() <= 256);
    for url in index_urls.iter().chain(read_urls) {
        let odd = |c: char| c.is_control() || c.is_whitespace();
        assert!(url.len() <= 2048 && url.contains("://") && !url.contains(odd), "{url:?} is no URL");
        assert_ne!(url.parse::<Target>(), Err(AddressError::Password), "a password is kept");
        // The others have addresses of PyPI that they name themselves.
        if [Program::Pip, Program::Uv, Program::Twine].contains(program) {
            assert_stands_somewhere(url, argv, texts);
        }
    }
    let mut once = index_urls.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), index_urls.len(), "the same index twice");
    match program {
        Program::Pip => assert_eq!(*purpose, Some(Purpose::Read)),
        Program::Twine => assert_ne!(*purpose, Some(Purpose::Read)),
        Program::Other => assert_eq!(doing, Doing::default()),
        _ => {}
    }
    let is_upload = *purpose == Some(Purpose::Upload);
    assert!(is_upload || (projects.is_empty() && *bytes == 0 && read_urls.is_empty()), "a reader that uploads");
    assert!(projects.iter().all(|project| project.as_str().parse().as_ref() == Ok(project)));
    assert!(*bytes <= 5 * UPLOADED.len() as u64, "a file was counted twice");
    assert_eq!(understand(&observed), doing, "the same caller is understood otherwise");
}

/// Asserts that no URL is made up. A text in TOML may be written with escapes, and a variable is put in.
fn assert_stands_somewhere(url: &str, argv: &[String], texts: &[&str]) {
    let as_it_is = argv.iter().map(String::as_str).chain(texts.iter().copied());
    let mut is_there = as_it_is.clone().any(|text| text.contains(url));
    is_there |= texts.iter().any(|text| text.contains(['\\', '$']));
    assert!(is_there, "{url:?} stands nowhere");
}
