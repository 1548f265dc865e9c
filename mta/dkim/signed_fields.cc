// Selects header fields, and hashes them.
#include "mta/dkim/signed_fields.h"

#include <algorithm>
#include <array>
#include <vector>

#include "proto/ascii.h"

namespace mxpress::mta::dkim {
namespace {

enum class Absent { is_signed, is_left };

struct Name {
  std::string_view name;
  Absent absent;
};

constexpr std::array kNames = {
    Name{"from", Absent::is_signed},         Name{"to", Absent::is_signed},
    Name{"cc", Absent::is_signed},           Name{"subject", Absent::is_signed},
    Name{"date", Absent::is_signed},         Name{"message-id", Absent::is_signed},
    Name{"reply-to", Absent::is_signed},     Name{"mime-version", Absent::is_signed},
    Name{"content-type", Absent::is_signed}, Name{"content-transfer-encoding", Absent::is_signed},
    Name{"in-reply-to", Absent::is_left},    Name{"references", Absent::is_left},
    Name{"feedback-id", Absent::is_left},
};

constexpr std::string_view kListPrefix = "list-";
constexpr std::size_t kMostListName = 40;  // octets; RFC 2369 and RFC 8058 have at most 21

// A name may contain a ';', which a tag may not.
bool is_list_field(std::string_view name) {
  const auto fits = [](char c) { return proto::is_alpha(c) || proto::is_digit(c) || c == '-'; };
  return name.size() <= kMostListName && proto::starts_in_any_case(name, kListPrefix) && std::all_of(name.begin(), name.end(), fits);
}

// The last fields that were added.
class LastFields {
 public:
  void add(const proto::HeaderField& field) {
    if (fields_.size() == 2 * kMostOfOneName) drop(kMostOfOneName);
    fields_.push_back(field);
    ++count_;
  }
  // Visits them from the last one upwards.
  template <class Do>
  void for_each(Do what) const {
    const std::size_t known = std::min(fields_.size(), kMostOfOneName);
    std::for_each(fields_.rbegin(), fields_.rbegin() + static_cast<std::ptrdiff_t>(known), what);
  }
  bool has_all() const { return count_ <= kMostOfOneName; }

 private:
  void drop(std::size_t number) { fields_.erase(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(number)); }

  std::vector<proto::HeaderField> fields_;
  std::size_t count_ = 0;
};

struct Selection {
  std::array<LastFields, kNames.size()> named;
  LastFields list;
};

Selection select(std::string_view header) {
  Selection selection;
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    const auto known =
        std::find_if(kNames.begin(), kNames.end(), [&](const Name& one) { return proto::equal_in_any_case(one.name, field->name); });
    if (known != kNames.end()) {
      selection.named[static_cast<std::size_t>(known - kNames.begin())].add(*field);
    } else if (is_list_field(field->name)) {
      selection.list.add(*field);
    }
  }
  return selection;
}

}  // namespace

std::string relaxed_field(const proto::HeaderField& field) {
  std::string line = proto::lower_case(field.name);
  line.reserve(field.text.size());
  line.push_back(':');
  const std::size_t begin = line.size();
  bool has_blank = false;
  for (std::size_t at = 0; at < field.value.size(); ++at) {
    const char c = field.value[at];
    if (c == '\r' && field.value.substr(at).starts_with("\r\n")) {
      ++at;
    } else if (proto::is_blank(c) || c == '\r' || c == '\n') {
      has_blank = true;
    } else {
      if (has_blank && line.size() > begin) line.push_back(' ');
      has_blank = false;
      line.push_back(c);
    }
  }
  return line.append("\r\n");
}

SignedFields::SignedFields(std::string_view header) {
  const Selection selection = select(header);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const LastFields& fields = selection.named[i];
    fields.for_each([&](const proto::HeaderField& field) { sign(field); });
    // RFC 6376 5.4.2: a name without a field left counts as a field without octets.
    if (kNames[i].absent == Absent::is_signed && fields.has_all()) name(kNames[i].name);
  }
  selection.list.for_each([&](const proto::HeaderField& field) { sign(field); });
}

void SignedFields::name(std::string_view name) {
  if (!names_.empty()) names_.push_back(':');
  names_.append(proto::lower_case(name));
}

void SignedFields::sign(const proto::HeaderField& field) {
  name(field.name);
  hash_.feed(relaxed_field(field));
}

}  // namespace mxpress::mta::dkim
