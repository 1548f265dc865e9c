// Finds the MTA-STS policy of a domain: by its DNS record, from the kept policies, or by fetching it. RFC 8461 3, 5.1.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dns/async.h"
#include "mta/fairness/fair_places.h"
#include "mta/http_client/reach.h"
#include "mta/sts/finding.h"
#include "proto/domain.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta::net {
class Connector;
}

namespace mxpress::mta::sts {

class Policies;
struct Fetched;

// How policies are looked up.
struct Ways {
  std::shared_ptr<dns::Resolver> resolver;  // null: not now
  http_client::Reach reach;
};

// Thread: that of its io_context. Everything that it refers to must outlive the io_context's work.
class Lookup {
 public:
  static constexpr std::chrono::seconds kPatience{5};    // of a caller
  static constexpr std::chrono::seconds kFetchTime{20};  // a fetch goes on for later mail
  // Domains, of all workers together; fair shares of the owners of the mail. A search may outlive the lookup of hosts that it belongs to,
  // and name servers that only forward have places for few questions.
  static constexpr std::uint64_t kSearchesAtOnce = 32;
  static constexpr std::uint64_t kFetchesAtOnce = 16;        // of these, the same
  static constexpr std::size_t kOctetsOfFetch = 384 * 1024;  // at most

  // `workers`: that have a Lookup.
  Lookup(asio::io_context& io, Policies& policies, net::Connector& connector, std::size_t workers)
      : io_(io),
        policies_(policies),
        connector_(connector),
        places_(places_for(workers, kSearchesAtOnce)),
        fetches_(places_for(workers, kFetchesAtOnce)) {}

  // That one of so many workers may have at a time, of `all`.
  static constexpr std::uint64_t places_for(std::size_t workers, std::uint64_t all) { return workers >= all / 2 ? 2 : all / workers; }

  // Ends within kPatience, with the kept policy if nothing else is known by then. A record whose policy is kept is one question to the DNS.
  // `owner`: of the mail; his share of places is used, and he waits for one of his own.
  Task<Finding> find(proto::Domain domain, fairness::Owner owner, std::shared_ptr<dns::Resolver> resolver, http_client::Reach reach);
  // Fetches a kept policy again, whatever the DNS says.
  Task<void> refresh(std::string domain, std::shared_ptr<dns::Resolver> resolver, http_client::Reach reach);

 private:
  struct Asker;
  struct Search;
  Task<std::shared_ptr<Search>> search_for(const Asker& asker);
  std::shared_ptr<Search> search_in_progress(const Asker& asker) const;
  void begin(const std::shared_ptr<Search>& search, fairness::FairPlaces::Place place);
  Task<void> run(std::shared_ptr<Search> search, fairness::FairPlaces::Place place);
  Task<Fetched> fetch_and_keep(std::shared_ptr<Search> search, std::string id, std::optional<KeptPolicy> known);

  asio::io_context& io_;
  Policies& policies_;
  net::Connector& connector_;
  fairness::FairPlaces places_, fetches_;
  std::map<std::string, std::shared_ptr<Search>> searches_;  // in progress, by domain
};

}  // namespace mxpress::mta::sts
