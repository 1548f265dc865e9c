// Policies of TLS and their texts.
#include "mta/net/tls_policy.h"

#include <algorithm>

#include "mta/net/trust_anchors.h"
#include "proto/text_hash.h"

namespace mxpress::mta::net {
namespace {

constexpr const char* kPublished = "the MTA-STS policy of the recipient's domain";

template <typename Value>
void sort_unique(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::string hex(std::string_view octets) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

std::string text_of(const ReferenceName& name) { return name.text(); }
std::string text_of(const MxPattern& pattern) { return pattern.text(); }
std::string text_of(const TlsaRecord& record) {
  return std::to_string(record.usage) + "-" + std::to_string(record.selector) + "-" + std::to_string(record.matching) + "-" +
         hex(record.data);
}

template <typename Value>
std::string list_of(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text.append(text.empty() ? "=" : ",").append(text_of(value));
  return text.empty() ? "=" : text;
}

}  // namespace

struct TlsPolicy::Details {
  std::string source;
  std::vector<ReferenceName> names{};
  std::vector<TlsaRecord> records{};
  std::vector<MxPattern> patterns{};
  StsMode mode = StsMode::enforce;
  std::shared_ptr<const TrustAnchors> anchors{};
  DaneNames dane_names{};
  std::string unknown_because{};
  bool has_usable_record = false, has_usable_authority = false;  // the second: of usage 2
  bool is_published = false;
  bool lists_all = false;  // hosts, instead of `patterns`
  std::string demands{};   // the text behind the word for the kind

  void judge_records();
  std::string dane_demands() const;
};

void TlsPolicy::Details::judge_records() {
  const std::vector<std::string> reasons = why_unusable(records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    has_usable_record |= reasons[i].empty();
    has_usable_authority |= reasons[i].empty() && records[i].usage == 2;
  }
}

// The names count with usage 2 alone: hosts of many domains demand the same of all of them by usage 3.
std::string TlsPolicy::Details::dane_demands() const {
  if (!unknown_because.empty()) return "=?";
  std::string text = list_of(records);
  if (!dane_names.base.empty()) text += ",base:" + dane_names.base;
  if (!has_usable_authority) return text;
  for (const std::string& name : dane_names.others) text += ",name:" + name;
  return text;
}

Result<MxPattern> MxPattern::parse(std::string_view text) {
  const bool is_wildcard = text.starts_with("*.");
  const auto domain = proto::Domain::parse(is_wildcard ? text.substr(2) : text);
  if (!domain) return domain.error();
  if (domain->is_address_literal()) return Error::permanent("an address is not the name of a mail host");
  return MxPattern((is_wildcard ? "*." : "") + domain->text());
}

bool MxPattern::matches(std::string_view host) const {
  const auto domain = proto::Domain::parse(host);
  if (!domain) return false;
  if (!text_.starts_with("*.")) return domain->text() == text_;
  const auto dot = domain->text().find('.');
  return dot != std::string::npos && std::string_view(domain->text()).substr(dot) == std::string_view(text_).substr(1);
}

TlsPolicy::TlsPolicy(Kind kind, std::string source) : kind_(kind) {
  if (!source.empty()) details_ = std::make_shared<const Details>(Details{std::move(source)});
}

TlsPolicy::TlsPolicy(Kind kind, Details details) : kind_(kind) {
  sort_unique(details.names);
  sort_unique(details.records);
  sort_unique(details.patterns);
  if (kind == Kind::verify) details.demands = list_of(details.names);
  if (kind == Kind::dane) details.judge_records();
  if (kind == Kind::dane) details.demands = details.dane_demands();
  if (kind == Kind::sts && details.is_published) details.demands = "-published";
  if (kind == Kind::sts && details.mode == StsMode::testing) details.demands += "-testing";
  if (kind == Kind::sts && !details.lists_all) details.demands += list_of(details.patterns);
  if (details.anchors) details.demands += ",ca:" + details.anchors->digest();
  details_ = std::make_shared<const Details>(std::move(details));
}

TlsPolicy TlsPolicy::verify(std::vector<ReferenceName> names, std::string source, std::shared_ptr<const TrustAnchors> anchors) {
  return {Kind::verify, Details{.source = std::move(source), .names = std::move(names), .anchors = std::move(anchors)}};
}

TlsPolicy TlsPolicy::dane(std::vector<TlsaRecord> records, std::string source, DaneNames names) {
  sort_unique(names.others);
  return {Kind::dane, Details{.source = std::move(source), .records = std::move(records), .dane_names = std::move(names)}};
}

TlsPolicy TlsPolicy::unknown_dane(std::string why, std::string source) {
  return {Kind::dane, Details{.source = std::move(source), .unknown_because = std::move(why)}};
}

TlsPolicy TlsPolicy::sts(std::vector<MxPattern> patterns, StsMode mode, std::string source, std::shared_ptr<const TrustAnchors> anchors) {
  return {Kind::sts, Details{.source = std::move(source), .patterns = std::move(patterns), .mode = mode, .anchors = std::move(anchors)}};
}

TlsPolicy TlsPolicy::published_sts(std::vector<MxPattern> patterns, StsMode mode, std::string source) {
  return {Kind::sts, Details{.source = std::move(source), .patterns = std::move(patterns), .mode = mode, .is_published = true}};
}

TlsPolicy TlsPolicy::sts_of_listed(StsMode mode) {
  const auto make = [](StsMode of) {
    return TlsPolicy(Kind::sts, {.source = kPublished, .mode = of, .is_published = true, .lists_all = true});
  };
  static const TlsPolicy enforce = make(StsMode::enforce), testing = make(StsMode::testing);
  return mode == StsMode::testing ? testing : enforce;
}

TlsPolicy TlsPolicy::sts_of_unlisted(StsMode mode) {
  static const TlsPolicy enforce = published_sts({}, StsMode::enforce, kPublished);
  static const TlsPolicy testing = published_sts({}, StsMode::testing, kPublished);
  return mode == StsMode::testing ? testing : enforce;
}

const TlsPolicy::Details& TlsPolicy::details() const {
  static const Details nothing{};
  return details_ ? *details_ : nothing;
}

bool TlsPolicy::is_published_sts() const { return details().is_published; }

bool TlsPolicy::is_testing() const { return kind_ == Kind::sts && details().mode == StsMode::testing; }

bool TlsPolicy::allows_clear() const { return kind_ == Kind::none || kind_ == Kind::may || is_testing(); }

bool TlsPolicy::needs_certificate() const {
  if (kind_ == Kind::dane) return records().empty() || details().has_usable_record;  // RFC 7672 2.2
  return kind_ == Kind::verify || (kind_ == Kind::sts && !is_testing());
}

bool TlsPolicy::allows_host(std::string_view host) const {
  const auto& patterns = mx_patterns();
  if (kind_ != Kind::sts || details().lists_all) return true;
  return std::any_of(patterns.begin(), patterns.end(), [&](const MxPattern& pattern) { return pattern.matches(host); });
}

const std::string& TlsPolicy::source() const { return details().source; }
const std::vector<ReferenceName>& TlsPolicy::names() const { return details().names; }
const std::vector<TlsaRecord>& TlsPolicy::records() const { return details().records; }
const DaneNames& TlsPolicy::dane_names() const { return details().dane_names; }
const std::string& TlsPolicy::unknown_because() const { return details().unknown_because; }
const std::vector<MxPattern>& TlsPolicy::mx_patterns() const { return details().patterns; }
const TrustAnchors* TlsPolicy::anchors() const { return details().anchors.get(); }

std::string TlsPolicy::text() const { return std::string(to_string(kind_)) + details().demands; }

bool TlsPolicy::operator==(const TlsPolicy& other) const {
  return kind_ == other.kind_ && (details_ == other.details_ || details().demands == other.details().demands);
}

std::size_t TlsPolicy::hash() const {
  const std::string& demands = details().demands;
  return static_cast<std::size_t>(kind_) + (demands.empty() ? 0 : 31 * proto::TextHash()(demands));
}

std::string_view to_string(TlsPolicy::Kind kind) {
  using enum TlsPolicy::Kind;
  switch (kind) {
    case none:
      return "none";
    case may:
      return "may";
    case encrypt:
      return "encrypt";
    case verify:
      return "verify";
    case dane:
      return "dane";
    case sts:
      return "sts";
  }
  return "";
}

}  // namespace mxpress::mta::net
