// Rewrites From, Sender and Reply-To.
#include "proto/replace_author.h"

#include <algorithm>
#include <utility>

#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/header.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMostAuthors = 100;  // the most that are read
constexpr std::size_t kMostOfLine = 998;   // RFC 5322 2.1.1

struct Authors {
  std::string_view value;  // of the first From field
  std::size_t fields = 0;
  bool has_reply_to = false;
  AddressList list{};

  bool is_readable() const { return fields == 1 && list.unreadable.empty() && !list.addresses.empty(); }
  bool is_one() const { return is_readable() && list.addresses.size() == 1; }
};

Authors find_authors(std::string_view header) {
  Authors authors;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    authors.has_reply_to = authors.has_reply_to || equal_in_any_case(field->name, "Reply-To");
    if (equal_in_any_case(field->name, "From") && authors.fields++ == 0) authors.value = field->value;
  }
  if (authors.fields != 0) authors.list = read_address_list(authors.value, kMostAuthors);
  return authors;
}

bool is_already(const Authors& authors, const Mailbox& author) {
  if (!authors.is_one()) return false;
  const auto mailbox = Mailbox::parse(authors.list.addresses.front());
  return mailbox && equal_in_any_case(mailbox->to_string(), author.to_string());
}

void append_field(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(":");
  if (name.size() + 1 + std::min(value.find("\r\n"), value.size()) > kMostOfLine) out.append("\r\n");
  if (!value.starts_with(' ') && !value.starts_with('\t')) out.append(" ");
  out.append(value).append("\r\n");
}

void append_author(const Authors& authors, const Mailbox& author, std::string& out) {
  const std::string address = author.to_string();
  std::size_t most = 1;
  const auto other = [&](std::string_view) { return address; };
  append_field("From", authors.is_one() ? with_addresses(authors.value, other, most) : address, out);
  if (authors.is_readable() && !authors.has_reply_to) append_field("Reply-To", authors.value, out);
}

}  // namespace

std::optional<std::string> replace_author(std::string_view header, const Mailbox& author) {
  const Authors authors = find_authors(header);
  if (is_already(authors, author)) return std::nullopt;
  std::string out;
  out.reserve(header.size() + 2 * author.to_string().size() + authors.value.size() + 40);
  bool has_author = authors.fields == 0;
  if (has_author) append_author(authors, author, out);
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (equal_in_any_case(field->name, "Sender")) continue;
    if (!equal_in_any_case(field->name, "From"))
      out.append(field->text);
    else if (!std::exchange(has_author, true))
      append_author(authors, author, out);
  }
  return out;
}

}  // namespace mxpress::proto
