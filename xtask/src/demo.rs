//! `cargo xtask demo`: a login, then real clients, and what the server saw of it.

use std::process::Command;
use std::time::{Instant, SystemTime};

use testbed::{Bed, Client, Closing, Seen, SeenToken};

use crate::agent::{Agent, succeed};
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
    let agent = Agent::new("debug")?;
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
