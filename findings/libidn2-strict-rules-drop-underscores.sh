#!/usr/bin/env bash
# Finding: libidn2 turns a name with underscores into another name, when it is asked to be strict.
#
# Packages  idn2=2.3.3-1+b1 and libidn2-0=2.3.3-1+b1; seen on 2026-11-28.
# Guess     With IDN2_USE_STD3_ASCII_RULES (idn2 --usestd3asciirules) a name with a character outside letters, digits and hyphens is an
#           error. Names without any character outside ASCII come back as they are.
# Happens   The flag removes underscores without a word: the result is another name, which may exist. All names that mail asks the DNS for
#           beside hosts have underscores (_dmarc, _domainkey, _mta-sts, _smtp._tls, _25._tcp). And with or without flags, ASCII names whose third
#           and fourth characters are hyphens, which the DNS allows and large hosts have, are refused.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" idn2=2.3.3-1+b1 libidn2-0=2.3.3-1+b1

strict() { idn2 --usestd3asciirules "$1" 2>&1 || true; }
plain() { idn2 "$1" 2>&1 || true; }

saw 'plain: _25._tcp.mx.bücher.example' '_25._tcp.mx.xn--bcher-kva.example' "$(plain _25._tcp.mx.bücher.example)"
saw 'strict: _25._tcp.mx.bücher.example' '25.tcp.mx.xn--bcher-kva.example' "$(strict _25._tcp.mx.bücher.example)"
saw 'strict: _dmarc.example.com' 'dmarc.example.com' "$(strict _dmarc.example.com)"
saw 'strict: my_host.example' 'myhost.example' "$(strict my_host.example)"
saw 'plain: mx--1.example' 'idn2: toAscii: string contains forbidden two hyphens pattern' "$(plain mx--1.example)"
saw 'plain: mx--1.bücher.example' 'idn2: toAscii: string contains forbidden two hyphens pattern' "$(plain mx--1.bücher.example)"
conclude 2026-11-28
