// One attempt: hands a message to the mail hosts of its destination, in order, until each recipient has an answer or no host is left.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "dns/targets.h"
#include "mta/delivery/site.h"
#include "mta/delivery/step_memory.h"
#include "mta/delivery/target_order.h"
#include "mta/delivery/tls_memory.h"
#include "mta/delivery/verdict.h"
#include "mta/smtp/client.h"
#include "queue/message.h"

namespace boost::asio {
class thread_pool;
}

namespace mxpress::mta::delivery {

// What an attempt works with; all of it outlives the attempt.
struct DeliveryTools {
  smtp::Connector& connector;
  TlsMemory& tls_memory;
  StepMemory& step_memory;
  TargetFailures& target_failures;
  asio::thread_pool* file_pool;  // for reading content; null: reads at once
};

struct DeliveryOrder {
  std::shared_ptr<const queue::Message> message;  // shared: with thousands of domains one copy serves all their jobs
  std::vector<std::uint32_t> recipients;          // indices, all pending
  std::vector<dns::Target> targets;               // in the order to try
  std::size_t equals = 1;                         // so many in front may change places
  smtp::ClientOptions options;
  std::function<bool()> wanted;                    // asked before each host and transaction: has the operator withdrawn the message?
  std::function<void(const dns::Target&)> trying;  // told before each host
  std::function<void()> connecting;                // told before each connection is made
};

// RFC 5321 5.1: at least two addresses are tried; bounded by 5 addresses (find_targets) and 2 sessions that got as far as MAIL.
inline constexpr int kMaxSessionsPerAttempt = 2;

// `site` keeps the sessions for reuse. Never throws for what a host does.
Task<AttemptReport> deliver(DeliveryTools tools, Site& site, const DeliveryOrder& order);

}  // namespace mxpress::mta::delivery
