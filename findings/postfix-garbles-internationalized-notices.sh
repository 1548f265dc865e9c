#!/usr/bin/env bash
# Finding: the parts of a notice of RFC 6533 arrive garbled behind Postfix.
#
# Packages  postfix=3.7.11-0+deb12u1 with its default settings; seen on 2026-11-28.
# Guess     For a host without 8BITMIME, Postfix encodes 8-bit parts and declares the encoding, or returns the message.
# Happens   Parts of the types message/global-delivery-status and message/global-headers (and message/global) with
#           "Content-Transfer-Encoding: 8bit" are encoded as quoted-printable, and declared as 7bit. Readers show, and parsers take,
#           `=C3=B6` for what was an umlaut; nothing says that it is one. The text part in front of them is right.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
source "$here/postfix.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" postfix=3.7.11-0+deb12u1 "${POSTFIX_LIBRARIES[@]}"

cat >"$work/notice" <<'M'
From: Mail Delivery <postmaster@here.example>
To: me@here.example
Subject: Undelivered mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b
Content-Transfer-Encoding: 8bit

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

größe@there.example is unknown.

--b
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; here.example

Final-Recipient: utf-8; größe@there.example
Action: failed
Status: 5.1.1

--b
Content-Type: message/global-headers
Content-Transfer-Encoding: 8bit

From: me@here.example
To: größe@there.example
Subject: Größe

--b--
M

start_postfix
start_mail_host 8BITMIME
send_by_smtp "$work/notice"
saw 'at a host with 8BITMIME' "$(grep -E '^Content|größe|Größe' "$work/notice")" "$(arrived '^Content|größe|Größe')"

start_mail_host SIZE
send_by_smtp "$work/notice"
saw 'at a host without 8BITMIME' 'Content-Type: multipart/report; report-type=delivery-status; boundary=b
Content-Transfer-Encoding: 7bit
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
gr=C3=B6=C3=9Fe@there.example is unknown.
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 7bit
Final-Recipient: utf-8; gr=C3=B6=C3=9Fe@there.example
Content-Type: message/global-headers
Content-Transfer-Encoding: 7bit
To: gr=C3=B6=C3=9Fe@there.example
Subject: Gr=C3=B6=C3=9Fe' "$(arrived '^Content|r=C3|größe|Größe')"
conclude 2026-11-28
