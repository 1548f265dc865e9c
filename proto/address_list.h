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
// obsolete syntax too. Not yet checked as mailboxes: give them to Mailbox::parse_qualifying(). An Error for what cannot be read without
// guessing: open quotes, comments or brackets. RFC 5322 3.4, 4.4
Result<std::vector<std::string>> parse_address_list(std::string_view value);
// Whether there would be no Error. Keeps nothing of the list.
bool is_readable_address_list(std::string_view value);
// The same as parse_address_list() as far as the list can be read.
struct AddressList {
  std::vector<std::string> addresses;
  std::string_view unreadable{};  // from the first address that cannot be read to the end; empty if all can
  // What stands without quotes where names of people and groups do, but has an "@": other programs may take it for an address.
  std::vector<std::string> names_like_addresses{};
};
// Behind `most` addresses a further one counts as one that cannot be read.
AddressList read_address_list(std::string_view value, std::size_t most = SIZE_MAX);
// For the next two `most` bounds the work: so many addresses are looked at, and taken off it. A list of more stays as it is, and nothing is
// left of `most`.
// The list with "@" and this domain behind each address that is only a local part; everything else byte for byte, and all of it if it
// cannot be read. RFC 6409 8.1
std::string with_domain(std::string_view value, const Domain& domain, std::size_t& most);
// The list with other addresses: `other` is asked for each addr-spec, and gives what stands in its place, or nothing to leave it. Names,
// comments and folds stay byte for byte, and so does all of a list that cannot be read.
std::string with_addresses(std::string_view value, const std::function<std::optional<std::string>(std::string_view address)>& other,
                           std::size_t& most);
// For `sendmail -t`: each To, Cc and Bcc, or, if there is any Resent- recipient field, each Resent-To, Resent-Cc, Resent-Bcc.
std::vector<AddressList> recipients_of_header(std::string_view header);

}  // namespace mxpress::proto
