// Compares host names: see host_names.h.
#include "mta/trace/host_names.h"

#include <algorithm>
#include <iterator>

#include "proto/ascii.h"

namespace mxpress::mta::trace {
namespace {

// Hosts of these domains hand mail to each other.
constexpr std::string_view kProviders[] = {
    "google.com gmail.com googlemail.com 1e100.net",
    "outlook.com hotmail.com exchangelabs.com microsoft.com office365.com live.com",
    "yahoo.com yahoodns.net yahoo.co.jp aol.com",
    "qq.com tencent.com foxmail.com",
    "163.com 126.com 126.net netease.com yeah.net 188.com",
    "amazonses.com amazonaws.com",
    "icloud.com apple.com me.com mac.com",
    "sendgrid.net sendgrid.com ismtpd.com",
    "gmx.net gmx.com web.de kundenserver.de mail.com",
};

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string registered_domain(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto last = name.rfind('.');
  if (last == name.npos || last == 0) return proto::lower_case(name);
  auto second = name.rfind('.', last - 1);
  const std::size_t label = second == name.npos ? last : last - second - 1;
  // "co.uk", "com.cn": a short label in front of the letters of a country
  if (second != name.npos && name.size() - last - 1 == 2 && label <= 3) second = second == 0 ? name.npos : name.rfind('.', second - 1);
  return proto::lower_case(second == name.npos ? name : name.substr(second + 1));
}

bool are_of_one_owner(std::string_view left, std::string_view right) {
  const std::string a = registered_domain(left), b = registered_domain(right);
  if (a.empty() || b.empty()) return false;
  return a == b || std::any_of(std::begin(kProviders), std::end(kProviders),
                               [&](std::string_view list) { return has_word(list, a) && has_word(list, b); });
}

bool is_public_name(std::string_view name) {
  static constexpr std::string_view kPrivate[] = {"local", "localdomain", "lan", "internal", "intranet", "home", "corp", "private"};
  const auto dot = name.rfind('.');
  if (dot == name.npos || name.front() == '[' || dns::Address::parse(name).ok()) return false;
  return std::none_of(std::begin(kPrivate), std::end(kPrivate),
                      [&](std::string_view one) { return proto::equal_in_any_case(name.substr(dot + 1), one); });
}

bool is_inside(const dns::Address& address) { return dns::is_loopback(address) || dns::is_private(address) || dns::is_link_local(address); }

}  // namespace mxpress::mta::trace
