// Users of this host, and patterns of senders.
#include "mta/config/sender_kinds.h"

#include <pwd.h>

#include <limits>

#include "proto/ascii.h"
#include "proto/mailbox.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

constexpr std::string_view kUsersWanted = "a list of names and numbers of users, such as [\"www-data\", 1001]";
constexpr std::string_view kOthersWanted = "\"refuse\" or \"direct\"";

// -1: unknown.
std::int64_t uid_of(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found ? std::int64_t{found->pw_uid} : -1;
}

Result<LocalUser> parse_user(const ConfigValue& value) {
  if (value.number() && *value.number() >= 0 && *value.number() < std::numeric_limits<uid_t>::max()) return LocalUser{{}, *value.number()};
  if (!value.text() || value.text()->empty()) return wants(kUsersWanted, value);
  const std::string name = proto::printable(*value.text(), 64);
  return LocalUser{name, uid_of(name)};
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Kind<std::vector<LocalUser>> local_users() {
  const Kind<LocalUser> one{parse_user,
                            [](const LocalUser& user) { return user.name.empty() ? std::to_string(user.uid) : in_quotes(user.name); }};
  return list_of(std::string(kUsersWanted), one);
}

Kind<SenderConfig::Others> others() {
  return {[](const ConfigValue& value) -> Result<SenderConfig::Others> {
            if (!value.text()) return wants(kOthersWanted, value);
            if (*value.text() == "refuse") return SenderConfig::Others::refuse;
            if (*value.text() == "direct") return SenderConfig::Others::direct;
            return Error::permanent("must be " + std::string(kOthersWanted) + ", not " + in_quotes(proto::printable(*value.text(), 50)));
          },
          [](const SenderConfig::Others& target) { return in_quotes(target == SenderConfig::Others::refuse ? "refuse" : "direct"); }};
}

Result<std::string> parse_sender_pattern(std::string_view text) {
  if (text == "*") return std::string(text);
  if (text.starts_with("@")) {
    const auto domain = proto::Domain::parse(text.substr(1));
    return domain ? Result<std::string>("@" + domain->text()) : domain.error();
  }
  const auto mailbox = proto::Mailbox::parse(text);
  if (!mailbox) return Error::permanent("is neither an address, nor \"@\" and a domain, nor \"*\": " + mailbox.error().message);
  return sender_key(*mailbox);
}

}  // namespace mxpress::mta::config
