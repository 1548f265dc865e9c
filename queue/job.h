// A job of the schedule: all open recipients of one message at one destination, in 40 octets.
#pragma once

#include <cstdint>

#include "proto/queue_id.h"
#include "queue/instant.h"
#include "queue/owner_turns.h"

namespace mxpress::queue {

enum class JobStage : std::uint8_t {
  free,
  waiting,  // until `next_try`
  ready,    // due; waits for its destination's site
  leased,   // a delivery works on it, or its outcome is being recorded
  held,     // by the operator
};

// All open recipients of one message at one destination. There may be millions of them.
struct Job {
  proto::QueueId message;
  union {
    Instant next_try{};  // while waiting; while its outcome is being recorded, if it is to be tried again
    LineLinks links;     // while ready: in the line of its owner at its destination
  };
  PackedInstant accepted;  // when it was submitted
  JobStage stage : 3 = JobStage::free;
  bool retry_wanted : 1 = false;  // while leased: due at once when it is released
  bool first_attempt : 1 = true;
  bool delay_noticed : 1 = false;
  bool hold_wanted : 1 = false;     // while leased: becomes held when it is released
  bool withdrawn : 1 = false;       // while leased: removed or bounced by the operator
  bool is_one_of_many : 1 = false;  // its message had many jobs when this one was made
  bool is_recorded : 1 = false;     // while leased: its delivery is over, its outcome is being recorded
  bool is_over : 1 = false;         // and no recipient is left, nor is a notice pending
  static constexpr std::uint8_t kMostRoom = 7;
  std::uint8_t room : 3 = 0;  // size class of the memory that its delivery needs for long recipient lists, once known
  Second next_age;            // next check of the message's age: delay notice, expiry
  DestinationIndex destination = kNone;
  JobIndex next_in_bucket = kNone;      // next job in the same hash bucket of messages
  std::uint32_t place_in_heap = kNone;  // only for jobs with a next event
};
static_assert(sizeof(Job) <= 40);

}  // namespace mxpress::queue
