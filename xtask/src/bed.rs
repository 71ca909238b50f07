//! `cargo xtask bed`: the server that the tests use, to try things by hand.

use testbed::{Bed, Closing};

use crate::Outcome;

pub(crate) fn run() -> Outcome {
    let tools = testbed::install(|line| eprintln!("{line}"))?;
    let bed = Bed::start(&tools, Closing::Unauthorized401)?;
    println!("{}", bed.simple_url("alice/dev"));
    println!("alice's password: {}", bed.password("alice"));
    println!("Enter ends it");
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
