
use builtin;
use str;

set edit:completion:arg-completer[devpi-tokens] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'devpi-tokens'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'devpi-tokens'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Log in once: the agent keeps a token, nothing keeps the password'
            cand logout 'Let the agent forget a token, and with --revoke the server, too'
            cand status 'Show which tokens the agent keeps, and until when they are valid'
            cand get 'Print a fresh token to read an index or to upload to it'
            cand agent 'Start, stop, lock or unlock the agent'
            cand setup 'Make pip, uv and git ask the agent'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;login'= {
            cand -f 'Keep the token that is in FILE (-: standard input), and make none'
            cand --file 'Keep the token that is in FILE (-: standard input), and make none'
            cand -e 'When the kept token ends, for example "30 days", 2027-01-31 or never'
            cand --expires 'When the kept token ends, for example "30 days", 2027-01-31 or never'
            cand -a 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)'
            cand --allowed 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)'
            cand -i 'The only indexes that the kept token is for, by commas (default: all)'
            cand --indexes 'The only indexes that the kept token is for, by commas (default: all)'
            cand -p 'The only projects that the kept token is for, by commas (default: all)'
            cand --projects 'The only projects that the kept token is for, by commas (default: all)'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --default 'Of several users of this server, mean this one where none is named'
            cand --no-input 'Never ask: passphrase of the vault and password come from standard input, a line each'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;logout'= {
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --revoke 'Delete it on the server, too; needs the password'
            cand --no-input 'Never ask: the password comes from standard input'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;status'= {
            cand --json 'Print JSON, for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;get'= {
            cand --for 'What for: read, upload, push, toxresult or remove (default: read for a simple page, upload for an index)'
            cand --project 'The only projects that may be uploaded, by commas (default: all)'
            cand --user 'Whose token (default: the user in the URL, else the server''s default)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;agent;start'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;stop'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;status'= {
            cand --json 'Print JSON, for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;lock'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;unlock'= {
            cand --no-input 'Never ask: the passphrase comes from standard input'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;help'= {
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;agent;help;start'= {
        }
        &'devpi-tokens;agent;help;stop'= {
        }
        &'devpi-tokens;agent;help;status'= {
        }
        &'devpi-tokens;agent;help;lock'= {
        }
        &'devpi-tokens;agent;help;unlock'= {
        }
        &'devpi-tokens;agent;help;help'= {
        }
        &'devpi-tokens;setup'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand shim 'Link the programs that pip, uv and git look for into a folder on PATH'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;setup;shim'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;setup;help'= {
            cand shim 'Link the programs that pip, uv and git look for into a folder on PATH'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;setup;help;shim'= {
        }
        &'devpi-tokens;setup;help;help'= {
        }
        &'devpi-tokens;help'= {
            cand login 'Log in once: the agent keeps a token, nothing keeps the password'
            cand logout 'Let the agent forget a token, and with --revoke the server, too'
            cand status 'Show which tokens the agent keeps, and until when they are valid'
            cand get 'Print a fresh token to read an index or to upload to it'
            cand agent 'Start, stop, lock or unlock the agent'
            cand setup 'Make pip, uv and git ask the agent'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;help;login'= {
        }
        &'devpi-tokens;help;logout'= {
        }
        &'devpi-tokens;help;status'= {
        }
        &'devpi-tokens;help;get'= {
        }
        &'devpi-tokens;help;agent'= {
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
        }
        &'devpi-tokens;help;agent;start'= {
        }
        &'devpi-tokens;help;agent;stop'= {
        }
        &'devpi-tokens;help;agent;status'= {
        }
        &'devpi-tokens;help;agent;lock'= {
        }
        &'devpi-tokens;help;agent;unlock'= {
        }
        &'devpi-tokens;help;setup'= {
            cand shim 'Link the programs that pip, uv and git look for into a folder on PATH'
        }
        &'devpi-tokens;help;setup;shim'= {
        }
        &'devpi-tokens;help;help'= {
        }
    ]
    $completions[$command]
}
