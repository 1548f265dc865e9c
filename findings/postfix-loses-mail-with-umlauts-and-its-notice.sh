#!/usr/bin/env bash
# Finding: what `mail -s Größe` sends disappears in Postfix, and so does the notice of it.
#
# Packages  bsd-mailx=8.1.2-0.20220412cvs-1 (mail), postfix=3.7.11-0+deb12u1 with its default settings; seen on 2026-11-28.
# Guess     mail writes Subject as an encoded-word, as it writes MIME fields for the body. If not, Postfix passes the octets on or returns
#           the message, and its sender is told.
# Happens   mail writes Subject as it gets it, in UTF-8. By the sendmail command such a message requires SMTPUTF8 (with ASCII addresses,
#           and a host that has 8BITMIME), and is returned (5.6.7) for every host that does not offer SMTPUTF8. The notice quotes the
#           header, requires SMTPUTF8, too, and is thrown away where the sender's host does not offer it: nobody is told. By SMTP from
#           loopback the same message reaches the same host, with the raw octets in Subject. Besides, where no locale is set, as
#           under cron, mail declares the UTF-8 of the body as charset "ANSI_X3.4-1968", which is ASCII.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
source "$here/postfix.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" bsd-mailx=8.1.2-0.20220412cvs-1 liblockfile1=1.17-1+b1 postfix=3.7.11-0+deb12u1 "${POSTFIX_LIBRARIES[@]}"

send_by_mail() { echo 'Grüße' | env -u LANG "$@" bsd-mailx -s 'Größe' you@there.example; }

# Stores the text that mail passes to sendmail.
printf '#!/bin/sh\ncat >"%s"\n' "$work/message" >"$work/sendmail"
chmod 755 "$work/sendmail"
mount --bind "$work/sendmail" /usr/sbin/sendmail
send_by_mail LC_ALL=C
wait_for 20 test -s "$work/message"
umount /usr/sbin/sendmail
saw 'what mail writes without a locale' $'Subject: Größe\nContent-Type: text/plain; charset="ANSI_X3.4-1968"\nContent-Transfer-Encoding: 8bit\nGrüße' \
  "$(grep -E '^(Subject|Content-)|Gr' "$work/message")"

start_postfix
start_mail_host 8BITMIME
send_by_mail LC_ALL=C.UTF-8
both_have_ended() { [ "$(grep -c ': removed' "$work/postfix.log")" -ge 2 ]; }
wait_for 20 both_have_ended
saw 'by sendmail, to a host without SMTPUTF8, which is the mail host of the sender, too: the log of Postfix' \
  $'from=<root@here.example>
to=<you@there.example> dsn=5.6.7, status=bounced (SMTPUTF8 is required, but was not offered by host 127.0.0.1[127.0.0.1])
from=<>
to=<root@here.example> dsn=5.6.7, status=bounced (SMTPUTF8 is required, but was not offered by host 127.0.0.1[127.0.0.1])' \
  "$(sed -nE '/qmgr|status=/s/.*((from|to)=<[^>]*>).*(( dsn=|, size).*)/\1\3/p' "$work/postfix.log" | sed 's/, size.*//')"
saw 'what the mail host got' '' "$(ls "$work/mail")"

start_mail_host 8BITMIME
send_by_smtp "$work/message"
saw 'by SMTP, to the same host' $'MAIL FROM:<me@here.example> BODY=8BITMIME\nSubject: Größe\nGrüße' "$(arrived '^(MAIL|Subject)|Gr')"

start_mail_host 8BITMIME SMTPUTF8
send_by_mail LC_ALL=C.UTF-8
saw 'by sendmail, to a host with SMTPUTF8' $'MAIL FROM:<root@here.example> BODY=8BITMIME SMTPUTF8\nSubject: Größe\nGrüße' \
  "$(arrived '^(MAIL|Subject)|Gr')"
conclude 2026-11-28
