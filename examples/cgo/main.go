// SPDX-License-Identifier: BSD-2-Clause

// exchange QUESTION: asks through C, which netspy sees. Go's own package net
// makes system calls by itself; no library can see them.
package main

/*
#cgo pkg-config: netspy
#cgo CFLAGS: -I${SRCDIR}/..
#include <stdlib.h>
#include "../ask.c"
*/
import "C"

import (
	"fmt"
	"net"
	"os"
	"unsafe"
)

func serve(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	text := make([]byte, 32)
	n, _ := conn.Read(text)
	if string(text[:n]) == "right" {
		conn.Write([]byte("yes"))
	} else {
		conn.Write([]byte("no"))
	}
}

func main() {
	question := "right"
	if len(os.Args) > 1 {
		question = os.Args[1]
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "exchange:", err)
		os.Exit(2)
	}
	go serve(listener)
	port := listener.Addr().(*net.TCPAddr).Port
	text := C.CString(question)
	defer C.free(unsafe.Pointer(text))
	var answer [32]C.char
	C.ask(C.int(port), text, &answer[0], 32)
	fmt.Printf("%s: %s\n", question, C.GoString(&answer[0]))
	status := 0
	if C.GoString(&answer[0]) != "yes" {
		status = 1
	}
	// Go ends with a system call of its own, which netspy does not see; the
	// capture would need "netspy recover".
	C.exit(C.int(status))
}
