// The answer to one request on the control socket: sent as the client reads, in turns with other answers.
#pragma once

#include "mta/control/outlet.h"
#include "mta/control/shares.h"
#include "mta/control/wire.h"

namespace mxpress::mta::control {

class SocketOutlet final : public ControlOutlet {
 public:
  // `patience`: until the client has read the buffered octets, at most kMostKept and one response.
  SocketOutlet(int socket, uid_t user, std::chrono::milliseconds patience, WorkTurns& turns)
      : socket_(socket), writer_(socket), user_(user), patience_(patience), turns_(turns) {}
  ~SocketOutlet() override { end_turn(); }

  bool send(const control_pb::Response& response) override;
  void charge(std::uint64_t units) override { units_ += units; }
  bool client_lags() override { return lags_; }
  bool turn_is_over() override { return units_ >= kTurn; }
  bool pause() override;
  bool rest() override;
  // Sends the rest. False: the client has not read it.
  bool finish();

  static constexpr std::size_t kMostKept = 256 * 1024;  // octets

 private:
  static constexpr std::uint64_t kTurn = 500;                  // units
  static constexpr std::chrono::milliseconds kLagOfTurn{200};  // total wait for a client in one turn

  void end_turn();
  bool wait_until_taken();
  bool is_gone() const;

  const int socket_;
  FrameWriter writer_;
  const uid_t user_;
  const std::chrono::milliseconds patience_;
  WorkTurns& turns_;
  bool has_turn_ = false, lags_ = false, broken_ = false;
  std::uint64_t units_ = 0;           // in this turn
  std::chrono::milliseconds lag_{0};  // in this turn
};

}  // namespace mxpress::mta::control
