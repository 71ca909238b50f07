# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_devpi_tokens_global_optspecs
    string join \n q/quiet v/verbose h/help V/version
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

complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -s V -l version -d 'Print version'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "login" -d 'Log in once: the agent keeps a token, nothing keeps the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "renew" -d 'Replace a kept token by one that ends later'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "logout" -d 'Let the agent forget a token, and with --revoke the server, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "status" -d 'Show which tokens the agent keeps, and until when they are valid'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "get" -d 'Print a fresh token to read an index or to upload to it'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "exec" -d 'Run a command with tokens that are replaced as long as it runs'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "create" -d 'Make a new token on the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "derive" -d 'Make a narrower token, without the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "inspect" -d 'Show what a token says, in words'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "list" -d 'List the tokens of a user on the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "delete" -d 'Delete a token on the server, and all that was derived from it'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "token-login" -d 'Log devpi-client in with a token'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "can" -d 'Tell what a server would answer to a token, without asking it'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "log" -d 'Show what was handed out, to which program, and until when'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "trace" -d 'Tell to which program a token was handed out, and what it can still do'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "explain" -d 'Tell what pip, uv and twine would get for a URL, and why'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "doctor" -d 'Look at all that a client needs to get a token, and say what mends the rest'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "policy" -d 'Show or change what the agent may hand out, and for how long'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "agent" -d 'Start, stop, lock or unlock the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "setup" -d 'Make pip, uv, twine and others ask the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s f -l file -d 'Keep the token that is in FILE (-: standard input), and make none' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s e -l expires -d 'When the kept token ends, for example "30 days", 2027-01-31 or never' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s a -l allowed -d 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s i -l indexes -d 'The only indexes that the kept token is for, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s p -l projects -d 'The only projects that the kept token is for, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l policy -d 'Ceilings for the agent, as `policy show --toml` prints them: how long a token that it hands out may last' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l default -d 'Of several users of this server, mean this one where none is named'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l no-input -d 'Never ask: passphrase of the vault and password come from standard input, a line each'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand login" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -s e -l expires -d 'When the new token ends, for example "30 days", 2027-01-31 or never' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -l now -d 'Delete the old token at once, and with it all that was made from it'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -l no-input -d 'Never ask: the password comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand renew" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l revoke -d 'Delete it on the server, too; needs the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -l no-input -d 'Never ask: the password comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand logout" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand status" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l for -d 'What for: read, upload, push, toxresult or remove (default: read for a simple page, upload for an index)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l project -d 'The only projects that may be uploaded, by commas (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l user -d 'Whose token (default: the user in the URL, else the server\'s default)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l bytes -d 'How much is uploaded: the token for a large upload lasts longer' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l format -d 'How it is printed: token, env (variables of pip or twine, and of uv) or netrc' -r -f -a "token\t'The token alone'
env\t'Variables of pip and uv, or of twine and uv: for a container'
netrc\t'An entry of a netrc, as a BuildKit secret for pip'"
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -l json -d 'Print JSON with the user, the token and its end, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand get" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -l lifetime -d 'How long a token lasts that the command reads with, 5 seconds at least; it is replaced when half of that is over' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -l for -d 'What for: read or upload' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -l project -d 'The only projects that may be uploaded, by commas (default: those whose files the command names, else all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand exec" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s u -l user -d 'Whose token (default: who asks)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s o -l output -d 'Write the token to FILE, which only you can read' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s a -l allowed -d 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s e -l expires -d 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s i -l indexes -d 'Only these indexes, by commas' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s p -l projects -d 'Only uploads of these projects, by commas' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l not-before -d 'From when on it is valid' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l clientdir -d 'Use the session of devpi-client that is kept in this folder' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l force -d 'Replace FILE where it is there already'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s y -l yes -d 'Take permissions that devpi-server does not know without asking'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l no-input -d 'Never ask: secrets come from standard input, a line each'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand create" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s f -l file -d 'The token is in FILE (-: one line of standard input)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l token -d 'The token itself; shows in lists of processes, so prefer --file' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s o -l output -d 'Write the token to FILE, which only you can read' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s a -l allowed -d 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s e -l expires -d 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s i -l indexes -d 'Only these indexes, by commas' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s p -l projects -d 'Only uploads of these projects, by commas' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l not-before -d 'From when on it is valid' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l force -d 'Replace FILE where it is there already'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s y -l yes -d 'Take permissions that devpi-server does not know without asking'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l no-input -d 'Never ask: secrets come from standard input, a line each'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -l force-unknown -d 'Derive from a token with restrictions that are not understood, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand derive" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -s f -l file -d 'The token is in FILE (-: one line of standard input)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -l token -d 'The token itself; shows in lists of processes, so prefer --file' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -l no-input -d 'Never ask: the token comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -s u -l user -d 'Whose tokens (default: who asks)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l clientdir -d 'Use the session of devpi-client that is kept in this folder' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l no-input -d 'Never ask: the password comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand list" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -s u -l user -d 'Whose token (default: who asks)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -l clientdir -d 'Use the session of devpi-client that is kept in this folder' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -l no-input -d 'Never ask: the password comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand delete" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -s f -l file -d 'The token is in FILE (-: one line of standard input)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -l token -d 'The token itself; shows in lists of processes, so prefer --file' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -s s -l server -d 'The server (default: the one that devpi-client uses)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -l clientdir -d 'The folder of devpi-client (default: as devpi-client chooses it)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -l ca-file -d 'Trust the certificates in FILE (PEM), too' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -l no-input -d 'Never ask: the token comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -l allow-http -d 'Allow plain http to another machine: tokens can be read on the way'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand token-login" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -l at -d 'When (default: now)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -s f -l file -d 'The token is in FILE (-: one line of standard input)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -l token -d 'The token itself; shows in lists of processes, so prefer --file' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -l no-input -d 'Never ask: the token comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand can" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s u -l user -d 'Only tokens of this user' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s s -l server -d 'Only tokens for this server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -l for -d 'Only this purpose: read, upload, push, toxresult or remove' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s p -l project -d 'Only uploads of this project' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s i -l index -d 'Only tokens for this index' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -l program -d 'Only what this program asked for: its name or its path, or what it calls itself' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -l since -d 'Only from then on, for example "2 hours" (ago) or 2026-11-23' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s n -l last -d 'Only the last COUNT' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s f -l follow -d 'Go on with what comes, until interrupted'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -l json -d 'Print JSON, a line each, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand log" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -s f -l file -d 'The token is in FILE (-: one line of standard input)' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -l token -d 'The token itself; shows in lists of processes, so prefer --file' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -l no-input -d 'Never ask: the token comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand trace" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand explain" -s p -l project -d 'A project that is to be uploaded' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand explain" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand explain" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand explain" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand explain" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -l as -d 'Look up a token as this client (pip, uv or twine) does, and show what comes of it, but for the token itself' -r -f -a "pip\t'pip'
uv\t'uv'
twine\t'twine'"
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -s a -l all -d 'Show what is well, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -l json -d 'Print JSON, for programs; what is well is in it, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -f -a "show" -d 'Show for how long tokens may last that the agent hands out'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -f -a "edit" -d 'Change that, in an editor or from a file'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and not __fish_seen_subcommand_from show edit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -l toml -d 'Print the policy as `policy edit --file` reads it, without the limits of config.toml'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask: the passphrase of the vault comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -s s -l server -d 'The server, as `status` shows it; needed only where several are kept' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -l as -d 'The user; needed only where several are kept for the server' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -s f -l file -d 'Read the policy from FILE (-: standard input), and start no editor' -r -F
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -l no-input -d 'Never ask: the passphrase of the vault comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show for how long tokens may last that the agent hands out'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Change that, in an editor or from a file'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "socket" -d 'Open a socket for a container, which gives only what is named'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "install" -d 'Have your session start the agent: systemd, else the desktop'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "uninstall" -d 'Take back what `agent install` did'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and not __fish_seen_subcommand_from start stop status lock unlock socket install uninstall help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -l json -d 'Print JSON, for programs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from lock" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from lock" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from lock" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -l no-input -d 'Never ask: the passphrase comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -s i -l index -d 'The only indexes to ask for, by commas; their bases are added (default: all)' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -l for -d 'What for: read, upload, push, toxresult or remove, by commas' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -s s -l server -d 'Only of this server, as `status` shows it' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -l as -d 'Only of this user' -r
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -l close -d 'Close the socket that is there'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -l no-input -d 'Never ask: a passphrase comes from standard input'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from socket" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "socket" -d 'Open a socket for a container, which gives only what is named'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "install" -d 'Have your session start the agent: systemd, else the desktop'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "uninstall" -d 'Take back what `agent install` did'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand agent; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s y -l yes -d 'Agree to every change, also to credentials that are taken out of files'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s n -l dry-run -d 'Only show what would be changed'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -l undo -d 'Take back what setup has changed in files'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -l no-input -d 'Never ask: show what would be changed'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and not __fish_seen_subcommand_from shim help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from shim" -s q -l quiet -d 'Say nothing but what is asked for, and errors'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from shim" -s v -l verbose -d 'Say what is asked of which server, and what it answers'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from shim" -s h -l help -d 'Print help'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from help" -f -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand setup; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "login" -d 'Log in once: the agent keeps a token, nothing keeps the password'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "renew" -d 'Replace a kept token by one that ends later'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "logout" -d 'Let the agent forget a token, and with --revoke the server, too'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "status" -d 'Show which tokens the agent keeps, and until when they are valid'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "get" -d 'Print a fresh token to read an index or to upload to it'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "exec" -d 'Run a command with tokens that are replaced as long as it runs'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "create" -d 'Make a new token on the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "derive" -d 'Make a narrower token, without the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "inspect" -d 'Show what a token says, in words'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "list" -d 'List the tokens of a user on the server'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "delete" -d 'Delete a token on the server, and all that was derived from it'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "token-login" -d 'Log devpi-client in with a token'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "can" -d 'Tell what a server would answer to a token, without asking it'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "log" -d 'Show what was handed out, to which program, and until when'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "trace" -d 'Tell to which program a token was handed out, and what it can still do'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "explain" -d 'Tell what pip, uv and twine would get for a URL, and why'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "doctor" -d 'Look at all that a client needs to get a token, and say what mends the rest'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "policy" -d 'Show or change what the agent may hand out, and for how long'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "agent" -d 'Start, stop, lock or unlock the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "setup" -d 'Make pip, uv, twine and others ask the agent'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and not __fish_seen_subcommand_from login renew logout status get exec create derive inspect list delete token-login can log trace explain doctor policy agent setup help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "show" -d 'Show for how long tokens may last that the agent hands out'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "edit" -d 'Change that, in an editor or from a file'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "start" -d 'Start the agent, if it does not run'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "stop" -d 'End the agent; the next request starts it again'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "status" -d 'Show whether the agent runs, and where'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "lock" -d 'Hand out nothing until `agent unlock`'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "unlock" -d 'Open the vault, and end a lock'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "socket" -d 'Open a socket for a container, which gives only what is named'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "install" -d 'Have your session start the agent: systemd, else the desktop'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from agent" -f -a "uninstall" -d 'Take back what `agent install` did'
complete -c devpi-tokens -n "__fish_devpi_tokens_using_subcommand help; and __fish_seen_subcommand_from setup" -f -a "shim" -d 'Link the programs that pip, uv and git look for into a folder on PATH'
