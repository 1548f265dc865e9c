#!/usr/bin/env python3
"""Starts a program whose standard error is read by a log daemon of ordinary speed. Usage: hostile_journal.py MIB_PER_SECOND PROGRAM ARGUMENT..."""
import os
import sys
import time


def copy(source, speed):
    begin, copied = time.monotonic(), 0
    while octets := os.read(source, 65536):
        os.write(2, octets)
        copied += len(octets)
        now = time.monotonic()
        begin = max(begin, now - copied / speed - 0.1)  # unused time does not count later
        time.sleep(max(0.0, begin + copied / speed - now))


if __name__ == '__main__':
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(writer)
        copy(reader, float(sys.argv[1]) * (1 << 20))
        os._exit(0)
    os.close(reader)
    os.dup2(writer, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
