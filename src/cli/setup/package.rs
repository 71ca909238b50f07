//! Puts our package into the environments of clients that find the agent through one: a backend of Python's keyring, or
//! a plugin of devpi-client.

use std::process::{Command, Stdio};

use super::work::{Consent, Work};
use crate::cli::installed::{Adding, Client, Installed};
use crate::exit::{Exit, Failure, why};

/// What it is called.
const PACKAGE: &str = "devpi-tokens-agent";

/// Proposes to put the package into an environment where it is missing. Whether it is there now; where nobody agrees to
/// anything, whether it would be.
pub(super) fn add(work: &mut Work<'_, '_>, installed: &Installed) -> Result<bool, Failure> {
    let Installed { client, program, environment, .. } = installed;
    let name = client.command();
    let Some(environment) = environment else {
        let program = work.shown(program);
        work.tell(&format!("{name}: which environment {program} is of cannot be told"))?;
        return work.tell("  put devpi-tokens-agent into it").map(|()| false);
    };
    // pdm runs the command `keyring` where Python's is not there.
    if environment.has_agent || (*client == Client::Pdm && !environment.has_keyring) {
        return Ok(true);
    }
    // A plugin needs no keyring. What imports one and has none would ask nobody.
    let also = (*client != Client::Devpi && !environment.has_keyring).then_some("keyring");
    let Some(Adding { words, is_whole }) = environment.command_to_add(also) else {
        work.tell(&format!("{name}: it is the system's, and only its package manager may add to it"))?;
        return work.tell(&format!("  install your own: pipx install {}", client.package())).map(|()| false);
    };
    work.tell(&format!("{name}: in its environment it needs devpi-tokens-agent"))?;
    work.tell(&format!("  {}", crate::escape::printable(&words.join(" "))))?;
    if !is_whole {
        work.tell("  this drops a source or an option that uv was told when it installed it:")?;
        return work.tell("  run it yourself, with that added; see uv-receipt.toml there").map(|()| false);
    }
    work.tell("  from the index that is configured there")?;
    if !work.agrees("run that?")? {
        return Ok(matches!(work.consent, Consent::Missing));
    }
    run(&words)?;
    work.made += 1;
    Ok(true)
}

fn run(command: &[String]) -> Result<(), Failure> {
    let (program, words) = command.split_first().map_or(("", &[][..]), |(program, words)| (program.as_str(), words));
    let failed = |why: String| {
        let line = command.join(" ");
        let here = command.iter().map(|word| if word.starts_with(PACKAGE) { "." } else { word });
        let here = here.collect::<Vec<_>>().join(" ");
        Failure::new(Exit::Unavailable, format!("{program}: {why}"))
            .with_remedy(format!("see why: {line}\nwhere the index has no {PACKAGE}, type in a checkout of it: {here}"))
    };
    // Its output goes where the person sees it.
    let done = Command::new(program).args(words).stdin(Stdio::null()).status();
    let done = done.map_err(|error| failed(why(error.kind())))?;
    if done.success() { Ok(()) } else { Err(failed("it failed".to_owned())) }
}
