// Address lists of header fields. RFC 5322 3.4, 4.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/domain.h"
#include "proto/result.h"

namespace mxpress::proto {

// The addr-specs of an address list, in order, without display names, comments, groups and routes: "a@b.example", "root". Reads the
// obsolete syntax too. They are not yet checked as mailboxes: give them to Mailbox::parse_qualifying(). An Error for text that cannot be
// read without guessing: open quotes, comments or brackets. RFC 5322 3.4, 4.4
Result<std::vector<std::string>> parse_address_list(std::string_view value);
// True if parse_address_list() would give no Error. Keeps nothing of the list.
bool is_readable_address_list(std::string_view value);
// The result of parse_address_list() for the part of the list that can be read.
struct AddressList {
  std::vector<std::string> addresses;
  std::string_view unreadable{};  // from the first address that cannot be read to the end; empty if all can
  // Unquoted names of people and groups that have an "@": other programs may take them for addresses.
  std::vector<std::string> names_like_addresses{};
};
// After `most` addresses the next one counts as unreadable.
AddressList read_address_list(std::string_view value, std::size_t most = SIZE_MAX);
// For the next two functions `most` bounds the work: the number of addresses read is subtracted from it. A list with more is left
// unchanged, and sets `most` to 0.
// The list with "@" and this domain behind each address that is only a local part. Everything else is kept byte for byte, as is a list that
// cannot be read. RFC 6409 8.1
std::string with_domain(std::string_view value, const Domain& domain, std::size_t& most);
// The list with replaced addresses: `other` is called for each addr-spec and returns its replacement, or nothing to keep it. Names,
// comments and folds are kept byte for byte, as is a list that cannot be read.
std::string with_addresses(std::string_view value, const std::function<std::optional<std::string>(std::string_view address)>& other,
                           std::size_t& most);
// For `sendmail -t`: each To, Cc and Bcc; if there is any Resent- recipient field, each Resent-To, Resent-Cc, Resent-Bcc instead.
std::vector<AddressList> recipients_of_header(std::string_view header);

}  // namespace mxpress::proto
