// The languages of notices, and the choice of one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "proto/phrases.h"

namespace mxpress::mta::languages {

// Catalogues by language tag (RFC 5646) in lower case. An immutable value: any thread.
class Languages {
 public:
  using Catalogues = std::map<std::string, proto::Phrases, std::less<>>;
  // English alone.
  Languages() = default;
  explicit Languages(Catalogues catalogues) : catalogues_(std::move(catalogues)) {}

  // RFC 4647 3.4: the catalogue of the tag, else of the tag without its last parts. "zh", "zh-CN" and "zh-SG" are simplified Chinese
  // (zh-Hans), other regions traditional (zh-Hant). Null: there is none; for English there always is one, which may be empty.
  const proto::Phrases* find(std::string_view tag) const;
  // The first one of a Content-Language field (RFC 3282) that find() has; null: none of the first ten.
  const proto::Phrases* first_of(std::string_view content_language) const;

  const Catalogues& catalogues() const { return catalogues_; }

 private:
  Catalogues catalogues_;
  proto::Phrases english_;
};

// True for "de", "zh-Hans" and the like: 2 to 8 letters, then parts of 1 to 8 letters and digits. RFC 5646 2.1
bool is_language_tag(std::string_view text);

}  // namespace mxpress::mta::languages
