// Reads key records in every form that RFC 6376 allows.
#include "mta/dkim/published.h"

#include <optional>
#include <string_view>
#include <utility>

#include "mta/dkim/key_record.h"
#include "mta/dkim/tag_list.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::mta::dkim {
namespace {

// The reason why no verifier accepts a signature of this kind with the record; empty: it may fit. The key itself is not compared.
std::string flaw_of(const Tags& tags, KeyKind kind) {
  const std::string_view record_kind = value_or(tags, "k", "rsa");
  if (value_or(tags, "v", "DKIM1") != "DKIM1") return "the record is for another version of DKIM (v=)";
  if (!tags.contains("p")) return "the record has no key (p=)";
  if (tags.find("p")->second.empty()) return "the record says that the key is revoked (an empty p=)";
  if (record_kind != name_of(kind))
    return "the record is for another kind of key (k=" + proto::printable(record_kind, 40) + ", not " + std::string(name_of(kind)) + ")";
  if (!lists(value_or(tags, "h", "sha256"), {"sha256"})) return "the record does not allow sha256 (h=)";
  if (!lists(value_or(tags, "s", "*"), {"*", "email"})) return "the record is not for mail (s=)";
  return "";
}

}  // namespace

Result<PublishedKey> published_key(const std::vector<std::string>& texts, KeyKind kind) {
  if (texts.empty()) return Error::permanent("there is no record");
  // RFC 6376 3.6.2.2: with more than one record the result is undefined.
  if (texts.size() > 1)
    return Error::permanent("there are " + std::to_string(texts.size()) +
                            " TXT records, and receivers may take any of them: remove the others");
  const auto tags = tags_of(texts.front());
  if (!tags) return Error::permanent("the record is no list of tags such as k=rsa; p=...");
  if (std::string flaw = flaw_of(*tags, kind); !flaw.empty()) return Error::permanent(std::move(flaw));
  auto octets = proto::decoded_base64(without_blanks(tags->find("p")->second));
  if (!octets) return Error::permanent("the key in the record (p=) is cut off or changed: it is no base64");
  return PublishedKey{std::move(*octets), lists(value_or(*tags, "t", ""), {"y"})};
}

RecordCheck check_record(const std::vector<std::string>& texts, const PublicKey& key) {
  const Result<PublishedKey> published = published_key(texts, key.kind);
  if (!published.ok()) return {false, published.error().message};
  if (published->octets != key.octets) return {false, "the record has another key (p=) than the one that signs"};
  if (published->is_testing) return {true, "the record says t=y: receivers treat this mail as if nobody had signed it"};
  const auto strict = parse_key_record(texts.front());
  return {true, strict.ok() ? "" : "some verifiers refuse the record: " + strict.error().message};
}

}  // namespace mxpress::mta::dkim
