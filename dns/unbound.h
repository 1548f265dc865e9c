// Answers that libunbound has validated (DNSSEC), in its thread mode. The only user of libunbound. RFC 4035 4, 5.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dns/anchor_store.h"
#include "dns/resolv_conf.h"
#include "dns/resolver.h"
#include "proto/result.h"

namespace mxpress::dns {

struct UnboundSettings {
  std::vector<ServerConfig> forwarders;  // are asked; empty: the servers of each zone, from the root on
  std::string root_hints;                // a file with the addresses of the root's servers; one that is missing is not used
  Anchors anchors;
};

// `authenticated`: the answer is proven, its absence of records included. Bogus answers are of the kind failed.
struct ValidatedAnswer {
  Answer answer;
  bool is_bogus = false;  // signatures are missing, wrong, or not valid at this time
};

// For people: the servers that are asked.
std::string name_of(const UnboundSettings& settings);

// Caches of its own, of 2 MiB, and one thread, which asks and computes for all questions in progress. Names of the hosts file mean
// nothing to it. Thread: that of `executor`, which is not blocked.
class Unbound {
 public:
  using Ended = std::function<void(ValidatedAnswer)>;
  static constexpr const char* kGivenUp = "the question to the DNS was given up";

  // `questions`: how many there will be at a time. Error: libunbound does not take the settings.
  static Result<std::shared_ptr<Unbound>> open(Executor executor, const UnboundSettings& settings, std::size_t questions);
  ~Unbound();
  Unbound(const Unbound&) = delete;
  Unbound& operator=(const Unbound&) = delete;

  // Calls `ended` once, when libunbound has no more work with the question: it gives up after a minute or two. It cannot be made to stop
  // before.
  void ask(Question question, Ended ended);
  // Ends the thread. Questions in progress end with an answer of the kind failed, as later ones do. Must be called, or the destructor,
  // before the executor's context is destroyed.
  void close();

 private:
  class Core;
  explicit Unbound(std::shared_ptr<Core> core);
  const std::shared_ptr<Core> core_;  // shared with the handler that waits for answers
};

}  // namespace mxpress::dns
