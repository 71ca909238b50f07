
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'devpi-tokens' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'devpi-tokens'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'devpi-tokens' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in once: the agent keeps a token, nothing keeps the password')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace a kept token by one that ends later')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Let the agent forget a token, and with --revoke the server, too')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show which tokens the agent keeps, and until when they are valid')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a fresh token to read an index or to upload to it')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with tokens that are replaced as long as it runs')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a new token on the server')
            [CompletionResult]::new('derive', 'derive', [CompletionResultType]::ParameterValue, 'Make a narrower token, without the server')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what a token says, in words')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the tokens of a user on the server')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a token on the server, and all that was derived from it')
            [CompletionResult]::new('token-login', 'token-login', [CompletionResultType]::ParameterValue, 'Log devpi-client in with a token')
            [CompletionResult]::new('can', 'can', [CompletionResultType]::ParameterValue, 'Tell what a server would answer to a token, without asking it')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show what was handed out, to which program, and until when')
            [CompletionResult]::new('trace', 'trace', [CompletionResultType]::ParameterValue, 'Tell to which program a token was handed out, and what it can still do')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell what pip, uv and twine would get for a URL, and why')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look at all that a client needs to get a token, and say what mends the rest')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Show or change what the agent may hand out, and for how long')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Start, stop, lock or unlock the agent')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Make pip, uv, twine and others ask the agent')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;login' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Keep the token that is in FILE (-: standard input), and make none')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Keep the token that is in FILE (-: standard input), and make none')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'When the kept token ends, for example "30 days", 2027-01-31 or never')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When the kept token ends, for example "30 days", 2027-01-31 or never')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)')
            [CompletionResult]::new('--allowed', '--allowed', [CompletionResultType]::ParameterName, 'What the kept token may do, for example pkg_read,upload (default: all but creating, changing and deleting indexes)')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'The only indexes that the kept token is for, by commas (default: all)')
            [CompletionResult]::new('--indexes', '--indexes', [CompletionResultType]::ParameterName, 'The only indexes that the kept token is for, by commas (default: all)')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The only projects that the kept token is for, by commas (default: all)')
            [CompletionResult]::new('--projects', '--projects', [CompletionResultType]::ParameterName, 'The only projects that the kept token is for, by commas (default: all)')
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'Ceilings for the agent, as `policy show --toml` prints them: how long a token that it hands out may last')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in FILE (PEM), too')
            [CompletionResult]::new('--default', '--default', [CompletionResultType]::ParameterName, 'Of several users of this server, mean this one where none is named')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: passphrase of the vault and password come from standard input, a line each')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to another machine: tokens can be read on the way')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;renew' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'When the new token ends, for example "30 days", 2027-01-31 or never')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When the new token ends, for example "30 days", 2027-01-31 or never')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Delete the old token at once, and with it all that was made from it')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the password comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;logout' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Delete it on the server, too; needs the password')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the password comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;get' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What for: read, upload, push, toxresult or remove (default: read for a simple page, upload for an index)')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'The only projects that may be uploaded, by commas (default: all)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Whose token (default: the user in the URL, else the server''s default)')
            [CompletionResult]::new('--bytes', '--bytes', [CompletionResultType]::ParameterName, 'How much is uploaded: the token for a large upload lasts longer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How it is printed: token, env (variables of pip or twine, and of uv) or netrc')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON with the user, the token and its end, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;exec' {
            [CompletionResult]::new('--lifetime', '--lifetime', [CompletionResultType]::ParameterName, 'How long a token lasts that the command reads with, 5 seconds at least; it is replaced when half of that is over')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What for: read or upload')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'The only projects that may be uploaded, by commas (default: those whose files the command names, else all)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;create' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Whose token (default: who asks)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Whose token (default: who asks)')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the token to FILE, which only you can read')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the token to FILE, which only you can read')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload')
            [CompletionResult]::new('--allowed', '--allowed', [CompletionResultType]::ParameterName, 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Only these indexes, by commas')
            [CompletionResult]::new('--indexes', '--indexes', [CompletionResultType]::ParameterName, 'Only these indexes, by commas')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Only uploads of these projects, by commas')
            [CompletionResult]::new('--projects', '--projects', [CompletionResultType]::ParameterName, 'Only uploads of these projects, by commas')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'From when on it is valid')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--clientdir', '--clientdir', [CompletionResultType]::ParameterName, 'Use the session of devpi-client that is kept in this folder')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in FILE (PEM), too')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace FILE where it is there already')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Take permissions that devpi-server does not know without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Take permissions that devpi-server does not know without asking')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: secrets come from standard input, a line each')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to another machine: tokens can be read on the way')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;derive' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself; shows in lists of processes, so prefer --file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the token to FILE, which only you can read')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the token to FILE, which only you can read')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload')
            [CompletionResult]::new('--allowed', '--allowed', [CompletionResultType]::ParameterName, 'Only these permissions, by commas: del_entry, del_project, del_verdata, index_create, index_delete, index_modify, pkg_read, toxresult_upload, upload')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When it ends, for example 90min, "1h 30min", 2w, 3M (months), 2027-01-31 or never')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Only these indexes, by commas')
            [CompletionResult]::new('--indexes', '--indexes', [CompletionResultType]::ParameterName, 'Only these indexes, by commas')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Only uploads of these projects, by commas')
            [CompletionResult]::new('--projects', '--projects', [CompletionResultType]::ParameterName, 'Only uploads of these projects, by commas')
            [CompletionResult]::new('--not-before', '--not-before', [CompletionResultType]::ParameterName, 'From when on it is valid')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace FILE where it is there already')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Take permissions that devpi-server does not know without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Take permissions that devpi-server does not know without asking')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: secrets come from standard input, a line each')
            [CompletionResult]::new('--force-unknown', '--force-unknown', [CompletionResultType]::ParameterName, 'Derive from a token with restrictions that are not understood, too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;inspect' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself; shows in lists of processes, so prefer --file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the token comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;list' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Whose tokens (default: who asks)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Whose tokens (default: who asks)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--clientdir', '--clientdir', [CompletionResultType]::ParameterName, 'Use the session of devpi-client that is kept in this folder')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in FILE (PEM), too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the password comes from standard input')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to another machine: tokens can be read on the way')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;delete' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Whose token (default: who asks)')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Whose token (default: who asks)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--clientdir', '--clientdir', [CompletionResultType]::ParameterName, 'Use the session of devpi-client that is kept in this folder')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in FILE (PEM), too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the password comes from standard input')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to another machine: tokens can be read on the way')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;token-login' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself; shows in lists of processes, so prefer --file')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server (default: the one that devpi-client uses)')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server (default: the one that devpi-client uses)')
            [CompletionResult]::new('--clientdir', '--clientdir', [CompletionResultType]::ParameterName, 'The folder of devpi-client (default: as devpi-client chooses it)')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in FILE (PEM), too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the token comes from standard input')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to another machine: tokens can be read on the way')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;can' {
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'When (default: now)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself; shows in lists of processes, so prefer --file')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the token comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;log' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Only tokens of this user')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Only tokens of this user')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Only tokens for this server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Only tokens for this server')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Only this purpose: read, upload, push, toxresult or remove')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Only uploads of this project')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Only uploads of this project')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Only tokens for this index')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'Only tokens for this index')
            [CompletionResult]::new('--program', '--program', [CompletionResultType]::ParameterName, 'Only what this program asked for: its name or its path, or what it calls itself')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only from then on, for example "2 hours" (ago) or 2026-11-23')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only the last COUNT')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Only the last COUNT')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what comes, until interrupted')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what comes, until interrupted')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, a line each, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;trace' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The token is in FILE (-: one line of standard input)')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself; shows in lists of processes, so prefer --file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the token comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;explain' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'A project that is to be uploaded')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'A project that is to be uploaded')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;doctor' {
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Look up a token as this client (pip, uv or twine) does, and show what comes of it, but for the token itself')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Show what is well, too')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show what is well, too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs; what is well is in it, too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;policy' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show for how long tokens may last that the agent hands out')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change that, in an editor or from a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;policy;show' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('--toml', '--toml', [CompletionResultType]::ParameterName, 'Print the policy as `policy edit --file` reads it, without the limits of config.toml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the passphrase of the vault comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;policy;edit' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The server, as `status` shows it; needed only where several are kept')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'The user; needed only where several are kept for the server')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Read the policy from FILE (-: standard input), and start no editor')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read the policy from FILE (-: standard input), and start no editor')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the passphrase of the vault comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;policy;help' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show for how long tokens may last that the agent hands out')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change that, in an editor or from a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;policy;help;show' {
            break
        }
        'devpi-tokens;policy;help;edit' {
            break
        }
        'devpi-tokens;policy;help;help' {
            break
        }
        'devpi-tokens;agent' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the agent, if it does not run')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the agent; the next request starts it again')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the agent runs, and where')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Hand out nothing until `agent unlock`')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open the vault, and end a lock')
            [CompletionResult]::new('socket', 'socket', [CompletionResultType]::ParameterValue, 'Open a socket for a container, which gives only what is named')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have your session start the agent: systemd, else the desktop')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take back what `agent install` did')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;agent;start' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;stop' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;lock' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;unlock' {
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: the passphrase comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;socket' {
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'The only indexes to ask for, by commas; their bases are added (default: all)')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'The only indexes to ask for, by commas; their bases are added (default: all)')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What for: read, upload, push, toxresult or remove, by commas')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Only of this server, as `status` shows it')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Only of this server, as `status` shows it')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Only of this user')
            [CompletionResult]::new('--close', '--close', [CompletionResultType]::ParameterName, 'Close the socket that is there')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: a passphrase comes from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;install' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;uninstall' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;agent;help' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the agent, if it does not run')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the agent; the next request starts it again')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the agent runs, and where')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Hand out nothing until `agent unlock`')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open the vault, and end a lock')
            [CompletionResult]::new('socket', 'socket', [CompletionResultType]::ParameterValue, 'Open a socket for a container, which gives only what is named')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have your session start the agent: systemd, else the desktop')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take back what `agent install` did')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;agent;help;start' {
            break
        }
        'devpi-tokens;agent;help;stop' {
            break
        }
        'devpi-tokens;agent;help;status' {
            break
        }
        'devpi-tokens;agent;help;lock' {
            break
        }
        'devpi-tokens;agent;help;unlock' {
            break
        }
        'devpi-tokens;agent;help;socket' {
            break
        }
        'devpi-tokens;agent;help;install' {
            break
        }
        'devpi-tokens;agent;help;uninstall' {
            break
        }
        'devpi-tokens;agent;help;help' {
            break
        }
        'devpi-tokens;setup' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Agree to every change, also to credentials that are taken out of files')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Agree to every change, also to credentials that are taken out of files')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only show what would be changed')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show what would be changed')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Take back what setup has changed in files')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask: show what would be changed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('shim', 'shim', [CompletionResultType]::ParameterValue, 'Link the programs that pip, uv and git look for into a folder on PATH')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;setup;shim' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but what is asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is asked of which server, and what it answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'devpi-tokens;setup;help' {
            [CompletionResult]::new('shim', 'shim', [CompletionResultType]::ParameterValue, 'Link the programs that pip, uv and git look for into a folder on PATH')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;setup;help;shim' {
            break
        }
        'devpi-tokens;setup;help;help' {
            break
        }
        'devpi-tokens;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in once: the agent keeps a token, nothing keeps the password')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Replace a kept token by one that ends later')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Let the agent forget a token, and with --revoke the server, too')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show which tokens the agent keeps, and until when they are valid')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a fresh token to read an index or to upload to it')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with tokens that are replaced as long as it runs')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a new token on the server')
            [CompletionResult]::new('derive', 'derive', [CompletionResultType]::ParameterValue, 'Make a narrower token, without the server')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what a token says, in words')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the tokens of a user on the server')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a token on the server, and all that was derived from it')
            [CompletionResult]::new('token-login', 'token-login', [CompletionResultType]::ParameterValue, 'Log devpi-client in with a token')
            [CompletionResult]::new('can', 'can', [CompletionResultType]::ParameterValue, 'Tell what a server would answer to a token, without asking it')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show what was handed out, to which program, and until when')
            [CompletionResult]::new('trace', 'trace', [CompletionResultType]::ParameterValue, 'Tell to which program a token was handed out, and what it can still do')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell what pip, uv and twine would get for a URL, and why')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look at all that a client needs to get a token, and say what mends the rest')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Show or change what the agent may hand out, and for how long')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Start, stop, lock or unlock the agent')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Make pip, uv, twine and others ask the agent')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'devpi-tokens;help;login' {
            break
        }
        'devpi-tokens;help;renew' {
            break
        }
        'devpi-tokens;help;logout' {
            break
        }
        'devpi-tokens;help;status' {
            break
        }
        'devpi-tokens;help;get' {
            break
        }
        'devpi-tokens;help;exec' {
            break
        }
        'devpi-tokens;help;create' {
            break
        }
        'devpi-tokens;help;derive' {
            break
        }
        'devpi-tokens;help;inspect' {
            break
        }
        'devpi-tokens;help;list' {
            break
        }
        'devpi-tokens;help;delete' {
            break
        }
        'devpi-tokens;help;token-login' {
            break
        }
        'devpi-tokens;help;can' {
            break
        }
        'devpi-tokens;help;log' {
            break
        }
        'devpi-tokens;help;trace' {
            break
        }
        'devpi-tokens;help;explain' {
            break
        }
        'devpi-tokens;help;doctor' {
            break
        }
        'devpi-tokens;help;policy' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show for how long tokens may last that the agent hands out')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change that, in an editor or from a file')
            break
        }
        'devpi-tokens;help;policy;show' {
            break
        }
        'devpi-tokens;help;policy;edit' {
            break
        }
        'devpi-tokens;help;agent' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the agent, if it does not run')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the agent; the next request starts it again')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show whether the agent runs, and where')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Hand out nothing until `agent unlock`')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open the vault, and end a lock')
            [CompletionResult]::new('socket', 'socket', [CompletionResultType]::ParameterValue, 'Open a socket for a container, which gives only what is named')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have your session start the agent: systemd, else the desktop')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take back what `agent install` did')
            break
        }
        'devpi-tokens;help;agent;start' {
            break
        }
        'devpi-tokens;help;agent;stop' {
            break
        }
        'devpi-tokens;help;agent;status' {
            break
        }
        'devpi-tokens;help;agent;lock' {
            break
        }
        'devpi-tokens;help;agent;unlock' {
            break
        }
        'devpi-tokens;help;agent;socket' {
            break
        }
        'devpi-tokens;help;agent;install' {
            break
        }
        'devpi-tokens;help;agent;uninstall' {
            break
        }
        'devpi-tokens;help;setup' {
            [CompletionResult]::new('shim', 'shim', [CompletionResultType]::ParameterValue, 'Link the programs that pip, uv and git look for into a folder on PATH')
            break
        }
        'devpi-tokens;help;setup;shim' {
            break
        }
        'devpi-tokens;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
