// Cleans header fields one by one.
#include "mta/content/plain_header.h"

#include <algorithm>
#include <vector>

#include "dns/async.h"
#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/encoded_addresses.h"
#include "proto/header.h"
#include "proto/seven_bit_header.h"

namespace mxpress::mta::content {
namespace {

constexpr std::size_t kAtOnce = 16 * 1024;        // octets
constexpr std::size_t kMostToEncode = 32 * 1024;  // octets of one field, which take up to some 8 ms

bool has_eight_bit(std::string_view text) { return std::any_of(text.begin(), text.end(), proto::is_eight_bit); }

bool is_odd_space(char c) { return c == '\f' || c == '\v'; }

bool has_blank_name(const proto::HeaderField& field) {
  return field.text.size() > field.name.size() && proto::is_blank(field.text[field.name.size()]);
}

bool is_plain(const proto::HeaderField& field) {
  if (field.name.empty()) return true;
  return !has_blank_name(field) &&
         std::none_of(field.text.begin(), field.text.end(), [](char c) { return proto::is_eight_bit(c) || is_odd_space(c); });
}

// An address that only SMTPUTF8 could carry.
bool has_raw_address(const proto::HeaderField& field) {
  if (!proto::is_address_field(field.name)) return false;
  const std::vector<std::string> addresses = proto::read_address_list(field.value).addresses;
  return std::any_of(addresses.begin(), addresses.end(), [](const std::string& address) {
    const auto at = address.rfind('@');
    return at != std::string::npos && has_eight_bit(std::string_view(address).substr(0, at));
  });
}

std::string plain_field(const proto::HeaderField& field) {
  std::string plain(field.name);
  plain.append(field.text.substr(static_cast<std::size_t>(field.value.data() - field.text.data()) - 1));
  std::replace_if(plain.begin(), plain.end(), is_odd_space, ' ');
  if (plain.size() > kMostToEncode || !has_eight_bit(plain) || has_raw_address(field)) return plain;
  return proto::seven_bit_header(plain);
}

}  // namespace

bool needs_plain_form(std::string_view header) {
  proto::HeaderReader reader(header);
  while (const auto field = reader.next())
    if (!is_plain(*field)) return true;
  return false;
}

Task<Result<std::string>> plain_header(std::string_view header, std::function<bool(std::size_t)> may_hold) {
  std::string plain;
  plain.reserve(header.size() + header.size() / 8);
  std::size_t since_turn = 0;
  const auto no_room = [] { return Error::transient("too much is being signed for mail hosts at the moment"); };
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    plain.append(is_plain(*field) ? std::string(field->text) : plain_field(*field));
    since_turn += field->text.size();
    if (since_turn < kAtOnce) continue;
    since_turn = 0;
    if (!may_hold(plain.capacity())) co_return no_room();
    co_await let_others_go_on();
  }
  if (!may_hold(plain.capacity())) co_return no_room();
  co_return plain;
}

}  // namespace mxpress::mta::content
