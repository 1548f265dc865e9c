// Reads address lists: the names with GMime, the addresses with our own parser, and only what both understand alike.
#include "mta/compose/correspondents.h"

#include <algorithm>

#include "mta/compose/gmime.h"
#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/mailbox.h"
#include "proto/printable.h"

namespace mxpress::mta::compose {
namespace {

std::string quoted(std::string_view text) { return "\"" + proto::printable_utf8(text, 300) + "\""; }

Error no_address(std::string_view text) { return Error::permanent(quoted(text) + " is not a mail address"); }

void collect_names(InternetAddressList* list, std::vector<std::string>& names) {
  for (int i = 0; i < internet_address_list_length(list); ++i) {
    InternetAddress* const entry = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(entry)) {
      collect_names(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(entry)), names);
    } else {
      const char* const name = internet_address_get_name(entry);
      names.emplace_back(name ? name : "");
    }
  }
}

std::vector<std::string> names_in(const std::string& list) {
  start_gmime();
  std::vector<std::string> names;
  const Held<InternetAddressList> parsed(internet_address_list_parse(nullptr, list.c_str()));
  if (parsed) collect_names(parsed.get(), names);
  return names;
}

// Without the domain that mxpressd adds.
Result<std::string> address_as_sent(const std::string& text) {
  const bool is_whole = text.find('@') != text.npos;
  const auto mailbox = proto::Mailbox::parse_qualifying(text, *proto::Domain::parse("localhost.localdomain"));
  if (!mailbox || text.starts_with("/") || text.starts_with("|")) return no_address(text);
  return is_whole ? mailbox->to_string() : mailbox->local_part();
}

}  // namespace

Result<std::vector<Correspondent>> read_correspondents(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), proto::is_control))
    return Error::permanent(quoted(text) + " has a line end or another control character");
  if (!proto::is_utf8(text)) return Error::permanent(quoted(text) + " is not UTF-8");
  const auto list = proto::read_address_list(text);
  if (!list.unreadable.empty()) return no_address(list.unreadable);
  if (list.addresses.empty()) return no_address(text);
  const std::vector<std::string> names = names_in(std::string(text));
  std::vector<Correspondent> people;
  for (std::size_t i = 0; i < list.addresses.size(); ++i) {
    auto address = address_as_sent(list.addresses[i]);
    if (!address) return address.error();
    people.push_back({names.size() == list.addresses.size() ? names[i] : std::string(), std::move(*address)});
  }
  if (names.size() != people.size()) return Error::permanent(quoted(text) + " can be read in more than one way: quote the names in it");
  return people;
}

}  // namespace mxpress::mta::compose
