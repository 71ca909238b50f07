//! The agent's program. So far it is only the child that opens the keyring and stretches passphrases.

use std::process::ExitCode;

use devpi_tokens::vault::child;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == child::ARGUMENT) {
        return child::run(std::io::stdin(), &mut std::io::stdout());
    }
    ExitCode::from(2)
}
