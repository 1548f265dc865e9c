#!/usr/bin/env bash
# Finding: Dovecot and libgsasl disagree on SCRAM for some passwords outside ASCII, which PLAIN accepts.
#
# Packages  dovecot-core=1:2.3.19.1+dfsg1-2.1+deb12u7 and dovecot-imapd of the same version, gsasl=2.2.0-1+deb12u2 and
#           libgsasl18=2.2.0-1+deb12u2; seen on 2026-11-28.
# Guess     Both prepare a password by SASLprep (RFC 5802 5.1, RFC 4013), so that the right password is right with every mechanism.
# Happens   libgsasl does, Dovecot does not, neither for `doveadm pw` nor for a password that it keeps in plain text. A password that
#           SASLprep changes (it has a fraction, a ligature, an ordinal ...) succeeds with PLAIN and fails with SCRAM-SHA-256.
#           Passwords that SASLprep leaves alone, such as those with composed umlauts, succeed with both.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
dovecot=1:2.3.19.1+dfsg1-2.1+deb12u7
with_packages "${BASH_SOURCE[0]}" dovecot-core=$dovecot dovecot-imapd=$dovecot libexttextcat-2.0-0=3.4.5-1 liblua5.4-0=5.4.4-3+deb12u1 \
  libwrap0=7.6.q-32 gsasl=2.2.0-1+deb12u2 libgsasl18=2.2.0-1+deb12u2 libidn12=1.41-1 libntlm0=1.6-4 libgssglue1=0.7-1.1

# SASLprep leaves the first two as they are; it changes the others.
passwords=('secret' 'größe' '½ litre' 'ﬁsh')

mkdir "$work/state"
printf '%s:x:%s:%s::/:/bin/false\n' dovecot 64990 64990 dovenull 64991 64991 >>/etc/passwd
printf '%s:x:%s:\n' dovecot 64990 dovenull 64991 >>/etc/group
cat >"$work/dovecot.conf" <<C
base_dir = $work/run
state_dir = $work/state
log_path = $work/log
protocols = imap
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain scram-sha-256
auth_failure_delay = 0
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = 143
  }
}
service stats {
  chroot =
}
passdb {
  driver = passwd-file
  args = $work/users
}
userdb {
  driver = static
  args = uid=64990 gid=64990 home=$work/state
}
mail_location = maildir:$work/state/mail
C
for i in "${!passwords[@]}"; do
  echo "hashed$i:$(doveadm -c "$work/dovecot.conf" pw -s SCRAM-SHA-256 -p "${passwords[i]}")"
  echo "plain$i:{PLAIN}${passwords[i]}"
done >"$work/users"
chown dovecot "$work/users"
dovecot -c "$work/dovecot.conf"
wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/143'

# login USER PASSWORD MECHANISM
login() {
  if timeout 20 gsasl --imap --no-starttls --no-cb -d --connect=127.0.0.1:143 -m "$3" -a "$1" -z "$1" -p "$2" </dev/null >"$work/gsasl.log" 2>&1; then
    echo accepted
  else
    echo refused
  fi
}

# logins NUMBER: with each mechanism, where Dovecot keeps what `doveadm pw` made, and where it keeps the password.
logins() {
  local kept mechanism
  for kept in hashed plain; do
    for mechanism in PLAIN SCRAM-SHA-256; do echo "$kept, $mechanism: $(login "$kept$1" "${passwords[$1]}" $mechanism)"; done
  done
}

both=$'hashed, PLAIN: accepted\nhashed, SCRAM-SHA-256: accepted\nplain, PLAIN: accepted\nplain, SCRAM-SHA-256: accepted'
saw 'secret' "$both" "$(logins 0)"
saw 'größe' "$both" "$(logins 1)"
saw '½ litre' "${both//256: accepted/256: refused}" "$(logins 2)"
saw 'ﬁsh (with a ligature)' "${both//256: accepted/256: refused}" "$(logins 3)"
conclude 2026-11-28
