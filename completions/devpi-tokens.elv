
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
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Log in once: the agent keeps a token, nothing keeps the password'
            cand renew 'Replace a kept token by one that ends later'
            cand logout 'Let the agent forget a token, and with --revoke the server, too'
            cand status 'Show which tokens the agent keeps, and until when they are valid'
            cand get 'Print a fresh token to read an index or to upload to it'
            cand exec 'Run a command with tokens that are replaced as long as it runs'
            cand create 'Make a new token on the server'
            cand derive 'Make a narrower token, without the server'
            cand inspect 'Show what a token says, in words'
            cand list 'List the tokens of a user on the server'
            cand delete 'Delete a token on the server, and all that was derived from it'
            cand token-login 'Log devpi-client in with a token'
            cand can 'Tell what a server would answer to a token, without asking it'
            cand log 'Show what was handed out, to which program, and until when'
            cand trace 'Tell to which program a token was handed out, and what it can still do'
            cand explain 'Tell what pip, uv and twine would get for a URL, and why'
            cand doctor 'Look at all that a client needs to get a token, and say what mends the rest'
            cand policy 'Show or change what the agent may hand out, and for how long'
            cand agent 'Start, stop, lock or unlock the agent'
            cand setup 'Make pip, uv, twine and others ask the agent'
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
            cand --policy 'Ceilings for the agent, as `policy show --toml` prints them: how long a token that it hands out may last'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --default 'Of several users of this server, mean this one where none is named'
            cand --no-input 'Never ask: passphrase of the vault and password come from standard input, a line each'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;renew'= {
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand -e 'When the new token ends, for example "30 days", 2027-01-31 or never'
            cand --expires 'When the new token ends, for example "30 days", 2027-01-31 or never'
            cand --now 'Delete the old token at once, and with it all that was made from it'
            cand --no-input 'Never ask: the password comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;logout'= {
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --revoke 'Delete it on the server, too; needs the password'
            cand --no-input 'Never ask: the password comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;status'= {
            cand --json 'Print JSON, for programs'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;get'= {
            cand --for 'What for: read, upload, push, toxresult or remove (default: read for a simple page, upload for an index)'
            cand --project 'The only projects that may be uploaded, by commas (default: all)'
            cand --user 'Whose token (default: the user in the URL, else the server''s default)'
            cand --bytes 'How much is uploaded: the token for a large upload lasts longer'
            cand --format 'How it is printed: token, env (variables of pip or twine, and of uv) or netrc'
            cand --json 'Print JSON with the user, the token and its end, for programs'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;exec'= {
            cand --lifetime 'How long a token lasts that the command reads with, 5 seconds at least; it is replaced when half of that is over'
            cand --for 'What for: read or upload'
            cand --project 'The only projects that may be uploaded, by commas (default: those whose files the command names, else all)'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;create'= {
            cand -u 'Whose token (default: who asks)'
            cand --user 'Whose token (default: who asks)'
            cand -o 'Write the token to FILE, which only you can read'
            cand --output 'Write the token to FILE, which only you can read'
            cand -a 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload'
            cand --allowed 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload'
            cand -e 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never'
            cand --expires 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never'
            cand -i 'Only these indexes, by commas'
            cand --indexes 'Only these indexes, by commas'
            cand -p 'Only uploads of these projects, by commas'
            cand --projects 'Only uploads of these projects, by commas'
            cand --not-before 'From when on it is valid'
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --clientdir 'Use the session of devpi-client that is kept in this folder'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --force 'Replace FILE where it is there already'
            cand -y 'Take permissions that devpi-server does not know without asking'
            cand --yes 'Take permissions that devpi-server does not know without asking'
            cand --no-input 'Never ask: secrets come from standard input, a line each'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;derive'= {
            cand -f 'The token is in FILE (-: one line of standard input)'
            cand --file 'The token is in FILE (-: one line of standard input)'
            cand --token 'The token itself; shows in lists of processes, so prefer --file'
            cand -o 'Write the token to FILE, which only you can read'
            cand --output 'Write the token to FILE, which only you can read'
            cand -a 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload'
            cand --allowed 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload'
            cand -e 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never'
            cand --expires 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never'
            cand -i 'Only these indexes, by commas'
            cand --indexes 'Only these indexes, by commas'
            cand -p 'Only uploads of these projects, by commas'
            cand --projects 'Only uploads of these projects, by commas'
            cand --not-before 'From when on it is valid'
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --force 'Replace FILE where it is there already'
            cand -y 'Take permissions that devpi-server does not know without asking'
            cand --yes 'Take permissions that devpi-server does not know without asking'
            cand --no-input 'Never ask: secrets come from standard input, a line each'
            cand --force-unknown 'Derive from a token with restrictions that are not understood, too'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;inspect'= {
            cand -f 'The token is in FILE (-: one line of standard input)'
            cand --file 'The token is in FILE (-: one line of standard input)'
            cand --token 'The token itself; shows in lists of processes, so prefer --file'
            cand --json 'Print JSON, for programs'
            cand --no-input 'Never ask: the token comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;list'= {
            cand -u 'Whose tokens (default: who asks)'
            cand --user 'Whose tokens (default: who asks)'
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --clientdir 'Use the session of devpi-client that is kept in this folder'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --json 'Print JSON, for programs'
            cand --no-input 'Never ask: the password comes from standard input'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;delete'= {
            cand -u 'Whose token (default: who asks)'
            cand --user 'Whose token (default: who asks)'
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --clientdir 'Use the session of devpi-client that is kept in this folder'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --no-input 'Never ask: the password comes from standard input'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;token-login'= {
            cand -f 'The token is in FILE (-: one line of standard input)'
            cand --file 'The token is in FILE (-: one line of standard input)'
            cand --token 'The token itself; shows in lists of processes, so prefer --file'
            cand -s 'The server (default: the one that devpi-client uses)'
            cand --server 'The server (default: the one that devpi-client uses)'
            cand --clientdir 'The folder of devpi-client (default: as devpi-client chooses it)'
            cand --ca-file 'Trust the certificates in FILE (PEM), too'
            cand --no-input 'Never ask: the token comes from standard input'
            cand --allow-http 'Allow plain http to another machine: tokens can be read on the way'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;can'= {
            cand --at 'When (default: now)'
            cand -f 'The token is in FILE (-: one line of standard input)'
            cand --file 'The token is in FILE (-: one line of standard input)'
            cand --token 'The token itself; shows in lists of processes, so prefer --file'
            cand --no-input 'Never ask: the token comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;log'= {
            cand -u 'Only tokens of this user'
            cand --user 'Only tokens of this user'
            cand -s 'Only tokens for this server'
            cand --server 'Only tokens for this server'
            cand --for 'Only this purpose: read, upload, push, toxresult or remove'
            cand -p 'Only uploads of this project'
            cand --project 'Only uploads of this project'
            cand -i 'Only tokens for this index'
            cand --index 'Only tokens for this index'
            cand --program 'Only what this program asked for: its name or its path, or what it calls itself'
            cand --since 'Only from then on, for example "2 hours" (ago) or 2026-11-23'
            cand -n 'Only the last COUNT'
            cand --last 'Only the last COUNT'
            cand -f 'Go on with what comes, until interrupted'
            cand --follow 'Go on with what comes, until interrupted'
            cand --json 'Print JSON, a line each, for programs'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;trace'= {
            cand -f 'The token is in FILE (-: one line of standard input)'
            cand --file 'The token is in FILE (-: one line of standard input)'
            cand --token 'The token itself; shows in lists of processes, so prefer --file'
            cand --json 'Print JSON, for programs'
            cand --no-input 'Never ask: the token comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;explain'= {
            cand -p 'A project that is to be uploaded'
            cand --project 'A project that is to be uploaded'
            cand --json 'Print JSON, for programs'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;doctor'= {
            cand --as 'Look up a token as this client (pip, uv or twine) does, and show what comes of it, but for the token itself'
            cand -a 'Show what is well, too'
            cand --all 'Show what is well, too'
            cand --json 'Print JSON, for programs; what is well is in it, too'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;policy'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
            cand show 'Show for how long tokens may last that the agent hands out'
            cand edit 'Change that, in an editor or from a file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;policy;show'= {
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand --toml 'Print the policy as `policy edit --file` reads it, without the limits of config.toml'
            cand --json 'Print JSON, for programs'
            cand --no-input 'Never ask: the passphrase of the vault comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;policy;edit'= {
            cand -s 'The server, as `status` shows it; needed only where several are kept'
            cand --server 'The server, as `status` shows it; needed only where several are kept'
            cand --as 'The user; needed only where several are kept for the server'
            cand -f 'Read the policy from FILE (-: standard input), and start no editor'
            cand --file 'Read the policy from FILE (-: standard input), and start no editor'
            cand --no-input 'Never ask: the passphrase of the vault comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;policy;help'= {
            cand show 'Show for how long tokens may last that the agent hands out'
            cand edit 'Change that, in an editor or from a file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;policy;help;show'= {
        }
        &'devpi-tokens;policy;help;edit'= {
        }
        &'devpi-tokens;policy;help;help'= {
        }
        &'devpi-tokens;agent'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
            cand socket 'Open a socket for a container, which gives only what is named'
            cand install 'Have your session start the agent: systemd, else the desktop'
            cand uninstall 'Take back what `agent install` did'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;agent;start'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;stop'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;status'= {
            cand --json 'Print JSON, for programs'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;lock'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;unlock'= {
            cand --no-input 'Never ask: the passphrase comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;socket'= {
            cand -i 'The only indexes to ask for, by commas; their bases are added (default: all)'
            cand --index 'The only indexes to ask for, by commas; their bases are added (default: all)'
            cand --for 'What for: read, upload, push, toxresult or remove, by commas'
            cand -s 'Only of this server, as `status` shows it'
            cand --server 'Only of this server, as `status` shows it'
            cand --as 'Only of this user'
            cand --close 'Close the socket that is there'
            cand --no-input 'Never ask: a passphrase comes from standard input'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;install'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;uninstall'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'devpi-tokens;agent;help'= {
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
            cand socket 'Open a socket for a container, which gives only what is named'
            cand install 'Have your session start the agent: systemd, else the desktop'
            cand uninstall 'Take back what `agent install` did'
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
        &'devpi-tokens;agent;help;socket'= {
        }
        &'devpi-tokens;agent;help;install'= {
        }
        &'devpi-tokens;agent;help;uninstall'= {
        }
        &'devpi-tokens;agent;help;help'= {
        }
        &'devpi-tokens;setup'= {
            cand -y 'Agree to every change, also to credentials that are taken out of files'
            cand --yes 'Agree to every change, also to credentials that are taken out of files'
            cand -n 'Only show what would be changed'
            cand --dry-run 'Only show what would be changed'
            cand --undo 'Take back what setup has changed in files'
            cand --no-input 'Never ask: show what would be changed'
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
            cand -h 'Print help'
            cand --help 'Print help'
            cand shim 'Link the programs that pip, uv and git look for into a folder on PATH'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;setup;shim'= {
            cand -q 'Say nothing but what is asked for, and errors'
            cand --quiet 'Say nothing but what is asked for, and errors'
            cand -v 'Say what is asked of which server, and what it answers'
            cand --verbose 'Say what is asked of which server, and what it answers'
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
            cand renew 'Replace a kept token by one that ends later'
            cand logout 'Let the agent forget a token, and with --revoke the server, too'
            cand status 'Show which tokens the agent keeps, and until when they are valid'
            cand get 'Print a fresh token to read an index or to upload to it'
            cand exec 'Run a command with tokens that are replaced as long as it runs'
            cand create 'Make a new token on the server'
            cand derive 'Make a narrower token, without the server'
            cand inspect 'Show what a token says, in words'
            cand list 'List the tokens of a user on the server'
            cand delete 'Delete a token on the server, and all that was derived from it'
            cand token-login 'Log devpi-client in with a token'
            cand can 'Tell what a server would answer to a token, without asking it'
            cand log 'Show what was handed out, to which program, and until when'
            cand trace 'Tell to which program a token was handed out, and what it can still do'
            cand explain 'Tell what pip, uv and twine would get for a URL, and why'
            cand doctor 'Look at all that a client needs to get a token, and say what mends the rest'
            cand policy 'Show or change what the agent may hand out, and for how long'
            cand agent 'Start, stop, lock or unlock the agent'
            cand setup 'Make pip, uv, twine and others ask the agent'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'devpi-tokens;help;login'= {
        }
        &'devpi-tokens;help;renew'= {
        }
        &'devpi-tokens;help;logout'= {
        }
        &'devpi-tokens;help;status'= {
        }
        &'devpi-tokens;help;get'= {
        }
        &'devpi-tokens;help;exec'= {
        }
        &'devpi-tokens;help;create'= {
        }
        &'devpi-tokens;help;derive'= {
        }
        &'devpi-tokens;help;inspect'= {
        }
        &'devpi-tokens;help;list'= {
        }
        &'devpi-tokens;help;delete'= {
        }
        &'devpi-tokens;help;token-login'= {
        }
        &'devpi-tokens;help;can'= {
        }
        &'devpi-tokens;help;log'= {
        }
        &'devpi-tokens;help;trace'= {
        }
        &'devpi-tokens;help;explain'= {
        }
        &'devpi-tokens;help;doctor'= {
        }
        &'devpi-tokens;help;policy'= {
            cand show 'Show for how long tokens may last that the agent hands out'
            cand edit 'Change that, in an editor or from a file'
        }
        &'devpi-tokens;help;policy;show'= {
        }
        &'devpi-tokens;help;policy;edit'= {
        }
        &'devpi-tokens;help;agent'= {
            cand start 'Start the agent, if it does not run'
            cand stop 'End the agent; the next request starts it again'
            cand status 'Show whether the agent runs, and where'
            cand lock 'Hand out nothing until `agent unlock`'
            cand unlock 'Open the vault, and end a lock'
            cand socket 'Open a socket for a container, which gives only what is named'
            cand install 'Have your session start the agent: systemd, else the desktop'
            cand uninstall 'Take back what `agent install` did'
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
        &'devpi-tokens;help;agent;socket'= {
        }
        &'devpi-tokens;help;agent;install'= {
        }
        &'devpi-tokens;help;agent;uninstall'= {
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
