//! nginx's configuration: devpi-lockdown's, with the ways in which a request without credentials ends.

use std::path::Path;

/// How a request without credentials ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// With 401 and a challenge.
    Challenge,
    /// With 302 to the login page, as devpi-lockdown's own template has it.
    Redirect,
    /// With 403, as some have it that were made by hand.
    Forbid,
    /// With what was asked for: nothing is closed.
    Nothing,
}

/// The whole configuration for one bed, everything of it in `folder`. `below` is empty, or a path that begins with a slash
/// and does not end with one.
pub(crate) fn configuration(folder: &Path, front: u16, devpi: u16, (below, refusal): (&str, Refusal)) -> String {
    let closed = match refusal {
        Refusal::Challenge => r#"add_header WWW-Authenticate 'Basic realm="pypi"' always; return 401;"#.to_owned(),
        Refusal::Redirect => format!("return 302 {below}/+login?goto_url=$request_uri;"),
        Refusal::Forbid | Refusal::Nothing => "return 403;".to_owned(),
    };
    let gate = if refusal == Refusal::Nothing { "off" } else { "/+authcheck" };
    let recursive = if refusal == Refusal::Redirect { "recursive_error_pages on;" } else { "" };
    TEMPLATE
        .replace("FOLDER", &folder.to_string_lossy())
        .replace("FRONT", &front.to_string())
        .replace("DEVPI", &devpi.to_string())
        .replace("BELOW", below)
        .replace("CLOSED", &closed)
        .replace("RECURSIVE", recursive)
        .replace("GATE", gate)
}

// One process and no master: it runs as whoever runs the test, ends with one signal, and writes one log in order.
const TEMPLATE: &str = r#"
daemon off;
master_process off;
pid FOLDER/nginx.pid;
error_log FOLDER/nginx.error warn;
events { worker_connections 256; }
http {
    client_body_temp_path FOLDER/nginx-body;
    proxy_temp_path FOLDER/nginx-proxy;
    fastcgi_temp_path FOLDER/nginx-fastcgi;
    uwsgi_temp_path FOLDER/nginx-uwsgi;
    scgi_temp_path FOLDER/nginx-scgi;

    log_format seen escape=json '{"time":"$msec","method":"$request_method","uri":"$request_uri","status":"$status",'
        '"authorization":"$http_authorization","devpi_auth":"$http_x_devpi_auth","agent":"$http_user_agent",'
        '"bytes":"$body_bytes_sent"}';
    access_log FOLDER/access.log seen;

    # devpi-lockdown looks the path up as devpi knows it, without the folder that nginx serves it below.
    map $request_uri $inner_uri {
        "~^BELOW(?<inner>/.*)$" $inner;
        default $request_uri;
    }

    server {
        listen 127.0.0.1:FRONT;
        client_max_body_size 0;
        proxy_read_timeout 60s;
        proxy_set_header Host $http_host;
        proxy_set_header X-outside-url $scheme://$http_hostBELOW;
        proxy_set_header X-Real-IP $remote_addr;

        RECURSIVE
        error_page 401 = @closed;
        location @closed { CLOSED }

        auth_request GATE;
        location = /+authcheck {
            internal;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header X-Original-URI $inner_uri;
            proxy_set_header X-outside-url $scheme://$http_hostBELOW;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_pass http://127.0.0.1:DEVPI;
        }
        location = /+testbed { auth_request off; return 204; }
        location BELOW/ { proxy_pass http://127.0.0.1:DEVPI/; }
    }
}
"#;
