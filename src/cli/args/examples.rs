//! Examples, for the help and for the man pages: a line each, and each is run by a test (`tests/man.rs`).

pub(super) const PROGRAM: &str = "\
Examples:
  devpi-tokens login https://HOST/USER/INDEX/
  devpi-tokens setup

DEVPI_TOKENS_VAULT=keyring|passphrase|command|memory says, at the first login, \
who keeps the key of the vault: the desktop's keyring, a passphrase, the command \
that config.toml names as vault-command, or nobody.";

pub(super) const LOGIN: &str = "\
Examples:
  devpi-tokens login https://HOST/USER/INDEX/
  devpi-tokens login https://HOST/ USER --expires \"30 days\" --allowed pkg_read";

pub(super) const RENEW: &str = "\
The new token may do what the old one may, under the same policy. The old one is \
deleted on the server once nothing that was made from it is in use any more: at \
the first login or renewal after that.

Examples:
  devpi-tokens renew
  devpi-tokens renew --server https://HOST/ --as USER --expires \"90 days\" --now";

pub(super) const LOGOUT: &str = "\
Examples:
  devpi-tokens logout --server https://HOST/ --as USER --revoke";

pub(super) const STATUS: &str = "\
Examples:
  devpi-tokens status
  devpi-tokens status --json";

pub(super) const GET: &str = "\
Examples:
  devpi-tokens get https://HOST/USER/INDEX/+simple/
  devpi-tokens get --project PROJECT https://HOST/USER/INDEX/";

pub(super) const EXEC: &str = "\
The command finds its tokens in a netrc: the variable NETRC names it, and what \
your own netrc says of other hosts is in it, too. Only its host decides what a \
token is sent to, whatever the port and the scheme.

pip, poetry, pdm and devpi-client read it again while they run. uv keeps what it \
read first: where the command is uv itself its token lasts an hour, and stands \
in UV_INDEX_NAME_..., too, for each index that it knows by a name. A uv that a \
script starts keeps the token that it finds in the netrc: name a --lifetime that \
is twice as long as its run.

The token for an upload lasts as long as the agent gives it. twine finds it in \
the netrc, too, as TWINE_USERNAME and TWINE_PASSWORD are set to nothing. A twine \
that a script starts has to name its repository: without one it uploads to PyPI. \
That token cannot install: \
build with one run, and upload with a second one.

Examples:
  devpi-tokens exec https://HOST/USER/INDEX/ -- ./build.sh
  devpi-tokens exec --lifetime 30s https://HOST/USER/INDEX/ -- ./build.sh
  devpi-tokens exec --for upload https://HOST/USER/INDEX/ -- ./build.sh upload";

pub(super) const CREATE: &str = "\
Examples:
  devpi-tokens create --allowed pkg_read --expires 3M --output ci-token.txt
  devpi-tokens create --server https://HOST/ --as USER --indexes USER/INDEX";

pub(super) const DERIVE: &str = "\
Examples:
  devpi-tokens derive --allowed pkg_read --expires 30min
  devpi-tokens create --output wide.txt
  devpi-tokens derive --file wide.txt --indexes USER/INDEX --output narrow.txt";

pub(super) const INSPECT: &str = "\
Examples:
  devpi-tokens get https://HOST/USER/INDEX/ | devpi-tokens inspect --file -";

pub(super) const LIST: &str = "\
Examples:
  devpi-tokens list
  devpi-tokens list --server https://HOST/ --as USER --json";

pub(super) const DELETE: &str = "\
Examples:
  devpi-tokens delete TOKENID";

pub(super) const TOKEN_LOGIN: &str = "\
Examples:
  devpi-tokens get https://HOST/USER/INDEX/ | devpi-tokens token-login --file -";

pub(super) const CAN: &str = "\
Examples:
  devpi-tokens derive --allowed upload --output token.txt
  devpi-tokens can upload USER/INDEX PROJECT --file token.txt";

pub(super) const LOG: &str = "\
The log is handouts.log in the state folder: some ten thousand hand-outs and \
refusals, none with a token. The program is what the system says of a process, \
what it calls itself is its own word.

Examples:
  devpi-tokens log
  devpi-tokens log --for read --index USER/INDEX --since \"2 hours\" -n 5 --json";

pub(super) const TRACE: &str = "\
The token may stand in a URL, in an Authorization header, or as user:token. It is \
found by its id and its times; its signature only the server can check.

Examples:
  devpi-tokens get https://HOST/USER/INDEX/+simple/ | devpi-tokens trace -f -";

pub(super) const EXPLAIN: &str = "\
Examples:
  devpi-tokens explain https://HOST/USER/INDEX/+simple/
  devpi-tokens explain --project PROJECT https://HOST/USER/INDEX/";

pub(super) const DOCTOR: &str = "\
Says nothing of what is well, and of the rest what mends it, or whom to ask. \
Exits with 0 only if all is well, else with 1. No secret is ever shown: the \
report can be pasted into a bug report. For each kept token the server is asked \
with a token of a minute.

Examples:
  devpi-tokens doctor
  devpi-tokens doctor --all --json
  devpi-tokens doctor --as pip https://HOST/USER/INDEX/+simple/";

pub(super) const POLICY: &str = "\
Narrowing is free. To allow more than before, the vault's passphrase is asked \
for; where there is none: devpi-tokens login --policy FILE.

Examples:
  devpi-tokens policy show";

pub(super) const POLICY_SHOW: &str = "\
Examples:
  devpi-tokens policy show
  devpi-tokens policy show --server https://HOST/ --as USER --toml";

pub(super) const POLICY_EDIT: &str = "\
The editor is VISUAL, else EDITOR, else vi.

Examples:
  devpi-tokens policy show --toml > policy.toml
  devpi-tokens policy edit --file policy.toml";

pub(super) const AGENT: &str = "\
The agent is a program of its own, devpi-tokens-agent. Whatever needs it starts \
it. SIGTERM ends it, and SIGUSR1 locks it. SIGHUP changes nothing: config.toml \
is read for each question.

Examples:
  devpi-tokens agent start
  devpi-tokens agent status";

pub(super) const AGENT_START: &str = "\
Examples:
  devpi-tokens agent start";

pub(super) const AGENT_STOP: &str = "\
Examples:
  devpi-tokens agent stop";

pub(super) const AGENT_STATUS: &str = "\
Examples:
  devpi-tokens agent status
  devpi-tokens agent status --json";

pub(super) const AGENT_LOCK: &str = "\
Examples:
  devpi-tokens agent lock";

pub(super) const AGENT_UNLOCK: &str = "\
Examples:
  devpi-tokens agent unlock";

pub(super) const AGENT_SOCKET: &str = "\
Through it nobody sees or changes anything: it gives tokens, and by default only \
such as read. The folder decides who may ask, so give it one of its own, and \
hand on that folder: to a container, or by `ssh -R`. There DEVPI_TOKENS_SOCK \
names the socket. It ends with the agent, or when its file is removed.

Examples:
  devpi-tokens agent socket --index USER/INDEX ~/ci/agent.sock
  devpi-tokens agent socket --close ~/ci/agent.sock";

pub(super) const AGENT_INSTALL: &str = "\
Where systemd runs for you, it listens at the agent's socket and starts the agent \
at the first request. Else your desktop starts the agent when you log in.

Examples:
  devpi-tokens agent install";

pub(super) const AGENT_UNINSTALL: &str = "\
Examples:
  devpi-tokens agent uninstall";

pub(super) const SETUP: &str = "\
CLIENT is pip, uv, twine, poetry, pdm, hatch, flit, devpi or git. Each change is \
shown before it is asked about. A credential that is taken out of a file is not \
put back by --undo: it is kept nowhere but in the agent, as a token.

Where nobody can be asked nothing is changed without --yes, and the exit code is \
1 if there is something to change.

Examples:
  devpi-tokens setup --dry-run
  devpi-tokens setup pip uv --yes
  devpi-tokens setup --undo --yes";

pub(super) const SETUP_SHIM: &str = "\
Examples:
  devpi-tokens setup shim
  devpi-tokens setup shim ~/bin";
