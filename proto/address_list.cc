// Reads address lists: the values of To, Cc and Bcc.
#include "proto/address_list.h"

#include <optional>

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/local_part.h"
#include "proto/mailbox.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kNoBound = SIZE_MAX;

Error misplaced_brackets() { return Error::permanent("address list with misplaced angle brackets"); }
Error unclosed(const char* what) { return Error::permanent(std::string("address list with an unclosed ") + what); }

struct Found {
  std::string address;
  std::size_t begin = 0;  // of its first octet in the list, a route before it included...
  std::size_t end = 0;    // ...and behind its last one
};

// One pass over the list. Comments count as white space. White space around '.' and '@' is removed (obsolete syntax); elsewhere it is kept
// as one space, so that "a b@c" stays the malformed address that it is.
class Reader {
 public:
  enum class Keep { addresses, nothing };
  explicit Reader(std::string_view text, Keep keep = Keep::addresses, std::size_t most = kNoBound)
      : text_(text), keep_(keep), most_(most) {}

  // Reads everything, or up to an address that cannot be read.
  Status read() {
    while (at_ < text_.size()) {
      if (const Status status = read_token(); !status) return status;
    }
    return end_address();
  }
  std::vector<Found> take_found() { return std::move(found_); }
  std::vector<std::string> take_names() { return std::move(names_); }
  // True if reading stopped because of too many addresses.
  bool has_too_many() const { return has_too_many_; }
  // The text behind the last address that was read.
  std::string_view rest() const { return text_.substr(begin_); }

 private:
  Status read_token() {
    const char c = text_[at_];
    if (c == '(') return skip_comment();
    if (c == '"') return copy_until('"', "quote");
    if (c == '[') return copy_until(']', "bracket");
    ++at_;
    if (c == ',' || (c == ';' && !in_brackets_)) return end_address_or_route();
    if (c == ':' && !in_brackets_) return start_group();
    if (c == '<') return open_bracket();
    if (c == '>') return close_bracket();
    if (is_blank(c) || c == '\r' || c == '\n') {
      space_ = true;
    } else {
      append(c);
      if (c == '\\' && at_ < text_.size()) word_.push_back(text_[at_++]);
      has_at_ = has_at_ || c == '@' || word_.back() == '@';
      word_end_ = at_;
    }
    return {};
  }

  Status skip_comment() {
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '(') {
        ++depth;
      } else if (text_[at_] == ')' && --depth == 0) {
        ++at_;
        space_ = true;
        return {};
      }
    }
    return unclosed("comment");
  }

  Status copy_until(char end, const char* what) {
    append(text_[at_++]);
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\r' || c == '\n') continue;
      word_.push_back(c);
      if (c == end) {
        word_end_ = ++at_;
        return {};
      }
      if (c == '\\' && at_ + 1 < text_.size()) word_.push_back(text_[++at_]);
    }
    return unclosed(what);
  }

  Status end_address_or_route() {
    if (!in_brackets_) return end_address();
    append(',');
    return {};
  }

  // The text read so far is the name of the group.
  Status start_group() {
    if (address_) return misplaced_brackets();
    note_name();
    start_address();
    return {};
  }

  // The text read so far is the display name.
  Status open_bracket() {
    if (in_brackets_ || address_) return misplaced_brackets();
    note_name();
    start_address();
    in_brackets_ = true;
    return {};
  }

  Status close_bracket() {
    if (!in_brackets_) return misplaced_brackets();
    const auto address = without_source_route(word_);
    if (!address) return Error::permanent("address list with a malformed route");
    Found found{keep_ == Keep::addresses ? std::string(*address) : std::string(), word_begin_, word_end_};
    start_address();
    address_ = std::move(found);
    return {};
  }

  Status end_address() {
    if (in_brackets_) return unclosed("angle bracket");
    if (address_ && has_at_) return misplaced_brackets();  // readers differ about which of the two is the address
    if (keep_ == Keep::addresses && !keep_address()) return Error::permanent("address list with too many addresses");
    begin_ = at_;
    start_address();
    return {};
  }

  // False: there is one address too many.
  bool keep_address() {
    Found found = address_ ? *std::move(address_) : Found{std::move(word_), word_begin_, word_end_};
    if (found.address.empty()) return true;
    has_too_many_ = found_.size() == most_;
    if (has_too_many_) return false;
    found_.push_back(std::move(found));
    return true;
  }

  void note_name() {
    if (!has_at_ || keep_ == Keep::nothing) return;
    if (found_.size() + names_.size() < most_) names_.push_back(word_);
  }

  void start_address() {
    word_.clear();
    has_at_ = false;
    address_.reset();
    space_ = in_brackets_ = false;
  }

  void append(char c) {
    const auto joins = [](char other) { return other == '.' || other == '@'; };
    if (word_.empty()) word_begin_ = at_ - 1;  // the octet itself has been taken
    if (space_ && !word_.empty() && !joins(c) && !joins(word_.back())) word_.push_back(' ');
    space_ = false;
    word_.push_back(c);
  }

  std::string_view text_;
  const Keep keep_;
  const std::size_t most_;  // addresses
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the current address
  std::string word_;       // the address read so far, or a name before it
  std::size_t word_begin_ = 0;
  std::size_t word_end_ = 0;
  std::optional<Found> address_;  // the address in angle brackets
  bool in_brackets_ = false;
  bool space_ = false;
  bool has_at_ = false;  // word_ has an "@" outside quotes
  std::vector<Found> found_;
  std::vector<std::string> names_;  // AddressList::names_like_addresses
  bool has_too_many_ = false;
};

enum class Set { original, resent };

bool is_recipient_field(std::string_view name, Set set) {
  if (set == Set::resent) {
    if (!starts_in_any_case(name, "Resent-")) return false;
    name.remove_prefix(7);
  }
  return equal_in_any_case(name, "To") || equal_in_any_case(name, "Cc") || equal_in_any_case(name, "Bcc");
}

bool has_resent_recipients(std::string_view header) {
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (is_recipient_field(field->name, Set::resent)) return true;
  }
  return false;
}

// The addresses of a list that can be read completely and has at most `most`; their number is subtracted from `most`. A list with more
// gives none, and sets `most` to 0.
std::optional<std::vector<Found>> all_of(std::string_view value, std::size_t& most) {
  Reader reader(value, Reader::Keep::addresses, most);
  const bool is_readable = reader.read().ok();
  auto found = reader.take_found();
  most -= found.size();
  if (is_readable) return found;
  if (reader.has_too_many()) most = 0;
  return std::nullopt;
}

}  // namespace

AddressList read_address_list(std::string_view value, std::size_t most) {
  Reader reader(value, Reader::Keep::addresses, most);
  const Status status = reader.read();
  AddressList list;
  if (!status) list.unreadable = trimmed(reader.rest());
  for (Found& one : reader.take_found()) list.addresses.push_back(std::move(one.address));
  list.names_like_addresses = reader.take_names();
  return list;
}

Result<std::vector<std::string>> parse_address_list(std::string_view value) {
  Reader reader(value);
  if (const Status status = reader.read(); !status) return status.error();
  std::vector<std::string> addresses;
  for (Found& one : reader.take_found()) addresses.push_back(std::move(one.address));
  return addresses;
}

bool is_readable_address_list(std::string_view value) { return Reader(value, Reader::Keep::nothing).read().ok(); }

std::string with_domain(std::string_view value, const Domain& domain, std::size_t& most) {
  const auto found = all_of(value, most);
  if (!found) return std::string(value);
  std::string completed;
  std::size_t copied = 0;
  for (const Found& one : *found) {
    if (!is_local_part(one.address)) continue;
    const auto qualified = Mailbox::parse_qualifying(one.address, domain);
    // Addresses that lack necessary quotes are left as they are: only the end of the address is known here.
    if (!qualified || (one.address.front() != '"' && qualified->local_part() != one.address)) continue;
    completed.append(value.substr(copied, one.end - copied)).append("@").append(domain.text());
    copied = one.end;
  }
  return completed.append(value.substr(copied));
}

std::string with_addresses(std::string_view value, const std::function<std::optional<std::string>(std::string_view address)>& other,
                           std::size_t& most) {
  const auto found = all_of(value, most);
  if (!found) return std::string(value);
  std::string result;
  std::size_t copied = 0;
  for (const Found& one : *found) {
    const auto replaced = other(one.address);
    if (!replaced) continue;
    result.append(value.substr(copied, one.begin - copied)).append(*replaced);
    copied = one.end;
  }
  return result.append(value.substr(copied));
}

std::vector<AddressList> recipients_of_header(std::string_view header) {
  const Set set = has_resent_recipients(header) ? Set::resent : Set::original;
  std::vector<AddressList> all;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (is_recipient_field(field->name, set)) all.push_back(read_address_list(field->value));
  }
  return all;
}

}  // namespace mxpress::proto
