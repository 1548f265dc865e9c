// Adds up the budgets.
#include "mta/app/memory_sum.h"

#include <algorithm>
#include <string_view>

#include "mta/content/conversion_room.h"
#include "mta/content/signed_content.h"
#include "mta/delivery/loads.h"
#include "mta/events/followers.h"
#include "mta/history/recorder.h"
#include "mta/intake/intake.h"
#include "mta/intake/transaction_room.h"
#include "mta/net/tls_engine.h"
#include "mta/net/tls_sessions.h"
#include "mta/smtp/dialogue.h"
#include "mta/sts/lookup.h"
#include "mta/sts/policies.h"
#include "mta/system/log_queue.h"
#include "mta/transport/deliver_client.h"
#include "mta/transport/proven_hosts.h"
#include "queue/changes.h"
#include "queue/fresh.h"
#include "queue/spool.h"

namespace mxpress::mta {
namespace {

struct MemoryPart {
  std::string_view what;
  std::uint64_t octets = 0;  // maximum
};

// Everything except waiting mail. If you add a budget, add it here and in docs/budgets.md, "In 512 MiB".
constexpr MemoryPart kMemoryParts[] = {
    {"the daemon without mail", 25u << 20},
    {"600 connections, their buffers, and what the allocator keeps", 16u << 20},
    {"200 sessions of TLS", 200 * net::TlsEngine::kMostMemory},
    {"transactions", intake::kTransactions + intake::Intake::kMaxSessions* intake::TransactionRoom::kAlwaysHeld},
    {"messages under way", delivery::Loads::kUnderWay},
    {"deliveries to many recipients", delivery::Loads::kLongDeliveries},
    {"copies that jobs share", delivery::SharedMessages::kMostKept},
    {"messages before their first attempt", queue::kFreshOctets},
    {"content that is being re-encoded", content::ConversionRoom::kUsual},
    {"200 letters being signed: plain headers that need no room, signatures", 200 * (content::SignedContent::kMostWithoutRoom + 24 * 1024)},
    {"log lines about messages", LogLimits{}.most_octets},
    {"messages that have ended", queue::SpoolOptions::kEndedOctets},
    {"reverse-paths that are remembered", 10u << 20},
    {"answers to operators", 8u << 20},
    {"libunbound: caches of two instances, 384 questions, and two more under test", 12u << 20},
    {"MTA-STS policies, and their text while it is stored", 2 * sts::PolicyCache::kMostOctets},
    {"mail hosts of providers that have taken mail", transport::ProvenHosts::kMostOctets},
    {"the history, and the dialogues of attempts that failed", history::Recorder::kMostOctets},
    {"dialogues of 200 attempts under way", 200 * 2 * smtp::Dialogue::kUsual + smtp::Dialogue::kRoom},
    {"followers", events::Followers::kMost* events::Follower::kMostWaiting},
    {"failures to fetch one", sts::Policies::kMostFailures* sts::Policies::kOctetsOfFailure},
};
// Octets: its lookups, the DNS cache, TLS sessions to resume, addresses that failed lately; four messages
// on their way to mailboxes of users, and four to commands of aliases; the header being prepared for its signature.
constexpr std::uint64_t kMemoryOfWorker = (9u << 20) + net::TlsSessions::kMostOctets +
                                          4 * (queue::kInlineContent + transport::kMostForCommand) + content::SignedContent::kMostOfTurn;

}  // namespace

std::uint64_t memory_beside_waiting_mail(std::size_t workers) {
  std::uint64_t sum =
      workers * (kMemoryOfWorker + sts::Lookup::places_for(workers, sts::Lookup::kFetchesAtOnce) * sts::Lookup::kOctetsOfFetch);
  for (const MemoryPart& part : kMemoryParts) sum += part.octets;
  return sum;
}

std::uint64_t memory_of_waiting_mail(std::uint64_t limit, std::size_t workers) {
  constexpr std::uint64_t kLeast = 16u << 20;
  const std::uint64_t beside = memory_beside_waiting_mail(workers);
  return std::clamp<std::uint64_t>((limit - std::min(limit, beside)) / 5 * 4, kLeast, std::max(limit / 2, kLeast));
}

}  // namespace mxpress::mta
