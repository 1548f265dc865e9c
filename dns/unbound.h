// Answers that libunbound has validated (DNSSEC), in its thread mode. The only user of libunbound. RFC 4035 4, 5.
#pragma once

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

// A cache of its own, of a few MiB, and one thread. Names of the hosts file mean nothing to it.
// Thread: that of `executor`, which is not blocked: libunbound asks and computes on its own thread.
class Unbound {
 public:
  // Error: libunbound does not take the settings.
  static Result<std::shared_ptr<Unbound>> open(Executor executor, UnboundSettings settings);
  ~Unbound();
  Unbound(const Unbound&) = delete;
  Unbound& operator=(const Unbound&) = delete;

  // May be destroyed before its coroutines.
  Task<ValidatedAnswer> ask(Question question, BootTime deadline);
  // Has an answer looked up that will soon be needed, unless there are many questions already.
  void prefetch(Question question);
  // Ends the thread. Questions in progress end with an answer of the kind failed, as later ones do. Must be called, or the destructor,
  // before the executor's context is destroyed.
  void close();

 private:
  class Core;
  explicit Unbound(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace mxpress::dns
