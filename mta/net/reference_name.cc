// Reference identifiers.
#include "mta/net/reference_name.h"

#include "dns/address.h"
#include "proto/domain.h"

namespace mxpress::mta::net {

Result<ReferenceName> ReferenceName::parse(std::string_view text) {
  const bool is_bracketed = text.starts_with('[') && text.ends_with(']');
  if (const auto address = dns::Address::parse(is_bracketed ? text.substr(1, text.size() - 2) : text))
    return ReferenceName(address->to_string(), true);
  const auto domain = proto::Domain::parse(text);
  if (!domain) return domain.error();
  if (!domain->is_address_literal()) return ReferenceName(domain->text(), false);
  const auto address = dns::Address::parse(domain->address());
  if (!address) return address.error();
  return ReferenceName(address->to_string(), true);
}

}  // namespace mxpress::mta::net
