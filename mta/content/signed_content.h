// The last stage: content with the signatures of its octets in front.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mta/content/conversion_room.h"
#include "mta/content/signer.h"
#include "mta/content/with_head.h"

namespace mxpress::mta::fairness {
class OneAtATime;
}

namespace mxpress::mta::content {

struct SigningTurns;

// Longer headers fail in some verifiers (Exim: 65 kB).
inline constexpr std::size_t kMostHeaderOfVerifiers = 60'000;

// The content for a host, of a message that may be signed. Before it is signed, its header gets a missing empty line at its end, and a
// plain form (plain_header()): verifiers differ about content without either. A message without a signer is not changed.
//
// Reading a header, or making another form of it, takes up to kMostOfTurn, and happens only in a turn (SigningTurns::headers), which never
// waits for a host. After it only a plain form that differs from the stored header is held, while the content is sent; it is charged to the
// room for conversions if it has more than kMostWithoutRoom.
class SignedContent {
 public:
  static constexpr std::size_t kMostWithoutRoom = 16 * 1024;
  // A header that was read (HeaderText), and one field of it in another form.
  static constexpr std::size_t kMostOfTurn = 3u << 20;

  // An Error is transient. The original and the room must outlive it.
  static Task<Result<std::unique_ptr<SignedContent>>> make(DataSource& original, Signer& signer, const proto::Envelope& envelope,
                                                           ConversionRoom& room, ConversionRoom::Owner owner, SigningTurns turns);

  DataSource& data() { return signed_ ? *signed_ : original_; }
  ConversionRoom::Hold& hold() { return hold_; }
  // Empty: not signed.
  const std::string& domain() const { return domain_; }
  // True if the header with its signatures is longer than some verifiers read.
  bool has_long_header() const { return has_long_header_; }

 private:
  SignedContent(DataSource& original, ConversionRoom& room, ConversionRoom::Owner owner)
      : original_(original), hold_(room, std::move(owner)) {}
  Task<Result<std::unique_ptr<Signing>>> begin(Signer& signer, const proto::Envelope& envelope, fairness::OneAtATime* turns);
  Task<Status> finish(Signing& signing, fairness::FileTurns* threads);

  DataSource& original_;
  ConversionRoom::Hold hold_;
  std::size_t header_size_ = 0;
  std::uint64_t body_begin_ = 0;    // in the signed content
  std::optional<WithHead> clean_;   // of original_
  std::optional<WithHead> signed_;  // of clean_ or original_
  std::string domain_;
  bool has_long_header_ = false;
};

}  // namespace mxpress::mta::content
