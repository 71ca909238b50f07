//! Sizes and times that no answer may exceed.

use super::*;

#[test]
fn what_is_compressed_is_refused_before_a_byte_of_it_is_read() {
    for coding in ["gzip", "br", "identity, gzip", "identity\r\nContent-Encoding: gzip"] {
        // It never ends, as a small body that grows to gigabytes hardly does.
        let bomb = Fake::new(move |_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])?;
            // Until the client has hung up.
            stream.read(&mut [0; 1]).map(drop)
        });
        let began = Instant::now();
        let expected = "ROOT gave a bad answer: compressed, which was not asked for".to_owned();
        assert_eq!(refused(&bomb), (expected, 76));
        assert!(began.elapsed() < quick().limits.whole, "{coding}: {:?}", began.elapsed());
        let asked = bomb.seen.lock().expect("the list")[0].to_ascii_lowercase();
        assert!(!asked.contains("accept-encoding"), "{asked}");
    }
}

#[test]
fn a_body_over_a_mebibyte_is_refused_with_and_without_a_length() {
    let long = "x".repeat(2 << 20);
    let announced = Fake::bytes(status("200 OK", &long));
    let open = Fake::bytes(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{long}"));
    let failed = Fake::bytes(status("500 x", &long));
    for fake in [announced, open, failed] {
        assert_eq!(refused(&fake), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    }
    // Of one that says so, nothing is awaited, and no room is made for it.
    for length in [(2_u64 << 20), 1 << 62] {
        let announced = Fake::new(move |_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx")?;
            // Until the client has hung up.
            stream.read(&mut [0; 1]).map(drop)
        });
        assert_eq!(refused(&announced), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    }
    let huge = Fake::bytes("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551614\r\n\r\nx");
    assert_eq!(refused(&huge).1, 76);
}

#[test]
fn an_answer_that_never_ends_is_refused_at_the_limit_and_not_at_the_deadline() {
    let endless = |begin: &'static str, piece: String| {
        Fake::new(move |_, stream| {
            stream.write_all(begin.as_bytes())?;
            // Until the client has hung up.
            loop {
                stream.write_all(piece.as_bytes())?;
            }
        })
    };
    let block = "x".repeat(0x4000);
    let began = Instant::now();
    let body = endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", block.clone());
    assert_eq!(usual_refusal(&body), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    let chunks = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", format!("4000\r\n{block}\r\n"));
    assert_eq!(usual_refusal(&chunks), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    let head = endless("HTTP/1.1 200 OK\r\n", "X: y\r\n".repeat(1000));
    let expected = "ROOT gave a bad answer: it is not HTTP, or the connection was closed".to_owned();
    assert_eq!(usual_refusal(&head), (expected, 76));
    assert!(began.elapsed() < Limits::default().whole, "{:?}", began.elapsed());
}

#[test]
fn a_server_that_is_slow_in_any_way_ends_at_the_same_deadline() {
    let silent = Fake::new(|_, _| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    });
    let dripping = Fake::new(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let dripping_head = Fake::new(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X: y\r\n")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    for fake in [silent, dripping, dripping_head] {
        let began = Instant::now();
        assert_eq!(refused(&fake), ("ROOT did not answer within 0.7 s".to_owned(), 75));
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    }
}

#[test]
fn a_connection_that_never_stands_ends_at_its_own_deadline() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, listen, socket_with};
    // Room for one connection that nobody takes, and it is taken: the system lets the next one wait.
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    bind(&socket, &std::net::SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    listen(&socket, 0).expect("listening");
    let address: std::net::SocketAddr = getsockname(&socket).expect("an address").try_into().expect("an address");
    let waiting = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let client = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).expect("a socket");
        // It does not stand yet, or never will.
        let _ = connect(&client, &address);
        client
    };
    let _held: Vec<_> = (0..4).map(|_| waiting()).collect();
    let limits = Limits { connect: Duration::from_millis(400), whole: Duration::from_secs(30), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let server = Server::new(format!("http://{address}").parse().expect("a URL"), &options).expect("a client");
    let began = Instant::now();
    let error = server.check_token(&Secret::new("devpi-x"), &alice()).expect_err("no connection");
    assert!(error.to_string().ends_with("did not answer within 0.4 s"), "{error}");
    assert_eq!(error.exit() as u8, 75);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn the_limits_are_five_seconds_twenty_seconds_and_a_mebibyte() {
    let usual = Limits { connect: Duration::from_secs(5), whole: Duration::from_secs(20), body: 1 << 20 };
    let chosen_at_login = devpi_tokens::protocol::ServerAccess::default();
    for limits in [Limits::default(), Options::default().limits, Options::of(&chosen_at_login).limits] {
        assert_eq!((limits.connect, limits.whole, limits.body), (usual.connect, usual.whole, usual.body));
    }
}
