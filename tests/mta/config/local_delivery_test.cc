// [local] deliver: its values, and its default.
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;

namespace {

Config parsed(const std::string& toml) { return parse_config(toml, "x.toml").value(); }

}  // namespace

TEST_CASE("config: each way of local delivery is read, and shown as it can be read again") {
  const auto deliver = [](const std::string& way) { return parsed("[local]\ndeliver = \"" + way + "\"\n").local.delivery(); };
  CHECK(deliver("keep").kind == LocalDelivery::Kind::keep);
  CHECK(deliver("mbox").kind == LocalDelivery::Kind::mbox);
  CHECK(deliver("maildir").kind == LocalDelivery::Kind::maildir);
  CHECK(deliver("lmtp:/run/dovecot/lmtp").lmtp_socket == "/run/dovecot/lmtp");
  CHECK(deliver("lmtp:mail.example.org").lmtp_host == HostPort{"mail.example.org", 24});
  CHECK(deliver("lmtp:127.0.0.1:2424").lmtp_host == HostPort{"127.0.0.1", 2424});
  for (const char* way : {"keep", "mbox", "maildir", "lmtp:/run/dovecot/lmtp", "lmtp:127.0.0.1:2424"})
    CHECK(deliver(way).to_string() == way);
  CHECK(parsed("").local.keeps_mail());
  CHECK_FALSE(parsed("").local.deliver);
}

TEST_CASE("config: where nothing is said of local delivery, mail is kept unless mxpress-deliver has its socket") {
  const test::TempFolder folder;
  Config config = parsed("[local]\ndeliver_socket = \"" + (folder.path() / "none").string() + "\"\n");
  choose_local_delivery(config);
  CHECK(config.local.deliver == LocalDelivery{LocalDelivery::Kind::keep});
  Config chosen = parsed("[local]\ndeliver = \"maildir\"\n");
  choose_local_delivery(chosen);
  CHECK(chosen.local.deliver == LocalDelivery{LocalDelivery::Kind::maildir});
}
