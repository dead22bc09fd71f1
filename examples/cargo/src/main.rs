// SPDX-License-Identifier: BSD-2-Clause
//! exchange QUESTION: asks a server, which is a thread of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let question = std::env::args().nth(1).unwrap_or("right".into());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut text = [0; 32];
        let len = stream.read(&mut text)?;
        stream.write_all(if &text[..len] == b"right" { b"yes" } else { b"no" })
    });
    let mut stream = TcpStream::connect(address)?;
    let mut answer = String::new();
    stream.write_all(question.as_bytes())?;
    stream.read_to_string(&mut answer)?;
    server.join().unwrap()?;
    println!("{}: {}", question, answer);
    std::process::exit(if answer == "yes" { 0 } else { 1 });
}
