"""A mail host that takes everything. Usage: mail_host.py PORT FOLDER [KEYWORD...]

Listens on 127.0.0.1 and offers the keywords in its reply to EHLO. Writes each message to a file FOLDER/NUMBER, its MAIL command in front of it.
"""
import pathlib
import socketserver
import sys

FOLDER, KEYWORDS = pathlib.Path(sys.argv[2]), sys.argv[3:]


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        try:
            self.talk()
        except ConnectionError:
            pass

    def talk(self):
        self.say('220 mail.there.example')
        mail = b''
        for line in self.rfile:
            command = line[:4].upper()
            if command == b'EHLO':
                *lines, last = ['mail.there.example', *KEYWORDS]
                for text in lines:
                    self.say('250-' + text)
                self.say('250 ' + last)
            elif command == b'DATA':
                self.say('354 go on')
                self.keep(mail)
                self.say('250 taken')
            elif command == b'QUIT':
                self.say('221 bye')
                return
            else:
                mail = line if command == b'MAIL' else mail
                self.say('250 ok')

    def keep(self, mail):
        lines = [mail]
        for line in self.rfile:
            if line == b'.\r\n':
                break
            lines.append(line[1:] if line.startswith(b'.') else line)
        part = FOLDER / 'part'
        part.write_bytes(b''.join(lines).replace(b'\r\n', b'\n'))
        part.rename(FOLDER / str(len(list(FOLDER.iterdir()))))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server(('127.0.0.1', int(sys.argv[1])), Session).serve_forever()
