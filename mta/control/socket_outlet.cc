// Sends responses, and buffers little of what the client has not read.
#include "mta/control/socket_outlet.h"

#include <sys/socket.h>

#include <algorithm>

#include "proto/control.pb.h"

namespace mxpress::mta::control {
namespace {

constexpr std::chrono::seconds kPatienceOfFollowers{10};

}  // namespace

// A caller that sends on although the client lags (small responses) has to wait when too much is buffered.
bool SocketOutlet::send(const control_pb::Response& response) {
  if (broken_) return false;
  writer_.add(response.SerializeAsString());
  if (!writer_.is_due()) return true;
  const auto begin = std::chrono::steady_clock::now();
  broken_ = !writer_.push(std::max(kLagOfTurn - lag_, std::chrono::milliseconds(0)));
  lag_ += std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  lags_ = writer_.kept() > 0;
  if (!broken_ && writer_.kept() > kMostKept) return wait_until_taken();
  return !broken_;
}

bool SocketOutlet::wait_until_taken() {
  broken_ = broken_ || !writer_.flush(patience_);
  lags_ = false;
  return !broken_;
}

bool SocketOutlet::pause() {
  end_turn();
  if (!wait_until_taken() || !turns_.take(user_)) return false;
  has_turn_ = true;
  return true;
}

bool SocketOutlet::rest() {
  end_turn();
  broken_ = broken_ || is_gone() || !writer_.flush(kPatienceOfFollowers);
  return !broken_;
}

bool SocketOutlet::is_gone() const {
  char octet;
  return ::recv(socket_, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void SocketOutlet::end_turn() {
  if (has_turn_) turns_.give_back(user_, units_);
  has_turn_ = false;
  units_ = 0;
  lag_ = std::chrono::milliseconds(0);
}

bool SocketOutlet::finish() {
  end_turn();
  return wait_until_taken();
}

}  // namespace mxpress::mta::control
