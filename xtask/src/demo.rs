//! `cargo xtask demo`: a login, then real clients, and what the server saw of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Instant, SystemTime};

use testbed::{Bed, Client, Closing, Seen, SeenToken};

use crate::{Outcome, cargo};

pub(crate) fn run() -> Outcome {
    let began = Instant::now();
    say("building the three programs");
    succeed(&mut cargo(&["build", "--bins", "--quiet"]))?;
    let built = Instant::now();
    let tools = testbed::install(say)?;
    let closing = if tools.nginx.is_some() {
        Closing::Unauthorized401
    } else {
        say("nginx is not to be had here: a plugin of devpi-server closes the reads instead");
        Closing::Plugin
    };
    say("starting a private devpi server");
    let bed = Bed::start(&tools, closing)?;
    let agent = Agent::new()?;
    say("devpi-tokens login");
    agent.login(&bed)?;
    let shim = agent.shim()?;
    say("building the Python distribution for twine");
    let wheel = testbed::wheel(&tools, &crate::root())?;

    let mut rows = Vec::new();
    let simple = bed.simple_url("alice/dev");
    say("pip install bed-app");
    let mut pip = Client::new(&tools)?;
    pip.put_on_path(&shim);
    let install = ["install", "--keyring-provider", "subprocess", "--index-url", &simple, "bed-app"];
    rows.push(watched(&bed, "pip install", agent.serves(&mut pip.pip(install)))?);

    say("uv pip install bed-app");
    let mut uv = Client::new(&tools)?;
    uv.put_on_path(&shim);
    let settings = uv.home().join("uv.toml");
    std::fs::write(
        &settings,
        format!(
            "keyring-provider = \"subprocess\"\n\n[[index]]\nname = \"dev\"\nurl = \"{simple}\"\ndefault = true\n\
             authenticate = \"always\"\n"
        ),
    )?;
    let settings = settings.display().to_string();
    let install = ["pip", "install", "--config-file", &settings, "bed-app"];
    rows.push(watched(&bed, "uv pip install", agent.serves(&mut uv.uv(install)))?);

    say("twine upload");
    let twine = Client::with_keyring(&tools)?;
    twine.add(&[&wheel])?;
    let file = bed.new_upload("bed-demo", "1.0")?.display().to_string();
    let upload = ["upload", "--non-interactive", "--repository-url", &bed.index_url("alice/dev"), &file];
    rows.push(watched(&bed, "twine upload", agent.serves(&mut twine.twine(upload)))?);

    print_table(&rows, &agent.root_restrictions()?)?;
    say(&format!("{} s after the build of {} s", built.elapsed().as_secs(), (built - began).as_secs()));
    Ok(())
}

fn say(line: &str) {
    eprintln!("  {line}");
}

/// An agent with its vault in memory, in a folder of its own; both end with this.
struct Agent {
    home: tempfile::TempDir,
    programs: PathBuf,
}

impl Agent {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        // This program lies where cargo has put the others.
        let programs = std::env::current_exe()?.parent().ok_or("this program lies nowhere")?.to_owned();
        Ok(Self { home: tempfile::tempdir()?, programs })
    }

    /// Lets a client ask this agent.
    fn serves<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("DEVPI_TOKENS_HOME", self.home.path()).env("DEVPI_TOKENS_VAULT", "memory")
    }

    fn cli(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("devpi-tokens"));
        self.serves(&mut command).args(args);
        command
    }

    fn login(&self, bed: &Bed) -> Outcome {
        let mut login = self.cli(&["login", &bed.simple_url("alice/dev"), "alice"]);
        let mut child = login.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            writeln!(stdin, "{}", bed.password("alice"))?;
        }
        if child.wait()?.success() { Ok(()) } else { Err("the login failed".into()) }
    }

    fn shim(&self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let folder = self.home.path().join("shim");
        succeed(self.cli(&["setup", "shim"]).arg(&folder))?;
        Ok(folder)
    }

    /// What stands in the root token: a token that says no more than that is the root.
    fn root_restrictions(&self) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let status: serde_json::Value = serde_json::from_slice(&succeed(&mut self.cli(&["status", "--json"]))?.stdout)?;
        let restrictions = status["roots"][0]["restrictions"].as_array().ok_or("no root is kept")?;
        Ok(restrictions.iter().filter_map(|restriction| Some(restriction.as_str()?.to_owned())).collect())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Where it cannot be ended there is nothing more to do about it here.
        let _ = self.cli(&["agent", "stop"]).output();
    }
}

/// Runs a command to its end; where it fails, with what it said.
fn succeed(command: &mut Command) -> Result<Output, Box<dyn std::error::Error>> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let program = Path::new(command.get_program()).display().to_string();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} ended with {}\n{}{said}", output.status, String::from_utf8_lossy(&output.stdout)).into())
}

/// What a client did and which tokens the server saw meanwhile.
struct Row {
    client: &'static str,
    tokens: Vec<SeenToken>,
    at: u64,
}

fn watched(bed: &Bed, client: &'static str, command: &mut Command) -> Result<Row, Box<dyn std::error::Error>> {
    let before = bed.log()?.len();
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    succeed(command)?;
    let mut tokens: Vec<SeenToken> = Vec::new();
    for token in bed.log()?.iter().skip(before).filter_map(Seen::token) {
        if !tokens.iter().any(|known| known.caveats == token.caveats) {
            tokens.push(token);
        }
    }
    if tokens.is_empty() {
        Err(format!("{client}: the server saw no token").into())
    } else {
        Ok(Row { client, tokens, at })
    }
}

/// What each token could do, never the token. Fails where one was the root.
fn print_table(rows: &[Row], root: &[String]) -> Outcome {
    println!("\n{:<15} {:<9} {:<32} {:<9} {:>8}", "client", "may", "on", "project", "for");
    let mut roots = 0;
    for Row { client, tokens, at } in rows {
        for token in tokens {
            if token.caveats.len() <= root.len() {
                roots += 1;
                println!("{client:<15} THE ROOT TOKEN TRAVELLED");
                continue;
            }
            let last = |key| token.values(key).last().copied().unwrap_or("all").replace(',', " ");
            let ends = token.values("expires").iter().filter_map(|value| value.parse::<u64>().ok()).min();
            let left =
                ends.map_or_else(|| "ever".to_owned(), |end| format!("{} min", (end.saturating_sub(*at) + 30) / 60));
            println!("{client:<15} {:<9} {:<32} {:<9} {left:>8}", last("allowed"), last("indexes"), last("projects"));
        }
    }
    println!();
    if roots == 0 { Ok(()) } else { Err("a root token travelled".into()) }
}
