// SPDX-License-Identifier: BSD-2-Clause
//! Links netspy in, with what pkg-config says.

use std::process::Command;

fn main() {
    let flags = Command::new("pkg-config")
        .args(["--libs", "netspy"])
        .output()
        .expect("pkg-config does not run");
    assert!(flags.status.success(), "pkg-config does not find netspy");
    for flag in String::from_utf8_lossy(&flags.stdout).split_whitespace() {
        println!("cargo:rustc-link-arg={}", flag);
    }
}
