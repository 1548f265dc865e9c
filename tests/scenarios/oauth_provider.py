"""An OAuth provider for practice: HTTPS, in this process, with answers that a scenario can bend; and a mail host that takes its tokens."""
import base64
import http.server
import json
import secrets
import socketserver
import ssl
import threading
import urllib.parse

DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client may disconnect at any time."""


class OAuthProvider:
    """Knows one client, "client-1". Access tokens have 4,000 characters; each refresh gives a new refresh token, and takes the old one no more."""

    def __init__(self, world, address, certificate, key, user):
        self.address, self.port, self.user = address, world.free_port(address), user
        self.introspection_port = world.free_port(address)
        self.lock = threading.Lock()
        self.refresh_tokens, self.access_tokens, self.codes = set(), set(), {}
        self.all_secrets = []
        self.bent = []  # answers to the next requests for a token: (status, media type, body)
        self.asked = []  # forms of requests for tokens
        self.lifetime, self.device_answers = 3600, []
        self.before_answer = lambda: None  # when a request for a token has been decided
        self.serve(self.port, self.make_handler(), certificate, key, world)
        self.serve(self.introspection_port, self.make_handler(), None, None, world)

    def serve(self, port, handler, certificate, key, world):
        server = Server((self.address, port), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.at_end.append(server.shutdown)

    def url(self, path):
        return f'https://login.provider.example:{self.port}/{path}'

    def introspection_url(self):
        return f'http://{self.address}:{self.introspection_port}/introspect'

    def new_secret(self, prefix, length):
        secret = prefix + secrets.token_urlsafe(length)[:length - len(prefix)]
        self.all_secrets.append(secret)
        return secret

    def tokens(self):
        access, refresh = self.new_secret('access.', 4000), self.new_secret('refresh.', 1500)
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        return {'token_type': 'Bearer', 'access_token': access, 'refresh_token': refresh, 'expires_in': self.lifetime}

    def is_good(self, token):
        with self.lock:
            return token in self.access_tokens

    def revoke_access_tokens(self):
        with self.lock:
            self.access_tokens.clear()

    def revoke_refresh_tokens(self):
        with self.lock:
            self.refresh_tokens.clear()

    def refusal(self, code, status=400):
        return status, 'application/json', json.dumps({'error': code, 'error_description': f'said by the practice provider: {code}'})

    def good(self, answer):
        return 200, 'application/json', json.dumps(answer)

    def token(self, form):
        self.asked.append(form)
        if self.bent:
            return self.bent.pop(0)
        if form.get('client_id') != 'client-1':
            return self.refusal('invalid_client', 401)
        grant = form.get('grant_type')
        if grant == DEVICE:
            code = self.device_answers.pop(0) if self.device_answers else 'authorization_pending'
            return self.refusal(code) if code else self.good(self.tokens())
        if grant == 'authorization_code':
            known = self.codes.pop(form.get('code'), None)
            return self.good(self.tokens()) if known and known(form) else self.refusal('invalid_grant')
        if form.get('refresh_token') not in self.refresh_tokens:
            return self.refusal('invalid_grant')
        self.refresh_tokens.remove(form['refresh_token'])
        return self.good(self.tokens())

    def device(self, form):
        return self.good({'device_code': self.new_secret('device.', 60), 'user_code': 'ABCD-EFGH', 'verification_uri': 'https://login.provider.example/device',
                          'expires_in': 60, 'interval': 1})

    def introspect(self, form):
        return self.good({'active': True, 'username': self.user} if form.get('token') in self.access_tokens else {'active': False})

    def make_handler(provider):
        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 30

            def do_POST(self):
                text = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
                form = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
                action = {'/token': provider.token, '/device': provider.device, '/introspect': provider.introspect}.get(self.path.partition('?')[0])
                if action is None:
                    return self.send_error(404)
                with provider.lock:
                    status, kind, body = action(form)
                provider.before_answer()
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body) + (100 if kind == 'lies/length' else 0)))
                self.send_header('Connection', 'close')
                self.end_headers()
                self.wfile.write(body.encode())
                self.close_connection = True

            def log_message(self, *arguments):
                pass
        return Handler


class TokenMailHost:
    """Accepts mail over TLS from the first octet on, from clients with a token that the provider knows, and no password, as Microsoft does; closes
    after some messages."""

    def __init__(self, world, address, certificate, key, provider, per_session=3):
        self.port = world.free_port(address)
        self.messages, self.sign_ins, self.refusals = [], [], 0
        self.when_taken = {}  # actions after this many accepted messages
        host = self

        class Session(socketserver.StreamRequestHandler):
            timeout = 60

            def say(self, line):
                self.wfile.write(line.encode() + b'\r\n')

            def hear(self):
                return self.rfile.readline(20000).decode('latin-1').rstrip('\r\n')

            def sign_in(self, line):
                mechanism, _, initial = line[5:].partition(' ')
                if mechanism in ('PLAIN', 'LOGIN'):
                    self.say('550 5.7.30 Basic authentication is not supported for Client Submission.')
                    return False
                if not initial:
                    self.say('334 ')
                    initial = self.hear()
                fields = base64.b64decode(initial).decode('latin-1').split('\x01')
                token = next((f.removeprefix('auth=Bearer ') for f in fields if f.startswith('auth=Bearer ')), '')
                if provider.is_good(token):
                    host.sign_ins.append((mechanism, fields[0]))
                    self.say('235 2.7.0 ok')
                    return True
                self.say('334 ' + base64.b64encode(b'{"status":"401","schemes":"Bearer","scope":"mail"}').decode())
                check = self.hear()
                host.refusals += 1
                self.say(f'535 5.7.8 not accepted{" (no answer to the challenge)" if check not in ("", "AQ==") else ""}')
                return False

            def handle(self):
                self.say('220 mail.provider.example ESMTP')
                is_known, taken = False, 0
                while line := self.hear():
                    verb = line.upper()
                    if verb.startswith('EHLO'):
                        self.say('250-mail.provider.example\r\n250-AUTH XOAUTH2 OAUTHBEARER PLAIN LOGIN\r\n250 8BITMIME')
                    elif verb.startswith('AUTH '):
                        is_known = self.sign_in(line)
                    elif verb == 'DATA':
                        self.say('354 go')
                        content = []
                        while (part := self.hear()) != '.':
                            content.append(part)
                        host.messages.append('\n'.join(content))
                        host.when_taken.pop(len(host.messages), lambda: None)()
                        taken += 1
                        self.say('250 2.0.0 taken')
                        if taken == per_session:
                            return self.say('421 4.7.0 enough')
                    elif verb == 'QUIT':
                        return self.say('221 bye')
                    elif verb.startswith('MAIL ') and not is_known:
                        self.say('530 5.7.0 Authentication required')
                    else:
                        self.say('250 ok')

        server = Server((address, self.port), Session)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.at_end.append(server.shutdown)
