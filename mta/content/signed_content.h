// The last stage: content with the signatures of its octets in front.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mta/content/conversion_room.h"
#include "mta/content/signer.h"
#include "mta/content/with_head.h"

namespace mxpress::mta::content {

// Longer headers fail in some verifiers (Exim: 65 kB).
inline constexpr std::size_t kMostHeaderOfVerifiers = 60'000;

// What a host gets of a message that may be signed. Before it is signed its header gets the empty line that ends it if that is missing, and
// a plain form (plain_header()): verifiers differ about content without either. A message that nobody signs is left as it was.
class SignedContent {
 public:
  // An Error is transient. The original and the room outlive it.
  static Task<Result<std::unique_ptr<SignedContent>>> make(DataSource& original, Signer& signer, const proto::Envelope& envelope,
                                                           ConversionRoom& room, ConversionRoom::Owner owner);

  DataSource& data() { return signed_ ? *signed_ : original_; }
  // Empty: not signed.
  const std::string& domain() const { return domain_; }
  // The header with its signatures is longer than some verifiers read.
  bool has_long_header() const { return has_long_header_; }

 private:
  SignedContent(DataSource& original, std::unique_ptr<ConversionRoom::Hold> hold) : original_(original), hold_(std::move(hold)) {}
  Task<Status> clean();
  Task<Status> sign(Signer& signer, const proto::Envelope& envelope);

  DataSource& original_;
  std::unique_ptr<ConversionRoom::Hold> hold_;
  std::size_t header_size_ = 0;
  std::optional<WithHead> clean_;   // of original_
  std::optional<WithHead> signed_;  // of clean_ or original_
  std::string domain_;
  bool has_long_header_ = false;
};

}  // namespace mxpress::mta::content
