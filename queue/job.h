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
  leased,   // a delivery is at it, or its outcome is being recorded
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
  bool retry_wanted : 1 = false;  // while leased: due at once when it comes back
  bool first_attempt : 1 = true;
  bool delay_noticed : 1 = false;
  bool hold_wanted : 1 = false;     // while leased: becomes held when it comes back
  bool withdrawn : 1 = false;       // while leased: removed or bounced by the operator
  bool is_one_of_many : 1 = false;  // its message had many jobs when this one was made
  bool is_recorded : 1 = false;     // while leased: no delivery is at it any more, its outcome is being recorded
  bool is_over : 1 = false;         // and nothing of it waits, nor is anybody to be told
  static constexpr std::uint8_t kMostRoom = 7;
  std::uint8_t room : 3 = 0;  // how much its delivery needs of the memory for long lists, once that is known
  Second next_age;            // when the message's age asks for a look: delay notice, expiry
  DestinationIndex destination = kNone;
  JobIndex next_in_bucket = kNone;      // of those whose messages are looked for at the same place
  std::uint32_t place_in_heap = kNone;  // of those that have a next event
};
static_assert(sizeof(Job) <= 40);

}  // namespace mxpress::queue
