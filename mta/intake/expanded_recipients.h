// The recipients of a message after the expansion of aliases.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "proto/envelope.h"

namespace mxpress::mta::intake {

// By their index in the envelope; recipients without an entry are unchanged.
class ExpandedRecipients {
 public:
  void add(std::size_t place, std::vector<proto::Recipient> targets);
  void put_into(std::vector<proto::Recipient>& recipients) &&;

 private:
  std::vector<std::pair<std::size_t, std::vector<proto::Recipient>>> expanded_;  // by place
};

}  // namespace mxpress::mta::intake
