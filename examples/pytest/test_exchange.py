# SPDX-License-Identifier: BSD-2-Clause
import socket
import threading


def serve(listener):
    connection, _ = listener.accept()
    with connection:
        right = connection.recv(32) == b"right"
        connection.sendall(b"yes" if right else b"no")


def ask(question):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        with socket.create_connection(listener.getsockname()) as connection:
            connection.sendall(question)
            answer = connection.recv(32)
        server.join()
    return answer


def test_right():
    assert ask(b"right") == b"yes"


def test_wrong():
    assert ask(b"wrong") == b"yes"
