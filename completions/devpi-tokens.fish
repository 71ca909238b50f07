# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_devpi_tokens_global_optspecs
    string join \n h/help V/version
end

function __fish_devpi_tokens_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_devpi_tokens_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_devpi_tokens_using_subcommand
    set -l cmd (__fish_devpi_tokens_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s V -l version -d 'Print version'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "login" -d 'Log in once: the agent keeps a token, nothing keeps the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "logout" -d 'Let the agent forget a token, and with --revoke the server, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "status" -d 'Show which tokens the agent keeps, and until when they are valid'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "get" -d 'Print a fresh token to read an index or to upload to it'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "agent" -d 'Start, stop, lock or unlock the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "setup" -d 'Make pip, uv and git ask the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s f -l file -d 'Keep the token that is in FILE (-: standard input), and make none' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s e -l expires -d 'When the kept token ends, for example "30 days", 2027-01-31 or never' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s a -l allowed -d 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s i -l indexes -d 'The only indexes that the kept token is for, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s p -l projects -d 'The only projects that the kept token is for, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l default -d 'Of several users of this server, mean this one where none is named'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l no-input -d 'Never ask: passphrase of the vault and password come from standard input, a line each'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l revoke -d 'Delete it on the server, too; needs the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l no-input -d 'Never ask: the password comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l for -d 'What for: read, upload, push, toxresult or remove (default: read for a simple page, upload for an index)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l project -d 'The only projects that may be uploaded, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l user -d 'Whose token (default: the user in the URL, else the server\'s default)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from lock" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -l no-input -d 'Never ask: the passphrase comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -f -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from shim" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from help" -f -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "login" -d 'Log in once: the agent keeps a token, nothing keeps the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "logout" -d 'Let the agent forget a token, and with --revoke the server, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "status" -d 'Show which tokens the agent keeps, and until when they are valid'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "get" -d 'Print a fresh token to read an index or to upload to it'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "agent" -d 'Start, stop, lock or unlock the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "setup" -d 'Make pip, uv and git ask the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login logout status get agent setup help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from setup" -f -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
