// The scripted day.
#include "tests/torture/life.h"

namespace mxpress::torture {

using queue::ActionKind;
using queue::RecipientStage;
using Kind = queue::NewMessage::NoticeFor::Kind;

namespace {

// Data carried from one part of the day into the next.
struct Mail {
  QueueId two, large, dropped, owed, expired, notice;
};

void morning(Life& life, Mail& mail) {
  mail.two = life.store({.recipients = {"b@example.org", "c@example.net"}, .octets = 3000});
  mail.large = life.store({.octets = 6000, .has_own_file = true});
  mail.dropped = life.store({.drop_name = "1.eml"});
  life.commit();
  life.settle(mail.two, {0}, RecipientStage::pending);
  life.settle(mail.large, {0}, RecipientStage::pending);
  life.write();
  life.record_site("mx1 25", 2);
  life.act(ActionKind::hold, {mail.large, mail.dropped});
  life.commit();
  life.act(ActionKind::retry, {mail.two});
  life.act(ActionKind::release, {mail.dropped});
  life.commit();
  life.store({.drop_name = "1.eml"});  // the drop file was still there
  life.store({.has_own_file = true, .drop_name = "2.eml"});
  life.commit();
}

void failures(Life& life, Mail& mail) {
  const auto failed = life.store({});
  const auto bounced = life.store({.has_own_file = true});
  const auto removed = life.store({.recipients = {"b@example.org", "c@example.net"}});
  mail.expired = life.store({.recipients = {"b@example.org", "c@example.net", "d@example.org"}});
  life.commit();
  life.settle(failed, {0}, RecipientStage::notice_pending);
  life.act(ActionKind::bounce, {bounced});
  life.settle(removed, {1}, RecipientStage::delivered);
  life.act(ActionKind::remove, {removed});
  life.expire(mail.expired, {0, 2});
  life.commit();
  mail.notice = life.notice_for(failed, {0});
  life.settle(mail.two, {0}, RecipientStage::delivered);
  life.notice_for(bounced, {0});
  life.commit();
  life.notice_for(mail.expired, {0, 2});
  life.write();
  life.notice_for(mail.two, {1}, Kind::delay);
  life.record_site("mx2 25", 7);
  life.commit();
}

void afternoon(Life& life, Mail& mail) {
  mail.owed = life.store({.has_own_file = true});
  life.commit();
  life.settle(mail.two, {1}, RecipientStage::notice_pending);
  life.settle(mail.owed, {0}, RecipientStage::notice_pending);
  life.act(ActionKind::release, {mail.large});
  life.settle(mail.large, {0}, RecipientStage::delivered);
  life.record_site("mx1 25", 0);
  life.commit();
  life.notice_for(mail.two, {1});
  life.settle(mail.notice, {0}, RecipientStage::delivered);
  life.commit();
  for (int i = 0; i < 5; ++i) {
    life.settle(mail.expired, {1}, RecipientStage::pending);
    life.commit();
  }
}

}  // namespace

void live_a_day(Life& life) {
  Mail mail;
  if (!life.start()) return;
  morning(life, mail);
  failures(life, mail);
  life.busy_hour(6);
  if (!life.start()) return;
  afternoon(life, mail);
  life.busy_hour(6);
  life.notice_for(mail.owed, {0});
  life.settle(mail.expired, {1}, RecipientStage::pending);
  life.store({.has_own_file = true, .drop_name = "3.eml"});
  life.write();
  if (!life.start()) return;
  life.first_hour();
}

}  // namespace mxpress::torture
