"""Files for a message: names in several scripts, and contents that programs on the way like to change."""
import random


def odd_files():
    """Octets by name."""
    octets = random.Random(1).randbytes(3_000_000)
    return {
        'Отчёт за год, и ещё несколько слов, чтобы имя было длинным.pdf': octets,
        '报告 二〇二六年.txt': b'one\r\ntwo\r\n\r\n',
        '👩\u200d👩\u200d👧 family 😀.jpg': b'one\ntwo\n\n',
        'x' * 196 + '.bin': b'one\rtwo\rthree',
        'é' * 120 + '.txt': b'',
        'a "q" back; semi\'s.txt': bytes(range(256)) * 3,
        '100% [sure] (yes), no=maybe*.txt': b'no newline at the end',
        'ends with blank .txt': b'y' * 100_000 + b'\n' + b'z' * 100_000,
        "Ünï'cödé.html": 'Grüße\n'.encode() * 100,
        'name.with.dots': b'From me\n.\n..\n--=-\n\n\n',
    }


def write_files(folder, files):
    """The paths of the files, in the order of their names here."""
    paths = []
    for name, octets in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(octets)
    return paths
