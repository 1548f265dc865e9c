"""A file system (FUSE) that a user has mounted, with the option allow_other, and that answers only the first request: a process waiting for it
outlasts SIGKILL. Arguments: folder, uid. Runs as root, instead of fusermount3."""
import ctypes
import os
import struct
import sys

folder, uid = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
device = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={device},rootmode=40000,user_id={uid},group_id={uid},allow_other'.encode()
if libc.mount(b'silent', folder.encode(), b'fuse', 0, options):
    sys.exit(f'mount: {os.strerror(ctypes.get_errno())}')
print('mounted', flush=True)
while True:
    request = os.read(device, 1 << 20)
    _, operation, unique = struct.unpack('<IIQ', request[:16])
    if operation == 26:  # FUSE_INIT
        answer = struct.pack('<IIII', 7, 31, 65536, 0).ljust(64, b'\0')
        os.write(device, struct.pack('<IiQ', 16 + len(answer), 0, unique) + answer)
