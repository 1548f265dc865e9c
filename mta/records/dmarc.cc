// Reads DMARC records.
#include "mta/records/dmarc.h"

#include <algorithm>
#include <map>

#include "proto/ascii.h"

namespace mxpress::mta::records {
namespace {

constexpr std::size_t kMostQueries = 8;  // RFC 9989 4.10

std::map<std::string, std::string> tags_of(std::string_view text) {
  std::map<std::string, std::string> tags;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view tag = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = tag.find('=');
    if (equals == std::string_view::npos) continue;
    tags.emplace(proto::lower_case(proto::trimmed(tag.substr(0, equals))), proto::trimmed(tag.substr(equals + 1)));
  }
  return tags;
}

}  // namespace

bool is_dmarc(std::string_view text) {
  const auto end = text.find(';');
  const std::string_view version = proto::trimmed(text.substr(0, end));
  const auto equals = version.find('=');
  return equals != std::string_view::npos && proto::equal_in_any_case(proto::trimmed(version.substr(0, equals)), "v") &&
         proto::trimmed(version.substr(equals + 1)) == "DMARC1";
}

std::string dmarc_tag(std::string_view record, const std::string& tag) {
  const auto tags = tags_of(record);
  const auto found = tags.find(tag);
  return found == tags.end() ? std::string() : found->second;
}

std::vector<std::string> dmarc_names(std::string_view domain) {
  std::vector<std::string> names = {"_dmarc." + std::string(domain)};
  auto labels = static_cast<std::size_t>(std::count(domain.begin(), domain.end(), '.')) + 1;
  for (bool is_first = true; labels > 1; is_first = false) {
    do {
      domain.remove_prefix(domain.find('.') + 1);
      --labels;
    } while (is_first && labels > kMostQueries - 1);
    names.push_back("_dmarc." + std::string(domain));
  }
  return names;
}

std::vector<std::string> dmarc_warnings(std::string_view record) {
  std::vector<std::string> warnings;
  const auto tags = tags_of(record);
  for (const char* gone : {"pct", "rf", "ri"})
    if (tags.contains(gone)) warnings.push_back(std::string("the tag ") + gone + "= is gone since RFC 9989, and receivers skip it");
  const auto policy = tags.find("p");
  if (policy == tags.end()) {
    warnings.push_back("there is no policy (p=): receivers take that for p=none");
  } else if (policy->second != "none" && policy->second != "quarantine" && policy->second != "reject") {
    warnings.push_back("the policy (p=) is none of none, quarantine and reject");
  }
  return warnings;
}

}  // namespace mxpress::mta::records
