// The first stage if a route requires an author: content with another From, and the former one in Reply-To.
#pragma once

#include <memory>
#include <optional>

#include "mta/content/conversion_room.h"
#include "mta/content/with_head.h"
#include "proto/mailbox.h"

namespace mxpress::mta::fairness {
class OneAtATime;
}

namespace mxpress::mta::content {

class ReplacedAuthor {
 public:
  // Uses proto::replace_author(). An Error is transient. The original, the room and the turns for reading headers (null: at once) must
  // outlive it.
  static Task<Result<std::unique_ptr<ReplacedAuthor>>> make(DataSource& original, const proto::Mailbox& author, ConversionRoom& room,
                                                            ConversionRoom::Owner owner, fairness::OneAtATime* turns);

  DataSource& data() { return changed_ ? *changed_ : original_; }
  // The memory of the header.
  ConversionRoom::Hold& hold() { return hold_; }

 private:
  ReplacedAuthor(DataSource& original, ConversionRoom& room, ConversionRoom::Owner owner)
      : original_(original), hold_(room, std::move(owner)) {}

  DataSource& original_;
  ConversionRoom::Hold hold_;
  std::optional<WithHead> changed_;  // of original_
};

}  // namespace mxpress::mta::content
