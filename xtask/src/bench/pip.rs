//! What a look-up costs where a real pip calls: the helper reads what pip was asked, and how it is configured.

use testbed::Client;

use super::Ground;
use super::table::{Bound, Table};
use crate::agent::succeed;

const TRUE: &str = "/bin/true, called by pip";
const HELPER: &str = "devpi-tokens-helper, called by pip";

/// Runs in pip, as Python imports it first of all: where pip calls keyring, it is called often and in turns with a program
/// that does nothing. Both by the quickest call that Python has, as its usual one takes longer than either.
const TIMED: &str = r#"
import json, os, subprocess, time

usual = subprocess.run

def timed(words):
    nothing = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, nothing, stream) for stream in range(3)]
    began = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=quiet)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    took = time.perf_counter() - began
    os.close(nothing)
    if code != 0:
        raise SystemExit(f"{words[0]} ended with {code}")
    return took * 1e3

def run(words, *args, **named):
    if os.path.basename(words[0]) == "keyring":
        subprocess.run = usual
        turns = [[timed(["/bin/true"]), timed(words)] for _ in range(200)]
        with open(os.environ["TIMES"], "w") as file:
            json.dump(turns, file)
    return usual(words, *args, **named)

subprocess.run = run
"#;

pub(super) fn run(ground: &Ground<'_>) -> Result<Table, Box<dyn std::error::Error>> {
    let Ground { tools, bed, agent } = ground;
    let mut client = Client::new(tools)?;
    client.put_on_path(agent.shim()?);
    let (first, times) = (client.home().join("first"), client.home().join("times"));
    let settings = client.home().join(".config/pip");
    std::fs::create_dir_all(&first)?;
    std::fs::create_dir_all(&settings)?;
    std::fs::write(first.join("sitecustomize.py"), TIMED)?;
    let url = bed.simple_url("alice/base");
    std::fs::write(settings.join("pip.conf"), format!("[global]\nkeyring-provider = subprocess\nindex-url = {url}\n"))?;
    let mut pip = client.pip(["download", "--no-deps", "bed-core"]);
    succeed(agent.serves(pip.env("PYTHONPATH", &first).env("TIMES", &times)))?;
    let turns: Vec<[f64; 2]> = serde_json::from_slice(&std::fs::read(times)?)?;
    let mut table = Table::new("whole processes, called by pip", "ms");
    for [nothing, helper] in turns {
        table.add(TRUE, nothing);
        table.add(HELPER, helper);
    }
    table.claim(HELPER, TRUE, Bound::AtMost(2.5));
    Ok(table)
}
