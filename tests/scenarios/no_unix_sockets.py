"""Runs a program that may make no Unix sockets, as systemd's RestrictAddressFamilies= does: no_unix_sockets.py PROGRAM ARGUMENT..."""
import ctypes
import errno
import os
import socket
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data
SOCKET = {'x86_64': 41, 'aarch64': 198}[os.uname().machine]
ALLOW, FAIL = 0x7fff0000, 0x00050000


class Instruction(ctypes.Structure):
    _fields_ = [('code', ctypes.c_ushort), ('if_true', ctypes.c_ubyte), ('if_false', ctypes.c_ubyte), ('value', ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('first', ctypes.POINTER(Instruction))]


INSTRUCTIONS = [(LOAD, 0, 0, NUMBER), (JUMP_IF_EQUAL, 0, 3, SOCKET), (LOAD, 0, 0, FIRST_ARGUMENT), (JUMP_IF_EQUAL, 0, 1, socket.AF_UNIX),
                (RETURN, 0, 0, FAIL | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    filters = (Instruction * len(INSTRUCTIONS))(*INSTRUCTIONS)
    program = Program(len(INSTRUCTIONS), filters)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        sys.exit(f'seccomp: {os.strerror(ctypes.get_errno())}')
    os.execv(sys.argv[1], sys.argv[1:])


main()
