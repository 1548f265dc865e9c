#!/usr/bin/env bash
# Finding: dkimpy refuses signed mail with a blank between a field's name and its colon.
#
# Packages  python3-dkim=1.1.4-1; libmail-dkim-perl=1.20230212-2~deb12u1 as the signer, with what it needs; seen on 2026-11-29.
# Guess     The relaxed form has no blanks around the colon (RFC 6376 3.4.2), and the example of the RFC has a field `B : Y` (3.4.5). So a
#           signature of `Subject: hi` fits `Subject : hi`, too, and a field that is not signed does not matter.
# Happens   Mail::DKIM makes the same signature for both. dkimpy verifies the first; the second is a MessageFormatError, also where the blank
#           is in a field that the signature does not cover. dkimverify prints a traceback instead of a verdict.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" python3-dkim=1.1.4-1 python3-dnspython=2.3.0-1+deb12u1 libmail-dkim-perl=1.20230212-2~deb12u1 \
  libcrypt-openssl-rsa-perl=0.33-3+b1 libcrypt-openssl-bignum-perl=0.09-2+b1 libcrypt-openssl-guess-perl=0.15-2 liberror-perl=0.17029-2 libclone-perl=0.46-1 libmailtools-perl=2.21-2 libtimedate-perl=2.3300-2 \
  libnet-dns-perl=1.36-1+deb12u1 libnet-ip-perl=1.26-3 libmail-authenticationresults-perl=2.20230112-1

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -traditional -out "$work/key.pem" 2>/dev/null ||
  openssl genrsa -traditional -out "$work/key.pem" 2048 2>/dev/null
record="v=DKIM1; k=rsa; p=$(openssl pkey -in "$work/key.pem" -pubout -outform DER | base64 -w 0)"

# signed FIELD...: a message with these fields, signed by Mail::DKIM in relaxed form.
signed() {
  { printf '%s\r\n' 'From: a@example.org' "$@" '' 'hello'; } >"$work/message"
  perl -MMail::DKIM::Signer -e '
    my $signer = Mail::DKIM::Signer->new(Algorithm => "rsa-sha256", Method => "relaxed/relaxed", Domain => "example.org", Selector => "s",
                                         KeyFile => $ARGV[0], Headers => "x-none");
    local $/; open(my $file, "<:raw", $ARGV[1]); my $message = <$file>;
    $signer->PRINT($message); $signer->CLOSE;
    print $signer->signature->as_string, "\r\n", $message;' "$work/key.pem" "$work/message"
}

value_of() { tr -d '\r\n\t ' <<<"$1" | sed 's/.*;b=\([^:]*\)From:.*/\1/'; }

# dkimpy's verdict on a message on its input.
verdict() {
  RECORD=$record /usr/bin/python3 -c '
import dkim, os, sys
try:
    print("verified" if dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: os.environ["RECORD"].encode()) else "not verified")
except Exception as error:
    print(type(error).__name__)'
}

usual=$(signed 'Subject: hi'; printf .)
blank=$(signed 'Subject : hi'; printf .)
other=$(signed 'Subject: hi' 'X-Other : x'; printf .)
saw 'the signatures of "Subject: hi" and of "Subject : hi"' same "$([ "$(value_of "$usual")" = "$(value_of "$blank")" ] && echo same || echo different)"
saw 'dkimpy about "Subject: hi"' verified "$(printf %s "${usual%.}" | verdict)"
saw 'dkimpy about "Subject : hi"' MessageFormatError "$(printf %s "${blank%.}" | verdict)"
saw 'dkimpy about a field "X-Other : x" that is not signed' MessageFormatError "$(printf %s "${other%.}" | verdict)"
saw 'dkimverify about "Subject : hi"' "dkim.MessageFormatError: Unexpected characters in RFC822 header: b'Subject : hi'" \
  "$(printf %s "${blank%.}" | dkimverify 2>&1 | tail -n 1)"
conclude 2026-11-29
