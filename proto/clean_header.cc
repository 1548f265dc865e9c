// Cleans headers in one pass.
#include "proto/clean_header.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/canonical_list.h"
#include "proto/encoded_addresses.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kRemovedFields[] = {"Return-Path", "Bcc", "Resent-Bcc"};
constexpr std::string_view kMergedFields[] = {"To", "Cc"};
constexpr std::string_view kAuthorFields[] = {"From", "Sender", "Reply-To"};
constexpr std::size_t kMaxQualified = 64 * 1024;  // octets of a header's fields that are searched for addresses without domain
constexpr std::size_t kMaxAdded = 128 * 1024;     // octets of domains in a header
constexpr std::size_t kMostCompleted = 2000;      // addresses of a header that are completed
constexpr std::size_t kMostAuthors = 100;         // addresses of a header that may be renamed: each is looked up
constexpr std::size_t kJudged = 128;              // octets of a line that are enough to see whether a person reads it as Bcc

template <std::size_t kCount>
bool is_one_of(const std::string_view (&names)[kCount], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names), [name](std::string_view one) { return equal_in_any_case(one, name); });
}

std::string_view without_resent(std::string_view name) {
  constexpr std::string_view kResent = "Resent-";
  return starts_in_any_case(name, kResent) ? name.substr(kResent.size()) : name;
}

// True if each address certainly has a domain: the usual case, and quick to see. False: look closer.
bool has_only_plain_addresses(std::string_view value) {
  if (value.find_first_of("\"(:;\\") != std::string_view::npos) return false;
  while (true) {
    const auto comma = value.find(',');
    const std::string_view one = value.substr(0, comma);
    const auto bracket = one.find('<');
    const auto at = one.rfind('@');
    if (at == std::string_view::npos || (bracket != std::string_view::npos && at < bracket)) return false;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

// Completes addresses within the bounds for one header.
class Qualifier {
 public:
  explicit Qualifier(const HeaderCompletion* completion) : completion_(completion) {}

  void append(const HeaderField& field, std::string& out) {
    if (!completion_ || !is_address_field(field.name)) return void(out.append(field.text));
    const bool is_renamed = completion_->author && is_one_of(kAuthorFields, without_resent(field.name));
    if (!is_renamed && has_only_plain_addresses(field.value) && is_surely_canonical_list(field.value)) return void(out.append(field.text));
    const auto value = static_cast<std::size_t>(field.value.data() - field.text.data());
    out.append(field.text.substr(0, value));
    if (is_renamed)
      append_authors(field.value, out);
    else
      append_value(field.value, out);
    out.append(field.text.substr(value + field.value.size()));
  }

  void append_value(std::string_view value, std::string& out) {
    searched_ += value.size();
    if (searched_ > kMaxQualified || most_completed_ == 0) return void(out.append(value));
    const std::string completed = with_domain(value, *completion_->domain, most_completed_);
    append_canonical(fits(value, completed) ? std::string_view(completed) : value, out);
  }

 private:
  // Addresses that are not replaced are completed.
  void append_authors(std::string_view value, std::string& out) {
    if (searched_ + value.size() > kMaxQualified || most_authors_ == 0) return append_value(value, out);
    const std::string renamed = with_addresses(value, completion_->author, most_authors_);
    append_value(fits(value, renamed) ? std::string_view(renamed) : value, out);
  }

  void append_canonical(std::string_view value, std::string& out) {
    if (is_surely_canonical_list(value) || !is_readable_address_list(value)) return void(out.append(value));
    const std::string canonical = canonical_list(value);
    out.append(fits(value, canonical) ? std::string_view(canonical) : value);
  }

  // True if there is room for the new form of `value`, which is then counted.
  bool fits(std::string_view value, std::string_view becomes) {
    const std::size_t more = becomes.size() - std::min(becomes.size(), value.size());
    if (more > kMaxAdded - added_) return false;
    added_ += more;
    return true;
  }

  const HeaderCompletion* const completion_;
  std::size_t searched_ = 0;
  std::size_t added_ = 0;  // octets; at most kMaxAdded
  std::size_t most_completed_ = kMostCompleted;
  std::size_t most_authors_ = kMostAuthors;
};

// The addresses of a list, without empty ones at its end; nullopt if it cannot be read.
std::optional<std::string_view> readable_list(std::string_view value) {
  if (!is_readable_address_list(value)) return std::nullopt;
  return value.substr(0, value.find_last_not_of(", \t\r\n") + 1);
}

// Merges several To fields into one, and several Cc fields: logwatch writes one for each recipient, and large providers refuse such mail
// (RFC 5322 3.6 allows one of each). Lists that cannot be read stay separate.
class FieldMerger {
 public:
  // The field was appended to the output, from this offset on.
  void appended(const HeaderField& field, std::size_t begin, const std::string& out) {
    Merged* const merged = merged_of(field.name);
    if (!merged || merged->end > 0) return;
    merged->begin = begin + static_cast<std::size_t>(field.value.data() - field.text.data());
    merged->end = out.size() - (field.text.ends_with(kLineEnd) ? kLineEnd.size() : 0);
  }

  // True: the field repeats an earlier one, and its addresses go into the first.
  bool take(const HeaderField& field, Qualifier& qualifier, const std::string& out) {
    Merged* const merged = merged_of(field.name);
    if (!merged || merged->end == 0) return false;
    const auto more = readable_list(field.value);
    if (!more || !can_be_first(*merged, out)) return false;
    if (trimmed(*more).empty()) return true;
    merged->more.append(merged->more.empty() && merged->is_empty ? " " : ",\r\n ");
    qualifier.append_value(trimmed(*more), merged->more);
    return true;
  }

  void finish(std::string& out) {
    std::sort(std::begin(merged_), std::end(merged_), [](const Merged& a, const Merged& b) { return a.end > b.end; });
    for (const Merged& merged : merged_) {
      if (!merged.more.empty()) out.replace(merged.list_end, merged.end - merged.list_end, merged.more);
    }
  }

 private:
  struct Merged {
    std::size_t begin = 0;     // of the first field's value in the output
    std::size_t end = 0;       // 0: none yet
    std::size_t list_end = 0;  // without empty addresses at its end; 0: not looked at yet
    bool is_readable = false;
    bool is_empty = false;
    std::string more{};
  };

  Merged* merged_of(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kMergedFields); ++i) {
      if (equal_in_any_case(kMergedFields[i], name)) return &merged_[i];
    }
    return nullptr;
  }

  static bool can_be_first(Merged& merged, const std::string& out) {
    if (merged.list_end > 0) return merged.is_readable;
    const std::string_view value = std::string_view(out).substr(merged.begin, merged.end - merged.begin);
    const auto list = readable_list(value);
    merged.is_readable = list.has_value();
    merged.is_empty = list && trimmed(*list).empty();
    merged.list_end = merged.begin + (list ? list->size() : value.size());
    return merged.is_readable;
  }

  Merged merged_[std::size(kMergedFields)];
};

// RFC 5322 3.6 allows one of each. True: the field is empty, or there was one before.
bool is_needless(const HeaderField& field, const HeaderFacts& facts) {
  const bool is_date = equal_in_any_case(field.name, "Date"), is_author = equal_in_any_case(field.name, "From");
  const bool is_id = equal_in_any_case(field.name, "Message-ID");
  if (!is_date && !is_author && !is_id) return false;
  return trimmed(field.value).empty() || (is_date && facts.has_date) || (is_author && facts.has_author) || (is_id && facts.message_id);
}

void note(const HeaderField& field, HeaderFacts& facts) {
  facts.hops += equal_in_any_case(field.name, "Received");
  facts.has_date |= equal_in_any_case(field.name, "Date");
  facts.has_author |= equal_in_any_case(field.name, "From");
  if (!facts.message_id && equal_in_any_case(field.name, "Message-ID")) facts.message_id = unfolded(field.value);
  facts.waives_tls |= equal_in_any_case(field.name, "TLS-Required") && equal_in_any_case(trimmed(unfolded(field.value)), "No");
}

// "Bcc", "bcc :", "\xEF\xBB\xBFResent-Bcc\v:"
bool reads_as_blind_copy(std::string_view line) {
  const auto is_letter = [](char c) { return is_alpha(c); };
  line.remove_prefix(static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_letter) - line.begin()));
  const std::string_view before_colon = line.substr(0, line.find(':'));
  if (before_colon.size() == line.size()) return false;
  std::string name;
  for (const char c : before_colon) {
    if (c > ' ' && c < 127) name.push_back(c);
  }
  return is_one_of(kRemovedFields, name) && !equal_in_any_case(name, "Return-Path");
}

}  // namespace

class HeaderCleaner::Impl {
 public:
  Impl(std::string_view header, const HeaderCompletion* completion) : is_completed_(completion), qualifier_(completion), reader_(header) {}

  bool go_on(std::size_t octets, std::string& out) {
    for (std::size_t taken = 0; taken < octets;) {
      const auto field = reader_.next();
      if (!field) return merger_.finish(out), true;
      taken += field->text.size();
      take(*field, out);
    }
    return false;
  }

  HeaderFacts take_facts() { return std::move(facts_); }

 private:
  void take(const HeaderField& field, std::string& out) {
    if (is_one_of(kRemovedFields, field.name) || (is_completed_ && is_needless(field, facts_))) return;
    note(field, facts_);
    if (is_completed_ && merger_.take(field, qualifier_, out)) return;
    const std::size_t begin = out.size();
    qualifier_.append(field, out);
    if (is_completed_) merger_.appended(field, begin, out);
  }

  const bool is_completed_;
  Qualifier qualifier_;
  FieldMerger merger_;
  HeaderReader reader_;
  HeaderFacts facts_;
};

HeaderCleaner::HeaderCleaner(std::string_view header, const HeaderCompletion* completion)
    : impl_(std::make_unique<Impl>(header, completion)) {}
HeaderCleaner::~HeaderCleaner() = default;
bool HeaderCleaner::go_on(std::size_t octets, std::string& out) { return impl_->go_on(octets, out); }
HeaderFacts HeaderCleaner::take_facts() { return impl_->take_facts(); }

HeaderFacts clean_header(std::string_view header, const HeaderCompletion* completion, std::string& out) {
  HeaderCleaner cleaner(header, completion);
  while (!cleaner.go_on(std::string_view::npos, out)) continue;
  return cleaner.take_facts();
}

void BlindCopyFilter::feed(std::string_view text, std::string& out) {
  while (!text.empty() && state_ != State::done) {
    const auto end = text.find('\n');
    std::string_view piece = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(piece.size());
    const bool ends = piece.ends_with('\n');
    if (state_ == State::line_start) {
      line_.append(piece);
      if (!ends && line_.size() < kJudged) return;
      judge(out);
    } else if (state_ == State::kept_line) {
      out.append(piece);
    }
    if (ends && state_ != State::done) state_ = State::line_start;
  }
  out.append(text);
}

void BlindCopyFilter::finish(std::string& out) {
  if (state_ == State::line_start && !line_.empty()) judge(out);
}

void BlindCopyFilter::judge(std::string& out) {
  const bool continues = dropped_before_ && is_blank(line_.front());
  dropped_before_ = continues || reads_as_blind_copy(std::string_view(line_).substr(0, kJudged));
  state_ = line_ == kLineEnd ? State::done : dropped_before_ ? State::dropped_line : State::kept_line;
  if (state_ != State::dropped_line) out.append(line_);
  line_.clear();
}

}  // namespace mxpress::proto
