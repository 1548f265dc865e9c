// Operations and options for tests of the parts of a spool.
#pragma once

#include <string>

#include "queue/codec.h"
#include "queue/operation.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {

inline OperationPtr a_store(QueueId id, const std::string& drop_name = "") {
  auto message = new_message();
  message.drop_name = drop_name;
  auto operation = store_operation(id, message, Duration(1));
  operation->stored = [](const Result<QueueId>&) {};
  return operation;
}

inline OperationPtr a_change(QueueId id, RecipientStage stage = RecipientStage::pending) {
  StateChange change = settlement(id, 0, stage);
  auto record = encode(change);
  return change_operation(id, std::move(change), std::move(record), {});
}

// For a SpoolContext: no function is empty.
inline SpoolOptions options_of_parts() {
  SpoolOptions options;
  options.directory = "/spool";
  options.segment_size = 64 * 1024;
  options.wall = [] { return WallTime(Duration(5000)); };
  options.since_boot = [] { return Duration(1000); };
  options.random = [] { return std::uint64_t{0x9E3779B97F4A7C15u}; };
  options.report = [](const std::string&) {};
  return options;
}

}  // namespace mxpress::queue
