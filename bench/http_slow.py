"""Clients that never finish their request head: PORT COUNT. Says «open N» once all are connected; runs until killed."""
import selectors
import socket
import sys
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
EVERY_S = 5.0
ready = selectors.EpollSelector()


def open_one():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # no TIME_WAIT left behind
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    sock.send(b"GET /api/v1/city HTTP/1.1\r\nHost: slow\r\nX-Slow: ")
    ready.register(sock, selectors.EVENT_READ)
    return sock


clients = []
for number in range(count):
    clients.append(open_one())
    if number % 100 == 99:
        time.sleep(0.002)
print("open", len(clients), flush=True)
place = {sock: number for number, sock in enumerate(clients)}
began, sent, cut = time.monotonic(), 0, 0
while True:
    for key, _ in ready.select(0.02):  # whatever comes is the end: 408 and a close
        sock = key.fileobj
        number = place.pop(sock)
        ready.unregister(sock)
        sock.close()
        cut += 1
        clients[number] = open_one()
        place[clients[number]] = number
    due = int((time.monotonic() - began) * count / EVERY_S)
    while sent < due:
        try:
            clients[sent % count].send(b"a")
        except OSError:
            pass
        sent += 1
